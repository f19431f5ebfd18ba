//! Blocks of pods where blocks never match pods.
//!
#![doc = include_str!("l44_block_for_pods.md")]

use std::net::IpAddr;

use crate::cluster::{Enforcer, Snapshot};
use crate::diag::{Diagnostic, Severity};
use crate::lint::ends::workload_of;
use crate::lint::{Input, Rule};
use crate::policy::{Direction, Match, Peer, PeerItem, Policy};
use crate::sets::IpSet;

pub const RULE: Rule = Rule {
    code: "L44",
    name: "block-for-pods",
    severity: Severity::Error,
    qualifies_verdict: false,
    page: include_str!("l44_block_for_pods.md"),
    check,
};

/// Ranges that are shorter hold more than the pods of one cluster.
const SHORTEST_V4: u8 = 12;
const SHORTEST_V6: u8 = 40;

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    if input.snapshot.assumptions.enforcer != Enforcer::Cilium {
        return;
    }
    let inside = inside(input.snapshot);
    for policy in &input.snapshot.policies {
        let rules = Direction::BOTH.iter().flat_map(|d| policy.rules(*d));
        for with in rules {
            if let Match::Only(items) = &with.peers {
                let found = items.iter().filter_map(|item| {
                    let what = names_inside(item, &inside)?;
                    Some(finding(rule, policy, item, what))
                });
                out.extend(found);
            }
        }
    }
}

/// The known addresses of pods and nodes, with their names.
fn inside(snapshot: &Snapshot) -> Vec<(IpAddr, String)> {
    let pods = snapshot.pods.iter().flat_map(|pod| {
        let name = format!("`{}`", workload_of(snapshot, pod));
        pod.addresses.iter().map(move |a| (*a, name.clone()))
    });
    let nodes = snapshot.nodes.iter().flat_map(|node| {
        let name = format!("node `{}`", node.name);
        node.addresses.iter().map(move |a| (*a, name.clone()))
    });
    pods.chain(nodes).collect()
}

/// The pod or node that a peer's block is for, if it holds nothing else.
fn names_inside<'a>(
    item: &PeerItem,
    inside: &'a [(IpAddr, String)],
) -> Option<&'a (IpAddr, String)> {
    let mut block: Option<&IpSet> = None;
    item.peer.leaves(&mut |leaf| {
        if let Peer::Addresses(set) = leaf {
            block = Some(set);
        }
    });
    let block = block?;
    let narrow = block.cidrs().iter().all(|net| {
        let shortest = if net.addr().is_ipv4() {
            SHORTEST_V4
        } else {
            SHORTEST_V6
        };
        net.prefix_len() >= shortest
    });
    let mut known = inside.iter();
    known
        .find(|(address, _)| block.contains(*address))
        .filter(|_| narrow)
}

fn finding(
    rule: &Rule,
    policy: &Policy,
    item: &PeerItem,
    (address, name): &(IpAddr, String),
) -> Diagnostic {
    let message = format!(
        "this block holds {name} (`{address}`), but Cilium's blocks match neither pods nor nodes"
    );
    let found = rule.finding(message).at(item.span.clone());
    found
        .on(policy.title())
        .help("select pods by their labels, and nodes by the entities `host` and `remote-node`")
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, of_code};

    #[test]
    fn blocks_inside_the_cluster() {
        let found = |block: &str| {
            let text = format!(
                "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  endpointSelector: {{}}\n  ingress:\n  - fromCIDRSet:\n    - {block}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: s}}\nstatus: {{podIP: 10.244.1.7}}\n"
            );
            of_code("L44", &text)
        };
        assert_eq!(found("{cidr: 10.244.0.0/16}"), [8]);
        assert_eq!(found("{cidr: 10.244.1.7/32}"), [8]);
        assert_eq!(
            found("{cidr: 10.244.0.0/16, except: [10.244.1.0/24]}"),
            NONE
        );
        assert_eq!(found("{cidr: 0.0.0.0/0}"), NONE);
        assert_eq!(found("{cidr: 203.0.113.0/24}"), NONE);
    }
}
