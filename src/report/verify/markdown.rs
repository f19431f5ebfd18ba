//! As a review comment: the state, a table of findings, a table of invariants.

use std::fmt::Write;

use super::{Rule, Verified, outcome};
use crate::model::Words;
use crate::proof::Finding;
use crate::proof::Kind;
use crate::proof::State;
use crate::report::escape;

/// The most findings listed; the rest is only counted, to keep the comment readable.
const MOST: usize = 50;

/// The state, the findings with an example connection and fixes, and the invariants.
pub fn markdown(verified: Verified) -> String {
    let name = match verified.document.name.as_str() {
        "" => "the project",
        name => name,
    };
    let mut out = String::from("### Network policies of ");
    escape::markdown(&mut out, name);
    let mark = match verified.is_fine() {
        Some(true) if verified.left_out.is_empty() => "✅ ",
        Some(true) => "⚠️ ",
        Some(false) if matches!(verified.proof.state, State::Blocked | State::Invalid) => "❌ ",
        Some(false) => "⚠️ ",
        None => "",
    };
    let _ = write!(out, "\n\n{mark}**{}**\n", verified.summary());
    findings(&mut out, verified);
    invariants(&mut out, verified);
    out
}

fn findings(out: &mut String, verified: Verified) {
    let all = &verified.proof.findings;
    if all.is_empty() {
        return;
    }
    out.push_str(
        "\n| | What | Connection | Policies | What to do |\n| --- | --- | --- | --- | --- |\n",
    );
    for (at, finding) in all.iter().take(MOST).enumerate() {
        row(
            out,
            &[
                kind(finding.kind),
                &finding.message,
                &connection(finding),
                &finding.policies.join(", "),
                &what_to_do(finding, verified.fixes_of(at)),
            ],
        );
    }
    if all.len() > MOST {
        let _ = writeln!(out, "\n{} more findings are not shown.", all.len() - MOST);
    }
}

fn invariants(out: &mut String, verified: Verified) {
    if verified.invariants.is_empty() {
        return;
    }
    let words = Words::new(verified.document);
    out.push_str("\n| Invariant | Required | Verdict |\n| --- | --- | --- |\n");
    for (invariant, judged) in verified.judged() {
        let (state, why, help) = outcome(&judged.outcome);
        let rest = [why, help.unwrap_or_default()]
            .into_iter()
            .filter(|s| !s.is_empty());
        let rest: Vec<&str> = rest.collect();
        let verdict = match rest.is_empty() {
            true => state.to_owned(),
            false => format!("{state}: {}", rest.join("; ")),
        };
        row(out, &[&invariant.name, &words.demand(invariant), &verdict]);
    }
}

fn row(out: &mut String, cells: &[&str]) {
    out.push('|');
    for cell in cells {
        out.push(' ');
        escape::markdown(out, cell);
        out.push_str(" |");
    }
    out.push('\n');
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
        _ => "Cannot express",
    }
}
