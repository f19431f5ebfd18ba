//! The dialects that planned policies can be written in.

/// A dialect to write policies in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// NetworkPolicy of the Kubernetes API.
    #[default]
    Kubernetes,
    /// CiliumNetworkPolicy.
    Cilium,
    /// NetworkPolicy of Calico.
    Calico,
}

impl Target {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Kubernetes, Self::Cilium, Self::Calico];

    /// Its name in a project and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Cilium => "cilium",
            Self::Calico => "calico",
        }
    }

    /// The kind that it writes, as people call it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Kubernetes => "NetworkPolicy",
            Self::Cilium => "CiliumNetworkPolicy",
            Self::Calico => "Calico NetworkPolicy",
        }
    }
}
