//! Exceptions of a block that another rule allows.
//!
#![doc = include_str!("l22_except_defeated.md")]

use ipnet::IpNet;

use crate::diag::{Diagnostic, Severity};
use crate::lint::written::blocks;
use crate::lint::{Input, Rule, ports, witness};
use crate::policy::{self, Action, Direction, Match, Peer};
use crate::sets::{IpSet, PortSet};

pub const RULE: Rule = Rule {
    code: "L22",
    name: "except-defeated",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l22_except_defeated.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for block in blocks(input) {
        let written = block.written;
        let case = Case {
            input,
            policy: written.index,
            direction: block.direction,
            rule: block.rule,
        };
        let mut except = block.except.iter();
        let found = except.find_map(|(net, node)| Some((net, node, case.defeats(*net)?)));
        let Some((net, node, by)) = found else {
            continue;
        };
        let message = format!(
            "`{net}` is excepted here, and a rule of `{}` allows it on the same ports{}: rules add up, `except` denies nothing",
            by.full_name(),
            case.witness(*net)
        );
        let help = "except the range in that rule, too, or remove the exception";
        let finding = rule.finding(message).help(help);
        out.push(written.about(finding, written.span(node)));
    }
}

struct Case<'a, 'b> {
    input: &'b Input<'a>,
    policy: usize,
    direction: Direction,
    rule: &'b policy::Rule,
}

impl<'a> Case<'a, '_> {
    /// A policy of the same pods with a rule that allows a whole range on the ports of this rule.
    fn defeats(&self, net: IpNet) -> Option<&'a policy::Policy> {
        let own = self.input.one_of_each(self.input.subjects(self.policy));
        let policies = self.input.snapshot.policies.iter().enumerate();
        let mut found = policies.filter(|(at, policy)| {
            let mut rules = policy.rules(self.direction).iter();
            rules.any(|rule| self.allows(rule, net)) && self.shares_pod(*at, &own)
        });
        found.next().map(|(_, policy)| &**policy)
    }

    /// A connection with an address of a range that is allowed.
    fn witness(&self, net: IpNet) -> String {
        let first = [net.hosts().next().unwrap_or(net.addr())];
        let found = witness::opened_to(self.input, self.policy, self.direction, self.rule, &first);
        found.map_or_else(String::new, |witness| format!(" ({witness})"))
    }

    fn shares_pod(&self, policy: usize, own: &[usize]) -> bool {
        let pods = self.input.subjects(policy);
        policy == self.policy || own.iter().any(|pod| pods.binary_search(pod).is_ok())
    }

    fn allows(&self, other: &policy::Rule, net: IpNet) -> bool {
        let (own, others) = (plain_ports(self.rule), plain_ports(other));
        other.action == Action::Accept
            && includes(other, net)
            && !own.is_empty()
            && own.is_subset(&others)
    }
}

/// Whether a peer of a rule includes all addresses of a range.
fn includes(rule: &policy::Rule, net: IpNet) -> bool {
    let wanted = IpSet::net(net);
    match &rule.peers {
        Match::Any => true,
        Match::Only(items) => items.iter().any(|item| {
            let mut found = false;
            item.peer.leaves(&mut |leaf| {
                found |= matches!(leaf, Peer::Addresses(set) if wanted.is_subset(set));
            });
            found
        }),
    }
}

/// The ports of a rule without names.
fn plain_ports(rule: &policy::Rule) -> PortSet {
    match &rule.ports {
        Match::Any => PortSet::all(),
        Match::Only(items) => items.iter().map(ports::numbers).collect(),
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{example, lines};

    #[test]
    fn exceptions_that_another_rule_allows() {
        let example = example(include_str!("l22_except_defeated.md"));
        assert_eq!(lines("L22", example), [7]);
        let other = |rule: &str| {
            let (before, _) = example
                .split_once("  - to: [{ipBlock: {cidr: 10.0.0.0/8}}]")
                .unwrap();
            lines("L22", &format!("{before}  {rule}\n"))
        };
        assert_eq!(other("- ports: [{port: 443}, {port: 80}]"), [7]);
        for fine in [
            "- to: [{ipBlock: {cidr: 10.0.0.0/8}}]\n    ports: [{port: 5432}]",
            "- to: [{ipBlock: {cidr: 10.1.0.0/16}}]\n    ports: [{port: 443}]",
            "- to: [{podSelector: {}}]\n    ports: [{port: 443}]",
            "- ports: [{port: 53, protocol: UDP}]",
        ] {
            assert!(other(fine).is_empty(), "{fine}");
        }
    }
}
