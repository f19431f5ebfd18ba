//! Policies in another dialect: `drawbridge convert`.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::assumed;
use super::diff::{self, Compared, changes_json};
use super::ends::compact;
use super::escape;
use super::findings::flat;
use super::left_out;
use crate::cluster::Snapshot;
use crate::convert::{Conversion, Converted, Reason, State};
use crate::diag::Diagnostic;

/// Each policy that is not written in full or has another name, the number of policies, then what changes.
///
/// # Errors
/// If `out` cannot be written.
pub fn text(out: &mut impl Write, before: &Snapshot, found: &Conversion) -> io::Result<()> {
    let mut lines = escape::Lines(&mut *out);
    for one in listed(found) {
        writeln!(lines, "{}: {}", one.from, phrase(one))?;
        for Reason { why, help } in &one.reasons {
            writeln!(lines, "  {why}")?;
            if let Some(help) = help {
                writeln!(lines, "    help: {help}")?;
            }
        }
    }
    writeln!(lines, "{}", counts(found))?;
    if let Some(why) = &found.unexplained {
        writeln!(lines, "{why}")?;
    }
    diff::text(out, compared(before, found))
}

/// The same, as tables for a review comment.
pub fn markdown(before: &Snapshot, found: &Conversion) -> String {
    let mut out = counts(found) + "\n";
    if let Some(why) = &found.unexplained {
        out.push('\n');
        escape::markdown(&mut out, why);
        out.push('\n');
    }
    for (at, one) in listed(found).enumerate() {
        if at == 0 {
            out.push_str("\n| Policy | Written | Why |\n| --- | --- | --- |\n");
        }
        let why: Vec<&str> = one.reasons.iter().map(|r| r.why.as_str()).collect();
        for cell in [&one.from, &phrase(one), &why.join("; ")] {
            out.push_str("| ");
            escape::markdown(&mut out, cell);
            out.push(' ');
        }
        out.push_str("|\n");
    }
    diff::section(&mut out, compared(before, found));
    out
}

/// `{"format", "assumptions", "oldAssumptions", "equivalent", "policies": [{"from", "to", "state":
/// "exact|differs|narrowed|cannot-express", "why", "help"}], "unexplained", "changes", "replicas", "conditions", "diagnostics", "leftOut", "notRead"}`; changes are
/// those of a `diff`.
///
/// # Errors
/// If `out` cannot be written.
pub fn json(
    out: &mut impl Write,
    before: &Snapshot,
    found: &Conversion,
    diagnostics: &[Diagnostic],
) -> io::Result<()> {
    let policies: Vec<Value> = found.policies.iter().map(policy_json).collect();
    let head = compact(&json!({
        "format": "drawbridge/convert/1",
        "assumptions": assumed::json(found.after.assumptions),
        "oldAssumptions": assumed::json(before.assumptions),
        "equivalent": found.is_equal() && before.unread.is_empty(),
        "policies": policies,
        "unexplained": found.unexplained,
    }));
    out.write_all(head.strip_suffix('}').unwrap_or(&head).as_bytes())?;
    changes_json(out, compared(before, found))?;
    let diagnostics = compact(&flat(diagnostics));
    let left_out = compact(&left_out::lines(&before.left_out));
    let not_read = compact(&before.unread);
    writeln!(
        out,
        ",\"diagnostics\":{diagnostics},\"leftOut\":{left_out},\"notRead\":{not_read}}}"
    )
}

fn policy_json(one: &Converted) -> Value {
    let joined = |texts: Vec<&str>| (!texts.is_empty()).then(|| texts.join("; "));
    let why = one.reasons.iter().map(|r| r.why.as_str()).collect();
    let mut help: Vec<&str> = one
        .reasons
        .iter()
        .filter_map(|r| r.help.as_deref())
        .collect();
    help.dedup();
    json!({
        "from": one.from,
        "to": one.written.as_ref().map(|written| &written.title),
        "state": match one.state {
            State::Exact => "exact",
            State::Differs => "differs",
            State::Narrowed => "narrowed",
            State::CannotExpress => "cannot-express",
        },
        "why": joined(why),
        "help": joined(help),
    })
}

fn compared<'a>(before: &'a Snapshot, found: &'a Conversion) -> Compared<'a> {
    Compared {
        changes: &found.changes,
        named: &found.named,
        conditions: &found.conditions,
        policies: found.relation,
        assumptions: [before.assumptions, found.after.assumptions],
        left_out: &before.left_out,
        unread: &before.unread,
    }
}

/// The policies that are not written in full, or not under their names, or without some of their comments.
fn listed(found: &Conversion) -> impl Iterator<Item = &Converted> {
    let all = found.policies.iter();
    all.filter(|one| one.state != State::Exact || one.renamed.is_some() || !one.reasons.is_empty())
}

fn phrase(one: &Converted) -> String {
    let state = match one.state {
        State::Exact => "exact",
        State::Differs => "connections change",
        State::Narrowed => "a part is left out",
        State::CannotExpress => "left out",
    };
    match &one.renamed {
        Some(name) if one.written.is_some() => format!("{state}, as `{name}`"),
        _ => state.to_owned(),
    }
}

/// `3 policies: 2 exact, 1 left out`.
fn counts(found: &Conversion) -> String {
    let of = |state| {
        found
            .policies
            .iter()
            .filter(|one| one.state == state)
            .count()
    };
    let mut text = match found.policies.len() {
        1 => "1 policy".to_owned(),
        n => format!("{n} policies"),
    };
    let mut between = ": ";
    for (state, words) in [
        (State::Exact, "exact"),
        (State::Differs, "with other connections"),
        (State::Narrowed, "without a part"),
        (State::CannotExpress, "left out"),
    ] {
        let n = of(state);
        if n > 0 {
            let _ = write!(text, "{between}{n} {words}");
            between = ", ";
        }
    }
    text
}
