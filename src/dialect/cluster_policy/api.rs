//! What the writers of the two APIs differ in.

/// One of the two APIs.
pub struct Api {
    /// `AdminNetworkPolicy`.
    pub kind: &'static str,
    /// The version of the group.
    pub version: &'static str,
    /// The action that allows.
    pub allow: &'static str,
    /// The tier, if there is a field for it, and the priority of policies that allow, and of those that deny.
    pub allowing: (Option<&'static str>, i64),
    pub denying: (Option<&'static str>, i64),
    /// The same of policies that deny what others allow.
    pub overriding: (Option<&'static str>, i64),
    /// Most rules of one direction, peers of one rule and ports of one rule.
    pub most: usize,
    /// Whether port items are those of `protocols` (v1alpha2), not of `ports`.
    pub protocols: bool,
}

/// AdminNetworkPolicy.
pub const ADMIN: Api = Api {
    kind: "AdminNetworkPolicy",
    version: "v1alpha1",
    allow: "Allow",
    allowing: (None, 98),
    denying: (None, 99),
    overriding: (None, 97),
    most: 100,
    protocols: false,
};

/// ClusterNetworkPolicy.
pub const CLUSTER: Api = Api {
    kind: "ClusterNetworkPolicy",
    version: "v1alpha2",
    allow: "Accept",
    allowing: (Some("Admin"), 1000),
    denying: (Some("Baseline"), 1000),
    overriding: (Some("Admin"), 999),
    most: 25,
    protocols: true,
};
