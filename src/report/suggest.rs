//! Suggested flows: `drawbridge suggest`.

use std::fmt::Write;

use serde_json::json;

use super::ends::compact;
use super::escape;
use super::findings::flat;
use crate::diag::Diagnostic;
use crate::suggest::{Evidence, Suggestion};

/// A table of the suggestions, with the evidence below each.
pub fn text(found: &[Suggestion]) -> String {
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
    escape::lines(out)
}

/// `{"format", "suggestions": [{"from", "to", "ports": ["TCP/8080"], "strength": "strong|medium|weak", "evidence": [{"file",
/// "line", "text"}]}], "diagnostics"}`. Ends are in the words of a project; `{ingress-controller}` and `{api-server}` name
/// what is not in the input.
pub fn json(found: &[Suggestion], diagnostics: &[Diagnostic]) -> String {
    let evidence = |one: &Evidence| json!({"file": one.file, "line": one.line, "text": one.text});
    let suggestion = |one: &Suggestion| {
        json!({
            "from": one.from,
            "to": one.to,
            "ports": one.ports,
            "strength": one.strength.name(),
            "evidence": one.evidence.iter().map(evidence).collect::<Vec<_>>(),
        })
    };
    let value = json!({
        "format": "drawbridge/suggest/1",
        "suggestions": found.iter().map(suggestion).collect::<Vec<_>>(),
        "diagnostics": flat(diagnostics),
    });
    let mut text = compact(&value);
    text.push('\n');
    text
}
