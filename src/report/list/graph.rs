//! Connections as a graph for Graphviz.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Names, Sink};
use crate::analysis::{Endpoint, Filter, Matrix};
use crate::cluster::Snapshot;
use crate::report::ends::{CONTROLLER, display, range_text};
use crate::report::escape;
use crate::sets::PortSet;

/// A digraph in the language of Graphviz: namespaces are clusters, connections are edges with their
/// ports. With a filter, only what it leaves a connection of.
///
/// # Errors
/// What `out` refuses.
pub fn dot(out: &mut impl Write, snapshot: &Snapshot, filter: &Filter) -> io::Result<()> {
    let mut matrix = Matrix::new(snapshot);
    let mut shown = vec![*filter == Filter::default(); snapshot.workloads.len()];
    if *filter != Filter::default() {
        matrix.for_each_of(filter, |line| {
            for end in [line.src, line.dst] {
                if let Endpoint::Workload(at) = end {
                    shown[at] = true;
                }
            }
        });
    }
    let mut sink = Sink::new(out);
    sink.text.push_str(
        "digraph connections {\n  rankdir=LR;\n  fontname=\"sans-serif\";\n  node [fontname=\"sans-serif\", shape=ellipse];\n  edge [fontname=\"sans-serif\", fontsize=10];\n",
    );
    clusters(&mut sink, snapshot, &shown);
    let names = Names::new(snapshot, display, CONTROLLER);
    let mut name = String::new();
    matrix.for_each_of(filter, |line| {
        let ends = [("  ", line.src), (" -> ", line.dst)];
        for (before, end) in ends {
            name.clear();
            names.write(&mut name, end, range_text);
            sink.text.push_str(before);
            escape::dot(&mut sink.text, &name);
        }
        let ports = sink.ports.of(&line, PortSet::to_string);
        let _ = writeln!(sink.text, " [label=\"{ports}\"];");
        sink.flush_if_full();
    });
    sink.text.push_str("}\n");
    sink.finish()
}

/// The workloads that are shown, each namespace a cluster.
fn clusters(sink: &mut Sink<impl Write>, snapshot: &Snapshot, shown: &[bool]) {
    let all = snapshot.workloads.iter().zip(shown);
    let shown: Vec<_> = all.filter(|(_, shown)| **shown).map(|(w, _)| w).collect();
    for workloads in shown.chunk_by(|a, b| a.namespace == b.namespace) {
        let Some(first) = workloads.first() else {
            continue;
        };
        let text = &mut sink.text;
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
        sink.flush_if_full();
    }
}
