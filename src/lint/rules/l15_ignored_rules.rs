//! Rules of a direction that `policyTypes` does not list.
//!
#![doc = include_str!("l15_ignored_rules.md")]

use crate::cluster::Enforcer;
use crate::diag::{Change, Diagnostic, Severity};
use crate::lint::written::{items, judged};
use crate::lint::{Input, Rule, witness};
use crate::policy::Direction;
use crate::yaml::Object;

pub const RULE: Rule = Rule {
    code: "L15",
    name: "ignored-rules",
    severity: Severity::Error,
    qualifies_verdict: false,
    page: include_str!("l15_ignored_rules.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for written in judged(input) {
        let Some(types_key) = types_key(input, written.object) else {
            continue;
        };
        let types = written
            .spec()
            .map_or(&[][..], |spec| items(spec, types_key));
        for direction in Direction::BOTH {
            let listed = types.iter().any(|t| t.as_str() == Some(direction.name()));
            let key = direction.field();
            let Some(entry) = written.entry(key) else {
                continue;
            };
            if types.is_empty() || listed || written.rules(direction).is_empty() {
                continue;
            }
            let of = witness::subject(input, written.index)
                .map_or_else(String::new, |name| format!(" of {name}"));
            let message = format!(
                "these rules are ignored, because `{types_key}` does not list {}; the policy leaves {key}{of} as it is",
                direction.name()
            );
            let help = format!(
                "add {} to `{types_key}`, or remove the rules",
                direction.name()
            );
            let mut finding = rule.finding(message).help(help);
            if let Some(types) = written.entry(types_key) {
                let mark = types.value.mark;
                finding = finding.corrected((mark.start, mark.end), Change::Add(direction.name()));
            }
            out.push(written.about(finding, written.object.span(entry.mark)));
        }
    }
}

/// The key that lists the directions of a policy whose rules of others are ignored.
fn types_key(input: &Input, object: &Object) -> Option<&'static str> {
    match (object.group(), object.kind.as_str()) {
        // Cilium applies these rules.
        ("networking.k8s.io", "NetworkPolicy") => {
            (input.snapshot.assumptions.enforcer != Enforcer::Cilium).then_some("policyTypes")
        }
        (
            "projectcalico.org" | "crd.projectcalico.org",
            "NetworkPolicy" | "GlobalNetworkPolicy",
        ) => Some("types"),
        _ => None,
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
        for (kind, scope) in [
            ("NetworkPolicy", "namespace: s"),
            ("GlobalNetworkPolicy", "labels: {a: b}"),
        ] {
            let calico = |types: &str| {
                format!(
                    "apiVersion: projectcalico.org/v3
kind: {kind}
metadata: {{name: p, {scope}}}
spec:
  selector: app == 'web'
  types: [{types}]
  ingress: [{{action: Allow, source: {{selector: app == 'a'}}}}]
  egress: [{{action: Deny, destination: {{nets: [192.0.2.1/32]}}}}]
"
                )
            };
            assert_eq!(lines("L15", &calico("Ingress")), [8], "{kind}");
            assert_eq!(lines("L15", &calico("Egress")), [7], "{kind}");
            assert!(lines("L15", &calico("Ingress, Egress")).is_empty());
        }
    }
}
