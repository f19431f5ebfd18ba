//! The meaning of peers and ports for one concrete end: the plain definition that everything faster
//! is tested against.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use super::{End, NewPod};
use crate::cluster::{NAMESPACE_NAME_LABEL, Node, Pod, Snapshot};
use crate::policy::{Match, Peer, PeerItem, PortItem, PortMatch};
use crate::sets::{IpSet, Labels, Protocol};

/// Whether the end is in the peer.
pub fn peer_matches(snapshot: &Snapshot, peer: &Peer, end: &End) -> bool {
    let all = |peers: &[Peer], want: bool| {
        let mut each = peers.iter();
        each.all(|p| peer_matches(snapshot, p, end) == want)
    };
    match peer {
        Peer::Everything => true,
        Peer::Nothing => false,
        Peer::All(peers) => all(peers, true),
        Peer::AnyOf(peers) => !all(peers, false),
        Peer::Not(peer) => !peer_matches(snapshot, peer, end),
        _ => match end {
            End::Pod(at) => snapshot
                .pods
                .get(*at)
                .is_some_and(|pod| pod_matches(snapshot, peer, pod)),
            End::NewPod(pod) => new_pod_matches(snapshot, peer, pod),
            End::Address(address) => address_matches(snapshot, peer, *address),
            End::Node(at) => node_matches(snapshot, peer, *at),
            End::NodeAddress(_, address) => address_matches(snapshot, peer, *address),
            End::Domain(domain) => matches!(peer, Peer::Domain(name) if name == domain),
        },
    }
}

/// Whether a pod is in a peer that speaks of pods.
pub(super) fn pod_matches(snapshot: &Snapshot, peer: &Peer, pod: &Pod) -> bool {
    let namespace = snapshot.namespaces.get(pod.namespace);
    match peer {
        Peer::Pods => true,
        Peer::PodLabels(selector) => selector.matches(&pod.labels),
        Peer::Namespace(name) => namespace.is_some_and(|n| n.name == *name),
        Peer::NamespaceLabels(selector) => namespace.is_some_and(|n| selector.matches(&n.labels)),
        Peer::HostNetwork => pod.host_network,
        Peer::ServiceAccount(name) => *pod.service_account == **name,
        Peer::PodsOf(workload) => pod.workload == *workload,
        Peer::PodAddresses(set) => pod.addresses.iter().any(|a| set.contains(*a)),
        Peer::HostAddresses(_) | Peer::HostsOn(_) => {
            pod.host_network && host_matches(peer, pod, snapshot.node_of(pod))
        }
        Peer::PodsIpv4 => pod.addresses.is_empty() || pod.addresses.iter().any(IpAddr::is_ipv4),
        Peer::PodsIpv6 => pod.addresses.iter().any(IpAddr::is_ipv6),
        _ => false,
    }
}

/// Whether a host-network pod that is taken for its node is in a peer that speaks of these.
pub(super) fn host_matches(peer: &Peer, pod: &Pod, node: Option<&Node>) -> bool {
    match peer {
        Peer::HostAddresses(set) => {
            let of_node = node.into_iter().flat_map(|n| &n.addresses);
            let mut known = pod.addresses.iter().chain(of_node).peekable();
            match known.peek() {
                Some(_) => known.any(|a| set.contains(*a)),
                None => IpSet::net(ANY_IPV4).is_subset(set),
            }
        }
        Peer::HostsOn(selector) => match node {
            Some(node) => selector.matches(&node.labels),
            None => selector.is_everything(),
        },
        _ => false,
    }
}

const ANY_IPV4: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0));

fn new_pod_matches(snapshot: &Snapshot, peer: &Peer, pod: &NewPod) -> bool {
    match peer {
        Peer::Pods | Peer::NewPods | Peer::PodsIpv4 => true,
        Peer::PodLabels(selector) => selector.matches(&pod.labels),
        Peer::Namespace(name) => match pod.namespace {
            Some(at) => snapshot.namespaces.get(at).is_some_and(|n| n.name == *name),
            None => pod.namespace_labels.get(NAMESPACE_NAME_LABEL) == Some(name),
        },
        Peer::NamespaceLabels(selector) => selector.matches(namespace_labels(snapshot, pod)),
        Peer::ServiceAccount(name) => name == "default",
        _ => false,
    }
}

fn namespace_labels<'a>(snapshot: &'a Snapshot, pod: &'a NewPod) -> &'a Labels {
    let known = pod.namespace.and_then(|at| snapshot.namespaces.get(at));
    known.map_or(&pod.namespace_labels, |n| &n.labels)
}

fn address_matches(snapshot: &Snapshot, peer: &Peer, address: IpAddr) -> bool {
    match peer {
        Peer::Addresses(set) => set.contains(address),
        Peer::Nodes(selector) => {
            let mut nodes = snapshot.nodes.iter();
            nodes.any(|n| n.addresses.contains(&address) && selector.matches(&n.labels))
        }
        _ => false,
    }
}

fn node_matches(snapshot: &Snapshot, peer: &Peer, node: usize) -> bool {
    let Some(node) = snapshot.nodes.get(node) else {
        return false;
    };
    match peer {
        Peer::Nodes(selector) => selector.matches(&node.labels),
        Peer::Addresses(set) => node.addresses.iter().any(|a| set.contains(*a)),
        _ => false,
    }
}

/// Whether the end is one of a rule's peers.
pub fn any_peer_matches(snapshot: &Snapshot, peers: &Match<PeerItem>, end: &End) -> bool {
    match peers {
        Match::Any => true,
        Match::Only(items) => items.iter().any(|i| peer_matches(snapshot, &i.peer, end)),
    }
}

/// A destination port, or none for every protocol that is not TCP, UDP or SCTP.
pub type Probe = Option<(Protocol, u16)>;

/// Whether the port, at this destination, is one of a rule's ports.
pub fn any_port_matches(
    snapshot: &Snapshot,
    ports: &Match<PortItem>,
    destination: &End,
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

/// Whether the port, at this destination, is the one that the item names. A port name means
/// something only at a pod that declares it.
pub fn port_matches(
    snapshot: &Snapshot,
    item: &PortMatch,
    destination: &End,
    protocol: Protocol,
    port: u16,
) -> bool {
    match item {
        PortMatch::AllPorts(of) => *of == protocol,
        PortMatch::Range {
            protocol: of,
            first,
            last,
        } => *of == protocol && (*first..=*last).contains(&port),
        PortMatch::Named { protocol: of, name } => {
            let End::Pod(at) = destination else {
                return false;
            };
            let Some(pod) = snapshot.pods.get(*at) else {
                return false;
            };
            of.is_none_or(|p| p == protocol)
                && snapshot.bears_names(pod)
                && pod.ports.iter().any(|declared| {
                    declared.name.as_ref() == Some(name)
                        && declared.protocol == protocol
                        && declared.port == port
                })
        }
    }
}
