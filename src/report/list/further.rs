//! What is allowed beside the connections between workloads and addresses: between replicas of one workload, to
//! domain names, and to and from entities.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Listing;
use crate::analysis::{AmongReplicas, Direction, ToDomain, WithEntity};
use crate::diag::escaped;
use crate::report::ends::{conn, display, peer_json};
use crate::report::escape;
use crate::sets::PortSet;

/// In place of ports, where none is allowed.
const DENIED: &str = "denied";

/// Allowed traffic of other ends than workloads and addresses.
pub(super) struct Further<'a> {
    listing: Listing<'a>,
    replicas: Vec<AmongReplicas>,
    domains: Vec<ToDomain>,
    entities: Vec<WithEntity>,
}

impl<'a> Further<'a> {
    pub fn of(listing: Listing<'a>) -> Self {
        let mut matrix = listing.matrix.clone();
        Self {
            listing,
            replicas: matrix.among_replicas(listing.snapshot, listing.filter),
            domains: matrix.to_domains(listing.filter),
            entities: matrix.with_entities(listing.filter),
        }
    }

    /// From and to, and the ports, of connections between replicas.
    fn among_replicas(&self) -> Vec<[String; 3]> {
        let row = |one: &AmongReplicas| {
            let name = self.name(one.workload);
            [name.clone(), name, ports(&one.ports)]
        };
        self.replicas.iter().map(row).collect()
    }

    /// From and to, and the ports, of connections to domain names.
    fn to_domains(&self) -> Vec<[String; 3]> {
        let row = |one: &ToDomain| [self.name(one.workload), one.name.clone(), ports(&one.ports)];
        self.domains.iter().map(row).collect()
    }

    /// From and to, and the ports, of connections to and from entities.
    fn with_entities(&self) -> Vec<[String; 3]> {
        let row = |one: &WithEntity| {
            let ends = [self.name(one.workload), one.entity.to_string()];
            let [from, to] = match one.direction {
                Direction::Egress => ends,
                Direction::Ingress => {
                    let [own, other] = ends;
                    [other, own]
                }
            };
            [from, to, ports(&one.ports)]
        };
        self.entities.iter().map(row).collect()
    }

    /// From and to, and the ports, of all of them that are allowed.
    pub fn allowed(&self) -> Vec<[String; 3]> {
        let mut replicas = self.among_replicas();
        replicas.retain(|[.., ports]| ports != DENIED);
        [replicas, self.to_domains(), self.with_entities()].concat()
    }

    fn name(&self, workload: usize) -> String {
        let workload = self.listing.snapshot.workloads.get(workload);
        workload.map_or_else(String::new, display)
    }

    /// A title, and the lines in columns, of each part that has some; an empty line after it.
    pub fn text(&self, out: &mut impl Write) -> io::Result<()> {
        let parts = self.parts();
        for (title, rows) in &parts {
            writeln!(out, "\n{title}:")?;
            let width = |column: usize| {
                let widths = rows.iter().map(|row| escaped(&row[column]).chars().count());
                widths.max().unwrap_or(0)
            };
            let (left, right) = (width(0), width(1));
            for [from, to, ports] in rows {
                let (from, to) = (escaped(from), escaped(to));
                writeln!(out, "{from:left$}  =>  {to:right$}  {ports}")?;
            }
        }
        match parts.is_empty() {
            true => Ok(()),
            false => writeln!(out),
        }
    }

    /// The same as Markdown tables.
    pub fn markdown(&self, out: &mut impl Write) -> io::Result<()> {
        for (title, rows) in self.parts() {
            writeln!(
                out,
                "\n{title}:\n\n| From | To | Ports |\n| --- | --- | --- |"
            )?;
            for row in &rows {
                let mut line = String::new();
                for cell in row {
                    line.push_str("| ");
                    escape::markdown(&mut line, cell);
                    line.push(' ');
                }
                writeln!(out, "{line}|")?;
            }
        }
        Ok(())
    }

    fn parts(&self) -> Vec<(&'static str, Vec<[String; 3]>)> {
        let all = [
            (
                "Among replicas of one workload, where policies restrict it",
                self.among_replicas(),
            ),
            ("Domain names that policies accept", self.to_domains()),
            ("Entities that policies accept", self.with_entities()),
        ];
        all.into_iter()
            .filter(|(_, rows)| !rows.is_empty())
            .collect()
    }

    /// The values of the keys `amongReplicas`, `domainNames` and `entities`.
    pub fn json(&self) -> [Value; 3] {
        let workload = |at: usize| self.listing.snapshot.workloads.get(at).map(peer_json);
        let replicas = self.replicas.iter();
        let replicas = replicas
            .map(|one| json!({"workload": workload(one.workload), "conn": conn(&one.ports)}));
        let domains = self.domains.iter();
        let domains = domains.map(|one| {
            json!({"src": workload(one.workload), "name": one.name, "conn": conn(&one.ports)})
        });
        let entities = self.entities.iter().map(|one| {
            let direction = match one.direction {
                Direction::Ingress => "ingress",
                Direction::Egress => "egress",
            };
            json!({"workload": workload(one.workload), "direction": direction, "entity": one.entity.word(), "conn": conn(&one.ports)})
        });
        [replicas.collect(), domains.collect(), entities.collect()]
    }
}

fn ports(ports: &PortSet) -> String {
    match ports.is_empty() {
        true => DENIED.to_owned(),
        false => ports.to_string(),
    }
}
