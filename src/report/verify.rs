//! The results of the proof and of the invariants: `drawbridge verify`.

mod json;
mod junit;
mod markdown;
mod sarif;
#[cfg(test)]
mod tests;
pub mod unread;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use sarif::sarif;
pub(super) use sarif::{SCHEMA, sentence, uri};

use super::{escape, left_out};
use crate::cluster::Enforcer;
use crate::cluster::LeftOut;
use crate::diag::{self, Diagnostic, Span};
use crate::model::{Document, FlowId, Invariant, InvariantId, PolicyId, Words};
use crate::proof::Finding;
use crate::proof::Kind;
use crate::proof::Proof;
use crate::proof::State;
use crate::proof::Verdict;
use crate::query::Judged;
use crate::query::Outcome;

/// A project and the results of verifying it.
#[derive(Clone, Copy)]
pub struct Verified<'a> {
    /// The project.
    pub document: &'a Document,
    /// The proof of the policies against the drawn flows.
    pub proof: &'a Proof,
    /// The verdict on each invariant.
    pub invariants: &'a [Judged],
    /// For each finding of the proof the titles of its fixes; shorter than the findings where fixes were not searched.
    pub fixes: &'a [Vec<String>],
    /// Further diagnostics.
    pub diagnostics: &'a [Diagnostic],
    /// The policies that are not judged.
    pub left_out: &'a [LeftOut],
    /// For each of these the imported policy that it is; empty where policies are given.
    pub left_out_of: &'a [PolicyId],
    /// The lines of flows, policies and invariants in the project file.
    pub places: &'a Places,
}

/// Places in a project file; lines count from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The file as the user named it.
    pub file: String,
    /// Where each flow begins.
    pub flows: BTreeMap<FlowId, Span>,
    /// The first line of each imported policy's text.
    pub policies: BTreeMap<PolicyId, u32>,
    /// The first line of each invariant.
    pub invariants: BTreeMap<InvariantId, u32>,
}

impl Places {
    /// Gives diagnostics about flows the places of these.
    pub fn locate(&self, diagnostics: &mut [Diagnostic]) {
        for found in diagnostics.iter_mut().filter(|d| d.span.is_none()) {
            let flow = found.flow.map(FlowId);
            found.span = flow.and_then(|id| self.flows.get(&id)).cloned();
        }
    }
}

/// Kinds of findings and of invariants that do not hold, most severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rule {
    Blocked,
    TooWide,
    Invalid,
    CannotExpress,
    Approximated,
    Broken,
    NotJudged,
    LeftOut,
}

impl Rule {
    const ALL: [Self; 8] = [
        Self::Blocked,
        Self::TooWide,
        Self::Invalid,
        Self::CannotExpress,
        Self::Approximated,
        Self::Broken,
        Self::NotJudged,
        Self::LeftOut,
    ];

    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Blocked => Self::Blocked,
            Kind::TooWide => Self::TooWide,
            Kind::Invalid => Self::Invalid,
            Kind::CannotExpress => Self::CannotExpress,
            Kind::Approximated => Self::Approximated,
        }
    }

    /// Its stable name.
    fn id(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::TooWide => "too-wide",
            Self::Invalid => "invalid-flow",
            Self::CannotExpress => "cannot-express",
            Self::Approximated => "approximated",
            Self::Broken => "invariant-broken",
            Self::NotJudged => "invariant-not-judged",
            Self::LeftOut => "policy-not-judged",
        }
    }

    /// Its description in SARIF.
    fn means(self) -> &'static str {
        match self {
            Self::Blocked => "The policies deny a drawn flow.",
            Self::TooWide => "The policies allow connections that no flow draws.",
            Self::Invalid => {
                "A drawn flow is invalid, such as one with an end that does not exist, and omitted from the policies."
            }
            Self::CannotExpress => {
                "Part of a drawn flow cannot be expressed and is omitted from the policies."
            }
            Self::Approximated => {
                "A drawn flow cannot be expressed, and the policies allow more in its place, as the flow accepts."
            }
            Self::Broken => "The policies violate an invariant of the project.",
            Self::NotJudged => "An invariant of the project cannot be judged.",
            Self::LeftOut => {
                "A policy is of a kind that is not judged, so the verdicts do not count on it."
            }
        }
    }
}

impl<'a> Verified<'a> {
    /// Whether the proof is exact and all invariants hold; none if nothing is drawn or isolated, and there is no
    /// invariant.
    pub fn is_fine(&self) -> Option<bool> {
        let hold = self.invariants.iter().all(|i| i.outcome == Outcome::Kept);
        match self.proof.state {
            State::NothingToProve if self.invariants.is_empty() && !self.document.isolates() => {
                None
            }
            State::NothingToProve | State::Exact => Some(hold),
            State::Approximated
            | State::CannotExpress
            | State::Invalid
            | State::TooWide
            | State::Blocked => Some(false),
        }
    }

    /// One line: the state, how many policies are left out of it, and which files are not read in full.
    fn summary(&self) -> String {
        let summary = self.proof.summary();
        let judged = self.document.settings.judged();
        let summary = match judged.enforcer {
            Enforcer::Kubernetes => summary,
            enforcer => format!("{summary} ({})", enforcer.name()),
        };
        let summary = match self.left_out.len() {
            0 => summary,
            1 => format!("{summary}; 1 policy is not judged"),
            many => format!("{summary}; {many} policies are not judged"),
        };
        summary + &left_out::unread(&self.unread())
    }

    /// The files that are not read in full.
    fn unread(&self) -> Vec<Arc<str>> {
        diag::unread(self.diagnostics)
    }

    fn fixes_of(&self, finding: usize) -> &'a [String] {
        self.fixes.get(finding).map_or(&[], Vec::as_slice)
    }

    /// Each invariant with its verdict.
    fn judged(&self) -> impl Iterator<Item = (&'a Invariant, &'a Judged)> {
        let document = self.document;
        let judged = self.invariants.iter();
        judged.filter_map(move |one| Some((document.invariants.get(one.id)?, one)))
    }
}

/// The state, then each finding with its help, then the invariants.
pub fn text(verified: Verified) -> String {
    let mut out = verified.summary();
    out.push('\n');
    for (at, finding) in verified.proof.findings.iter().enumerate() {
        finding_text(&mut out, verified, finding, verified.fixes_of(at));
    }
    let words = Words::new(verified.document);
    for (invariant, judged) in verified.judged() {
        let (state, why, help) = outcome(&judged.outcome);
        let _ = writeln!(out, "invariant {}: {state}", invariant.name);
        if !why.is_empty() {
            let _ = writeln!(out, "    required: {}", words.demand(invariant));
            let _ = writeln!(out, "    found: {why}");
        }
        if let Some(help) = help {
            let _ = writeln!(out, "    help: {help}");
        }
    }
    escape::lines(out)
}

fn finding_text(out: &mut String, verified: Verified, finding: &Finding, fixes: &[String]) {
    let kind = Rule::of(finding.kind).id();
    let _ = writeln!(out, "{kind}: {}", finding.message);
    for flow in &finding.flows {
        let _ = write!(out, "    flow: {}", verified.document.flow_name(*flow));
        let _ = match verified.places.flows.get(flow) {
            Some(span) => writeln!(out, " ({span})"),
            None => writeln!(out),
        };
    }
    for policy in &finding.policies {
        let _ = writeln!(out, "    policy: {policy}");
    }
    if let Some(help) = &finding.help {
        let _ = writeln!(out, "    help: {help}");
    }
    for fix in fixes {
        let _ = writeln!(out, "    fix: {fix}");
    }
}

/// Whether an input is wrong, so that the verdicts may be, too. Policies that are not judged are reported on their own.
fn is_input_error(d: &Diagnostic) -> bool {
    diag::is_incomplete(d) && d.code != diag::NOT_JUDGED
}

/// The verdict on a flow.
fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exact => "exact",
        Verdict::Approximated => "approximated",
        Verdict::TooWide => "too-wide",
        Verdict::Blocked => "blocked",
        Verdict::Invalid => "invalid-flow",
        Verdict::CannotExpress => "cannot-express",
        Verdict::Muted => "muted",
    }
}

/// The verdict on an invariant, the reason, and the help.
fn outcome(outcome: &Outcome) -> (&'static str, &str, Option<&str>) {
    match outcome {
        Outcome::Kept => ("holds", "", None),
        Outcome::Broken(breach) => ("violated", &breach.message, None),
        Outcome::CannotBeJudged(why) => ("cannot be judged", &why.message, why.help.as_deref()),
    }
}
