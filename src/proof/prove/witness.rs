//! One concrete connection that shows a difference: in words, and by ids for the canvas.

use std::net::IpAddr;

use super::describer::Describer;
use crate::analysis::compare::{GateDifference, PeerClass};
use crate::intent::future_pods;
use crate::intent::snapshot::{DNS_POD, OTHER_POD};
use crate::model::{Document, End, Flow, FlowPort, NodeRef, Words};
use crate::policy::{Accounts, Direction};
use crate::sets::{IpSet, PortSet, Protocol};

/// One connection that shows a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness {
    /// Its source.
    pub from: Located,
    /// Its destination.
    pub to: Located,
    /// One port out of `ports`; none where only other protocols are meant, or a name.
    pub port: Option<(Protocol, u16)>,
    /// All ports at which the same connection shows it.
    pub ports: PortSet,
}

/// Where the document shows one side of a connection; its words are beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Located {
    /// It is an end of the document.
    At(End),
    /// It is a part of an end, or not in the document at all.
    Inside {
        /// The narrowest end that has it: the external of an address, or the namespace of a pod.
        end: Option<End>,
        /// Its address, if it is one.
        address: Option<IpAddr>,
    },
}

impl Located {
    /// What no end of the document has.
    pub const NOWHERE: Self = Self::Inside {
        end: None,
        address: None,
    };

    /// An address, in the node or the narrowest external that has it.
    pub fn address(document: &Document, address: IpAddr) -> Self {
        Self::Inside {
            end: holder(document, address),
            address: Some(address),
        }
    }

    /// A pod that the document does not have, in a namespace that it may have.
    fn pod(document: &Document, namespace: Option<&str>) -> Self {
        let known = namespace.and_then(|name| document.namespace_named(name));
        Self::Inside {
            end: known.map(End::AnyPodOf),
            address: None,
        }
    }

    /// The end of the document that it is, or that has it.
    pub fn end(&self) -> Option<&End> {
        match self {
            Self::At(end) => Some(end),
            Self::Inside { end, .. } => end.as_ref(),
        }
    }

    /// The canvas node that shows it.
    pub fn node(&self) -> Option<NodeRef> {
        self.end().and_then(End::node)
    }
}

impl Witness {
    /// The witness of a loss: the flow itself.
    pub(super) fn of_flow(flow: &Flow) -> Self {
        let ports: PortSet = flow.ports.iter().filter_map(FlowPort::numbers).collect();
        Self {
            from: Located::At(flow.from.clone()),
            to: Located::At(flow.to.clone()),
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

fn workload(describer: &Describer, at: usize) -> Located {
    if let Some(id) = describer.drawn(at) {
        return Located::At(End::Workload(id));
    }
    let workload = describer.cluster.snapshot.workloads.get(at);
    Located::pod(describer.document, workload.map(|w| &*w.namespace))
}

fn other(describer: &Describer, peer: &PeerClass) -> Located {
    let (snapshot, document) = (&describer.cluster.snapshot, describer.document);
    match peer {
        PeerClass::Pod(at) => match snapshot.pods.get(*at) {
            Some(pod) => workload(describer, pod.workload),
            None => Located::NOWHERE,
        },
        PeerClass::NewPod(pod) => {
            let namespace = pod.namespace.and_then(|at| snapshot.namespaces.get(at));
            Located::pod(document, namespace.map(|n| &*n.name))
        }
        PeerClass::Addresses { first, .. } => Located::address(document, *first),
        PeerClass::Domain(_) | PeerClass::Entity(_) | PeerClass::Node(_) => Located::NOWHERE,
    }
}

/// The node of flows that has an address, else the external whose block around it is the narrowest.
pub(crate) fn holder(document: &Document, address: IpAddr) -> Option<End> {
    let nodes = document.nodes_of_flows().into_iter().map(End::Node);
    let mut own = nodes.filter(|end| document.addresses_at(end).contains(address));
    own.next().or_else(|| narrowest(document, address))
}

fn narrowest(document: &Document, address: IpAddr) -> Option<End> {
    let blocks = document.externals.iter().flat_map(|(id, external)| {
        let around = external
            .networks
            .iter()
            .filter(move |n| IpSet::block(n.cidr, &n.except).contains(address));
        around.map(move |n| (std::cmp::Reverse(n.cidr.prefix_len()), id))
    });
    blocks.min().map(|(_, id)| End::External(id))
}

/// Source and destination in words.
pub(super) fn ends(describer: &Describer, difference: &GateDifference) -> (String, String) {
    let own = workload_words(describer, difference.workload);
    let other = other_words(describer, &difference.peer);
    in_order(difference.direction, own, other)
}

pub(super) fn other_words(describer: &Describer, peer: &PeerClass) -> String {
    let snapshot = &describer.cluster.snapshot;
    match peer {
        PeerClass::Pod(pod) => {
            let pod = snapshot.pods.get(*pod);
            pod.map_or(String::new(), |p| workload_words(describer, p.workload))
        }
        PeerClass::NewPod(pod) => {
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
        PeerClass::Addresses { first, last } if first == last => first.to_string(),
        PeerClass::Addresses { first, last } => range_words(*first, *last),
        PeerClass::Domain(name) => name.clone(),
        PeerClass::Entity(entity) => entity.description().to_owned(),
        PeerClass::Node(at) => {
            let node = snapshot.nodes.get(*at);
            node.map_or(String::new(), |n| format!("node {}", n.name))
        }
    }
}

/// `10.0.0.0 to 10.0.0.255`; all addresses of a family by its name.
fn range_words(first: IpAddr, last: IpAddr) -> String {
    match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) if first.is_unspecified() && last.is_broadcast() => {
            "any IPv4 address".to_owned()
        }
        (IpAddr::V6(first), IpAddr::V6(last))
            if first.is_unspecified() && last.to_bits() == u128::MAX =>
        {
            "any IPv6 address".to_owned()
        }
        _ => format!("{first} to {last}"),
    }
}

pub(super) fn workload_words(describer: &Describer, at: usize) -> String {
    if let Some(id) = describer.drawn(at) {
        return Words::new(describer.document).of(&End::Workload(id));
    }
    match describer.cluster.snapshot.workloads.get(at) {
        Some(w) if w.name == OTHER_POD => {
            let mut with: Vec<String> = w.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let pod = describer.cluster.snapshot.pods.get(w.pods.start);
            let account = pod.map_or(Accounts::DEFAULT, |pod| &pod.service_account);
            if account != Accounts::DEFAULT {
                with.push(format!("service account {account}"));
            }
            match with.is_empty() {
                true => format!("{OTHER_POD} of {}", w.namespace),
                false => format!("a future pod of {} with {}", w.namespace, with.join(", ")),
            }
        }
        _ => DNS_POD.to_owned(),
    }
}

/// The ports of a difference in words.
pub(super) fn port_words(describer: &Describer, difference: &GateDifference) -> String {
    let pods = &describer.cluster.snapshot.pods;
    future_pods::port_words(
        difference.destination().and_then(|at| pods.get(at)),
        &difference.ports,
    )
}
