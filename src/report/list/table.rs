//! Connections as tables: CSV and Markdown.

use std::io::{self, Write};

use super::further::Further;
use super::{Listing, Names, Stream};
use crate::analysis::Party;
use crate::report::ends::{CONTROLLER, display, range_text};
use crate::report::{assumed, escape, left_out};
use crate::sets::PortSet;

/// `src,dst,ports`, with names as in the text format; connections between replicas, domain names and entities last; RFC 4180 with line feeds.
///
/// # Errors
/// If `out` cannot be written.
pub fn csv(out: &mut impl Write, listing: Listing) -> io::Result<()> {
    out.write_all(b"src,dst,ports\n")?;
    rows(out, listing, escape::csv, ["", ",", "\n"])?;
    let further = Further::of(listing);
    for row in further.allowed() {
        let mut cells = row.map(|cell| made(escape::csv, &cell)).join(",");
        cells.push('\n');
        out.write_all(cells.as_bytes())?;
    }
    out.flush()
}

/// A table with one row for each connection, then the count and the assumptions.
///
/// # Errors
/// If `out` cannot be written.
pub fn markdown(out: &mut impl Write, listing: Listing) -> io::Result<()> {
    out.write_all(b"| From | To | Ports |\n| --- | --- | --- |\n")?;
    let around = ["| ", " | ", " |\n"];
    let count = rows(out, listing, escape::markdown, around)?;
    Further::of(listing).markdown(out)?;
    let s = if count == 1 { "" } else { "s" };
    let assumed = assumed::text(listing.snapshot.assumptions);
    let left_out = left_out::of(listing.snapshot);
    let left_out = made(escape::markdown, &left_out);
    writeln!(out, "\n{count} connection{s}; {assumed}{left_out}")?;
    out.flush()
}

/// Writes the connections and returns their number. Each distinct name is escaped once.
fn rows(
    out: &mut impl Write,
    listing: Listing,
    cell: fn(&mut String, &str),
    [before, between, after]: [&str; 3],
) -> io::Result<usize> {
    let made = |text: &str| made(cell, text);
    let mut names = Names::new(listing.snapshot, display, CONTROLLER);
    for name in &mut names.workloads {
        *name = made(name);
    }
    let controller = made(CONTROLLER);
    let write = |out: &mut String, end| match end {
        Party::IngressController => out.push_str(&controller),
        end => names.write(out, end, range_text),
    };
    Stream::new(out, listing).lines(|page, line| {
        page.text.push_str(before);
        write(&mut page.text, line.src);
        page.text.push_str(between);
        write(&mut page.text, line.dst);
        page.text.push_str(between);
        page.ports(&line, |p: &PortSet| made(&p.to_string()));
        page.text.push_str(after);
    })
}

/// One cell, escaped.
fn made(cell: fn(&mut String, &str), text: &str) -> String {
    let mut out = String::new();
    cell(&mut out, text);
    out
}
