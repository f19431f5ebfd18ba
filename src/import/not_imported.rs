//! What an import does not take over, although answers depend on it.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::{Pod, Snapshot};
use crate::diag::Diagnostic;
use crate::load::Loaded;
use crate::model::naming::is_stable;

/// What the project does not contain, although answers about the manifests depend on it.
pub(super) fn not_imported(loaded: &Loaded) -> Vec<Diagnostic> {
    let in_project: BTreeSet<_> = loaded.policies.iter().map(|p| p.object.whole()).collect();
    let left_out = loaded.snapshot.left_out.iter();
    let policies = left_out.filter(|policy| !in_project.contains(&policy.span));
    let mut found: Vec<Diagnostic> = policies
        .map(|policy| {
            let message = format!(
                "`{}` is not judged, and not part of the project",
                policy.title()
            );
            Diagnostic::warning("not-imported", message)
                .at(policy.span.clone())
                .help("keep its manifest beside the project")
        })
        .collect();
    let nodes = loaded.snapshot.nodes.len();
    if nodes > 0 {
        let s = if nodes == 1 { "" } else { "s" };
        let message = format!("{nodes} Node{s} not imported: a project has no nodes");
        let help = "ask the manifests about the addresses of nodes and about host-network pods";
        found.push(Diagnostic::warning("not-imported", message).help(help));
    }
    found.extend(routes(&loaded.snapshot));
    found.extend(services(&loaded.snapshot));
    found.extend(replicas(&loaded.snapshot));
    found
}

/// One warning for each kind of Ingress or route.
fn routes(snapshot: &Snapshot) -> Vec<Diagnostic> {
    let mut kinds: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for route in snapshot.routes.iter() {
        let of = kinds.entry(route.kind).or_default();
        of.insert((&route.namespace, &route.name));
    }
    let one = |(kind, objects): (&str, BTreeSet<(&str, &str)>)| {
        let message = format!(
            "{} not imported: what it sends to pods is not part of a project",
            named(kind, &objects)
        );
        let help = "draw a flow to its backends from the workload of the ingress controller, or from an external for the Internet";
        Diagnostic::warning("not-imported", message).help(help)
    };
    kinds.into_iter().map(one).collect()
}

/// One warning for each type of Service that is open to outside or leads there.
fn services(snapshot: &Snapshot) -> Vec<Diagnostic> {
    let mut types: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for service in snapshot.services.iter() {
        if ["NodePort", "LoadBalancer", "ExternalName"].contains(&&*service.kind) {
            let of = types.entry(&service.kind).or_default();
            of.insert((&service.namespace, &service.name));
        }
    }
    let one = |(kind, objects): (&str, BTreeSet<(&str, &str)>)| {
        let message = format!(
            "type {kind} of {} not imported: a project has no types of Services",
            named("Service", &objects)
        );
        let help = match kind {
            "ExternalName" => "draw a flow to an external with its domain name",
            _ => {
                "draw a flow to its pods from an external for those who use it, such as the Internet"
            }
        };
        Diagnostic::warning("not-imported", message).help(help)
    };
    types.into_iter().map(one).collect()
}

/// The first of some objects of a kind, and how many there are.
fn named(kind: &str, objects: &BTreeSet<(&str, &str)>) -> String {
    let first = objects.first().map_or(String::new(), |(namespace, name)| {
        format!("{kind} `{namespace}/{name}`")
    });
    match objects.len() {
        0 | 1 => first,
        n => format!("{first} and {} more", n - 1),
    }
}

/// Workloads whose pods differ: a project has one set of labels and ports for each.
fn replicas(snapshot: &Snapshot) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workload in snapshot.workloads.iter() {
        let pods = snapshot.pods.get(workload.pods.clone()).unwrap_or(&[]);
        let Some((first, rest)) = pods.split_first() else {
            continue;
        };
        let keys = |pod: &Pod| -> BTreeSet<String> {
            let all = workload.labels.keys().chain(pod.labels.keys());
            let differ = all.filter(|key| workload.labels.get(*key) != pod.labels.get(*key));
            differ.filter(|key| is_stable(key)).cloned().collect()
        };
        let labels: BTreeSet<String> = pods.iter().flat_map(keys).collect();
        let mut parts: Vec<String> = labels.iter().map(|key| format!("label `{key}`")).collect();
        if rest.iter().any(|pod| pod.ports != first.ports) {
            parts.push("their ports".to_owned());
        }
        if rest
            .iter()
            .any(|pod| pod.service_account != first.service_account)
        {
            parts.push("their service account".to_owned());
        }
        if rest
            .iter()
            .any(|pod| pod.host_network != first.host_network)
        {
            parts.push("host network".to_owned());
        }
        if parts.is_empty() {
            continue;
        }
        let message = format!(
            "pods of {} `{}/{}` differ in {}: the project has one workload for all, so its answers may differ from those of the manifests",
            workload.kind,
            workload.namespace,
            workload.name,
            parts.join(", ")
        );
        let help = "add a workload for each kind of its pods";
        let warning = Diagnostic::warning("not-imported", message).help(help);
        found.push(match &workload.span {
            Some(span) => warning.at(span.clone()),
            None => warning,
        });
    }
    found
}
