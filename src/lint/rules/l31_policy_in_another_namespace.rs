//! Policies whose pods are in another namespace.
//!
#![doc = include_str!("l31_policy_in_another_namespace.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::ends::{elsewhere, few, has_workloads, labelled, namespace_of, workload_of};
use crate::lint::{Input, Rule};
use crate::policy::Policy;
use crate::sets::Selector;

pub const RULE: Rule = Rule {
    code: "L31",
    name: "policy-in-another-namespace",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l31_policy_in_another_namespace.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for (at, policy) in input.snapshot.policies.iter().enumerate() {
        if let (Some(namespace), []) = (&policy.namespace, input.subjects(at)) {
            let assumed = input
                .objects
                .iter()
                .any(|o| o.index == Some(at) && o.object.namespace.is_none());
            out.extend(finding(rule, input, policy, namespace, assumed));
        }
    }
}

fn finding(
    rule: &Rule,
    input: &Input,
    policy: &Policy,
    namespace: &str,
    assumed: bool,
) -> Option<Diagnostic> {
    let snapshot = input.snapshot;
    let parts = labelled(&policy.subject)?;
    // For all pods of a namespace only one that nobody wrote can be wrong.
    if parts.pods.is_everything() && !assumed {
        return None;
    }
    let pods: Vec<_> = elsewhere(snapshot, namespace, &parts.pods).collect();
    if pods.is_empty() || matches_own(input, namespace, &parts.pods) {
        return None;
    }
    let first = pods.first().map(|pod| namespace_of(snapshot, pod))?;
    let names = few(pods.iter().map(|pod| workload_of(snapshot, pod)));
    let (message, help) = match assumed {
        true => (
            format!(
                "it names no namespace, so it is in `{namespace}` and selects no pods there; its selector matches {names}"
            ),
            format!("write `namespace: {first}` in its metadata"),
        ),
        false => (
            format!(
                "it selects no pods: a policy selects pods of its own namespace, `{namespace}`, and its selector matches {names}"
            ),
            format!("move it to namespace `{first}`"),
        ),
    };
    let mut found = rule.finding(message);
    if !has_workloads(snapshot, namespace) && !assumed {
        found.severity = Severity::Info;
        found.message = found
            .message
            .replacen("it selects", "it possibly selects", 1);
    }
    Some(found.at(policy.span.clone()).on(policy.title()).help(help))
}

/// Whether a pod of the namespace has the labels, though the policy does not apply to it.
fn matches_own(input: &Input, namespace: &str, labels: &Selector) -> bool {
    let mut pods = input.snapshot.pods.iter();
    pods.any(|pod| namespace_of(input.snapshot, pod) == namespace && labels.matches(&pod.labels))
}

#[cfg(test)]
mod tests {
    use crate::diag::Severity;
    use crate::lint::tests::all_of;

    #[test]
    fn policies_and_pods_apart() {
        let pod = |namespace: &str, app: &str| {
            format!(
                "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {app}, namespace: {namespace}, labels: {{app: {app}}}}}\n"
            )
        };
        let policy = |namespace: &str, app: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p{namespace}}}\nspec: {{podSelector: {{{app}}}}}\n"
            )
        };
        let web = "matchLabels: {app: web}";
        let found = |policy: &str, pods: &[String]| {
            let all = all_of("L31", &format!("{policy}{}", pods.concat()));
            all.first().map(|d| d.severity)
        };
        let (own, other) = (pod("a", "db"), pod("b", "web"));
        let both = [own.clone(), other.clone()];
        assert_eq!(
            found(&policy(", namespace: a", web), &both),
            Some(Severity::Warning)
        );
        assert_eq!(
            found(&policy(", namespace: a", web), std::slice::from_ref(&other)),
            Some(Severity::Info)
        );
        assert_eq!(found(&policy(", namespace: b", web), &both), None);
        assert_eq!(found(&policy(", namespace: c", ""), &both), None);
        assert_eq!(found(&policy("", ""), &both), Some(Severity::Warning));
        assert_eq!(found(&policy("", ""), &[pod("default", "web")]), None);
    }
}
