//! Bit sets that are dense where their members are and use no memory elsewhere.

use std::hash::{Hash, Hasher};
use std::ops::Range;

/// A set of indices. It stores the words from its first member to its last, so that sets of neighbours
/// (such as the pods of a namespace) are small however many indices there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bits {
    /// Where the words begin, counted in words; 0 for the empty set.
    start: usize,
    /// Neither the first nor the last is 0.
    words: Vec<u64>,
}

impl Bits {
    /// No index.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every index below `len`.
    pub fn full(len: usize) -> Self {
        let mut bits = Self::empty();
        bits.insert_range(0, len);
        bits
    }

    /// Puts an index in.
    pub fn insert(&mut self, index: usize) {
        let at = index / 64;
        self.make_room(at..at + 1);
        self.words[at - self.start] |= 1 << (index % 64);
    }

    /// Takes an index out.
    pub fn remove(&mut self, index: usize) {
        let at = (index / 64).checked_sub(self.start);
        if let Some(word) = at.and_then(|at| self.words.get_mut(at)) {
            *word &= !(1 << (index % 64));
            self.trim();
        }
    }

    /// Puts `start..end` in.
    pub fn insert_range(&mut self, start: usize, end: usize) {
        if start >= end {
            return;
        }
        let (first, last) = (start / 64, (end - 1) / 64);
        self.make_room(first..last + 1);
        for at in first..=last {
            let base = at * 64;
            let low = start.saturating_sub(base);
            let high = (end - base).min(64);
            self.words[at - self.start] |= (u64::MAX >> (64 - (high - low))) << low;
        }
    }

    /// Whether the index is in.
    pub fn contains(&self, index: usize) -> bool {
        let word = (index / 64).checked_sub(self.start);
        word.and_then(|at| self.words.get(at))
            .is_some_and(|w| w >> (index % 64) & 1 == 1)
    }

    /// Whether nothing is in.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// How many indices are in.
    pub fn count(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// Adds the other's members.
    pub fn union_with(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        self.make_room(other.range());
        let own = &mut self.words[other.start - self.start..];
        own.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }

    /// The union of many sets.
    pub fn union_of<'a>(sets: impl IntoIterator<Item = &'a Self> + Clone) -> Self {
        let mut all = Self::empty();
        let some = sets.into_iter().filter(|s| !s.is_empty());
        let ranges = some.map(|s| (s, s.range())).collect::<Vec<_>>();
        let start = ranges.iter().map(|(_, r)| r.start).min().unwrap_or(0);
        let end = ranges.iter().map(|(_, r)| r.end).max().unwrap_or(0);
        all.make_room(start..end);
        ranges.iter().for_each(|(set, _)| all.union_with(set));
        all
    }

    /// Retains only what the other has too.
    pub fn intersect_with(&mut self, other: &Self) {
        let common = self.common(other);
        let (start, own) = (self.start, &self.words);
        let words = common
            .clone()
            .map(|at| own[at - start] & other.words[at - other.start]);
        self.words = words.collect();
        self.start = common.start;
        self.trim();
    }

    /// Takes the other's members out.
    pub fn subtract(&mut self, other: &Self) {
        for at in self.common(other) {
            self.words[at - self.start] &= !other.words[at - other.start];
        }
        self.trim();
    }

    /// Whether every member is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        let common = self.common(other);
        common.len() == self.words.len()
            && common.into_iter().all(|at| {
                let (a, b) = (self.words[at - self.start], other.words[at - other.start]);
                a & !b == 0
            })
    }

    /// Whether they have a member in common.
    pub fn intersects(&self, other: &Self) -> bool {
        let mut common = self.common(other);
        common.any(|at| self.words[at - self.start] & other.words[at - other.start] != 0)
    }

    /// Whether a member is in the range.
    pub fn intersects_range(&self, range: Range<usize>) -> bool {
        let (first, last) = (range.start / 64, range.end.div_ceil(64));
        let common = first.max(self.start)..last.min(self.range().end);
        common.into_iter().any(|at| {
            let word = self.words[at - self.start];
            let whole = range.start <= at * 64 && at * 64 + 64 <= range.end;
            word != 0 && (whole || members(at, word).any(|index| range.contains(&index)))
        })
    }

    /// Its members, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let words = (self.start..).zip(&self.words);
        words.flat_map(|(at, &word)| members(at, word))
    }

    /// The words that it has, by their place.
    fn range(&self) -> Range<usize> {
        self.start..self.start + self.words.len()
    }

    /// The places at which both have words.
    fn common(&self, other: &Self) -> Range<usize> {
        let (a, b) = (self.range(), other.range());
        let start = a.start.max(b.start);
        start..a.end.min(b.end).max(start)
    }

    /// Makes it have words at these places.
    fn make_room(&mut self, range: Range<usize>) {
        if self.is_empty() {
            self.start = range.start;
        }
        if range.start < self.start {
            let before = self.start - range.start;
            self.words.splice(0..0, std::iter::repeat_n(0, before));
            self.start = range.start;
        }
        if range.end > self.range().end {
            self.words.resize(range.end - self.start, 0);
        }
    }

    /// Drops the words at the ends that are 0.
    fn trim(&mut self) {
        let used = self.words.iter().rposition(|w| *w != 0);
        self.words.truncate(used.map_or(0, |last| last + 1));
        match self.words.iter().position(|w| *w != 0) {
            Some(0) => {}
            Some(first) => {
                self.words.drain(..first);
                self.start += first;
            }
            None => self.start = 0,
        }
    }
}

/// The indices in the word at this place, ascending.
fn members(at: usize, word: u64) -> impl Iterator<Item = usize> {
    let rest = std::iter::successors(Some(word), |w| Some(w & w.wrapping_sub(1)));
    rest.take_while(|&w| w != 0)
        .map(move |w| at * 64 + w.trailing_zeros() as usize)
}

impl Hash for Bits {
    /// Equal sets have equal words; folding them first is much faster than hashing each.
    fn hash<H: Hasher>(&self, state: &mut H) {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let fold = |all: u64, word: &u64| (all.rotate_left(5) ^ word).wrapping_mul(ODD);
        state.write_usize(self.start);
        state.write_u64(self.words.iter().fold(0, fold));
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<I: IntoIterator<Item = usize>>(indices: I) -> Self {
        let mut bits = Self::empty();
        indices.into_iter().for_each(|index| bits.insert(index));
        bits
    }
}
