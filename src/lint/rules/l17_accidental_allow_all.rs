//! Rules that allow more than they seem to.
//!
#![doc = include_str!("l17_accidental_allow_all.md")]

use crate::analysis::Endpoint;
use crate::analysis::oracle::any_peer_matches;
use crate::diag::{Diagnostic, Severity};
use crate::lint::written::{
    Written, WrittenRule, entry, is_empty, items, network_policies, peers_key,
};
use crate::lint::{Input, Rule, witness};
use crate::policy::{self, Direction, Match};
use crate::yaml::{Node, Value};

pub const RULE: Rule = Rule {
    code: "L17",
    name: "accidental-allow-all",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l17_accidental_allow_all.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for written in network_policies(input) {
        for direction in Direction::BOTH {
            let rules = written.rules(direction);
            for one in &rules {
                let Some((message, help)) = judge(one, direction, rules.len()) else {
                    continue;
                };
                let witness = witness(input, &written, direction, (one, &rules));
                let message = match witness {
                    Some(witness) => format!("{message}: {witness}"),
                    None => message,
                };
                let finding = rule.finding(message).help(help);
                let at = match &one.node.value {
                    Value::Null => one.rule.map(|rule| rule.span.clone()),
                    _ => Some(written.span(one.node)),
                };
                out.extend(at.map(|at| written.about(finding, at)));
            }
        }
    }
}

/// A connection that a rule allows and that no other rule seems to mean: for a rule of all namespaces, with a pod of
/// another one.
fn witness(
    input: &Input,
    written: &Written,
    direction: Direction,
    (one, rules): (&WrittenRule, &[WrittenRule]),
) -> Option<String> {
    let lowered = one.rule?;
    let others = rules.iter().filter_map(|other| other.rule);
    let others: Vec<&policy::Rule> = others.filter(|r| !std::ptr::eq(*r, lowered)).collect();
    let own = written.policy.namespace.as_deref();
    let is_meant = |pod: usize| {
        let end = Endpoint::Pod(pod);
        let matches = |rule: &&policy::Rule| any_peer_matches(input.snapshot, &rule.peers, &end);
        let at_home = || input.workload_of(pod).map(|w| w.namespace.as_str()) == own;
        others.iter().any(matches) || lowered.peers != Match::Any && at_home()
    };
    witness::opened(input, written.index, direction, lowered, &is_meant)
}

/// What a rule allows by accident, and what to do.
fn judge(one: &WrittenRule, direction: Direction, beside: usize) -> Option<(String, String)> {
    let lowered: &policy::Rule = one.rule?;
    let (key, peers) = (direction.field(), peers_key(direction));
    let everyone = match direction {
        Direction::Ingress => "every source, inside and outside the cluster",
        Direction::Egress => "every destination, inside and outside the cluster",
    };
    let all_ports = lowered.ports == Match::Any;
    if lowered.peers == Match::Any && all_ports {
        return (beside > 1).then(|| {
            (
                format!(
                    "a rule without peers and ports allows all {key}, so that the other rules change nothing"
                ),
                "remove it, or give it peers and ports".to_owned(),
            )
        });
    }
    if lowered.peers == Match::Any && entry(one.node, peers).is_some() {
        return Some((
            format!("`{peers}` is empty, which allows {everyone}"),
            format!(
                "list the peers that are meant; without `{peers}` the rule means the same, and says so"
            ),
        ));
    }
    let anywhere = |peer: &Node| {
        peer.get("namespaceSelector").is_some_and(is_empty) && peer.get("podSelector").is_none()
    };
    (all_ports && items(one.node, peers).iter().any(anywhere)).then(|| {
        (
            "`namespaceSelector: {}` is every pod of every namespace, here on all ports".to_owned(),
            "add a `podSelector` to the item, or ports to the rule".to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{example, lines};

    #[test]
    fn rules_that_allow_everyone() {
        let example = example(include_str!("l17_accidental_allow_all.md"));
        assert_eq!(lines("L17", example), [7]);
        let rules = |rules: &str| {
            let (before, _) = example.split_once("  - from").unwrap();
            lines("L17", &format!("{before}  {rules}\n"))
        };
        assert_eq!(rules("- {}\n  - ports: [{port: 80}]"), [7]);
        assert_eq!(rules("- from: []\n  - ports: [{port: 80}]"), [7]);
        assert_eq!(
            rules("- {from: [], ports: []}\n  - ports: [{port: 80}]"),
            [7]
        );
        assert_eq!(rules("- from: [{namespaceSelector: {}}]"), [7]);
        for fine in [
            "- {}",
            "- ports: [{port: 80}]",
            "- from: [{namespaceSelector: {}}]\n    ports: [{port: 80}]",
            "- from: [{namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}]",
            "- from: [{podSelector: {}}]",
        ] {
            assert!(rules(fine).is_empty(), "{fine}");
        }
    }
}
