//! The traffic that Ingress, Route and Gateway API objects send to pods, and whether policies allow it (W22,
//! W23).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::controllers::{Controllers, UNKNOWN_NAMESPACE};
use super::service_backends::{ServiceBackends, ports_behind};
use crate::analysis::gates::side_extents::{home, subject_label};
use crate::analysis::oracle::gate_by;
use crate::analysis::{Direction, Endpoint, NewPod};
use crate::cluster::{
    NAMESPACE_NAME_LABEL, Pod, Route, Service, ServicePort, Snapshot, TargetPort,
};
use crate::policy::Entity;
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::{Labels, PortSet};

/// The traffic of one backend of a route to one workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Index into `Snapshot::routes`.
    pub route: usize,
    /// Index into `Snapshot::workloads`.
    pub workload: usize,
    /// The declared container ports that it targets.
    pub wanted: PortSet,
    /// The target ports allowed for a pod without labels in an unknown namespace.
    pub open: PortSet,
    /// The workloads of its ingress controller or Gateway; none: they are not in the input.
    pub controllers: Vec<usize>,
    /// The target ports allowed for one of these workloads, or for whatever could be the controller.
    pub admitted: PortSet,
    /// What is allowed that could be the controller, in words, where its pods are not in the input.
    pub admitted_by: Vec<String>,
}

/// For every route, the workloads of its ingress controller or Gateway; none: they are not in the input.
pub fn servers(snapshot: &Snapshot) -> Vec<Vec<usize>> {
    let controllers = Controllers::new(snapshot);
    snapshot.routes.iter().map(|r| controllers.of(r)).collect()
}

/// For every backend, the workloads that it reaches; without those whose target port no pod declares.
pub fn reaches(snapshot: &Snapshot) -> Vec<Reach> {
    if snapshot.routes.is_empty() {
        return Vec::new();
    }
    let backends = ServiceBackends::new(snapshot);
    let admission = Admission {
        snapshot,
        subjects: Subjects::new(snapshot),
        controllers: Controllers::new(snapshot),
    };
    let services = snapshot
        .services
        .iter()
        .map(|s| ((&*s.namespace, &*s.name), s));
    let services: BTreeMap<_, _> = services.collect();
    let mut known: HashMap<Asked, Admitted> = HashMap::new();
    let mut found = Vec::new();
    for (at, route) in snapshot.routes.iter().enumerate() {
        let Some(&service) = services.get(&(&*route.service_namespace, &*route.service)) else {
            continue;
        };
        let ports = backend_ports(route, service);
        let controllers = admission.controllers.of(route);
        let mut by_workload: BTreeMap<usize, (PortSet, Admitted)> = BTreeMap::new();
        let mut asked: Option<&Pod> = None;
        for pod in backends.pods(service) {
            let own = &snapshot.pods[pod];
            if asked
                .replace(own)
                .is_some_and(|last| are_replicas(last, own))
            {
                continue;
            }
            let ports = ports.iter();
            let wanted: PortSet = ports.map(|p| ports_behind(service, p, own, true)).collect();
            if wanted.is_empty() {
                continue;
            }
            let gateways = &*route.served_by.gateways;
            let by_proxy = is_served_by_proxy(route);
            let key = (pod, wanted.clone(), controllers.clone(), gateways, by_proxy);
            let admitted = known.entry(key).or_insert_with(|| match by_proxy {
                true => admission.of_proxy(pod, &wanted),
                false => admission.of((pod, gateways), &wanted, &controllers),
            });
            let entry = by_workload.entry(own.workload).or_default();
            entry.0 = entry.0.union(&wanted);
            entry.1.add(admitted);
        }
        let reach = |(workload, (wanted, admitted)): (usize, (PortSet, Admitted))| Reach {
            route: at,
            workload,
            wanted,
            open: admitted.open,
            controllers: controllers.clone(),
            admitted: admitted.controller,
            admitted_by: admitted.by,
        };
        found.extend(by_workload.into_iter().map(reach));
    }
    found
}

/// What decides what is allowed: the pod, its ports, the controllers and the Gateways, and whether the proxy of the
/// network plugin serves the route.
type Asked<'a> = (usize, PortSet, Vec<usize>, &'a [(String, String)], bool);

/// The ports of a pod that are allowed for a controller.
#[derive(Clone, Default)]
struct Admitted {
    /// For a pod without labels in an unknown namespace.
    open: PortSet,
    /// For its pods, or for whatever could be it.
    controller: PortSet,
    /// What could be it.
    by: Vec<String>,
}

impl Admitted {
    fn add(&mut self, other: &Self) {
        self.open = self.open.union(&other.open);
        self.controller = self.controller.union(&other.controller);
        let new: Vec<String> = other
            .by
            .iter()
            .filter(|by| !self.by.contains(by))
            .cloned()
            .collect();
        self.by.extend(new);
    }
}

/// What decides whether a controller is let in.
struct Admission<'a> {
    snapshot: &'a Snapshot,
    subjects: Subjects<'a>,
    controllers: Controllers<'a>,
}

impl Admission<'_> {
    fn of(
        &self,
        (pod, gateways): (usize, &[(String, String)]),
        wanted: &PortSet,
        controllers: &[usize],
    ) -> Admitted {
        let snapshot = self.snapshot;
        let (own, to) = (&snapshot.pods[pod], Endpoint::Pod(pod));
        let policies = self.subjects.policies(snapshot, own);
        let let_in = |from: &Endpoint| let_in(snapshot, from, &to, wanted, &policies);
        let mut found = Admitted {
            open: let_in(&controller()),
            ..Admitted::default()
        };
        for &workload in controllers {
            for end in self.controllers.ends(workload) {
                let ports = self.sends(&end, &to, &let_in(&end));
                found.controller = found.controller.union(&ports);
            }
        }
        let hosted = |at: &usize| self.controllers.is_on_unknown_nodes(*at);
        let unknown = controllers.is_empty();
        if unknown {
            found.controller.clone_from(&found.open);
        }
        if wanted.is_subset(&found.controller) || !unknown && !controllers.iter().any(hosted) {
            return found;
        }
        for (words, end) in self.controllers.possible(own, gateways, &policies) {
            if !unknown && !matches!(end, Endpoint::Address(_)) {
                continue;
            }
            let ports = let_in(&end);
            if !ports.is_empty() && !found.by.contains(&words) {
                found.controller = found.controller.union(&ports);
                found.by.push(words);
            }
        }
        found
    }

    /// The same of the proxy of the network plugin, which is an entity, neither a pod nor an address outside.
    fn of_proxy(&self, pod: usize, wanted: &PortSet) -> Admitted {
        let policies = self
            .subjects
            .policies(self.snapshot, &self.snapshot.pods[pod]);
        let from = Endpoint::Entity(Entity::Ingress);
        let open = let_in(self.snapshot, &from, &Endpoint::Pod(pod), wanted, &policies);
        Admitted {
            open: open.clone(),
            controller: open,
            by: Vec::new(),
        }
    }

    /// The ports among these that the egress of a controller's pod allows too.
    fn sends(&self, from: &Endpoint, to: &Endpoint, ports: &PortSet) -> PortSet {
        let Endpoint::Pod(at) = from else {
            return ports.clone();
        };
        let policies = self
            .subjects
            .policies(self.snapshot, &self.snapshot.pods[*at]);
        gated(self.snapshot, Direction::Egress, from, to, ports, &policies)
    }
}

/// Whether the class of a route is that of Cilium, whose agent serves it: no pods do.
fn is_served_by_proxy(route: &Route) -> bool {
    let class = route.served_by.controller.as_deref();
    class.is_some_and(|class| class.contains("cilium"))
}

/// Whether two pods of one workload are equal in everything that the answer depends on.
fn are_replicas(a: &Pod, b: &Pod) -> bool {
    a.workload == b.workload
        && Arc::ptr_eq(&a.labels, &b.labels)
        && Arc::ptr_eq(&a.ports, &b.ports)
        && a.service_account == b.service_account
        && a.host_network == b.host_network
        && a.node == b.node
        && a.addresses == b.addresses
}

/// Policies by the namespace and a label that their subjects must have.
#[derive(Default)]
struct Subjects<'a> {
    /// Those that may select pods of several namespaces.
    anywhere: Vec<usize>,
    /// By namespace, those that require no label value.
    namespaced: HashMap<&'a str, Vec<usize>>,
    /// By namespace, key and value.
    labelled: HashMap<(&'a str, &'a str, &'a str), Vec<usize>>,
}

impl<'a> Subjects<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let mut found = Self::default();
        for (at, policy) in snapshot.policies.iter().enumerate() {
            let of = match (home(policy), subject_label(policy)) {
                (Some(namespace), Some((key, value))) => {
                    found.labelled.entry((namespace, key, value)).or_default()
                }
                (Some(namespace), None) => found.namespaced.entry(namespace).or_default(),
                (None, _) => &mut found.anywhere,
            };
            of.push(at);
        }
        found
    }

    /// Those that may select a pod.
    fn policies(&self, snapshot: &Snapshot, pod: &Pod) -> Vec<usize> {
        let mut all = self.anywhere.clone();
        if let Some(namespace) = snapshot.namespaces.get(pod.namespace) {
            let name = namespace.name.as_str();
            all.extend(self.namespaced.get(name).into_iter().flatten());
            for (key, value) in pod.labels.iter() {
                let key = (name, key.as_str(), value.as_str());
                all.extend(self.labelled.get(&key).into_iter().flatten());
            }
        }
        all.sort_unstable();
        all
    }
}

/// The ports allowed from the ingress controller to each workload that a backend targets.
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

/// A stand-in for the ingress controller: a pod without labels in a namespace whose name no manifest can
/// have.
pub fn controller() -> Endpoint {
    let name = UNKNOWN_NAMESPACE.to_owned();
    Endpoint::NewPod(NewPod {
        namespace: None,
        namespace_labels: Labels::from([(NAMESPACE_NAME_LABEL.to_owned(), name)]),
        labels: Labels::new(),
        service_account: None,
    })
}

/// The Service ports that a backend names: an Ingress by their own number or name, a Route by their
/// name or target. If nothing is found, the other reading is tried, since manifests mix them up. A
/// route of the Gateway API uses the number alone.
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
    gated(snapshot, Direction::Ingress, from, to, wanted, policies)
}

/// The ports that one gate allows, under the policies that may select its pod.
fn gated(
    snapshot: &Snapshot,
    direction: Direction,
    from: &Endpoint,
    to: &Endpoint,
    wanted: &PortSet,
    policies: &[usize],
) -> PortSet {
    let singles = crate::sets::Protocol::ALL.into_iter().flat_map(|protocol| {
        let ranges = wanted.ranges(protocol);
        ranges.flat_map(move |(first, last)| (first..=last).map(move |port| (protocol, port)))
    });
    let gate = |probe| gate_by(snapshot, direction, from, to, Some(probe), policies);
    let open = singles.filter(|probe| gate(*probe).allowed);
    open.map(|(protocol, port)| PortSet::single(protocol, port))
        .collect()
}
