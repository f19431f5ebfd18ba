//! What changed between two clusters: `drawbridge diff`.

use std::fmt::Write;

use serde_json::{Value, json};

use super::assumed;
use super::findings::flat;
use super::list::{CONTROLLER, compact, conn, range_text};
use crate::analysis::changes::{Change, Party, Relation, relation};
use crate::cluster::Assumptions;
use crate::diag::Diagnostic;

/// One line for each change, and what they come to.
pub fn text(changes: &[Change], assumptions: Assumptions) -> String {
    let rows: Vec<[String; 3]> = changes
        .iter()
        .map(|c| {
            let ports = match kind(c) {
                "added" => c.new.to_string(),
                "removed" => c.old.to_string(),
                _ => format!("{} -> {}", c.old, c.new),
            };
            [party(&c.src), party(&c.dst), ports]
        })
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|r| r[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let (left, right) = (width(0), width(1));
    let mut out = String::new();
    for (change, [src, dst, ports]) in changes.iter().zip(&rows) {
        let kind = kind(change);
        let _ = writeln!(out, "{kind:7}  {src:left$}  =>  {dst:right$}  {ports}");
    }
    let sum = match relation(changes) {
        Relation::Equal => "both allow the same",
        Relation::Wider => "the new one allows more, and all that the old one does",
        Relation::Narrower => "the new one allows less, and nothing more",
        Relation::Apart => "each allows something that the other does not",
    };
    let s = if changes.len() == 1 { "" } else { "s" };
    let assumed = assumed::text(assumptions);
    let _ = writeln!(out, "{} change{s}: {sum}; {assumed}", changes.len());
    out
}

/// `{"format", "assumptions", "relation": "equal|wider|narrower|apart", "changes": [{"type":
/// "added|removed|changed", "src", "dst", "conn1", "conn2"}], "diagnostics"}`, one line for each change.
pub fn json(changes: &[Change], assumptions: Assumptions, told: &[Diagnostic]) -> String {
    let relation = match relation(changes) {
        Relation::Equal => "equal",
        Relation::Wider => "wider",
        Relation::Narrower => "narrower",
        Relation::Apart => "apart",
    };
    let mut out = format!(
        "{{\"format\":\"drawbridge/diff/1\",\"assumptions\":{},\"relation\":\"{relation}\",\"changes\":[",
        compact(&assumed::json(assumptions))
    );
    for (at, change) in changes.iter().enumerate() {
        let value = json!({
            "type": kind(change),
            "src": party_json(&change.src),
            "dst": party_json(&change.dst),
            "conn1": conn(&change.old),
            "conn2": conn(&change.new),
        });
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&compact(&value));
    }
    let _ = writeln!(out, "\n],\"diagnostics\":{}}}", compact(&flat(told)));
    out
}

fn kind(change: &Change) -> &'static str {
    match (change.old.is_empty(), change.new.is_empty()) {
        (true, _) => "added",
        (_, true) => "removed",
        _ => "changed",
    }
}

fn party(party: &Party) -> String {
    match party {
        Party::Workload(w) => format!("{}/{}[{}]", w.namespace, w.name, w.kind),
        Party::Addresses { first, last } => {
            let mut text = String::new();
            range_text(&mut text, *first, *last);
            text
        }
        Party::IngressController => CONTROLLER.into(),
    }
}

fn party_json(party: &Party) -> Value {
    match party {
        Party::Workload(w) => json!({
            "type": "workload",
            "namespace": w.namespace,
            "name": w.name,
            "kind": w.kind,
        }),
        Party::Addresses { first, last } => json!({"type": "ip", "range": [first, last]}),
        Party::IngressController => json!({"type": "ingress-controller"}),
    }
}
