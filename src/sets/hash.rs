//! Hash maps that do the same work in every run: `foldhash` with one seed for all. Answers never
//! depend on the order of a map; with this, neither does the way to them, and what fuzzing finds
//! in a commit it finds again.

pub use foldhash::HashMapExt;
use foldhash::fast::FixedState;

/// A map hashed by `foldhash`, the seed of which is fixed.
pub type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// A set hashed by `foldhash`, the seed of which is fixed.
pub type HashSet<T> = std::collections::HashSet<T, FixedState>;
