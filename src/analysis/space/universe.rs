//! The universe: all ends that policies can distinguish, as one index space.
//!
//! Points, in this order: classes of known pods, pieces of the IPv4 axis, pieces of the IPv6 axis,
//! nodes without a known address (a node with addresses is those addresses), pieces of the domain names,
//! entities that are none of these.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::vocabulary::{Vocabulary, number};
use crate::cluster::{AmbiguousPort, Assumptions, ContainerPort, HostNetwork, Pod, Snapshot};
use crate::policy::{Entity, Policy, WorkloadKey};
use crate::sets::domains::pieces;
use crate::sets::hash::{HashMap, HashMapExt, HashSet, Hashed};
use crate::sets::{Bits, DomainPattern, DomainPiece};

/// Pods that no policy under analysis distinguishes.
#[derive(Debug)]
pub(in crate::analysis) struct Class {
    /// The first of them, which represents the class.
    pub pod: usize,
    /// The number of pods.
    pub members: usize,
    /// Their labels that policies test, by the numbers of the vocabulary.
    pub labels: Vec<(u32, u32)>,
    /// A number for their ports with a name in use: equal for classes with equal such ports that both count as
    /// pods, or both as nodes.
    pub named_ports: u32,
    /// Their node, where that matters: as an index into [`Universe::hosts`], the pods that count as it.
    pub hosts: Option<u32>,
}

/// One index space for the endpoints of a snapshot, under some policies.
#[derive(Debug)]
pub(in crate::analysis) struct Universe<'a> {
    /// The cluster.
    pub snapshot: &'a Snapshot,
    /// What the policies can distinguish.
    pub words: Vocabulary,
    /// The pod classes, by their first pod.
    pub classes: Vec<Class>,
    /// The class of each pod.
    pub class_of: Vec<u32>,
    /// For nodes, the classes of the host-network pods that count as them and so always reach the pods there (P2).
    pub hosts: Vec<Bits>,
    /// First addresses of the IPv4 pieces, ascending, from 0.
    v4: Vec<u32>,
    /// First addresses of the IPv6 pieces.
    v6: Vec<u128>,
    /// Nodes that are points, as indices into the snapshot's.
    pub nodes: Vec<usize>,
    /// Patterns of domain names, sorted.
    pub patterns: Vec<DomainPattern>,
    /// The pieces into which the patterns split all names.
    pub domains: Vec<DomainPiece>,
    /// Entities that are points, sorted.
    pub entities: Vec<Entity>,
}

/// The meaning of one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::analysis) enum Point {
    Class(usize),
    Addresses(IpAddr, IpAddr),
    Node(usize),
    Domain(usize),
    Entity(Entity),
}

impl<'a> Universe<'a> {
    /// The universe of the pods, addresses and nodes of a snapshot under all these policies.
    pub fn new(snapshot: &'a Snapshot, policies: &[&[Arc<Policy>]]) -> Self {
        Self::read_under(snapshot, policies, &[snapshot.assumptions])
    }

    /// The universe for policies that are evaluated under several assumptions.
    pub fn read_under(
        snapshot: &'a Snapshot,
        policies: &[&[Arc<Policy>]],
        assumptions: &[Assumptions],
    ) -> Self {
        let all = policies.iter().flat_map(|p| p.iter());
        let mut words = Vocabulary::of(all, &snapshot.nodes);
        name_every_value(snapshot, &mut words);
        let (classes, class_of, hosts) = classify(snapshot, &words, assumptions);
        let patterns: Vec<DomainPattern> = words.domains.iter().cloned().collect();
        let without = |at: &usize| snapshot.nodes[*at].addresses.is_empty();
        Self {
            snapshot,
            classes,
            class_of,
            hosts,
            v4: words.v4.iter().copied().collect(),
            v6: words.v6.iter().copied().collect(),
            nodes: (0..snapshot.nodes.len()).filter(without).collect(),
            domains: pieces(&patterns),
            entities: words.entities.iter().copied().collect(),
            patterns,
            words,
        }
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.entity_points().end
    }

    /// The points that are pieces of the address axes.
    pub fn address_points(&self) -> Range<usize> {
        self.classes.len()..self.classes.len() + self.v4.len() + self.v6.len()
    }

    /// The points that are IPv4 addresses, and those that are IPv6 addresses.
    pub fn family_points(&self) -> (Range<usize>, Range<usize>) {
        let Range { start, end } = self.address_points();
        let middle = start + self.v4.len();
        (start..middle, middle..end)
    }

    /// The pieces of the address axes, in the order of their points.
    pub fn pieces(&self) -> Vec<(IpAddr, IpAddr)> {
        let count = self.address_points().len();
        (0..count).map(|at| self.piece(at)).collect()
    }

    /// The points that are nodes.
    pub fn node_points(&self) -> Range<usize> {
        let start = self.address_points().end;
        start..start + self.nodes.len()
    }

    /// The points that are pieces of the domain names: two for each, as whatever the name stands for is an IPv4 or an
    /// IPv6 address, which rules about all addresses of a family match.
    pub fn domain_points(&self) -> Range<usize> {
        let start = self.node_points().end;
        start..start + 2 * self.domains.len()
    }

    /// The points of one piece of the domain names: its IPv4 addresses, its IPv6 addresses.
    pub fn points_of_domain(&self, at: usize) -> [usize; 2] {
        let first = self.domain_points().start + 2 * at;
        [first, first + 1]
    }

    /// The first of the points with the same meaning for users: of the two of a domain name.
    pub fn first_of_same(&self, point: usize) -> usize {
        match self.point(point) {
            Point::Domain(at) => self.points_of_domain(at)[0],
            _ => point,
        }
    }

    /// The points that are entities.
    pub fn entity_points(&self) -> Range<usize> {
        let start = self.domain_points().end;
        start..start + self.entities.len()
    }

    /// The pieces of an IPv4 range, whose bounds are bounds of pieces.
    pub fn v4_points(&self, first: u32, last: u32) -> Range<usize> {
        let base = self.classes.len();
        let start = self.v4.partition_point(|&cut| cut < first);
        let end = self.v4.partition_point(|&cut| cut <= last);
        base + start..base + end
    }

    /// The pieces of an IPv6 range.
    pub fn v6_points(&self, first: u128, last: u128) -> Range<usize> {
        let base = self.classes.len() + self.v4.len();
        let start = self.v6.partition_point(|&cut| cut < first);
        let end = self.v6.partition_point(|&cut| cut <= last);
        base + start..base + end
    }

    /// The points of one address, which is a piece of its own.
    pub fn address_point(&self, address: IpAddr) -> Range<usize> {
        match address {
            IpAddr::V4(a) => self.v4_points(a.into(), a.into()),
            IpAddr::V6(a) => self.v6_points(a.into(), a.into()),
        }
    }

    /// The piece that an IPv4 address is in.
    pub fn v4_piece(&self, address: u32) -> usize {
        self.classes.len() + self.v4.partition_point(|&cut| cut <= address) - 1
    }

    /// The piece that an IPv6 address is in.
    pub fn v6_piece(&self, address: u128) -> usize {
        let base = self.classes.len() + self.v4.len();
        base + self.v6.partition_point(|&cut| cut <= address) - 1
    }

    /// The meaning of a point.
    pub fn point(&self, at: usize) -> Point {
        let addresses = self.address_points();
        if at < addresses.start {
            Point::Class(at)
        } else if addresses.contains(&at) {
            let (first, last) = self.piece(at - addresses.start);
            Point::Addresses(first, last)
        } else if self.node_points().contains(&at) {
            Point::Node(self.nodes[at - addresses.end])
        } else if self.domain_points().contains(&at) {
            Point::Domain((at - self.domain_points().start) / 2)
        } else {
            Point::Entity(self.entities[at - self.entity_points().start])
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

    /// The representative pod of a class.
    pub fn pod(&self, class: usize) -> &'a Pod {
        &self.snapshot.pods[self.classes[class].pod]
    }
}

/// Adds the values that pods have, for keys of which every value counts.
fn name_every_value(snapshot: &Snapshot, words: &mut Vocabulary) {
    let every = words.label_keys.iter_mut().filter(|(_, key)| key.every);
    for (name, key) in every {
        for pod in snapshot.pods.iter() {
            if let Some(value) = pod.labels.get(name) {
                key.add(value);
            }
        }
    }
}

/// The properties of a pod that policies can distinguish.
#[derive(PartialEq, Eq, Hash)]
struct ClassKey<'a> {
    namespace: usize,
    labels: Vec<(u32, u32)>,
    ports: Vec<DeclaredPort<'a>>,
    /// The names among them that egress rules do not match.
    ambiguous: &'a [AmbiguousPort],
    host_network: bool,
    /// The addresses of the node, for a host-network pod that counts as its node.
    host: Option<(Option<&'a str>, &'a [IpAddr])>,
    /// The node that it runs on, where host-network pods count as their node.
    node: Option<&'a str>,
    service_account: Option<&'a str>,
    workload: Option<WorkloadKey>,
    families: Option<[bool; 3]>,
    blocks: Vec<bool>,
}

impl<'a> ClassKey<'a> {
    fn of(
        pod: &'a Pod,
        words: &'a Vocabulary,
        hosted: &HashSet<&str>,
        assumptions: &[Assumptions],
    ) -> Self {
        let families = || {
            let known = |is: fn(&IpAddr) -> bool| pod.addresses.iter().any(is);
            [
                pod.addresses.is_empty(),
                known(IpAddr::is_ipv4),
                known(IpAddr::is_ipv6),
            ]
        };
        let node = pod.node.as_deref().filter(|node| hosted.contains(node));
        let bears = |read: &Assumptions| read.bears_names(pod);
        let ports = match assumptions.iter().any(bears) {
            true => fold_ports(pod, words),
            false => Vec::new(),
        };
        // Under some assumptions the named ports of a host-network pod count, under others they do not.
        let mixed = !assumptions.iter().all(bears);
        let account = words.service_accounts.get(&*pod.service_account);
        Self {
            namespace: pod.namespace,
            labels: words.fold(&pod.labels),
            host_network: (words.host_network || node.is_some() || !ports.is_empty() && mixed)
                && pod.host_network,
            ambiguous: match ports.is_empty() {
                true => &[],
                false => &pod.ambiguous_ports,
            },
            ports,
            host: (words.hosts && pod.host_network)
                .then_some((pod.node.as_deref(), &*pod.addresses)),
            node,
            service_account: account.map(String::as_str),
            workload: words.workloads.get(&pod.key).copied(),
            families: words.pod_families.then(families),
            blocks: words.pod_cell(&pod.addresses),
        }
    }
}

/// The classes, the class of each pod, and the classes that count as a node.
fn classify(
    snapshot: &Snapshot,
    words: &Vocabulary,
    assumptions: &[Assumptions],
) -> (Vec<Class>, Vec<u32>, Vec<Bits>) {
    let pods = snapshot.pods.par_iter().with_min_len(1024);
    let hosted = hosted(snapshot, words, assumptions);
    let key = |pod| Hashed::new(ClassKey::of(pod, words, &hosted, assumptions));
    let keys: Vec<Hashed<ClassKey>> = pods.map(key).collect();
    let mut known: HashMap<&Hashed<ClassKey>, u32> = HashMap::with_capacity(keys.len());
    let mut numbered: HashMap<(&[DeclaredPort], bool), u32> = HashMap::new();
    let mut classes: Vec<Class> = Vec::new();
    let mut class_of = Vec::with_capacity(keys.len());
    let mut nodes: HashMap<&str, u32> = HashMap::new();
    let mut hosts: Vec<Bits> = Vec::new();
    for (pod, key) in keys.iter().enumerate() {
        let next = number(classes.len());
        let class = *known.entry(key).or_insert(next);
        if class == next {
            let fresh = number(numbered.len());
            let on = key.key.node.map(|node| {
                let next = number(hosts.len());
                let on = *nodes.entry(node).or_insert(next);
                if on == next {
                    hosts.push(Bits::empty());
                }
                if key.key.host_network {
                    hosts[on as usize].insert(class as usize);
                }
                on
            });
            classes.push(Class {
                pod,
                members: 0,
                labels: key.key.labels.clone(),
                named_ports: *numbered
                    .entry((&key.key.ports, key.key.host_network))
                    .or_insert(fresh),
                hosts: on,
            });
        }
        classes[class as usize].members += 1;
        class_of.push(class);
    }
    (classes, class_of, hosts)
}

/// The nodes that tell pods apart: those that host-network pods count as, under some of the assumptions, or all.
fn hosted<'a>(
    snapshot: &'a Snapshot,
    words: &Vocabulary,
    assumptions: &[Assumptions],
) -> HashSet<&'a str> {
    if words.own_node {
        let pods = snapshot.pods.iter();
        return pods.filter_map(|pod| pod.node.as_deref()).collect();
    }
    let pods = |read: &Assumptions| read.host_network == HostNetwork::Pods;
    if assumptions.iter().all(pods) {
        return HashSet::default();
    }
    let hosts = snapshot.pods.iter().filter(|pod| pod.host_network);
    hosts.filter_map(|pod| pod.node.as_deref()).collect()
}

/// The ports with a name in use.
/// The ports whose names policies use, in the order in which they are declared, each with the kind of its container:
/// enforcers differ in which of them a name refers to.
fn fold_ports<'a>(pod: &'a Pod, words: &Vocabulary) -> Vec<DeclaredPort<'a>> {
    let containers = pod.ports.len().saturating_sub(pod.sidecar_ports);
    let place = |at| match at < containers {
        true => Place::Container,
        false => Place::Sidecar,
    };
    let named = |(_, port): &DeclaredPort| {
        let name = port.name.as_deref().unwrap_or_default();
        words.port_names.contains(name) || words.port_names.contains(&name.to_ascii_lowercase())
    };
    let own = pod
        .ports
        .iter()
        .enumerate()
        .map(|(at, port)| (place(at), port));
    let init = pod.init_ports.iter().map(|port| (Place::Init, port));
    own.chain(init).filter(named).collect()
}

/// A port, and where it is declared.
type DeclaredPort<'a> = (Place, &'a ContainerPort);

/// Which container of a pod declares a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Container,
    Sidecar,
    Init,
}
