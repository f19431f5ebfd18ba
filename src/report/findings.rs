//! Findings: `drawbridge lint`.

mod codequality;
mod json;
mod markdown;
mod sarif;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;

use super::summed::notes_summed;
use crate::cluster::LeftOut;
use crate::diag::{Diagnostic, Severity};
use crate::lint::score::{self, Score};
use crate::lint::{Report, name_of};

pub use codequality::codequality;
pub use json::json;
pub use markdown::markdown;
pub use sarif::sarif;

/// One diagnostic as a flat object with every field present.
#[derive(Serialize)]
pub struct Finding<'a> {
    code: &'static str,
    severity: Severity,
    file: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    resource: Option<&'a str>,
    path: Option<&'a str>,
    message: &'a str,
    help: Option<&'a str>,
}

impl<'a> From<&'a Diagnostic> for Finding<'a> {
    fn from(d: &'a Diagnostic) -> Self {
        Self {
            code: d.code,
            severity: d.severity,
            file: d.span.as_ref().map(|s| s.file.as_ref()),
            line: d.span.as_ref().map(|s| s.line),
            column: d.span.as_ref().map(|s| s.column),
            resource: d.resource.as_deref(),
            path: d.path.as_deref(),
            message: &d.message,
            help: d.help.as_deref(),
        }
    }
}

/// Diagnostics as JSON objects: the `diagnostics` of other answers.
pub fn flat(diagnostics: &[Diagnostic]) -> Vec<Finding<'_>> {
    diagnostics.iter().map(Finding::from).collect()
}

/// What lint reports.
#[derive(Clone, Copy)]
pub struct Linted<'a> {
    /// The findings.
    pub report: &'a Report,
    /// Those that `--fix` corrects, by their places among the findings.
    pub fixable: &'a BTreeSet<usize>,
    /// The scores of the namespaces.
    pub scores: &'a [Score],
    /// Policies that are not judged.
    pub left_out: &'a [LeftOut],
}

impl Linted<'_> {
    /// `1 error, 2 warnings, 0 notes`, and how many are ignored and can be fixed.
    fn summary(&self) -> String {
        let found = &self.report.found;
        let count = |severity| found.iter().filter(|d| d.severity == severity).count();
        let s = |n: usize| if n == 1 { "" } else { "s" };
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let notes = count(Severity::Info);
        let mut text = format!(
            "{errors} error{}, {warnings} warning{}, {notes} note{}",
            s(errors),
            s(warnings),
            s(notes)
        );
        if self.report.ignored > 0 {
            let _ = write!(text, "; {} ignored", self.report.ignored);
        }
        if !self.fixable.is_empty() {
            let _ = write!(text, "; `--fix` corrects {}", self.fixable.len());
        }
        text
    }

    /// `score 73 of 100 (payments 40, shop 90)`; none without workloads.
    fn score(&self) -> Option<String> {
        let whole = score::whole(self.scores)?;
        let mut text = format!("score {whole} of 100");
        if let ([_, _, ..], true) = (self.scores, self.scores.len() <= 8) {
            let one = |s: &Score| format!("{} {}", s.namespace, score::rounded(s.points()));
            let all: Vec<String> = self.scores.iter().map(one).collect();
            let _ = write!(text, " ({})", all.join(", "));
        }
        if self.scores.iter().any(|score| score.incomplete) {
            text += ", incomplete: policies that may isolate pods are left out or not read";
        }
        // What to do where more may be isolated than is known, is another question.
        let complete = self.scores.iter().filter(|score| !score.incomplete);
        let raises = complete.flat_map(|s| {
            let raises = s.raises().into_iter();
            raises.map(move |raise| (raise.points * s.workloads as f64, s, raise.action))
        });
        let most = raises.max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, of, action)) = most {
            let _ = write!(text, "; raised most in {}: {action}", of.namespace);
        }
        Some(text)
    }
}

/// Each finding with its help, then a line with the counts and one with the score. Notes of one kind are summed up,
/// unless all are asked for.
pub fn text(linted: Linted, all: bool) -> String {
    let found = &linted.report.found;
    let mut out = match all {
        true => found.iter().map(|d| format!("{d}\n")).collect(),
        false => notes_summed(found),
    };
    out += &linted.summary();
    out.push('\n');
    if let Some(score) = linted.score() {
        out += &crate::diag::escaped(&score);
        out.push('\n');
    }
    out
}
