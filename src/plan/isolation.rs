//! What imported policies isolate: known workloads, and namespaces as a whole.

use crate::model::{Document, Workload};
use crate::policy::{Direction, Imported, Peer, Policy};

/// Whether one of the policies isolates every pod of the namespace, whatever its labels.
pub(super) fn isolates_all(imported: &Imported, namespace: &str, direction: Direction) -> bool {
    isolating(imported, direction)
        .any(|p| p.namespace.as_deref() == Some(namespace) && is_all(&p.subject))
}

/// Whether one of the policies isolates the pods of a workload.
pub(super) fn isolates(
    imported: &Imported,
    document: &Document,
    workload: &Workload,
    direction: Direction,
) -> bool {
    isolating(imported, direction).any(|p| selects(&p.subject, document, workload))
}

fn isolating(imported: &Imported, direction: Direction) -> impl Iterator<Item = &Policy> {
    let policies = imported.policies.iter();
    let isolates = move |p: &&Policy| p.side(direction).is_some_and(|s| s.isolates);
    policies.map(|p| &**p).filter(isolates)
}

/// Whether a subject leaves out no pod of its namespace but those on the host network.
fn is_all(subject: &Peer) -> bool {
    match subject {
        Peer::Everything | Peer::Pods | Peer::Namespace(_) => true,
        Peer::PodLabels(selector) => selector.is_everything(),
        Peer::All(parts) => parts.iter().all(is_all),
        Peer::AnyOf(parts) => parts.iter().any(is_all),
        Peer::Not(inner) => **inner == Peer::HostNetwork,
        _ => false,
    }
}

fn selects(subject: &Peer, document: &Document, workload: &Workload) -> bool {
    let selects = |part: &Peer| selects(part, document, workload);
    let namespace = document.namespaces.get(workload.namespace);
    match subject {
        Peer::Everything | Peer::Pods => true,
        Peer::PodLabels(selector) => selector.matches(&workload.labels),
        Peer::Namespace(name) => namespace.is_some_and(|n| n.name == *name),
        Peer::NamespaceLabels(selector) => {
            selector.matches(&document.namespace_labels(workload.namespace))
        }
        Peer::HostNetwork => workload.is_on_host_network(),
        Peer::ServiceAccount(name) => workload.account() == name,
        Peer::All(parts) => parts.iter().all(selects),
        Peer::AnyOf(parts) => parts.iter().any(selects),
        Peer::Not(inner) => !selects(inner),
        _ => false,
    }
}
