//! What the writers of the two APIs differ in.

use crate::policy::{self, Beside};

/// The last priority of a tier (A3).
const LAST: i32 = 1000;
/// The tier behind all policies that isolate pods.
const BASELINE: &str = "Baseline";

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
            (true, true) => (Some(BASELINE), Some(place.priority)),
            (true, false) => (Some("Admin"), Some(place.priority)),
            (false, true) => (None, None),
            (false, false) => (None, Some(place.priority)),
        };
        Place { tier, priority }
    }

    /// A place behind the policies before NetworkPolicies that are in force already, or before those behind them: where a NetworkPolicy
    /// holds (A3). Behind the last priority there is none.
    pub fn among(&self, place: Place, beside: Beside) -> Place {
        let Some(own) = place.priority else {
            return place;
        };
        let priority = match (place.tier == Some(BASELINE), beside.first_baseline) {
            (true, Some(first)) => own.min(first - 1).max(0),
            (true, None) => own,
            (false, _) => own + self.shift(beside),
        };
        Place {
            priority: Some(priority),
            ..place
        }
    }

    /// How much later than usual its policies that hold before NetworkPolicies have to be.
    fn shift(&self, beside: Beside) -> i32 {
        let before = [self.allowing, self.denying, self.overriding].into_iter();
        let before = before.filter(|place| place.tier != Some(BASELINE));
        let last = before.filter_map(|place| place.priority).max();
        let possible = last.map_or(0, |last| LAST - last);
        let first = self.allowing.priority.unwrap_or_default();
        let needed = beside.last.map_or(0, |last| last - first + 1);
        needed.clamp(0, possible.max(0))
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
    denying: place(Some(BASELINE), 1000),
    overriding: place(Some("Admin"), 999),
    most: 25,
    protocols: true,
};
