//! Blocks of pods where blocks never match pods.
//!
#![doc = include_str!("l44_block_for_pods.md")]

use std::net::IpAddr;

use ipnet::IpNet;

use crate::cluster::{Enforcer, Snapshot};
use crate::diag::{Diagnostic, Severity};
use crate::lint::ends::workload_of;
use crate::lint::{Input, Rule};
use crate::policy::{Direction, Peer};
use crate::sets::IpSet;

pub const RULE: Rule = Rule {
    code: "L44",
    name: "block-for-pods",
    severity: Severity::Error,
    qualifies_verdict: false,
    page: include_str!("l44_block_for_pods.md"),
    check,
};

const NEITHER: &str = "Cilium's blocks match neither pods and Services nor nodes";

/// Networks of nodes that are no wider may have nothing in them but nodes.
const SUBNET: [u8; 2] = [24, 64];

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    if input.snapshot.assumptions.enforcer != Enforcer::Cilium {
        return;
    }
    let known = Known::new(input.snapshot);
    for policy in &input.snapshot.policies {
        let rules = Direction::BOTH.iter().flat_map(|d| policy.rules(*d));
        for item in rules.flat_map(|with| with.peers.listed()) {
            let mut block: Option<&IpSet> = None;
            item.peer.leaves(&mut |leaf| {
                if let Peer::Addresses(set) = leaf {
                    block = Some(set);
                }
            });
            let found = block.and_then(|block| known.finding(rule, block));
            out.extend(found.map(|found| found.at(item.span.clone()).on(policy.title())));
        }
    }
}

/// What is known of the addresses in the cluster.
struct Known {
    /// Addresses of pods and Services, with their names.
    addresses: Vec<(IpAddr, String)>,
    /// Addresses of nodes, with the names of what has them.
    nodes: Vec<(IpAddr, String)>,
    /// Ranges of pods, with the names of what declares them.
    ranges: Vec<(IpNet, String)>,
    /// All that is in the cluster for certain.
    inside: IpSet,
}

impl Known {
    fn new(snapshot: &Snapshot) -> Self {
        let (mut addresses, mut nodes, mut ranges) = (Vec::new(), Vec::new(), Vec::new());
        for pod in snapshot.pods.iter() {
            let name = format!("`{}`", workload_of(snapshot, pod));
            // A pod on the network of its node has the node's address.
            let into = if pod.host_network {
                &mut nodes
            } else {
                &mut addresses
            };
            into.extend(pod.addresses.iter().map(|a| (*a, name.clone())));
        }
        for service in snapshot.services.iter() {
            let name = format!("Service `{}/{}`", service.namespace, service.name);
            addresses.extend(service.addresses.iter().map(|a| (*a, name.clone())));
        }
        for node in &snapshot.nodes {
            let name = format!("node `{}`", node.name);
            nodes.extend(node.addresses.iter().map(|a| (*a, name.clone())));
            ranges.extend(node.pod_cidrs.iter().map(|net| (*net, name.clone())));
        }
        for pool in &snapshot.address_pools {
            let name = format!("{} `{}`", pool.kind, pool.name);
            ranges.extend(pool.cidrs.iter().map(|net| (*net, name.clone())));
        }
        let single = addresses
            .iter()
            .chain(&nodes)
            .map(|(a, _)| IpSet::single(*a));
        let nets = ranges.iter().map(|(net, _)| IpSet::net(*net));
        let inside = single
            .chain(nets)
            .fold(IpSet::empty(), |all, one| all.union(&one));
        Self {
            addresses,
            nodes,
            ranges,
            inside,
        }
    }

    /// What is wrong with a block that has in-cluster addresses and nothing else; where it may have other hosts of the
    /// nodes' network, a warning.
    fn finding(&self, rule: &Rule, block: &IpSet) -> Option<Diagnostic> {
        let cidrs = block.cidrs();
        let mut subnet = false;
        for net in &cidrs {
            let set = IpSet::net(*net);
            let is_inside = set.is_subset(&self.inside) || is_narrow(net) && self.has_pods(&set);
            let has_node = self.nodes.iter().any(|(a, _)| net.contains(a));
            let of_nodes =
                has_node && net.prefix_len() >= SUBNET[usize::from(net.addr().is_ipv6())];
            if !is_inside && !of_nodes {
                return None;
            }
            subnet |= !is_inside;
        }
        let what = self.owner(block)?;
        let message = match subnet {
            false => format!("this block holds {what}, but {NEITHER}"),
            true => format!(
                "this block holds {what}, but {NEITHER}: it is only for other hosts of that network"
            ),
        };
        let mut found = rule.finding(message).help(
            "select pods by their labels, and nodes by the entities `host` and `remote-node`",
        );
        if subnet {
            found.severity = Severity::Warning;
        }
        Some(found)
    }

    /// Whether a block has addresses of pods or Services.
    fn has_pods(&self, block: &IpSet) -> bool {
        let mut ranges = self.ranges.iter();
        self.addresses.iter().any(|(a, _)| block.contains(*a))
            || ranges.any(|(net, _)| !IpSet::net(*net).intersection(block).is_empty())
    }

    /// Who has addresses of a block, in words.
    fn owner(&self, block: &IpSet) -> Option<String> {
        let mut all = self.addresses.iter().chain(&self.nodes);
        let one = all.find(|(address, _)| block.contains(*address));
        let one = one.map(|(address, name)| format!("{name} (`{address}`)"));
        one.or_else(|| {
            let mut ranges = self.ranges.iter();
            let meets = |net: &IpNet| !IpSet::net(*net).intersection(block).is_empty();
            let (net, owner) = ranges.find(|(net, _)| meets(net))?;
            Some(format!(
                "addresses of pods, by the pod CIDR `{net}` of {owner}"
            ))
        })
    }
}

/// Whether a block is so narrow, and private, that what it has beside a pod or Service are others of the cluster.
fn is_narrow(net: &IpNet) -> bool {
    match net {
        IpNet::V4(net) => net.prefix_len() >= 16 && net.addr().is_private(),
        IpNet::V6(net) => net.prefix_len() >= 48 && net.addr().is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::Severity;
    use crate::lint::tests::{NONE, all_of, of_code};

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

    #[test]
    fn blocks_with_hosts_outside_the_cluster() {
        let found = |block: &str| {
            let text = format!(
                "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  endpointSelector: {{}}\n  ingress:\n  - fromCIDR: [{block}]\n---\napiVersion: v1\nkind: Node\nmetadata: {{name: n}}\nspec: {{podCIDRs: [10.32.4.0/22]}}\nstatus: {{addresses: [{{type: InternalIP, address: 192.168.20.11}}]}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: s}}\nspec: {{clusterIP: 100.64.4.4, ports: [{{port: 80}}]}}\n"
            );
            all_of("L44", &text)
                .into_iter()
                .next()
                .map(|found| found.severity)
        };
        // The pod CIDR of a node, addresses of a node and of a Service.
        for block in [
            "10.32.4.0/22",
            "10.32.5.0/24",
            "192.168.20.11/32",
            "100.64.4.4/32",
        ] {
            assert_eq!(found(block), Some(Severity::Error), "{block}");
        }
        // The subnet of a node may have other hosts.
        assert_eq!(found("192.168.20.0/24"), Some(Severity::Warning));
        for block in [
            "192.168.0.0/16",
            "10.0.0.0/8",
            "10.32.0.0/12",
            "100.64.4.0/24",
        ] {
            assert_eq!(found(block), None, "{block}");
        }
    }
}
