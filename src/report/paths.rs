//! Reach in any number of hops: `drawbridge paths`.

use std::fmt::Write;

use serde_json::{Value, json};

use super::assumed;
use super::ends::{compact, conn, party, party_json};
use super::findings::flat;
use crate::analysis::{Connection, Party, Places, Reach};
use crate::cluster::Snapshot;
use crate::diag::Diagnostic;

/// What was asked: the user's words, and what those of `--to` stand for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Where ways begin.
    pub from: &'a str,
    /// Where they should end.
    pub to: Option<(&'a str, &'a Places)>,
}

/// A shortest way to one thing that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The workload; none for the addresses, which are one thing.
    pub workload: Option<usize>,
    /// Its hops; empty if it begins there, none if there is no way.
    pub hops: Option<Vec<Connection>>,
}

/// A shortest way to each workload of `to`, and one to its addresses. Nothing if nothing was asked for.
pub fn ways(reach: &Reach, to: Option<&Places>) -> Vec<Way> {
    let Some(to) = to else { return Vec::new() };
    let workloads = to.workloads.iter().map(|&at| Way {
        workload: Some(at),
        hops: reach.path_to(at),
    });
    let outside = (!to.outside.is_empty()).then(|| Way {
        workload: None,
        hops: reach.path_outside(&to.outside),
    });
    workloads.chain(outside).collect()
}

/// The ways, shortest first, with one line for each hop; or, if no end was asked for, the layers.
pub fn text(snapshot: &Snapshot, asked: Asked, reach: &Reach, ways: &[Way]) -> String {
    let mut out = String::new();
    match asked.to {
        Some((to, _)) => to_text(&mut out, snapshot, asked.from, to, ways),
        None => layers_text(&mut out, snapshot, asked.from, reach),
    }
    let _ = writeln!(out, "\n{}", assumed::text(snapshot.assumptions));
    out
}

fn to_text(out: &mut String, snapshot: &Snapshot, from: &str, to: &str, ways: &[Way]) {
    let open = ways.iter().filter(|w| w.hops.is_some()).count();
    let _ = match (open, ways.len()) {
        (0, _) => writeln!(out, "{from} cannot reach {to} in any number of hops"),
        (_, 1) => writeln!(out, "{from} can reach {to}"),
        (open, all) => writeln!(out, "{from} can reach {open} of {all} in {to}"),
    };
    let mut sorted: Vec<(&Way, &Vec<Connection>)> = ways
        .iter()
        .filter_map(|way| Some((way, way.hops.as_ref()?)))
        .collect();
    sorted.sort_by_key(|(_, hops)| hops.len());
    for (way, hops) in sorted {
        let name = match way.workload {
            Some(at) => party(snapshot, Party::Workload(at)),
            None => hops
                .last()
                .map_or(String::new(), |h| party(snapshot, h.dst)),
        };
        let _ = writeln!(out, "\n{name}: {}", count(hops.len(), "hop"));
        hops_text(out, snapshot, hops);
    }
    if open > 0 && open < ways.len() {
        let closed = ways.iter().filter(|way| way.hops.is_none());
        let names = closed.map(|way| match way.workload {
            Some(at) => party(snapshot, Party::Workload(at)),
            None => "the addresses".into(),
        });
        let names: Vec<String> = names.collect();
        let _ = writeln!(out, "\nno way to {}", names.join(", "));
    }
}

fn layers_text(out: &mut String, snapshot: &Snapshot, from: &str, reach: &Reach) {
    let hops = || reach.layers.iter().flatten();
    let workloads = hops().filter(|h| matches!(h.dst, Party::Workload(_)));
    let outside = hops().any(|h| matches!(h.dst, Party::Addresses { .. }));
    let workloads = count(workloads.count(), "workload");
    let outside = if outside {
        " and addresses outside"
    } else {
        ""
    };
    let _ = writeln!(out, "{from} can reach {workloads}{outside}");
    for (number, layer) in reach.layers.iter().enumerate() {
        let _ = writeln!(out, "\n{}", count(number + 1, "hop"));
        hops_text(out, snapshot, layer);
    }
}

/// One line for each hop, in columns.
fn hops_text(out: &mut String, snapshot: &Snapshot, hops: &[Connection]) {
    let names: Vec<[String; 2]> = hops
        .iter()
        .map(|h| [party(snapshot, h.src), party(snapshot, h.dst)])
        .collect();
    let width = |column: usize| {
        let widths = names.iter().map(|n| n[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let (left, right) = (width(0), width(1));
    for (hop, [src, dst]) in hops.iter().zip(&names) {
        let _ = writeln!(out, "  {src:left$}  =>  {dst:right$}  {}", hop.ports);
    }
}

fn count(n: usize, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}

/// `{"format", "assumptions", "from", "to", "reachable", "verdict": "all|some|none", "paths": [{"to":
/// PEER or null for addresses, "reachable", "hops": [{"src", "dst", "conn"}]}], "layers": [[hop]],
/// "diagnostics"}`. `to`, `reachable`, `verdict` and `paths` are there if an end was asked for, else
/// `layers`; `reachable` means that there is a way to something of `to`.
pub fn json(
    snapshot: &Snapshot,
    asked: Asked,
    reach: &Reach,
    ways: &[Way],
    told: &[Diagnostic],
) -> String {
    let hop = |c: &Connection| {
        json!({
            "src": party_json(snapshot, c.src),
            "dst": party_json(snapshot, c.dst),
            "conn": conn(&c.ports),
        })
    };
    let hops = |list: &Vec<Connection>| list.iter().map(hop).collect::<Vec<Value>>();
    let mut value = json!({
        "format": "drawbridge/paths/1",
        "assumptions": assumed::json(snapshot.assumptions),
        "from": asked.from,
    });
    if let Some((to, _)) = asked.to {
        let open = ways.iter().filter(|w| w.hops.is_some()).count();
        value["to"] = to.into();
        value["reachable"] = (open > 0).into();
        value["verdict"] = match open {
            0 => "none".into(),
            _ if open == ways.len() => "all".into(),
            _ => "some".into(),
        };
        let one = |way: &Way| {
            json!({
                "to": way.workload.map(|at| party_json(snapshot, Party::Workload(at))),
                "reachable": way.hops.is_some(),
                "hops": way.hops.as_ref().map(hops).unwrap_or_default(),
            })
        };
        value["paths"] = ways.iter().map(one).collect();
    } else {
        value["layers"] = reach.layers.iter().map(hops).collect();
    }
    value["diagnostics"] = json!(flat(told));
    let mut text = compact(&value);
    text.push('\n');
    text
}
