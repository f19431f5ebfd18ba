//! Recorded connections as text.

use std::io::{self, Write};
use std::ops::Range;

use super::{Change, Flows};
use crate::observe::classes::{Class, Compared};
use crate::observe::replay::Verdict;
use crate::observe::time::{self, Time};
use crate::observe::{Capture, Connection, SourceFile, Sums};
use crate::report::escape;

/// The capture, then a table of the connections; with policies, one table for each change.
///
/// # Errors
/// If `out` cannot be written.
pub fn text(out: &mut impl Write, flows: Flows) -> io::Result<()> {
    let mut out = escape::Lines(out);
    let connections = &flows.observed.connections;
    match flows.comparison {
        None => {
            let all: Vec<_> = connections
                .iter()
                .map(|connection| (connection, None))
                .collect();
            table(&mut out, &all)?;
            writeln!(
                out,
                "{}",
                counted(connections.len() as u64, "connection", "")
            )?;
        }
        Some(comparison) => {
            against(&mut out, connections, &comparison.connections)?;
            unseen(&mut out, &flows.never_seen())?;
            writeln!(out, "\nonly recorded connections are judged")?;
        }
    }
    capture(&mut out, &flows.observed.capture)?;
    out.flush()
}

fn counted(count: u64, noun: &str, more: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}{more}")
}

fn against(
    out: &mut impl Write,
    connections: &[Connection],
    compared: &[Compared],
) -> io::Result<()> {
    let mut all: Vec<_> = connections
        .iter()
        .zip(compared)
        .map(|(connection, one)| (Change::of(&connection.sums, &one.replay), connection, one))
        .collect();
    all.sort_by_key(|(change, connection, _)| {
        (*change, std::cmp::Reverse(connection.sums.count()))
    });
    let total = connections.iter().map(|c| c.sums.count());
    let total = total.fold(0, u64::saturating_add);
    let dropped = all
        .iter()
        .filter(|(change, ..)| *change == Change::NewlyDropped);
    let pairs = dropped.clone().count() as u64;
    let passed = |sums: &Sums| sums.forwarded.saturating_add(sums.audited);
    let count = dropped
        .map(|(_, connection, _)| passed(&connection.sums))
        .fold(0, u64::saturating_add);
    let kinds = if pairs == 0 {
        String::new()
    } else {
        format!(": {}", counted(pairs, "kind", ""))
    };
    writeln!(
        out,
        "{count} of {} would be dropped{kinds}",
        counted(total, "recorded connection", "")
    )?;
    for group in all.chunk_by(|a, b| a.0 == b.0) {
        let Some((change, ..)) = group.first() else {
            continue;
        };
        writeln!(out, "\n{}:", change.title())?;
        let rows: Vec<_> = group
            .iter()
            .map(|(_, connection, one)| (*connection, Some(*one)))
            .collect();
        table(out, &rows)?;
    }
    Ok(())
}

/// The flows that are drawn and not recorded.
fn unseen(out: &mut impl Write, flows: &[[String; 3]]) -> io::Result<()> {
    if flows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}:", Class::DrawnUnseen.words())?;
    let width = |of: usize| flows.iter().map(|row| row[of].chars().count()).max();
    let (left, right) = (width(0).unwrap_or(0), width(1).unwrap_or(0));
    for [from, to, ports] in flows {
        writeln!(out, "{from:left$}  =>  {to:right$}  {ports}")?;
    }
    Ok(())
}

fn table(out: &mut impl Write, rows: &[(&Connection, Option<&Compared>)]) -> io::Result<()> {
    let width =
        |of: &dyn Fn(&Connection) -> usize| rows.iter().map(|(row, _)| of(row)).max().unwrap_or(0);
    let left = width(&|row| row.source.chars().count());
    let right = width(&|row| row.destination.chars().count());
    let middle = width(&|row| port(row, ' ').chars().count());
    for (row, compared) in rows {
        let (from, to, port) = (&row.source, &row.destination, port(row, ' '));
        writeln!(
            out,
            "{from:left$}  =>  {to:right$}  {port:middle$}  {}{}",
            verdicts(&row.sums),
            class(*compared)
        )?;
        let replay = compared.map(|compared| &compared.replay);
        if let Some(replay) = replay.filter(|replay| replay.verdict != Verdict::Allow) {
            writeln!(out, "    {}", replay.why)?;
            for policy in &replay.by {
                writeln!(out, "    {policy}")?;
            }
        }
    }
    Ok(())
}

/// What the group of a row does not tell: `: seen and allowed, not drawn`.
fn class(compared: Option<&Compared>) -> String {
    let class = compared.and_then(|compared| compared.class);
    match class {
        Some(Class::DrawnCut | Class::Undrawn | Class::DrawnDropped | Class::UndrawnDropped) => {
            format!(": {}", class.map(Class::words).unwrap_or_default())
        }
        _ => String::new(),
    }
}

/// `TCP 5432`, `ICMP type 8`.
fn port(connection: &Connection, between: char) -> String {
    let name = connection.key.protocol.name();
    match (connection.key.port, connection.key.icmp) {
        (Some(port), _) => format!("{name}{between}{port}"),
        (None, Some(icmp)) => format!("{name} type {icmp}"),
        (None, None) => name.to_owned(),
    }
}

/// `3 forwarded, 1 dropped`.
fn verdicts(sums: &Sums) -> String {
    let some: Vec<_> = sums
        .by_verdict()
        .into_iter()
        .map(|(verdict, n)| format!("{n} {}", verdict.name()))
        .collect();
    let about = if sums.inexact { "about " } else { "" };
    let guess = if sums.source_guessed || sums.destination_guessed {
        " (workload guessed from pod name)"
    } else {
        ""
    };
    match some.is_empty() {
        true => format!("0{guess}"),
        false => format!("{about}{}{guess}", some.join(", ")),
    }
}

/// `at 2026-11-03T09:00:00Z or later, and before ...`.
fn began(between: &Range<Time>) -> String {
    let ends = [
        (between.start > Time::MIN).then(|| format!("at {} or later", time::text(between.start))),
        (between.end < Time::MAX).then(|| format!("before {}", time::text(between.end))),
    ];
    let ends: Vec<String> = ends.into_iter().flatten().collect();
    ends.join(", and ")
}

fn capture(out: &mut impl Write, capture: &Capture) -> io::Result<()> {
    let sum = |of: &dyn Fn(&SourceFile) -> u64| capture.sources.iter().map(of).sum::<u64>();
    let nodes: std::collections::BTreeSet<_> =
        capture.sources.iter().flat_map(|s| &s.nodes).collect();
    let window = match (capture.first(), capture.last()) {
        (Some(first), Some(last)) => format!("from {} to {}", time::text(first), time::text(last)),
        _ => "without times".to_owned(),
    };
    writeln!(
        out,
        "\nrecorded {window}: {} of {}, {}, {}",
        counted(sum(&|s| s.records), "record", ""),
        counted(capture.sources.len() as u64, "file", ""),
        counted(nodes.len() as u64, "node", ""),
        counted(capture.lost, "event", " lost"),
    )?;
    if let Some(between) = &capture.between {
        writeln!(out, "counted: connections that began {}", began(between))?;
    }
    let malformed = sum(&|s| s.malformed);
    if malformed > 0 {
        writeln!(out, "{}", counted(malformed, "malformed line", ""))?;
    }
    if !capture.unavailable.is_empty() {
        let names: Vec<_> = capture.unavailable.iter().map(String::as_str).collect();
        writeln!(out, "unavailable nodes: {}", names.join(", "))?;
    }
    if !capture.ignored.is_empty() {
        let all: Vec<_> = capture
            .ignored
            .iter()
            .map(|(reason, n)| format!("{reason} {n}"))
            .collect();
        writeln!(out, "not counted as connections: {}", all.join(", "))?;
    }
    Ok(())
}
