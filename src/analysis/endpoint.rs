//! Ends of connections, as single connections are asked about.

use std::net::IpAddr;

use crate::sets::Labels;

/// One concrete end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
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
