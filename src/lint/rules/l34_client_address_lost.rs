//! Blocks of clients whose address does not reach the pods.
//!
#![doc = include_str!("l34_client_address_lost.md")]

use std::net::IpAddr;

use crate::analysis::Endpoint;
use crate::analysis::oracle::any_port_matches;
use crate::cluster::{Pod, Service, Snapshot, TargetPort};
use crate::diag::{Diagnostic, Severity};
use crate::lint::ends::namespace_of;
use crate::lint::{Input, Rule};
use crate::policy::{self, Direction, Match, Peer, PeerItem};
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
    let snapshot = input.snapshot;
    let services = snapshot.services.iter();
    let services: Vec<&Service> = services
        .filter(|s| s.takes_outside() && !s.keeps_client_address && !s.selector.is_empty())
        .collect();
    if services.is_empty() {
        return;
    }
    for (at, policy) in snapshot.policies.iter().enumerate() {
        let rules = policy.rules(Direction::Ingress);
        if !rules
            .iter()
            .any(|with| blocks(snapshot, with).next().is_some())
        {
            continue;
        }
        let Some((service, pod)) = published(input, at, &services) else {
            continue;
        };
        for with in rules {
            let Some(port) = target_in(snapshot, service, pod, with) else {
                continue;
            };
            let open = |other: &policy::Rule| {
                admits_any(snapshot, other)
                    && any_port_matches(snapshot, &other.ports, &Endpoint::Pod(pod), Some(port))
            };
            if rules.iter().any(open) {
                continue;
            }
            for (item, set) in blocks(snapshot, with) {
                let mut found = finding(rule, service, item, (&input.name_of(pod), port));
                if set.is_subset(&private()) {
                    found.severity = Severity::Info;
                }
                out.push(found.on(policy.title()));
            }
        }
    }
}

/// A Service from outside that leads to a pod which a policy selects.
fn published<'a>(
    input: &Input,
    policy: usize,
    services: &[&'a Service],
) -> Option<(&'a Service, usize)> {
    let pods = input.subjects(policy).iter();
    pods.filter_map(|at| Some((*at, input.snapshot.pods.get(*at)?)))
        .find_map(|(at, pod)| {
            let leads = |service: &&&Service| {
                let mut wanted = service.selector.iter();
                service.namespace == namespace_of(input.snapshot, pod)
                    && wanted.all(|(key, value)| pod.labels.get(key) == Some(value))
            };
            Some((*services.iter().find(leads)?, at))
        })
}

/// The blocks of a rule that leave out addresses of nodes.
fn blocks<'r>(
    snapshot: &Snapshot,
    rule: &'r policy::Rule,
) -> impl Iterator<Item = (&'r PeerItem, &'r IpSet)> {
    rule.peers.listed().iter().filter_map(|item| {
        let mut set = None;
        item.peer.leaves(&mut |leaf| {
            if let Peer::Addresses(found) = leaf {
                set = Some(found);
            }
        });
        Some((item, set.filter(|set| !has_nodes(snapshot, set))?))
    })
}

/// Whether a set of most addresses has those of nodes: the known ones, else those of some private network.
fn has_nodes(snapshot: &Snapshot, set: &IpSet) -> bool {
    let nodes = snapshot.nodes.iter();
    let nodes: Vec<IpAddr> = nodes.flat_map(|node| node.addresses.clone()).collect();
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

/// The private ranges, where nodes have their addresses, too.
fn private() -> IpSet {
    let private = [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "fc00::/7",
    ];
    let all = private.iter().filter_map(|text| text.parse().ok());
    all.fold(IpSet::empty(), |all, net| all.union(&IpSet::net(net)))
}

/// Whether a rule lets in what comes from a node.
fn admits_any(snapshot: &Snapshot, rule: &policy::Rule) -> bool {
    let Match::Only(items) = &rule.peers else {
        return true;
    };
    let nodes: Vec<IpAddr> = (snapshot.nodes.iter())
        .flat_map(|node| node.addresses.iter().copied())
        .collect();
    let mut found = false;
    for item in items {
        item.peer.leaves(&mut |leaf| match leaf {
            Peer::Everything => found = true,
            Peer::Addresses(set) => {
                found |= has_nodes(snapshot, set) || nodes.iter().any(|node| set.contains(*node));
            }
            _ => {}
        });
    }
    found
}

/// A port of the pod that the Service leads to and the rule matches.
fn target_in(
    snapshot: &Snapshot,
    service: &Service,
    pod: usize,
    rule: &policy::Rule,
) -> Option<(Protocol, u16)> {
    let own: &Pod = snapshot.pods.get(pod)?;
    let targets = service.ports.iter().filter_map(|port| match &port.target {
        TargetPort::Number(number) => Some((port.protocol, *number)),
        TargetPort::Name(name) => {
            let mut ports = own.ports.iter();
            let found = ports.find(|p| p.name.as_ref() == Some(name))?;
            Some((found.protocol, found.port))
        }
    });
    let mut targets = targets;
    targets.find(|port| any_port_matches(snapshot, &rule.ports, &Endpoint::Pod(pod), Some(*port)))
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
    use crate::lint::tests::{NONE, of_code};

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
        let node = "---\napiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {addresses: [{type: InternalIP, address: 203.0.113.7}]}\n";
        assert_eq!(
            of_code("L34", &(text(office, "type: LoadBalancer") + node)),
            NONE
        );
    }
}
