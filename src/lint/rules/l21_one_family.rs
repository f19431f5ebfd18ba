//! Blocks of all addresses of one family, where the cluster has both.
//!
#![doc = include_str!("l21_one_family.md")]

use ipnet::IpNet;

use crate::diag::{Diagnostic, Severity};
use crate::lint::written::{Block, blocks};
use crate::lint::{Input, Rule};
use crate::policy::{self, Action, Match, Peer};

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
        let v6 = blocks.iter().any(|block| block.net.addr().is_ipv6());
        let v4 = blocks.iter().any(|block| block.net.addr().is_ipv4());
        if v4 == v6 || is_open(written.policy.rules(direction)) {
            continue;
        }
        let (other, missing) = match v4 {
            true => ("IPv6", "::/0"),
            false => ("IPv4", "0.0.0.0/0"),
        };
        let other_is_open = |pod: usize| {
            let policies = input.snapshot.policies.iter().enumerate();
            let mut own =
                policies.filter(|(at, _)| input.subjects(*at).binary_search(&pod).is_ok());
            own.any(|(_, policy)| {
                let rules = policy.rules(direction);
                is_open(rules) || missing.parse().is_ok_and(|net| has_block(rules, net))
            })
        };
        let pods = input.one_of_each(input.subjects(written.index));
        if !pods.is_empty() && pods.into_iter().all(other_is_open) {
            continue;
        }
        let message = format!(
            "`{}` has no {other} addresses, and the cluster has both families: {witness}",
            blocks[0].net
        );
        let help = format!("add an `ipBlock` with `{missing}`, if {other} is meant, too");
        let finding = rule.finding(message).help(help);
        out.push(written.about(finding, written.span(blocks[0].node)));
    }
}

fn is_open(rules: &[policy::Rule]) -> bool {
    let mut rules = rules.iter();
    rules.any(|rule| {
        rule.action == Action::Accept && rule.peers == Match::Any && rule.ports == Match::Any
    })
}

/// Whether a rule allows a block of all addresses, with its exceptions.
fn has_block(rules: &[policy::Rule], net: IpNet) -> bool {
    let outside = [net.addr(), net.broadcast()];
    rules.iter().any(|rule| {
        rule.action == Action::Accept
            && rule.peers.listed().iter().any(|item| {
                item.peer.has_leaf(
                    |leaf| matches!(leaf, Peer::Addresses(set) if outside.iter().all(|a| set.contains(*a))),
                )
            })
    })
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
    if let Some((at, _)) = found {
        let name = input.name_of(at);
        return Some(format!("pods of {name} have addresses of both"));
    }
    let mut nodes = snapshot.nodes.iter();
    let node = nodes.find(|node| {
        let mut cidrs = node.pod_cidrs.iter().map(IpNet::addr);
        cidrs.clone().any(|a| a.is_ipv4()) && cidrs.any(|a| a.is_ipv6())
    })?;
    Some(format!("node `{}` has pod CIDRs of both", node.name))
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
        let single = example.replace("ipFamilies: [IPv4, IPv6], ", "");
        for (hint, found) in [
            ("ipFamilyPolicy: RequireDualStack", true),
            ("ipFamilyPolicy: PreferDualStack", false),
            ("clusterIPs: [10.96.1.1, \"fd00::1\"]", true),
            ("clusterIPs: [10.96.1.1]", false),
        ] {
            let text = single.replace("selector: {app", &format!("{hint}, selector: {{app"));
            assert_eq!(!lines("L21", &text).is_empty(), found, "{hint}");
        }
        let node = "---\napiVersion: v1\nkind: Node\nmetadata: {name: n}\nspec: {podCIDRs: [10.244.0.0/24, \"fd00:1::/64\"]}\n";
        assert_eq!(lines("L21", &format!("{single}{node}")), [12]);
    }

    #[test]
    fn policies_of_the_same_pods_add_up() {
        let example = example(include_str!("l21_one_family.md"));
        let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: gate, namespace: edge, labels: {app: gate}}\nspec: {containers: [{name: c}]}\n";
        let policy = |spec: &str| {
            format!(
                "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: q, namespace: edge}}\nspec: {{{spec}}}\n"
            )
        };
        let v6 = "ingress: [{from: [{ipBlock: {cidr: \"::/0\", except: [\"fc00::/7\"]}}]}]";
        for (spec, found) in [
            (v6.to_owned(), false),
            ("ingress: [{}]".to_owned(), false),
            (
                format!("podSelector: {{matchLabels: {{app: x}}}}, {v6}"),
                true,
            ),
            (
                v6.replace("::/0", "2001:db8::/32")
                    .replace("fc00::/7", "2001:db8:1::/48"),
                true,
            ),
        ] {
            let text = format!("{example}{pod}{}", policy(&spec));
            assert_eq!(!lines("L21", &text).is_empty(), found, "{text}");
        }
    }
}
