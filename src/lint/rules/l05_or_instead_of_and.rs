//! A namespace selector and a pod selector in two items, where one was meant.
//!
#![doc = include_str!("l05_or_instead_of_and.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::written::{Written, entry, is_empty, items, network_policies, peers_key};
use crate::lint::{Input, Rule};
use crate::policy::{Direction, Match, Peer, PeerItem};
use crate::yaml::{Node, Value};

pub const RULE: Rule = Rule {
    code: "L05",
    name: "or-instead-of-and",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l05_or_instead_of_and.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for written in network_policies(input) {
        for direction in Direction::BOTH {
            for one in written.rules(direction) {
                let Some(Match::Only(peers)) = one.rule.map(|rule| &rule.peers) else {
                    continue;
                };
                let nodes = items(one.node, peers_key(direction));
                for (nodes, peers) in nodes.windows(2).zip(peers.windows(2)) {
                    let found = judge(rule, input, &written, nodes, peers);
                    out.extend(found);
                }
            }
        }
    }
}

/// Whether a peer has this selector and no other field.
fn has_only(node: &Node, key: &str) -> bool {
    let Value::Map(map) = &node.value else {
        return false;
    };
    map.entries.len() == 1 && entry(node, key).is_some_and(|e| e.value.value != Value::Null)
}

fn judge(
    rule: &Rule,
    input: &Input,
    written: &Written,
    nodes: &[Node],
    peers: &[PeerItem],
) -> Option<Diagnostic> {
    let ([first, second], [a, b]) = (nodes, peers) else {
        return None;
    };
    let (namespaces, pods, node) =
        if has_only(first, "namespaceSelector") && has_only(second, "podSelector") {
            (a, b, second)
        } else if has_only(first, "podSelector") && has_only(second, "namespaceSelector") {
            (b, a, first)
        } else {
            return None;
        };
    let selector = node.get("podSelector")?;
    let own = written.policy.namespace.as_deref()?;
    if is_empty(selector) || !input.has_workloads(own) || !input.pods(&pods.peer).is_empty() {
        return None;
    }
    let labels = labels_of(&pods.peer);
    let both = Peer::All(vec![namespaces.peer.clone(), labels]);
    let meant = input.pods(&both);
    let witness = input.name_of(*meant.first()?);
    let message = format!(
        "these two items are alternatives: all pods of the selected namespaces, or pods of `{own}` with these labels, of which there are none; only pods such as {witness} have both"
    );
    let help = "write `podSelector` and `namespaceSelector` in one item, without the second dash";
    let finding = rule.finding(message).help(help);
    Some(written.about(finding, pods.span.clone()))
}

/// A peer without its namespaces.
fn labels_of(peer: &Peer) -> Peer {
    match peer {
        Peer::All(all) => {
            let kept = all
                .iter()
                .filter(|part| !matches!(part, Peer::Namespace(_)));
            Peer::All(kept.cloned().collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{codes_of, example};

    #[test]
    fn two_items_instead_of_one() {
        let example = example(include_str!("l05_or_instead_of_and.md"));
        assert!(codes_of(example).contains(&"L05"));
        for fine in [
            example.replace("    - podSelector", "      podSelector"),
            example.replace(
                "- podSelector: {matchLabels: {app: prometheus}}",
                "- podSelector: {}",
            ),
            example.replace(
                "- podSelector: {matchLabels: {app: prometheus}}",
                "- podSelector: {matchLabels: {app: web}}",
            ),
        ] {
            assert!(!codes_of(&fine).contains(&"L05"), "{fine}");
        }
    }
}
