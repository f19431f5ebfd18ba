//! Recorded connections as text.

use std::fmt::Write;
use std::ops::Range;

use super::{Change, Flows};
use crate::observe::classes::{Class, Compared};
use crate::observe::replay::Verdict;
use crate::observe::time::{self, Time};
use crate::observe::{Capture, Connection, SourceFile, Sums};
use crate::report::escape;

/// The capture, then a table of the connections; with policies, one table for each change.
pub fn text(flows: Flows) -> String {
    let mut out = String::new();
    let connections = &flows.observed.connections;
    match flows.comparison {
        None => {
            let all: Vec<_> = connections
                .iter()
                .map(|connection| (connection, None))
                .collect();
            table(&mut out, &all);
            let _ = writeln!(
                out,
                "{}",
                counted(connections.len() as u64, "connection", "")
            );
        }
        Some(comparison) => {
            against(&mut out, connections, &comparison.connections);
            unseen(&mut out, &flows.never_seen());
            let _ = writeln!(out, "\nonly recorded connections are judged");
        }
    }
    capture(&mut out, &flows.observed.capture);
    escape::lines(out)
}

fn counted(count: u64, noun: &str, more: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}{more}")
}

fn against(out: &mut String, connections: &[Connection], compared: &[Compared]) {
    let mut all: Vec<_> = connections
        .iter()
        .zip(compared)
        .map(|(connection, one)| (Change::of(&connection.sums, &one.replay), connection, one))
        .collect();
    all.sort_by_key(|(change, connection, _)| {
        (*change, std::cmp::Reverse(connection.sums.count()))
    });
    let total = connections.iter().map(|c| c.sums.count()).sum();
    let dropped = all
        .iter()
        .filter(|(change, ..)| *change == Change::NewlyDropped);
    let pairs = dropped.clone().count() as u64;
    let passed = |sums: &Sums| sums.forwarded + sums.audited;
    let count: u64 = dropped
        .map(|(_, connection, _)| passed(&connection.sums))
        .sum();
    let kinds = if pairs == 0 {
        String::new()
    } else {
        format!(": {}", counted(pairs, "kind", ""))
    };
    let _ = writeln!(
        out,
        "{count} of {} would be dropped{kinds}",
        counted(total, "recorded connection", "")
    );
    for group in all.chunk_by(|a, b| a.0 == b.0) {
        let Some((change, ..)) = group.first() else {
            continue;
        };
        let _ = writeln!(out, "\n{}:", change.title());
        let rows: Vec<_> = group
            .iter()
            .map(|(_, connection, one)| (*connection, Some(*one)))
            .collect();
        table(out, &rows);
    }
}

/// The flows that are drawn and not recorded.
fn unseen(out: &mut String, flows: &[[String; 3]]) {
    if flows.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}:", Class::DrawnUnseen.words());
    let width = |of: usize| flows.iter().map(|row| row[of].chars().count()).max();
    let (left, right) = (width(0).unwrap_or(0), width(1).unwrap_or(0));
    for [from, to, ports] in flows {
        let _ = writeln!(out, "{from:left$}  =>  {to:right$}  {ports}");
    }
}

fn table(out: &mut String, rows: &[(&Connection, Option<&Compared>)]) {
    let width =
        |of: &dyn Fn(&Connection) -> usize| rows.iter().map(|(row, _)| of(row)).max().unwrap_or(0);
    let left = width(&|row| row.source.chars().count());
    let right = width(&|row| row.destination.chars().count());
    let middle = width(&|row| port(row, ' ').chars().count());
    for (row, compared) in rows {
        let (from, to, port) = (&row.source, &row.destination, port(row, ' '));
        let _ = writeln!(
            out,
            "{from:left$}  =>  {to:right$}  {port:middle$}  {}{}",
            verdicts(&row.sums),
            class(*compared)
        );
        let replay = compared.map(|compared| &compared.replay);
        if let Some(replay) = replay.filter(|replay| replay.verdict != Verdict::Allow) {
            let _ = writeln!(out, "    {}", replay.why);
            for policy in &replay.by {
                let _ = writeln!(out, "    {policy}");
            }
        }
    }
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

fn capture(out: &mut String, capture: &Capture) {
    let sum = |of: &dyn Fn(&SourceFile) -> u64| capture.sources.iter().map(of).sum::<u64>();
    let nodes: std::collections::BTreeSet<_> =
        capture.sources.iter().flat_map(|s| &s.nodes).collect();
    let window = match (capture.first(), capture.last()) {
        (Some(first), Some(last)) => format!("from {} to {}", time::text(first), time::text(last)),
        _ => "without times".to_owned(),
    };
    let _ = writeln!(
        out,
        "\nrecorded {window}: {} of {}, {}, {}",
        counted(sum(&|s| s.records), "record", ""),
        counted(capture.sources.len() as u64, "file", ""),
        counted(nodes.len() as u64, "node", ""),
        counted(capture.lost, "event", " lost"),
    );
    if let Some(between) = &capture.between {
        let _ = writeln!(out, "counted: connections that began {}", began(between));
    }
    let malformed = sum(&|s| s.malformed);
    if malformed > 0 {
        let _ = writeln!(out, "{}", counted(malformed, "malformed line", ""));
    }
    if !capture.unavailable.is_empty() {
        let names: Vec<_> = capture.unavailable.iter().map(String::as_str).collect();
        let _ = writeln!(out, "unavailable nodes: {}", names.join(", "));
    }
    if !capture.ignored.is_empty() {
        let all: Vec<_> = capture
            .ignored
            .iter()
            .map(|(reason, n)| format!("{reason} {n}"))
            .collect();
        let _ = writeln!(out, "not counted as connections: {}", all.join(", "));
    }
}
