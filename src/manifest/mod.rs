//! Kubernetes manifests: texts in, a [`Snapshot`] without policies out, with the policies beside it
//! and everything that could not be read as diagnostics (semantics 8).

mod objects;

use std::sync::Arc;

use crate::cluster::Snapshot;
use crate::diag::Diagnostic;
use crate::yaml::Object;

/// A text and how the user calls it.
#[derive(Clone, Debug)]
pub struct Source {
    /// File name as given, or `-` for standard input.
    pub name: Arc<str>,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// A text under a name.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }
}

/// What manifests say.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// The cluster; no policies, no tiers.
    pub snapshot: Snapshot,
    /// NetworkPolicies, in the order of the texts; of those with one identity only the last.
    pub policies: Vec<Object>,
    /// What could not be read, and what is worth knowing.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads manifests. Never fails: what cannot be read becomes a diagnostic, the rest counts.
pub fn read(sources: &[Source]) -> Manifests {
    let (objects, diagnostics) = objects::objects(sources);
    Manifests {
        snapshot: Snapshot::default(),
        policies: objects,
        diagnostics,
    }
}
