//! What workloads are open to beyond what exists: pods that do not exist yet, exactly.

use std::collections::BTreeMap;

use super::connections::classes_of_workloads;
use super::extents::Extents;
use super::rows::Rows;
use super::unborn::Unborn;
use super::universe::Universe;
use super::{Direction, NewPod};
use crate::cluster::Snapshot;
use crate::policy::{Match, Rule};
use crate::sets::{LabelBox, LabelSet, PortSet, Protocol};

pub use super::unborn::Kinds;

/// What one gate of a workload is open to, among pods that do not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// Index into `Snapshot::workloads`.
    pub workload: usize,
    /// The gate.
    pub direction: Direction,
    /// Whether no policy speaks of the workload in this direction.
    pub unprotected: bool,
    /// What every pod of every namespace gets by the rules that name all of them.
    pub everyone: Ports,
    /// What some pods get beyond that, by rules about them.
    pub some: Vec<Exposed>,
    /// Pods that get less, by rules about them: all that they get of it.
    pub except: Vec<Exposed>,
}

/// Ports, some of them by names that nothing stands for yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ports {
    /// By number.
    pub numbers: PortSet,
    /// Names, with their protocol if one is asked for; only on egress.
    pub names: Vec<(Option<Protocol>, String)>,
}

impl Ports {
    /// Whether it has neither numbers nor names.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.names.is_empty()
    }
}

/// Pods that a rule singles out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exposed {
    /// Which.
    pub kinds: Kinds,
    /// One of them.
    pub example: NewPod,
    /// The ports.
    pub ports: PortSet,
}

/// For every workload with pods, ingress and then egress. Where its pods differ, what one of them is
/// open to counts.
pub fn exposure(snapshot: &Snapshot) -> Vec<Exposure> {
    let universe = Universe::new(snapshot, &[&snapshot.policies]);
    let mut extents = Extents::new(&universe);
    let mut unborn = Unborn::new(snapshot);
    let mut found = Vec::new();
    for direction in [Direction::Ingress, Direction::Egress] {
        let rows = Rows::new(&snapshot.tiers, &snapshot.policies, direction, &mut extents);
        let mut known: BTreeMap<u32, Gate> = BTreeMap::new();
        for (workload, classes) in classes_of_workloads(&universe).into_iter().enumerate() {
            let mut whole: Option<Gate> = None;
            for class in classes {
                let gate = known.entry(rows.profile_of[class]).or_insert_with(|| {
                    let applied = rows.applied(class);
                    let rules = applied.iter().flat_map(|a| a.rules());
                    let names: Vec<_> = match direction {
                        Direction::Ingress => Vec::new(),
                        Direction::Egress => rules.flat_map(port_names).collect(),
                    };
                    let all = unborn.everyone();
                    let mut cells = |counts: &dyn Fn(&LabelSet) -> bool| {
                        let at = (class, direction);
                        unborn.cells(&snapshot.tiers, applied, at, &universe, counts)
                    };
                    let (whole, exact) = (cells(&|pods| all.is_subset(pods)), cells(&|_| true));
                    Gate {
                        unprotected: applied.is_empty(),
                        everyone: open_to_all(&whole, names, &all),
                        cells: exact,
                    }
                });
                whole = Some(match whole {
                    None => gate.clone(),
                    Some(before) => before.joined(gate),
                });
            }
            let Some(gate) = whole else { continue };
            let namespace = snapshot.pods.get(snapshot.workloads[workload].pods.start);
            let namespace = namespace.map_or(0, |p| p.namespace);
            found.push(gate.exposure(workload, direction, &unborn, namespace));
        }
    }
    found.sort_by_key(|e| (e.workload, e.direction));
    found
}

/// What the gate of one profile says of pods that do not exist yet.
#[derive(Clone)]
struct Gate {
    unprotected: bool,
    everyone: Ports,
    cells: Vec<Cell>,
}

type Cell = (PortSet, std::sync::Arc<LabelSet>);

impl Gate {
    fn joined(mut self, other: &Self) -> Self {
        self.unprotected &= other.unprotected;
        self.everyone.numbers = self.everyone.numbers.union(&other.everyone.numbers);
        self.everyone
            .names
            .extend(other.everyone.names.iter().cloned());
        self.everyone.names.sort_unstable();
        self.everyone.names.dedup();
        self.cells.extend(other.cells.iter().cloned());
        self
    }

    fn exposure(
        self,
        workload: usize,
        direction: Direction,
        unborn: &Unborn,
        namespace: usize,
    ) -> Exposure {
        let usual = &self.everyone.numbers;
        let mut more: BTreeMap<LabelBox, PortSet> = BTreeMap::new();
        let mut less: BTreeMap<LabelBox, PortSet> = BTreeMap::new();
        let add = |into: &mut BTreeMap<LabelBox, PortSet>, pods: &LabelSet, ports: &PortSet| {
            for kind in pods.boxes().iter().filter(|_| !ports.is_empty()) {
                let all = into.entry(kind.clone()).or_default();
                *all = all.union(ports);
            }
        };
        let all = unborn.everyone();
        let mut never = usual.clone();
        for (ports, pods) in &self.cells {
            add(&mut more, pods, &ports.difference(usual));
            let lacking = all.difference(pods);
            add(&mut less, &lacking, &ports.intersection(usual));
            never = never.difference(ports);
        }
        add(&mut less, &all, &never);
        let exposed = |(kind, ports): (LabelBox, PortSet)| Exposed {
            kinds: Unborn::words(&kind),
            example: unborn.witness(&kind, namespace),
            ports,
        };
        let less = less
            .into_iter()
            .map(|(kind, lacking)| (kind, usual.difference(&lacking)));
        Exposure {
            workload,
            direction,
            unprotected: self.unprotected,
            some: sorted(more.into_iter().map(exposed)),
            except: sorted(less.map(exposed)),
            everyone: self.everyone,
        }
    }
}

fn sorted(items: impl Iterator<Item = Exposed>) -> Vec<Exposed> {
    let mut items: Vec<Exposed> = items.collect();
    items.sort();
    items
}

fn port_names(rule: &Rule) -> Vec<(Option<Protocol>, String)> {
    match &rule.ports {
        Match::Any => Vec::new(),
        Match::Only(items) => {
            let names = super::rows::names(items);
            names
                .map(|(protocol, name)| (protocol, name.to_owned()))
                .collect()
        }
    }
}

/// The ports at which every pod is let in, and the port names at which every pod is that declares them.
fn open_to_all(
    cells: &[Cell],
    mut names: Vec<(Option<Protocol>, String)>,
    all: &LabelSet,
) -> Ports {
    let open = |wanted: &LabelSet| -> PortSet {
        let open = cells.iter().filter(|(_, pods)| wanted.is_subset(pods));
        open.map(|(ports, _)| ports.clone()).collect()
    };
    let numbers = open(all);
    names.sort_unstable();
    names.dedup();
    names.retain(|(protocol, name)| {
        let wanted = protocol.map_or_else(PortSet::all_numbered, PortSet::all_of);
        let bearers = all.intersection(&Unborn::bearers(name));
        !wanted.is_subset(&numbers) && wanted.is_subset(&open(&bearers))
    });
    Ports { numbers, names }
}
