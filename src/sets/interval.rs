//! Sets of integers as sorted, disjoint, non-touching inclusive ranges: one canonical form per set.

/// An integer type that can be the axis of an [`IntervalSet`].
pub trait Axis: Copy + Ord {
    /// The smallest value.
    const MIN: Self;
    /// The largest value.
    const MAX: Self;
    /// The value after this one; none after the largest.
    fn next(self) -> Option<Self>;
    /// The value before this one; none before the smallest.
    fn previous(self) -> Option<Self>;
}

macro_rules! axis {
    ($($t:ty),*) => {$(
        impl Axis for $t {
            const MIN: Self = <$t>::MIN;
            const MAX: Self = <$t>::MAX;
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }
            fn previous(self) -> Option<Self> {
                self.checked_sub(1)
            }
        }
    )*};
}
axis!(u32, u128);

/// A set over an integer axis. Invariant: ranges sorted, disjoint, never touching, `first <= last`;
/// so two sets are equal exactly when they have the same members.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntervalSet<T> {
    pub(crate) ranges: Vec<(T, T)>,
}

impl<T> Default for IntervalSet<T> {
    fn default() -> Self {
        Self { ranges: Vec::new() }
    }
}

impl<T: Axis> FromIterator<(T, T)> for IntervalSet<T> {
    /// The union of inclusive ranges, in any order; a range that ends before it starts is empty.
    fn from_iter<I: IntoIterator<Item = (T, T)>>(iter: I) -> Self {
        let mut all: Vec<(T, T)> = iter.into_iter().filter(|(a, b)| a <= b).collect();
        all.sort_unstable();
        let mut ranges: Vec<(T, T)> = Vec::with_capacity(all.len());
        for (first, last) in all {
            match ranges.last_mut() {
                Some(top) if top.1.next().is_none_or(|after| first <= after) => {
                    top.1 = top.1.max(last);
                }
                _ => ranges.push((first, last)),
            }
        }
        Self { ranges }
    }
}

impl<T: Axis> IntervalSet<T> {
    /// The set without members.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The whole axis.
    pub fn all() -> Self {
        Self::range(T::MIN, T::MAX)
    }

    /// `first..=last`; empty if it ends before it starts.
    pub fn range(first: T, last: T) -> Self {
        Self::from_iter([(first, last)])
    }

    /// Whether it has no members.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Its maximal ranges, ascending.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (T, T)> + '_ {
        self.ranges.iter().copied()
    }

    /// Its smallest member.
    pub fn first(&self) -> Option<T> {
        self.ranges.first().map(|r| r.0)
    }

    /// Whether `value` is a member.
    pub fn contains(&self, value: T) -> bool {
        let after = self.ranges.partition_point(|r| r.0 <= value);
        after > 0 && value <= self.ranges[after - 1].1
    }

    /// Members of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).collect()
    }

    /// Members of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut a, mut b) = (self.ranges.as_slice(), other.ranges.as_slice());
        let mut ranges = Vec::new();
        while let (Some(x), Some(y)) = (a.first(), b.first()) {
            let (first, last) = (x.0.max(y.0), x.1.min(y.1));
            if first <= last {
                ranges.push((first, last));
            }
            if x.1 <= y.1 {
                a = &a[1..];
            } else {
                b = &b[1..];
            }
        }
        Self { ranges }
    }

    /// Everything else on the axis.
    #[must_use]
    pub fn complement(&self) -> Self {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut start = Some(T::MIN);
        for &(first, last) in &self.ranges {
            if let (Some(from), Some(to)) = (start, first.previous())
                && from <= to
            {
                ranges.push((from, to));
            }
            start = last.next();
        }
        if let Some(from) = start {
            ranges.push((from, T::MAX));
        }
        Self { ranges }
    }

    /// Members of this one that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.intersection(&other.complement())
    }

    /// Whether every member is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.ranges.iter().all(|&(first, last)| {
            let after = other.ranges.partition_point(|r| r.0 <= first);
            after > 0 && last <= other.ranges[after - 1].1
        })
    }

    /// Whether they have a member in common.
    pub fn intersects(&self, other: &Self) -> bool {
        !self.intersection(other).is_empty()
    }
}
