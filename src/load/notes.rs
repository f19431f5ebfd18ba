//! Notes where an answer depends on something that the manifests leave open.

mod backends;
mod pod_addresses;
mod priority_conflicts;

use std::collections::BTreeSet;

use crate::cluster::{NAMESPACE_NAME_LABEL, Snapshot, Workload};
use crate::diag::Diagnostic;
use crate::policy::{Match, Peer, Policy, Rule};
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::{Labels, Selector};

pub(super) fn notes(snapshot: &Snapshot) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    unknown_namespace_labels(snapshot, &mut out);
    mixed_labels(snapshot, &mut out);
    backends::backends(snapshot, &mut out);
    priority_conflicts::priority_conflicts(snapshot, &mut out);
    pod_addresses::pod_addresses(snapshot, &mut out);
    out
}

/// Every leaf of a policy with the place of what it belongs to.
fn leaves<'a>(policy: &'a Policy, see: &mut dyn FnMut(&'a Peer, &'a crate::diag::Span)) {
    policy.subject.leaves(&mut |peer| see(peer, &policy.span));
    let sides = [&policy.ingress, &policy.egress];
    let rules = sides.into_iter().flatten().flat_map(|side| &side.rules);
    for Rule { peers, .. } in rules {
        if let Match::Only(items) = peers {
            for item in items {
                item.peer.leaves(&mut |peer| see(peer, &item.span));
            }
        }
    }
}

/// An undeclared namespace has only its standard label. A selector that requires another label is judged
/// without knowing it, so it gets a note (W4).
fn unknown_namespace_labels(snapshot: &Snapshot, out: &mut Vec<Diagnostic>) {
    let undeclared: Vec<&str> = snapshot
        .namespaces
        .iter()
        .filter(|n| !n.declared)
        .map(|n| n.name.as_str())
        .collect();
    if undeclared.is_empty() {
        return;
    }
    for policy in &snapshot.policies {
        leaves(policy, &mut |peer, span| {
            let Peer::NamespaceLabels(selector) = peer else {
                return;
            };
            let guessed: Vec<_> = undeclared
                .iter()
                .filter(|n| asks_more(selector, n))
                .collect();
            let Some(first) = guessed.first() else { return };
            let others = match guessed.len() - 1 {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            let message = format!(
                "the labels of namespace `{first}`{others} are unknown because no manifest declares it; this selector is judged as if {NAMESPACE_NAME_LABEL} were its only label"
            );
            let note = Diagnostic::info("W4", message)
                .at(span.clone())
                .on(policy.title())
                .help("add the manifest of the namespace");
            out.push(note);
        });
    }
}

/// Whether a selector decides by labels that a namespace known only by name may have or not.
fn asks_more(selector: &Selector, name: &str) -> bool {
    let known = Labels::from([(NAMESPACE_NAME_LABEL.to_owned(), name.to_owned())]);
    let mut more = false;
    for requirement in &selector.requirements {
        if requirement.key != NAMESPACE_NAME_LABEL {
            more = true;
        } else if !requirement.matches(&known) {
            return false;
        }
    }
    more
}

/// Pods of one owner that differ in a label which some selector uses: policies treat them differently,
/// so a verdict on the workload need not hold for each of its pods.
fn mixed_labels(snapshot: &Snapshot, out: &mut Vec<Diagnostic>) {
    let mut keys: HashMap<&str, &Policy> = HashMap::new();
    for policy in &snapshot.policies {
        leaves(policy, &mut |peer, _| {
            if let Peer::PodLabels(selector) = peer {
                for requirement in &selector.requirements {
                    keys.entry(&requirement.key).or_insert(policy);
                }
            }
        });
    }
    if keys.is_empty() {
        return;
    }
    for workload in snapshot.workloads.iter() {
        for key in differing(snapshot, workload) {
            if let Some(policy) = keys.get(key) {
                out.push(mixed(workload, key, policy));
            }
        }
    }
}

fn mixed(workload: &Workload, key: &str, policy: &Policy) -> Diagnostic {
    let name = format!("{} {}/{}", workload.kind, workload.namespace, workload.name);
    let message = format!(
        "the pods of this workload differ in label `{key}`, which {} selects by: each pod is judged by its own labels",
        policy.title()
    );
    let diagnostic = Diagnostic::warning("mixed-labels", message).on(name);
    match &workload.span {
        Some(span) => diagnostic.at(span.clone()),
        None => diagnostic,
    }
}

/// The label keys that distinguish pods of a workload in some selector.
fn differing<'a>(snapshot: &'a Snapshot, workload: &Workload) -> BTreeSet<&'a str> {
    let pods = snapshot.pods.get(workload.pods.clone()).unwrap_or_default();
    let Some((first, rest)) = pods.split_first() else {
        return BTreeSet::new();
    };
    let others = rest.iter().filter(|pod| pod.labels != first.labels);
    others
        .flat_map(|pod| {
            let keys = first.labels.keys().chain(pod.labels.keys());
            keys.filter(|key| first.labels.get(*key) != pod.labels.get(*key))
        })
        .map(String::as_str)
        .collect()
}
