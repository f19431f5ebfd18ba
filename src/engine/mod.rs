//! Pure functions that the window and the command line share: import, generate, prove.
//!
//! [`check`] is what the window calls after each edit: it writes the policies of a [`Document`],
//! reads their text back and compares it with the drawing.

mod dns;
pub mod generate;
mod ground;
pub mod identity;
mod intent;
mod kept;
pub mod load;
mod names;
pub mod prove;
mod say;
#[cfg(test)]
pub(crate) mod sketch;
pub mod snapshot;

use std::time::Duration;

pub use generate::{Generated, MANAGED_BY, Role, Written, generate};
pub use prove::{Finding, Kind, Proof, State, Verdict, prove, prove_against};
pub use say::Unsaid;

pub use crate::analysis::Isolation;

use crate::model::Document;

/// What is known about a drawing after an edit.
#[derive(Clone, Debug)]
pub struct Results {
    /// What it answers for.
    pub document: Document,
    /// The policies.
    pub generated: Generated,
    /// Whether they are the drawing.
    pub proof: Proof,
    /// How long it took; for whoever holds a clock to fill in.
    pub took: Duration,
}

/// Generates and proves.
pub fn check(document: &Document) -> Results {
    let generated = generate(document);
    let proof = prove(document, &generated);
    Results {
        document: document.clone(),
        generated,
        proof,
        took: Duration::ZERO,
    }
}
