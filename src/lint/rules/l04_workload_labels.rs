//! Selectors that match the labels of a workload, which do not reach its pods.
//!
#![doc = include_str!("l04_workload_labels.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule, near};

pub const RULE: Rule = Rule {
    code: "L04",
    name: "workload-labels",
    severity: Severity::Error,
    qualifies_verdict: false,
    page: include_str!("l04_workload_labels.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for found in near::unmatched(input) {
        let Some(workload) = found.own_labels(input) else {
            continue;
        };
        let message = format!(
            "no pod has `{}`: {} `{}/{}` has it on itself, but its pod template does not",
            found.labels, workload.kind, workload.namespace, workload.name
        );
        let help = format!(
            "add the label to the pod template of `{}`, or select a label that the template has",
            workload.name
        );
        out.push(found.finding(input, rule, message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{codes_of, example};

    #[test]
    fn labels_of_workloads_do_not_reach_pods() {
        let example = example(include_str!("l04_workload_labels.md"));
        assert!(codes_of(example).contains(&"L04"));
        let fine = example.replace(
            "metadata: {labels: {app: finder}}",
            "metadata: {labels: {app: finder, zone: restricted}}",
        );
        assert!(!codes_of(&fine).contains(&"L04"));
    }

    #[test]
    fn labels_of_the_jobs_of_a_cron_job() {
        let text = "apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: shop, labels: {app: nightly}}
spec: {schedule: 0 1 * * *, jobTemplate: {metadata: {labels: {role: batch}}, spec: {template: {metadata: {labels: {job: nightly}}, spec: {containers: [{name: c}]}}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec: {podSelector: {matchLabels: {LABEL}}}
";
        for (label, wanted) in [
            ("role: batch", true),
            ("app: nightly", true),
            ("job: nightly", false),
        ] {
            let found = codes_of(&text.replace("LABEL", label));
            assert_eq!(found.contains(&"L04"), wanted, "{label}");
        }
    }

    #[test]
    fn absent_labels_are_not_put_on_workloads() {
        let text = |expressions: &str| {
            format!(
                "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop, labels: {{app: web, tier: front}}}}
spec: {{selector: {{matchLabels: {{app: web, zone: x}}}}, template: {{metadata: {{labels: {{app: web, zone: x}}}}, spec: {{containers: [{{name: c}}]}}}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: p, namespace: shop}}
spec:
  podSelector: {{matchExpressions: [{expressions}]}}
  policyTypes: [Ingress]
"
            )
        };
        for (expressions, code) in [
            ("{key: zone, operator: DoesNotExist}", "L01"),
            ("{key: zone, operator: NotIn, values: [x]}", "L01"),
            (
                "{key: app, operator: In, values: [web]}, {key: zone, operator: DoesNotExist}",
                "L01",
            ),
            (
                "{key: tier, operator: Exists}, {key: zone, operator: DoesNotExist}",
                "L04",
            ),
        ] {
            let found = codes_of(&text(expressions)).into_iter();
            let found: Vec<&str> = found.filter(|c| ["L01", "L04"].contains(c)).collect();
            assert_eq!(found, [code], "{expressions}");
        }
    }
}
