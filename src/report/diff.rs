//! What changed between two clusters: `drawbridge diff`.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Value, json};

use super::assumed;
use super::comment;
use super::ends::{CONTROLLER, compact, conn, range_text};
use super::escape;
use super::findings::flat;
use super::left_out;
use crate::analysis::Party;
use crate::analysis::changes::{Change, Name, Relation, relation};
use crate::cluster::{Assumptions, LeftOut};
use crate::diag::Diagnostic;

/// The comparison of two clusters.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// The connections that differ.
    pub changes: &'a [Change],
    /// The relation of the new policies to the old ones, future pods included.
    pub policies: Relation,
    /// The assumptions of the old side and of the new one.
    pub assumptions: [Assumptions; 2],
    /// The policies that are left out of both sides.
    pub left_out: &'a [LeftOut],
    /// The files of both sides that are not read in full.
    pub unread: &'a [Arc<str>],
}

/// One line for each change, then the summary. A line is not kept after it is written: there may be millions.
///
/// # Errors
/// If `out` cannot be written.
pub fn text(out: &mut impl Write, found: Compared) -> io::Result<()> {
    let out = &mut escape::Lines(out);
    let row = |c: &Change| [party(&c.src), destination(c)];
    let (mut left, mut right) = (0, 0);
    for [src, dst] in found.changes.iter().map(row) {
        left = left.max(src.chars().count());
        right = right.max(dst.chars().count());
    }
    for change in found.changes {
        let (kind, [src, dst]) = (kind(change), row(change));
        let ports = match kind {
            "added" => change.new.to_string(),
            "removed" => change.old.to_string(),
            _ => format!("{} -> {}", change.old, change.new),
        };
        writeln!(out, "{kind:7}  {src:left$}  =>  {dst:right$}  {ports}")?;
    }
    out.write_all(summary(found).as_bytes())
}

/// A review comment: a heading, the summary, and a table of the changes.
pub fn markdown(found: Compared, heading: &str) -> String {
    let mut out = comment::head("diff", heading);
    section(&mut out, found);
    out
}

/// The summary and a table of the changes, as Markdown.
pub(super) fn section(out: &mut String, found: Compared) {
    let [verdict, policies] = verdicts(found);
    let whole = found.left_out.is_empty() && found.unread.is_empty();
    let mark = match (relation(found.changes), found.policies) {
        (Relation::Equal, Relation::Equal) if whole => "✅",
        _ => "⚠️",
    };
    out.push_str(&format!("\n{mark} **"));
    escape::markdown(out, &verdict);
    out.push_str("**\n\n");
    escape::markdown(out, &policies);
    out.push('\n');
    let row = |change: &Change| {
        [
            kind(change).to_owned(),
            party(&change.src),
            destination(change),
            change.old.to_string(),
            change.new.to_string(),
        ]
    };
    let columns = ["", "From", "To", "Before", "After"];
    let summary = format!("{} changes", found.changes.len());
    comment::table(out, &summary, columns, found.changes.iter().map(row));
}

/// Two lines, as [`verdicts`].
fn summary(found: Compared) -> String {
    let [connections, policies] = verdicts(found);
    format!("{connections}\n{policies}\n")
}

/// The verdict on the connections with the assumptions, and the verdict on the policies.
fn verdicts(found: Compared) -> [String; 2] {
    let verdict = match relation(found.changes) {
        Relation::Equal => "Equal",
        Relation::Wider => "More permissive",
        Relation::Narrower => "Stricter",
        Relation::Apart => "Mixed",
    };
    let counts = counts(found.changes);
    let policies = match (found.policies, found.changes.is_empty()) {
        (Relation::Equal, false) => {
            "The policies allow the same between any two pods or addresses; the connections differ because other \
             objects, such as workloads, do"
                .to_owned()
        }
        (relation, _) => format!("The new policies {} (future pods included)", policies(relation)),
    };
    let assumed = assumed::sides(found.assumptions);
    let left_out = left_out::count(found.left_out, found.unread);
    let read = match found.unread.is_empty() {
        true => "",
        false => " as far as the files could be read",
    };
    [
        format!("{verdict}{read}: {counts}; {assumed}{left_out}"),
        policies + if read.is_empty() { "" } else { "," } + read,
    ]
}

/// `1 connection closed, none opened`. A connection that lost some ports and gained others counts as both.
fn counts(changes: &[Change]) -> String {
    let connections = |n: usize| match n {
        1 => "1 connection".to_owned(),
        n => format!("{n} connections"),
    };
    let opened = changes.iter().filter(|c| !c.opened().is_empty()).count();
    let closed = changes.iter().filter(|c| !c.closed().is_empty()).count();
    match (opened, closed) {
        (0, 0) => "no connections opened or closed".to_owned(),
        (0, closed) => format!("{} closed, none opened", connections(closed)),
        (opened, 0) => format!("{} opened, none closed", connections(opened)),
        (opened, closed) => format!("{} opened, {closed} closed", connections(opened)),
    }
}

/// The relation of the new connections to the old ones, as a clause.
pub fn connections(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "both allow the same connections",
        Relation::Wider => "the new side is more permissive",
        Relation::Narrower => "the new side is stricter",
        Relation::Apart => "each side allows something that the other does not",
    }
}

/// The relation of the new policies to the old ones; follows "the new policies".
pub fn policies(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "are equivalent to the old ones",
        Relation::Wider => "allow everything that the old ones do, and more",
        Relation::Narrower => "allow less than the old ones, and nothing more",
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

/// `{"format", "assumptions", "oldAssumptions", "equivalent", "relation", "policies", "changes": [{"type":
/// "added|removed|changed", "src", "dst", "conn1", "conn2"}], "replicas", "diagnostics", "leftOut", "notRead"}`, one line for
/// each change; those within one workload, between its replicas, are `replicas`.
/// `relation` relates the new connections to the old ones, `policies` the new policies to the old ones,
/// future pods included: `equal`, `wider`, `narrower` or `apart`; `equivalent`
/// is whether the policies are equal, and all files are read in full.
///
/// # Errors
/// If `out` cannot be written.
pub fn json(out: &mut impl Write, found: Compared, diagnostics: &[Diagnostic]) -> io::Result<()> {
    let changes = found.changes;
    let head = compact(&json!({
        "format": "drawbridge/diff/1",
        "assumptions": assumed::json(found.assumptions[1]),
        "oldAssumptions": assumed::json(found.assumptions[0]),
        "equivalent": found.policies == Relation::Equal && found.unread.is_empty(),
        "relation": word(relation(changes)),
        "policies": word(found.policies),
    }));
    out.write_all(head.strip_suffix('}').unwrap_or(&head).as_bytes())?;
    changes_json(out, changes)?;
    let diagnostics = compact(&flat(diagnostics));
    let left_out = compact(&left_out::lines(found.left_out));
    let not_read = compact(&found.unread);
    writeln!(
        out,
        ",\"diagnostics\":{diagnostics},\"leftOut\":{left_out},\"notRead\":{not_read}}}"
    )
}

/// `,"changes":[...],"replicas":[...]`, one line for each change; those within one workload are `replicas`.
///
/// # Errors
/// If `out` cannot be written.
pub(super) fn changes_json(out: &mut impl Write, changes: &[Change]) -> io::Result<()> {
    for (key, within) in [("changes", false), ("replicas", true)] {
        write!(out, ",\"{key}\":[")?;
        let some = changes.iter().filter(|c| c.is_within() == within);
        for (at, change) in some.enumerate() {
            let between = if at == 0 { "\n" } else { ",\n" };
            write!(out, "{between}{}", compact(&change_json(change)))?;
        }
        out.write_all(b"\n]")?;
    }
    Ok(())
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

/// The text of the destination column. Replicas that no policy distinguishes have no names.
fn destination(change: &Change) -> String {
    match change.src == change.dst {
        true => "its other replicas".into(),
        false => party(&change.dst),
    }
}

pub(super) fn party(party: &Party<Arc<Name>>) -> String {
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

pub(super) fn party_json(party: &Party<Arc<Name>>) -> Value {
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
