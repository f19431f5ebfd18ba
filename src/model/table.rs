//! Tables: objects by id, in the order in which they were added; shared until changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A table. Cloning it is cheap; changing it copies the index, never the objects.
#[derive(Debug)]
pub struct Table<K, V> {
    rows: Arc<BTreeMap<K, Arc<V>>>,
    next: u32,
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self {
            rows: Arc::clone(&self.rows),
            next: self.next,
        }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for Table<K, V> {
    /// Equal objects under equal ids; the next id does not count.
    fn eq(&self, other: &Self) -> bool {
        // Shared rows are not compared, so that comparing before and after an edit is cheap.
        let same = |a: &Arc<V>, b: &Arc<V>| Arc::ptr_eq(a, b) || a == b;
        let mut pairs = self.rows.iter().zip(other.rows.iter());
        Arc::ptr_eq(&self.rows, &other.rows)
            || self.rows.len() == other.rows.len()
                && pairs.all(|((id, a), (other_id, b))| id == other_id && same(a, b))
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self {
            rows: Arc::default(),
            next: 0,
        }
    }
}

impl<K: Copy + Ord + From<u32> + Into<u32>, V: Clone> Table<K, V> {
    /// Adds an object and returns its new id.
    pub fn add(&mut self, value: V) -> K {
        let id = K::from(self.next);
        self.put(id, value);
        id
    }

    /// Puts an object at an id, in place of the one that was there.
    pub fn put(&mut self, id: K, value: V) {
        self.next = self.next.max(id.into() + 1);
        Arc::make_mut(&mut self.rows).insert(id, Arc::new(value));
    }

    /// The id that the next added object will have.
    pub fn next_id(&self) -> K {
        K::from(self.next)
    }

    /// The object of that id.
    pub fn get(&self, id: K) -> Option<&V> {
        self.rows.get(&id).map(|row| &**row)
    }

    /// The object of that id, to change it.
    pub fn get_mut(&mut self, id: K) -> Option<&mut V> {
        Arc::make_mut(&mut self.rows)
            .get_mut(&id)
            .map(Arc::make_mut)
    }

    /// Removes an object.
    pub fn remove(&mut self, id: K) -> Option<Arc<V>> {
        self.rows
            .contains_key(&id)
            .then(|| Arc::make_mut(&mut self.rows).remove(&id))
            .flatten()
    }

    /// The shared object of that id.
    pub fn shared(&self, id: K) -> Option<&Arc<V>> {
        self.rows.get(&id)
    }

    /// All objects with their ids, in id order, shared.
    pub fn iter_shared(&self) -> impl DoubleEndedIterator<Item = (K, &Arc<V>)> {
        self.rows.iter().map(|(id, row)| (*id, row))
    }

    /// All objects with their ids, in id order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (K, &V)> + ExactSizeIterator {
        self.rows.iter().map(|(id, row)| (*id, &**row))
    }

    /// All ids, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = K> + ExactSizeIterator {
        self.rows.keys().copied()
    }

    /// Whether the id is in the table.
    pub fn contains(&self, id: K) -> bool {
        self.rows.contains_key(&id)
    }

    /// How many objects.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The ids at which they do not share the same object; costs no comparison of objects.
    pub fn changed(&self, other: &Self) -> BTreeSet<K> {
        let not_in = |one: &Self, other: &Self| -> Vec<K> {
            let rows = one.iter_shared();
            let changed = rows.filter(|(id, row)| {
                other
                    .shared(*id)
                    .is_none_or(|other| !Arc::ptr_eq(row, other))
            });
            changed.map(|(id, _)| id).collect()
        };
        match self.same(other) {
            true => BTreeSet::new(),
            false => [not_in(self, other), not_in(other, self)]
                .concat()
                .into_iter()
                .collect(),
        }
    }

    /// Whether both share the same memory; costs no comparison.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rows, &other.rows)
    }
}
