//! Which connections depend on the enforcer: `drawbridge list --compare-enforcers`.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::diff::{party, party_json};
use super::ends::{compact, conn};
use super::escape;
use super::findings::flat;
use super::left_out;
use crate::cluster::{Enforcer, LeftOut};
use crate::diag::Diagnostic;
use crate::query::enforcers::Differing;

/// The answer for some enforcers.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// The enforcers, in the order of the columns.
    pub enforcers: &'a [Enforcer],
    /// The connections that differ.
    pub differing: &'a [Differing],
    /// The policies that one of them does not judge.
    pub left_out: &'a [LeftOut],
    /// The files that are not read in full.
    pub unread: &'a [Arc<str>],
}

/// For each connection a line for each enforcer, and the reasons.
pub fn text(found: Compared) -> String {
    let mut out = String::new();
    let names = found.enforcers.iter().map(|enforcer| enforcer.name().len());
    let width = names.max().unwrap_or_default();
    for differing in found.differing {
        let _ = writeln!(out, "{}", ends(differing));
        for (enforcer, ports) in found.enforcers.iter().zip(&differing.ports) {
            let ports = match ports.is_empty() {
                true => "nothing".to_owned(),
                false => ports.to_string(),
            };
            let _ = writeln!(out, "  {:width$}  {ports}", enforcer.name());
        }
        for reason in &differing.reasons {
            let _ = writeln!(out, "  because {reason}");
        }
    }
    let names: Vec<&str> = found.enforcers.iter().map(|e| e.name()).collect();
    let names = names.join(", ");
    let left_out = left_out::count(found.left_out, found.unread);
    let _ = match found.differing.len() {
        0 if !found.unread.is_empty() => writeln!(
            out,
            "As far as the files could be read, all connections are the same under {names}{left_out}"
        ),
        0 => writeln!(out, "All connections are the same under {names}{left_out}"),
        1 => writeln!(
            out,
            "1 connection depends on the enforcer: {names}{left_out}"
        ),
        n => writeln!(
            out,
            "{n} connections depend on the enforcer: {names}{left_out}"
        ),
    };
    escape::lines(out)
}

fn ends(differing: &Differing) -> String {
    let to = match differing.src == differing.dst {
        true => "its other replicas".to_owned(),
        false => party(&differing.dst),
    };
    format!("{} => {to}", party(&differing.src))
}

/// `{"format", "enforcers", "differences": [{"src", "dst", "conn": {ENFORCER: ...}, "reasons"}], "diagnostics",
/// "leftOut", "notRead"}`.
pub fn json(found: Compared, diagnostics: &[Diagnostic]) -> String {
    let one = |differing: &Differing| {
        let columns = found.enforcers.iter().zip(&differing.ports);
        let conns: Map<String, Value> = columns
            .map(|(enforcer, ports)| (enforcer.name().to_owned(), json!(conn(ports))))
            .collect();
        json!({
            "src": party_json(&differing.src),
            "dst": party_json(&differing.dst),
            "conn": conns,
            "reasons": differing.reasons,
        })
    };
    let enforcers: Vec<&str> = found.enforcers.iter().map(|e| e.name()).collect();
    let answer = json!({
        "format": "drawbridge/enforcers/1",
        "enforcers": enforcers,
        "differences": found.differing.iter().map(one).collect::<Vec<_>>(),
        "diagnostics": flat(diagnostics),
        "leftOut": left_out::lines(found.left_out),
        "notRead": found.unread,
    });
    compact(&answer) + "\n"
}
