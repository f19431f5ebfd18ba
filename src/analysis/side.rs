//! One side of a comparison: policies, and the tiers and assumptions they are evaluated under.

use std::sync::Arc;

use crate::cluster::{Assumptions, Snapshot};
use crate::policy::{Policy, Tier};

/// Policies over the pods, namespaces and nodes of a cluster, with the tiers and the assumptions under which
/// they are evaluated: an intent has other tiers than written policies, and two enforcers differ in both.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Has the namespaces, workloads, pods and nodes.
    pub cluster: &'a Snapshot,
    /// The policies, in place of the cluster's own.
    pub policies: &'a [Arc<Policy>],
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
