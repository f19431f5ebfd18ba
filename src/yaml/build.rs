//! Maps under construction: unique keys, duplicates noted, merge keys.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Map, Mark, Node, Value};

/// A map under construction, with an index once it is too long to be searched.
#[derive(Default)]
pub(super) struct Builder {
    pub map: Map,
    index: BTreeMap<String, usize>,
    /// The keys that so far come from merged maps only: written in this map, they are no duplicates.
    merged: BTreeSet<String>,
}

impl Builder {
    const SHORT: usize = 32;

    fn position(&self, key: &str) -> Option<usize> {
        if self.map.entries.len() < Self::SHORT {
            self.map.entries.iter().position(|e| e.key == key)
        } else {
            self.index.get(key).copied()
        }
    }

    fn push(&mut self, entry: Entry) {
        let entries = &mut self.map.entries;
        entries.push(entry);
        if entries.len() == Self::SHORT {
            let keys = entries.iter().enumerate();
            self.index = keys.map(|(i, e)| (e.key.clone(), i)).collect();
        } else if let (true, Some(last)) = (entries.len() > Self::SHORT, entries.last()) {
            self.index.insert(last.key.clone(), entries.len() - 1);
        }
    }

    /// Sets a key; of equal keys the later wins. Returns the position of the earlier one, if there was
    /// one.
    fn set(&mut self, entry: Entry) -> Option<usize> {
        let before = self.position(&entry.key);
        match before {
            Some(at) => self.map.entries[at] = entry,
            None => self.push(entry),
        }
        before
    }

    pub fn insert(&mut self, key: String, mark: Mark, value: Node) {
        if let Some(at) = self.set(Entry { key, mark, value }) {
            let again = self.map.entries[at].key.clone();
            if !self.merged.remove(&again) {
                self.map.duplicates.push((again, mark));
            }
        }
    }

    /// `<<` as go-yaml v2 does it: merged entries overwrite earlier keys, and later keys overwrite them
    /// in turn; of a list, earlier maps win. False if it is no map.
    pub fn merge(&mut self, node: &Node) -> bool {
        match &node.value {
            Value::Map(from) => {
                for entry in &from.entries {
                    if self.set(entry.clone()).is_none() {
                        self.merged.insert(entry.key.clone());
                    }
                }
                true
            }
            Value::Seq(items) => items
                .iter()
                .rev()
                .all(|item| matches!(item.value, Value::Map(_)) && self.merge(item)),
            _ => false,
        }
    }
}
