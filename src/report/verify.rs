//! The proof: `drawbridge verify`.

use std::fmt::Write;

use serde::Serialize;

use super::findings::Finding as Told;
use crate::diag::Diagnostic;
use crate::engine::{Kind, Proof, State, Verdict};
use crate::model::{Document, FlowId, Words};

/// The state, then each finding with its help.
pub fn text(document: &Document, proof: &Proof) -> String {
    let mut out = proof.summary();
    out.push('\n');
    for finding in &proof.findings {
        let _ = writeln!(out, "{}: {}", kind(finding.kind), finding.message);
        for flow in &finding.flows {
            let _ = writeln!(out, "    flow: {}", document.flow_name(*flow));
        }
        for policy in &finding.policies {
            let _ = writeln!(out, "    policy: {policy}");
        }
        if let Some(help) = &finding.help {
            let _ = writeln!(out, "    help: {help}");
        }
    }
    out
}

#[derive(Serialize)]
struct Report<'a> {
    format: &'static str,
    state: &'static str,
    summary: String,
    flows: Vec<FlowLine>,
    findings: Vec<Line<'a>>,
    diagnostics: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct FlowLine {
    from: String,
    to: String,
    verdict: &'static str,
}

#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    message: &'a str,
    from: &'a str,
    to: &'a str,
    ports: &'a str,
    policies: &'a [String],
    help: Option<&'a str>,
}

/// The same as JSON.
pub fn json(document: &Document, proof: &Proof, diagnostics: &[Diagnostic]) -> String {
    let words = Words::new(document);
    let flow = |(id, verdict): (&FlowId, &Verdict)| {
        let flow = document.flows.get(*id)?;
        Some(FlowLine {
            from: words.of(&flow.from),
            to: words.of(&flow.to),
            verdict: match verdict {
                Verdict::Exact => "exact",
                Verdict::TooWide => "too-wide",
                Verdict::Blocked => "blocked",
                Verdict::CannotBeSaid => "cannot-be-said",
                Verdict::Muted => "muted",
            },
        })
    };
    let report = Report {
        format: "drawbridge/verify/1",
        state: match proof.state {
            State::NothingToProve => "nothing-to-prove",
            State::Exact => "exact",
            State::CannotBeSaid => "cannot-be-said",
            State::TooWide => "too-wide",
            State::Blocked => "blocked",
        },
        summary: proof.summary(),
        flows: proof.verdicts.iter().filter_map(flow).collect(),
        findings: proof
            .findings
            .iter()
            .map(|f| Line {
                kind: kind(f.kind),
                message: &f.message,
                from: &f.from,
                to: &f.to,
                ports: &f.ports,
                policies: &f.policies,
                help: f.help.as_deref(),
            })
            .collect(),
        diagnostics: diagnostics.iter().map(Told::from).collect(),
    };
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Blocked => "blocked",
        Kind::TooWide => "too-wide",
        Kind::CannotBeSaid => "cannot-be-said",
    }
}
