//! Selectors that select nothing because of a label that is nearly right.
//!
#![doc = include_str!("l03_near_miss_label.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule, near};

pub const RULE: Rule = Rule {
    code: "L03",
    name: "near-miss-label",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l03_near_miss_label.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for found in near::unmatched(input) {
        if found.own_labels(input).is_some() || found.is_elsewhere(input) {
            continue;
        }
        let Some(near) = found.near(input) else {
            continue;
        };
        let what = match (found.is_subject, found.has_namespaces()) {
            (true, true) => "the policy selects no pods",
            (false, true) => "this peer matches no pods",
            (_, false) => "it matches no known namespace",
        };
        let message = format!("{what} with `{}`; {}", near.written, near.note);
        let help = format!("write `{}`, if that is what is meant", near.meant);
        out.push(found.finding(input, rule, message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{all_of, codes_of, example, of_code};

    #[test]
    fn labels_that_are_nearly_right() {
        let example = example(include_str!("l03_near_miss_label.md"));
        for (written, wanted) in [
            ("app: chekout", true),
            ("app: Checkout", true),
            ("app.kubernetes.io/name: checkout", true),
            ("app: checkout", false),
            ("app: billing", false),
        ] {
            let text = example.replace("app: chekout", written);
            assert_eq!(codes_of(&text).contains(&"L03"), wanted, "{written}");
        }
    }

    #[test]
    fn namespaces_that_a_selector_names() {
        let text = |labels: &str| {
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: web, namespace: shop, labels: {{app: web}}}}, spec: {{containers: [{{name: c}}]}}}}
---
{{apiVersion: v1, kind: Pod, metadata: {{name: prom, namespace: monitoring, labels: {{app: prometheus}}}}, spec: {{containers: [{{name: c}}]}}}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {{name: p, namespace: shop}}
spec:
  endpointSelector: {{}}
  ingress:
  - fromEndpoints:
    - matchLabels: {{{labels}}}
"
            )
        };
        for (labels, note) in [
            (
                "app: prometheus, k8s:io.kubernetes.pod.namespace: monitorng",
                Some("with `monitorng`; there is a namespace `monitoring`"),
            ),
            (
                "app: promethues, k8s:io.kubernetes.pod.namespace: monitoring",
                Some("`monitoring/prom` has `app=prometheus`"),
            ),
            (
                "app: prometheus, k8s:io.kubernetes.pod.namespace: other",
                None,
            ),
            (
                "app: prometheus, k8s:io.kubernetes.pod.namespace: monitoring",
                None,
            ),
        ] {
            let found = all_of("L03", &text(labels));
            assert_eq!(found.len(), usize::from(note.is_some()), "{labels}");
            for one in found {
                assert!(one.message.contains(note.unwrap()), "{}", one.message);
            }
        }
        let gone = "app: victoria, k8s:io.kubernetes.pod.namespace: monitoring";
        assert_eq!(of_code("L02", &text(gone)), [12]);
    }
}
