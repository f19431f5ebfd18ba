//! Policies that select or name pods on the network of their node.
//!
#![doc = include_str!("l29_host_network_affected.md")]

use std::net::IpAddr;

use crate::cluster::{Enforcer, Pod, Snapshot};
use crate::diag::{Diagnostic, Severity, Span};
use crate::lint::cover::Ports;
use crate::lint::ends::{Labelled, few, labelled, namespace_of, workload_of};
use crate::lint::{Input, Rule};
use crate::policy::{Direction, Match, Peer, PeerItem, Policy};
use crate::sets::hash::{HashMap, HashMapExt};

pub const RULE: Rule = Rule {
    code: "L29",
    name: "host-network-affected",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l29_host_network_affected.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let hosts = Hosts::new(input.snapshot);
    if hosts.all.is_empty() {
        return;
    }
    for policy in &input.snapshot.policies {
        let subject = hosts.matched(&policy.subject);
        if !subject.is_empty() {
            let message =
                "most network plugins do not apply policies to them, and the API leaves it open";
            let help = "restrict them on the node, or run them on a network of their own";
            out.push(hosts.finding(
                rule,
                policy,
                &policy.subject,
                &subject,
                (message, help),
                &policy.span,
            ));
        }
        for direction in Direction::BOTH {
            hosts.peers(rule, policy, direction, out);
        }
    }
}

/// The pods on the network of their node.
struct Hosts<'a> {
    snapshot: &'a Snapshot,
    all: Vec<&'a Pod>,
    by_namespace: HashMap<&'a str, Vec<&'a Pod>>,
}

impl<'a> Hosts<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let all = snapshot.pods.iter().filter(|pod| pod.host_network);
        let all: Vec<&Pod> = all.collect();
        let mut by_namespace: HashMap<_, Vec<&Pod>> = HashMap::new();
        for pod in &all {
            let own = by_namespace.entry(namespace_of(snapshot, pod));
            own.or_default().push(*pod);
        }
        Self {
            snapshot,
            all,
            by_namespace,
        }
    }

    /// Those that a peer matches by namespace and labels, whether or not policies apply to them.
    fn matched(&self, peer: &Peer) -> Vec<&'a Pod> {
        let Some(parts) = labelled(peer).filter(|_| !matches!(peer, Peer::Pods)) else {
            return Vec::new();
        };
        let near = match parts.namespace {
            Some(name) => self.by_namespace.get(name).map_or(&[][..], Vec::as_slice),
            None => &self.all,
        };
        let matches = |pod: &&&Pod| {
            let namespace = self.snapshot.namespaces.get(pod.namespace);
            parts.pods.matches(&pod.labels)
                && namespace.is_some_and(|n| parts.namespaces.iter().all(|s| s.matches(&n.labels)))
        };
        near.iter().filter(matches).copied().collect()
    }

    fn peers(&self, rule: &Rule, policy: &Policy, direction: Direction, out: &mut Vec<Diagnostic>) {
        for with in policy.rules(direction) {
            for item in with.peers.listed() {
                let pods = self.matched(&item.peer);
                let admits = |pod: &&Pod| {
                    let mut rules = policy.rules(direction).iter();
                    rules.any(|other| {
                        other.action == with.action
                            && Ports::of(&other.ports).cover(&with.ports)
                            && admits_node(self.snapshot, pod, &other.peers)
                    })
                };
                if pods.iter().all(admits) {
                    continue;
                }
                let message = "most network plugins see their connections as their node's, which the peer does not match";
                let is_cilium = self.snapshot.assumptions.enforcer == Enforcer::Cilium;
                let help = match (is_cilium, direction) {
                    // Its address blocks match no nodes (C31).
                    (true, Direction::Ingress) => {
                        "also allow the nodes with `fromEntities: [host, remote-node]` in a CiliumNetworkPolicy"
                    }
                    (true, Direction::Egress) => {
                        "also allow the nodes with `toEntities: [host, remote-node]` in a CiliumNetworkPolicy"
                    }
                    (false, Direction::Ingress) => {
                        "also allow the addresses of the nodes with an `ipBlock`"
                    }
                    (false, Direction::Egress) => {
                        "also allow the addresses of their nodes with an `ipBlock`"
                    }
                };
                out.push(self.finding(
                    rule,
                    policy,
                    &item.peer,
                    &pods,
                    (message, help),
                    &item.span,
                ));
            }
        }
    }

    fn finding(
        &self,
        rule: &Rule,
        policy: &Policy,
        peer: &Peer,
        pods: &[&Pod],
        (message, help): (&str, &str),
        span: &Span,
    ) -> Diagnostic {
        let names = few(pods.iter().map(|pod| workload_of(self.snapshot, pod)));
        let mut found = rule.finding(format!(
            "it selects {names} with `hostNetwork: true`: {message}"
        ));
        let any = labelled(peer).is_none_or(|parts: Labelled| parts.pods.is_everything());
        if any {
            found.severity = Severity::Info;
        }
        found.at(span.clone()).on(policy.title()).help(help)
    }
}

/// Whether one of the peers lets in the node of a pod.
fn admits_node(snapshot: &Snapshot, pod: &Pod, peers: &Match<PeerItem>) -> bool {
    let Match::Only(peers) = peers else {
        return true;
    };
    let node = snapshot.node_of(pod);
    let addresses: &[IpAddr] = node.map_or(&[], |node| &node.addresses);
    peers.iter().any(|item| {
        item.peer.has_leaf(|leaf| match leaf {
            Peer::Nodes(_) => !is_outside(&item.peer),
            Peer::Everything | Peer::HostsOn(_) => true,
            Peer::HostNetwork => item.peer == *leaf,
            // Without a known address the block may be that of the nodes, but Cilium matches none (C31).
            Peer::Addresses(set) if snapshot.assumptions.enforcer != Enforcer::Cilium => {
                addresses.is_empty() || addresses.iter().any(|a| set.contains(*a))
            }
            _ => false,
        })
    })
}

/// Whether a peer is addresses outside the cluster, which leaves out nodes.
fn is_outside(peer: &Peer) -> bool {
    let is_node =
        |part: &Peer| matches!(part, Peer::Not(inner) if matches!(**inner, Peer::Nodes(_)));
    matches!(peer, Peer::All(parts) if parts.iter().any(is_node))
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, all_of, of_code};

    #[test]
    fn selected_pods_and_peers_of_nodes() {
        let text = |subject: &str, from: &str, host: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  podSelector: {{{subject}}}\n  ingress:\n  - from:\n    - podSelector: {{{from}}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: s, labels: {{app: web}}}}\nspec: {{{host}containers: [{{name: c}}]}}\n"
            )
        };
        let host = "hostNetwork: true, ";
        let (web, db) = ("matchLabels: {app: web}", "matchLabels: {app: db}");
        let found = |subject, from, host| of_code("L29", &text(subject, from, host));
        assert_eq!(found(web, db, host), [1]);
        assert_eq!(found(db, web, host), [8]);
        assert_eq!(found(db, web, ""), NONE);
        let block = text(db, web, host).replace("---", "    - ipBlock: {cidr: 192.0.2.0/24}\n---");
        assert_eq!(of_code("L29", &block), NONE);
        let node = "---\napiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {addresses: [{type: InternalIP, address: 198.51.100.7}]}\n";
        let elsewhere = block.replace("containers", "nodeName: n, containers") + node;
        assert_eq!(of_code("L29", &elsewhere), [8]);
        // Another rule for the same ports lets the node in.
        let rule = |ports: &str| {
            let ports = format!(
                "  - from: [{{ipBlock: {{cidr: 192.0.2.0/24}}}}]\n    ports: [{ports}]\n---"
            );
            text(db, web, host).replace("---", &format!("    ports: [{{port: 80}}]\n{ports}"))
        };
        assert_eq!(of_code("L29", &rule("{port: 80}, {port: 90}")), NONE);
        assert_eq!(of_code("L29", &rule("{port: 90}")), [8]);
    }

    #[test]
    fn under_cilium_nodes_are_entities_and_no_addresses() {
        let text = |from: &str| {
            format!(
                "apiVersion: v1
kind: Pod
metadata: {{name: agent, namespace: s, labels: {{app: agent}}}}
spec: {{hostNetwork: true, containers: [{{name: c}}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {{name: p, namespace: s}}
spec:
  endpointSelector: {{}}
  ingress:
  - fromEndpoints: [{{matchLabels: {{app: agent}}}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: q, namespace: s}}
spec:
  podSelector: {{}}
  ingress:
  - from:
    - podSelector: {{matchLabels: {{app: agent}}}}
{from}"
            )
        };
        // Only all pods as subjects are a note; the selectors of the peers are at 12 and 21.
        assert_eq!(of_code("L29", &text("")), [6, 12, 14, 21]);
        let block = text("    - ipBlock: {cidr: 192.0.2.0/24}\n");
        assert_eq!(of_code("L29", &block), [6, 12, 14, 21]);
        let help = all_of("L29", &text(""))
            .into_iter()
            .find_map(|d| d.help.filter(|help| help.contains("nodes with")));
        assert_eq!(
            help.as_deref(),
            Some(
                "also allow the nodes with `fromEntities: [host, remote-node]` in a CiliumNetworkPolicy"
            )
        );
        // The label of the pod does match: it is no label of a template that is missing.
        for code in ["L02", "L04", "L32"] {
            assert_eq!(of_code(code, &text("")), NONE, "{code}");
        }
    }
}
