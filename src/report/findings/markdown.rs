//! Findings as a review comment: the counts, the score, a table.

use super::{Linted, name_of};
use crate::diag::{Diagnostic, Severity};
use crate::report::{comment, escape};

/// The counts, the score, and a table of the findings.
pub fn markdown(linted: Linted) -> String {
    let mut out = comment::head("lint", "Findings in network policies");
    let found = &linted.report.found;
    let mark = match found.iter().map(|d| d.severity).min() {
        Some(Severity::Error) => "❌",
        Some(Severity::Warning) => "⚠️",
        Some(Severity::Info) | None => "✅",
    };
    out.push_str(&format!("\n{mark} **"));
    escape::markdown(&mut out, &linted.summary());
    out.push_str("**\n");
    if let Some(score) = linted.score() {
        out.push('\n');
        escape::markdown(&mut out, &score);
        out.push('\n');
    }
    let summary = format!("{} findings", found.len());
    let columns = [
        "Severity",
        "Rule",
        "Object",
        "Place",
        "Finding",
        "What to do",
    ];
    comment::table(&mut out, &summary, columns, found.iter().map(row));
    out
}

fn row(d: &Diagnostic) -> [String; 6] {
    let rule = match name_of(d.code) {
        name if name == d.code => name.to_owned(),
        name => format!("{} {name}", d.code),
    };
    let place = d.span.as_ref().map(|s| format!("{}:{}", s.file, s.line));
    [
        d.severity.to_string(),
        rule,
        d.resource.clone().unwrap_or_default(),
        place.unwrap_or_default(),
        d.message.clone(),
        d.help.clone().unwrap_or_default(),
    ]
}
