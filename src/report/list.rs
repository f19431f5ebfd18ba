//! Allowed connections: `drawbridge list`.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Value, json};

use super::assumed;
use super::findings::flat;
use crate::analysis::{Endpoint, Line, Matrix};
use crate::cluster::{Snapshot, Workload};
use crate::diag::Diagnostic;
use crate::sets::{IpSet, PortSet, Protocol};

/// One line for each connection, in columns, and one with the count and what was taken for granted.
///
/// # Errors
/// What `out` refuses.
pub fn text(out: &mut impl Write, snapshot: &Snapshot) -> io::Result<()> {
    let names = Names::new(snapshot, display, CONTROLLER);
    let mut matrix = Matrix::new(snapshot);
    let (mut left, mut right, mut count) = (0, 0, 0usize);
    let mut cell = String::new();
    let mut width = |end: Endpoint| {
        cell.clear();
        names.write(&mut cell, end, range_text);
        cell.chars().count()
    };
    matrix.for_each(|line| {
        left = left.max(width(line.src));
        right = right.max(width(line.dst));
        count += 1;
    });
    let mut sink = Sink::new(out);
    let (mut src, mut dst) = (String::new(), String::new());
    matrix.for_each(|line| {
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
pub fn json(out: &mut impl Write, snapshot: &Snapshot, told: &[Diagnostic]) -> io::Result<()> {
    let names = Names::new(snapshot, workload_json, r#"{"type":"ingress-controller"}"#);
    let mut sink = Sink::new(out);
    let assumptions = compact(&assumed::json(snapshot.assumptions));
    let _ = write!(
        sink.text,
        "{{\"format\":\"drawbridge/list/1\",\"assumptions\":{assumptions},\"connections\":["
    );
    let mut between = "\n";
    Matrix::new(snapshot).for_each(|line| {
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

/// `namespace/name[Kind]`.
fn display(workload: &Workload) -> String {
    format!(
        "{}/{}[{}]",
        workload.namespace, workload.name, workload.kind
    )
}

fn workload_json(workload: &Workload) -> String {
    compact(&peer_json(workload))
}

fn peer_json(workload: &Workload) -> Value {
    json!({
        "type": "workload",
        "namespace": workload.namespace,
        "name": workload.name,
        "kind": workload.kind,
    })
}

/// One end as text.
pub(super) fn endpoint(snapshot: &Snapshot, end: Endpoint) -> String {
    match end {
        Endpoint::Workload(at) => snapshot.workloads.get(at).map_or(String::new(), display),
        Endpoint::Addresses { first, last } => {
            let mut text = String::new();
            range_text(&mut text, first, last);
            text
        }
        Endpoint::IngressController => CONTROLLER.into(),
    }
}

/// One end as a PEER of the JSON answers.
pub(super) fn endpoint_json(snapshot: &Snapshot, end: Endpoint) -> Value {
    match end {
        Endpoint::Workload(at) => snapshot.workloads.get(at).map_or(Value::Null, peer_json),
        Endpoint::Addresses { first, last } => json!({"type": "ip", "range": [first, last]}),
        Endpoint::IngressController => json!({"type": "ingress-controller"}),
    }
}

/// How the ingress controller is written.
pub(super) const CONTROLLER: &str = "{ingress-controller}";

/// A range as one network if it is one.
pub(super) fn range_text(out: &mut String, first: IpAddr, last: IpAddr) {
    let _ = match IpSet::range(first, last).cidrs().as_slice() {
        [one] => write!(out, "{one}"),
        _ => write!(out, "{first}-{last}"),
    };
}

fn range_json(out: &mut String, first: IpAddr, last: IpAddr) {
    let _ = write!(
        out,
        "{{\"type\":\"ip\",\"range\":[\"{first}\",\"{last}\"]}}"
    );
}

/// A port set as `{"all", "TCP": [[first, last]], "UDP", "SCTP"}`; `all` includes other protocols.
pub fn conn(ports: &PortSet) -> serde_json::Value {
    let ranges = |protocol| ports.ranges(protocol).collect::<Vec<_>>();
    json!({
        "all": ports.is_all(),
        "TCP": ranges(Protocol::Tcp),
        "UDP": ranges(Protocol::Udp),
        "SCTP": ranges(Protocol::Sctp),
    })
}

pub(super) fn compact(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
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
