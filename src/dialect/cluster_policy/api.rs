//! What the writers of the two APIs differ in.

use crate::policy;

/// One of the two APIs.
pub struct Api {
    /// `AdminNetworkPolicy`.
    pub kind: &'static str,
    /// The version of the group.
    pub version: &'static str,
    /// The action that allows.
    pub allow: &'static str,
    /// Where policies hold that allow, and those that deny.
    pub allowing: Place,
    pub denying: Place,
    /// The same of policies that deny what others allow.
    pub overriding: Place,
    /// Most rules of one direction, peers of one rule and ports of one rule.
    pub most: usize,
    /// Whether port items are those of `protocols` (v1alpha2), not of `ports`.
    pub protocols: bool,
}

impl Api {
    /// Where a policy holds that is one of several of its tier; v1alpha1 has one object for the Baseline tier, without a
    /// priority.
    pub fn place(&self, place: policy::Place) -> Place {
        let (tier, priority) = match (self.protocols, place.baseline) {
            (true, true) => (Some("Baseline"), Some(place.priority)),
            (true, false) => (Some("Admin"), Some(place.priority)),
            (false, true) => (None, None),
            (false, false) => (None, Some(place.priority)),
        };
        Place { tier, priority }
    }
}

/// Where a policy holds, as it is written.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The tier, if there is a field for it.
    pub tier: Option<&'static str>,
    /// The priority, if there is a field for it.
    pub priority: Option<i32>,
}

const fn place(tier: Option<&'static str>, priority: i32) -> Place {
    Place {
        tier,
        priority: Some(priority),
    }
}

/// AdminNetworkPolicy.
pub const ADMIN: Api = Api {
    kind: "AdminNetworkPolicy",
    version: "v1alpha1",
    allow: "Allow",
    allowing: place(None, 98),
    denying: place(None, 99),
    overriding: place(None, 97),
    most: 100,
    protocols: false,
};

/// ClusterNetworkPolicy.
pub const CLUSTER: Api = Api {
    kind: "ClusterNetworkPolicy",
    version: "v1alpha2",
    allow: "Accept",
    allowing: place(Some("Admin"), 1000),
    denying: place(Some("Baseline"), 1000),
    overriding: place(Some("Admin"), 999),
    most: 25,
    protocols: true,
};
