//! What workloads are open to beyond what exists: `drawbridge exposure`.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::assumed;
use super::ends::{compact, conn};
use super::findings::flat;
use crate::analysis::Direction;
use crate::analysis::exposure::{Exposed, Exposure, Ports};
use crate::cluster::Snapshot;
use crate::diag::Diagnostic;

/// For each workload and direction what every pod gets, and what some pods get beyond that.
pub fn text(snapshot: &Snapshot, found: &[Exposure]) -> String {
    let mut out = String::new();
    for exposure in found {
        let Some(workload) = snapshot.workloads.get(exposure.workload) else {
            continue;
        };
        let word = direction(exposure.direction);
        let name = format!(
            "{}/{}[{}]",
            workload.namespace, workload.name, workload.kind
        );
        let note = match exposure.unprotected {
            true => " (no policy speaks of it)",
            false => "",
        };
        let closed = exposure.everyone.is_empty() && exposure.some.is_empty();
        if closed {
            let _ = writeln!(out, "{name} {word}: closed to new pods");
            continue;
        }
        let _ = writeln!(out, "{name} {word}:{note}");
        if !exposure.everyone.is_empty() {
            let _ = writeln!(out, "    every pod: {}", ports(&exposure.everyone));
        }
        for some in &exposure.some {
            let _ = writeln!(out, "    {}: {}", kinds(some), some.ports);
        }
        for less in &exposure.except {
            let _ = writeln!(out, "    but {}: {} of it", kinds(less), less.ports);
        }
    }
    let _ = writeln!(out, "{}", assumed::text(snapshot.assumptions));
    out
}

fn kinds(exposed: &Exposed) -> String {
    let words = |all: &[String]| match all {
        [] => "any".to_owned(),
        all => all.join(", "),
    };
    let (pods, namespaces) = (words(&exposed.kinds.pods), words(&exposed.kinds.namespaces));
    format!("pods with {pods} in namespaces with {namespaces}")
}

fn ports(ports: &Ports) -> String {
    let names = ports.names.iter().map(|(protocol, name)| match protocol {
        Some(protocol) => format!("{protocol} `{name}`"),
        None => format!("`{name}`"),
    });
    let numbers = (!ports.numbers.is_empty()).then(|| ports.numbers.to_string());
    let all: Vec<String> = numbers.into_iter().chain(names).collect();
    all.join("; ")
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    }
}

/// `{"format", "assumptions", "exposure": [{"workload", "direction", "to", "conn"}], "unprotected":
/// [{"workload", "direction"}], "diagnostics"}`; `to` is the entire cluster or a selector, whose
/// pods get `more` than the entire cluster (`conn` is what is added) or `less` (`conn` is what is left).
pub fn json(snapshot: &Snapshot, found: &[Exposure], told: &[Diagnostic]) -> String {
    let mut lines = Vec::new();
    let mut unprotected = Vec::new();
    for exposure in found {
        let Some(w) = snapshot.workloads.get(exposure.workload) else {
            continue;
        };
        let workload = json!({
            "type": "workload",
            "namespace": w.namespace,
            "name": w.name,
            "kind": w.kind,
        });
        let direction = direction(exposure.direction);
        let line = |to: Value, conn: Value| json!({"workload": workload, "direction": direction, "to": to, "conn": conn});
        if exposure.unprotected {
            unprotected.push(json!({"workload": workload, "direction": direction}));
        }
        if !exposure.everyone.is_empty() {
            let conn = named(&exposure.everyone);
            lines.push(line(json!({"type": "entire-cluster"}), conn));
        }
        let marked = |all: &[Exposed], sign: &str| -> Vec<Value> {
            let one = |some: &Exposed| {
                let to = json!({
                    "type": "selector",
                    "namespaces": some.kinds.namespaces,
                    "pods": some.kinds.pods,
                    "example": {"namespace": some.example.namespace_labels, "pod": some.example.labels},
                });
                let mut line = line(to, conn(&some.ports));
                line["against-entire-cluster"] = json!(sign);
                line
            };
            all.iter().map(one).collect()
        };
        lines.extend(marked(&exposure.some, "more"));
        lines.extend(marked(&exposure.except, "less"));
    }
    let mut out = format!(
        "{{\"format\":\"drawbridge/exposure/1\",\"assumptions\":{},\"exposure\":[",
        compact(&assumed::json(snapshot.assumptions))
    );
    for (at, line) in lines.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&compact(line));
    }
    let (unprotected, told) = (compact(&unprotected), compact(&flat(told)));
    let _ = writeln!(
        out,
        "\n],\"unprotected\":{unprotected},\"diagnostics\":{told}}}"
    );
    out
}

/// A connection with port names that nothing stands for yet, by protocol.
fn named(ports: &Ports) -> Value {
    let mut value = conn(&ports.numbers);
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (protocol, name) in &ports.names {
        let protocol = protocol.map_or("any", |p| p.name());
        names.entry(protocol).or_default().push(name);
    }
    if !names.is_empty() {
        value["named"] = json!(names);
    }
    value
}
