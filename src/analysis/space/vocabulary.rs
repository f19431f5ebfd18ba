//! What the policies under analysis can distinguish: the label keys and values, names, address blocks and
//! port names in their peers and port items. Nothing else affects a result.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use crate::cluster::Node;
use crate::policy::{Action, Direction, Entity, Peer, Policy, PortMatch, Rule, WorkloadKey};
use crate::sets::hash::HashMap;
use crate::sets::{DomainPattern, IpSet, LabelOp, Labels, Selector};

/// The labels, names and addresses that policies test.
#[derive(Debug, Default)]
pub(in crate::analysis) struct Vocabulary {
    /// Pod label keys.
    pub label_keys: HashMap<String, LabelKey>,
    /// Service accounts.
    pub service_accounts: BTreeSet<String>,
    /// Workloads named by index.
    pub workloads: BTreeSet<WorkloadKey>,
    /// Container port names.
    pub port_names: BTreeSet<String>,
    /// Whether host-network pods are distinguished from others.
    pub host_network: bool,
    /// Whether host-network pods are distinguished by the nodes that they count as.
    pub hosts: bool,
    /// Whether pods are distinguished by the family of their addresses.
    pub pod_families: bool,
    /// Whether policies match nodes.
    pub nodes: bool,
    /// Whether rules for egress tell the node of a pod from others.
    pub own_node: bool,
    /// Patterns of domain names.
    pub domains: BTreeSet<DomainPattern>,
    /// Whether rules that deny or pass name domains.
    pub refused_domains: bool,
    /// Entities that are endpoints of their own.
    pub entities: BTreeSet<Entity>,
    /// Address sets that are matched against pods.
    pub pod_blocks: Vec<IpSet>,
    /// Where a piece of the IPv4 axis starts.
    pub v4: BTreeSet<u32>,
    /// Where a piece of the IPv6 axis starts.
    pub v6: BTreeSet<u128>,
}

/// The values of one label key that selectors test.
#[derive(Debug, Default)]
pub(in crate::analysis) struct LabelKey {
    /// Numbers the keys, from 0.
    pub number: u32,
    /// The values in selectors, numbered from 0.
    pub numbered: HashMap<String, u32>,
    /// Whether every value counts, because of a string predicate.
    pub every: bool,
}

/// The number of a value that is in no selector.
pub(in crate::analysis) const OTHER: u32 = u32::MAX;

impl LabelKey {
    pub fn add(&mut self, value: &str) {
        if !self.numbered.contains_key(value) {
            let number = number(self.numbered.len());
            self.numbered.insert(value.to_owned(), number);
        }
    }
}

/// A place in a table as a number.
pub(in crate::analysis) fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Vocabulary {
    /// The vocabulary of these policies. Addresses of `nodes` become pieces of their own if policies match nodes.
    pub fn of<'a>(policies: impl IntoIterator<Item = &'a Arc<Policy>>, nodes: &[Node]) -> Self {
        let mut words = Self::default();
        words.v4.insert(0);
        words.v6.insert(0);
        for policy in policies {
            words.peer(&policy.subject);
            let sides = policy.ingress.iter().chain(&policy.egress);
            for rule in sides.flat_map(|s| &s.rules) {
                words.rule(rule);
            }
            words.own_node |= policy
                .rules(Direction::Egress)
                .iter()
                .any(Rule::names_own_node);
        }
        words.nodes |= words.own_node;
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
        for item in rule.peers.listed() {
            self.peer(&item.peer);
            if rule.action != Action::Accept {
                let mut see = |leaf: &Peer| {
                    self.refused_domains |= matches!(leaf, Peer::Domain(_));
                };
                item.peer.leaves(&mut see);
            }
        }
        for item in rule.ports.listed().iter().chain(&rule.except) {
            if let PortMatch::Named { name, .. } | PortMatch::FromNamed { name, .. } = &item.port
                && !self.port_names.contains(name)
            {
                self.port_names.insert(name.clone());
            }
        }
    }

    fn peer(&mut self, peer: &Peer) {
        match peer {
            Peer::PodLabels(selector) => self.selector(selector),
            Peer::HostNetwork => self.host_network = true,
            Peer::HostAddresses(_) | Peer::HostsOn(_) => self.hosts = true,
            Peer::ServiceAccount(name) => {
                self.service_accounts.insert(name.clone());
            }
            Peer::PodsOf(key) => {
                self.workloads.insert(*key);
            }
            Peer::Addresses(set) => self.cut(set),
            Peer::PodAddresses(set) => self.pod_blocks.push(set.clone()),
            Peer::PodsIpv4 | Peer::PodsIpv6 | Peer::PodsOfFamilies { .. } => {
                self.pod_families = true;
            }
            Peer::Nodes(_) => self.nodes = true,
            Peer::Domain(pattern) => {
                self.domains.insert(pattern.clone());
            }
            Peer::Entity(entity) => {
                self.entities.insert(*entity);
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
            if !self.label_keys.contains_key(&requirement.key) {
                let number = number(self.label_keys.len());
                let fresh = LabelKey {
                    number,
                    ..LabelKey::default()
                };
                self.label_keys.insert(requirement.key.clone(), fresh);
            }
            let Some(key) = self.label_keys.get_mut(&requirement.key) else {
                continue;
            };
            match &requirement.op {
                LabelOp::In(values) | LabelOp::NotIn(values) => {
                    values.iter().for_each(|value| key.add(value));
                }
                LabelOp::Exists | LabelOp::DoesNotExist => {}
                op => key.every |= op.is_text(),
            }
        }
    }

    /// Whether a universe for this vocabulary is valid for the other one too.
    pub fn covers(&self, other: &Self) -> bool {
        #[allow(clippy::iter_over_hash_type)]
        for (name, key) in &other.label_keys {
            let known = self.label_keys.get(name).is_some_and(|own| {
                let mut values = key.numbered.keys();
                own.every || !key.every && values.all(|v| own.numbered.contains_key(v))
            });
            if !known {
                return false;
            }
        }
        let mut blocks = other.pod_blocks.iter();
        other.service_accounts.is_subset(&self.service_accounts)
            && other.workloads.is_subset(&self.workloads)
            && other.port_names.is_subset(&self.port_names)
            && other.domains.is_subset(&self.domains)
            && (self.refused_domains || !other.refused_domains)
            && other.entities.is_subset(&self.entities)
            && blocks.all(|b| self.pod_blocks.contains(b))
            && other.v4.is_subset(&self.v4)
            && other.v6.is_subset(&self.v6)
            && (self.host_network || !other.host_network)
            && (self.hosts || !other.hosts)
            && (self.pod_families || !other.pod_families)
            && (self.nodes || !other.nodes)
            && (self.own_node || !other.own_node)
    }

    /// The labels that some selector tests, by number, sorted; [`OTHER`] for a value that is in no selector.
    pub fn fold(&self, labels: &Labels) -> Vec<(u32, u32)> {
        let folded = labels.iter().filter_map(|(key, value)| {
            let key = self.label_keys.get(key)?;
            let value = key.numbered.get(value).copied();
            Some((key.number, value.unwrap_or(OTHER)))
        });
        let mut folded: Vec<_> = folded.collect();
        folded.sort_unstable();
        folded
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

    /// For each address set that is matched against pods, whether it has one of these addresses.
    pub fn pod_cell(&self, addresses: &[IpAddr]) -> Vec<bool> {
        let within = |set: &IpSet| addresses.iter().any(|a| set.contains(*a));
        self.pod_blocks.iter().map(within).collect()
    }
}
