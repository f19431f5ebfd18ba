//! Manifests and policies into the one [`Snapshot`] that everything is asked of.

use crate::cluster::{Assumptions, Snapshot};
use crate::diag::Diagnostic;
use crate::manifest::{self, Source};
use crate::yaml::Object;

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The cluster with its policies lowered and its tiers set.
    pub snapshot: Snapshot,
    /// Every policy object that was found, the refused ones too.
    pub policies: Vec<LoadedPolicy>,
    /// What could not be read, what the API server would refuse, and what is worth knowing.
    pub diagnostics: Vec<Diagnostic>,
}

/// A policy as it was written, and what became of it.
#[derive(Clone, Debug)]
pub struct LoadedPolicy {
    /// The object, with its text.
    pub object: Object,
    /// Its place in `snapshot.policies`; none if no API server would take it.
    pub index: Option<usize>,
}

/// Reads manifests and lowers their policies under `assumptions`. Never fails; see the diagnostics.
pub fn load(sources: &[Source], assumptions: Assumptions) -> Loaded {
    let manifests = manifest::read(sources);
    let mut snapshot = manifests.snapshot;
    snapshot.assumptions = assumptions;
    Loaded {
        snapshot,
        policies: Vec::new(),
        diagnostics: manifests.diagnostics,
    }
}
