//! What changed between two clusters: `drawbridge diff`.

use std::fmt::Write;
use std::sync::Arc;

use serde_json::{Value, json};

use super::assumed;
use super::ends::{CONTROLLER, compact, conn, range_text};
use super::escape;
use super::findings::flat;
use crate::analysis::Party;
use crate::analysis::changes::{Change, Name, Relation, relation};
use crate::cluster::Assumptions;
use crate::diag::Diagnostic;

/// What is to be told of two clusters.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// Which connections differ.
    pub changes: &'a [Change],
    /// How the policies stand to each other, pods that do not exist yet included.
    pub policies: Relation,
    /// What is taken for granted.
    pub assumptions: Assumptions,
}

/// One line for each change, and what they come to.
pub fn text(found: Compared) -> String {
    let changes = found.changes;
    let rows: Vec<[String; 3]> = changes
        .iter()
        .map(|c| {
            let ports = match kind(c) {
                "added" => c.new.to_string(),
                "removed" => c.old.to_string(),
                _ => format!("{} -> {}", c.old, c.new),
            };
            [party(&c.src), destination(c), ports]
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
    out.push_str(&sum(found));
    out
}

/// A table for a review comment, and what it comes to above it.
pub fn markdown(found: Compared) -> String {
    let changes = found.changes;
    let mut out = sum(found);
    if changes.is_empty() {
        return out;
    }
    out.push_str("\n| | From | To | Before | After |\n| --- | --- | --- | --- | --- |\n");
    for change in changes {
        let cells = [
            kind(change).to_owned(),
            party(&change.src),
            destination(change),
            change.old.to_string(),
            change.new.to_string(),
        ];
        for cell in cells {
            out.push_str("| ");
            escape::markdown(&mut out, &cell);
            out.push(' ');
        }
        out.push_str("|\n");
    }
    out
}

/// Two sentences: what the connections come to, and what the policies do.
fn sum(found: Compared) -> String {
    let count = match found.changes.len() {
        0 => "no changes".to_owned(),
        1 => "1 change".to_owned(),
        many => format!("{many} changes"),
    };
    let connections = connections(relation(found.changes));
    let policies = policies(found.policies);
    let assumed = assumed::text(found.assumptions);
    format!(
        "{count}: {connections}; {assumed}\nthe new policies {policies} (pods that do not exist yet included)\n"
    )
}

/// How the new connections stand to the old ones.
pub fn connections(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "both allow the same connections",
        Relation::Wider => "the new one allows everything that the old one does, and more",
        Relation::Narrower => "the old one allows everything that the new one does, and more",
        Relation::Apart => "each allows something that the other does not",
    }
}

/// How the new policies stand to the old ones; follows "the new policies".
pub fn policies(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "are equivalent to the old ones",
        Relation::Wider => "contain the old ones: they allow all that those do, and more",
        Relation::Narrower => "are contained in the old ones: they allow less, and nothing more",
        Relation::Apart => "and the old ones each allow something that the others do not",
    }
}

fn word(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "equal",
        Relation::Wider => "wider",
        Relation::Narrower => "narrower",
        Relation::Apart => "apart",
    }
}

/// `{"format", "assumptions", "equivalent", "relation", "policies", "changes": [{"type":
/// "added|removed|changed", "src", "dst", "conn1", "conn2"}], "replicas", "diagnostics"}`, one line for
/// each change; those within one workload, between its replicas, are `replicas`.
/// `relation` is what the new connections are to the old ones, `policies` what the new policies are to
/// the old ones, pods that do not exist yet included: `equal`, `wider`, `narrower` or `apart`; `equivalent`
/// is whether the policies are equal.
pub fn json(found: Compared, told: &[Diagnostic]) -> String {
    let changes = found.changes;
    let head = json!({
        "format": "drawbridge/diff/1",
        "assumptions": assumed::json(found.assumptions),
        "equivalent": found.policies == Relation::Equal,
        "relation": word(relation(changes)),
        "policies": word(found.policies),
    });
    let (within, between): (Vec<_>, Vec<_>) = changes.iter().partition(|c| c.is_within());
    let mut out = compact(&head);
    out.pop();
    for (key, some) in [("changes", between), ("replicas", within)] {
        let _ = write!(out, ",\"{key}\":[");
        for (at, change) in some.into_iter().enumerate() {
            out.push_str(if at == 0 { "\n" } else { ",\n" });
            out.push_str(&compact(&change_json(change)));
        }
        out.push_str("\n]");
    }
    let _ = writeln!(out, ",\"diagnostics\":{}}}", compact(&flat(told)));
    out
}

fn change_json(change: &Change) -> Value {
    json!({
        "type": kind(change),
        "src": party_json(&change.src),
        "dst": party_json(&change.dst),
        "conn1": conn(&change.old),
        "conn2": conn(&change.new),
    })
}

fn kind(change: &Change) -> &'static str {
    match (change.old.is_empty(), change.new.is_empty()) {
        (true, _) => "added",
        (_, true) => "removed",
        _ => "changed",
    }
}

/// The destination's column. Replicas of a workload that nothing tells apart have no names.
fn destination(change: &Change) -> String {
    match change.src == change.dst {
        true => "its other replicas".into(),
        false => party(&change.dst),
    }
}

fn party(party: &Party<Arc<Name>>) -> String {
    match party {
        Party::Workload(w) => {
            let whole = format!("{}/{}[{}]", w.namespace, w.name, w.kind);
            match &w.pod {
                Some(pod) => format!("{}/{pod} of {whole}", w.namespace),
                None => whole,
            }
        }
        Party::Addresses { first, last } => {
            let mut text = String::new();
            range_text(&mut text, *first, *last);
            text
        }
        Party::IngressController => CONTROLLER.into(),
    }
}

fn party_json(party: &Party<Arc<Name>>) -> Value {
    match party {
        Party::Workload(w) => {
            let mut value = json!({
                "type": "workload",
                "namespace": w.namespace,
                "name": w.name,
                "kind": w.kind,
            });
            if let Some(pod) = &w.pod {
                value["pod"] = json!(pod);
            }
            value
        }
        Party::Addresses { first, last } => json!({"type": "ip", "range": [first, last]}),
        Party::IngressController => json!({"type": "ingress-controller"}),
    }
}
