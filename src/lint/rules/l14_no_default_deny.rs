//! Namespaces with pods that no policy isolates.
//!
#![doc = include_str!("l14_no_default_deny.md")]

use std::collections::BTreeMap;

use crate::cluster::Snapshot;
use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule};
use crate::policy::{Action, Direction, Match, Policy};

pub const RULE: Rule = Rule {
    code: "L14",
    name: "no-default-deny",
    severity: Severity::Info,
    qualifies_verdict: false,
    page: include_str!("l14_no_default_deny.md"),
    check,
};

/// Namespaces of the platform, which runs its own pods there.
fn is_platform(namespace: &str) -> bool {
    namespace.starts_with("kube-") || namespace.starts_with("openshift-")
}

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let snapshot = input.snapshot;
    let open = Direction::BOTH.map(|direction| open_workloads(input, direction));
    for (at, namespace) in snapshot.namespaces.iter().enumerate() {
        if is_platform(&namespace.name) {
            continue;
        }
        let mut words = Vec::new();
        let mut first = None;
        for (direction, open) in Direction::BOTH.into_iter().zip(&open) {
            let Some(workloads) = open.get(&at) else {
                continue;
            };
            first = first.or(workloads.first().copied());
            let names = workloads.iter().filter_map(|w| snapshot.workloads.get(*w));
            let names: Vec<&str> = names.map(|w| w.name.as_str()).collect();
            words.push(format!(
                "{} of {}",
                direction.name().to_lowercase(),
                listed(&names)
            ));
        }
        let Some(workload) = first.and_then(|w| snapshot.workloads.get(w)) else {
            continue;
        };
        let isolated = words.join(" and ");
        let (message, help) = match missing(snapshot, &namespace.name) {
            None => (
                format!("no policy isolates {isolated}: whatever is not listed is allowed there"),
                "add a policy for all pods (`podSelector: {}`) with both `policyTypes` and no rules",
            ),
            Some(missing) => (
                format!(
                    "possibly no policy isolates {isolated}: no judged policy does, and {missing}"
                ),
                "correct what is left out or not read; then add a default deny if nothing isolates them",
            ),
        };
        let finding = rule.finding(message).help(help);
        let finding = finding.on(format!("Namespace {}", namespace.name));
        let span = namespace.span.as_ref().or(workload.span.as_ref());
        out.push(match span {
            Some(span) => finding.at(span.clone()),
            None => finding,
        });
    }
}

/// What may isolate pods of a namespace and is not judged: `CiliumNetworkPolicy shop/web is left out`.
fn missing(snapshot: &Snapshot, namespace: &str) -> Option<String> {
    let mut policies = snapshot.left_out_in(namespace);
    match (policies.next(), snapshot.unread.as_slice()) {
        (Some(first), _) => Some(first.and_more_left_out(policies.count())),
        (None, [first, ..]) => Some(format!("`{first}` is not read in full")),
        (None, []) => None,
    }
}

/// Up to three names, and how many more there are.
fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|n| format!("`{n}`")).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// For each namespace the workloads with pods that are open in a direction; without those on the host network.
fn open_workloads(input: &Input, direction: Direction) -> BTreeMap<usize, Vec<usize>> {
    let snapshot = input.snapshot;
    let mut closed = vec![false; snapshot.pods.len()];
    for (at, policy) in snapshot.policies.iter().enumerate() {
        if closes(policy, direction) {
            for pod in input.subjects(at) {
                if let Some(closed) = closed.get_mut(*pod) {
                    *closed = true;
                }
            }
        }
    }
    let mut open: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (pod, closed) in snapshot.pods.iter().zip(closed) {
        if !closed && !pod.host_network {
            open.entry(pod.namespace).or_default().push(pod.workload);
        }
    }
    open.values_mut().for_each(Vec::dedup);
    open
}

/// Whether a policy denies its pods what no rule allows.
fn closes(policy: &Policy, direction: Direction) -> bool {
    policy.side(direction).is_some_and(|side| {
        let mut rules = side.rules.iter();
        let denies_all = |r: &crate::policy::Rule| {
            r.action == Action::Deny && r.ports == Match::Any && r.subject.is_none()
        };
        side.isolates || rules.any(denies_all)
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{example, lines};

    #[test]
    fn namespaces_without_a_default_deny() {
        let example = example(include_str!("l14_no_default_deny.md"));
        assert_eq!(lines("L14", example), [1]);
        let deny = |types: &str| {
            let policy = format!(
                "{example}---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: d, namespace: labs}}\nspec: {{podSelector: {{}}, policyTypes: [{types}]}}\n"
            );
            lines("L14", &policy)
        };
        assert_eq!(deny("Ingress"), [1]);
        assert!(deny("Ingress, Egress").is_empty());
        assert!(lines("L14", &example.replace("labs", "kube-system")).is_empty());
    }
}
