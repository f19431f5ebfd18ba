//! Allowed connections: `drawbridge list`. Every format is streamed.

mod graph;
mod table;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::IpAddr;

use super::assumed;
use super::ends::{CONTROLLER, compact, conn, display, range_json, range_text, workload_json};
use super::findings::flat;
use crate::analysis::{Endpoint, Filter, Line, Matrix};
use crate::cluster::{Snapshot, Workload};
use crate::diag::Diagnostic;
use crate::sets::PortSet;

pub use graph::dot;
pub use table::{csv, markdown};

/// One line for each connection, in columns, and one with the count and what was taken for granted.
///
/// # Errors
/// What `out` refuses.
pub fn text(out: &mut impl Write, snapshot: &Snapshot, filter: &Filter) -> io::Result<()> {
    let names = Names::new(snapshot, display, CONTROLLER);
    let mut matrix = Matrix::new(snapshot);
    let (mut left, mut right, mut count) = (0, 0, 0usize);
    let mut cell = String::new();
    let mut width = |end: Endpoint| {
        cell.clear();
        names.write(&mut cell, end, range_text);
        cell.chars().count()
    };
    matrix.for_each_of(filter, |line| {
        left = left.max(width(line.src));
        right = right.max(width(line.dst));
        count += 1;
    });
    let mut sink = Sink::new(out);
    let (mut src, mut dst) = (String::new(), String::new());
    matrix.for_each_of(filter, |line| {
        src.clear();
        dst.clear();
        names.write(&mut src, line.src, range_text);
        names.write(&mut dst, line.dst, range_text);
        let ports = sink.ports.of(&line, PortSet::to_string);
        let _ = writeln!(sink.text, "{src:left$}  =>  {dst:right$}  {ports}");
        sink.flush_if_full();
    });
    let s = if count == 1 { "" } else { "s" };
    let _ = writeln!(
        sink.text,
        "{count} connection{s}; {}",
        assumed::text(snapshot.assumptions)
    );
    sink.finish()
}

/// `{"format", "assumptions", "connections": [{"src", "dst", "conn"}], "diagnostics"}`, one line for
/// each connection.
///
/// # Errors
/// What `out` refuses.
pub fn json(
    out: &mut impl Write,
    snapshot: &Snapshot,
    filter: &Filter,
    told: &[Diagnostic],
) -> io::Result<()> {
    let names = Names::new(snapshot, workload_json, r#"{"type":"ingress-controller"}"#);
    let mut sink = Sink::new(out);
    let assumptions = compact(&assumed::json(snapshot.assumptions));
    let _ = write!(
        sink.text,
        "{{\"format\":\"drawbridge/list/1\",\"assumptions\":{assumptions},\"connections\":["
    );
    let mut between = "\n";
    Matrix::new(snapshot).for_each_of(filter, |line| {
        let text = &mut sink.text;
        let _ = write!(text, "{between}{{\"src\":");
        names.write(text, line.src, range_json);
        text.push_str(",\"dst\":");
        names.write(text, line.dst, range_json);
        let conn = sink.ports.of(&line, |ports| compact(&conn(ports)));
        let _ = write!(text, ",\"conn\":{conn}}}");
        between = ",\n";
        sink.flush_if_full();
    });
    let diagnostics = compact(&flat(told));
    let _ = writeln!(sink.text, "\n],\"diagnostics\":{diagnostics}}}");
    sink.finish()
}

/// Every workload as it is written, made once.
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

    fn write(&self, out: &mut String, end: Endpoint, range: fn(&mut String, IpAddr, IpAddr)) {
        match end {
            Endpoint::Workload(at) => out.push_str(self.workloads.get(at).map_or("", |n| n)),
            Endpoint::Addresses { first, last } => range(out, first, last),
            Endpoint::IngressController => out.push_str(self.controller),
        }
    }
}

/// Port sets as they are written, each made once.
#[derive(Default)]
struct Written(Vec<Option<String>>);

impl Written {
    fn of(&mut self, line: &Line, write: impl FnOnce(&PortSet) -> String) -> &str {
        if self.0.len() <= line.ports_id {
            self.0.resize(line.ports_id + 1, None);
        }
        self.0[line.ports_id].get_or_insert_with(|| write(line.ports))
    }
}

/// Gathers text and hands it on in large pieces; the first error is kept for the end.
struct Sink<'a, W> {
    out: &'a mut W,
    text: String,
    ports: Written,
    result: io::Result<()>,
}

impl<'a, W: Write> Sink<'a, W> {
    const FULL: usize = 1 << 16;

    fn new(out: &'a mut W) -> Self {
        Self {
            out,
            text: String::with_capacity(Self::FULL + 1024),
            ports: Written::default(),
            result: Ok(()),
        }
    }

    fn flush_if_full(&mut self) {
        if self.text.len() >= Self::FULL {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.result.is_ok() {
            self.result = self.out.write_all(self.text.as_bytes());
        }
        self.text.clear();
    }

    fn finish(mut self) -> io::Result<()> {
        self.flush();
        self.result.and_then(|()| self.out.flush())
    }
}
