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
    /// AdminNetworkPolicy, v1alpha1 of the Network Policy API.
    AdminNetworkPolicy,
    /// ClusterNetworkPolicy, v1alpha2 of the Network Policy API.
    ClusterNetworkPolicy,
}

impl Target {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 5] = [
        Self::Kubernetes,
        Self::Cilium,
        Self::Calico,
        Self::AdminNetworkPolicy,
        Self::ClusterNetworkPolicy,
    ];

    /// Its name in a project and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Cilium => "cilium",
            Self::Calico => "calico",
            Self::AdminNetworkPolicy => "admin-network-policy",
            Self::ClusterNetworkPolicy => "cluster-network-policy",
        }
    }

    /// The kind that it writes, as people call it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Kubernetes => "NetworkPolicy",
            Self::Cilium => "CiliumNetworkPolicy",
            Self::Calico => "Calico NetworkPolicy",
            Self::AdminNetworkPolicy => "AdminNetworkPolicy",
            Self::ClusterNetworkPolicy => "ClusterNetworkPolicy",
        }
    }

    /// Whether its policies are of the whole cluster and match pods alone as sources (A5): nothing in it denies ingress
    /// from outside, and it never selects host-network pods.
    pub fn is_cluster_wide(self) -> bool {
        matches!(self, Self::AdminNetworkPolicy | Self::ClusterNetworkPolicy)
    }

    /// Whether it has policies that hold only for pods that no other policy isolates.
    pub fn has_baseline(self) -> bool {
        self == Self::Calico || self.is_cluster_wide()
    }

    /// Whether a policy of it can select the pods of several namespaces.
    pub fn spans_namespaces(self) -> bool {
        self != Self::Kubernetes
    }

    /// Whether its rules can deny what others allow.
    pub fn denies(self) -> bool {
        self != Self::Kubernetes
    }

    /// Whether its rules tell HTTP requests apart.
    pub fn filters_http(self) -> bool {
        self == Self::Cilium
    }

    /// Whether its rules tell types of ICMP apart.
    pub fn has_icmp_types(self) -> bool {
        matches!(self, Self::Cilium | Self::Calico)
    }

    /// Whether it selects pods by their service accounts.
    pub fn selects_accounts(self) -> bool {
        matches!(self, Self::Cilium | Self::Calico)
    }

    /// Whether its rules may name domains as destinations.
    pub fn has_domain_names(self) -> bool {
        self == Self::Cilium || self.is_cluster_wide()
    }
}
