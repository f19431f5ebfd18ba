//! Peers that select no pods.
//!
#![doc = include_str!("l02_peer_selects_nothing.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule, near};

pub const RULE: Rule = Rule {
    code: "L02",
    name: "peer-selects-nothing",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l02_peer_selects_nothing.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let all = near::unmatched(input).into_iter();
    for peer in all.filter(|found| !found.is_subject && found.has_namespaces()) {
        // Other rules know more of these.
        if peer.own_labels(input).is_some()
            || peer.elsewhere(input).is_some()
            || peer.near(input).is_some()
        {
            continue;
        }
        let other = peer.other_value(input);
        let other = other.map_or_else(String::new, |other| format!(" ({other})"));
        let message = format!(
            "this peer matches no pods: none of {} has `{}`{other}",
            peer.where_it_looks(input),
            peer.labels
        );
        let help = "select pods by the labels of their pod template, or remove the peer if the workload is gone";
        out.push(peer.possible(input, rule, message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{codes_of, example};

    #[test]
    fn peers_without_pods() {
        let example = example(include_str!("l02_peer_selects_nothing.md"));
        assert!(codes_of(example).contains(&"L02"));
        let peer = "podSelector: {matchLabels: {app: victoria}}";
        for fine in [
            "podSelector: {matchLabels: {app: pushgateway}}",
            "podSelector: {matchLabels: {k8s-app: kube-dns}}",
            "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}, podSelector: {matchLabels: {app: victoria}}",
        ] {
            let fine = example.replace(peer, fine);
            assert!(!codes_of(&fine).contains(&"L02"), "{fine}");
        }
    }
}
