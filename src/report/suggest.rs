//! Suggested flows and dependencies: `drawbridge suggest`.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::ends::compact;
use super::escape;
use super::findings::flat;
use super::left_out;
use crate::cluster::Snapshot;
use crate::diag::{self, Diagnostic};
use crate::observe::propose::LeftOut;
use crate::suggest::catalogue::Dependency;
use crate::suggest::{Evidence, Suggestion, Unknown};

/// Recorded connections for which no flow is suggested, by reason.
type NotSuggested = BTreeMap<LeftOut, Vec<usize>>;

/// A table of the suggestions, with the evidence below each; then the needs whose destinations are not known, what was recorded beside them, and a section for each
/// namespace that also needs something.
pub fn text(
    found: &[Suggestion],
    unknown: &[Unknown],
    left_out: &NotSuggested,
    dependencies: &[Dependency],
) -> String {
    let ports: Vec<String> = found.iter().map(|one| one.ports.join(", ")).collect();
    let width = |of: &dyn Fn(&Suggestion) -> usize| found.iter().map(of).max().unwrap_or(0);
    let left = width(&|one| one.from.chars().count());
    let right = width(&|one| one.to.chars().count());
    let middle = ports.iter().map(|p| p.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for (one, ports) in found.iter().zip(&ports) {
        let (from, to, strength) = (&one.from, &one.to, one.strength.name());
        let _ = writeln!(
            out,
            "{from:left$}  =>  {to:right$}  {ports:middle$}  {strength}"
        );
        for Evidence { file, line, text } in &one.evidence {
            let _ = writeln!(out, "    {file}:{line}: {text}");
        }
    }
    let _ = match found.len() {
        0 => writeln!(out, "no flows suggested"),
        1 => writeln!(out, "\n1 flow suggested"),
        n => writeln!(out, "\n{n} flows suggested"),
    };
    if !unknown.is_empty() {
        out.push_str("\nNeeds for which no flow is suggested:\n");
    }
    for one in unknown {
        let Unknown {
            from, to, reason, ..
        } = one;
        let _ = writeln!(out, "  {from}  =>  {to}: {reason}");
        for Evidence { file, line, text } in &one.evidence {
            let _ = writeln!(out, "    {file}:{line}: {text}");
        }
    }
    if !left_out.is_empty() {
        out.push_str("\nRecorded connections for which no flow is suggested:\n");
    }
    for (reason, connections) in left_out {
        let _ = writeln!(out, "  {} {}", connections.len(), reason.words());
    }
    for own in dependencies.chunk_by(|a, b| a.namespace == b.namespace) {
        out.push_str(&section(own));
    }
    escape::lines(out)
}

/// What a namespace also needs; empty if nothing is missing.
fn section(dependencies: &[Dependency]) -> String {
    let mut out = String::new();
    let is_missing = |one: &&Dependency| one.is_missing();
    let Some(first) = dependencies.iter().find(is_missing) else {
        return out;
    };
    let _ = writeln!(out, "\nNamespace {} also needs:", first.namespace);
    for one in dependencies {
        let (from, to, ports) = (one.from.words(), one.to.words(), one.port_words());
        let (name, ports) = (one.entry.name, ports.join(", "));
        if !one.is_missing() {
            let by = one.satisfied_by.join(", ");
            let _ = writeln!(out, "  {name}: {from}  =>  {to}  {ports}: allowed by {by}");
            continue;
        }
        let (need, why) = (one.need.name(), one.entry.why);
        let _ = writeln!(out, "  {name}: {from}  =>  {to}  {ports}  {need}");
        let _ = writeln!(out, "    {why}");
        for (end, about) in ["source", "destination"].iter().zip(&one.about) {
            if let Some(about) = about {
                let _ = writeln!(out, "    {end}: {about}");
            }
        }
        if let Some(help) = one.other_dialects {
            let _ = writeln!(out, "    {help}");
        }
        for Evidence { file, line, text } in &one.evidence {
            let _ = writeln!(out, "    {file}:{line}: {text}");
        }
    }
    out
}

/// `{"format", "suggestions": [{"from", "to", "ports": ["TCP/8080"], "strength": "strong|medium|weak", "evidence":
/// [{"file", "line", "text"}]}], "notSuggested": [{"reason", "connections": N}, {"reason", "from", "to", "evidence"}],
/// "dependencies": [{"namespace", "id", "name", "from", "to", "ports", "fromDescription", "toDescription",
/// "otherDialects", "strength": "needed|likely|possible", "why", "source", "evidence", "satisfiedBy":
/// ["NetworkPolicy shop/allow-dns"]}], "diagnostics", "leftOut", "notRead"}`. Ends are in the words of a project;
/// `{ingress-controller}` and `{api-server}` name what is not in the input. A dependency that no policy satisfies is
/// missing.
pub fn json(
    (found, unknown, not_suggested, dependencies): (
        &[Suggestion],
        &[Unknown],
        &NotSuggested,
        &[Dependency],
    ),
    snapshot: &Snapshot,
    diagnostics: &[Diagnostic],
) -> String {
    let suggestion = |one: &Suggestion| {
        json!({
            "from": one.from,
            "to": one.to,
            "ports": one.ports,
            "strength": one.strength.name(),
            "evidence": evidence(&one.evidence),
        })
    };
    let dependency = |one: &Dependency| {
        json!({
            "namespace": one.namespace,
            "id": one.entry.id,
            "name": one.entry.name,
            "from": one.from.words(),
            "to": one.to.words(),
            "ports": one.port_words(),
            "fromDescription": one.about[0],
            "toDescription": one.about[1],
            "otherDialects": one.other_dialects,
            "strength": one.need.name(),
            "why": one.entry.why,
            "source": one.entry.source,
            "evidence": evidence(&one.evidence),
            "satisfiedBy": one.satisfied_by,
        })
    };
    let not_suggested = not_suggested.iter();
    let not_suggested = not_suggested
        .map(|(reason, all)| json!({"reason": reason.words(), "connections": all.len()}));
    let of_unknown = |one: &Unknown| json!({"reason": one.reason, "from": one.from, "to": one.to, "evidence": evidence(&one.evidence)});
    let not_suggested = not_suggested.chain(unknown.iter().map(of_unknown));
    let value = json!({
        "format": "drawbridge/suggest/1",
        "suggestions": found.iter().map(suggestion).collect::<Vec<_>>(),
        "notSuggested": not_suggested.collect::<Vec<_>>(),
        "dependencies": dependencies.iter().map(dependency).collect::<Vec<_>>(),
        "diagnostics": flat(diagnostics),
        "leftOut": left_out::lines(&snapshot.left_out),
        "notRead": diag::unread(diagnostics),
    });
    let mut text = compact(&value);
    text.push('\n');
    text
}

fn evidence(all: &[Evidence]) -> Vec<Value> {
    let one = |one: &Evidence| json!({"file": one.file, "line": one.line, "text": one.text});
    all.iter().map(one).collect()
}
