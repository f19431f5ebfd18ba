//! Destination ports, item by item.

use super::super::Endpoint;
use crate::cluster::{ContainerPort, HostNetwork, Pod, PortNames, Snapshot, is_identity_label};
use crate::policy::{Direction, Match, PortItem, PortMatch, Rule};
use crate::sets::Protocol;

/// A destination port, or none for every protocol that is not TCP, UDP or SCTP.
pub type Probe = Option<(Protocol, u16)>;

/// Whether a rule of a direction matches the port at this destination.
pub fn rule_matches_port(
    snapshot: &Snapshot,
    direction: Direction,
    rule: &Rule,
    destination: &Endpoint,
    probe: Probe,
) -> bool {
    let at = Destination {
        snapshot,
        end: destination,
        by_identity: direction == Direction::Egress,
    };
    let left_out = probe.is_some_and(|(protocol, port)| {
        let mut except = rule.except.iter();
        except.any(|item| at.has_port(&item.port, protocol, port))
    });
    !left_out && at.has_any_port(&rule.ports, probe)
}

/// Whether the port, at this destination, is one of a rule's ports, as the destination itself resolves names.
pub fn any_port_matches(
    snapshot: &Snapshot,
    ports: &Match<PortItem>,
    destination: &Endpoint,
    probe: Probe,
) -> bool {
    Destination::own(snapshot, destination).has_any_port(ports, probe)
}

/// Whether the port, at this destination, matches the item, as the destination itself resolves names.
pub fn port_matches(
    snapshot: &Snapshot,
    item: &PortMatch,
    destination: &Endpoint,
    protocol: Protocol,
    port: u16,
) -> bool {
    Destination::own(snapshot, destination).has_port(item, protocol, port)
}

/// What ports are matched at.
struct Destination<'a> {
    snapshot: &'a Snapshot,
    end: &'a Endpoint,
    /// Whether names are resolved at the source, where Cilium knows pods by their identity only (C40).
    by_identity: bool,
}

impl<'a> Destination<'a> {
    fn own(snapshot: &'a Snapshot, end: &'a Endpoint) -> Self {
        Self {
            snapshot,
            end,
            by_identity: false,
        }
    }

    fn has_any_port(&self, ports: &Match<PortItem>, probe: Probe) -> bool {
        match (ports, probe) {
            (Match::Any, _) => true,
            (Match::Only(_), None) => false,
            (Match::Only(items), Some((protocol, port))) => items
                .iter()
                .any(|item| self.has_port(&item.port, protocol, port)),
        }
    }

    fn has_port(&self, item: &PortMatch, protocol: Protocol, port: u16) -> bool {
        match item {
            PortMatch::AllPorts(of) => *of == protocol,
            PortMatch::Range {
                protocol: of,
                first,
                last,
            } => *of == protocol && *first <= port && port <= *last,
            PortMatch::Named { protocol: of, name } => {
                of.is_none_or(|of| of == protocol) && self.has_named_port(name, protocol, port)
            }
            PortMatch::FromNamed {
                protocol: of,
                name,
                last,
            } => {
                let at = |first| self.has_named_port(name, protocol, first);
                *of == protocol && (at(port) || port <= *last && (1..port).any(at))
            }
        }
    }

    /// Whether the destination declares the port under this name. Only pods do, except those that count as
    /// their node.
    fn has_named_port(&self, name: &str, protocol: Protocol, port: u16) -> bool {
        let Endpoint::Pod(at) = self.end else {
            return false;
        };
        let Some(pod) = self.snapshot.pods.get(*at) else {
            return false;
        };
        let assumptions = self.snapshot.assumptions;
        if pod.host_network && assumptions.host_network == HostNetwork::Nodes {
            return false;
        }
        let declares = |pod: &Pod, port: u16| {
            named_ports(assumptions.port_names, pod, name)
                .iter()
                .any(|declared| declared.protocol == protocol && declared.port == port)
        };
        let by_identity = self.by_identity && assumptions.port_names == PortNames::LastOfContainers;
        declares(pod, port) && !(by_identity && self.is_contradicted(pod, name, protocol, port))
    }

    /// Whether another pod of the same identity declares the name with another number (C40).
    fn is_contradicted(&self, pod: &Pod, name: &str, protocol: Protocol, port: u16) -> bool {
        let others = self.snapshot.pods.iter();
        let mut twins = others.filter(|other| !other.host_network && is_twin(pod, other));
        twins.any(|twin| {
            named_ports(PortNames::LastOfContainers, twin, name)
                .iter()
                .any(|declared| declared.protocol == protocol && declared.port != port)
        })
    }
}

/// Whether nothing that is in an identity tells two pods apart.
fn is_twin(pod: &Pod, other: &Pod) -> bool {
    let same = |of: &Pod, than: &Pod| {
        let mut labels = of.labels.iter();
        labels.all(|(key, value)| !is_identity_label(key) || than.labels.get(key) == Some(value))
    };
    pod.namespace == other.namespace
        && pod.service_account == other.service_account
        && same(pod, other)
        && same(other, pod)
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
