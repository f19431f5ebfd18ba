//! Dense bit sets of a fixed length.

/// A set of indices below a fixed length.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bits {
    pub(crate) words: Vec<u64>,
}
