//! Recorded connections as JSON.

use std::io::{self, Write};
use std::ops::Range;

use serde_json::{Map, Value, json};

use super::Flows;
use crate::cluster::Snapshot;
use crate::diag::{self, Diagnostic};
use crate::observe::classes::Compared;
use crate::observe::time::{self, Time};
use crate::observe::{Connection, Sample, SourceFile};
use crate::report::ends::compact;
use crate::report::findings::flat;
use crate::report::left_out;

/// `{"format", "diagnostics", "leftOut", "notRead", "capture": {"sources", "first", "last", "since", "until", "lost", "unavailable", "ignored"}, "connections": [{"source",
/// "destination", "protocol", "port", "icmp", "count", "verdicts", "first", "last", "exact", "addresses", "services", "guessed",
/// "policies", "samples": [{"file", "line", "time"}], "class", "replay": {"verdict", "egress", "ingress", "by", "why"}}],
/// "neverSeen": [{"from", "to", "ports"}]}`. From `class` on only against policies; `neverSeen`, the flows that are not recorded, only
/// against a project. Times are RFC 3339 in UTC.
///
/// # Errors
/// If `out` cannot be written.
pub fn json(
    out: &mut impl Write,
    flows: Flows,
    against: Option<&Snapshot>,
    diagnostics: &[Diagnostic],
) -> io::Result<()> {
    let capture = &flows.observed.capture;
    let source = |s: &SourceFile| {
        json!({
            "file": s.file, "format": s.format, "lines": s.lines, "records": s.records, "malformed": s.malformed,
            "first": s.first.map(time::text), "last": s.last.map(time::text), "nodes": s.nodes,
        })
    };
    // Where only some connections are counted: when they began. An end that is left open is none.
    let window = |end: fn(&Range<Time>) -> Time| {
        let end = capture.between.as_ref().map(end);
        let end = end.filter(|end| *end != Time::MIN && *end != Time::MAX);
        end.map(time::text)
    };
    let capture = compact(&json!({
        "sources": capture.sources.iter().map(source).collect::<Vec<_>>(),
        "first": capture.first().map(time::text),
        "last": capture.last().map(time::text),
        "since": window(|between| between.start),
        "until": window(|between| between.end),
        "lost": capture.lost,
        "unavailable": capture.unavailable,
        "ignored": capture.ignored,
    }));
    let left_out = against.map_or(&[][..], |snapshot| &snapshot.left_out);
    let left_out = compact(&left_out::lines(left_out));
    let not_read = compact(&diag::unread(diagnostics));
    let diagnostics = compact(&flat(diagnostics));
    write!(
        out,
        "{{\"format\":\"drawbridge/flows/1\",\"diagnostics\":{diagnostics},\"leftOut\":{left_out},\"notRead\":{not_read},\"capture\":{capture},\"connections\":["
    )?;
    for (at, connection) in flows.observed.connections.iter().enumerate() {
        let between = if at == 0 { "\n" } else { ",\n" };
        let connection = self::connection(connection, flows.compared(at));
        write!(out, "{between}{}", compact(&connection))?;
    }
    out.write_all(b"\n]")?;
    if flows.document.is_some() {
        let unseen = flows.never_seen().into_iter();
        let unseen =
            unseen.map(|[from, to, ports]| json!({"from": from, "to": to, "ports": ports}));
        write!(
            out,
            ",\"neverSeen\":{}",
            compact(&unseen.collect::<Value>())
        )?;
    }
    out.write_all(b"}\n")?;
    out.flush()
}

fn connection(connection: &Connection, compared: Option<&Compared>) -> Value {
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
    if !sums.samples.is_empty() {
        let sample = |one: &Sample| json!({"file": &*one.file, "line": one.line, "time": time::text(one.time)});
        put("samples", sums.samples.iter().map(sample).collect());
    }
    if let Some(Compared { replay, class, .. }) = compared {
        if let Some(class) = class {
            put("class", json!(class.name()));
        }
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
