//! What the policies under analysis can tell apart: the label keys and values, names, address blocks
//! and port names that some peer or port item speaks of. Whatever is not in it makes no difference.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;

use crate::cluster::Node;
use crate::policy::{Match, Peer, Policy, PortMatch, Rule};
use crate::sets::{IpSet, LabelOp, Selector};

/// The words of some policies.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// Pod label keys, with the values that are named; none: every value counts (string predicates).
    pub labels: BTreeMap<String, Option<HashSet<String>>>,
    /// Service accounts.
    pub service_accounts: BTreeSet<String>,
    /// Workloads named by index.
    pub workloads: BTreeSet<usize>,
    /// Container port names.
    pub port_names: BTreeSet<String>,
    /// Whether host-network pods are told from others.
    pub host_network: bool,
    /// Whether pods are told apart by the family of their addresses.
    pub pod_families: bool,
    /// Whether nodes are named.
    pub nodes: bool,
    /// Domain names.
    pub domains: BTreeSet<String>,
    /// Address sets that pods are asked for.
    pub pod_blocks: Vec<IpSet>,
    /// Where a piece of the IPv4 axis starts.
    pub v4: BTreeSet<u32>,
    /// Where a piece of the IPv6 axis starts.
    pub v6: BTreeSet<u128>,
}

impl Vocabulary {
    /// The words of these policies. Addresses of `nodes` become pieces of their own if nodes are named.
    pub fn of<'a>(policies: impl IntoIterator<Item = &'a Policy>, nodes: &[Node]) -> Self {
        let mut words = Self::default();
        words.v4.insert(0);
        words.v6.insert(0);
        for policy in policies {
            words.peer(&policy.subject);
            let sides = policy.ingress.iter().chain(&policy.egress);
            for rule in sides.flat_map(|s| &s.rules) {
                words.rule(rule);
            }
        }
        if words.nodes {
            for address in nodes.iter().flat_map(|n| &n.addresses) {
                words.cut(&IpSet::single(*address));
            }
        }
        words.pod_blocks.sort_unstable();
        words.pod_blocks.dedup();
        words
    }

    fn rule(&mut self, rule: &Rule) {
        if let Some(subject) = &rule.subject {
            self.peer(subject);
        }
        if let Match::Only(items) = &rule.peers {
            for item in items {
                self.peer(&item.peer);
            }
        }
        if let Match::Only(items) = &rule.ports {
            for item in items {
                if let PortMatch::Named { name, .. } = &item.port
                    && !self.port_names.contains(name)
                {
                    self.port_names.insert(name.clone());
                }
            }
        }
    }

    fn peer(&mut self, peer: &Peer) {
        match peer {
            Peer::PodLabels(selector) => self.selector(selector),
            Peer::HostNetwork => self.host_network = true,
            Peer::ServiceAccount(name) => {
                self.service_accounts.insert(name.clone());
            }
            Peer::PodsOf(workload) => {
                self.workloads.insert(*workload);
            }
            Peer::Addresses(set) => self.cut(set),
            Peer::PodAddresses(set) => self.pod_blocks.push(set.clone()),
            Peer::PodsIpv4 | Peer::PodsIpv6 => self.pod_families = true,
            Peer::Nodes(_) => self.nodes = true,
            Peer::Domain(name) => {
                self.domains.insert(name.clone());
            }
            Peer::All(peers) | Peer::AnyOf(peers) => peers.iter().for_each(|p| self.peer(p)),
            Peer::Not(peer) => self.peer(peer),
            Peer::Everything
            | Peer::Nothing
            | Peer::Pods
            | Peer::Namespace(_)
            | Peer::NamespaceLabels(_)
            | Peer::NewPods => {}
        }
    }

    fn selector(&mut self, selector: &Selector) {
        for requirement in &selector.requirements {
            if !self.labels.contains_key(&requirement.key) {
                let named = Some(HashSet::new());
                self.labels.insert(requirement.key.clone(), named);
            }
            let Some(named) = self.labels.get_mut(&requirement.key) else {
                continue;
            };
            match (&requirement.op, named.as_mut()) {
                (LabelOp::In(values) | LabelOp::NotIn(values), Some(named)) => {
                    for value in values {
                        if !named.contains(value) {
                            named.insert(value.clone());
                        }
                    }
                }
                (LabelOp::StartsWith(_) | LabelOp::EndsWith(_) | LabelOp::Contains(_), _) => {
                    *named = None;
                }
                _ => {}
            }
        }
    }

    /// Pieces start where a range of the set starts, and right after it ends.
    fn cut(&mut self, set: &IpSet) {
        for (first, last) in set.v4.iter() {
            self.v4.insert(first);
            self.v4.extend(last.checked_add(1));
        }
        for (first, last) in set.v6.iter() {
            self.v6.insert(first);
            self.v6.extend(last.checked_add(1));
        }
    }

    /// For each address set that pods are asked for, whether one of these addresses is in it.
    pub fn pod_cell(&self, addresses: &[IpAddr]) -> Vec<bool> {
        let within = |set: &IpSet| addresses.iter().any(|a| set.contains(*a));
        self.pod_blocks.iter().map(within).collect()
    }
}
