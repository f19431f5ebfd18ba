//! Ends of connections: one pod or address of a single connection, or all that a line of an answer stands for.

use std::net::IpAddr;

use crate::sets::Labels;

/// One concrete end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// The pod at this index of `Snapshot::pods`.
    Pod(usize),
    /// A pod that does not exist yet.
    NewPod(NewPod),
    /// An address that belongs to no pod.
    Address(IpAddr),
    /// The node at this index of `Snapshot::nodes`; for one that has addresses, whichever of them it is.
    Node(usize),
    /// The same, by one of its addresses.
    NodeAddress(usize, IpAddr),
    /// What a domain name stands for; `*` in it is a character that no policy writes out, so that
    /// `*.example.com` stands for all names below that no policy singles out.
    Domain(String),
}

/// A pod that does not exist yet: it runs as `default`, has no known address and declares no ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NewPod {
    /// Its namespace in `Snapshot::namespaces`; none: a namespace that does not exist yet.
    pub namespace: Option<usize>,
    /// The labels of its namespace.
    pub namespace_labels: Labels,
    /// Its own labels.
    pub labels: Labels,
}

/// An end that many connections have in common. A workload is known by its index in a snapshot, or by name
/// where two clusters have it.
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
    /// What serves Ingress and Route objects.
    IngressController,
}
