//! Wire formats: parse, validate as the API server does, lower to [`crate::policy::Policy`], write.

pub mod cidr;
pub mod cluster_policy;
pub mod fields;
pub mod metadata;
pub mod names;
pub mod network_policy;
pub mod refusal;
pub mod selector;

use std::ops::RangeInclusive;

use crate::policy::{Combine, FlowKey, Loss, PlanPolicy, Tier};

/// Where AdminNetworkPolicy and the Admin tier of ClusterNetworkPolicy are judged, in [`tiers`].
pub const ADMIN: usize = 0;
/// Where NetworkPolicy is judged.
pub const NETWORK_POLICY: usize = 1;
/// Where BaselineAdminNetworkPolicy and the Baseline tier of ClusterNetworkPolicy are judged.
pub const BASELINE: usize = 2;

/// A written policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// One YAML document, without `---`.
    pub text: String,
    /// Which lines (from 1) of `text` carry which flow.
    pub lines: Vec<(RangeInclusive<u32>, FlowKey)>,
}

/// Writes a planned policy, and lists what of it the dialect cannot express. None: nothing is left of it.
pub fn write(plan: &PlanPolicy) -> (Option<Text>, Vec<Loss>) {
    network_policy::express(plan)
}

/// The tiers of a cluster whose policies mean what the Kubernetes APIs say (3.2).
pub fn tiers() -> Vec<Tier> {
    let tier = |name: &str, combine| Tier {
        name: name.into(),
        combine,
    };
    vec![
        tier("Admin", Combine::FirstMatch),
        tier("NetworkPolicy", Combine::DenyOverAccept),
        tier("Baseline", Combine::FirstMatch),
    ]
}
