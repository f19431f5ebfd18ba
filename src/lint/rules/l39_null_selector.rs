//! Selectors of peers that are written without a value.
//!
#![doc = include_str!("l39_null_selector.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::written::{entry, items, network_policies, peers_key};
use crate::lint::{Input, Rule};
use crate::policy::Direction;
use crate::yaml::{Node, Value};

pub const RULE: Rule = Rule {
    code: "L39",
    name: "null-selector",
    severity: Severity::Error,
    qualifies_verdict: false,
    page: include_str!("l39_null_selector.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for written in network_policies(input) {
        for direction in Direction::BOTH {
            for with in written.rules(direction) {
                for peer in items(with.node, peers_key(direction)) {
                    out.extend(null_selector(rule, peer).map(|(found, node)| {
                        let at = written.span(node);
                        written.about(found, at)
                    }));
                }
            }
        }
    }
}

/// What is wrong with a peer one of whose two selectors has no value (K27), and where. A peer of nothing else is refused.
fn null_selector<'a>(rule: &Rule, peer: &'a Node) -> Option<(Diagnostic, &'a Node)> {
    let is_null = |key: &str| entry(peer, key).map(|e| matches!(e.value.value, Value::Null));
    let (severity, message, help) = match (is_null("namespaceSelector")?, is_null("podSelector")?) {
        (true, false) => (
            Severity::Error,
            "`namespaceSelector` has no value, which is as if it were missing: this peer is pods of the policy's own namespace",
            "write `namespaceSelector: {}` for all namespaces, or remove the key",
        ),
        // All pods are what `{}` would be, too.
        (false, true) => (
            Severity::Warning,
            "`podSelector` has no value, which is as if it were missing: this peer is all pods of the namespaces",
            "write `podSelector: {}` if that is meant",
        ),
        _ => return None,
    };
    let mut found = rule.finding(message).help(help);
    found.severity = severity;
    Some((found, peer))
}

#[cfg(test)]
mod tests {
    use crate::diag::Severity;
    use crate::lint::tests::all_of;

    #[test]
    fn selectors_without_a_value() {
        let found = |peer: &str| {
            let text = format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  podSelector: {{}}\n  ingress:\n  - from:\n    - {peer}\n"
            );
            let found = all_of("L39", &text).pop();
            found.map(|found| (found.severity, found.span.unwrap().line))
        };
        let pods = "podSelector: {matchLabels: {app: a}}";
        let of_namespace = found(&format!("{{namespaceSelector: , {pods}}}"));
        assert_eq!(of_namespace, Some((Severity::Error, 8)));
        assert_eq!(
            found("{namespaceSelector: {}, podSelector: null}"),
            Some((Severity::Warning, 8))
        );
        assert_eq!(found(&format!("{{namespaceSelector: {{}}, {pods}}}")), None);
        assert_eq!(found(&format!("{{{pods}}}")), None);
        // The API server refuses it.
        assert_eq!(found("{podSelector: null}"), None);
    }
}
