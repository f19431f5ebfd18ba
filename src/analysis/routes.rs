//! What Ingress, Route and Gateway API objects send to pods, and whether policy lets it through (W22, W23).

use std::collections::BTreeMap;

use super::explain::gate;
use super::{Direction, End, NewPod};
use crate::cluster::{
    NAMESPACE_NAME_LABEL, Pod, Route, Service, ServicePort, Snapshot, TargetPort,
};
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
    let mut found = Vec::new();
    let controller = controller();
    for (at, route) in snapshot.routes.iter().enumerate() {
        let services = snapshot.services.iter();
        let mut named =
            services.filter(|s| s.name == route.service && s.namespace == route.service_namespace);
        let Some(service) = named.next() else {
            continue;
        };
        let mut by_workload: BTreeMap<usize, (PortSet, PortSet)> = BTreeMap::new();
        for (pod_at, pod) in snapshot.pods.iter().enumerate() {
            let wanted = wanted(snapshot, route, service, pod);
            if wanted.is_empty() {
                continue;
            }
            let open = let_in(snapshot, &controller, &End::Pod(pod_at), &wanted);
            let entry = by_workload.entry(pod.workload).or_default();
            entry.0 = entry.0.union(&wanted);
            entry.1 = entry.1.union(&open);
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

/// What the ingress controller may open to each workload that some backend names.
pub(super) fn ingress_controller(snapshot: &Snapshot) -> BTreeMap<usize, PortSet> {
    let mut found: BTreeMap<usize, PortSet> = BTreeMap::new();
    for reach in reaches(snapshot) {
        if !reach.open.is_empty() {
            let ports = found.entry(reach.workload).or_default();
            *ports = ports.union(&reach.open);
        }
    }
    found
}

/// A pod without labels in a namespace whose name no manifest can have.
fn controller() -> End {
    let name = "\u{1}ingress-controller".to_owned();
    End::NewPod(NewPod {
        namespace: None,
        namespace_labels: Labels::from([(NAMESPACE_NAME_LABEL.to_owned(), name)]),
        labels: Labels::new(),
    })
}

/// The declared ports of a pod that the backend's traffic goes to.
fn wanted(snapshot: &Snapshot, route: &Route, service: &Service, pod: &Pod) -> PortSet {
    let namespace = snapshot.namespaces.get(pod.namespace);
    let selected = !service.selector.is_empty()
        && namespace.is_some_and(|n| n.name == service.namespace)
        && service
            .selector
            .iter()
            .all(|(k, v)| pod.labels.get(k) == Some(v));
    if !selected {
        return PortSet::empty();
    }
    let ports = backend_ports(route, service).into_iter();
    let targets = ports.flat_map(|p| {
        pod.ports.iter().filter(move |declared| {
            declared.protocol == p.protocol
                && match &p.target {
                    TargetPort::Number(number) => declared.port == *number,
                    TargetPort::Name(name) => declared.name.as_ref() == Some(name),
                }
        })
    });
    targets
        .map(|p| PortSet::single(p.protocol, p.port))
        .collect()
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

fn let_in(snapshot: &Snapshot, from: &End, to: &End, wanted: &PortSet) -> PortSet {
    let singles = crate::sets::Protocol::ALL.into_iter().flat_map(|protocol| {
        let ranges = wanted.ranges(protocol);
        ranges.flat_map(move |(first, last)| (first..=last).map(move |port| (protocol, port)))
    });
    let open =
        singles.filter(|probe| gate(snapshot, Direction::Ingress, from, to, Some(*probe)).allowed);
    open.map(|(protocol, port)| PortSet::single(protocol, port))
        .collect()
}
