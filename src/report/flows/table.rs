//! Recorded connections as tables: CSV and Markdown.

use std::io::{self, Write};

use super::Flows;
use crate::observe::classes::{Class, Compared};
use crate::observe::{Connection, Verdict, time};
use crate::report::escape;

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

/// The rows of a connection, one for each verdict.
fn rows(flows: Flows, at: usize, connection: &Connection) -> Vec<Vec<String>> {
    let Connection {
        source,
        destination,
        key,
        sums,
    } = connection;
    let time = |time: Option<time::Time>| time.map(time::text).unwrap_or_default();
    let row = |(verdict, count): (Verdict, u64)| {
        let mut row = vec![
            source.clone(),
            destination.clone(),
            key.protocol.name().to_owned(),
            key.port.map(|port| port.to_string()).unwrap_or_default(),
            count.to_string(),
            time(sums.first),
            time(sums.last),
            verdict.name().to_owned(),
        ];
        if let Some(Compared { replay, class, .. }) = flows.compared(at) {
            row.push(replay.verdict.name().to_owned());
            row.push(class.map_or("", Class::name).to_owned());
        }
        row
    };
    sums.by_verdict().into_iter().map(row).collect()
}

fn header(flows: Flows) -> Vec<&'static str> {
    let more = flows.comparison.map(|_| ["replay", "class"]);
    COLUMNS
        .into_iter()
        .chain(more.into_iter().flatten())
        .collect()
}

/// Writes each row as the line that `line` makes of it.
fn write(out: &mut impl Write, flows: Flows, line: fn(&mut String, Vec<String>)) -> io::Result<()> {
    let mut text = String::new();
    for (at, connection) in flows.observed.connections.iter().enumerate() {
        text.clear();
        for row in rows(flows, at, connection) {
            line(&mut text, row);
            text.push('\n');
        }
        out.write_all(text.as_bytes())?;
    }
    out.flush()
}

/// A table with a row for each connection and verdict. `flows` reads it as well.
///
/// # Errors
/// If `out` cannot be written.
pub fn csv(out: &mut impl Write, flows: Flows) -> io::Result<()> {
    writeln!(out, "{}", header(flows).join(","))?;
    write(out, flows, |line, row| {
        for (at, field) in row.iter().enumerate() {
            if at > 0 {
                line.push(',');
            }
            escape::csv(line, field);
        }
    })
}

/// The same as a Markdown table.
///
/// # Errors
/// If `out` cannot be written.
pub fn markdown(out: &mut impl Write, flows: Flows) -> io::Result<()> {
    let header = header(flows);
    let rule = " --- |".repeat(header.len());
    writeln!(out, "| {} |\n|{rule}", header.join(" | "))?;
    write(out, flows, |line, row| {
        line.push('|');
        for field in &row {
            line.push(' ');
            escape::markdown(line, field);
            line.push_str(" |");
        }
    })
}
