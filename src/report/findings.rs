//! Findings: `drawbridge lint`.

use std::fmt::Write;

use serde::Serialize;

use super::left_out;
use super::summed::notes_summed;
use crate::cluster::LeftOut;
use crate::diag::{Diagnostic, Severity};

#[derive(Serialize)]
struct Report<'a> {
    format: &'static str,
    findings: Vec<Finding<'a>>,
    /// Always empty: every answer has this key, and here each diagnostic is a finding.
    diagnostics: [(); 0],
    #[serde(rename = "leftOut")]
    left_out: Vec<left_out::Line<'a>>,
}

/// One finding as a flat object with every field present.
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

/// Diagnostics as JSON objects; also the `diagnostics` of other answers.
pub fn flat(diagnostics: &[Diagnostic]) -> Vec<Finding<'_>> {
    diagnostics.iter().map(Finding::from).collect()
}

/// `{"format": "drawbridge/lint/1", "findings": [...], "diagnostics": [], "leftOut": [...]}`.
pub fn json(found: &[Diagnostic], policies: &[LeftOut]) -> String {
    let report = Report {
        format: "drawbridge/lint/1",
        findings: flat(found),
        diagnostics: [],
        left_out: left_out::lines(policies),
    };
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}

/// Each finding with its help, then a line with the counts. Notes of one kind are summed up, unless all are asked for.
pub fn text(found: &[Diagnostic], all: bool) -> String {
    let mut out = match all {
        true => found.iter().map(|d| format!("{d}\n")).collect(),
        false => notes_summed(found),
    };
    let count = |severity| found.iter().filter(|d| d.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let s = |n: usize| if n == 1 { "" } else { "s" };
    let notes = count(Severity::Info);
    let _ = writeln!(
        out,
        "{errors} error{}, {warnings} warning{}, {notes} note{}",
        s(errors),
        s(warnings),
        s(notes)
    );
    out
}
