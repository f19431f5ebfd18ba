//! Which points of a universe a peer expression matches. Large sets that are
//! needed often are cached; small ones are faster to compute than to look up.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::sync::Arc;

use super::index::Index;
use super::universe::Universe;
use crate::cluster::{Pod, Snapshot};
use crate::policy::{Entity, Match, Peer, PeerItem};
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::{Bits, IntervalSet, IpSet, LabelOp, PortSet, Protocol, Requirement, Selector};

/// The extents of one universe, computed on demand.
pub(in crate::analysis) struct Extents<'u, 'a> {
    pub universe: &'u Universe<'a>,
    index: &'u Index<'a>,
    by_namespaces: HashMap<Selector, Arc<Bits>>,
    by_requirement: HashMap<Requirement, Arc<Bits>>,
    by_leaf: HashMap<Peer, Arc<Bits>>,
    by_port_name: HashMap<(Option<Protocol>, String), Bearers>,
    pods: Arc<Bits>,
    everything: Arc<Bits>,
    nothing: Arc<Bits>,
    /// Whether every point is taken for the node of the pod at the gate.
    on_own_node: bool,
}

/// Port sets, each with the classes on which a name resolves to them.
pub(in crate::analysis) type Bearers = Arc<[(PortSet, Bits)]>;

impl<'u, 'a> Extents<'u, 'a> {
    pub fn new(universe: &'u Universe<'a>, index: &'u Index<'a>) -> Self {
        Self {
            universe,
            index,
            by_namespaces: HashMap::new(),
            by_requirement: HashMap::new(),
            by_leaf: HashMap::new(),
            by_port_name: HashMap::new(),
            pods: Arc::new(Bits::full(universe.classes.len())),
            everything: index.everything.clone(),
            nothing: Arc::default(),
            on_own_node: false,
        }
    }

    /// What a rule's peers match.
    pub fn peers(&mut self, peers: &Match<PeerItem>) -> Arc<Bits> {
        match peers {
            Match::Any => self.everything.clone(),
            Match::Only(items) => match items.as_slice() {
                [one] => self.peer(&one.peer),
                many => {
                    let sets: Vec<_> = many.iter().map(|i| self.peer(&i.peer)).collect();
                    Arc::new(Bits::union_of(sets.iter().map(|s| &**s)))
                }
            },
        }
    }

    /// What `find` finds where points are taken for the node of the pod at the gate, and for the pods on its network.
    pub fn on_own_node<T>(&mut self, find: impl FnOnce(&mut Self) -> T) -> T {
        self.on_own_node = true;
        let found = find(self);
        self.on_own_node = false;
        found
    }

    /// The classes that declare a port of this name, grouped by the ports with this name.
    pub fn bearers(&mut self, protocol: Option<Protocol>, name: &str) -> Bearers {
        let key = (protocol, name.to_owned());
        if let Some(found) = self.by_port_name.get(&key) {
            return found.clone();
        }
        let found: Bearers = self.index.bearers(protocol, name).into();
        self.by_port_name.insert(key, found.clone());
        found
    }

    /// What one expression matches.
    pub fn peer(&mut self, peer: &Peer) -> Arc<Bits> {
        match peer {
            Peer::Everything => self.everything.clone(),
            Peer::Nothing | Peer::NewPods => self.nothing.clone(),
            Peer::Pods => self.pods.clone(),
            Peer::NamespaceLabels(selector) => self.namespaces(selector),
            Peer::PodLabels(selector) if selector.requirements.len() == 1 => {
                self.requirement(&selector.requirements[0])
            }
            _ => Arc::new(self.within(None, peer)),
        }
    }

    /// What an expression matches inside a bound; `None`: everything. Policies mostly start with a small bound
    /// (their own namespace), so that the rest is cheap.
    fn within(&mut self, bound: Option<Bits>, peer: &Peer) -> Bits {
        match peer {
            Peer::All(peers) => {
                let start = bound;
                let all = peers
                    .iter()
                    .fold(start, |bound, peer| Some(self.within(bound, peer)));
                all.unwrap_or_else(|| (*self.everything).clone())
            }
            Peer::PodLabels(selector) => {
                let requirements = selector.requirements.iter();
                let all = requirements.fold(bound, |bound, requirement| {
                    let found = self.requirement(requirement);
                    Some(both(bound, &found))
                });
                match selector.is_everything() {
                    true => both(all, &self.pods),
                    false => all.unwrap_or_default(),
                }
            }
            Peer::AnyOf(peers) => {
                let sets: Vec<_> = peers.iter().map(|p| self.peer(p)).collect();
                both(bound, &Bits::union_of(sets.iter().map(|s| &**s)))
            }
            Peer::Not(peer) => {
                let mut found = bound.unwrap_or_else(|| (*self.everything).clone());
                found.subtract(&self.peer(peer));
                found
            }
            Peer::Namespace(name) => both(bound, &self.index.namespace(name)),
            Peer::Everything
            | Peer::Nothing
            | Peer::NewPods
            | Peer::Pods
            | Peer::NamespaceLabels(_) => both(bound, &self.peer(peer)),
            _ => both(bound, &self.leaf(peer)),
        }
    }

    fn leaf(&mut self, peer: &Peer) -> Bits {
        let universe = self.universe;
        match peer {
            Peer::Addresses(set) => {
                let v4 = set.v4.iter().map(|(a, b)| universe.v4_points(a, b));
                let v6 = set.v6.iter().map(|(a, b)| universe.v6_points(a, b));
                let mut found = ranges(v4.chain(v6));
                self.add_names_in(set, &mut found);
                found
            }
            Peer::Nodes(selector) => self.nodes(selector),
            Peer::Domain(pattern) => {
                let Ok(at) = universe.patterns.binary_search(pattern) else {
                    return Bits::empty();
                };
                let pieces = universe.domains.iter().enumerate();
                let inside = pieces.filter(|(_, p)| p.patterns.binary_search(&at).is_ok());
                inside
                    .flat_map(|(at, _)| universe.points_of_domain(at))
                    .collect()
            }
            Peer::Entity(Entity::Host) if self.on_own_node => (*self.everything).clone(),
            Peer::Entity(entity) => {
                let entities = universe.entity_points().zip(&universe.entities);
                let same = entities.filter(|(_, known)| *known == entity);
                same.map(|(point, _)| point).collect()
            }
            Peer::PodsOf(key) => {
                let classes = self.index.by_workload.get(key).into_iter().flatten();
                classes.map(|&class| class as usize).collect()
            }
            peer => (*self.one_by_one(peer)).clone(),
        }
    }

    /// Adds the domain names whose addresses of a family are all in a set, whatever they are.
    fn add_names_in(&self, set: &IpSet, found: &mut Bits) {
        let whole = [set.v4 == IntervalSet::all(), set.v6 == IntervalSet::all()];
        for at in 0..self.universe.domains.len() {
            let points = self.universe.points_of_domain(at);
            let inside = points.into_iter().zip(whole).filter(|(_, whole)| *whole);
            inside.for_each(|(point, _)| found.insert(point));
        }
    }

    /// For leaves in the vocabulary, on which all pods of a class agree.
    fn one_by_one(&mut self, peer: &Peer) -> Arc<Bits> {
        if let Some(found) = self.by_leaf.get(peer) {
            return found.clone();
        }
        let universe = self.universe;
        let side = self.index.side.cluster;
        let matches = |class: &usize| matches(peer, universe.pod(*class), side);
        let classes = 0..universe.classes.len();
        let found: Arc<Bits> = Arc::new(classes.filter(matches).collect());
        self.by_leaf.insert(peer.clone(), found.clone());
        found
    }

    fn namespaces(&mut self, selector: &Selector) -> Arc<Bits> {
        if let Some(found) = self.by_namespaces.get(selector) {
            return found.clone();
        }
        let found = Arc::new(self.index.namespaces(self.universe, selector));
        self.by_namespaces.insert(selector.clone(), found.clone());
        found
    }

    fn nodes(&self, selector: &Selector) -> Bits {
        let universe = self.universe;
        let mut found = Bits::empty();
        for (point, &node) in universe.node_points().zip(&universe.nodes) {
            if selector.matches(&universe.snapshot.nodes[node].labels) {
                found.insert(point);
            }
        }
        let nodes = self.index.side.cluster.nodes.iter();
        let matching = nodes.filter(|n| selector.matches(&n.labels));
        for address in matching.flat_map(|n| &n.addresses) {
            let points = universe.address_point(*address);
            found.insert_range(points.start, points.end);
        }
        found
    }

    fn requirement(&mut self, requirement: &Requirement) -> Arc<Bits> {
        if let Some(found) = self.by_requirement.get(requirement) {
            return found.clone();
        }
        let (mut found, turn) = self.index.passing(self.universe, requirement);
        if turn {
            let mut rest = (*self.pods).clone();
            rest.subtract(&found);
            found = rest;
        }
        let found = Arc::new(found);
        // One value of a key mostly belongs to one workload and is not needed again.
        if !matches!(&requirement.op, LabelOp::In(values) if values.len() == 1 && found.count() < 16)
        {
            self.by_requirement
                .insert(requirement.clone(), found.clone());
        }
        found
    }
}

/// Whether a peer that tests other fields than labels matches a pod; nodes are those of `side`.
fn matches(peer: &Peer, pod: &Pod, side: &Snapshot) -> bool {
    match peer {
        Peer::HostNetwork => pod.host_network,
        Peer::ServiceAccount(name) => *pod.service_account == **name,
        Peer::PodAddresses(set) => pod.addresses.iter().any(|a| set.contains(*a)),
        Peer::HostAddresses(set) => {
            let of_node = side.node_of(pod).into_iter().flat_map(|n| &n.addresses);
            let mut known = pod.addresses.iter().chain(of_node).peekable();
            pod.host_network
                && match known.peek() {
                    Some(_) => known.any(|a| set.contains(*a)),
                    None => any_ipv4().is_subset(set),
                }
        }
        Peer::HostsOn(selector) => {
            pod.host_network
                && match side.node_of(pod) {
                    Some(node) => selector.matches(&node.labels),
                    None => selector.is_everything(),
                }
        }
        Peer::PodsIpv4 => pod.addresses.is_empty() || pod.addresses.iter().any(IpAddr::is_ipv4),
        Peer::PodsIpv6 => pod.addresses.iter().any(IpAddr::is_ipv6),
        Peer::PodsOfFamilies { v4, v6 } => {
            let known = |is: fn(&IpAddr) -> bool| pod.addresses.iter().any(is);
            (known(IpAddr::is_ipv4), known(IpAddr::is_ipv6)) == (*v4, *v6)
        }
        _ => false,
    }
}

fn any_ipv4() -> IpSet {
    IpSet::range(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::BROADCAST.into())
}

fn both(bound: Option<Bits>, found: &Bits) -> Bits {
    match bound {
        None => found.clone(),
        Some(mut bound) => {
            bound.intersect_with(found);
            bound
        }
    }
}

fn ranges(ranges: impl IntoIterator<Item = Range<usize>>) -> Bits {
    let mut found = Bits::empty();
    for range in ranges {
        found.insert_range(range.start, range.end);
    }
    found
}
