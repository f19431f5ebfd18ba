//! Manifests and policies into the one [`Snapshot`] that everything is asked of.

mod notes;

use rayon::prelude::*;

use crate::cluster::{Assumptions, Snapshot};
use crate::diag::Diagnostic;
use crate::dialect::network_policy;
use crate::manifest::{self, Source};
use crate::yaml::Object;

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The cluster with its policies lowered and its tiers set.
    pub snapshot: Snapshot,
    /// Every policy object that was found, the refused ones too.
    pub policies: Vec<LoadedPolicy>,
    /// What could not be read, what the API server would refuse, and what is worth knowing; by place.
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
/// The same texts in the same order give the same answer.
pub fn load(sources: &[Source], assumptions: Assumptions) -> Loaded {
    let manifests = manifest::read(sources);
    let mut loaded = Loaded {
        snapshot: manifests.snapshot,
        policies: Vec::new(),
        diagnostics: manifests.diagnostics,
    };
    let snapshot = &mut loaded.snapshot;
    snapshot.assumptions = assumptions;
    snapshot.tiers = vec![network_policy::tier()];
    let read: Vec<_> = manifests
        .policies
        .into_par_iter()
        .with_min_len(64)
        .map(|object| (network_policy::read(&object, 0, &assumptions), object))
        .collect();
    for (read, object) in read {
        loaded.diagnostics.extend(read.diagnostics);
        let index = read.policy.is_some().then_some(snapshot.policies.len());
        snapshot.policies.extend(read.policy);
        loaded.policies.push(LoadedPolicy { object, index });
    }
    loaded.diagnostics.extend(notes::notes(snapshot));
    loaded
        .diagnostics
        .sort_by(|a, b| (&a.span, a).cmp(&(&b.span, b)));
    loaded
}
