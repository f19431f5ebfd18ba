//! Destination ports, item by item.

use super::super::Endpoint;
use crate::cluster::{ContainerPort, HostNetwork, Pod, PortNames, Snapshot};
use crate::policy::{Match, PortItem, PortMatch, Rule};
use crate::sets::Protocol;

/// A destination port, or none for every protocol that is not TCP, UDP or SCTP.
pub type Probe = Option<(Protocol, u16)>;

/// Whether a rule matches the port at this destination.
pub fn rule_matches_port(
    snapshot: &Snapshot,
    rule: &Rule,
    destination: &Endpoint,
    probe: Probe,
) -> bool {
    let left_out = probe.is_some_and(|(protocol, port)| {
        let mut except = rule.except.iter();
        except.any(|item| port_matches(snapshot, &item.port, destination, protocol, port))
    });
    !left_out && any_port_matches(snapshot, &rule.ports, destination, probe)
}

/// Whether the port, at this destination, is one of a rule's ports.
pub fn any_port_matches(
    snapshot: &Snapshot,
    ports: &Match<PortItem>,
    destination: &Endpoint,
    probe: Probe,
) -> bool {
    match (ports, probe) {
        (Match::Any, _) => true,
        (Match::Only(_), None) => false,
        (Match::Only(items), Some((protocol, port))) => {
            let one = |i: &PortItem| port_matches(snapshot, &i.port, destination, protocol, port);
            items.iter().any(one)
        }
    }
}

/// Whether the port, at this destination, matches the item.
pub fn port_matches(
    snapshot: &Snapshot,
    item: &PortMatch,
    destination: &Endpoint,
    protocol: Protocol,
    port: u16,
) -> bool {
    match item {
        PortMatch::AllPorts(of) => *of == protocol,
        PortMatch::Range {
            protocol: of,
            first,
            last,
        } => *of == protocol && *first <= port && port <= *last,
        PortMatch::Named { protocol: of, name } => {
            of.is_none_or(|of| of == protocol)
                && has_named_port(snapshot, destination, name, protocol, port)
        }
        PortMatch::FromNamed {
            protocol: of,
            name,
            last,
        } => {
            let at = |first| has_named_port(snapshot, destination, name, protocol, first);
            *of == protocol && (at(port) || port <= *last && (1..port).any(at))
        }
    }
}

/// Whether the destination declares the port under this name. Only pods do, except those that count as
/// their node.
fn has_named_port(
    snapshot: &Snapshot,
    destination: &Endpoint,
    name: &str,
    protocol: Protocol,
    port: u16,
) -> bool {
    let Endpoint::Pod(at) = destination else {
        return false;
    };
    let Some(pod) = snapshot.pods.get(*at) else {
        return false;
    };
    if pod.host_network && snapshot.assumptions.host_network == HostNetwork::Nodes {
        return false;
    }
    named_ports(snapshot.assumptions.port_names, pod, name)
        .iter()
        .any(|declared| declared.protocol == protocol && declared.port == port)
}

/// The ports of a pod that a name refers to.
fn named_ports<'a>(names: PortNames, pod: &'a Pod, name: &str) -> Vec<&'a ContainerPort> {
    let is_named = |port: &&ContainerPort| port.name.as_deref() == Some(name);
    match names {
        PortNames::Running => pod.ports.iter().filter(is_named).collect(),
        PortNames::AllContainers => {
            let all = pod.ports.iter().chain(pod.init_ports.iter());
            all.filter(is_named).collect()
        }
        PortNames::LastOfContainers => {
            let containers = pod.ports.len().saturating_sub(pod.sidecar_ports);
            let named = pod.ports.iter().take(containers).filter(|port| {
                let own = port.name.as_deref().unwrap_or_default();
                !own.is_empty() && own.eq_ignore_ascii_case(name)
            });
            named.rev().take(1).collect()
        }
    }
}
