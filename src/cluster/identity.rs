//! Identities of pods under Cilium: those with the same labels are one peer, whatever else tells them apart (4.1).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{ContainerPort, Pod};
use crate::sets::Protocol;

/// A port name that means nothing in egress rules, with its protocol.
pub type AmbiguousPort = (Protocol, String);

/// Labels that controllers give to pods, and that are others for the next pods.
pub const CONTROLLER_LABELS: [&str; 8] = [
    "pod-template-hash",
    "pod-template-generation",
    "controller-revision-hash",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
];

/// Whether a pod label becomes part of the identity by the default filter (C0).
pub fn is_identity_label(key: &str) -> bool {
    const PREFIXES: [&str; 5] = [
        "kubernetes.io",
        "io.kubernetes",
        "k8s.io",
        "topology.kubernetes.io",
        "annotation",
    ];
    if key.starts_with("app.kubernetes.io") {
        return true;
    }
    let beta = key.split_once("beta.kubernetes.io").is_some();
    let dropped = CONTROLLER_LABELS.contains(&key) || key == "etcd_node";
    !(dropped || beta || PREFIXES.iter().any(|prefix| key.starts_with(prefix)))
}

/// Namespace, service account and labels.
type Identity<'a> = (usize, &'a str, Vec<(&'a str, &'a str)>);

fn identity(pod: &Pod) -> Identity<'_> {
    let labels = pod.labels.iter();
    let labels = labels.filter(|(key, _)| is_identity_label(key));
    (
        pod.namespace,
        &pod.service_account,
        labels.map(|(key, value)| (&**key, &**value)).collect(),
    )
}

/// The ports of a pod by their names, in lower case; the last one of a name counts (C40).
fn named(pod: &Pod) -> BTreeMap<String, &ContainerPort> {
    let ports = pod.container_ports().iter();
    let named = ports.filter_map(|port| Some((port.name.as_ref()?.to_ascii_lowercase(), port)));
    named.collect()
}

/// Sets the names of ports that pods of one identity declare with different numbers, which egress rules then match at
/// none of them (C40).
pub fn mark_ambiguous_ports(pods: &mut Arc<Vec<Pod>>) {
    // Few names mean different ports in one namespace, so that few identities have to be looked at.
    let mut first: BTreeMap<(usize, String), (Protocol, u16)> = BTreeMap::new();
    let mut suspect: BTreeSet<usize> = BTreeSet::new();
    for pod in pods.iter().filter(|pod| !pod.host_network) {
        for port in pod.container_ports() {
            let Some(name) = &port.name else { continue };
            let own = (port.protocol, port.port);
            let key = (pod.namespace, name.to_ascii_lowercase());
            if *first.entry(key).or_insert(own) != own {
                suspect.insert(pod.namespace);
            }
        }
    }
    let is_suspect = |pod: &&Pod| !pod.host_network && suspect.contains(&pod.namespace);
    let mut numbers: BTreeMap<(Identity, AmbiguousPort), BTreeSet<u16>> = BTreeMap::new();
    for pod in pods.iter().filter(is_suspect) {
        let identity = identity(pod);
        for (name, port) in named(pod) {
            let key = (identity.clone(), (port.protocol, name));
            numbers.entry(key).or_default().insert(port.port);
        }
    }
    let mut ambiguous: BTreeMap<Identity, Vec<AmbiguousPort>> = BTreeMap::new();
    for ((identity, name), numbers) in numbers {
        if numbers.len() > 1 {
            ambiguous.entry(identity).or_default().push(name);
        }
    }
    if ambiguous.is_empty() && pods.iter().all(|pod| pod.ambiguous_ports.is_empty()) {
        return;
    }
    let marks = pods.iter().map(|pod| match pod.host_network {
        true => Vec::new(),
        false => ambiguous.get(&identity(pod)).cloned().unwrap_or_default(),
    });
    let marks: Vec<Vec<AmbiguousPort>> = marks.collect();
    for (pod, names) in Arc::make_mut(pods).iter_mut().zip(marks) {
        pod.ambiguous_ports = names.into();
    }
}
