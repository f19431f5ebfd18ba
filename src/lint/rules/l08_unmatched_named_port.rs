//! Port names where the peer declares no ports.
//!
#![doc = include_str!("l08_unmatched_named_port.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule};
use crate::policy::{self, Match, Peer, PortMatch};

pub const RULE: Rule = Rule {
    code: "L08",
    name: "unmatched-named-port",
    severity: Severity::Warning,
    qualifies_verdict: true,
    page: include_str!("l08_unmatched_named_port.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    // For cluster-wide policies the dialect reports this itself (A10).
    let policies = input.snapshot.policies.iter();
    for policy in policies.filter(|p| p.namespace.is_some()) {
        let rules = policy.egress.iter().flat_map(|side| &side.rules);
        for written in rules.filter(|written| names_outside(written)) {
            let Match::Only(items) = &written.ports else {
                continue;
            };
            for item in items {
                if let PortMatch::Named { name, .. } | PortMatch::FromNamed { name, .. } =
                    &item.port
                {
                    let message = format!(
                        "the port name `{name}` matches nothing at an address, a node or a domain name: only pods declare names"
                    );
                    let found = rule
                        .finding(message)
                        .at(item.span.clone())
                        .on(policy.title())
                        .help("write the port's number, in a rule for these peers");
                    out.push(found);
                }
            }
        }
    }
}

/// Whether a rule names peers that are no pods.
fn names_outside(rule: &policy::Rule) -> bool {
    let Match::Only(items) = &rule.peers else {
        return false;
    };
    let mut found = false;
    for item in items {
        item.peer.leaves(&mut |peer| {
            found |= matches!(peer, Peer::Addresses(_) | Peer::Nodes(_) | Peer::Domain(_));
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::lines;

    #[test]
    fn port_names_towards_addresses() {
        let policy = |direction: &str, peers: &str, port: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  {direction}:\n  - ports:\n    - port: {port}\n{peers}"
            )
        };
        let block = "    to: [{ipBlock: {cidr: 10.0.0.0/8}}]\n";
        assert_eq!(lines("L08", &policy("egress", block, "http")), [7]);
        assert!(lines("L08", &policy("egress", block, "80")).is_empty());
        assert!(lines("L08", &policy("egress", "", "http")).is_empty());
        let from = block.replace("to:", "from:");
        assert!(lines("L08", &policy("ingress", &from, "http")).is_empty());
    }
}
