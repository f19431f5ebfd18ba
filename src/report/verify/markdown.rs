//! As a review comment: the state, a table of findings, a table of invariants.

use std::fmt::Write;

use super::{Rule, Verified, outcome};
use crate::model::Words;
use crate::proof::Finding;
use crate::proof::Kind;
use crate::proof::State;
use crate::report::{comment, escape};

/// The state, the findings with an example connection and fixes, and the invariants.
pub fn markdown(verified: Verified) -> String {
    let name = match verified.document.name.as_str() {
        "" => "the project",
        name => name,
    };
    let mut out = comment::head("verify", &format!("Network policies of {name}"));
    let mark = match verified.is_fine() {
        Some(true) if verified.left_out.is_empty() && verified.unread().is_empty() => "✅ ",
        Some(true) => "⚠️ ",
        Some(false) if matches!(verified.proof.state, State::Blocked | State::Invalid) => "❌ ",
        Some(false) => "⚠️ ",
        None => "",
    };
    let _ = write!(out, "\n{mark}**");
    escape::markdown(&mut out, &verified.summary());
    out.push_str("**\n");
    findings(&mut out, verified);
    invariants(&mut out, verified);
    out
}

fn findings(out: &mut String, verified: Verified) {
    let all = &verified.proof.findings;
    let row = |(at, finding): (usize, &Finding)| {
        [
            kind(finding.kind).to_owned(),
            finding.message.clone(),
            connection(finding),
            finding.policies.join(", "),
            what_to_do(finding, verified.fixes_of(at)),
        ]
    };
    let columns = ["", "What", "Connection", "Policies", "What to do"];
    let summary = format!("{} findings", all.len());
    comment::table(out, &summary, columns, all.iter().enumerate().map(row));
}

fn invariants(out: &mut String, verified: Verified) {
    let words = Words::new(verified.document);
    let rows: Vec<[String; 3]> = verified
        .judged()
        .map(|(invariant, judged)| {
            let (state, why, help) = outcome(&judged.outcome);
            let rest = [why, help.unwrap_or_default()].into_iter();
            let rest: Vec<&str> = rest.filter(|s| !s.is_empty()).collect();
            let verdict = match rest.is_empty() {
                true => state.to_owned(),
                false => format!("{state}: {}", rest.join("; ")),
            };
            [invariant.name.clone(), words.demand(invariant), verdict]
        })
        .collect();
    let summary = format!("{} invariants", rows.len());
    let columns = ["Invariant", "Required", "Verdict"];
    comment::table(out, &summary, columns, rows.into_iter());
}

/// The witness: one connection on one port.
fn connection(finding: &Finding) -> String {
    let ports = match finding.witness.port {
        Some((protocol, port)) => format!("{protocol}/{port}"),
        None => finding.ports.clone(),
    };
    format!("{} → {} on {ports}", finding.from, finding.to)
}

fn what_to_do(finding: &Finding, fixes: &[String]) -> String {
    match fixes.is_empty() {
        true => finding.help.clone().unwrap_or_default(),
        false => fixes.join(", or: "),
    }
}

fn kind(kind: Kind) -> &'static str {
    match Rule::of(kind) {
        Rule::Blocked => "Blocked",
        Rule::TooWide => "Too wide",
        Rule::Invalid => "Invalid flow",
        Rule::Approximated => "Approximated",
        _ => "Cannot express",
    }
}
