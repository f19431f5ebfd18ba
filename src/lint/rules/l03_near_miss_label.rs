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
        let message = format!(
            "{what} with `{}`; {} has `{}`",
            near.written, near.who, near.meant
        );
        let help = format!("write `{}`, if that is what is meant", near.meant);
        out.push(found.finding(input, rule, message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{codes_of, example};

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
}
