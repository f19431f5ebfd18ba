//! The pods whose ports a rule names, and what is known of these ports.

use super::Input;
use crate::analysis::Endpoint;
use crate::analysis::oracle::{any_port_matches, port_matches};
use crate::analysis::service_backends::targets;
use crate::policy::{Action, Direction, Match, Peer, PortItem, PortMatch, Rule};
use crate::sets::{PortSet, Protocol};

/// The pods whose ports a rule of a policy names, one of each workload: those that the policy selects, or towards egress
/// those that the rule's peers match. None if the peers may be something else than pods; see [`named_pods`].
pub fn destinations(
    input: &Input,
    policy: usize,
    direction: Direction,
    rule: &Rule,
) -> Option<Vec<usize>> {
    if direction == Direction::Ingress {
        return Some(input.one_of_each(input.subjects(policy)));
    }
    let Match::Only(items) = &rule.peers else {
        return None;
    };
    let outside = items.iter().any(|item| names_outside(&item.peer));
    (!outside).then(|| named_pods(input, rule))
}

/// The pods, one of each workload, that those peers of a rule match which name nothing else.
pub fn named_pods(input: &Input, rule: &Rule) -> Vec<usize> {
    let items = rule.peers.listed().iter();
    let of_pods = items.filter(|item| !names_outside(&item.peer));
    let all = of_pods.flat_map(|item| input.pods(&item.peer).to_vec());
    let mut all: Vec<usize> = all.collect();
    all.sort_unstable();
    all.dedup();
    input.one_of_each(&all)
}

/// Whether a peer names something else than pods.
pub fn names_outside(peer: &Peer) -> bool {
    peer.has_leaf(|leaf| {
        matches!(leaf, Peer::Addresses(_) | Peer::Nodes(_))
            || matches!(leaf, Peer::Domain(_) | Peer::Entity(_) | Peer::Everything)
    })
}

/// The only port of an item, if it has one number.
pub fn single(item: &PortItem) -> Option<(Protocol, u16)> {
    match &item.port {
        PortMatch::Range {
            protocol,
            first,
            last,
        } if first == last => Some((*protocol, *first)),
        _ => None,
    }
}

/// Whether all ports of a rule are numbers or names of DNS; not of a rule for all ports.
pub fn are_of_dns(rule: &Rule) -> bool {
    let items = rule.ports.listed();
    !items.is_empty() && items.iter().all(is_of_dns)
}

/// Whether one of the ports of a rule is a number or a name of DNS.
pub fn has_dns(rule: &Rule) -> bool {
    rule.ports.listed().iter().any(is_of_dns)
}

fn is_of_dns(item: &PortItem) -> bool {
    match &item.port {
        PortMatch::Range { first, last, .. } => first == last && matches!(first, 53 | 5353 | 853),
        PortMatch::Named { name, .. } => name.starts_with("dns") || name == "domain",
        _ => false,
    }
}

/// The ports of an item, none for names.
pub fn numbers(item: &PortItem) -> PortSet {
    match &item.port {
        PortMatch::AllPorts(protocol) => PortSet::all_of(*protocol),
        PortMatch::Range {
            protocol,
            first,
            last,
        } => PortSet::range(*protocol, *first, *last),
        PortMatch::Named { .. } | PortMatch::FromNamed { .. } => PortSet::empty(),
    }
}

/// The ports of a rule at a pod.
pub fn at_pod(input: &Input, rule: &Rule, pod: usize) -> PortSet {
    let Match::Only(items) = &rule.ports else {
        return PortSet::all();
    };
    let one = |item: &PortItem| match &item.port {
        PortMatch::AllPorts(_) | PortMatch::Range { .. } => numbers(item),
        PortMatch::Named { protocol, name } => (input.pod(pod))
            .map_or_else(PortSet::empty, |pod| {
                input.snapshot.ports_named(pod, *protocol, name)
            }),
        PortMatch::FromNamed {
            protocol,
            name,
            last,
        } => (input.pod(pod)).map_or_else(PortSet::empty, |pod| {
            let named = input.snapshot.ports_named(pod, Some(*protocol), name);
            named.up_to(*protocol, *last)
        }),
    };
    items.iter().map(one).collect()
}

/// The ports that the pod declares, or that a Service which selects it targets.
pub fn in_use(input: &Input, pod: usize) -> PortSet {
    let Some(own) = input.pod(pod) else {
        return PortSet::empty();
    };
    let declared = own.ports.iter();
    let declared = declared.map(|p| PortSet::single(p.protocol, p.port));
    let targeted = input.services_of(pod).flat_map(|service| &service.ports);
    declared
        .chain(targeted.map(|p| targets(p, own, false)))
        .collect()
}

/// The ports of a pod that a LoadBalancer, a NodePort, a route or a `hostPort` publishes, or that a webhook configuration
/// makes the API server call, from an address that manifests do not show.
pub fn published(input: &Input, pod: usize) -> PortSet {
    let Some(own) = input.pod(pod) else {
        return PortSet::empty();
    };
    let is_routed = |service: &crate::cluster::Service| {
        let mut routes = input.snapshot.routes.iter();
        routes.any(|r| r.service_namespace == service.namespace && r.service == service.name)
    };
    let services = input.services_of(pod);
    let services = services.filter(|service| service.takes_outside() || is_routed(service));
    let ports = services.flat_map(|service| &service.ports);
    let ports: PortSet = ports.map(|port| targets(port, own, false)).collect();
    let called = input.called_by_api_server().iter();
    let called = called.filter(|(at, _)| *at == pod);
    let called: PortSet = called.map(|(_, (p, n))| PortSet::single(*p, *n)).collect();
    let host = input.workload_of(pod).map_or(&[][..], |w| &w.host_ports);
    let host: PortSet = host.iter().map(|(p, n)| PortSet::single(*p, *n)).collect();
    ports.union(&called).union(&host)
}

/// Whether some rule of the policies that select a pod admits everything that a rule does in this direction, at one port
/// of a destination.
pub fn is_open_to_same(
    input: &Input,
    own: usize,
    direction: Direction,
    rule: &Rule,
    destination: usize,
    probe: (Protocol, u16),
) -> bool {
    let policies = input.snapshot.policies.iter().enumerate();
    let mut selecting = policies.filter(|(at, _)| input.subjects(*at).binary_search(&own).is_ok());
    let end = Endpoint::Pod(destination);
    selecting.any(|(_, policy)| {
        policy.rules(direction).iter().any(|other| {
            other.action == Action::Accept
                && any_port_matches(input.snapshot, &other.ports, &end, Some(probe))
                && covers_peers(input, other, rule)
        })
    })
}

/// Whether a rule's peers include those of another rule.
pub fn covers_peers(input: &Input, wide: &Rule, narrow: &Rule) -> bool {
    let (wide, narrow) = match (&wide.peers, &narrow.peers) {
        (Match::Any, _) => return true,
        (_, Match::Any) => return false,
        (Match::Only(wide), Match::Only(narrow)) => (wide, narrow),
    };
    narrow.iter().all(|one| {
        if wide.iter().any(|other| other.peer == one.peer) {
            return true;
        }
        let pods = input.pods(&one.peer);
        let in_one = |pod: &usize| {
            let mut wide = wide.iter();
            wide.any(|other| input.pods(&other.peer).binary_search(pod).is_ok())
        };
        !pods.is_empty() && !names_outside(&one.peer) && pods.iter().all(in_one)
    })
}

/// Whether a port item covers a port of a pod.
pub fn covers(input: &Input, item: &PortItem, pod: usize, probe: (Protocol, u16)) -> bool {
    let end = Endpoint::Pod(pod);
    port_matches(input.snapshot, &item.port, &end, probe.0, probe.1)
}
