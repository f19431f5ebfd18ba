//! What readers hand over: one record of a connection, in no format.

use std::net::IpAddr;
use std::sync::Arc;

use super::owner::Owner;
use super::time::Time;

/// The protocol of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
    /// ICMP for IPv4.
    Icmp,
    /// ICMP for IPv6.
    Icmp6,
}

impl Protocol {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
            Self::Icmp => "ICMP",
            Self::Icmp6 => "ICMPv6",
        }
    }

    /// A protocol by any name that recorders use.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "tcp" | "6" => Self::Tcp,
            "udp" | "17" => Self::Udp,
            "sctp" | "132" => Self::Sctp,
            "icmp" | "icmpv4" | "1" => Self::Icmp,
            "icmp6" | "icmpv6" | "58" => Self::Icmp6,
            _ => return None,
        })
    }
}

/// What became of a packet or a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It went on.
    #[default]
    Forwarded,
    /// It went on, but the policies would deny it.
    Audited,
    /// A policy denied it.
    Dropped,
}

impl Verdict {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::Audited => "audited",
            Self::Dropped => "dropped",
        }
    }
}

/// Which way a record goes, as far as one kind of evidence knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Unknown.
    #[default]
    Unknown,
    /// From the client.
    Request,
    /// From the server.
    Answer,
}

/// What a record knows about an end beside its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    /// The namespace; empty if unknown.
    pub namespace: String,
    /// The pod; empty if unknown.
    pub pod: String,
    /// The workload, where a record names it without its pod.
    pub workload: Option<Owner>,
    /// Labels with their source: `k8s:app=web`, `reserved:host`, `calico:app=web`.
    pub labels: Vec<String>,
    /// The number of its identity; 0 if unknown.
    pub identity: u64,
}

impl End {
    /// Whether it is a pod.
    pub fn is_pod(&self) -> bool {
        !self.namespace.is_empty() && !self.pod.is_empty()
    }

    /// Whether it is a pod, or pods, by its workload, labels or identity, although no name is recorded.
    pub fn is_unnamed_pod(&self) -> bool {
        let is_reserved = || self.labels.iter().any(|l| l.starts_with("reserved:"));
        match self.labels.is_empty() {
            _ if is_reserved() => false,
            _ if self.workload.is_some() => true,
            true => IDENTITIES_OF_PODS.contains(&self.identity),
            false => self.has_labels(),
        }
    }

    /// Whether the labels of a pod are recorded, not only those that Cilium reserves.
    pub fn has_labels(&self) -> bool {
        let is_of_pod = |label: &String| label.starts_with("k8s:") || label.starts_with(CALICO);
        self.labels.iter().any(is_of_pod)
    }

    /// The same with the namespace that its labels name, if it has no other one.
    pub fn with_namespace(&self) -> Self {
        let mut end = self.clone();
        if end.namespace.is_empty() {
            let mut labels = self.labels.iter();
            let named = labels.find_map(|label| label.strip_prefix(NAMESPACE_OF_POD));
            end.namespace = named.unwrap_or_default().to_owned();
        }
        end
    }
}

/// The source of labels that Calico records: those of pods, and none of their namespaces.
pub const CALICO: &str = "calico:";
/// The label with which Cilium names the namespace of a pod.
const NAMESPACE_OF_POD: &str = "k8s:io.kubernetes.pod.namespace=";
/// The numbers of identities that Cilium gives to pods; above are those of networks and nodes.
const IDENTITIES_OF_PODS: std::ops::Range<u64> = 256..1 << 24;

/// What a record says about both ends, which many records say alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Facts {
    /// Where it comes from.
    pub source: Arc<End>,
    /// Where it goes.
    pub destination: Arc<End>,
    /// What it says beside them, which most records between any ends say alike.
    pub names: Arc<Names>,
}

/// Names that a record has beside those of its ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Names {
    /// Names that the destination has for the source.
    pub of_source: Vec<String>,
    /// Names that the source has for the destination.
    pub of_destination: Vec<String>,
    /// The Service that is the destination: namespace and name.
    pub service: Option<(String, String)>,
    /// Policies that allowed it, as the recorder names them.
    pub allowed: Vec<String>,
    /// Policies that denied it.
    pub denied: Vec<String>,
}

/// A record of one packet or request, with the ports of both ends.
#[derive(Clone, Debug)]
pub struct Packet {
    /// When it was seen.
    pub time: Time,
    /// Its protocol.
    pub protocol: Protocol,
    /// Address and port of its source; for ICMP the port is the type.
    pub source: (IpAddr, u16),
    /// Address and port of its destination.
    pub destination: (IpAddr, u16),
    /// What became of it.
    pub verdict: Verdict,
    /// A TCP SYN without ACK.
    pub is_syn: bool,
    /// By flags of the transport protocol.
    pub strong: Side,
    /// By what connection tracking says.
    pub claim: Side,
    /// By which end is on the recording node.
    pub local: Side,
    /// A request to a proxy, or its answer.
    pub is_layer_seven: bool,
    /// Forwarded, and connection tracking says nothing.
    pub is_undirected: bool,
}

/// Counters of events between two ends, or a record without the source's port.
#[derive(Clone, Debug)]
pub struct Counted {
    /// When the interval began.
    pub time: Time,
    /// The protocol.
    pub protocol: Protocol,
    /// The address of the source, if it is known.
    pub source: Option<IpAddr>,
    /// The address of the destination.
    pub destination: Option<IpAddr>,
    /// The port of the destination.
    pub port: Option<u16>,
    /// The type of ICMP.
    pub icmp: Option<u8>,
    /// What became of the events.
    pub verdict: Verdict,
    /// At the source, at the destination, and who knows where.
    pub events: [u64; 3],
    /// Forwarded, and connection tracking says nothing.
    pub is_undirected: bool,
}
