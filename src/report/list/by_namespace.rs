//! Allowed connections summed up by namespace: `drawbridge list --by namespace`.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::Listing;
use crate::analysis::Party;
use crate::cluster::Snapshot;
use crate::diag::{Diagnostic, escaped};
use crate::policy::Direction;
use crate::report::ends::{CONTROLLER, compact, conn};
use crate::report::findings::flat;
use crate::report::{assumed, escape, left_out};
use crate::sets::PortSet;

/// An end of summed up connections.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Area<'a> {
    Namespace(&'a str),
    Controller,
    Outside,
    DomainNames,
    Entities,
}

/// All connections from one area to another.
#[derive(Default)]
struct Sum {
    connections: usize,
    /// The ports of any of them.
    ports: PortSet,
}

type Sums<'a> = BTreeMap<(Area<'a>, Area<'a>), Sum>;

fn sums<'a>(listing: Listing<'a>) -> Sums<'a> {
    let mut found = Sums::new();
    listing.for_each(|line| {
        let between = (
            area(listing.snapshot, line.src),
            area(listing.snapshot, line.dst),
        );
        found.entry(between).or_default().add(line.ports);
    });
    for one in listing.matrix.clone().to_domains(listing.filter) {
        let from = area(listing.snapshot, Party::Workload(one.workload));
        let sum = found.entry((from, Area::DomainNames)).or_default();
        sum.add(&one.ports);
    }
    for one in listing.matrix.clone().with_entities(listing.filter) {
        let own = area(listing.snapshot, Party::Workload(one.workload));
        let between = match one.direction {
            Direction::Egress => (own, Area::Entities),
            Direction::Ingress => (Area::Entities, own),
        };
        found.entry(between).or_default().add(&one.ports);
    }
    found
}

fn area(snapshot: &Snapshot, end: Party) -> Area<'_> {
    match end {
        Party::Workload(at) => {
            let workload = snapshot.workloads.get(at);
            Area::Namespace(workload.map_or("", |w| &w.namespace))
        }
        Party::Addresses { .. } => Area::Outside,
        Party::IngressController => Area::Controller,
    }
}

impl fmt::Display for Area<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespace(name) => name,
            Self::Controller => CONTROLLER,
            Self::Outside => "outside",
            Self::DomainNames => "domain names",
            Self::Entities => "entities",
        })
    }
}

impl Area<'_> {
    fn json(&self) -> Value {
        match self {
            Self::Namespace(name) => json!({"type": "namespace", "namespace": name}),
            Self::Controller => json!({"type": "ingress-controller"}),
            Self::Outside => json!({"type": "outside"}),
            Self::DomainNames => json!({"type": "domain-names"}),
            Self::Entities => json!({"type": "entities"}),
        }
    }
}

impl Sum {
    fn add(&mut self, ports: &PortSet) {
        self.connections += 1;
        if !ports.is_subset(&self.ports) {
            self.ports = self.ports.union(ports);
        }
    }

    fn count(&self) -> String {
        let s = if self.connections == 1 { "" } else { "s" };
        format!("{} connection{s}", self.connections)
    }
}

/// One line for each pair of namespaces, in columns: the ports of any connection between them, and how many there are.
///
/// # Errors
/// If `out` cannot be written.
pub fn text(out: &mut impl Write, listing: Listing) -> io::Result<()> {
    let sums = sums(listing);
    let name = |area: &Area| escaped(&area.to_string()).into_owned();
    let width = |of: fn(&(Area, Area)) -> String| {
        let widths = sums.keys().map(|key| of(key).chars().count());
        widths.max().unwrap_or(0)
    };
    let (left, right) = (width(|(a, _)| a.to_string()), width(|(_, b)| b.to_string()));
    for ((from, to), sum) in &sums {
        let (from, to, ports, count) = (name(from), name(to), &sum.ports, sum.count());
        writeln!(out, "{from:left$}  =>  {to:right$}  {ports} ({count})")?;
    }
    footer(out, listing, &sums)
}

/// `{"format", "assumptions", "namespaces": [{"src", "dst", "conn", "connections"}], "diagnostics", "leftOut",
/// "notRead"}`.
///
/// # Errors
/// If `out` cannot be written.
pub fn json(out: &mut impl Write, listing: Listing, diagnostics: &[Diagnostic]) -> io::Result<()> {
    let row = |((from, to), sum): (&(Area, Area), &Sum)| json!({"src": from.json(), "dst": to.json(), "conn": conn(&sum.ports), "connections": sum.connections});
    let all = json!({
        "format": "drawbridge/list-by-namespace/1",
        "assumptions": assumed::json(listing.snapshot.assumptions),
        "namespaces": sums(listing).iter().map(row).collect::<Vec<_>>(),
        "diagnostics": flat(diagnostics),
        "leftOut": left_out::lines(&listing.snapshot.left_out),
        "notRead": listing.snapshot.unread,
    });
    writeln!(out, "{}", compact(&all))?;
    out.flush()
}

/// `src,dst,ports,connections`.
///
/// # Errors
/// If `out` cannot be written.
pub fn csv(out: &mut impl Write, listing: Listing) -> io::Result<()> {
    writeln!(out, "src,dst,ports,connections")?;
    rows(out, &sums(listing), escape::csv, ["", ",", "\n"])?;
    out.flush()
}

/// A table with one row for each pair of namespaces.
///
/// # Errors
/// If `out` cannot be written.
pub fn markdown(out: &mut impl Write, listing: Listing) -> io::Result<()> {
    writeln!(
        out,
        "| From | To | Ports | Connections |\n| --- | --- | --- | --- |"
    )?;
    let sums = sums(listing);
    rows(out, &sums, escape::markdown, ["| ", " | ", " |\n"])?;
    writeln!(out)?;
    footer(out, listing, &sums)
}

fn rows(
    out: &mut impl Write,
    sums: &Sums,
    cell: fn(&mut String, &str),
    [before, between, after]: [&str; 3],
) -> io::Result<()> {
    for ((from, to), sum) in sums {
        let cells = [
            from.to_string(),
            to.to_string(),
            sum.ports.to_string(),
            sum.connections.to_string(),
        ];
        let mut row = before.to_owned();
        for (at, text) in cells.iter().enumerate() {
            row.push_str(if at == 0 { "" } else { between });
            cell(&mut row, text);
        }
        out.write_all((row + after).as_bytes())?;
    }
    Ok(())
}

fn footer(out: &mut impl Write, listing: Listing, sums: &Sums) -> io::Result<()> {
    let connections: usize = sums.values().map(|sum| sum.connections).sum();
    let s = if connections == 1 { "" } else { "s" };
    let assumed = assumed::text(listing.snapshot.assumptions);
    let left_out = left_out::of(listing.snapshot);
    writeln!(out, "{connections} connection{s}; {assumed}{left_out}")?;
    out.flush()
}
