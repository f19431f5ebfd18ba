//! One side of a comparison: policies, and what they are read under.

use crate::cluster::{Assumptions, Snapshot};
use crate::policy::{Policy, Tier};

/// Policies over the pods, namespaces and nodes of a cluster, with the tiers and the assumptions under
/// which they are read: an intent has other tiers than what is written, and two enforcers differ in both.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Whose namespaces, workloads, pods and nodes are meant.
    pub cluster: &'a Snapshot,
    /// The policies, in place of the cluster's own.
    pub policies: &'a [Policy],
    /// The tiers that the policies number.
    pub tiers: &'a [Tier],
    /// What is assumed of pods and their addresses.
    pub assumptions: Assumptions,
}

impl<'a> From<&'a Snapshot> for Side<'a> {
    /// A cluster with its own policies.
    fn from(cluster: &'a Snapshot) -> Self {
        Self {
            cluster,
            policies: &cluster.policies,
            tiers: &cluster.tiers,
            assumptions: cluster.assumptions,
        }
    }
}
