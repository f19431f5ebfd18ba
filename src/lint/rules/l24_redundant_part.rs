//! Rules, peers and ports that others of their policy take in.
//!
#![doc = include_str!("l24_redundant_part.md")]

use crate::diag::{Change, Diagnostic, Severity, Span};
use crate::lint::cover::{Ports, covers, is_plain_beside, one_covers, peers_cover, rule_covers};
use crate::lint::ends::exact;
use crate::lint::{Input, Rule};
use crate::policy::{self, Action, Combine, Direction, Match, Policy, Side};

pub const RULE: Rule = Rule {
    code: "L24",
    name: "redundant-part",
    severity: Severity::Info,
    qualifies_verdict: false,
    page: include_str!("l24_redundant_part.md"),
    check,
};

/// Lists that are longer are generated, and comparing all their items takes long.
const MOST_ITEMS: usize = 300;

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let policies = input.snapshot.policies.iter().zip(exact(input));
    for (policy, _) in policies.filter(|(_, exact)| *exact) {
        let tier = input.snapshot.tiers.get(policy.tier);
        let ordered = tier.is_some_and(|tier| tier.combine == Combine::FirstMatch);
        for side in Direction::BOTH.iter().filter_map(|d| policy.side(*d)) {
            let accepts = |rule: &policy::Rule| rule.action == Action::Accept;
            let ordered = ordered && !(side.isolates && side.rules.iter().all(accepts));
            let found = Search {
                rule,
                policy,
                side,
                ordered,
            };
            found.run(out);
        }
    }
}

struct Search<'a> {
    rule: &'a Rule,
    policy: &'a Policy,
    side: &'a Side,
    /// The order of the rules counts: only parts of one rule are compared.
    ordered: bool,
}

impl Search<'_> {
    fn run(&self, out: &mut Vec<Diagnostic>) {
        if self.side.rules.len() > MOST_ITEMS {
            return;
        }
        for (at, rule) in self.side.rules.iter().enumerate() {
            let others = self.others(at);
            let whole = others.iter().find(|other| rule_covers(other, rule));
            if let Some(other) = whole.filter(|_| !matches_nothing(rule)) {
                self.redundant("rule", "rule", &rule.span, &other.span, out);
                continue;
            }
            self.peers(rule, &others, out);
            self.ports(rule, &others, out);
        }
    }

    /// The rules that a rule is compared with: of two that take in each other the first stays.
    fn others(&self, at: usize) -> Vec<&policy::Rule> {
        let Some(rule) = self.side.rules.get(at).filter(|_| !self.ordered) else {
            return Vec::new();
        };
        let rules = self.side.rules.iter().enumerate();
        rules
            .filter(|(other, with)| {
                *other != at
                    && with.action == rule.action
                    && is_plain_beside(with, rule)
                    && (*other < at || !rule_covers(rule, with))
            })
            .map(|(_, with)| with)
            .collect()
    }

    fn peers(&self, rule: &policy::Rule, others: &[&policy::Rule], out: &mut Vec<Diagnostic>) {
        let Match::Only(items) = &rule.peers else {
            return;
        };
        if items.len() > MOST_ITEMS {
            return;
        }
        let wider: Vec<_> = others
            .iter()
            .filter(|other| Ports::of(&other.ports).cover(&rule.ports))
            .collect();
        for (at, item) in items.iter().enumerate() {
            if item.peer == policy::Peer::Nothing {
                continue;
            }
            let beside = items.iter().enumerate().find(|(other, with)| {
                *other != at
                    && covers(&with.peer, &item.peer)
                    && (*other < at || !covers(&item.peer, &with.peer))
            });
            if let Some((_, with)) = beside {
                self.redundant("peer", "peer", &item.span, &with.span, out);
            } else if let Some(with) = wider.iter().find(|r| one_covers(&r.peers, &item.peer)) {
                self.redundant("peer", "rule", &item.span, &with.span, out);
            }
        }
    }

    fn ports(&self, rule: &policy::Rule, others: &[&policy::Rule], out: &mut Vec<Diagnostic>) {
        let Match::Only(items) = &rule.ports else {
            return;
        };
        if items.len() > MOST_ITEMS {
            return;
        }
        let wider: Vec<_> = others
            .iter()
            .filter(|other| peers_cover(&other.peers, &rule.peers))
            .collect();
        for (at, item) in items.iter().enumerate() {
            let one_covers = |outer: &policy::PortItem, inner: &policy::PortItem| {
                let mut ports = Ports::default();
                ports.add_item(&outer.port);
                ports.cover_item(&inner.port)
            };
            let beside = items.iter().enumerate().find(|(other, with)| {
                // One item that is written once may mean a port of each protocol.
                *other != at
                    && with.span != item.span
                    && one_covers(with, item)
                    && (*other < at || !one_covers(item, with))
            });
            if let Some((_, with)) = beside {
                self.redundant("port", "port", &item.span, &with.span, out);
            } else if let Some(with) =
                (wider.iter()).find(|r| Ports::of(&r.ports).cover_item(&item.port))
            {
                self.redundant("port", "rule", &item.span, &with.span, out);
            }
        }
    }

    fn redundant(&self, what: &str, by: &str, at: &Span, with: &Span, out: &mut Vec<Diagnostic>) {
        let message = format!(
            "this {what} has no effect of its own: the {by} in line {} already matches all that it matches",
            with.line
        );
        let found = self
            .rule
            .finding(message)
            .at(at.clone())
            .on(self.policy.title())
            .help(format!(
                "remove it, or narrow the {by} in line {} if that is wider than meant",
                with.line
            ));
        // A rule of which nothing is left would match everything; what another rule matches is a matter of taste.
        let is_repeated = what == by && what != "rule";
        out.push(match is_repeated {
            true => found.corrected((at.start, at.end), Change::Remove),
            false => found,
        });
    }
}

fn matches_nothing(rule: &policy::Rule) -> bool {
    matches!(&rule.peers, Match::Only(items) if items.is_empty())
        || matches!(&rule.ports, Match::Only(items) if items.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, of_code};

    fn found(rules: &str) -> Vec<u32> {
        let text = format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  podSelector: {{}}\n  ingress:\n{rules}"
        );
        of_code("L24", &text)
    }

    #[test]
    fn parts_inside_others() {
        let web = "  - from: [{podSelector: {matchLabels: {app: web}}}]\n";
        let all = "  - from: [{podSelector: {}}]\n";
        let port = "    ports: [{port: 80}]\n";
        assert_eq!(found(&format!("{web}{port}{all}")), [7]);
        assert_eq!(found(&format!("{web}{all}{port}")), NONE);
        assert_eq!(found(&format!("{web}{web}")), [8]);
        assert_eq!(
            found("  - ports:\n    - {port: 80}\n    - {port: 70, endPort: 90}\n"),
            [8]
        );
        assert_eq!(
            found("  - ports:\n    - {port: 53}\n    - {port: 53, protocol: UDP}\n"),
            NONE
        );
        let blocks = "  - from:\n    - ipBlock: {cidr: 10.0.0.0/8}\n    - ipBlock: {cidr: 10.1.0.0/16}\n    - ipBlock: {cidr: 192.0.2.0/24}\n";
        assert_eq!(found(blocks), [9]);
        let hole = "  - from:\n    - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}\n    - ipBlock: {cidr: 10.1.2.0/24}\n";
        assert_eq!(found(hole), NONE);
    }

    #[test]
    fn rules_with_conditions_are_not_compared() {
        let text = |paths: &str| {
            format!(
                "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  endpointSelector: {{}}\n  ingress:\n  - toPorts: [{{ports: [{{port: '80', protocol: TCP}}]{paths}}}]\n  - toPorts: [{{ports: [{{port: '80', protocol: TCP}}]}}]\n"
            )
        };
        assert_eq!(of_code("L24", &text("")), [8]);
        let paths = ", rules: {http: [{path: /a}]}";
        assert_eq!(of_code("L24", &text(paths)), NONE);
    }
}
