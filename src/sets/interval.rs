//! Sets of integers as sorted, disjoint, non-touching inclusive ranges: one canonical form per set.

/// A set over an integer axis. Invariant: ranges sorted, disjoint, never touching, `first <= last`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntervalSet<T> {
    pub(crate) ranges: Vec<(T, T)>,
}
