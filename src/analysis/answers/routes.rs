//! What Ingress, Route and Gateway API objects send to pods, and whether policy lets it through (W22, W23).

use std::collections::BTreeMap;

use super::service_backends::{Behind, targets};
use crate::analysis::gates::sides::home;
use crate::analysis::oracle::gate_by;
use crate::analysis::{Direction, Endpoint, NewPod};
use crate::cluster::{
    NAMESPACE_NAME_LABEL, Pod, Route, Service, ServicePort, Snapshot, TargetPort,
};
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::{Labels, PortSet};

/// What one backend of a route sends to one workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Index into `Snapshot::routes`.
    pub route: usize,
    /// Index into `Snapshot::workloads`.
    pub workload: usize,
    /// The declared container ports that it is sent to.
    pub wanted: PortSet,
    /// Those at which a pod without labels, in a namespace that nothing is known of, is let in.
    pub open: PortSet,
}

/// For every backend, the workloads that it reaches; those whose target port no pod declares are left out.
pub fn reaches(snapshot: &Snapshot) -> Vec<Reach> {
    if snapshot.routes.is_empty() {
        return Vec::new();
    }
    let controller = controller();
    let behind = Behind::new(snapshot);
    let homes = Homes::new(snapshot);
    let services = snapshot
        .services
        .iter()
        .map(|s| ((&*s.namespace, &*s.name), s));
    let services: BTreeMap<_, _> = services.collect();
    let mut known: HashMap<(usize, PortSet), PortSet> = HashMap::new();
    let mut found = Vec::new();
    for (at, route) in snapshot.routes.iter().enumerate() {
        let Some(&service) = services.get(&(&*route.service_namespace, &*route.service)) else {
            continue;
        };
        let ports = backend_ports(route, service);
        let mut by_workload: BTreeMap<usize, (PortSet, PortSet)> = BTreeMap::new();
        for pod in behind.pods(service) {
            let own = &snapshot.pods[pod];
            let wanted: PortSet = ports.iter().map(|p| targets(p, own, true)).collect();
            if wanted.is_empty() {
                continue;
            }
            let open = known.entry((pod, wanted.clone())).or_insert_with(|| {
                let policies = homes.policies(snapshot, own);
                let_in(
                    snapshot,
                    &controller,
                    &Endpoint::Pod(pod),
                    &wanted,
                    &policies,
                )
            });
            let entry = by_workload.entry(own.workload).or_default();
            entry.0 = entry.0.union(&wanted);
            entry.1 = entry.1.union(open);
        }
        let reach = |(workload, (wanted, open))| Reach {
            route: at,
            workload,
            wanted,
            open,
        };
        found.extend(by_workload.into_iter().map(reach));
    }
    found
}

/// Policies by the namespace that their subjects must be in.
struct Homes<'a> {
    anywhere: Vec<usize>,
    by_name: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Homes<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let mut found = Self {
            anywhere: Vec::new(),
            by_name: HashMap::new(),
        };
        for (at, policy) in snapshot.policies.iter().enumerate() {
            match home(policy) {
                Some(name) => found.by_name.entry(name).or_default().push(at),
                None => found.anywhere.push(at),
            }
        }
        found
    }

    /// Those that may select a pod.
    fn policies(&self, snapshot: &Snapshot, pod: &Pod) -> Vec<usize> {
        let home = snapshot.namespaces.get(pod.namespace);
        let here = home.and_then(|n| self.by_name.get(n.name.as_str()));
        let mut all = self.anywhere.clone();
        all.extend(here.into_iter().flatten());
        all.sort_unstable();
        all
    }
}

/// What the ingress controller may open to each workload that some backend reaches.
pub(in crate::analysis) fn ingress_controller(reaches: &[Reach]) -> BTreeMap<usize, PortSet> {
    let mut found: BTreeMap<usize, PortSet> = BTreeMap::new();
    for reach in reaches {
        if !reach.open.is_empty() {
            let ports = found.entry(reach.workload).or_default();
            *ports = ports.union(&reach.open);
        }
    }
    found
}

/// What serves Ingress and Route objects, as far as it is known: a pod without labels in a namespace whose
/// name no manifest can have.
pub fn controller() -> Endpoint {
    let name = "\u{1}ingress-controller".to_owned();
    Endpoint::NewPod(NewPod {
        namespace: None,
        namespace_labels: Labels::from([(NAMESPACE_NAME_LABEL.to_owned(), name)]),
        labels: Labels::new(),
    })
}

/// The Service ports that a backend names: an Ingress by their own number or name, a Route by their
/// name or target. What is named in no such way is looked for in the other, since manifests mix them
/// up. A route of the Gateway API names them by number alone.
pub fn backend_ports<'a>(route: &Route, service: &'a Service) -> Vec<&'a ServicePort> {
    let Some(wanted) = &route.port else {
        return service.ports.iter().collect();
    };
    let by_service = |p: &ServicePort| match wanted {
        TargetPort::Number(number) => p.port == *number,
        TargetPort::Name(name) => p.name.as_ref() == Some(name),
    };
    let by_target = |p: &ServicePort| p.target == *wanted;
    let found = |matches: &dyn Fn(&ServicePort) -> bool| -> Vec<&'a ServicePort> {
        let ports = service.ports.iter().filter(|p| matches(p));
        let spoken = |p: &&ServicePort| route.protocol.is_none_or(|only| only == p.protocol);
        ports.filter(spoken).collect()
    };
    let (first, second) = match route.kind {
        "Route" => (found(&by_target), found(&by_service)),
        "Ingress" => (found(&by_service), found(&by_target)),
        _ => (found(&by_service), Vec::new()),
    };
    if first.is_empty() { second } else { first }
}

fn let_in(
    snapshot: &Snapshot,
    from: &Endpoint,
    to: &Endpoint,
    wanted: &PortSet,
    policies: &[usize],
) -> PortSet {
    let singles = crate::sets::Protocol::ALL.into_iter().flat_map(|protocol| {
        let ranges = wanted.ranges(protocol);
        ranges.flat_map(move |(first, last)| (first..=last).map(move |port| (protocol, port)))
    });
    let ingress = |probe| {
        gate_by(
            snapshot,
            Direction::Ingress,
            from,
            to,
            Some(probe),
            policies,
        )
    };
    let open = singles.filter(|probe| ingress(*probe).allowed);
    open.map(|(protocol, port)| PortSet::single(protocol, port))
        .collect()
}
