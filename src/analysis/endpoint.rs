//! Ends of connections: one pod or address of a single connection, or a group of ends in an answer.

use std::net::IpAddr;

use crate::policy::Entity;
use crate::sets::Labels;

/// One concrete end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// The pod at this index of `Snapshot::pods`.
    Pod(usize),
    /// A future pod.
    NewPod(NewPod),
    /// An address that belongs to no pod.
    Address(IpAddr),
    /// The node at this index of `Snapshot::nodes`; for a node with addresses, any of them.
    Node(usize),
    /// The same, by one of its addresses.
    NodeAddress(usize, IpAddr),
    /// A domain name; `*` in it is a character that occurs in no policy, so that `*.example.com`
    /// represents all subdomains that no policy mentions.
    Domain(String),
    /// One of [`Entity::OPAQUE`].
    Entity(Entity),
}

/// A future pod: it has no known address and declares no ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NewPod {
    /// Its namespace in `Snapshot::namespaces`; none: a namespace that does not exist yet.
    pub namespace: Option<usize>,
    /// The labels of its namespace.
    pub namespace_labels: Labels,
    /// Its own labels.
    pub labels: Labels,
    /// The service account that it runs as; none: `default`.
    pub service_account: Option<String>,
}

/// A group of ends in an answer. A workload is identified by its index in a snapshot, or by its name where
/// two clusters are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party<W = usize> {
    /// All pods of the workload.
    Workload(W),
    /// A maximal range of addresses that belong to no pod.
    Addresses {
        /// The first.
        first: IpAddr,
        /// The last, of the same family.
        last: IpAddr,
    },
    /// The ingress controller.
    IngressController,
}
