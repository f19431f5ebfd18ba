//! Blocks of all addresses of one family, where the cluster has both.
//!
#![doc = include_str!("l21_one_family.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::written::{Block, blocks};
use crate::lint::{Input, Rule};
use crate::policy::Match;

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
    let whole = blocks(input).filter(|block| block.net.prefix_len() == 0);
    let whole: Vec<Block> = whole.collect();
    let place = |block: &Block| (block.written.index, block.direction);
    for blocks in whole.chunk_by(|a, b| place(a) == place(b)) {
        let (written, direction) = (blocks[0].written, blocks[0].direction);
        let mut rules = written.policy.rules(direction).iter();
        let open = rules.any(|rule| rule.peers == Match::Any && rule.ports == Match::Any);
        let v6 = blocks.iter().any(|block| block.net.addr().is_ipv6());
        let v4 = blocks.iter().any(|block| block.net.addr().is_ipv4());
        if open || v4 == v6 {
            continue;
        }
        let (other, missing) = match v4 {
            true => ("IPv6", "::/0"),
            false => ("IPv4", "0.0.0.0/0"),
        };
        let message = format!(
            "`{}` has no {other} addresses, and the cluster has both families: {witness}",
            blocks[0].net
        );
        let help = format!("add an `ipBlock` with `{missing}`, if {other} is meant, too");
        let finding = rule.finding(message).help(help);
        out.push(written.about(finding, written.span(blocks[0].node)));
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
