//! Lists the connections of a selection, in both directions.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cell, ReachMatrix};
use crate::analysis::oracle::probe;
use crate::analysis::{Decision, Direction, Endpoint, GateTrace};
use crate::model::{Item, NodeRef};
use crate::query::why::PairVerdict;

/// How much of a connection is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Some drawn ports are denied.
    Blocked,
    /// Nothing of it is drawn.
    NotDrawn,
    /// Some of it is drawn.
    Partly,
    /// It is drawn, but cannot be expressed.
    CannotExpress,
    /// More of it is allowed than is drawn, as the user accepts.
    Approximated,
    /// All of it is drawn.
    Drawn,
}

impl Mark {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::NotDrawn => "not drawn",
            Self::Partly => "partly drawn",
            Self::CannotExpress => "cannot be expressed",
            Self::Approximated => "approximated",
            Self::Drawn => "drawn",
        }
    }
}

/// One line: the selection and something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The index of the other end in the entries.
    pub other: usize,
    /// Its node.
    pub node: NodeRef,
    /// The end within the selection; the first of several.
    pub through: NodeRef,
    /// The allowed and the drawn ports.
    pub cell: Cell,
}

impl Entry {
    /// How much of it is drawn.
    pub fn mark(&self) -> Mark {
        let cell = &self.cell;
        match cell.verdict() {
            PairVerdict::Blocked => Mark::Blocked,
            PairVerdict::CannotExpress => Mark::CannotExpress,
            PairVerdict::Approximated => Mark::Approximated,
            _ if !cell.allowed.intersects(&cell.drawn) => Mark::NotDrawn,
            _ if cell.allowed.is_subset(&cell.drawn) => Mark::Drawn,
            _ => Mark::Partly,
        }
    }
}

/// The connections of a selection with everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// What can reach it.
    pub from: Vec<Entry>,
    /// What it can reach.
    pub to: Vec<Entry>,
}

impl ReachMatrix {
    /// Lists what can reach the selection and what it can reach, without connections within it. Once
    /// `stop` returns true, the list is partial.
    pub fn list(&mut self, selection: &[Item], stop: &dyn Fn() -> bool) -> Listed {
        let chosen = self.chosen(selection);
        let mut listed = Listed::default();
        for direction in Direction::BOTH {
            let mut found: BTreeMap<usize, (usize, Cell)> = BTreeMap::new();
            for &entry in &chosen {
                if stop() {
                    return listed;
                }
                let cells = match direction {
                    Direction::Ingress => self.column(entry),
                    Direction::Egress => self.row(entry),
                };
                for (other, cell) in cells {
                    if !chosen.contains(&other) {
                        let entry = found.entry(other).or_insert((entry, Cell::default()));
                        entry.1.add(&cell);
                    }
                }
            }
            let entries = found.into_iter().filter_map(|(other, (entry, cell))| {
                Some(Entry {
                    other,
                    node: self.entries.node(other)?,
                    through: self.entries.node(entry)?,
                    cell,
                })
            });
            match direction {
                Direction::Ingress => listed.from = entries.collect(),
                Direction::Egress => listed.to = entries.collect(),
            }
        }
        listed
    }

    /// The entries of the selection: workloads of namespaces and groups, ends of flows.
    fn chosen(&self, selection: &[Item]) -> BTreeSet<usize> {
        let document = &self.results.document;
        let cluster = &self.results.in_force.cluster;
        let mut workloads = BTreeSet::new();
        let mut found = BTreeSet::new();
        for item in selection {
            match item {
                Item::Workload(id) => {
                    workloads.insert(*id);
                }
                Item::Namespace(id) => workloads.extend(document.workloads_of(*id)),
                Item::Group(id) => {
                    workloads.extend(document.workloads_at(&crate::model::End::Group(*id)));
                }
                Item::External(_) | Item::Node(_) => {
                    let node = item.node();
                    found.extend(node.and_then(|node| self.entries.position(node)));
                }
                _ => {}
            }
        }
        let places = workloads.iter().filter_map(|id| cluster.index.get(id));
        found.extend(places.map(|at| self.entries.of_workload(*at)));
        found
    }

    /// The policies that allow an entry, by name: those whose rules decide at both gates.
    /// `incoming`: the selection is its destination.
    pub fn allowed_by(&self, entry: &Entry, incoming: bool) -> Vec<String> {
        let Some(port) = entry.cell.allowed.example() else {
            return Vec::new();
        };
        let other = self.first_end(entry.other);
        let own = self
            .entries
            .position(entry.through)
            .and_then(|at| self.first_end(at));
        let (Some(other), Some(own)) = (other, own) else {
            return Vec::new();
        };
        let (from, to) = if incoming { (other, own) } else { (own, other) };
        let trace = probe(self.snapshot(), &from, &to, Some(port));
        let mut names: Vec<String> = [&trace.egress, &trace.ingress]
            .into_iter()
            .filter_map(|gate| self.deciding(gate))
            .collect();
        names.dedup();
        names
    }

    fn deciding(&self, gate: &GateTrace) -> Option<String> {
        match &gate.decision {
            Decision::Rule { policy, .. } => {
                let policy = self.results.in_force.policies().get(*policy)?;
                Some(policy.name.clone())
            }
            _ => None,
        }
    }

    fn first_end(&self, entry: usize) -> Option<Endpoint> {
        match self.entries.node(entry)? {
            NodeRef::External(_) | NodeRef::Node(_) => self.entries.ends(entry).first().cloned(),
            _ => self.first_pod(entry),
        }
    }
}
