//! Which of many policies select or name some pods.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Endpoint;
use crate::analysis::oracle::peer_matches;
use crate::cluster::{Pod, Snapshot};
use crate::policy::{Match, Peer, Policy, Rule, WorkloadKey};

/// Some pods of a cluster.
pub(super) struct Pods<'a> {
    cluster: &'a Snapshot,
    all: BTreeSet<usize>,
    /// By the name of their namespace; of those of a workload that are alike the first, which selectors match as the
    /// others.
    pods: BTreeMap<&'a str, Vec<Endpoint>>,
    workloads: BTreeSet<WorkloadKey>,
    /// Whether some are on the network of their node, which counts as the node.
    on_host: bool,
}

impl<'a> Pods<'a> {
    /// The pods with these indices.
    pub(super) fn new(cluster: &'a Snapshot, pods: &[usize]) -> Self {
        let mut found = Self {
            cluster,
            all: pods.iter().copied().collect(),
            pods: BTreeMap::new(),
            workloads: BTreeSet::new(),
            on_host: false,
        };
        let mut last: Option<&Pod> = None;
        for at in pods {
            let Some(pod) = cluster.pods.get(*at) else {
                continue;
            };
            if last.is_some_and(|last| last.workload == pod.workload && are_alike(last, pod)) {
                continue;
            }
            last = Some(pod);
            let namespace = cluster.namespaces.get(pod.namespace);
            let name = namespace.map_or("", |namespace| namespace.name.as_str());
            found.pods.entry(name).or_default().push(Endpoint::Pod(*at));
            found.workloads.insert(pod.key);
            found.on_host |= pod.host_network;
        }
        found
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
        self.all.contains(&pod)
    }

    fn matched_by(&self, peer: &Peer) -> bool {
        let any = |pods: &Vec<Endpoint>| {
            let mut pods = pods.iter();
            pods.any(|pod| peer_matches(self.cluster, peer, pod))
        };
        // Which pods are on the node of the pod that the gate is of, is not asked.
        if self.on_host && peer.names_own_node() {
            return true;
        }
        self.may_match(peer)
            && match peer.namespace() {
                Some(name) => self.pods.get(name).is_some_and(any),
                None => self.pods.values().any(any),
            }
    }

    /// False only if none matches; much cheaper than asking each pod.
    fn may_match(&self, peer: &Peer) -> bool {
        match peer {
            Peer::Namespace(name) => self.pods.contains_key(name.as_str()),
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

/// Whether two pods of a workload differ in nothing that policies can tell.
pub(super) fn are_alike(a: &Pod, b: &Pod) -> bool {
    (a.host_network, &a.labels, &a.ports, &a.service_account)
        == (b.host_network, &b.labels, &b.ports, &b.service_account)
        && (&a.addresses, &a.node) == (&b.addresses, &b.node)
}
