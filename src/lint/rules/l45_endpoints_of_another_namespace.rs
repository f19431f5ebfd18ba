//! The same as L32 for the policies of one enforcer.
//!
#![doc = include_str!("l45_endpoints_of_another_namespace.md")]

use super::l32_pods_of_another_namespace::check_policy;
use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule};

pub const RULE: Rule = Rule {
    code: "L45",
    name: "endpoints-of-another-namespace",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l45_endpoints_of_another_namespace.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let help = |namespace: &str| {
        format!("add the label `k8s:io.kubernetes.pod.namespace: {namespace}` to this selector")
    };
    let policies = input.snapshot.policies.iter();
    for policy in policies.filter(|policy| policy.kind == "CiliumNetworkPolicy") {
        check_policy(rule, input, policy, &help, out);
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, of_code};

    #[test]
    fn selectors_without_a_namespace() {
        let found = |labels: &str, namespace: &str| {
            let text = format!(
                "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: a}}\nspec:\n  endpointSelector: {{}}\n  ingress:\n  - fromEndpoints:\n    - matchLabels: {{{labels}}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: x, namespace: a}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: {namespace}, labels: {{app: web}}}}\n"
            );
            of_code("L45", &text)
        };
        assert_eq!(found("app: web", "b"), [8]);
        assert_eq!(found("app: web", "a"), NONE);
        assert_eq!(found("app: web, io.kubernetes.pod.namespace: b", "b"), NONE);
    }
}
