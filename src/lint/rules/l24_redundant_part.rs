//! Rules, peers and ports that others of their policy take in.
//!
#![doc = include_str!("l24_redundant_part.md")]

use crate::diag::{Change, Diagnostic, Severity, Span};
use crate::lint::cover::{Ports, covers, is_plain_beside, one_covers, peers_cover, rule_covers};
use crate::lint::ends::exact;
use crate::lint::{Input, Rule};
use crate::policy::{self, Action, Combine, Direction, Match, PeerItem, Policy, PortItem, Side};

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
            if let Some(other) = self.covering(rule) {
                self.redundant("rule", "rule", &rule.span, &other.span, out);
                continue;
            }
            self.peers(rule, &others, out);
            self.ports(rule, &others, out);
        }
    }

    /// A rule that covers all that is written as this one.
    fn covering(&self, rule: &policy::Rule) -> Option<&policy::Rule> {
        let rules = self.side.rules.iter().enumerate();
        let mut written = rules.filter(|(_, other)| other.span == rule.span);
        let (first, _) = written.next()?;
        let covers = |other: &policy::Rule, rule: &policy::Rule| {
            rule_covers(other, rule) && !matches_nothing(rule)
        };
        let found = self
            .others(first)
            .into_iter()
            .find(|other| other.span != rule.span && covers(other, rule));
        found.filter(|other| written.all(|(_, rule)| covers(other, rule)))
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
        let written = written(items, |item| &item.span);
        let all_covered = |outer: &[&PeerItem], inner: &[&PeerItem]| {
            let covered = |inner: &PeerItem| outer.iter().any(|o| covers(&o.peer, &inner.peer));
            inner.iter().all(|inner| covered(inner))
        };
        for (at, (span, items)) in written.iter().enumerate() {
            if items.iter().any(|item| item.peer == policy::Peer::Nothing) {
                continue;
            }
            let by_rule = |r: &&&&policy::Rule| {
                let mut items = items.iter();
                items.all(|item| one_covers(&r.peers, &item.peer))
            };
            if let Some(with) = beside(&written, at, all_covered) {
                self.redundant("peer", "peer", span, with, out);
            } else if let Some(with) = wider.iter().find(by_rule) {
                self.redundant("peer", "rule", span, &with.span, out);
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
        let written = written(items, |item| &item.span);
        let all_covered = |outer: &[&PortItem], inner: &[&PortItem]| {
            let mut ports = Ports::default();
            outer.iter().for_each(|item| ports.add_item(&item.port));
            inner.iter().all(|item| ports.cover_item(&item.port))
        };
        for (at, (span, items)) in written.iter().enumerate() {
            let by_rule = |r: &&&&policy::Rule| {
                let ports = Ports::of(&r.ports);
                items.iter().all(|item| ports.cover_item(&item.port))
            };
            if let Some(with) = beside(&written, at, all_covered) {
                self.redundant("port", "port", span, with, out);
            } else if let Some(with) = wider.iter().find(by_rule) {
                self.redundant("port", "rule", span, &with.span, out);
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

/// Items by where they are written: one that is written once may mean several, such as a port of each protocol.
type Written<'a, T> = Vec<(&'a Span, Vec<&'a T>)>;

fn written<T>(items: &[T], span: impl Fn(&T) -> &Span) -> Written<'_, T> {
    let mut found: Written<T> = Vec::new();
    for item in items {
        match found.last_mut().filter(|(last, _)| **last == *span(item)) {
            Some((_, items)) => items.push(item),
            None => found.push((span(item), vec![item])),
        }
    }
    found
}

/// Where something is written that covers all that is written here: of two that cover each other the first stays.
fn beside<'a, T>(
    written: &Written<'a, T>,
    at: usize,
    covers: impl Fn(&[&T], &[&T]) -> bool,
) -> Option<&'a Span> {
    let (_, items) = written.get(at)?;
    let mut others = written.iter().enumerate();
    let found = others.find(|(other, (_, with))| {
        *other != at && covers(with, items) && (*other < at || !covers(items, with))
    });
    found.map(|(_, (span, _))| *span)
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
    fn a_port_of_any_protocol_is_needed_beside_one_of_them() {
        let found = |ports: &str, more: &str| {
            let text = format!(
                "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  endpointSelector: {{}}\n  ingress:\n  - toPorts:\n    - ports:\n{ports}{more}"
            );
            of_code("L24", &text)
        };
        let port = |protocol: &str| format!("      - {{port: '80', protocol: {protocol}}}\n");
        let (udp, any) = (port("UDP"), port("ANY"));
        assert_eq!(found(&format!("{udp}{any}"), ""), [9]);
        assert_eq!(found(&format!("{any}{udp}"), ""), [10]);
        assert_eq!(found(&format!("{any}{any}"), ""), [10]);
        let all = ["TCP", "UDP", "SCTP"].map(port).concat();
        assert_eq!(found(&all, ""), NONE);
        // The same in two lists of one rule.
        assert_eq!(found(&udp, &format!("    - ports:\n{any}")), [9]);
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
