//! Findings as JSON.

use std::sync::Arc;

use serde::Serialize;

use super::{Linted, name_of};
use crate::diag::{self, Diagnostic, Severity};
use crate::lint::score::{self, FINDINGS, ISOLATION, NARROW, Score};
use crate::report::left_out;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    format: &'static str,
    findings: Vec<Finding<'a>>,
    ignored: usize,
    score: Option<u8>,
    scores: Vec<OfNamespace<'a>>,
    /// Always empty: every answer has this key, and here each diagnostic is a finding.
    diagnostics: [(); 0],
    left_out: Vec<left_out::Line<'a>>,
    not_read: Vec<Arc<str>>,
}

/// A finding of lint, with every field present.
#[derive(Serialize)]
struct Finding<'a> {
    code: &'static str,
    name: &'a str,
    severity: Severity,
    file: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    resource: Option<&'a str>,
    path: Option<&'a str>,
    message: &'a str,
    help: Option<&'a str>,
    fixable: bool,
}

impl<'a> Finding<'a> {
    fn of(d: &'a Diagnostic, fixable: bool) -> Self {
        let span = d.span.as_ref();
        Self {
            code: d.code,
            name: name_of(d.code),
            severity: d.severity,
            file: span.map(|s| s.file.as_ref()),
            line: span.map(|s| s.line),
            column: span.map(|s| s.column),
            resource: d.resource.as_deref(),
            path: d.path.as_deref(),
            message: &d.message,
            help: d.help.as_deref(),
            fixable,
        }
    }
}

#[derive(Serialize)]
struct OfNamespace<'a> {
    namespace: &'a str,
    score: u8,
    workloads: usize,
    incomplete: bool,
    isolation: Part,
    narrow: Part,
    findings: Part,
    raise: Vec<Raise>,
}

#[derive(Serialize)]
struct Part {
    points: f64,
    of: f64,
}

#[derive(Serialize)]
struct Raise {
    points: f64,
    action: String,
}

impl<'a> From<&'a Score> for OfNamespace<'a> {
    fn from(of: &'a Score) -> Self {
        let raise = of.raises().into_iter().map(|raise| Raise {
            points: tenths(raise.points),
            action: raise.action,
        });
        let part = |points, of| Part {
            points: tenths(points),
            of,
        };
        Self {
            namespace: &of.namespace,
            score: score::rounded(of.points()),
            workloads: of.workloads,
            incomplete: of.incomplete,
            isolation: part(of.isolation(), ISOLATION),
            narrow: part(of.narrow(), NARROW),
            findings: part(of.findings(), FINDINGS),
            raise: raise.collect(),
        }
    }
}

fn tenths(points: f64) -> f64 {
    (points * 10.0).round() / 10.0
}

/// `{"format": "drawbridge/lint/1", "findings": [...], "ignored": 1, "score": 73, "scores": [{"namespace", "score",
/// "workloads", "incomplete", "isolation", "narrow", "findings", "raise": [{"points", "action"}]}], "diagnostics": [], "leftOut",
/// "notRead"}`; `score` is null without workloads.
pub fn json(linted: Linted) -> String {
    let found = linted.report.found.iter().enumerate();
    let report = Report {
        format: "drawbridge/lint/1",
        findings: found
            .map(|(at, d)| Finding::of(d, linted.fixable.contains(&at)))
            .collect(),
        ignored: linted.report.ignored,
        score: score::whole(linted.scores),
        scores: linted.scores.iter().map(OfNamespace::from).collect(),
        diagnostics: [],
        left_out: left_out::lines(linted.left_out),
        not_read: diag::unread(&linted.report.found),
    };
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}
