//! What policies name by its role, not by labels or addresses.

use std::fmt;

/// A part of the cluster or of the world that a policy names by its role: an entity of Cilium (semantics 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// The API server, wherever it runs.
    KubeApiserver,
    /// The node of a pod, with the pods on its network.
    Host,
    /// All other nodes, with the pods on their network.
    RemoteNode,
    /// The proxy of the cluster's own ingress controller.
    Ingress,
    /// Everything outside the cluster.
    World,
    /// Every pod, every node, the API server and the ingress proxy.
    Cluster,
}

impl Entity {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::KubeApiserver,
        Self::Host,
        Self::RemoteNode,
        Self::Ingress,
        Self::World,
        Self::Cluster,
    ];

    /// Those that are no pods, no nodes and no addresses: endpoints of their own.
    pub const OPAQUE: [Self; 3] = [Self::KubeApiserver, Self::Host, Self::Ingress];

    /// The word of project files and of Cilium: `kube-apiserver`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::KubeApiserver => "kube-apiserver",
            Self::Host => "host",
            Self::RemoteNode => "remote-node",
            Self::Ingress => "ingress",
            Self::World => "world",
            Self::Cluster => "cluster",
        }
    }

    /// The entity of a word; none: there is none, or policies name it for parts of the cluster that are not modelled.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.word() == word)
    }

    /// What it is, for a person: `the API server`.
    pub fn description(self) -> &'static str {
        match self {
            Self::KubeApiserver => "the API server",
            Self::Host => "the node of the pod",
            Self::RemoteNode => "all other nodes",
            Self::Ingress => "the ingress proxy",
            Self::World => "everything outside the cluster",
            Self::Cluster => "everything in the cluster",
        }
    }
}

/// As endpoints are named in answers: `entity kube-apiserver`.
impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entity {}", self.word())
    }
}
