//! Rules of a direction that `policyTypes` does not list.
//!
#![doc = include_str!("l15_ignored_rules.md")]

use crate::cluster::Enforcer;
use crate::diag::{Change, Diagnostic, Severity};
use crate::lint::written::{network_policies, rules_key};
use crate::lint::{Input, Rule, witness};
use crate::policy::Direction;

pub const RULE: Rule = Rule {
    code: "L15",
    name: "ignored-rules",
    severity: Severity::Error,
    qualifies_verdict: false,
    page: include_str!("l15_ignored_rules.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    // Cilium applies these rules.
    if input.snapshot.assumptions.enforcer == Enforcer::Cilium {
        return;
    }
    for written in network_policies(input) {
        let types = written.types();
        for direction in Direction::BOTH {
            let listed = types.iter().any(|t| t.as_str() == Some(direction.name()));
            let key = rules_key(direction);
            let Some(entry) = written.entry(key) else {
                continue;
            };
            if types.is_empty() || listed || written.rules(direction).is_empty() {
                continue;
            }
            let of = witness::subject(input, written.index)
                .map_or_else(String::new, |name| format!(" of {name}"));
            let message = format!(
                "these rules are ignored, because `policyTypes` does not list {}; the policy leaves {key}{of} as it is",
                direction.name()
            );
            let help = format!(
                "add {} to `policyTypes`, or remove the rules",
                direction.name()
            );
            let mut finding = rule.finding(message).help(help);
            if let Some(types) = written.entry("policyTypes") {
                let mark = types.value.mark;
                finding = finding.corrected((mark.start, mark.end), Change::Add(direction.name()));
            }
            out.push(written.about(finding, written.object.span(entry.mark)));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{example, lines};

    #[test]
    fn rules_of_directions_that_are_not_listed() {
        let example = example(include_str!("l15_ignored_rules.md"));
        assert_eq!(lines("L15", example), [7]);
        for fine in [
            example.replace("[Ingress]", "[Ingress, Egress]"),
            example.replace("[Ingress]", "[]"),
            example.replace("[{ports: [{port: 443}]}]", "[]"),
        ] {
            assert!(lines("L15", &fine).is_empty(), "{fine}");
        }
    }
}
