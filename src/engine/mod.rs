//! Pure functions that the window and the command line share: import, generate, prove.
//!
//! [`check`] is what the window calls after each edit: it writes the policies of a [`Document`],
//! reads their text back and compares it with the drawing.

pub mod adopt;
pub mod allowed;
pub mod ask;
pub mod audit;
pub mod compare;
mod dns;
pub mod drawn;
pub mod exposed;
pub mod fix;
pub mod generate;
mod ground;
pub mod identity;
pub mod import;
pub mod in_force;
mod intent;
pub mod invariants;
mod kept;
pub mod load;
mod names;
pub mod parties;
pub mod picture;
pub mod prove;
pub mod radius;
pub mod reach;
mod say;
#[cfg(test)]
pub(crate) mod sketch;
pub mod snapshot;
pub mod why;

use std::sync::Arc;
use std::time::Duration;

pub use adopt::{Adopted, adopt};
pub use fix::{Fix, fixes};
pub use generate::{Generated, MANAGED_BY, Role, Written, generate};
pub use import::{Imported, Offer, import, import_beside};
pub use in_force::{InForce, Origin};
pub use invariants::{Breach, Hop, Judged, Outcome};
pub use kept::faults;
pub use prove::{
    About, Culprit, Finding, Kind, Place, Proof, State, Verdict, Witness, prove, prove_against,
};
pub use say::Unsaid;

pub use crate::analysis::Isolation;

use crate::manifest::Source;
use crate::model::Document;

/// A project as if it had been read from manifests: what is drawn, with the policies that it
/// generates and those that it keeps.
pub fn loaded(document: &Document) -> load::Loaded {
    let generated = generate(document);
    let texts = generated
        .policies
        .iter()
        .map(|w| (format!("{}/{}", w.namespace, w.name), w.text.clone()));
    let kept = document
        .policies
        .iter()
        .map(|(_, kept)| (kept.file.clone(), kept.text.clone()));
    let sources: Vec<Source> = texts
        .chain(kept)
        .map(|(name, text)| Source::new(name, text))
        .collect();
    let read = load::load(&sources, document.settings.assumptions);
    let stage = snapshot::snapshot(document, read.snapshot.policies);
    // What the texts alone do not declare, the drawing does.
    let told = |d: &crate::diag::Diagnostic| d.severity != crate::diag::Severity::Info;
    load::Loaded {
        snapshot: stage.snapshot,
        policies: read.policies,
        diagnostics: read.diagnostics.into_iter().filter(told).collect(),
        project: Some(document.clone()),
    }
}

/// [`prove_against`] and the invariants, under policies from elsewhere.
pub fn check_against(
    document: &Document,
    policies: Vec<crate::policy::Policy>,
) -> (Proof, Vec<Judged>) {
    let in_force = InForce::given(document, policies.clone());
    let invariants = invariants::judge(document, &in_force);
    (prove_against(document, policies), invariants)
}

/// What is known about a drawing after an edit.
#[derive(Clone, Debug)]
pub struct Results {
    /// What it answers for.
    pub document: Document,
    /// The policies.
    pub generated: Generated,
    /// Whether they are the drawing.
    pub proof: Proof,
    /// The policies read back, with the kept ones: who reaches whom, and why, is asked of it.
    pub in_force: Arc<InForce>,
    /// What became of each invariant, in the order of the document.
    pub invariants: Vec<Judged>,
    /// How long it took; for whoever holds a clock to fill in.
    pub took: Duration,
}

impl Results {
    /// How many invariants are broken.
    pub fn broken(&self) -> usize {
        let outcomes = self.invariants.iter().map(|judged| &judged.outcome);
        outcomes.filter(|o| matches!(o, Outcome::Broken(_))).count()
    }
}

/// Generates and proves.
pub fn check(document: &Document) -> Results {
    let ground = ground::Ground::new(document);
    let generated = generate::write(&ground);
    let in_force = InForce::of(&ground, &generated);
    let proof = prove::prove_in_force(&ground, &generated, &in_force);
    let invariants = invariants::judge(document, &in_force);
    Results {
        document: document.clone(),
        invariants,
        generated,
        proof,
        in_force: Arc::new(in_force),
        took: Duration::ZERO,
    }
}
