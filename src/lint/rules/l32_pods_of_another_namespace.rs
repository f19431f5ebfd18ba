//! Peers of another namespace that are named by the labels of their pods only.
//!
#![doc = include_str!("l32_pods_of_another_namespace.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::ends::{
    Labelled, elsewhere, few, has_workloads, labelled, namespace_of, workload_of,
};
use crate::lint::{Input, Rule};
use crate::policy::{Direction, Match, PeerItem, Policy};

pub const RULE: Rule = Rule {
    code: "L32",
    name: "pods-of-another-namespace",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l32_pods_of_another_namespace.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let of_kubernetes = |namespace: &str| {
        format!(
            "add `namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}` to this peer, beside its `podSelector`"
        )
    };
    let of_calico = |namespace: &str| {
        format!(
            "add `namespaceSelector: projectcalico.org/name == '{namespace}'` beside this `selector`"
        )
    };
    for policy in &input.snapshot.policies {
        match policy.kind {
            "NetworkPolicy" => check_policy(rule, input, policy, &of_kubernetes, out),
            "NetworkPolicy.projectcalico.org" => check_policy(rule, input, policy, &of_calico, out),
            _ => {}
        }
    }
}

/// Reports the peers of a policy that mean its own namespace and match pods of others alone.
pub fn check_policy(
    rule: &Rule,
    input: &Input,
    policy: &Policy,
    help: &dyn Fn(&str) -> String,
    out: &mut Vec<Diagnostic>,
) {
    let Some(own) = policy.namespace.as_deref() else {
        return;
    };
    let rules = Direction::BOTH.iter().flat_map(|d| policy.rules(*d));
    for with in rules {
        let Match::Only(items) = &with.peers else {
            continue;
        };
        for item in items {
            let Some(parts) = labelled(&item.peer).filter(|parts| is_local(parts, own)) else {
                continue;
            };
            if !completes(input, items, &parts) {
                out.extend(finding(rule, input, policy, (own, &parts), item, help));
            }
        }
    }
}

/// Whether a peer has labels of pods, and the policy's own namespace.
fn is_local(parts: &Labelled, own: &str) -> bool {
    parts.namespace == Some(own) && parts.namespaces.is_empty() && !parts.pods.is_everything()
}

/// Whether another peer of the rule selects namespaces of such pods: the two are meant as one peer, which is L05.
fn completes(input: &Input, items: &[PeerItem], parts: &Labelled) -> bool {
    let snapshot = input.snapshot;
    items
        .iter()
        .filter_map(|item| labelled(&item.peer))
        .any(|other| {
            let only_namespaces = other.pods.is_everything() && !other.namespaces.is_empty();
            only_namespaces
                && snapshot.pods.iter().any(|pod| {
                    let namespace = snapshot.namespaces.get(pod.namespace);
                    parts.pods.matches(&pod.labels)
                        && namespace
                            .is_some_and(|n| other.namespaces.iter().all(|s| s.matches(&n.labels)))
                })
        })
}

fn finding(
    rule: &Rule,
    input: &Input,
    policy: &Policy,
    (own, parts): (&str, &Labelled),
    item: &PeerItem,
    help: &dyn Fn(&str) -> String,
) -> Option<Diagnostic> {
    let snapshot = input.snapshot;
    let mut here = input.in_namespace(own).iter();
    if here.any(|at| {
        input
            .pod(*at)
            .is_some_and(|pod| parts.pods.matches(&pod.labels))
    }) {
        return None;
    }
    let pods: Vec<_> = elsewhere(snapshot, own, &parts.pods).collect();
    let first = namespace_of(snapshot, pods.first()?);
    let names = few(pods.iter().map(|pod| workload_of(snapshot, pod)));
    let complete = has_workloads(snapshot, own);
    let message = format!(
        "this peer {}matches no pods: without a namespace it means pods of `{own}`, and {names} {} elsewhere",
        if complete { "" } else { "possibly " },
        if names.contains(" and ") { "are" } else { "is" }
    );
    let mut found = rule.finding(message);
    if !complete {
        found.severity = Severity::Info;
    }
    Some(
        found
            .at(item.span.clone())
            .on(policy.title())
            .help(help(first)),
    )
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, all_of, of_code};

    #[test]
    fn peers_that_are_elsewhere() {
        let text = |peers: &str, namespace: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: a}}\nspec:\n  podSelector: {{}}\n  ingress:\n  - from:\n{peers}---\napiVersion: v1\nkind: Pod\nmetadata: {{name: x, namespace: a}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: {namespace}, labels: {{app: web}}}}\n"
            )
        };
        let web = "    - podSelector: {matchLabels: {app: web}}\n";
        assert_eq!(of_code("L32", &text(web, "b")), [8]);
        assert_eq!(of_code("L32", &text(web, "a")), NONE);
        let beside = "    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}\n";
        assert_eq!(of_code("L32", &text(&format!("{beside}{web}"), "b")), NONE);
        let both = "    - podSelector: {matchLabels: {app: web}}\n      namespaceSelector: {}\n";
        assert_eq!(of_code("L32", &text(both, "b")), NONE);
    }

    #[test]
    fn peers_of_calico_are_in_the_namespace_of_the_policy() {
        let text = |peer: &str, namespace: &str| {
            format!(
                "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: a}}\nspec:\n  types: [Egress]\n  egress:\n  - action: Allow\n    destination: {{{peer}}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: x, namespace: a}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: {namespace}, labels: {{app: web}}}}\n"
            )
        };
        let web = "selector: app == 'web'";
        let found = all_of("L32", &text(web, "b"));
        let help = found[0].help.as_deref().unwrap();
        assert!(help.contains("projectcalico.org/name == 'b'"), "{help}");
        assert_eq!(of_code("L32", &text(web, "a")), NONE);
        let both = "selector: app == 'web', namespaceSelector: all()";
        assert_eq!(of_code("L32", &text(both, "b")), NONE);
        let set = "---\napiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata: {name: s, namespace: a, labels: {app: web}}\nspec: {nets: [192.0.2.0/24]}\n";
        assert_eq!(of_code("L32", &(text(web, "b") + set)), NONE);
    }
}
