//! Pods of service meshes.

use super::{Facts, Finding, labelled, tcp};
use crate::manifest::About;
use crate::policy::Direction;
use crate::sets::{LabelOp, Requirement, Selector};
use crate::suggest::Evidence;
use crate::suggest::catalogue::entries::{AMBIENT, ISTIOD, LINKERD, LINKERD_INBOUND};
use crate::suggest::catalogue::place::Place;
use crate::suggest::cluster::Cluster;

const AMBIENT_LABEL: &str = "istio.io/dataplane-mode";
const LINKERD_KEY: &str = "linkerd.io/inject";

/// The components of Linkerd's control plane that a proxy connects to, with their port: all run in `linkerd`.
const LINKERD_PARTS: [(&str, u16); 3] = [
    ("identity", 8080),
    ("destination", 8086),
    ("destination", 8090),
];

pub(super) fn findings(cluster: &Cluster, facts: &Facts) -> Vec<Finding> {
    let workloads = 0..cluster.snapshot.workloads.len();
    workloads
        .flat_map(|at| of_workload(cluster, facts, at))
        .collect()
}

fn of_workload(cluster: &Cluster, facts: &Facts, at: usize) -> Vec<Finding> {
    let mut found = Vec::new();
    let (out, into) = ((at, Direction::Egress), (at, Direction::Ingress));
    if let Some(evidence) = has_sidecar(cluster, at) {
        let istiod = Place::pods("istiod", "istio-system", "app", "istiod");
        found.push(Finding::new(&ISTIOD, out, istiod, tcp(&[15012]), evidence));
    }
    if let Some(evidence) = shown(cluster, at, AMBIENT_LABEL, |value| value == "ambient") {
        let mesh = Selector::label(AMBIENT_LABEL, "ambient");
        let mesh = Place::group("ambient-mesh", mesh, Selector::everything());
        for own in [into, out] {
            let (mesh, evidence) = (mesh.clone(), evidence.clone());
            found.push(Finding::new(&AMBIENT, own, mesh, tcp(&[15008]), evidence));
        }
    }
    if let Some(evidence) = in_linkerd(cluster, facts, at) {
        for (part, port) in LINKERD_PARTS {
            let (name, key) = (
                format!("linkerd-{part}"),
                "linkerd.io/control-plane-component",
            );
            let place = Place::pods(&name, "linkerd", key, part);
            let evidence = evidence.clone();
            found.push(Finding::new(&LINKERD, out, place, tcp(&[port]), evidence));
        }
        let injected = Requirement::new("linkerd.io/control-plane-ns", LabelOp::Exists);
        let pods = Selector {
            requirements: vec![injected],
        };
        let mesh = Place::group("linkerd-mesh", Selector::everything(), pods);
        for own in [into, out] {
            let (mesh, evidence) = (mesh.clone(), evidence.clone());
            found.push(Finding::new(
                &LINKERD_INBOUND,
                own,
                mesh,
                tcp(&[4143]),
                evidence,
            ));
        }
    }
    found
}

/// Istio: what the pod says about itself counts before what its namespace says.
pub(super) fn has_sidecar(cluster: &Cluster, at: usize) -> Option<Vec<Evidence>> {
    let workload = cluster.snapshot.workloads.get(at)?;
    let key = "sidecar.istio.io/inject";
    let own = workload.labels.get(key).or(workload.annotations.get(key));
    match own.map(String::as_str) {
        Some("true") => return labelled(cluster, at, key).or(Some(Vec::new())),
        Some(_) => return None,
        None => {}
    }
    let enabled = of_namespace(cluster, at, "istio-injection", |value| value == "enabled");
    enabled.or_else(|| shown(cluster, at, "istio.io/rev", |_| true))
}

/// Linkerd is asked for by an annotation of the pod or of its namespace.
fn in_linkerd(cluster: &Cluster, facts: &Facts, at: usize) -> Option<Vec<Evidence>> {
    let workload = cluster.snapshot.workloads.get(at)?;
    let asks = |value: &str| matches!(value, "enabled" | "ingress");
    if let Some(value) = workload.annotations.get(LINKERD_KEY) {
        let text = format!("annotation {LINKERD_KEY}={value}");
        let span = workload.span.as_ref().filter(|_| asks(value))?;
        return Some(vec![Evidence::new(span, text)]);
    }
    let mut of_namespace = facts.of_namespace(&workload.namespace).iter();
    let fact = of_namespace.find(|fact| {
        matches!(&fact.about, About::Namespace(key) if key == LINKERD_KEY) && asks(&fact.value)
    })?;
    let text = format!("annotation {LINKERD_KEY}={}", fact.value);
    Some(vec![Evidence::new(&fact.span, text)])
}

/// A label of the pods, else of their namespace, with a value.
fn shown(
    cluster: &Cluster,
    at: usize,
    key: &str,
    is: impl Fn(&str) -> bool,
) -> Option<Vec<Evidence>> {
    let workload = cluster.snapshot.workloads.get(at)?;
    match workload.labels.get(key) {
        Some(value) => is(value).then(|| labelled(cluster, at, key))?,
        None => of_namespace(cluster, at, key, is),
    }
}

/// A label of the namespace of a workload, with a value.
fn of_namespace(
    cluster: &Cluster,
    at: usize,
    key: &str,
    is: impl Fn(&str) -> bool,
) -> Option<Vec<Evidence>> {
    let workload = cluster.snapshot.workloads.get(at)?;
    let mut namespaces = cluster.snapshot.namespaces.iter();
    let namespace = namespaces.find(|n| n.name == workload.namespace)?;
    let value = namespace.labels.get(key).filter(|value| is(value))?;
    let text = format!("label {key}={value} of the namespace");
    let evidence = namespace.span.as_ref();
    let evidence = evidence.map(|span| Evidence::new(span, text));
    Some(evidence.into_iter().collect())
}
