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
use crate::analysis::Direction;
use crate::analysis::Party;
use crate::analysis::changes::{Change, Name, Named, NamedChange, Relation, relation};
use crate::analysis::conditions::ConditionChange;
use crate::cluster::{Assumptions, LeftOut};
use crate::diag::Diagnostic;
use crate::sets::PortSet;

/// The comparison of two clusters.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// The connections that differ.
    pub changes: &'a [Change],
    /// The domain names and entities that workloads connect to, or are reached from, on other ports.
    pub named: &'a [NamedChange],
    /// Conditions that the analysis does not model, where they differ.
    pub conditions: &'a [ConditionChange],
    /// The relation of the new policies to the old ones, future pods included.
    pub policies: Relation,
    /// The assumptions of the old side and of the new one.
    pub assumptions: [Assumptions; 2],
    /// The policies that are left out of both sides.
    pub left_out: &'a [LeftOut],
    /// The files of both sides that are not read in full.
    pub unread: &'a [Arc<str>],
}

impl Compared<'_> {
    /// Whether no difference is known.
    pub fn is_equal(&self) -> bool {
        self.changes.is_empty()
            && self.named.is_empty()
            && self.conditions.is_empty()
            && self.policies == Relation::Equal
    }

    fn relation(&self) -> Relation {
        relation(self.changes, self.named)
    }

    /// Source, destination, and the ports before and after, of each change.
    fn rows(&self) -> impl Iterator<Item = ([String; 2], &PortSet, &PortSet)> {
        let between = self.changes.iter();
        let between = between.map(|c| ([party(&c.src), destination(c)], &c.old, &c.new));
        let named = self.named.iter().map(|c| (named_ends(c), &c.old, &c.new));
        between.chain(named)
    }
}

/// One line for each change, then the summary. A line is not kept after it is written: there may be millions.
///
/// # Errors
/// If `out` cannot be written.
pub fn text(out: &mut impl Write, found: Compared) -> io::Result<()> {
    let out = &mut escape::Lines(out);
    let (mut left, mut right) = (0, 0);
    for ([src, dst], ..) in found.rows() {
        left = left.max(src.chars().count());
        right = right.max(dst.chars().count());
    }
    for ([src, dst], old, new) in found.rows() {
        let kind = kind(old, new);
        let ports = match kind {
            "added" => new.to_string(),
            "removed" => old.to_string(),
            _ => format!("{old} -> {new}"),
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
    let mark = match found.is_equal() && whole {
        true => "✅",
        false => "⚠️",
    };
    out.push_str(&format!("\n{mark} **"));
    escape::markdown(out, &verdict);
    out.push_str("**\n\n");
    escape::markdown(out, &policies);
    out.push('\n');
    for line in found.conditions.iter().map(differs) {
        out.push('\n');
        escape::markdown(out, &line);
        out.push('\n');
    }
    let rows = found.rows().map(|([src, dst], old, new)| {
        let kind = kind(old, new).to_owned();
        [kind, src, dst, old.to_string(), new.to_string()]
    });
    let rows: Vec<[String; 5]> = rows.collect();
    let columns = ["", "From", "To", "Before", "After"];
    let summary = format!("{} changes", rows.len());
    comment::table(out, &summary, columns, rows.into_iter());
}

/// Two lines, as [`verdicts`], and one for each kind of condition that differs.
fn summary(found: Compared) -> String {
    let [connections, policies] = verdicts(found);
    let mut text = format!("{connections}\n{policies}\n");
    for line in found.conditions.iter().map(differs) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// `HTTP rules of CiliumNetworkPolicy shop/web differ: what they match is not compared`.
pub fn differs(found: &ConditionChange) -> String {
    let policies: Vec<&str> = found.policies.iter().map(String::as_str).collect();
    let (of, what) = (policies.join(", "), found.condition.plural());
    format!("{what} of {of} differ: what they match is not compared")
}

/// The verdict on the connections with the assumptions, and the verdict on the policies.
fn verdicts(found: Compared) -> [String; 2] {
    let conditions = !found.conditions.is_empty();
    let verdict = match found.relation() {
        Relation::Equal if conditions => "Equal but for conditions",
        Relation::Equal => "Equal",
        Relation::Wider => "More permissive",
        Relation::Narrower => "Stricter",
        Relation::Apart => "Mixed",
    };
    let counts = counts(found);
    let unchanged = found.changes.is_empty() && found.named.is_empty();
    let policies = match (found.policies, unchanged) {
        (Relation::Equal, true) if conditions => {
            "The new policies allow the same between pods and addresses, under other conditions".to_owned()
        }
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
fn counts(found: Compared) -> String {
    let connections = |n: usize| match n {
        1 => "1 connection".to_owned(),
        n => format!("{n} connections"),
    };
    let (changes, named) = (found.changes.iter(), found.named.iter());
    let opened = changes.clone().filter(|c| !c.opened().is_empty()).count()
        + named.clone().filter(|c| !c.opened().is_empty()).count();
    let closed = changes.filter(|c| !c.closed().is_empty()).count()
        + named.filter(|c| !c.closed().is_empty()).count();
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
/// "added|removed|changed", "src", "dst", "conn1", "conn2"}], "replicas", "conditions": [{"condition", "policies"}],
/// "diagnostics", "leftOut", "notRead"}`, one line for each change; those within one workload, between its replicas, are
/// `replicas`. `relation` relates the new connections to the old ones, `policies` the new policies to the old ones,
/// future pods included: `equal`, `wider`, `narrower` or `apart`; `equivalent`
/// is whether the policies are equal, so are the conditions that are not modelled, and all files are read in full.
///
/// # Errors
/// If `out` cannot be written.
pub fn json(out: &mut impl Write, found: Compared, diagnostics: &[Diagnostic]) -> io::Result<()> {
    let head = compact(&json!({
        "format": "drawbridge/diff/1",
        "assumptions": assumed::json(found.assumptions[1]),
        "oldAssumptions": assumed::json(found.assumptions[0]),
        "equivalent": found.policies == Relation::Equal && found.conditions.is_empty() && found.unread.is_empty(),
        "relation": word(found.relation()),
        "policies": word(found.policies),
    }));
    out.write_all(head.strip_suffix('}').unwrap_or(&head).as_bytes())?;
    changes_json(out, found)?;
    let diagnostics = compact(&flat(diagnostics));
    let left_out = compact(&left_out::lines(found.left_out));
    let not_read = compact(&found.unread);
    writeln!(
        out,
        ",\"diagnostics\":{diagnostics},\"leftOut\":{left_out},\"notRead\":{not_read}}}"
    )
}

/// `,"changes":[...],"replicas":[...],"conditions":[...]`, one line for each change; those within one workload are `replicas`.
///
/// # Errors
/// If `out` cannot be written.
pub(super) fn changes_json(out: &mut impl Write, found: Compared) -> io::Result<()> {
    for (key, within) in [("changes", false), ("replicas", true)] {
        write!(out, ",\"{key}\":[")?;
        let some = found.changes.iter().filter(|c| c.is_within() == within);
        let named = found.named.iter().filter(|_| !within).map(named_json);
        for (at, change) in some.map(change_json).chain(named).enumerate() {
            let between = if at == 0 { "\n" } else { ",\n" };
            write!(out, "{between}{}", compact(&change))?;
        }
        out.write_all(b"\n]")?;
    }
    let conditions = found
        .conditions
        .iter()
        .map(|one| json!({"condition": one.condition.plural(), "policies": one.policies}));
    write!(
        out,
        ",\"conditions\":{}",
        compact(&conditions.collect::<Vec<Value>>())
    )
}

fn change_json(change: &Change) -> Value {
    let ends = [party_json(&change.src), party_json(&change.dst)];
    row_json(ends, &change.old, &change.new)
}

fn named_json(change: &NamedChange) -> Value {
    let own = party_json(&Party::Workload(change.workload.clone()));
    let other = match &change.other {
        Named::Domain(name) => json!({"type": "domain", "name": name}),
        Named::Entity(entity) => json!({"type": "entity", "name": entity.word()}),
    };
    row_json(
        in_order(change.direction, own, other),
        &change.old,
        &change.new,
    )
}

fn row_json([src, dst]: [Value; 2], old: &PortSet, new: &PortSet) -> Value {
    json!({
        "type": kind(old, new),
        "src": src,
        "dst": dst,
        "conn1": conn(old),
        "conn2": conn(new),
    })
}

fn kind(old: &PortSet, new: &PortSet) -> &'static str {
    match (old.is_empty(), new.is_empty()) {
        (true, _) => "added",
        (_, true) => "removed",
        _ => "changed",
    }
}

/// Source and destination of a change towards, or from, a domain name or an entity.
fn named_ends(change: &NamedChange) -> [String; 2] {
    let own = party(&Party::Workload(change.workload.clone()));
    let other = match &change.other {
        Named::Domain(name) => name.clone(),
        Named::Entity(entity) => entity.to_string(),
    };
    in_order(change.direction, own, other)
}

/// Source and destination.
fn in_order<T>(direction: Direction, own: T, other: T) -> [T; 2] {
    match direction {
        Direction::Egress => [own, other],
        Direction::Ingress => [other, own],
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
