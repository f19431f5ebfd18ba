//! Reach in any number of hops: `drawbridge paths`.

use std::fmt::Write;

use serde_json::{Value, json};

use super::assumed;
use super::ends::{compact, conn, party, party_json};
use super::escape;
use super::findings::flat;
use super::left_out;
use crate::analysis::{Connection, Party, Places, Reach};
use crate::cluster::Snapshot;
use crate::diag::Diagnostic;

/// The query as the user typed it, with `--to` resolved.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The start of the paths.
    pub from: &'a str,
    /// The end of the paths.
    pub to: Option<(&'a str, &'a Places)>,
    /// What could open more paths, in words.
    pub notes: &'a [String],
}

/// A shortest path to one of the destinations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortestPath {
    /// The workload; none for the addresses, which count as one destination.
    pub workload: Option<usize>,
    /// Its hops; empty if the path starts there, none if it is unreachable.
    pub hops: Option<Vec<Connection>>,
}

/// A shortest path to each workload of `to`, and one to its addresses; empty without `to`.
pub fn paths(reach: &Reach, to: Option<&Places>) -> Vec<ShortestPath> {
    let Some(to) = to else { return Vec::new() };
    let workloads = to.workloads.iter().map(|&at| ShortestPath {
        workload: Some(at),
        hops: reach.path_to(at),
    });
    let outside = (!to.outside.is_empty()).then(|| ShortestPath {
        workload: None,
        hops: reach.path_outside(&to.outside),
    });
    workloads.chain(outside).collect()
}

/// The paths, shortest first, with one line for each hop; without `--to`, the layers.
pub fn text(snapshot: &Snapshot, asked: Asked, reach: &Reach, paths: &[ShortestPath]) -> String {
    let mut out = String::new();
    match asked.to {
        Some((to, _)) => to_text(&mut out, snapshot, asked.from, to, paths),
        None => layers_text(&mut out, snapshot, asked.from, reach),
    }
    if let [_, ..] = asked.notes {
        out.push('\n');
    }
    for note in asked.notes {
        let _ = writeln!(out, "note: {note}");
    }
    let left_out = left_out::of(snapshot);
    let _ = writeln!(out, "\n{}{left_out}", assumed::text(snapshot.assumptions));
    escape::lines(out)
}

fn to_text(out: &mut String, snapshot: &Snapshot, from: &str, to: &str, paths: &[ShortestPath]) {
    let open = paths.iter().filter(|w| w.hops.is_some()).count();
    let _ = match (open, paths.len()) {
        (0, _) => writeln!(out, "{from} cannot reach {to} in any number of hops"),
        (_, 1) => writeln!(out, "{from} can reach {to}"),
        (open, all) => writeln!(out, "{from} can reach {open} of {all} in {to}"),
    };
    let mut sorted: Vec<(&ShortestPath, &Vec<Connection>)> = paths
        .iter()
        .filter_map(|path| Some((path, path.hops.as_ref()?)))
        .collect();
    sorted.sort_by_key(|(_, hops)| hops.len());
    for (path, hops) in sorted {
        let name = match path.workload {
            Some(at) => party(snapshot, Party::Workload(at)),
            None => hops
                .last()
                .map_or(String::new(), |h| party(snapshot, h.dst)),
        };
        let _ = writeln!(out, "\n{name}: {}", count(hops.len(), "hop"));
        hops_text(out, snapshot, hops);
    }
    if open > 0 && open < paths.len() {
        let closed = paths.iter().filter(|path| path.hops.is_none());
        let names = closed.map(|path| match path.workload {
            Some(at) => party(snapshot, Party::Workload(at)),
            None => "the addresses".into(),
        });
        let names: Vec<String> = names.collect();
        let _ = writeln!(out, "\nno path to {}", names.join(", "));
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
/// "notes": [text], "diagnostics", "leftOut"}`. `to`, `reachable`, `verdict` and `paths` are present with `--to`, otherwise
/// `layers`; `reachable` means that at least one destination of `to` is reachable.
pub fn json(
    snapshot: &Snapshot,
    asked: Asked,
    reach: &Reach,
    paths: &[ShortestPath],
    diagnostics: &[Diagnostic],
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
        let open = paths.iter().filter(|w| w.hops.is_some()).count();
        value["to"] = to.into();
        value["reachable"] = (open > 0).into();
        value["verdict"] = match open {
            0 => "none".into(),
            _ if open == paths.len() => "all".into(),
            _ => "some".into(),
        };
        let one = |path: &ShortestPath| {
            json!({
                "to": path.workload.map(|at| party_json(snapshot, Party::Workload(at))),
                "reachable": path.hops.is_some(),
                "hops": path.hops.as_ref().map(hops).unwrap_or_default(),
            })
        };
        value["paths"] = paths.iter().map(one).collect();
    } else {
        value["layers"] = reach.layers.iter().map(hops).collect();
    }
    value["notes"] = json!(asked.notes);
    value["diagnostics"] = json!(flat(diagnostics));
    value["leftOut"] = json!(left_out::lines(&snapshot.left_out));
    value["notRead"] = json!(snapshot.unread);
    let mut text = compact(&value);
    text.push('\n');
    text
}
