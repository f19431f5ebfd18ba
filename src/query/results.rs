//! Everything that is known about a drawing after an edit: its policies, their proof, the invariants.
//!
//! [`check`] is what the window calls after each edit: it writes the policies of a [`Document`],
//! reads their text back and compares it with the drawing.

use std::sync::Arc;
use std::time::Duration;

use super::invariants::{self, Judged, Outcome};
use crate::load::imported;
use crate::model::Document;
use crate::proof::InForce;
use crate::proof::generated::{self, Generated};
use crate::proof::prove::{self, Proof, prove_against};

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
    let imported = imported::imported(document);
    let generated = generated::write(document, &imported);
    let in_force = InForce::of(document, &imported, &generated);
    let proof = prove::prove_in_force(document, &imported, &generated, &in_force);
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
