//! As JSON.

use std::sync::Arc;

use serde::Serialize;

use super::{Rule, Verified, outcome, verdict_word};
use crate::model::{FlowId, FlowPort, Words};
use crate::proof::State;
use crate::proof::Verdict;
use crate::query::Hop;
use crate::query::Outcome;
use crate::report::assumed;
use crate::report::findings::Finding as DiagnosticLine;
use crate::report::left_out;

#[derive(Serialize)]
struct Report<'a> {
    format: &'static str,
    assumptions: serde_json::Value,
    state: &'static str,
    summary: String,
    flows: Vec<FlowLine>,
    findings: Vec<Line<'a>>,
    invariants: Vec<InvariantLine<'a>>,
    diagnostics: Vec<DiagnosticLine<'a>>,
    #[serde(rename = "leftOut")]
    left_out: Vec<left_out::Line<'a>>,
    #[serde(rename = "notRead")]
    not_read: Vec<Arc<str>>,
}

#[derive(Serialize)]
struct FlowLine {
    from: String,
    to: String,
    verdict: &'static str,
    line: Option<u32>,
    column: Option<u32>,
}

#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    message: &'a str,
    from: &'a str,
    to: &'a str,
    ports: &'a str,
    /// One of the ports: `TCP/5432`.
    port: Option<String>,
    policies: &'a [String],
    help: Option<&'a str>,
    fixes: &'a [String],
}

#[derive(Serialize)]
struct InvariantLine<'a> {
    name: &'a str,
    demand: String,
    outcome: &'static str,
    message: Option<&'a str>,
    help: Option<&'a str>,
    hops: Vec<HopLine<'a>>,
}

#[derive(Serialize)]
struct HopLine<'a> {
    from: &'a str,
    to: &'a str,
    ports: String,
}

/// `{"format": "drawbridge/verify/1", "state": ..., "findings": [...], "invariants": [...], ...}`.
pub fn json(verified: Verified) -> String {
    let (document, proof) = (verified.document, verified.proof);
    let words = Words::new(document);
    let flow = |(id, verdict): (&FlowId, &Verdict)| {
        let flow = document.flows.get(*id)?;
        let place = verified.places.flows.get(id);
        Some(FlowLine {
            from: words.of(&flow.from),
            to: words.of(&flow.to),
            verdict: verdict_word(*verdict),
            line: place.map(|span| span.line),
            column: place.map(|span| span.column),
        })
    };
    let report = Report {
        format: "drawbridge/verify/1",
        assumptions: assumed::json(document.settings.judged()),
        state: state_word(proof.state),
        summary: verified.summary(),
        flows: proof.verdicts.iter().filter_map(flow).collect(),
        findings: findings(verified),
        invariants: invariants(verified, &words),
        diagnostics: verified
            .diagnostics
            .iter()
            .map(DiagnosticLine::from)
            .collect(),
        left_out: left_out::lines(verified.left_out),
        not_read: verified.unread(),
    };
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}

fn findings(verified: Verified<'_>) -> Vec<Line<'_>> {
    let port = |(protocol, port)| FlowPort::Range(protocol, port, port).to_string();
    let found = verified.proof.findings.iter().enumerate();
    found
        .map(|(at, f)| Line {
            kind: Rule::of(f.kind).id(),
            message: &f.message,
            from: &f.from,
            to: &f.to,
            ports: &f.ports,
            port: f.witness.port.map(port),
            policies: &f.policies,
            help: f.help.as_deref(),
            fixes: verified.fixes_of(at),
        })
        .collect()
}

fn invariants<'a>(verified: Verified<'a>, words: &Words) -> Vec<InvariantLine<'a>> {
    let hop = |hop: &'a Hop| HopLine {
        from: &hop.from_words,
        to: &hop.to_words,
        ports: hop.ports.to_string(),
    };
    let line = |(invariant, judged): (&'a crate::model::Invariant, &'a crate::query::Judged)| {
        let (_, message, help) = outcome(&judged.outcome);
        let (state, hops) = match &judged.outcome {
            Outcome::Kept => ("kept", &[][..]),
            Outcome::Broken(breach) => ("broken", &breach.hops[..]),
            Outcome::CannotBeJudged(_) => ("cannot-be-judged", &[][..]),
        };
        InvariantLine {
            name: &invariant.name,
            demand: words.demand(invariant),
            outcome: state,
            message: (!message.is_empty()).then_some(message),
            help,
            hops: hops.iter().map(hop).collect(),
        }
    };
    verified.judged().map(line).collect()
}

fn state_word(state: State) -> &'static str {
    match state {
        State::NothingToProve => "nothing-to-prove",
        State::Exact => "exact",
        State::Approximated => "approximated",
        State::CannotExpress => "cannot-express",
        State::Invalid => "invalid-flow",
        State::TooWide => "too-wide",
        State::Blocked => "blocked",
    }
}
