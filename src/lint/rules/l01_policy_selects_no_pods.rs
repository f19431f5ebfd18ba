//! Policies that select no pods.
//!
#![doc = include_str!("l01_policy_selects_no_pods.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule, near};

pub const RULE: Rule = Rule {
    code: "L01",
    name: "policy-selects-no-pods",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l01_policy_selects_no_pods.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let all = near::unmatched(input).into_iter();
    for subject in all.filter(|found| found.is_subject && found.has_namespaces()) {
        // Other rules know more of these.
        if subject.own_labels(input).is_some()
            || subject.is_elsewhere(input)
            || subject.near(input).is_some()
        {
            continue;
        }
        let other = subject.other_value(input);
        let other = other.map_or_else(String::new, |other| format!(" ({other})"));
        let message = format!(
            "it selects no pods: none of {} has {}{other}, so the policy does nothing",
            subject.where_it_looks(input),
            subject.wanted()
        );
        out.push(
            subject
                .possible(input, rule, message)
                .help(subject.help("policy")),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{codes_of, example};

    #[test]
    fn subjects_without_pods() {
        let example = example(include_str!("l01_policy_selects_no_pods.md"));
        assert!(codes_of(example).contains(&"L01"));
        for fine in [
            example.replace("app: archiver", "app: invoices"),
            example.replace("{matchLabels: {app: archiver}}", "{}"),
            example.replace(
                "name: archiver, namespace: billing",
                "name: archiver, namespace: other",
            ),
        ] {
            assert!(!codes_of(&fine).contains(&"L01"), "{fine}");
        }
    }
}
