//! Exceptions of a block that another rule allows.
//!
#![doc = include_str!("l22_except_defeated.md")]

use ipnet::IpNet;

use crate::diag::{Diagnostic, Severity};
use crate::lint::written::{blocks, blocks_of_enforcers};
use crate::lint::{Input, Rule, cover, ports, witness};
use crate::policy::{self, Action, Direction, Match};
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
    for block in blocks(input).chain(blocks_of_enforcers(input)) {
        let written = block.written;
        let case = Case {
            input,
            policy: written.index,
            direction: block.direction,
            rule: block.rule,
        };
        for (net, node) in &block.except {
            let Some((by, witness)) = case.defeats(*net) else {
                continue;
            };
            let message = format!(
                "`{net}` is excepted here, and a rule of `{}` allows it on the same ports{witness}: rules add up, `except` denies nothing",
                by.full_name(),
            );
            let help = "except the range in that rule, too, or remove the exception";
            let finding = rule.finding(message).help(help);
            out.push(written.about(finding, written.span(node)));
        }
    }
}

struct Case<'a, 'b> {
    input: &'b Input<'a>,
    policy: usize,
    direction: Direction,
    rule: &'b policy::Rule,
}

impl<'a> Case<'a, '_> {
    /// A policy of the same pods with a rule that allows a whole range on the ports of this rule, and a connection with
    /// an address of the range. The rule defeats nothing where others deny the range before it.
    fn defeats(&self, net: IpNet) -> Option<(&'a policy::Policy, String)> {
        let own = self.input.one_of_each(self.input.subjects(self.policy));
        let mut policies = self.input.snapshot.policies.iter().enumerate();
        let (_, by) = policies.find(|(at, policy)| {
            let pods = self.input.subjects(*at);
            let shared = own.iter().find(|pod| pods.binary_search(pod).is_ok());
            let mut rules = policy.rules(self.direction).iter();
            (*at == self.policy || shared.is_some())
                && rules.any(|rule| self.allows(rule, net, shared.copied()))
        })?;
        let first = [net.hosts().next().unwrap_or(net.addr())];
        let found = witness::opened_to(self.input, self.policy, self.direction, self.rule, &first);
        match found {
            Some(witness) => Some((by, format!(" ({witness})"))),
            None => own.is_empty().then(|| (&**by, String::new())),
        }
    }

    /// Whether another rule allows a range on the ports of this rule, at a pod where that has them.
    fn allows(&self, other: &policy::Rule, net: IpNet, pod: Option<usize>) -> bool {
        let of = |rule: &policy::Rule| match (self.direction, pod) {
            (Direction::Ingress, Some(pod)) => ports::at_pod(self.input, rule, pod),
            _ => plain_ports(rule),
        };
        let (own, others) = (of(self.rule), of(other));
        let range = IpSet::net(net);
        let includes = match &other.peers {
            Match::Any => true,
            Match::Only(items) => {
                let mut items = items.iter();
                items.any(|item| cover::covers_range(&item.peer, &range))
            }
        };
        other.action == Action::Accept && includes && !own.is_empty() && own.is_subset(&others)
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
        let both = example
            .replace("except: [10.0.0.0/8]", "except: [10.0.0.0/8, 192.0.2.0/24]")
            .replace(
                "{ipBlock: {cidr: 10.0.0.0/8}}",
                "{ipBlock: {cidr: 10.0.0.0/8}}, {ipBlock: {cidr: 192.0.2.0/24}}",
            );
        assert_eq!(lines("L22", &both), [7, 7]);
    }

    const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec:
  podSelector: {}
";

    #[test]
    fn named_ports_are_numbers_of_the_pods() {
        let text = |port: &str| {
            format!(
                "{POD}  ingress:
  - from: [{{ipBlock: {{cidr: 0.0.0.0/0, except: [203.0.113.0/24]}}}}]
    ports: [{{port: http}}]
  - from: [{{ipBlock: {{cidr: 203.0.113.0/24}}}}]
    ports: [{{port: {port}}}]
"
            )
        };
        assert_eq!(lines("L22", &text("http")), [9]);
        assert_eq!(lines("L22", &text("8080")), [9]);
        assert!(lines("L22", &text("8081")).is_empty());
    }

    #[test]
    fn ranges_that_stay_closed_are_not_defeated() {
        let text = |rules: &str| {
            format!(
                "{POD}  policyTypes: [Egress]
  egress:
  - to: [{{ipBlock: {{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}}}]
    ports: [{{port: 443}}]
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {{name: q, namespace: shop}}
spec:
  selector: app == 'web'
  order: 10
  types: [Egress]
  egress:
{rules}"
            )
        };
        let allow =
            "  - {action: Allow, protocol: TCP, destination: {nets: [10.0.0.0/8], ports: [443]}}\n";
        let deny = "  - {action: Deny, destination: {nets: [10.0.0.0/8]}}\n";
        let but = "  - {action: Allow, protocol: TCP, destination: {notNets: [10.0.0.0/8], ports: [443]}}\n";
        assert_eq!(lines("L22", &text(allow)), [10]);
        assert!(lines("L22", &text(&format!("{deny}{allow}"))).is_empty());
        assert!(lines("L22", &text(but)).is_empty());
    }

    #[test]
    fn exceptions_in_cilium_and_calico() {
        let (pod, _) = POD.split_once("---").unwrap();
        let cilium = |others: &str| {
            format!(
                "{pod}---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {{name: p, namespace: shop}}
spec:
  endpointSelector: {{}}
  egress:
  - toCIDRSet: [{{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]
{others}"
            )
        };
        let allow = "  - toCIDR: [10.0.0.0/8]\n";
        assert_eq!(lines("L22", &cilium(allow)), [9]);
        assert!(lines("L22", &cilium("")).is_empty());
        assert!(lines("L22", &cilium("  - toCIDR: [10.1.0.0/16]\n")).is_empty());
        let deny = format!("{allow}  egressDeny:\n  - toCIDR: [10.0.0.0/8]\n");
        assert!(lines("L22", &cilium(&deny)).is_empty());
        let calico = |others: &str| {
            format!(
                "{pod}---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {{name: p, namespace: shop}}
spec:
  types: [Egress]
  egress:
  - {{action: Allow, destination: {{nets: [0.0.0.0/0], notNets: [10.0.0.0/8]}}}}
{others}"
            )
        };
        let allow = "  - {action: Allow, destination: {nets: [10.0.0.0/8]}}\n";
        assert_eq!(lines("L22", &calico(allow)), [9]);
        assert!(lines("L22", &calico("")).is_empty());
        let deny = "  - {action: Deny, destination: {nets: [10.0.0.0/8]}}\n";
        assert!(lines("L22", &calico(&format!("{deny}{allow}"))).is_empty());
    }
}
