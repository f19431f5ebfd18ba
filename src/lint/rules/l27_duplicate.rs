//! Policies that are written twice.
//!
#![doc = include_str!("l27_duplicate.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::ends::exact;
use crate::lint::{Input, Rule};
use crate::policy::{self, Action, Direction, Match, Peer, Policy, PortMatch, Side};
use crate::sets::hash::{HashMap, HashMapExt};

pub const RULE: Rule = Rule {
    code: "L27",
    name: "duplicate",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l27_duplicate.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<(&str, &Option<String>, Peer), Vec<&Policy>> = HashMap::new();
    let policies = input.snapshot.policies.iter().zip(exact(input));
    for (policy, _) in policies.filter(|(_, exact)| *exact) {
        let key = (policy.kind, &policy.namespace, policy.subject.canonical());
        let before = seen.entry(key).or_default();
        if let Some(first) = before.iter().find(|other| is_alike(other, policy)) {
            let message = format!(
                "it is the same as {} ({}): it selects the same pods and has the same rules",
                first.title(),
                first.span
            );
            let found = rule
                .finding(message)
                .at(policy.span.clone())
                .on(policy.title())
                .help("remove one of them, or correct the one that was copied");
            out.push(found);
        } else {
            before.push(policy);
        }
    }
}

/// Whether two policies of different names mean the same as they are written.
pub fn is_alike(a: &Policy, b: &Policy) -> bool {
    let head = |p: &Policy| (p.tier, p.order);
    // The rules of one object may be alike.
    a.span != b.span
        && a.kind == b.kind
        && a.namespace == b.namespace
        && head(a) == head(b)
        && a.subject.canonical() == b.subject.canonical()
        && Direction::BOTH
            .iter()
            .all(|d| canonical(a.side(*d)) == canonical(b.side(*d)))
}

type CanonicalRule<'a> = (
    Action,
    Option<Peer>,
    Option<Vec<Peer>>,
    Option<Vec<&'a PortMatch>>,
    Vec<&'a PortMatch>,
);

/// A side without places, in an order of its own where order means nothing.
fn canonical(side: Option<&Side>) -> Option<(bool, Vec<CanonicalRule<'_>>)> {
    let side = side?;
    let mut rules: Vec<_> = side.rules.iter().map(canonical_rule).collect();
    if side.rules.iter().all(|rule| rule.action == Action::Accept) {
        rules.sort();
    }
    Some((side.isolates, rules))
}

fn canonical_rule(rule: &policy::Rule) -> CanonicalRule<'_> {
    let peers = match &rule.peers {
        Match::Any => None,
        Match::Only(items) => Some(sorted(items.iter().map(|item| item.peer.canonical()))),
    };
    let ports = match &rule.ports {
        Match::Any => None,
        Match::Only(items) => Some(sorted(items.iter().map(|item| &item.port))),
    };
    let except = sorted(rule.except.iter().map(|item| &item.port));
    let subject = rule.subject.as_ref().map(Peer::canonical);
    (rule.action, subject, peers, ports, except)
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<_> = items.collect();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, of_code};

    #[test]
    fn copies_under_another_name() {
        let policy = |name: &str, namespace: &str, ports: &str| {
            format!(
                "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{podSelector: {{}}, ingress: [{{ports: [{ports}]}}]}}\n"
            )
        };
        let first = policy("a", "s", "{port: 80}, {port: 90}");
        let found = |other: &str| of_code("L27", &format!("{first}{other}"));
        assert_eq!(found(&policy("b", "s", "{port: 90}, {port: 80}")), [7]);
        assert_eq!(found(&policy("b", "t", "{port: 80}, {port: 90}")), NONE);
        assert_eq!(found(&policy("b", "s", "{port: 80}")), NONE);
    }

    #[test]
    fn the_order_of_requirements_means_nothing() {
        let policy = |name: &str, subject: &str, peer: &str| {
            format!(
                "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: s}}\nspec: {{podSelector: {{{subject}}}, ingress: [{{from: [{{podSelector: {{{peer}}}}}]}}]}}\n"
            )
        };
        let (ab, ba) = ("matchLabels: {a: x, b: y}", "matchLabels: {b: y, a: x}");
        let expressions = "matchExpressions: [{key: b, operator: In, values: [y]}, {key: a, operator: In, values: [x]}]";
        let other = "matchLabels: {a: y, b: x}";
        for (subject, peer, wanted) in [
            (ba, ab, true),
            (ab, ba, true),
            (expressions, expressions, true),
            (other, ab, false),
            (ab, other, false),
        ] {
            let text = format!("{}{}", policy("p", ab, ab), policy("q", subject, peer));
            assert_eq!(!of_code("L27", &text).is_empty(), wanted, "{text}");
        }
    }
}
