//! Dense bit sets of a fixed length.

/// A set of indices below a length that its user keeps: all sets that meet in an operation were made
/// with the same length.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bits {
    pub(crate) words: Vec<u64>,
}

impl Bits {
    /// No index below `len`.
    pub fn empty(len: usize) -> Self {
        Self {
            words: vec![0; len.div_ceil(64)],
        }
    }

    /// Every index below `len`.
    pub fn full(len: usize) -> Self {
        let mut bits = Self::empty(len);
        bits.insert_range(0, len);
        bits
    }

    /// Puts an index in; one beyond the length is ignored.
    pub fn insert(&mut self, index: usize) {
        if let Some(word) = self.words.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    /// Takes an index out.
    pub fn remove(&mut self, index: usize) {
        if let Some(word) = self.words.get_mut(index / 64) {
            *word &= !(1 << (index % 64));
        }
    }

    /// Puts `start..end` in.
    pub fn insert_range(&mut self, start: usize, end: usize) {
        if start >= end {
            return;
        }
        for (at, word) in self.words.iter_mut().enumerate().skip(start / 64) {
            let base = at * 64;
            if base >= end {
                break;
            }
            let low = start.saturating_sub(base);
            let high = (end - base).min(64);
            *word |= (u64::MAX >> (64 - (high - low))) << low;
        }
    }

    /// Whether the index is in.
    pub fn contains(&self, index: usize) -> bool {
        self.words
            .get(index / 64)
            .is_some_and(|w| w >> (index % 64) & 1 == 1)
    }

    /// Whether nothing is in.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&w| w == 0)
    }

    /// How many indices are in.
    pub fn count(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// Adds the other's members.
    pub fn union_with(&mut self, other: &Self) {
        self.zip(other, |a, b| *a |= b);
    }

    /// Keeps only what the other has too.
    pub fn intersect_with(&mut self, other: &Self) {
        self.zip(other, |a, b| *a &= b);
    }

    /// Takes the other's members out.
    pub fn subtract(&mut self, other: &Self) {
        self.zip(other, |a, b| *a &= !b);
    }

    /// Whether every member is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        let mut pairs = self.words.iter().zip(&other.words);
        pairs.all(|(a, b)| a & !b == 0)
    }

    /// Whether they have a member in common.
    pub fn intersects(&self, other: &Self) -> bool {
        let mut pairs = self.words.iter().zip(&other.words);
        pairs.any(|(a, b)| a & b != 0)
    }

    /// Its members, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let rest = std::iter::successors(Some(word), |w| Some(w & w.wrapping_sub(1)));
            rest.take_while(|&w| w != 0)
                .map(move |w| at * 64 + w.trailing_zeros() as usize)
        })
    }

    fn zip(&mut self, other: &Self, f: impl Fn(&mut u64, u64)) {
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            f(a, *b);
        }
    }
}
