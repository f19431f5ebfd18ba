//! A rule of peers next to a rule of ports, where one was meant.
//!
#![doc = include_str!("l06_ports_in_their_own_rule.md")]

use crate::analysis::Endpoint;
use crate::analysis::oracle::any_peer_matches;
use crate::diag::{Diagnostic, Severity};
use crate::lint::written::{Written, WrittenRule, network_policies};
use crate::lint::{Input, Rule, ports, witness};
use crate::policy::{self, Direction, Match};

pub const RULE: Rule = Rule {
    code: "L06",
    name: "ports-in-their-own-rule",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l06_ports_in_their_own_rule.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for written in network_policies(input) {
        for direction in Direction::BOTH {
            let rules = written.rules(direction);
            out.extend(rules.windows(2).filter_map(|pair| match pair {
                [first, second] => judge(rule, input, &written, direction, (first, second)),
                _ => None,
            }));
        }
    }
}

fn judge(
    rule: &Rule,
    input: &Input,
    written: &Written,
    direction: Direction,
    (first, second): (&WrittenRule, &WrittenRule),
) -> Option<Diagnostic> {
    let (a, b) = (first.rule?, second.rule?);
    let only_peers = |r: &policy::Rule| r.peers != Match::Any && r.ports == Match::Any;
    let only_ports = |r: &policy::Rule| r.peers == Match::Any && r.ports != Match::Any;
    let (wide, narrow, at) = if only_peers(a) && only_ports(b) {
        (b, a, second)
    } else if only_ports(a) && only_peers(b) {
        (a, b, first)
    } else {
        return None;
    };
    let is_published = || {
        let pods = input.subjects(written.index);
        let mut each = input.one_of_each(pods).into_iter();
        let all = |pod| ports::at_pod(input, wide, pod).is_subset(&ports::published(input, pod));
        !pods.is_empty() && each.all(all)
    };
    let is_meant = match direction {
        Direction::Egress => ports::are_of_dns(wide),
        Direction::Ingress => is_published(),
    };
    if is_meant {
        return None;
    }
    let (everyone, peers) = match direction {
        Direction::Ingress => ("every source", "the listed sources to all ports"),
        Direction::Egress => ("every destination", "the listed destinations on all ports"),
    };
    let is_meant = |pod| any_peer_matches(input.snapshot, &narrow.peers, &Endpoint::Pod(pod));
    let witness = witness::opened(input, written.index, direction, wide, &is_meant);
    let message = format!(
        "these ports are a rule of their own: it allows {everyone} on them{}, and the rule next to it allows {peers}",
        witness.map_or_else(String::new, |witness| format!(" ({witness})"))
    );
    let key = crate::lint::written::peers_key(direction);
    let help = format!("write `{key}` and `ports` in one rule, without the second dash");
    let finding = rule.finding(message).help(help);
    Some(written.about(finding, written.span(at.node)))
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{example, lines};

    #[test]
    fn ports_beside_their_peers() {
        let example = example(include_str!("l06_ports_in_their_own_rule.md"));
        assert_eq!(lines("L06", example), [17]);
        let one_rule = example.replace("  - ports:", "    ports:");
        assert!(lines("L06", &one_rule).is_empty());
        let published = format!(
            "{example}---\napiVersion: v1\nkind: Service\nmetadata: {{name: p, namespace: data}}\nspec: {{type: LoadBalancer, selector: {{app: postgres}}, ports: [{{port: 5432}}]}}\n"
        );
        assert!(lines("L06", &published).is_empty());
        let egress = example
            .replace("ingress:", "egress:")
            .replace("from:", "to:");
        assert_eq!(lines("L06", &egress), [17]);
        assert!(lines("L06", &egress.replace("port: 5432", "port: 53")).is_empty());
    }
}
