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
}
