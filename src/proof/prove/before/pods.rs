//! Which of many policies select or name some pods.

use std::collections::BTreeSet;

use crate::analysis::Endpoint;
use crate::analysis::oracle::peer_matches;
use crate::cluster::Snapshot;
use crate::policy::{Match, Peer, Policy, Rule, WorkloadKey};

/// Some pods of a cluster.
pub(super) struct Pods<'a> {
    cluster: &'a Snapshot,
    pods: Vec<Endpoint>,
    namespaces: BTreeSet<&'a str>,
    workloads: BTreeSet<WorkloadKey>,
}

impl<'a> Pods<'a> {
    /// The pods with these indices.
    pub(super) fn new(cluster: &'a Snapshot, pods: &[usize]) -> Self {
        let known = pods.iter().filter_map(|at| cluster.pods.get(*at));
        let namespaces = known
            .clone()
            .filter_map(|pod| cluster.namespaces.get(pod.namespace));
        Self {
            cluster,
            pods: pods.iter().copied().map(Endpoint::Pod).collect(),
            namespaces: namespaces
                .map(|namespace| namespace.name.as_str())
                .collect(),
            workloads: known.map(|pod| pod.key).collect(),
        }
    }

    /// The pods of these workloads.
    pub(super) fn of_workloads(
        cluster: &'a Snapshot,
        workloads: impl IntoIterator<Item = usize>,
    ) -> Self {
        let workloads = workloads
            .into_iter()
            .filter_map(|at| cluster.workloads.get(at));
        let pods: Vec<usize> = workloads.flat_map(|w| w.pods.clone()).collect();
        Self::new(cluster, &pods)
    }

    /// Whether a policy selects one of them.
    pub(super) fn selected_by(&self, policy: &Policy) -> bool {
        self.matched_by(&policy.subject)
    }

    /// Whether a rule of a policy has one of them as a peer.
    pub(super) fn named_by(&self, policy: &Policy) -> bool {
        let sides = policy.ingress.iter().chain(&policy.egress);
        let mut rules = sides.flat_map(|side| &side.rules);
        rules.any(|rule| self.are_named_by(rule))
    }

    /// Whether a rule has one of them as a peer.
    pub(super) fn are_named_by(&self, rule: &Rule) -> bool {
        match &rule.peers {
            Match::Any => true,
            Match::Only(items) => items.iter().any(|item| self.matched_by(&item.peer)),
        }
    }

    /// Whether the pod with this index is one of them.
    pub(super) fn contains(&self, pod: usize) -> bool {
        self.pods.contains(&Endpoint::Pod(pod))
    }

    fn matched_by(&self, peer: &Peer) -> bool {
        let mut pods = self.pods.iter();
        self.may_match(peer) && pods.any(|pod| peer_matches(self.cluster, peer, pod))
    }

    /// False only if none matches; much cheaper than asking each pod.
    fn may_match(&self, peer: &Peer) -> bool {
        match peer {
            Peer::Namespace(name) => self.namespaces.contains(name.as_str()),
            Peer::PodsOf(key) => self.workloads.contains(key),
            Peer::All(peers) => peers.iter().all(|peer| self.may_match(peer)),
            Peer::AnyOf(peers) => peers.iter().any(|peer| self.may_match(peer)),
            Peer::Nothing
            | Peer::NewPods
            | Peer::Addresses(_)
            | Peer::Domain(_)
            | Peer::Entity(_) => false,
            _ => true,
        }
    }
}
