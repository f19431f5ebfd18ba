//! The input of the rules, and what several of them ask about it.

use std::cell::OnceCell;

use crate::analysis::Endpoint;
use crate::analysis::oracle::{any_peer_matches, peer_matches};
use crate::cluster::Snapshot;
use crate::load::{Loaded, LoadedPolicy};
use crate::policy::{self, Match, Peer};

/// The input of a rule.
pub struct Input<'a> {
    /// The cluster with its policies.
    pub snapshot: &'a Snapshot,
    /// The objects of policies as they are written; none where only a cluster is known.
    pub objects: &'a [LoadedPolicy],
    /// For each policy the pods that it selects.
    subjects: OnceCell<Vec<Vec<usize>>>,
}

impl<'a> Input<'a> {
    /// A cluster without the texts of its policies.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            objects: &[],
            subjects: OnceCell::new(),
        }
    }

    /// What was read from manifests.
    pub fn of(loaded: &'a Loaded) -> Self {
        Self {
            objects: &loaded.policies,
            ..Self::new(&loaded.snapshot)
        }
    }

    /// The pods that a policy selects, by their places in the snapshot.
    pub fn subjects(&self, policy: usize) -> &[usize] {
        let subjects = self.subjects.get_or_init(|| {
            let policies = self.snapshot.policies.iter();
            policies
                .map(|policy| self.pods_of(&policy.subject))
                .collect()
        });
        subjects.get(policy).map_or(&[], Vec::as_slice)
    }

    /// The pods that a peer matches, by their places in the snapshot.
    pub fn pods_of(&self, peer: &Peer) -> Vec<usize> {
        let pods = 0..self.snapshot.pods.len();
        pods.filter(|pod| peer_matches(self.snapshot, peer, &Endpoint::Pod(*pod)))
            .collect()
    }

    /// The pods that the peers of a rule match.
    pub fn peers_of(&self, rule: &policy::Rule) -> Vec<usize> {
        let pods = 0..self.snapshot.pods.len();
        match &rule.peers {
            Match::Any => pods.collect(),
            peers => pods
                .filter(|pod| any_peer_matches(self.snapshot, peers, &Endpoint::Pod(*pod)))
                .collect(),
        }
    }
}
