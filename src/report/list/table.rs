//! Connections as tables: CSV and Markdown.

use std::io::{self, Write};

use super::{Names, Sink};
use crate::analysis::{Endpoint, Filter, Matrix};
use crate::cluster::Snapshot;
use crate::report::ends::{CONTROLLER, display, range_text};
use crate::report::{assumed, escape};
use crate::sets::PortSet;

/// `src,dst,ports`, in the words of the text format; RFC 4180 with line feeds.
///
/// # Errors
/// What `out` refuses.
pub fn csv(out: &mut impl Write, snapshot: &Snapshot, filter: &Filter) -> io::Result<()> {
    let mut sink = Sink::new(out);
    sink.text.push_str("src,dst,ports\n");
    rows(&mut sink, snapshot, filter, escape::csv, ["", ",", "\n"]);
    sink.finish()
}

/// A table with one row for each connection, and below it what is taken for granted.
///
/// # Errors
/// What `out` refuses.
pub fn markdown(out: &mut impl Write, snapshot: &Snapshot, filter: &Filter) -> io::Result<()> {
    let mut sink = Sink::new(out);
    sink.text
        .push_str("| From | To | Ports |\n| --- | --- | --- |\n");
    let around = ["| ", " | ", " |\n"];
    let count = rows(&mut sink, snapshot, filter, escape::markdown, around);
    let s = if count == 1 { "" } else { "s" };
    let assumed = assumed::text(snapshot.assumptions);
    sink.text
        .push_str(&format!("\n{count} connection{s}; {assumed}\n"));
    sink.finish()
}

/// Writes the connections and counts them. Each cell is made once.
fn rows(
    sink: &mut Sink<impl Write>,
    snapshot: &Snapshot,
    filter: &Filter,
    cell: fn(&mut String, &str),
    [before, between, after]: [&str; 3],
) -> usize {
    let made = |text: &str| {
        let mut out = String::new();
        cell(&mut out, text);
        out
    };
    let mut names = Names::new(snapshot, display, CONTROLLER);
    for name in &mut names.workloads {
        *name = made(name);
    }
    let controller = made(CONTROLLER);
    let mut count = 0;
    let write = |out: &mut String, end| match end {
        Endpoint::IngressController => out.push_str(&controller),
        end => names.write(out, end, range_text),
    };
    Matrix::new(snapshot).for_each_of(filter, |line| {
        count += 1;
        sink.text.push_str(before);
        write(&mut sink.text, line.src);
        sink.text.push_str(between);
        write(&mut sink.text, line.dst);
        sink.text.push_str(between);
        let ports = sink.ports.of(&line, |p: &PortSet| made(&p.to_string()));
        sink.text.push_str(ports);
        sink.text.push_str(after);
        sink.flush_if_full();
    });
    count
}
