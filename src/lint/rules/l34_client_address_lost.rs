//! Blocks of clients whose address does not reach the pods.
//!
#![doc = include_str!("l34_client_address_lost.md")]

use std::net::IpAddr;

use crate::analysis::Endpoint;
use crate::analysis::oracle::any_port_matches;
use crate::analysis::service_backends::targets;
use crate::cluster::Service;
use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule};
use crate::policy::{self, Action, Direction, Match, Peer, PeerItem};
use crate::sets::{IpSet, Protocol};

pub const RULE: Rule = Rule {
    code: "L34",
    name: "client-address-lost",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l34_client_address_lost.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    if !input.snapshot.services.iter().any(loses_address) {
        return;
    }
    let nodes = input.snapshot.nodes.iter().flat_map(|node| &node.addresses);
    let nodes: Vec<IpAddr> = nodes.copied().collect();
    let private = IpSet::private();
    for (at, policy) in input.snapshot.policies.iter().enumerate() {
        for with in policy.rules(Direction::Ingress) {
            for (item, set) in blocks(&nodes, with) {
                if nodes.iter().any(|node| set.contains(*node)) {
                    continue;
                }
                let Some((service, pod, port)) = lost(input, &nodes, at, with) else {
                    continue;
                };
                let mut found = finding(rule, service, item, (&input.name_of(pod), port));
                // It may be meant for nodes, whose addresses are not known.
                if nodes.is_empty() && set.is_subset(&private) {
                    found.severity = Severity::Info;
                }
                out.push(found.on(policy.title()));
            }
        }
    }
}

/// Whether pods may see the address of a node in place of that of a client outside.
fn loses_address(service: &Service) -> bool {
    service.takes_outside() && !service.keeps_client_address
}

/// A Service from outside that leads to a pod which a policy selects, and a port of it that a rule matches, where it
/// matters that the rule does not match nodes: they are not let in and it allows, or they are and it denies.
fn lost<'a>(
    input: &Input<'a>,
    nodes: &[IpAddr],
    policy: usize,
    with: &policy::Rule,
) -> Option<(&'a Service, usize, (Protocol, u16))> {
    let pods = input.one_of_each(input.subjects(policy));
    pods.into_iter().find_map(|pod| {
        let own = input.pod(pod)?;
        let services = input
            .services_of(pod)
            .filter(|service| loses_address(service));
        let mut ports = services.flat_map(|service| {
            let ports = service.ports.iter();
            ports.filter_map(move |port| Some((service, targets(port, own, false).example()?)))
        });
        let is_lost = |port: (Protocol, u16)| {
            let end = Endpoint::Pod(pod);
            any_port_matches(input.snapshot, &with.ports, &end, Some(port))
                && match with.action {
                    Action::Accept => !lets_in_nodes(input, nodes, pod, port),
                    Action::Deny => lets_in_nodes(input, nodes, pod, port),
                    Action::Pass => false,
                }
        };
        let (service, port) = ports.find(|(_, port)| is_lost(*port))?;
        Some((service, pod, port))
    })
}

/// Whether rules of the policies for a pod let in nodes at a port.
fn lets_in_nodes(input: &Input, nodes: &[IpAddr], pod: usize, port: (Protocol, u16)) -> bool {
    let snapshot = input.snapshot;
    let policies = snapshot.policies.iter().enumerate();
    let policies = policies.filter(|(at, _)| input.subjects(*at).binary_search(&pod).is_ok());
    let rules = policies.flat_map(|(_, policy)| policy.rules(Direction::Ingress));
    let end = Endpoint::Pod(pod);
    let mut addresses = IpSet::empty();
    for rule in rules.filter(|rule| rule.action == Action::Accept) {
        if !any_port_matches(snapshot, &rule.ports, &end, Some(port)) {
            continue;
        }
        if rule.peers == Match::Any {
            return true;
        }
        for item in rule.peers.listed() {
            let mut is_wide_one = false;
            item.peer.leaves(&mut |leaf| {
                if let Peer::Addresses(set) = leaf {
                    is_wide_one |= is_everyone(nodes, set);
                    addresses = addresses.union(set);
                }
            });
            if is_wide_one || has_nodes(&item.peer) {
                return true;
            }
        }
    }
    !nodes.is_empty() && nodes.iter().all(|node| addresses.contains(*node))
}

/// Whether a peer is written for nodes, or for everything.
fn has_nodes(peer: &Peer) -> bool {
    match peer {
        Peer::Everything => true,
        Peer::Nodes(labels) => labels.is_everything(),
        Peer::All(parts) => parts.iter().all(has_nodes),
        Peer::AnyOf(parts) => parts.iter().any(has_nodes),
        Peer::Not(inner) => !has_nodes(inner),
        _ => false,
    }
}

/// The blocks of a rule that leave out addresses of nodes.
fn blocks<'r>(
    nodes: &[IpAddr],
    rule: &'r policy::Rule,
) -> impl Iterator<Item = (&'r PeerItem, &'r IpSet)> {
    rule.peers.listed().iter().filter_map(|item| {
        let mut set = None;
        item.peer.leaves(&mut |leaf| {
            if let Peer::Addresses(found) = leaf {
                set = Some(found);
            }
        });
        Some((item, set.filter(|set| !is_everyone(nodes, set))?))
    })
}

/// Whether a set holds most addresses, those of nodes with them: the known ones, else those of some private network.
fn is_everyone(nodes: &[IpAddr], set: &IpSet) -> bool {
    let inside = match nodes.is_empty() {
        true => {
            let mut private = policy::Network::private().into_iter();
            private.any(|own| !set.intersection(&IpSet::net(own.cidr)).is_empty())
        }
        false => nodes.iter().any(|node| set.contains(*node)),
    };
    is_wide(set) && inside
}

/// Whether it holds most of a family, as `0.0.0.0/0` with exceptions does.
fn is_wide(set: &IpSet) -> bool {
    set.contains(IpAddr::from([1, 1, 1, 1])) && set.contains(IpAddr::from([203, 0, 113, 1]))
        || set.contains(IpAddr::from([0x2600, 0, 0, 0, 0, 0, 0, 1]))
            && set.contains(IpAddr::from([0x2a00, 0, 0, 0, 0, 0, 0, 1]))
}

fn finding(
    rule: &Rule,
    service: &Service,
    item: &PeerItem,
    (pods, port): (&str, (Protocol, u16)),
) -> Diagnostic {
    let message = format!(
        "this block possibly does not match its clients: {} Service `{}/{}` does not have `externalTrafficPolicy: Local`, so on {} {} pods of {pods} may see the address of a node",
        service.kind,
        service.namespace,
        service.name,
        port.0.name(),
        port.1
    );
    let found = rule.finding(message).at(item.span.clone());
    found.help("set `externalTrafficPolicy: Local` in the Service, or restrict clients with its `loadBalancerSourceRanges`")
}

#[cfg(test)]
mod tests {
    use crate::diag::Severity;
    use crate::lint::tests::{NONE, all_of, of_code};

    #[test]
    fn blocks_behind_services() {
        let text = |block: &str, spec: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  podSelector: {{}}\n  ingress:\n  - from:\n    - ipBlock: {{cidr: {block}}}\n    ports: [{{port: 8080}}]\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: s, labels: {{app: web}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: s}}\nspec: {{{spec}, selector: {{app: web}}, ports: [{{port: 80, targetPort: 8080}}]}}\n"
            )
        };
        let found = |block: &str, spec: &str| of_code("L34", &text(block, spec));
        let office = "203.0.113.0/24";
        assert_eq!(found(office, "type: LoadBalancer"), [8]);
        assert_eq!(found(office, "type: NodePort"), [8]);
        assert_eq!(found(office, "type: ClusterIP"), NONE);
        assert_eq!(
            found(office, "type: LoadBalancer, externalTrafficPolicy: Local"),
            NONE
        );
        assert_eq!(found("0.0.0.0/0", "type: LoadBalancer"), NONE);
        // All addresses but private ones are not those of nodes.
        let outside =
            "0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16]";
        assert_eq!(found(outside, "type: LoadBalancer"), [8]);
        assert_eq!(
            found(outside, "type: LoadBalancer, externalTrafficPolicy: Local"),
            NONE
        );
        let metadata = "0.0.0.0/0, except: [169.254.169.254/32]";
        assert_eq!(found(metadata, "type: LoadBalancer"), NONE);
        let other = text(office, "type: LoadBalancer").replace("port: 8080}]", "port: 9090}]");
        assert_eq!(of_code("L34", &other), NONE);
        // What other policies let in, or another port, decides.
        let policy = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: q, namespace: s}\nspec: {podSelector: {}, ingress: [{ports: [{port: PORT}]}]}\n";
        let beside = |port: &str| {
            let policy = policy.replace("PORT", port);
            of_code("L34", &(text(office, "type: LoadBalancer") + &policy))
        };
        assert_eq!(beside("8080"), NONE);
        assert_eq!(beside("9090"), [8]);
        let node = "---\napiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {addresses: [{type: InternalIP, address: 203.0.113.7}]}\n";
        assert_eq!(
            of_code("L34", &(text(office, "type: LoadBalancer") + node)),
            NONE
        );
    }

    const SERVICE: &str = "---
apiVersion: v1
kind: Service
metadata: {name: NAME, namespace: s}
spec: {type: LoadBalancer, selector: {app: NAME}, ports: [{port: 80, targetPort: PORT}]}
---
apiVersion: v1
kind: Pod
metadata: {name: NAME, namespace: s, labels: {app: NAME}}
";

    fn service(name: &str, port: &str) -> String {
        SERVICE.replace("NAME", name).replace("PORT", port)
    }

    #[test]
    fn every_service_and_pod_of_a_policy() {
        let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: s}\nspec:\n  podSelector: {}\n  ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}], ports: [{port: 9090}]}]\n";
        let text = format!("{policy}{}", service("a", "8080"));
        assert_eq!(of_code("L34", &text), NONE);
        let second = format!("{text}{}", service("b", "9090"));
        assert_eq!(of_code("L34", &second), [6]);
        let same = service("a", "9090").replace(
            "name: a, namespace: s}\nspec",
            "name: c, namespace: s}\nspec",
        );
        let same = same
            .rsplit_once("---\napiVersion: v1\nkind: Pod")
            .unwrap()
            .0;
        assert_eq!(of_code("L34", &format!("{text}{same}")), [6]);
    }

    #[test]
    fn private_blocks_may_be_those_of_unknown_nodes() {
        let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: s}\nspec:\n  podSelector: {}\n  ingress: [{from: [{ipBlock: {cidr: 10.8.0.0/16}}]}]\n";
        let severity = |more: &str| {
            let text = format!("{policy}{}{more}", service("a", "8080"));
            all_of("L34", &text).first().map(|found| found.severity)
        };
        let node = |address: &str| {
            format!(
                "---\napiVersion: v1\nkind: Node\nmetadata: {{name: n}}\nstatus: {{addresses: [{{type: InternalIP, address: {address}}}]}}\n"
            )
        };
        assert_eq!(severity(""), Some(Severity::Info));
        assert_eq!(severity(&node("10.9.0.1")), Some(Severity::Warning));
        assert_eq!(severity(&node("10.8.0.1")), None);
    }

    #[test]
    fn denials_and_entities() {
        let calico = |rules: &str| {
            let policy = format!(
                "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  types: [Ingress]\n  ingress:\n{rules}"
            );
            of_code("L34", &format!("{policy}{}", service("a", "8080")))
        };
        let deny = "  - {action: Deny, source: {nets: [203.0.113.0/24]}}\n";
        assert_eq!(calico(&format!("{deny}  - {{action: Allow}}\n")), [7]);
        assert_eq!(calico(deny), NONE);
        let cilium = |entities: &str| {
            let policy = format!(
                "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  endpointSelector: {{}}\n  ingress:\n  - fromCIDR: [203.0.113.0/24]\n  - fromEntities: [{entities}]\n"
            );
            of_code("L34", &format!("{policy}{}", service("a", "8080")))
        };
        assert_eq!(cilium("remote-node"), NONE);
        assert_eq!(cilium("health"), [7]);
    }
}
