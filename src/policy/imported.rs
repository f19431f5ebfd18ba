//! Imported policies as plan and intent need them: lowered, with what was wrong with their texts.

use std::sync::Arc;

use super::Policy;
use crate::diag::Diagnostic;

/// One imported text, lowered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// What it means; a text may hold no policy, or several.
    pub policies: Vec<Arc<Policy>>,
    /// Those of them that make the addresses of domain names known to their pods.
    pub learning: Vec<Arc<Policy>>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}
