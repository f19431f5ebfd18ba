//! Hash maps that do the same work in every run: `foldhash` with one fixed seed. Results never depend
//! on the order of a map; with this, the steps to compute them do not either, so faults found by
//! fuzzing are reproducible.

use std::hash::{BuildHasher, Hash, Hasher};

pub use foldhash::HashMapExt;
use foldhash::fast::FixedState;

/// A map hashed by `foldhash`, the seed of which is fixed.
pub type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// A set hashed by `foldhash`, the seed of which is fixed.
pub type HashSet<T> = std::collections::HashSet<T, FixedState>;

/// A key that is hashed once where it is made, by any thread, and not again where it is looked up.
#[derive(Clone, Debug)]
pub struct Hashed<T> {
    hash: u64,
    /// The key itself.
    pub key: T,
}

impl<T: Hash> Hashed<T> {
    /// The key with its hash.
    pub fn new(key: T) -> Self {
        let hash = FixedState::default().hash_one(&key);
        Self { hash, key }
    }
}

impl<T> Hash for Hashed<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl<T: PartialEq> PartialEq for Hashed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.key == other.key
    }
}

impl<T: Eq> Eq for Hashed<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A seed of its own for each process would make this another number in every run.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn hashes_are_equal_in_every_run() {
        let hash = HashMap::<u64, ()>::default().hasher().hash_one(1_u64);
        assert_eq!(hash, Hashed::new(1_u64).hash);
        assert_eq!(hash, 11_485_087_932_207_604_273);
    }
}
