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
    /// ClusterNetworkPolicy.
    ClusterNetworkPolicy,
    /// AdminNetworkPolicy and BaselineAdminNetworkPolicy.
    AdminNetworkPolicy,
}

impl Target {
    /// All of them, whether or not they can be written.
    pub const ALL: [Self; 5] = [
        Self::Kubernetes,
        Self::Cilium,
        Self::Calico,
        Self::ClusterNetworkPolicy,
        Self::AdminNetworkPolicy,
    ];

    /// Its name in a project and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Cilium => "cilium",
            Self::Calico => "calico",
            Self::ClusterNetworkPolicy => "cluster-network-policy",
            Self::AdminNetworkPolicy => "admin-network-policy",
        }
    }

    /// The kind that it writes, as people call it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Kubernetes => "NetworkPolicy",
            Self::Cilium => "CiliumNetworkPolicy",
            Self::Calico => "Calico NetworkPolicy",
            Self::ClusterNetworkPolicy => "ClusterNetworkPolicy",
            Self::AdminNetworkPolicy => "AdminNetworkPolicy",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed() {
        for target in Target::ALL {
            assert_eq!(Target::parse(target.name()), Some(target));
        }
        assert_eq!(Target::parse("Cilium"), None);
    }
}
