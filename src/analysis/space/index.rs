//! Which classes of a universe have a label, and which are in a namespace.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::universe::Universe;
use super::vocabulary::{OTHER, number};
use crate::analysis::Side;
use crate::policy::WorkloadKey;
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::{Bits, LabelOp, PortSet, Protocol, Requirement, Selector};

/// Classes by the fields that selectors test; every list is ascending.
pub(in crate::analysis) struct Index<'a> {
    /// Has the nodes, and how policies are evaluated.
    pub side: Side<'a>,
    /// All points; shared, so that a pointer comparison finds the full set.
    pub everything: Arc<Bits>,
    /// By the number of the label key.
    labels: Vec<KeyIndex>,
    /// By namespace name, the indices of the namespaces (of two clusters, there may be two).
    namespaces: HashMap<&'a str, Vec<usize>>,
    /// By label key and value, the indices of namespaces.
    labelled: HashMap<(&'a str, &'a str), Vec<usize>>,
    /// By namespace index.
    in_namespace: Vec<Vec<u32>>,
    /// By port name: the ports with this name, with their class.
    bearers: HashMap<String, Vec<(u32, Protocol, u16)>>,
    /// By workload, for those that policies name.
    pub by_workload: HashMap<WorkloadKey, Vec<u32>>,
}

/// The classes that have one label key.
#[derive(Clone, Default)]
struct KeyIndex {
    present: Vec<u32>,
    /// By the number of the value.
    by_value: Vec<Vec<u32>>,
}

impl<'a> Index<'a> {
    pub fn new(universe: &Universe<'a>) -> Self {
        Self::seen_from(universe, universe.snapshot.into())
    }

    /// The index of a universe that two sides share, seen from one of them: the nodes are its own.
    pub fn seen_from(universe: &Universe<'a>, side: Side<'a>) -> Self {
        let snapshot = universe.snapshot;
        let mut in_namespace = vec![Vec::new(); snapshot.namespaces.len()];
        let mut labels = vec![KeyIndex::default(); universe.words.label_keys.len()];
        for (class, found) in universe.classes.iter().enumerate() {
            let namespace = snapshot.pods[found.pod].namespace;
            if let Some(list) = in_namespace.get_mut(namespace) {
                list.push(number(class));
            }
            for &(key, value) in &found.labels {
                labels[key as usize].add(value, number(class));
            }
        }
        let mut bearers: HashMap<String, Vec<_>> = HashMap::new();
        for class in 0..universe.classes.len() {
            let pod = universe.pod(class);
            let bears = side.assumptions.bears_names(pod);
            for name in side
                .assumptions
                .port_names(pod)
                .into_iter()
                .filter(|_| bears)
            {
                let ports = side.assumptions.ports_with_name(pod, &name).into_iter();
                let ports =
                    ports.filter(|port| !side.assumptions.is_ambiguous(pod, &name, port.protocol));
                let each = ports.map(|port| (number(class), port.protocol, port.port));
                bearers.entry(name.clone()).or_default().extend(each);
            }
        }
        let mut by_workload: HashMap<WorkloadKey, Vec<u32>> = HashMap::new();
        for class in 0..universe.classes.len() {
            let key = universe.pod(class).key;
            if universe.words.workloads.contains(&key) {
                by_workload.entry(key).or_default().push(number(class));
            }
        }
        let mut labelled: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        for (at, namespace) in snapshot.namespaces.iter().enumerate() {
            for (key, value) in &namespace.labels {
                labelled.entry((key, value)).or_default().push(at);
            }
        }
        let mut namespaces: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, namespace) in snapshot.namespaces.iter().enumerate() {
            namespaces.entry(&namespace.name).or_default().push(at);
        }
        Self {
            side,
            everything: Arc::new(Bits::full(universe.len())),
            labels,
            namespaces,
            labelled,
            in_namespace,
            bearers,
            by_workload,
        }
    }

    /// The classes that declare a port of this name, grouped by the ports with this name.
    pub fn bearers(&self, protocol: Option<Protocol>, name: &str) -> Vec<(PortSet, Bits)> {
        let bears = |port: &&(u32, Protocol, u16)| protocol.is_none_or(|wanted| wanted == port.1);
        let ports = self.bearers.get(name).into_iter().flatten();
        let ports: Vec<_> = ports.filter(bears).collect();
        let mut groups: BTreeMap<Vec<(Protocol, u16)>, Bits> = BTreeMap::new();
        for of_class in ports.chunk_by(|a, b| a.0 == b.0) {
            let mut declared: Vec<_> = of_class.iter().map(|p| (p.1, p.2)).collect();
            declared.sort_unstable();
            declared.dedup();
            let class = of_class.first().map_or(0, |p| p.0 as usize);
            groups.entry(declared).or_default().insert(class);
        }
        let set = |ports: Vec<(Protocol, u16)>| {
            let single = |(protocol, port)| PortSet::single(protocol, port);
            ports.into_iter().map(single).collect()
        };
        groups.into_iter().map(|(p, c)| (set(p), c)).collect()
    }

    /// For the nodes of [`Universe::hosts`], in their order: the points of the node, and the pods that count as it.
    pub fn on_nodes(&self, universe: &Universe) -> Vec<Bits> {
        let mut found = universe.hosts.clone();
        let mut known = vec![false; found.len()];
        for (at, class) in universe.classes.iter().enumerate() {
            let Some(node) = class.hosts.map(|node| node as usize) else {
                continue;
            };
            if !std::mem::replace(&mut known[node], true) {
                let name = universe.pod(at).node.as_deref();
                self.add_node(universe, name, &mut found[node]);
            }
        }
        found
    }

    /// Adds the points of the node of a name.
    fn add_node(&self, universe: &Universe, name: Option<&str>, into: &mut Bits) {
        for (point, &node) in universe.node_points().zip(&universe.nodes) {
            if Some(universe.snapshot.nodes[node].name.as_str()) == name {
                into.insert(point);
            }
        }
        let nodes = self.side.cluster.nodes.iter();
        let own = nodes.filter(|node| Some(node.name.as_str()) == name);
        for address in own.flat_map(|node| &node.addresses) {
            let points = universe.address_point(*address);
            into.insert_range(points.start, points.end);
        }
    }

    /// The classes of the namespace of this name.
    pub fn namespace(&self, name: &str) -> Bits {
        let known = self.namespaces.get(name).into_iter().flatten();
        let classes = known.filter_map(|&at| self.in_namespace.get(at));
        classes.flatten().map(|&c| c as usize).collect()
    }

    /// The classes of the namespaces whose labels match.
    pub fn namespaces(&self, universe: &Universe, selector: &Selector) -> Bits {
        let namespaces = &universe.snapshot.namespaces;
        let values = selector.requirements.iter().find_map(|r| match &r.op {
            LabelOp::In(values) => Some(values.iter().map(|v| (r.key.as_str(), v.as_str()))),
            _ => None,
        });
        let candidates: Vec<usize> = match values {
            None => (0..namespaces.len()).collect(),
            Some(values) => {
                let lists = values.filter_map(|label| self.labelled.get(&label));
                lists.flatten().copied().collect()
            }
        };
        let wanted = candidates
            .into_iter()
            .filter(|&at| selector.matches(&namespaces[at].labels));
        let classes = wanted.flat_map(|at| &self.in_namespace[at]);
        classes.map(|&c| c as usize).collect()
    }

    /// The classes whose value of the key passes the operator or its complement, whichever absence does not
    /// pass; true if it is the complement.
    pub fn passing(&self, universe: &Universe, requirement: &Requirement) -> (Bits, bool) {
        let mut found = Bits::empty();
        let (op, turn) = match &requirement.op {
            LabelOp::NotIn(values) => (&LabelOp::In(values.clone()), true),
            LabelOp::DoesNotExist => (&LabelOp::Exists, true),
            op => (op, false),
        };
        if let Some(key) = universe.words.label_keys.get(&requirement.key) {
            let index = &self.labels[key.number as usize];
            let mut add = |classes: &[u32]| classes.iter().for_each(|&c| found.insert(c as usize));
            match op {
                LabelOp::Exists => add(&index.present),
                LabelOp::In(values) => {
                    let numbers = values.iter().filter_map(|v| key.numbered.get(v));
                    numbers.for_each(|&number| add(index.value(number)));
                }
                op => {
                    // The order of a hash map does not show in a set.
                    let values = key.numbered.iter().filter(|(v, _)| op.matches(Some(v)));
                    values.for_each(|(_, &number)| add(index.value(number)));
                }
            }
        }
        (found, turn)
    }
}

impl KeyIndex {
    fn add(&mut self, value: u32, class: u32) {
        self.present.push(class);
        if value != OTHER {
            let at = value as usize;
            if self.by_value.len() <= at {
                self.by_value.resize(at + 1, Vec::new());
            }
            self.by_value[at].push(class);
        }
    }

    fn value(&self, number: u32) -> &[u32] {
        self.by_value.get(number as usize).map_or(&[], |l| l)
    }
}
