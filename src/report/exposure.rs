//! Exposure of workloads to future pods, Services and routes: `drawbridge exposure`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::assumed;
use super::ends::{compact, conn, display, workload_json};
use super::escape;
use super::findings::flat;
use super::left_out;
use super::openings;
use crate::analysis::exposure::{Exposed, Exposure, Line, Ports};
use crate::analysis::service_exposure::ServiceTraffic;
use crate::analysis::{Direction, ToDomain};
use crate::cluster::Snapshot;
use crate::diag::Diagnostic;

/// What `drawbridge exposure` answers.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// The cluster.
    pub snapshot: &'a Snapshot,
    /// The exposure of its workloads to future pods.
    pub found: &'a Exposure<'a>,
    /// The domain names that policies accept, by workload.
    pub domains: &'a [ToDomain],
    /// The traffic of Services and routes.
    pub published: &'a [ServiceTraffic],
}

impl<'a> Answer<'a> {
    /// The domain names of a workload, at its egress.
    fn domains(&self, line: &Line) -> &'a [ToDomain] {
        if line.direction != Direction::Egress {
            return &[];
        }
        let all = self.domains;
        let start = all.partition_point(|one| one.workload < line.workload);
        let end = all.partition_point(|one| one.workload <= line.workload);
        all.get(start..end).unwrap_or_default()
    }
}

/// For each workload and direction the ports open to every pod, and to some pods in addition, and those open to domain
/// names; then the traffic of Services and routes.
///
/// # Errors
/// If `out` cannot be written.
pub fn text(out: &mut impl Write, answer: Answer) -> io::Result<()> {
    let Answer {
        snapshot, found, ..
    } = answer;
    let out = &mut escape::Lines(out);
    let mut kinds = Written::default();
    let mut sets = Written::default();
    for line in &found.lines {
        let workload = snapshot.workloads.get(line.workload);
        let Some((workload, gate)) = workload.zip(found.gates.get(line.gate)) else {
            continue;
        };
        let (name, word) = (display(workload), direction(line.direction));
        let note = match gate.unprotected {
            true => {
                let left_out = snapshot.left_out_in(&workload.namespace);
                format!(" ({})", left_out::unselected(left_out))
            }
            false => String::new(),
        };
        if gate.undecided {
            writeln!(out, "{name} {word}: not decided for all future pods")?;
        } else if gate.everyone.is_empty() && gate.some.is_empty() {
            writeln!(out, "{name} {word}: denied for future pods")?;
        }
        if !gate.everyone.is_empty() || !gate.some.is_empty() {
            writeln!(out, "{name} {word}{note}:")?;
        }
        if !gate.everyone.is_empty() {
            writeln!(out, "    every pod: {}", ports(&gate.everyone))?;
        }
        let mut each = |list: &[Exposed], before: &str, after: &str| -> io::Result<()> {
            for some in list {
                let kind = kinds.of(some.kind, || found.kind(some.kind).to_string());
                let ports = sets.of(some.ports, || found.ports(some.ports).to_string());
                writeln!(out, "    {before}{kind}: {ports}{after}")?;
            }
            Ok(())
        };
        each(&gate.some, "", "")?;
        each(&gate.except, "except ", "")?;
        for one in answer.domains(line) {
            writeln!(out, "    domain name {}: {}", one.name, one.ports)?;
        }
    }
    openings::text(out, snapshot, answer.published)?;
    let left_out = left_out::of(snapshot);
    writeln!(out, "{}{left_out}", assumed::text(snapshot.assumptions))?;
    out.flush()
}

/// Texts by index, each formatted once.
#[derive(Default)]
struct Written(Vec<Option<String>>);

impl Written {
    fn of(&mut self, number: usize, write: impl FnOnce() -> String) -> &str {
        if self.0.len() <= number {
            self.0.resize(number + 1, None);
        }
        self.0[number].get_or_insert_with(write)
    }
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

/// A diagnostic for each gate that is not decided.
pub fn undecided(snapshot: &Snapshot, found: &Exposure) -> Vec<Diagnostic> {
    let one = |line: &Line| {
        let name = snapshot
            .workloads
            .get(line.workload)
            .map_or_else(String::new, display);
        let word = direction(line.direction);
        let message = format!(
            "{name} {word} is not decided for all future pods: the selectors of its rules combine in too many ways"
        );
        let help = "use fewer labels in the selectors of rules that deny or pass";
        Diagnostic::error("not-decided", message).help(help)
    };
    found.undecided().map(one).collect()
}

/// `{"format", "assumptions", "exposure": [{"workload", "direction", "to", "conn"}], "unprotected":
/// [{"workload", "direction"}], "published": [...], "diagnostics", "leftOut"}`; `to` is a domain name, the entire cluster or a
/// selector, whose pods get `more` than the entire cluster (`conn` is what is added) or `less` (`conn` is what is left);
/// `published` has the traffic of each Service and route to each workload, and on which ports it is allowed.
///
/// # Errors
/// If `out` cannot be written.
pub fn json(out: &mut impl Write, answer: Answer, diagnostics: &[Diagnostic]) -> io::Result<()> {
    let Answer {
        snapshot, found, ..
    } = answer;
    let names: Vec<String> = snapshot.workloads.iter().map(workload_json).collect();
    let mut kinds = Written::default();
    let mut sets = Written::default();
    write!(
        out,
        "{{\"format\":\"drawbridge/exposure/1\",\"assumptions\":{},\"exposure\":[",
        compact(&assumed::json(snapshot.assumptions))
    )?;
    let mut between = "\n";
    let mut unprotected: Vec<String> = Vec::new();
    for line in &found.lines {
        let workload = snapshot.workloads.get(line.workload);
        let name = names.get(line.workload);
        let Some((name, gate)) = name.zip(found.gates.get(line.gate)) else {
            continue;
        };
        let word = direction(line.direction);
        let gate_of = format!("{{\"workload\":{name},\"direction\":\"{word}\"");
        let certain = workload.is_some_and(|w| snapshot.left_out_in(&w.namespace).next().is_none());
        if gate.unprotected && certain {
            unprotected.push(format!("{gate_of}}}"));
        }
        if !gate.everyone.is_empty() {
            let conn = compact(&named(&gate.everyone));
            let to = "\"to\":{\"type\":\"entire-cluster\"}";
            write!(out, "{between}{gate_of},{to},\"conn\":{conn}}}")?;
            between = ",\n";
        }
        let mut each = |list: &[Exposed], sign: &str| -> io::Result<()> {
            for some in list {
                let to = kinds.of(some.kind, || compact(&selector(found, some.kind)));
                let conn = sets.of(some.ports, || compact(&conn(found.ports(some.ports))));
                write!(out, "{between}{gate_of},\"to\":{to},\"conn\":{conn}")?;
                write!(out, ",\"against-entire-cluster\":\"{sign}\"}}")?;
                between = ",\n";
            }
            Ok(())
        };
        each(&gate.some, "more")?;
        each(&gate.except, "less")?;
        for one in answer.domains(line) {
            let to = compact(&json!({"type": "domain-name", "name": one.name}));
            let conn = compact(&conn(&one.ports));
            write!(out, "{between}{gate_of},\"to\":{to},\"conn\":{conn}}}")?;
            between = ",\n";
        }
    }
    let (unprotected, diagnostics) = (unprotected.join(","), compact(&flat(diagnostics)));
    write!(out, "\n],\"unprotected\":[{unprotected}],\"published\":[")?;
    let mut between = "\n";
    for opening in answer.published {
        write!(
            out,
            "{between}{}",
            compact(&openings::json(snapshot, opening))
        )?;
        between = ",\n";
    }
    let left_out = compact(&left_out::lines(&snapshot.left_out));
    let not_read = compact(&snapshot.unread);
    writeln!(
        out,
        "],\"diagnostics\":{diagnostics},\"leftOut\":{left_out},\"notRead\":{not_read}}}"
    )?;
    out.flush()
}

fn selector(found: &Exposure, number: usize) -> Value {
    let kinds = found.kind(number);
    let example = found
        .example(number)
        .map(|pod| json!({"namespace": pod.namespace_labels, "pod": pod.labels}));
    json!({
        "type": "selector",
        "namespaces": kinds.namespaces,
        "pods": kinds.pods,
        "example": example,
    })
}

/// A connection, with port names that no pod declares yet grouped by protocol.
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
