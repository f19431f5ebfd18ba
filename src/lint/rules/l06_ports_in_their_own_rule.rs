//! A rule of peers next to a rule of ports, where one was meant.
//!
#![doc = include_str!("l06_ports_in_their_own_rule.md")]

use crate::analysis::Endpoint;
use crate::analysis::oracle::any_peer_matches;
use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule, ports, witness};
use crate::policy::{self, Action, Direction, Match};

pub const RULE: Rule = Rule {
    code: "L06",
    name: "ports-in-their-own-rule",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l06_ports_in_their_own_rule.md"),
    check,
};

/// The kinds whose rules add up, and are lists of peers and of ports.
const KINDS: [&str; 3] = [
    "NetworkPolicy",
    "CiliumNetworkPolicy",
    "CiliumClusterwideNetworkPolicy",
];

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let policies = input.snapshot.policies.iter().enumerate();
    for (at, policy) in policies.filter(|(_, policy)| KINDS.contains(&policy.kind)) {
        for direction in Direction::BOTH {
            let rules = policy.rules(direction).windows(2);
            let found = rules.filter_map(|pair| match pair {
                [first, second] => judge(rule, input, at, direction, (first, second)),
                _ => None,
            });
            out.extend(found.map(|finding| finding.on(policy.title())));
        }
    }
}

fn judge(
    rule: &Rule,
    input: &Input,
    policy: usize,
    direction: Direction,
    (a, b): (&policy::Rule, &policy::Rule),
) -> Option<Diagnostic> {
    if [a, b].iter().any(|rule| rule.action != Action::Accept) {
        return None;
    }
    let only_peers = |r: &policy::Rule| r.peers != Match::Any && r.ports == Match::Any;
    let only_ports = |r: &policy::Rule| r.peers == Match::Any && r.ports != Match::Any;
    let (wide, narrow) = if only_peers(a) && only_ports(b) {
        (b, a)
    } else if only_ports(a) && only_peers(b) {
        (a, b)
    } else {
        return None;
    };
    let is_published = || {
        let pods = input.subjects(policy);
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
    let witness = witness::opened(input, policy, direction, wide, &is_meant);
    let message = format!(
        "these ports are a rule of their own: it allows {everyone} on them{}, and the rule next to it allows {peers}",
        witness.map_or_else(String::new, |witness| format!(" ({witness})"))
    );
    let help = match input
        .snapshot
        .policies
        .get(policy)
        .map(|policy| policy.kind)
    {
        Some("NetworkPolicy") => {
            let key = crate::lint::written::peers_key(direction);
            format!("write `{key}` and `ports` in one rule, without the second dash")
        }
        _ => "write the peers and `toPorts` in one rule, without the second dash".to_owned(),
    };
    Some(rule.finding(message).help(help).at(wide.span.clone()))
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

    #[test]
    fn rules_of_cilium_add_up_too() {
        let text = |second: &str| {
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: db, namespace: data, labels: {{app: db}}}}, spec: {{containers: [{{name: c}}]}}}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {{name: p, namespace: data}}
spec:
  endpointSelector: {{matchLabels: {{app: db}}}}
  ingress:
  - fromEndpoints: [{{matchLabels: {{app: db}}}}]
  {second}
"
            )
        };
        let ports = "toPorts: [{ports: [{port: '5432', protocol: TCP}]}]";
        assert_eq!(lines("L06", &text(&format!("- {ports}"))), [10]);
        assert!(lines("L06", &text(&format!("  {ports}"))).is_empty());
        assert!(lines("L06", &text(&format!("ingressDeny: [{{{ports}}}]"))).is_empty());
    }
}
