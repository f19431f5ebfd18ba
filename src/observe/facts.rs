//! What records say about both ends, once for all records that say the same: few pods make most records. Found again by
//! the fingerprint of the fields, so that nothing is copied for a record that says nothing new.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use super::ends::Known;
use super::hubble;
use super::record::{End, Facts, Names};
use super::value::{Json, fingerprint};
use crate::sets::hash::HashMap;

/// The fields of a Flow, beside its ends, that are facts: its names.
const FIELDS: [&str; 7] = [
    "source_names",
    "destination_names",
    "destination_service",
    "egress_allowed_by",
    "ingress_allowed_by",
    "egress_denied_by",
    "ingress_denied_by",
];

/// All facts, each with a number.
#[derive(Debug, Default)]
pub struct AllFacts {
    ends: HashMap<u64, Arc<End>>,
    names: HashMap<u64, Arc<Names>>,
    numbers: HashMap<u64, u32>,
    all: Vec<Facts>,
}

impl AllFacts {
    /// The number of the facts of a Flow. Owners of pods that it is the first to name become known.
    pub fn of(&mut self, flow: &Json, known: &mut Known) -> u32 {
        let ends = ["source", "destination"].map(|key| flow.get(key));
        let digests = ends.map(|end| end.map_or(0, fingerprint));
        let more = FIELDS.map(|key| flow.get(key).map_or(0, fingerprint));
        let more = self.numbers.hasher().hash_one(more);
        let digest = self.numbers.hasher().hash_one((digests, more));
        if let Some(number) = self.numbers.get(&digest) {
            return *number;
        }
        let mut end = |at: usize| {
            let read = || {
                let owner = ends[at].and_then(hubble::owner);
                owner
                    .into_iter()
                    .for_each(|(pod, owner)| known.owner(pod, owner));
                Arc::new(hubble::end(ends[at]))
            };
            Arc::clone(self.ends.entry(digests[at]).or_insert_with(read))
        };
        let (source, destination) = (end(0), end(1));
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let read = || Arc::new(hubble::names(flow));
        let names = Arc::clone(self.names.entry(more).or_insert_with(read));
        if self.all.len() == self.all.capacity() {
            self.all.reserve_exact(self.all.len() / 8 + 16);
        }
        self.all.push(Facts {
            source,
            destination,
            names,
        });
        self.numbers.insert(digest, number);
        number
    }

    /// The facts with a number.
    pub fn get(&self, number: u32) -> Option<&Facts> {
        self.all.get(number as usize)
    }
}
