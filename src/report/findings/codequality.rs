//! Findings as Code Climate issues, which GitLab shows in merge requests (the `codequality` report).

use std::collections::BTreeMap;

use serde::Serialize;

use super::Linted;
use super::sarif::fingerprint;
use crate::diag::{Diagnostic, Severity};

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// `[{"description", "check_name", "fingerprint", "severity", "location": {"path", "lines": {"begin"}}}]`: the array alone,
/// as GitLab requires.
pub fn codequality(linted: Linted) -> String {
    let mut alike: BTreeMap<String, usize> = BTreeMap::new();
    let found = linted.report.found.iter();
    let issues: Vec<Issue> = found
        .map(|d| {
            let mut fingerprint = fingerprint(d);
            let before = alike.entry(fingerprint.clone()).or_default();
            if *before > 0 {
                // GitLab shows one of several issues with the same fingerprint.
                fingerprint.push_str(&format!(":{before}"));
            }
            *before += 1;
            issue(d, fingerprint)
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&issues).unwrap_or_default();
    text.push('\n');
    text
}

fn issue(d: &Diagnostic, fingerprint: String) -> Issue<'_> {
    let object = d.resource.as_ref();
    let object = object.map_or(String::new(), |resource| format!("{resource}: "));
    let help = d.help.as_ref();
    let help = help.map_or(String::new(), |help| format!("; {help}"));
    // A place is required; what has none is about the input as a whole.
    let place = d.span.as_ref();
    let path = place.map_or(".", |span| {
        span.file.strip_prefix("./").unwrap_or(&span.file)
    });
    Issue {
        description: format!("{object}{}{help}", d.message),
        check_name: d.code,
        fingerprint,
        severity: match d.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Info => "info",
        },
        location: Location {
            path,
            lines: Lines {
                begin: place.map_or(1, |span| span.line.max(1)),
            },
        },
    }
}
