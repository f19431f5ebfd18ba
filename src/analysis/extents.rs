//! Which points of a universe a peer expression matches, each distinct expression once.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::universe::Universe;
use crate::policy::{Match, Peer, PeerItem};
use crate::sets::{Bits, LabelOp, PortSet, Protocol, Requirement, Selector};

/// The extents of one universe, filled as they are asked for.
pub(super) struct Extents<'a> {
    pub universe: &'a Universe<'a>,
    by_peer: HashMap<&'a Peer, Arc<Bits>>,
    by_requirement: HashMap<&'a Requirement, Arc<Bits>>,
    by_port_name: HashMap<(Option<Protocol>, &'a str), Bearers>,
    labels: HashMap<&'a str, KeyIndex<'a>>,
    namespaces: HashMap<&'a str, usize>,
    /// Classes by namespace index.
    in_namespace: Vec<Vec<u32>>,
    pods: Arc<Bits>,
    everything: Arc<Bits>,
    nothing: Arc<Bits>,
}

/// Port sets, each with the classes at which a name stands for them.
type Bearers = Arc<[(PortSet, Bits)]>;

/// The classes that have one label key.
#[derive(Default)]
struct KeyIndex<'a> {
    present: Vec<u32>,
    by_value: HashMap<&'a str, Vec<u32>>,
}

impl<'a> Extents<'a> {
    pub fn new(universe: &'a Universe<'a>) -> Self {
        let snapshot = universe.snapshot;
        let mut in_namespace = vec![Vec::new(); snapshot.namespaces.len()];
        let mut labels: HashMap<&str, KeyIndex> = HashMap::new();
        for class in 0..universe.classes.len() {
            let pod = universe.pod(class);
            let number = u32::try_from(class).unwrap_or(u32::MAX);
            if let Some(list) = in_namespace.get_mut(pod.namespace) {
                list.push(number);
            }
            for (key, value) in pod.labels.iter() {
                if let Some((key, _)) = universe.words.labels.get_key_value(key) {
                    let index = labels.entry(key).or_default();
                    index.present.push(number);
                    index.by_value.entry(value).or_default().push(number);
                }
            }
        }
        let names = snapshot.namespaces.iter().enumerate();
        let mut pods = Bits::empty(universe.len());
        pods.insert_range(0, universe.classes.len());
        Self {
            universe,
            by_peer: HashMap::new(),
            by_requirement: HashMap::new(),
            by_port_name: HashMap::new(),
            labels,
            namespaces: names.map(|(at, n)| (n.name.as_str(), at)).collect(),
            in_namespace,
            pods: Arc::new(pods),
            everything: Arc::new(Bits::full(universe.len())),
            nothing: Arc::new(Bits::empty(universe.len())),
        }
    }

    /// What a rule's peers match.
    pub fn peers(&mut self, peers: &'a Match<PeerItem>) -> Arc<Bits> {
        match peers {
            Match::Any => self.everything.clone(),
            Match::Only(items) => match items.as_slice() {
                [one] => self.peer(&one.peer),
                many => {
                    let mut found = self.none();
                    for item in many {
                        found.union_with(&self.peer(&item.peer));
                    }
                    Arc::new(found)
                }
            },
        }
    }

    /// Every point.
    pub fn everything(&self) -> Arc<Bits> {
        self.everything.clone()
    }

    /// The classes that declare a port of this name, grouped by the ports that bear it.
    pub fn bearers(&mut self, protocol: Option<Protocol>, name: &'a str) -> Bearers {
        if let Some(found) = self.by_port_name.get(&(protocol, name)) {
            return found.clone();
        }
        let mut groups: BTreeMap<PortSet, Bits> = BTreeMap::new();
        for class in 0..self.universe.classes.len() {
            let ports = self.universe.resolve(class, protocol, name);
            if !ports.is_empty() {
                let group = groups.entry(ports).or_insert_with(|| self.none());
                group.insert(class);
            }
        }
        let found: Bearers = groups.into_iter().collect();
        self.by_port_name.insert((protocol, name), found.clone());
        found
    }

    /// What one expression matches.
    pub fn peer(&mut self, peer: &'a Peer) -> Arc<Bits> {
        match peer {
            Peer::Everything => return self.everything.clone(),
            Peer::Nothing | Peer::NewPods => return self.nothing.clone(),
            Peer::Pods => return self.pods.clone(),
            _ => {}
        }
        if let Some(found) = self.by_peer.get(peer) {
            return found.clone();
        }
        let found = Arc::new(self.evaluate(peer));
        self.by_peer.insert(peer, found.clone());
        found
    }

    fn evaluate(&mut self, peer: &'a Peer) -> Bits {
        match peer {
            Peer::All(peers) => {
                let mut found = (*self.everything).clone();
                for peer in peers {
                    found.intersect_with(&self.peer(peer));
                }
                found
            }
            Peer::AnyOf(peers) => {
                let mut found = self.none();
                for peer in peers {
                    found.union_with(&self.peer(peer));
                }
                found
            }
            Peer::Not(peer) => {
                let mut found = (*self.everything).clone();
                found.subtract(&self.peer(peer));
                found
            }
            Peer::PodLabels(selector) => self.pod_labels(selector),
            Peer::Namespace(name) => {
                let known = self.namespaces.get(name.as_str()).copied();
                self.namespaces_where(|at| Some(at) == known)
            }
            Peer::NamespaceLabels(selector) => {
                let namespaces = &self.universe.snapshot.namespaces;
                self.namespaces_where(|at| selector.matches(&namespaces[at].labels))
            }
            Peer::HostNetwork | Peer::ServiceAccount(_) | Peer::PodsOf(_) => {
                self.classes_where(peer)
            }
            Peer::PodAddresses(_) | Peer::PodsIpv4 | Peer::PodsIpv6 => self.classes_where(peer),
            Peer::Addresses(set) => {
                let universe = self.universe;
                let v4 = set.v4.iter().map(|(a, b)| universe.v4_points(a, b));
                let v6 = set.v6.iter().map(|(a, b)| universe.v6_points(a, b));
                self.ranges(v4.chain(v6))
            }
            Peer::Nodes(selector) => self.nodes(selector),
            Peer::Domain(name) => {
                let start = self.universe.domain_points().start;
                let known = self.universe.domains.binary_search(name).ok();
                self.ranges(known.map(|at| start + at..start + at + 1))
            }
            Peer::Everything | Peer::Nothing | Peer::Pods | Peer::NewPods => {
                (*self.peer(peer)).clone()
            }
        }
    }

    fn none(&self) -> Bits {
        Bits::empty(self.universe.len())
    }

    fn ranges(&self, ranges: impl IntoIterator<Item = Range<usize>>) -> Bits {
        let mut found = self.none();
        for range in ranges {
            found.insert_range(range.start, range.end);
        }
        found
    }

    fn namespaces_where(&self, wanted: impl Fn(usize) -> bool) -> Bits {
        let mut found = self.none();
        for (at, classes) in self.in_namespace.iter().enumerate() {
            if wanted(at) {
                classes
                    .iter()
                    .for_each(|&class| found.insert(class as usize));
            }
        }
        found
    }

    /// For leaves on which all pods of a class agree because the vocabulary has them.
    fn classes_where(&self, peer: &Peer) -> Bits {
        let mut found = self.none();
        for class in 0..self.universe.classes.len() {
            if super::eval::pod_matches(self.universe.snapshot, peer, self.universe.pod(class)) {
                found.insert(class);
            }
        }
        found
    }

    fn nodes(&self, selector: &Selector) -> Bits {
        let universe = self.universe;
        let mut found = self.none();
        for (point, &node) in universe.node_points().zip(&universe.nodes) {
            if selector.matches(&universe.snapshot.nodes[node].labels) {
                found.insert(point);
            }
        }
        let nodes = universe.snapshot.nodes.iter();
        let matching = nodes.filter(|n| selector.matches(&n.labels));
        for address in matching.flat_map(|n| &n.addresses) {
            let points = match *address {
                std::net::IpAddr::V4(a) => universe.v4_points(a.into(), a.into()),
                std::net::IpAddr::V6(a) => universe.v6_points(a.into(), a.into()),
            };
            found.insert_range(points.start, points.end);
        }
        found
    }

    fn pod_labels(&mut self, selector: &'a Selector) -> Bits {
        let mut found = (*self.pods).clone();
        for requirement in &selector.requirements {
            found.intersect_with(&self.requirement(requirement));
        }
        found
    }

    fn requirement(&mut self, requirement: &'a Requirement) -> Arc<Bits> {
        if let Some(found) = self.by_requirement.get(requirement) {
            return found.clone();
        }
        let mut found = self.none();
        let index = self.labels.get(requirement.key.as_str());
        let negative = match &requirement.op {
            LabelOp::NotIn(values) => Some(LabelOp::In(values.clone())),
            LabelOp::DoesNotExist => Some(LabelOp::Exists),
            _ => None,
        };
        if let Some(index) = index {
            let op = negative.as_ref().unwrap_or(&requirement.op);
            index.each(op, |class| found.insert(class as usize));
        }
        if negative.is_some() {
            let mut rest = (*self.pods).clone();
            rest.subtract(&found);
            found = rest;
        }
        let found = Arc::new(found);
        self.by_requirement.insert(requirement, found.clone());
        found
    }
}

impl KeyIndex<'_> {
    /// Every class whose value passes an operator that absence does not pass.
    fn each(&self, op: &LabelOp, mut f: impl FnMut(u32)) {
        match op {
            LabelOp::Exists => self.present.iter().for_each(|&class| f(class)),
            LabelOp::In(values) => {
                let lists = values.iter().filter_map(|v| self.by_value.get(v.as_str()));
                lists.flatten().for_each(|&class| f(class));
            }
            // The order of a hash map does not show in a set.
            #[allow(clippy::iter_over_hash_type)]
            op => {
                for (value, classes) in &self.by_value {
                    if op.matches(Some(value)) {
                        classes.iter().for_each(|&class| f(class));
                    }
                }
            }
        }
    }
}
