//! Recorded connections as tables: CSV and Markdown.

use super::Flows;
use crate::observe::classes::{Class, Compared};
use crate::observe::{Connection, time};
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
        for (verdict, count) in sums.by_verdict() {
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
            rows.push(row);
        }
    }
    rows
}

fn header(flows: Flows) -> Vec<&'static str> {
    let more = flows.comparison.map(|_| ["replay", "class"]);
    COLUMNS
        .into_iter()
        .chain(more.into_iter().flatten())
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
