//! Allowed connections: `drawbridge list`. Every format is streamed.

pub mod by_namespace;
mod further;
mod graph;
mod table;

use std::io::{self, Write};
use std::net::IpAddr;

use rayon::prelude::*;

use super::assumed;
use super::ends::{CONTROLLER, compact, conn, display, range_json, range_text, workload_json};
use super::escape;
use super::findings::flat;
use super::left_out;
use crate::analysis::chunks::Chunk;
use crate::analysis::{Filter, Line, Matrix, Party};
use crate::cluster::{Snapshot, Workload};
use crate::diag::{Diagnostic, escaped};
use crate::sets::PortSet;

use further::Further;

pub use graph::dot;
pub use table::{csv, markdown};

/// The connections to list.
#[derive(Clone, Copy)]
pub struct Listing<'a> {
    /// The cluster.
    pub snapshot: &'a Snapshot,
    /// Its analysis.
    pub matrix: &'a Matrix,
    /// Selects connections.
    pub filter: &'a Filter,
}

/// One line for each connection, in columns, then what is allowed among replicas and to domain names, the count and
/// the assumptions.
///
/// # Errors
/// If `out` cannot be written.
pub fn text(out: &mut impl Write, listing: Listing) -> io::Result<()> {
    let snapshot = listing.snapshot;
    let out = &mut escape::Lines(out);
    let names = Names::new(snapshot, |w| escaped(&display(w)).into_owned(), CONTROLLER);
    let (left, right) = widths(listing, &names);
    let count = Stream::new(out, listing).lines(|page, line| {
        let start = page.text.len();
        names.write(&mut page.text, line.src, range_text);
        pad(&mut page.text, start, left);
        page.text.push_str("  =>  ");
        let start = page.text.len();
        names.write(&mut page.text, line.dst, range_text);
        pad(&mut page.text, start, right);
        page.text.push_str("  ");
        page.ports(&line, PortSet::to_string);
        page.text.push('\n');
    })?;
    Further::of(listing).text(out)?;
    let s = if count == 1 { "" } else { "s" };
    let assumed = assumed::text(snapshot.assumptions);
    let left_out = left_out::of(snapshot);
    writeln!(out, "{count} connection{s}; {assumed}{left_out}")?;
    out.flush()
}

/// The widths of the two name columns. Without a filter, taken from all ends, which is cheaper than enumerating the connections.
fn widths(listing: Listing, names: &Names) -> (usize, usize) {
    let (mut left, mut right) = (0, 0);
    let mut cell = String::new();
    let mut width = |end: Party| {
        cell.clear();
        names.write(&mut cell, end, range_text);
        cell.chars().count()
    };
    if *listing.filter == Filter::default() {
        let (sources, destinations) = listing.matrix.clone().ends();
        left = sources.into_iter().map(&mut width).max().unwrap_or(0);
        right = destinations.into_iter().map(width).max().unwrap_or(0);
    } else {
        listing.for_each(|line| {
            left = left.max(width(line.src));
            right = right.max(width(line.dst));
        });
    }
    (left, right)
}

/// Pads the text after `start` with spaces to `width` characters.
fn pad(text: &mut String, start: usize, width: usize) {
    let written = text[start..].chars().count();
    text.extend(std::iter::repeat_n(' ', width.saturating_sub(written)));
}

/// `{"format", "assumptions", "connections": [{"src", "dst", "conn"}], "amongReplicas": [{"workload", "conn"}],
/// "domainNames": [{"src", "name", "conn"}], "entities": [{"workload", "direction", "entity", "conn"}], "diagnostics",
/// "leftOut", "notRead"}`, one line for each connection.
///
/// # Errors
/// If `out` cannot be written.
pub fn json(out: &mut impl Write, listing: Listing, diagnostics: &[Diagnostic]) -> io::Result<()> {
    let snapshot = listing.snapshot;
    let names = Names::new(snapshot, workload_json, r#"{"type":"ingress-controller"}"#);
    let assumptions = compact(&assumed::json(snapshot.assumptions));
    write!(
        out,
        "{{\"format\":\"drawbridge/list/1\",\"assumptions\":{assumptions},\"connections\":["
    )?;
    let mut stream = Stream::new(out, listing);
    stream.between = ",";
    stream.lines(|page, line| {
        page.text.push_str("\n{\"src\":");
        names.write(&mut page.text, line.src, range_json);
        page.text.push_str(",\"dst\":");
        names.write(&mut page.text, line.dst, range_json);
        page.text.push_str(",\"conn\":");
        page.ports(&line, |ports| compact(&conn(ports)));
        page.text.push('}');
    })?;
    let further = Further::of(listing).json();
    let [replicas, domains, entities] = further.map(|value| compact(&value));
    let diagnostics = compact(&flat(diagnostics));
    let left_out = compact(&left_out::lines(&snapshot.left_out));
    let not_read = compact(&snapshot.unread);
    writeln!(
        out,
        "\n],\"amongReplicas\":{replicas},\"domainNames\":{domains},\"entities\":{entities},\"diagnostics\":{diagnostics},\"leftOut\":{left_out},\"notRead\":{not_read}}}"
    )?;
    out.flush()
}

impl Listing<'_> {
    fn for_each(&self, emit: impl FnMut(Line)) {
        self.matrix.clone().for_each_of(self.filter, emit);
    }
}

/// The written name of every workload, formatted once.
struct Names {
    workloads: Vec<String>,
    controller: &'static str,
}

impl Names {
    fn new(snapshot: &Snapshot, name: fn(&Workload) -> String, controller: &'static str) -> Self {
        Self {
            workloads: snapshot.workloads.iter().map(name).collect(),
            controller,
        }
    }

    fn write(&self, out: &mut String, end: Party, range: fn(&mut String, IpAddr, IpAddr)) {
        match end {
            Party::Workload(at) => out.push_str(self.workloads.get(at).map_or("", |n| n)),
            Party::Addresses { first, last } => range(out, first, last),
            Party::IngressController => out.push_str(self.controller),
        }
    }
}

/// Writes lines to `out` in order. Workers format parts in parallel, one round at a time, so the whole text is never in memory.
struct Stream<'a, W> {
    out: &'a mut W,
    filter: &'a Filter,
    /// For each worker its matrix, and the port sets it has formatted.
    workers: Vec<(Matrix, Written)>,
    /// The separator between two lines.
    between: &'static str,
}

/// The text of one part, as one worker builds it.
struct Page<'a> {
    text: String,
    written: &'a mut Written,
}

/// Port sets as text, each formatted once.
#[derive(Clone, Default)]
struct Written(Vec<Option<String>>);

impl<'a, W: Write> Stream<'a, W> {
    fn new(out: &'a mut W, listing: Listing<'a>) -> Self {
        let worker = || (listing.matrix.clone(), Written::default());
        let workers = std::iter::repeat_with(worker);
        Self {
            out,
            filter: listing.filter,
            workers: workers.take(rayon::current_num_threads()).collect(),
            between: "",
        }
    }

    /// Writes every line with `write` and returns their number.
    fn lines(mut self, write: impl Fn(&mut Page, Line) + Sync) -> io::Result<usize> {
        let parts = self
            .workers
            .first()
            .map_or_else(Vec::new, |(m, _)| m.chunks());
        let (filter, between) = (self.filter, self.between);
        let page = |part: &Chunk, (matrix, written): &mut (Matrix, Written)| {
            let text = String::new();
            let mut page = Page { text, written };
            let mut count = 0;
            matrix.for_each_in(part, filter, |line| {
                page.text.push_str(between);
                write(&mut page, line);
                count += 1;
            });
            (page.text, count)
        };
        let mut all = 0;
        for some in parts.chunks(self.workers.len()) {
            let busy = self.workers.par_iter_mut().zip(some);
            let pages: Vec<(String, usize)> = busy.map(|(own, part)| page(part, own)).collect();
            for (text, count) in pages.iter().filter(|(_, count)| *count > 0) {
                // No separator before the very first line.
                let text = if all == 0 {
                    &text[between.len()..]
                } else {
                    text
                };
                self.out.write_all(text.as_bytes())?;
                all += count;
            }
        }
        Ok(all)
    }
}

impl Page<'_> {
    /// Writes the ports of a line.
    fn ports(&mut self, line: &Line, write: impl FnOnce(&PortSet) -> String) {
        let Written(known) = self.written;
        if known.len() <= line.ports_id {
            known.resize(line.ports_id + 1, None);
        }
        let text = known[line.ports_id].get_or_insert_with(|| write(line.ports));
        self.text.push_str(text);
    }
}
