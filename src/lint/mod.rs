//! Findings about manifests: one registry of rules, each looking at what was read.

use crate::cluster::Snapshot;
use crate::diag::Diagnostic;

/// What the rules look at.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The cluster with its policies.
    pub snapshot: &'a Snapshot,
    /// What reading, decoding and the API server's validation said (V1-V23).
    pub told: &'a [Diagnostic],
}

/// One rule.
type Rule = fn(&Input) -> Vec<Diagnostic>;

/// All rules.
const RULES: &[Rule] = &[told];

/// Everything that the rules find, sorted by place.
pub fn lint(input: &Input) -> Vec<Diagnostic> {
    let mut found: Vec<_> = RULES.iter().flat_map(|rule| rule(input)).collect();
    found.sort_by(|a, b| (&a.span, a).cmp(&(&b.span, b)));
    found.dedup();
    found
}

/// W4 is about the verdicts of an analysis, not about the manifests.
fn told(input: &Input) -> Vec<Diagnostic> {
    let about_manifests = |d: &&Diagnostic| d.code != "W4";
    input.told.iter().filter(about_manifests).cloned().collect()
}
