//! Recorded connections: `drawbridge flows`.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::ends::compact;
use super::escape;
use super::findings::flat;
use crate::diag::Diagnostic;
use crate::observe::replay::{Replay, Verdict};
use crate::observe::{Capture, Connection, Observed, SourceFile, Sums, time};

/// Recorded connections, each with the answer of policies where these are asked.
#[derive(Clone, Copy)]
pub struct Flows<'a> {
    /// The connections and the files.
    pub observed: &'a Observed,
    /// For each connection, in their order.
    pub replays: Option<&'a [Replay]>,
}

/// What becomes of a connection under the policies that are asked, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    NewlyDropped,
    Uncertain,
    StillDropped,
    NewlyAllowed,
    AuditedAllowed,
    StillAllowed,
}

impl Change {
    fn of(sums: &Sums, replay: &Replay) -> Self {
        let passed = sums.forwarded + sums.audited > 0;
        match replay.verdict {
            Verdict::Uncertain => Self::Uncertain,
            Verdict::Deny if passed => Self::NewlyDropped,
            Verdict::Deny => Self::StillDropped,
            Verdict::Allow if sums.dropped > 0 => Self::NewlyAllowed,
            Verdict::Allow if sums.audited > 0 => Self::AuditedAllowed,
            Verdict::Allow => Self::StillAllowed,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::NewlyDropped => "would be dropped",
            Self::Uncertain => "uncertain",
            Self::StillDropped => "dropped before and still",
            Self::NewlyAllowed => "dropped before, would be allowed",
            Self::AuditedAllowed => "audited before, would be allowed",
            Self::StillAllowed => "allowed",
        }
    }
}

/// Whether policies would drop a connection that was forwarded, or may.
pub fn would_change(flows: Flows) -> bool {
    let replays = flows.replays.unwrap_or_default();
    let mut all = flows.observed.connections.iter().zip(replays);
    all.any(|(connection, replay)| Change::of(&connection.sums, replay) <= Change::Uncertain)
}

/// The capture, then a table of the connections; with policies, one table for each change.
pub fn text(flows: Flows) -> String {
    let mut out = String::new();
    let connections = &flows.observed.connections;
    match flows.replays {
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
        Some(replays) => against(&mut out, connections, replays),
    }
    capture(&mut out, &flows.observed.capture);
    escape::lines(out)
}

fn counted(count: u64, noun: &str, more: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}{more}")
}

fn against(out: &mut String, connections: &[Connection], replays: &[Replay]) {
    let mut all: Vec<_> = connections
        .iter()
        .zip(replays)
        .map(|(connection, replay)| (Change::of(&connection.sums, replay), connection, replay))
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
            .map(|(_, connection, replay)| (*connection, Some(*replay)))
            .collect();
        table(out, &rows);
    }
    let _ = writeln!(out, "\nonly recorded connections are judged");
}

fn table(out: &mut String, rows: &[(&Connection, Option<&Replay>)]) {
    let width =
        |of: &dyn Fn(&Connection) -> usize| rows.iter().map(|(row, _)| of(row)).max().unwrap_or(0);
    let left = width(&|row| row.source.chars().count());
    let right = width(&|row| row.destination.chars().count());
    let middle = width(&|row| port(row, ' ').chars().count());
    for (row, replay) in rows {
        let (from, to, port) = (&row.source, &row.destination, port(row, ' '));
        let _ = writeln!(
            out,
            "{from:left$}  =>  {to:right$}  {port:middle$}  {}",
            verdicts(&row.sums)
        );
        if let Some(replay) = replay.filter(|replay| replay.verdict != Verdict::Allow) {
            let _ = writeln!(out, "    {}", replay.why);
            for policy in &replay.by {
                let _ = writeln!(out, "    {policy}");
            }
        }
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
    let all = [
        (sums.forwarded, "forwarded"),
        (sums.audited, "audited"),
        (sums.dropped, "dropped"),
    ];
    let some: Vec<_> = all
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(n, word)| format!("{n} {word}"))
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

/// `{"format", "diagnostics", "capture": {"sources", "first", "last", "lost", "unavailable", "ignored"}, "connections": [{"source",
/// "destination", "protocol", "port", "icmp", "count", "verdicts", "first", "last", "exact", "addresses", "services", "guessed",
/// "policies", "replay": {"verdict", "egress", "ingress", "by", "why"}}]}`. Times are RFC 3339 in UTC.
pub fn json(flows: Flows, diagnostics: &[Diagnostic]) -> String {
    let capture = &flows.observed.capture;
    let source = |s: &SourceFile| {
        json!({
            "file": s.file, "format": s.format, "lines": s.lines, "records": s.records, "malformed": s.malformed,
            "first": s.first.map(time::text), "last": s.last.map(time::text), "nodes": s.nodes,
        })
    };
    let connections = flows.observed.connections.iter().enumerate();
    let connections: Vec<Value> = connections
        .map(|(at, connection)| {
            self::connection(connection, flows.replays.and_then(|all| all.get(at)))
        })
        .collect();
    let value = json!({
        "format": "drawbridge/flows/1",
        "diagnostics": flat(diagnostics),
        "capture": {
            "sources": capture.sources.iter().map(source).collect::<Vec<_>>(),
            "first": capture.first().map(time::text),
            "last": capture.last().map(time::text),
            "lost": capture.lost,
            "unavailable": capture.unavailable,
            "ignored": capture.ignored,
        },
        "connections": connections,
    });
    let mut text = compact(&value);
    text.push('\n');
    text
}

fn connection(connection: &Connection, replay: Option<&Replay>) -> Value {
    let Connection {
        source,
        destination,
        key,
        sums,
    } = connection;
    let mut all = Map::new();
    let mut put = |key: &str, value: Value| _ = all.insert(key.to_owned(), value);
    put("source", json!(source));
    put("destination", json!(destination));
    put("protocol", json!(key.protocol.name()));
    put("port", json!(key.port));
    if let Some(icmp) = key.icmp {
        put("icmp", json!(icmp));
    }
    put("count", json!(sums.count()));
    let verdicts = [
        ("forwarded", sums.forwarded),
        ("audited", sums.audited),
        ("dropped", sums.dropped),
    ];
    let verdicts = verdicts.into_iter().filter(|(_, count)| *count > 0);
    put(
        "verdicts",
        verdicts
            .map(|(name, count)| (name.to_owned(), json!(count)))
            .collect::<Map<_, _>>()
            .into(),
    );
    put("first", json!(sums.first.map(time::text)));
    put("last", json!(sums.last.map(time::text)));
    if sums.inexact {
        put("exact", json!(false));
    }
    if !sums.addresses.is_empty() {
        put("addresses", json!(sums.addresses));
    }
    if !sums.services.is_empty() {
        put("services", json!(sums.services));
    }
    let guessed = [
        (sums.source_guessed, "source"),
        (sums.destination_guessed, "destination"),
    ];
    let guessed: Vec<_> = guessed
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, end)| *end)
        .collect();
    if !guessed.is_empty() {
        put("guessed", json!(guessed));
    }
    if !sums.allowed.is_empty() || !sums.denied.is_empty() {
        put(
            "policies",
            json!({"allowed": sums.allowed, "denied": sums.denied}),
        );
    }
    if let Some(replay) = replay {
        let gate = |allowed: Option<bool>| allowed.map(|is| if is { "allow" } else { "deny" });
        put(
            "replay",
            json!({
                "verdict": replay.verdict.name(), "egress": gate(replay.egress), "ingress": gate(replay.ingress),
                "by": replay.by, "why": replay.why,
            }),
        );
    }
    Value::Object(all)
}

/// The columns of tables; `verdict` has the gravest verdict's connections, one row each.
const COLUMNS: [&str; 8] = [
    "source",
    "destination",
    "protocol",
    "port",
    "count",
    "first",
    "last",
    "verdict",
];

fn rows(flows: Flows) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (at, connection) in flows.observed.connections.iter().enumerate() {
        let Connection {
            source,
            destination,
            key,
            sums,
        } = connection;
        let time = |time: Option<time::Time>| time.map(time::text).unwrap_or_default();
        let all = [
            (sums.forwarded, "forwarded"),
            (sums.audited, "audited"),
            (sums.dropped, "dropped"),
        ];
        for (count, verdict) in all.into_iter().filter(|(count, _)| *count > 0) {
            let mut row = vec![
                source.clone(),
                destination.clone(),
                key.protocol.name().to_owned(),
                key.port.map(|port| port.to_string()).unwrap_or_default(),
                count.to_string(),
                time(sums.first),
                time(sums.last),
                verdict.to_owned(),
            ];
            let replay = flows.replays.and_then(|all| all.get(at));
            row.extend(replay.map(|replay| replay.verdict.name().to_owned()));
            rows.push(row);
        }
    }
    rows
}

fn header(flows: Flows) -> Vec<&'static str> {
    COLUMNS
        .into_iter()
        .chain(flows.replays.map(|_| "replay"))
        .collect()
}

/// A table with a row for each connection and verdict. `flows` reads it as well.
pub fn csv(flows: Flows) -> String {
    let mut out = header(flows).join(",");
    out.push('\n');
    for row in rows(flows) {
        for (at, field) in row.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            escape::csv(&mut out, field);
        }
        out.push('\n');
    }
    out
}

/// The same as a Markdown table.
pub fn markdown(flows: Flows) -> String {
    let header = header(flows);
    let mut out = format!(
        "| {} |\n|{}\n",
        header.join(" | "),
        " --- |".repeat(header.len())
    );
    for row in rows(flows) {
        out.push('|');
        for field in &row {
            out.push(' ');
            escape::markdown(&mut out, field);
            out.push_str(" |");
        }
        out.push('\n');
    }
    out
}
