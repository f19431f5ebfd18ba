//! Peers, expression by expression, for one concrete end.

use std::net::IpAddr;

use super::super::{Endpoint, NewPod};
use super::addresses::{Family, host_lies_in, lies_in};
use super::domains::is_named;
use super::labels::selects;
use crate::cluster::{NAMESPACE_NAME_LABEL, Node, Pod, Snapshot};
use crate::policy::{Entity, Match, Peer, PeerItem};
use crate::sets::Labels;

/// What stands behind an end whose meaning depends on the connection.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// The pod that opens the connection.
    pub source: Option<&'a Endpoint>,
    /// Of which family the address is that a domain name stands for.
    pub family: Family,
}

/// Whether the peer matches the end, whichever pod's gate asks.
pub fn peer_matches(snapshot: &Snapshot, peer: &Peer, end: &Endpoint) -> bool {
    peer_matches_at(snapshot, None, peer, end)
}

/// Whether the peer matches the end of a connection that a pod opens: whoever names the node of the pod means that of
/// `source`, if there is one and its node is known. A domain name matches if it does with an address of some family.
pub fn peer_matches_at(
    snapshot: &Snapshot,
    source: Option<&Endpoint>,
    peer: &Peer,
    end: &Endpoint,
) -> bool {
    let one = std::slice::from_ref(end);
    let mut seen = Family::of(one)
        .iter()
        .map(|&family| Seen { source, family });
    seen.any(|seen| matches_seen(snapshot, seen, peer, one))
}

/// The same of an end that is all of these at once, such as an address and a domain name: what an expression says of one
/// property holds if any of them has it.
fn matches_seen(snapshot: &Snapshot, seen: Seen, peer: &Peer, end: &[Endpoint]) -> bool {
    let all = |peers: &[Peer], want: bool| {
        let mut each = peers.iter();
        each.all(|p| matches_seen(snapshot, seen, p, end) == want)
    };
    match peer {
        Peer::Everything => true,
        Peer::Nothing => false,
        Peer::All(peers) => all(peers, true),
        Peer::AnyOf(peers) => !all(peers, false),
        Peer::Not(peer) => !matches_seen(snapshot, seen, peer, end),
        leaf => (end.iter()).any(|one| leaf_matches(snapshot, seen, leaf, one)),
    }
}

/// Whether a leaf of an expression matches one end.
fn leaf_matches(snapshot: &Snapshot, seen: Seen, peer: &Peer, end: &Endpoint) -> bool {
    let is_own_node = || {
        let source = seen.source;
        source.is_some_and(|pod| is_node_of(snapshot, end, pod))
    };
    match peer {
        Peer::Entity(Entity::Host) if is_own_node() => true,
        _ => match end {
            Endpoint::Pod(at) => snapshot
                .pods
                .get(*at)
                .is_some_and(|pod| pod_matches(snapshot, peer, pod)),
            Endpoint::NewPod(pod) => new_pod_matches(snapshot, peer, pod),
            Endpoint::Address(address) => address_matches(snapshot, peer, *address),
            Endpoint::Node(at) => node_matches(snapshot, peer, *at),
            Endpoint::NodeAddress(_, address) => address_matches(snapshot, peer, *address),
            Endpoint::Domain(name) => match peer {
                Peer::Domain(pattern) => is_named(name, pattern),
                Peer::Addresses(set) => seen.family.lies_whole_in(set),
                _ => false,
            },
            Endpoint::Entity(entity) => matches!(peer, Peer::Entity(named) if named == entity),
        },
    }
}

/// Whether an end is the node of a pod, one of the node's addresses, or a pod on its network.
fn is_node_of(snapshot: &Snapshot, end: &Endpoint, pod: &Endpoint) -> bool {
    let Endpoint::Pod(pod) = pod else {
        return false;
    };
    let own = snapshot.pods.get(*pod).and_then(|pod| pod.node.as_deref());
    let named = |at: &usize| snapshot.nodes.get(*at).map(|node| node.name.as_str());
    own.is_some()
        && own
            == match end {
                Endpoint::Pod(at) => (snapshot.pods.get(*at))
                    .filter(|pod| pod.host_network)
                    .and_then(|pod| pod.node.as_deref()),
                Endpoint::Node(at) | Endpoint::NodeAddress(at, _) => named(at),
                Endpoint::Address(address) => {
                    let has = |node: &&Node| node.addresses.iter().any(|own| own == address);
                    let nodes = snapshot.nodes.iter().filter(has);
                    nodes
                        .map(|node| node.name.as_str())
                        .find(|name| Some(*name) == own)
                }
                _ => None,
            }
}

/// Whether a peer matches a pod.
fn pod_matches(snapshot: &Snapshot, peer: &Peer, pod: &Pod) -> bool {
    let namespace = snapshot.namespaces.get(pod.namespace);
    match peer {
        Peer::Pods => true,
        Peer::PodLabels(selector) => selects(selector, &pod.labels),
        Peer::Namespace(name) => namespace.is_some_and(|n| n.name == *name),
        Peer::NamespaceLabels(selector) => namespace.is_some_and(|n| selects(selector, &n.labels)),
        Peer::HostNetwork => pod.host_network,
        Peer::ServiceAccount(name) => *pod.service_account == **name,
        Peer::PodsOf(key) => pod.key == *key,
        Peer::PodAddresses(set) => pod.addresses.iter().any(|a| lies_in(*a, set)),
        Peer::HostAddresses(set) => pod.host_network && host_lies_in(pod, node(snapshot, pod), set),
        Peer::HostsOn(selector) => {
            pod.host_network
                && match node(snapshot, pod) {
                    Some(node) => selects(selector, &node.labels),
                    None => selector.requirements.is_empty(),
                }
        }
        Peer::PodsIpv4 => pod.addresses.is_empty() || pod.addresses.iter().any(IpAddr::is_ipv4),
        Peer::PodsIpv6 => pod.addresses.iter().any(IpAddr::is_ipv6),
        Peer::PodsOfFamilies { v4, v6 } => {
            let known = |is: fn(&IpAddr) -> bool| pod.addresses.iter().any(is);
            (known(IpAddr::is_ipv4), known(IpAddr::is_ipv6)) == (*v4, *v6)
        }
        _ => false,
    }
}

/// The node that a pod runs on, if it is known.
fn node<'a>(snapshot: &'a Snapshot, pod: &Pod) -> Option<&'a Node> {
    let name = pod.node.as_deref()?;
    snapshot.nodes.iter().find(|node| node.name == name)
}

fn new_pod_matches(snapshot: &Snapshot, peer: &Peer, pod: &NewPod) -> bool {
    match peer {
        Peer::Pods | Peer::NewPods | Peer::PodsIpv4 => true,
        Peer::PodsOfFamilies { v4, v6 } => !v4 && !v6,
        Peer::PodLabels(selector) => selects(selector, &pod.labels),
        Peer::Namespace(name) => match pod.namespace {
            Some(at) => snapshot.namespaces.get(at).is_some_and(|n| n.name == *name),
            None => pod.namespace_labels.get(NAMESPACE_NAME_LABEL) == Some(name),
        },
        Peer::NamespaceLabels(selector) => selects(selector, namespace_labels(snapshot, pod)),
        Peer::ServiceAccount(name) => *name == *pod.service_account.as_deref().unwrap_or("default"),
        _ => false,
    }
}

fn namespace_labels<'a>(snapshot: &'a Snapshot, pod: &'a NewPod) -> &'a Labels {
    let known = pod.namespace.and_then(|at| snapshot.namespaces.get(at));
    known.map_or(&pod.namespace_labels, |n| &n.labels)
}

fn address_matches(snapshot: &Snapshot, peer: &Peer, address: IpAddr) -> bool {
    match peer {
        Peer::Addresses(set) => lies_in(address, set),
        Peer::Nodes(selector) => {
            let nodes = snapshot.nodes.iter();
            let mut owned = nodes.flat_map(|n| n.addresses.iter().map(move |a| (n, *a)));
            owned.any(|(n, a)| a == address && selects(selector, &n.labels))
        }
        _ => false,
    }
}

fn node_matches(snapshot: &Snapshot, peer: &Peer, node: usize) -> bool {
    let Some(node) = snapshot.nodes.get(node) else {
        return false;
    };
    match peer {
        Peer::Nodes(selector) => selects(selector, &node.labels),
        Peer::Addresses(set) => node.addresses.iter().any(|a| lies_in(*a, set)),
        _ => false,
    }
}

/// Whether the end is one of a rule's peers, whichever pod's gate asks.
pub fn any_peer_matches(snapshot: &Snapshot, peers: &Match<PeerItem>, end: &Endpoint) -> bool {
    let one = std::slice::from_ref(end);
    let mut seen = Family::of(one).iter().map(|&family| Seen {
        source: None,
        family,
    });
    seen.any(|seen| any_matches_seen(snapshot, seen, peers, one))
}

/// Whether the end of one connection, which is all of these at once, is one of a rule's peers.
pub(super) fn any_matches_seen(
    snapshot: &Snapshot,
    seen: Seen,
    peers: &Match<PeerItem>,
    end: &[Endpoint],
) -> bool {
    match peers {
        Match::Any => true,
        Match::Only(items) => items
            .iter()
            .any(|item| matches_seen(snapshot, seen, &item.peer, end)),
    }
}
