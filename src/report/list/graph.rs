//! Connections as a graph for Graphviz.

use std::io::{self, Write};

use super::further::Further;
use super::{Listing, Names, Stream};
use crate::analysis::open_pods::Hub;
use crate::analysis::{Filter, Party};
use crate::cluster::{Snapshot, Workload};
use crate::query::graph::{HUB_MEANING, HUB_NAME};
use crate::report::ends::{CONTROLLER, display, range_text};
use crate::report::escape;
use crate::sets::PortSet;

/// A Graphviz digraph: namespaces are clusters, connections are edges labelled with their ports; those between
/// workloads that are open to all pods go through one node. With a filter, only workloads with a remaining connection.
///
/// # Errors
/// If `out` cannot be written.
pub fn dot(out: &mut impl Write, listing: Listing) -> io::Result<()> {
    let Listing {
        snapshot,
        matrix,
        filter,
    } = listing;
    let hub = Hub::of(snapshot, matrix, filter);
    let mut shown = vec![*filter == Filter::default(); snapshot.workloads.len()];
    if *filter != Filter::default() {
        listing.for_each(|line| {
            for end in [line.src, line.dst] {
                if let Party::Workload(at) = end {
                    shown[at] = true;
                }
            }
        });
    }
    let mut head = "digraph connections {\n  rankdir=LR;\n  fontname=\"sans-serif\";\n  node [fontname=\"sans-serif\", shape=ellipse];\n  edge [fontname=\"sans-serif\", fontsize=10];\n".to_owned();
    clusters(&mut head, snapshot, &shown);
    if let Some(hub) = &hub {
        through(&mut head, snapshot, hub);
    }
    out.write_all(head.as_bytes())?;
    let names = Names::new(snapshot, quoted, CONTROLLER);
    let write = |out: &mut String, end| match end {
        Party::Workload(_) => names.write(out, end, range_text),
        end => {
            let mut name = String::new();
            names.write(&mut name, end, range_text);
            escape::dot(out, &name);
        }
    };
    let further = Further::of(listing);
    let further = further.allowed();
    Stream::new(out, listing).lines(|page, line| {
        if hub
            .as_ref()
            .is_some_and(|hub| hub.covers(line.src, line.dst))
        {
            return;
        }
        page.text.push_str("  ");
        write(&mut page.text, line.src);
        page.text.push_str(" -> ");
        write(&mut page.text, line.dst);
        page.text.push_str(" [label=\"");
        page.ports(&line, PortSet::to_string);
        page.text.push_str("\"];\n");
    })?;
    for [from, to, ports] in further {
        let [from, to, ports] = [from, to, ports].map(|text| escaped(&text));
        writeln!(out, "  {from} -> {to} [label={ports}];")?;
    }
    out.write_all(b"}\n")?;
    out.flush()
}

fn quoted(workload: &Workload) -> String {
    escaped(&display(workload))
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    escape::dot(&mut out, text);
    out
}

/// The node of a [`Hub`], and its edges.
fn through(text: &mut String, snapshot: &Snapshot, hub: &Hub) {
    let node = escaped(&format!("{{{}}}", HUB_NAME));
    let label = escaped(&format!("{}\n{}", HUB_NAME, HUB_MEANING));
    text.push_str(&format!(
        "  {node} [label={label}, shape=box, style=dashed];\n"
    ));
    let ports = escaped(&hub.ports.to_string());
    for (at, workload) in snapshot.workloads.iter().enumerate() {
        let name = quoted(workload);
        let (ends, both) = match (hub.is_source(at), hub.is_destination(at)) {
            (true, true) => (format!("{name} -> {node}"), ", dir=both"),
            (true, false) => (format!("{name} -> {node}"), ""),
            (false, true) => (format!("{node} -> {name}"), ""),
            (false, false) => continue,
        };
        text.push_str(&format!("  {ends} [label={ports}{both}];\n"));
    }
}

/// The workloads that are shown, each namespace a cluster.
fn clusters(text: &mut String, snapshot: &Snapshot, shown: &[bool]) {
    let all = snapshot.workloads.iter().zip(shown);
    let shown: Vec<_> = all.filter(|(_, shown)| **shown).map(|(w, _)| w).collect();
    for workloads in shown.chunk_by(|a, b| a.namespace == b.namespace) {
        let Some(first) = workloads.first() else {
            continue;
        };
        text.push_str("  subgraph ");
        escape::dot(text, &format!("cluster_{}", first.namespace));
        text.push_str(" {\n    style=\"rounded,filled\";\n    color=\"#C7CDD6\";\n    fillcolor=\"#F4F6F9\";\n    node [shape=box, style=\"rounded,filled\", fillcolor=white];\n    label=");
        escape::dot(text, &first.namespace);
        text.push_str(";\n");
        for workload in workloads {
            text.push_str("    ");
            escape::dot(text, &display(workload));
            text.push_str(" [label=");
            escape::dot(text, &format!("{}\n{}", workload.name, workload.kind));
            text.push_str("];\n");
        }
        text.push_str("  }\n");
    }
}
