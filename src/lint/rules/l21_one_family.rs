//! Blocks of all addresses of one family, where the cluster has both.
//!
#![doc = include_str!("l21_one_family.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::written::{blocks, network_policies};
use crate::lint::{Input, Rule};
use crate::policy::{Direction, Match};

pub const RULE: Rule = Rule {
    code: "L21",
    name: "one-family",
    severity: Severity::Info,
    qualifies_verdict: false,
    page: include_str!("l21_one_family.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let Some(witness) = dual_stack(input) else {
        return;
    };
    for written in network_policies(input) {
        for direction in Direction::BOTH {
            let rules = written.rules(direction);
            let whole = |one| blocks(one, direction).into_iter();
            let whole: Vec<_> = rules
                .iter()
                .flat_map(whole)
                .filter(|block| block.net.prefix_len() == 0)
                .collect();
            let open = rules.iter().filter_map(|one| one.rule);
            let open = open
                .into_iter()
                .any(|r| r.peers == Match::Any && r.ports == Match::Any);
            let v6 = whole.iter().any(|block| block.net.addr().is_ipv6());
            let v4 = whole.iter().any(|block| block.net.addr().is_ipv4());
            let (true, Some(block)) = (v4 != v6 && !open, whole.first()) else {
                continue;
            };
            let (other, missing) = if v4 {
                ("IPv6", "::/0")
            } else {
                ("IPv4", "0.0.0.0/0")
            };
            let message = format!(
                "`{}` has no {other} addresses, and the cluster has both families: {witness}",
                block.net
            );
            let help = format!("add an `ipBlock` with `{missing}`, if {other} is meant, too");
            let finding = rule.finding(message).help(help);
            out.push(written.about(finding, written.span(block.node)));
        }
    }
}

/// What shows that the cluster has IPv4 and IPv6.
fn dual_stack(input: &Input) -> Option<String> {
    let snapshot = input.snapshot;
    let mut services = snapshot.services.iter();
    if let Some(service) = services.find(|s| s.families.v4 && s.families.v6) {
        let name = format!("`{}/{}`", service.namespace, service.name);
        return Some(format!("Service {name} is dual-stack"));
    }
    let mut pods = snapshot.pods.iter().enumerate();
    let found = pods.find(|(_, pod)| {
        pod.addresses.iter().any(|a| a.is_ipv6()) && pod.addresses.iter().any(|a| a.is_ipv4())
    });
    let (at, _) = found?;
    Some(format!(
        "pods of {} have addresses of both",
        input.name_of(at)
    ))
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{example, lines};

    #[test]
    fn blocks_of_one_family() {
        let example = example(include_str!("l21_one_family.md"));
        assert_eq!(lines("L21", example), [12]);
        for fine in [
            example.replace(
                "cidr: 0.0.0.0/0}}",
                "cidr: 0.0.0.0/0}}, {ipBlock: {cidr: \"::/0\"}}",
            ),
            example.replace("[IPv4, IPv6]", "[IPv4]"),
            example.replace("0.0.0.0/0", "192.0.2.0/24"),
        ] {
            assert!(lines("L21", &fine).is_empty(), "{fine}");
        }
    }
}
