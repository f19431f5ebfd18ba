//! Pods and namespaces as findings name them, and the selectors that peers are made of.

use crate::cluster::{Pod, Snapshot};
use crate::dialect;
use crate::lint::Input;
use crate::policy::{Direction, Match, Peer, Rule};
use crate::sets::Selector;

/// A peer that namespaces and labels of pods describe.
#[derive(Default)]
pub struct Labelled<'a> {
    /// The one namespace, by its name.
    pub namespace: Option<&'a str>,
    /// Selectors of namespaces.
    pub namespaces: Vec<&'a Selector>,
    /// The labels that pods must have.
    pub pods: Selector,
}

/// The selectors of a peer; none if something else takes part in it.
pub fn labelled(peer: &Peer) -> Option<Labelled<'_>> {
    let mut found = Labelled::default();
    add_parts(peer, &mut found).then_some(found)
}

/// Adds the selectors of a peer; false if something else takes part in it.
fn add_parts<'a>(peer: &'a Peer, found: &mut Labelled<'a>) -> bool {
    match peer {
        Peer::All(parts) => return parts.iter().all(|part| add_parts(part, found)),
        // So Cilium's namespaces are lowered.
        Peer::AnyOf(parts) if parts.len() == 1 => {
            return parts.iter().all(|part| add_parts(part, found));
        }
        Peer::Namespace(name) if found.namespace.is_none() => found.namespace = Some(name),
        Peer::NamespaceLabels(labels) => found.namespaces.push(labels),
        Peer::PodLabels(labels) => {
            found.pods.requirements.extend(labels.requirements.clone());
        }
        Peer::Pods => {}
        Peer::Not(inner) if **inner == Peer::HostNetwork => {}
        _ => return false,
    }
    true
}

/// For each policy whether its rules say all that it means: nothing of it is left out of account, and no rule is of
/// peers or protocols that match nothing here.
pub fn exact(input: &Input) -> Vec<bool> {
    let is_known = |rule: &Rule| {
        let no_ports = matches!(&rule.ports, Match::Only(items) if items.is_empty());
        let unknown = match &rule.peers {
            Match::Only(items) => items.iter().any(|item| item.peer == Peer::Nothing),
            Match::Any => false,
        };
        !no_ports && !unknown
    };
    let policies = input.snapshot.policies.iter();
    let known = policies.map(|policy| {
        let mut rules = Direction::BOTH.iter().flat_map(|d| policy.rules(*d));
        rules.all(is_known)
    });
    let mut found: Vec<bool> = known.collect();
    for object in input.objects {
        let Some(first) = object
            .index
            .filter(|_| dialect::has_conditions(&object.object))
        else {
            continue;
        };
        // All policies of one object are at one place.
        let rest = input.snapshot.policies.iter().zip(&mut found).skip(first);
        let span = object.object.whole();
        rest.take_while(|(policy, _)| policy.span == span)
            .for_each(|(_, exact)| *exact = false);
    }
    found
}

/// The name of a pod's namespace.
pub fn namespace_of<'a>(snapshot: &'a Snapshot, pod: &Pod) -> &'a str {
    let namespace = snapshot.namespaces.get(pod.namespace);
    namespace.map_or("", |namespace| &namespace.name)
}

/// The workload of a pod: `NAMESPACE/NAME`.
pub fn workload_of(snapshot: &Snapshot, pod: &Pod) -> String {
    let workload = snapshot.workloads.get(pod.workload);
    workload.map_or_else(
        || format!("{}/{}", namespace_of(snapshot, pod), pod.name),
        |workload| format!("{}/{}", workload.namespace, workload.name),
    )
}

/// Whether the input has a workload in a namespace.
pub fn has_workloads(snapshot: &Snapshot, namespace: &str) -> bool {
    let mut all = snapshot.workloads.iter();
    all.any(|workload| workload.namespace == namespace)
}

/// The pods with these labels outside a namespace.
pub fn elsewhere<'a>(
    snapshot: &'a Snapshot,
    namespace: &'a str,
    labels: &'a Selector,
) -> impl Iterator<Item = &'a Pod> {
    let pods = snapshot.pods.iter();
    pods.filter(move |pod| namespace_of(snapshot, pod) != namespace && labels.matches(&pod.labels))
}

/// Names in backticks with commas between, the first three of them: "`a`, `b` and 2 more".
pub fn few(names: impl IntoIterator<Item = String>) -> String {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    let shown: Vec<String> = all.iter().take(3).map(|name| format!("`{name}`")).collect();
    match all.len() - shown.len() {
        0 => match shown.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None => String::new(),
        },
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
