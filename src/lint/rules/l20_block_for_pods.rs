//! Address blocks that are meant for pods or Services.
//!
#![doc = include_str!("l20_block_for_pods.md")]

use std::net::IpAddr;

use ipnet::IpNet;

use crate::cluster::Service;
use crate::diag::{Diagnostic, Severity};
use crate::lint::written::{Block, blocks};
use crate::lint::{Input, Rule, ports};
use crate::sets::IpSet;

pub const RULE: Rule = Rule {
    code: "L20",
    name: "block-for-pods",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l20_block_for_pods.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for block in blocks(input) {
        let Some(who) = within(input, &block) else {
            continue;
        };
        let message = format!(
            "`{}` {who}: whether blocks of addresses match pods and Services depends on the network plugin",
            block.net
        );
        let help = "select the pods by their labels, with `podSelector` and `namespaceSelector`";
        let finding = rule.finding(message).help(help);
        let written = block.written;
        out.push(written.about(finding, written.span(block.node)));
    }
}

/// Whether a block is so narrow that one address of the cluster shows what it is meant for; a private one may be wider.
fn is_narrow(net: &IpNet) -> bool {
    match net {
        IpNet::V4(net) => net.prefix_len() >= if net.addr().is_private() { 16 } else { 24 },
        IpNet::V6(net) => {
            let is_local = net.addr().segments()[0] & 0xfe00 == 0xfc00;
            net.prefix_len() >= if is_local { 48 } else { 64 }
        }
    }
}

/// Whether a block is inside the ranges that the cluster gives to pods or Services, and which, in words.
fn inside_known(input: &Input, block: &Block, inside: &IpSet) -> Option<String> {
    let snapshot = input.snapshot;
    let union = |blocks: &mut dyn Iterator<Item = IpNet>| {
        let each = blocks.map(IpSet::net);
        each.fold(IpSet::empty(), |all, one| all.union(&one))
    };
    let pods = union(&mut snapshot.all_pod_cidrs());
    if inside.is_subset(&pods) {
        let (owner, _) = snapshot.pod_cidrs_in(inside).next()?;
        return Some(format!("is inside the pod CIDR of {owner}"));
    }
    let services = union(&mut snapshot.service_cidrs.iter().copied());
    let is_service = inside.is_subset(&services) && !ports::are_of_dns(block.rule);
    is_service.then(|| "is inside the addresses that Services get".to_owned())
}

/// Whose addresses a block has, in words.
fn within(input: &Input, block: &Block) -> Option<String> {
    let except: Vec<IpNet> = block.except.iter().map(|(net, _)| *net).collect();
    let inside = IpSet::block(block.net, &except);
    let single = block.net.prefix_len() == block.net.max_prefix_len();
    if !single && !is_narrow(&block.net) {
        return inside_known(input, block, &inside);
    }
    let has = |address: &IpAddr| {
        let mut except = block.except.iter();
        block.net.contains(address) && !except.any(|(net, _)| net.contains(address))
    };
    let verb = if single { "is" } else { "includes" };
    let pods = input.snapshot.pods.iter().enumerate();
    let mut pods = pods.filter(|(_, pod)| !pod.host_network);
    if let Some((at, _)) = pods.find(|(_, pod)| pod.addresses.iter().any(has)) {
        return Some(format!(
            "{verb} the address of a pod, of {}",
            input.name_of(at)
        ));
    }
    if let Some((owner, _)) = input.snapshot.pod_cidrs_in(&inside).next() {
        let noun = if single {
            "the address of a pod"
        } else {
            "addresses of pods"
        };
        return Some(format!("{verb} {noun}, by the pod CIDR of {owner}"));
    }
    let is_dns = |service: &Service| {
        ports::are_of_dns(block.rule) && service.ports.iter().any(|port| port.port == 53)
    };
    let mut services = input.snapshot.services.iter();
    match services.find(|s| s.all_addresses().any(|a| has(&a)) && !is_dns(s)) {
        Some(service) => Some(format!(
            "{verb} the address of Service `{}/{}`",
            service.namespace, service.name
        )),
        None => inside_known(input, block, &inside),
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{example, lines};

    #[test]
    fn blocks_with_addresses_of_the_cluster() {
        let example = example(include_str!("l20_block_for_pods.md"));
        assert_eq!(lines("L20", example), [12]);
        for (block, found) in [
            ("10.96.4.0/24", true),
            ("10.96.0.0/16", true),
            ("10.96.4.5/32", false),
            ("0.0.0.0/0", false),
            ("10.0.0.0/8", false),
        ] {
            let text = example.replace("10.96.4.4/32", block);
            assert_eq!(!lines("L20", &text).is_empty(), found, "{block}");
        }
        let dns = example.replace("port: 80", "port: 53");
        assert!(lines("L20", &dns).is_empty());
        let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: clinic}\nspec: {containers: [{name: p}]}\nstatus: {podIPs: [{ip: 10.244.3.7}]}\n";
        let text = format!("{}{pod}", example.replace("10.96.4.4/32", "10.244.3.7/32"));
        assert_eq!(lines("L20", &text), [12]);
        let node = "---\napiVersion: v1\nkind: Node\nmetadata: {name: n}\nspec: {podCIDR: 10.244.3.0/24}\n";
        for (block, found) in [
            ("10.244.3.7/32", true),
            ("10.244.0.0/16", true),
            ("10.244.4.0/24", false),
            ("10.0.0.0/8", false),
        ] {
            let text = format!("{}{node}", example.replace("10.96.4.4/32", block));
            assert_eq!(!lines("L20", &text).is_empty(), found, "{block}");
            let pool = "---\napiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: n}\nspec: {cidr: 10.244.3.0/24}\n";
            let text = format!("{}{pool}", example.replace("10.96.4.4/32", block));
            assert_eq!(!lines("L20", &text).is_empty(), found, "{block}");
        }
    }

    #[test]
    fn blocks_inside_known_ranges() {
        let example = example(include_str!("l20_block_for_pods.md"));
        let node = |block: &str| {
            format!(
                "---\napiVersion: v1\nkind: Node\nmetadata: {{name: n}}\nspec: {{podCIDR: {block}}}\n"
            )
        };
        let pool = |block: &str| {
            format!(
                "---\napiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {{name: n}}\nspec: {{cidr: {block}}}\n"
            )
        };
        let services = |block: &str| {
            format!(
                "---\napiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {{name: kubernetes}}\nspec: {{cidrs: [{block}]}}\n"
            )
        };
        let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: clinic}\nspec: {containers: [{name: p}]}\nstatus: {podIPs: [{ip: 203.0.113.17}]}\n";
        for (block, known, found) in [
            ("100.64.3.0/24", node("100.64.3.0/24"), true),
            ("100.64.0.0/12", node("100.64.3.0/24"), false),
            ("10.128.0.0/14", pool("10.128.0.0/14"), true),
            ("10.130.0.0/15", pool("10.128.0.0/14"), true),
            ("10.128.0.0/13", pool("10.128.0.0/14"), false),
            ("10.97.44.0/24", services("10.97.0.0/16"), true),
            ("10.98.44.0/24", services("10.97.0.0/16"), false),
            ("203.0.113.16/28", pod.to_owned(), true),
            ("203.0.0.0/16", pod.to_owned(), false),
        ] {
            let text = format!("{}{known}", example.replace("10.96.4.4/32", block));
            assert_eq!(!lines("L20", &text).is_empty(), found, "{text}");
        }
        let dns = format!(
            "{}{}",
            example
                .replace("10.96.4.4/32", "10.97.0.10/32")
                .replace("port: 80", "port: 53"),
            services("10.97.0.0/16")
        );
        assert!(lines("L20", &dns).is_empty());
    }
}
