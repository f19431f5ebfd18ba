//! The universe: every endpoint that some policy can tell from the others, as one index space.
//!
//! Points, in this order: classes of known pods, pieces of the IPv4 axis, pieces of the IPv6 axis,
//! nodes without a known address (a node with addresses is those addresses), domain names.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::Arc;

use super::vocabulary::Vocabulary;
use crate::cluster::{ContainerPort, Pod, Snapshot};
use crate::policy::Policy;
use crate::sets::{Labels, PortSet};

/// Pods that no policy under analysis tells apart.
#[derive(Debug)]
pub(super) struct Class {
    /// The first of them, which speaks for all.
    pub pod: usize,
    /// How many they are.
    pub members: usize,
}

/// One index space for the endpoints of a snapshot, under some policies.
#[derive(Debug)]
pub(super) struct Universe<'a> {
    /// The tables that the points stand for.
    pub snapshot: &'a Snapshot,
    /// What the policies can tell apart.
    pub words: Vocabulary,
    /// The pod classes, by their first pod.
    pub classes: Vec<Class>,
    /// The class of each pod.
    pub class_of: Vec<u32>,
    /// First addresses of the IPv4 pieces, ascending, from 0.
    v4: Vec<u32>,
    /// First addresses of the IPv6 pieces.
    v6: Vec<u128>,
    /// Nodes that are points, as indices into the snapshot's.
    pub nodes: Vec<usize>,
    /// Domain names, sorted.
    pub domains: Vec<String>,
}

/// What one point stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Point {
    Class(usize),
    Addresses(IpAddr, IpAddr),
    Node(usize),
    Domain(usize),
}

impl<'a> Universe<'a> {
    /// The universe of the pods, addresses and nodes of `snapshot` under all these policies.
    pub fn new(snapshot: &'a Snapshot, policies: &[&[Policy]]) -> Self {
        let all = policies.iter().flat_map(|p| p.iter());
        let words = Vocabulary::of(all, &snapshot.nodes);
        let (classes, class_of) = classify(snapshot, &words);
        let without = |at: &usize| snapshot.nodes[*at].addresses.is_empty();
        Self {
            snapshot,
            classes,
            class_of,
            v4: words.v4.iter().copied().collect(),
            v6: words.v6.iter().copied().collect(),
            nodes: (0..snapshot.nodes.len()).filter(without).collect(),
            domains: words.domains.iter().cloned().collect(),
            words,
        }
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.domain_points().end
    }

    /// The points that are pieces of the address axes.
    pub fn address_points(&self) -> Range<usize> {
        self.classes.len()..self.classes.len() + self.v4.len() + self.v6.len()
    }

    /// The points that are nodes.
    pub fn node_points(&self) -> Range<usize> {
        let start = self.address_points().end;
        start..start + self.nodes.len()
    }

    /// The points that are domain names.
    pub fn domain_points(&self) -> Range<usize> {
        let start = self.node_points().end;
        start..start + self.domains.len()
    }

    /// The pieces that an IPv4 range is made of; its ends are cuts.
    pub fn v4_points(&self, first: u32, last: u32) -> Range<usize> {
        let base = self.classes.len();
        let start = self.v4.partition_point(|&cut| cut < first);
        let end = self.v4.partition_point(|&cut| cut <= last);
        base + start..base + end
    }

    /// The pieces that an IPv6 range is made of.
    pub fn v6_points(&self, first: u128, last: u128) -> Range<usize> {
        let base = self.classes.len() + self.v4.len();
        let start = self.v6.partition_point(|&cut| cut < first);
        let end = self.v6.partition_point(|&cut| cut <= last);
        base + start..base + end
    }

    /// What a point stands for.
    pub fn point(&self, at: usize) -> Point {
        let addresses = self.address_points();
        if at < addresses.start {
            Point::Class(at)
        } else if addresses.contains(&at) {
            let (first, last) = self.piece(at - addresses.start);
            Point::Addresses(first, last)
        } else if self.node_points().contains(&at) {
            Point::Node(self.nodes[at - addresses.end])
        } else {
            Point::Domain(at - self.domain_points().start)
        }
    }

    fn piece(&self, at: usize) -> (IpAddr, IpAddr) {
        if let Some(&first) = self.v4.get(at) {
            let last = self.v4.get(at + 1).map_or(u32::MAX, |next| next - 1);
            return (Ipv4Addr::from(first).into(), Ipv4Addr::from(last).into());
        }
        let at = at - self.v4.len();
        let last = self.v6.get(at + 1).map_or(u128::MAX, |next| next - 1);
        let first = Ipv6Addr::from(self.v6[at]);
        (first.into(), Ipv6Addr::from(last).into())
    }

    /// The pod that speaks for a class.
    pub fn pod(&self, class: usize) -> &'a Pod {
        &self.snapshot.pods[self.classes[class].pod]
    }

    /// The ports of a class that bear this name, of `protocol` if one is asked for.
    pub fn resolve(
        &self,
        class: usize,
        protocol: Option<crate::sets::Protocol>,
        name: &str,
    ) -> PortSet {
        let bears = |p: &&ContainerPort| p.name.as_deref() == Some(name);
        let ports = self.pod(class).ports.iter().filter(bears);
        ports
            .filter(|p| protocol.is_none_or(|wanted| wanted == p.protocol))
            .map(|p| PortSet::single(p.protocol, p.port))
            .collect()
    }
}

/// What tells one pod from another.
#[derive(PartialEq, Eq, Hash)]
struct ClassKey<'a> {
    namespace: usize,
    labels: u32,
    ports: u32,
    host_network: bool,
    service_account: Option<&'a str>,
    workload: Option<usize>,
    families: Option<(bool, bool)>,
    blocks: Vec<bool>,
}

fn classify(snapshot: &Snapshot, words: &Vocabulary) -> (Vec<Class>, Vec<u32>) {
    let mut labels = Folder::default();
    let mut ports = Folder::default();
    let mut known: HashMap<ClassKey, u32> = HashMap::new();
    let mut classes: Vec<Class> = Vec::new();
    let mut class_of = Vec::with_capacity(snapshot.pods.len());
    for (at, pod) in snapshot.pods.iter().enumerate() {
        let families = || {
            let v4 = pod.addresses.is_empty() || pod.addresses.iter().any(IpAddr::is_ipv4);
            (v4, pod.addresses.iter().any(IpAddr::is_ipv6))
        };
        let key = ClassKey {
            namespace: pod.namespace,
            labels: labels.fold(Arc::as_ptr(&pod.labels).cast(), || {
                fold_labels(&pod.labels, words)
            }),
            ports: ports.fold(Arc::as_ptr(&pod.ports).cast(), || {
                fold_ports(&pod.ports, words)
            }),
            host_network: words.host_network && pod.host_network,
            service_account: words
                .service_accounts
                .get(&*pod.service_account)
                .map(String::as_str),
            workload: words.workloads.get(&pod.workload).copied(),
            families: words.pod_families.then(families),
            blocks: words.pod_cell(&pod.addresses),
        };
        let next = u32::try_from(classes.len()).unwrap_or(u32::MAX);
        let class = *known.entry(key).or_insert(next);
        if class == next {
            classes.push(Class {
                pod: at,
                members: 0,
            });
        }
        classes[class as usize].members += 1;
        class_of.push(class);
    }
    (classes, class_of)
}

/// Numbers folded values, so that equal ones get equal numbers; what stands at one address is folded once.
struct Folder<T> {
    by_address: HashMap<*const (), u32>,
    by_value: HashMap<T, u32>,
}

impl<T> Default for Folder<T> {
    fn default() -> Self {
        Self {
            by_address: HashMap::new(),
            by_value: HashMap::new(),
        }
    }
}

impl<T: Eq + std::hash::Hash> Folder<T> {
    fn fold(&mut self, address: *const (), value: impl FnOnce() -> T) -> u32 {
        if let Some(number) = self.by_address.get(&address) {
            return *number;
        }
        let next = u32::try_from(self.by_value.len()).unwrap_or(u32::MAX);
        let number = *self.by_value.entry(value()).or_insert(next);
        self.by_address.insert(address, number);
        number
    }
}

/// The labels that some selector asks for; a value that none names becomes "some other value".
fn fold_labels<'a>(labels: &'a Labels, words: &Vocabulary) -> Vec<(&'a str, Option<&'a str>)> {
    let folded = labels.iter().filter_map(|(key, value)| {
        let named = words.labels.get(key)?;
        let counts = named.as_ref().is_none_or(|set| set.contains(value));
        Some((key.as_str(), counts.then_some(value.as_str())))
    });
    folded.collect()
}

/// The ports that bear a name in use.
fn fold_ports<'a>(ports: &'a [ContainerPort], words: &Vocabulary) -> Vec<&'a ContainerPort> {
    let named = |p: &&ContainerPort| {
        p.name
            .as_ref()
            .is_some_and(|n| words.port_names.contains(n))
    };
    let mut found: Vec<&ContainerPort> = ports.iter().filter(named).collect();
    found.sort_unstable();
    found.dedup();
    found
}
