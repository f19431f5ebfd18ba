//! One concrete connection that shows a difference: in words, and by ids for the canvas.

use std::net::IpAddr;

use super::describer::Describer;
use crate::analysis::compare::{GateDifference, PeerPiece};
use crate::intent::snapshot::{DNS_POD, OTHER_POD};
use crate::model::{Document, End, ExternalId, Flow, FlowPort, NamespaceId, NodeRef, Words};
use crate::policy::Direction;
use crate::sets::{IpSet, PortSet, Protocol};

/// One connection that shows a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness {
    /// Its source.
    pub from: WitnessEnd,
    /// Its destination.
    pub to: WitnessEnd,
    /// One port out of `ports`; none where only other protocols are meant, or a name.
    pub port: Option<(Protocol, u16)>,
    /// All ports at which the same connection shows it.
    pub ports: PortSet,
}

/// An end of a witness, by its place on the canvas; the finding has its words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WitnessEnd {
    /// An end of the document.
    Drawn(End),
    /// An address outside, and the narrowest external that has it.
    Address(IpAddr, Option<ExternalId>),
    /// A pod that is not in the document: a future one, any other one, or a DNS pod; and its namespace
    /// if that is in the document.
    Pod(Option<NamespaceId>),
    /// A domain name or a node.
    Elsewhere,
}

impl WitnessEnd {
    /// The canvas node that shows it.
    pub fn node(&self) -> Option<NodeRef> {
        match self {
            Self::Drawn(end) => end.node(),
            Self::Address(_, external) => external.map(NodeRef::External),
            Self::Pod(namespace) => namespace.map(NodeRef::Namespace),
            Self::Elsewhere => None,
        }
    }
}

impl Witness {
    /// The witness of a loss: the flow itself.
    pub(super) fn of_flow(flow: &Flow) -> Self {
        let ports: PortSet = flow.ports.iter().filter_map(FlowPort::numbers).collect();
        Self {
            from: WitnessEnd::Drawn(flow.from.clone()),
            to: WitnessEnd::Drawn(flow.to.clone()),
            port: ports.example(),
            ports,
        }
    }
}

/// The connection of a difference, by ids.
pub(super) fn of(describer: &Describer, difference: &GateDifference) -> Witness {
    let own = workload(describer, difference.workload);
    let other = other(describer, &difference.peer);
    let (from, to) = in_order(difference.direction, own, other);
    Witness {
        from,
        to,
        port: difference.ports.example(),
        ports: difference.ports.clone(),
    }
}

fn in_order<T>(direction: Direction, own: T, other: T) -> (T, T) {
    match direction {
        Direction::Egress => (own, other),
        Direction::Ingress => (other, own),
    }
}

fn workload(describer: &Describer, at: usize) -> WitnessEnd {
    if let Some(id) = describer.drawn(at) {
        return WitnessEnd::Drawn(End::Workload(id));
    }
    let workload = describer.cluster.snapshot.workloads.get(at);
    let document = describer.document;
    WitnessEnd::Pod(workload.and_then(|w| document.namespace_named(&w.namespace)))
}

fn other(describer: &Describer, peer: &PeerPiece) -> WitnessEnd {
    let (snapshot, document) = (&describer.cluster.snapshot, describer.document);
    match peer {
        PeerPiece::Pod(at) => match snapshot.pods.get(*at) {
            Some(pod) => workload(describer, pod.workload),
            None => WitnessEnd::Elsewhere,
        },
        PeerPiece::NewPod(pod) => {
            let namespace = pod.namespace.and_then(|at| snapshot.namespaces.get(at));
            WitnessEnd::Pod(namespace.and_then(|n| document.namespace_named(&n.name)))
        }
        PeerPiece::Addresses { first, .. } => WitnessEnd::Address(*first, holder(document, *first)),
        PeerPiece::Domain(_) | PeerPiece::Node(_) => WitnessEnd::Elsewhere,
    }
}

/// The external whose block around an address is the narrowest.
pub(crate) fn holder(document: &Document, address: IpAddr) -> Option<ExternalId> {
    let blocks = document.externals.iter().flat_map(|(id, external)| {
        let around = external
            .networks
            .iter()
            .filter(move |n| IpSet::block(n.cidr, &n.except).contains(address));
        around.map(move |n| (std::cmp::Reverse(n.cidr.prefix_len()), id))
    });
    blocks.min().map(|(_, id)| id)
}

/// Source and destination in words.
pub(super) fn ends(describer: &Describer, difference: &GateDifference) -> (String, String) {
    let own = workload_words(describer, difference.workload);
    let other = other_words(describer, &difference.peer);
    in_order(difference.direction, own, other)
}

pub(super) fn other_words(describer: &Describer, peer: &PeerPiece) -> String {
    let snapshot = &describer.cluster.snapshot;
    match peer {
        PeerPiece::Pod(pod) => {
            let pod = snapshot.pods.get(*pod);
            pod.map_or(String::new(), |p| workload_words(describer, p.workload))
        }
        PeerPiece::NewPod(pod) => {
            let known = pod.namespace.and_then(|at| snapshot.namespaces.get(at));
            let place = match known {
                Some(namespace) => namespace.name.clone(),
                None => "a future namespace".to_owned(),
            };
            let labels: Vec<String> = pod.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
            match labels.is_empty() {
                true => format!("a future pod of {place}"),
                false => format!("a future pod of {place} with {}", labels.join(", ")),
            }
        }
        PeerPiece::Addresses { first, last } if first == last => first.to_string(),
        PeerPiece::Addresses { first, last } => format!("{first} to {last}"),
        PeerPiece::Domain(name) => name.clone(),
        PeerPiece::Node(at) => {
            let node = snapshot.nodes.get(*at);
            node.map_or(String::new(), |n| format!("node {}", n.name))
        }
    }
}

pub(super) fn workload_words(describer: &Describer, at: usize) -> String {
    if let Some(id) = describer.drawn(at) {
        return Words::new(describer.document).of(&End::Workload(id));
    }
    match describer.cluster.snapshot.workloads.get(at) {
        Some(w) if w.name == OTHER_POD => format!("{OTHER_POD} of {}", w.namespace),
        _ => DNS_POD.to_owned(),
    }
}

/// The ports of a difference in words.
pub(super) fn port_words(difference: &GateDifference) -> String {
    words_of(&difference.ports)
}

/// Ports in words.
pub(super) fn words_of(ports: &PortSet) -> String {
    match ports.is_all() {
        true => "any port".to_owned(),
        false => ports.to_string(),
    }
}
