//! Finds the gates that differ between two clusters, and the connections that this changes.
//!
//! The rows of both sides are in one universe. If a workload's row is the same on both sides, and so are the
//! rows of all its destinations, nothing has changed; only the other pairs are compared one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use rayon::prelude::*;

use super::change::{Change, Name};
use super::named::NamedChange;
use super::ways::both_ways;
use crate::analysis::Direction;
use crate::analysis::Party;
use crate::analysis::answers::domain_names::DomainNames;
use crate::analysis::answers::routes::{ingress_controller, reaches};
use crate::analysis::gates::gate_table::{GateTable, joined, open_cells};
use crate::analysis::gates::rows::{Row, Rows};
use crate::analysis::space::index::Index;
use crate::analysis::space::port_table::{EMPTY, PortTable, PortsId};
use crate::analysis::space::universe::Universe;
use crate::cluster::Snapshot;
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::{Bits, PortSet};

/// One of the two clusters in the universe of both.
pub(in crate::analysis) struct Half {
    /// For each unit, the classes of its pods on this side, ascending; empty if it is only on the other side.
    classes: Vec<Vec<usize>>,
    /// For each unit, the number of its pods on this side.
    pods: Vec<usize>,
    /// Ingress, and egress.
    rows: [Rows; 2],
    /// The ports allowed from the ingress controller to its workloads.
    routed: BTreeMap<Name, PortSet>,
}

impl Half {
    /// `places` has the unit of each of its pods, among the `count` units of both sides.
    pub fn new<'a>(
        universe: &Universe<'a>,
        side: &'a Snapshot,
        first_pod: usize,
        (places, count): (&[usize], usize),
    ) -> Self {
        let index = Index::seen_from(universe, side.into());
        let rows = |direction| Rows::new(universe, &index, &side.policies, direction);
        let rows = rayon::join(|| rows(Direction::Ingress), || rows(Direction::Egress));
        let mut classes = vec![Vec::new(); count];
        let mut pods = vec![0; count];
        let class_of = universe.class_of.iter().skip(first_pod);
        for (&place, &class) in places.iter().zip(class_of) {
            classes[place].push(class as usize);
            pods[place] += 1;
        }
        for own in &mut classes {
            own.sort_unstable();
            own.dedup();
        }
        let routed = ingress_controller(&reaches(side)).into_iter();
        let name = |at: usize| Name::of(&side.workloads[at]);
        Self {
            routed: routed.map(|(at, ports)| (name(at), ports)).collect(),
            classes,
            pods,
            rows: rows.into(),
        }
    }
}

const INGRESS: usize = 0;
const EGRESS: usize = 1;

/// The points at which the gate of a workload changed, at some numbered port.
#[derive(Clone, Debug)]
enum Delta {
    /// None.
    Nowhere,
    /// These points of the universe; `outside`: some of them are addresses.
    At { points: Arc<Bits>, outside: bool },
    /// The workload has other pods, so that anything may have changed.
    Anywhere,
}

/// Both sides, and the gates that differ.
pub(in crate::analysis) struct Changed<'a> {
    halves: &'a [Half; 2],
    /// The names of the units.
    names: &'a [Arc<Name>],
    /// For each workload, its ingress and its egress.
    deltas: Vec<[Delta; 2]>,
    /// The rows of each side, with port sets numbered in one table: ingress, and egress.
    tables: [[GateTable; 2]; 2],
    ports: PortTable,
    /// For each class, the workloads that have pods of it on either side.
    workloads_of: Vec<Vec<usize>>,
    /// Workloads whose pods changed.
    moved: Vec<usize>,
    /// Points from which ingress has changed, with the workloads whose ingress changed.
    entries: Vec<(Arc<Bits>, Vec<usize>)>,
    /// The pieces of the address axes, which follow the classes.
    pieces: Vec<(IpAddr, IpAddr)>,
    numbered: PortSet,
}

impl<'a> Changed<'a> {
    pub fn new(universe: &Universe, halves: &'a [Half; 2], names: &'a [Arc<Name>]) -> Self {
        let classes = universe.classes.len();
        let deltas = deltas(universe, halves);
        let mut ports = PortTable::default();
        let tables = halves.each_ref().map(|half| {
            let rows = half.rows.each_ref();
            rows.map(|rows| GateTable::new(rows, classes, &mut ports))
        });
        let mut workloads_of: Vec<Vec<usize>> = vec![Vec::new(); classes];
        let mut moved = Vec::new();
        let mut entries: Vec<(Arc<Bits>, Vec<usize>)> = Vec::new();
        let mut known: HashMap<Arc<Bits>, usize> = HashMap::new();
        for (workload, [into, _]) in deltas.iter().enumerate() {
            let classes = halves.iter().flat_map(|half| &half.classes[workload]);
            for &class in classes.collect::<BTreeSet<_>>() {
                workloads_of[class].push(workload);
            }
            match into {
                Delta::Nowhere => {}
                Delta::At { points, .. } => {
                    let next = entries.len();
                    let at = *known.entry(points.clone()).or_insert(next);
                    if at == next {
                        entries.push((points.clone(), Vec::new()));
                    }
                    entries[at].1.push(workload);
                }
                Delta::Anywhere => moved.push(workload),
            }
        }
        Self {
            halves,
            names,
            deltas,
            tables,
            ports,
            workloads_of,
            moved,
            entries,
            pieces: universe.pieces(),
            numbered: PortSet::all_numbered(),
        }
    }

    /// Every change, sorted.
    pub fn all(&self) -> Vec<Change> {
        let workloads = (0..self.names.len()).into_par_iter().with_min_len(16);
        let found: Vec<[Vec<Change>; 2]> = workloads
            .map_init(
                || self.ports.clone(),
                |ports, workload| [self.from(workload, ports), self.into(workload, ports)],
            )
            .collect();
        let (mut all, mut from_outside) = (Vec::new(), Vec::new());
        for [mut from, mut into] in found {
            all.append(&mut from);
            from_outside.append(&mut into);
        }
        from_outside.sort_unstable();
        all.append(&mut from_outside);
        all.append(&mut self.routed());
        all
    }

    /// What has changed from a workload, to workloads and then to addresses.
    fn from(&self, src: usize, ports: &mut PortTable) -> Vec<Change> {
        let mut found = Vec::new();
        let own = || Party::Workload(self.names[src].clone());
        let replicas = self.halves.iter().all(|half| half.pods[src] > 1);
        let candidates = self.candidates(src).into_iter();
        for dst in candidates.filter(|dst| *dst != src || replicas) {
            let [old, new] = [0, 1].map(|side| self.open(side, src, dst, ports));
            if self.differ(old, new, ports) {
                found.push(Change {
                    src: own(),
                    dst: Party::Workload(self.names[dst].clone()),
                    old: ports.get(old).clone(),
                    new: ports.get(new).clone(),
                });
            }
        }
        for (dst, old, new) in self.ranges(EGRESS, src, ports) {
            let src = own();
            found.push(Change { src, dst, old, new });
        }
        found
    }

    /// What has changed from addresses to a workload.
    fn into(&self, dst: usize, ports: &mut PortTable) -> Vec<Change> {
        let ranges = self.ranges(INGRESS, dst, ports).into_iter();
        let change = |(src, old, new)| Change {
            src,
            dst: Party::Workload(self.names[dst].clone()),
            old,
            new,
        };
        ranges.map(change).collect()
    }

    /// The workloads to which the allowed ports of a workload may have changed, ascending.
    fn candidates(&self, src: usize) -> Vec<usize> {
        let mut found = match &self.deltas[src][EGRESS] {
            Delta::Anywhere => return (0..self.names.len()).collect(),
            Delta::Nowhere => Vec::new(),
            Delta::At { points, .. } => {
                let classes = points.iter().map_while(|at| self.workloads_of.get(at));
                classes.flatten().copied().collect()
            }
        };
        // Its pods are those of both sides.
        let own = &self.halves[0].classes[src];
        for (points, workloads) in &self.entries {
            if own.iter().any(|&class| points.contains(class)) {
                found.extend(workloads);
            }
        }
        found.extend(&self.moved);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The ports allowed from one workload to another on one side.
    fn open(&self, side: usize, src: usize, dst: usize, ports: &mut PortTable) -> PortsId {
        let (classes, tables) = (&self.halves[side].classes, &self.tables[side]);
        let mut open = EMPTY;
        for &from in &classes[src] {
            for &to in &classes[dst] {
                let out = tables[EGRESS].row(from).at(to, ports);
                let into = tables[INGRESS].row(to).at(from, ports);
                let both = ports.intersection(out, into);
                open = ports.union(open, both);
            }
        }
        open
    }

    /// The APIs leave other protocols undefined (1.6), so a difference in those alone does not count.
    fn differ(&self, old: PortsId, new: PortsId, ports: &PortTable) -> bool {
        let numbered = |id| ports.get(id).intersection(&self.numbered);
        old != new && numbered(old) != numbered(new)
    }

    /// The maximal address ranges at which one gate of a workload has the same change.
    fn ranges(
        &self,
        gate: usize,
        workload: usize,
        ports: &mut PortTable,
    ) -> Vec<(Party<Arc<Name>>, PortSet, PortSet)> {
        match self.deltas[workload][gate] {
            Delta::Nowhere | Delta::At { outside: false, .. } => return Vec::new(),
            Delta::At { .. } | Delta::Anywhere => {}
        }
        let cells = [0, 1].map(|side| {
            let classes = &self.halves[side].classes[workload];
            self.tables[side][gate].cells(classes)
        });
        let (mut known, mut ids) = ([Vec::new(), Vec::new()], [EMPTY; 2]);
        let mut found: Vec<(IpAddr, IpAddr, [PortsId; 2])> = Vec::new();
        for (at, &(start, end)) in (self.workloads_of.len()..).zip(&self.pieces) {
            for side in [0, 1] {
                if open_cells(&cells[side], at, &mut known[side]) {
                    ids[side] = joined(&cells[side], &known[side], ports);
                }
            }
            match found.last_mut() {
                Some((first, last, before))
                    if *before == ids && first.is_ipv4() == start.is_ipv4() =>
                {
                    *last = end;
                }
                _ => found.push((start, end, ids)),
            }
        }
        found.retain(|(_, _, [old, new])| self.differ(*old, *new, ports));
        let range = |(first, last, [old, new]): (IpAddr, IpAddr, [PortsId; 2])| {
            let range = Party::Addresses { first, last };
            (range, ports.get(old).clone(), ports.get(new).clone())
        };
        found.into_iter().map(range).collect()
    }

    /// What has changed towards and from domain names and entities.
    pub fn named(&self, known: &DomainNames) -> Vec<NamedChange> {
        let mut found = Vec::new();
        if known.is_empty() {
            return found;
        }
        for (workload, deltas) in self.deltas.iter().enumerate() {
            for direction in Direction::BOTH {
                let gate = match direction {
                    Direction::Ingress => INGRESS,
                    Direction::Egress => EGRESS,
                };
                if matches!(deltas[gate], Delta::Nowhere) {
                    continue;
                }
                let [old, new] = [0, 1].map(|side| {
                    let classes = &self.halves[side].classes[workload];
                    let cells = self.tables[side][gate].cells(classes);
                    known.ports_at(direction, |point| {
                        let open = cells.iter().filter(|(_, peers)| peers.contains(point));
                        open.map(|(id, _)| self.ports.get(*id).clone()).collect()
                    })
                });
                let changes = old.into_iter().zip(new);
                let changes = changes.map(|((other, old), (_, new))| NamedChange {
                    workload: self.names[workload].clone(),
                    direction,
                    other,
                    old,
                    new,
                });
                let numbered = |set: &PortSet| set.intersection(&self.numbered);
                found.extend(changes.filter(|c| numbered(&c.old) != numbered(&c.new)));
            }
        }
        found
    }

    /// What has changed from the ingress controller.
    fn routed(&self) -> Vec<Change> {
        let [old, new] = self.halves.each_ref().map(|half| &half.routed);
        let workloads: BTreeSet<&Name> = old.keys().chain(new.keys()).collect();
        fn open(side: &BTreeMap<Name, PortSet>, name: &Name) -> PortSet {
            side.get(name).cloned().unwrap_or_default()
        }
        let change = |name: &Name| Change {
            src: Party::IngressController,
            dst: Party::Workload(Arc::new(name.clone())),
            old: open(old, name),
            new: open(new, name),
        };
        let differ = |c: &Change| {
            let [old, new] = [&c.old, &c.new].map(|set| set.intersection(&self.numbered));
            old != new
        };
        workloads.into_iter().map(change).filter(differ).collect()
    }
}

/// For each workload, where its ingress and its egress differ.
fn deltas(universe: &Universe, [old, new]: &[Half; 2]) -> Vec<[Delta; 2]> {
    let same = |workload: usize| old.classes[workload] == new.classes[workload];
    let gates = [INGRESS, EGRESS].map(|gate| {
        let (old_rows, new_rows) = (&old.rows[gate], &new.rows[gate]);
        let rows = |class: usize| (old_rows.row_of_class(class), new_rows.row_of_class(class));
        let still = (0..old.classes.len()).filter(|&w| same(w));
        let mut pairs: Vec<_> = still
            .flat_map(|w| &old.classes[w])
            .map(|&c| rows(c))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        let known: Vec<Arc<Bits>> = pairs
            .par_iter()
            .map(|&(a, b)| Arc::new(difference(&old_rows.rows[a], &new_rows.rows[b])))
            .collect();
        let known: HashMap<(usize, usize), Arc<Bits>> = pairs.into_iter().zip(known).collect();
        move |class: usize| known.get(&rows(class)).cloned().unwrap_or_default()
    });
    let outside = universe.address_points();
    let delta = |workload: usize, gate: &dyn Fn(usize) -> Arc<Bits>| {
        if !same(workload) {
            return Delta::Anywhere;
        }
        let points = match old.classes[workload].as_slice() {
            [one] => gate(*one),
            many => {
                let sets: Vec<_> = many.iter().map(|&class| gate(class)).collect();
                Arc::new(Bits::union_of(sets.iter().map(|s| &**s)))
            }
        };
        match points.is_empty() {
            true => Delta::Nowhere,
            false => Delta::At {
                outside: points.intersects_range(outside.clone()),
                points,
            },
        }
    };
    let all = (0..old.classes.len()).map(|w| [delta(w, &gates[0]), delta(w, &gates[1])]);
    all.collect()
}

/// The points towards which two rows differ at some numbered port.
fn difference(old: &Row, new: &Row) -> Bits {
    if old == new {
        return Bits::empty();
    }
    let numbered = PortSet::all_numbered();
    let ways = both_ways([&old.cells, &new.cells]).into_iter();
    let points: Vec<Bits> = ways
        .filter(|(_, ports, _)| ports.intersects(&numbered))
        .map(|(_, _, points)| points)
        .collect();
    Bits::union_of(&points)
}
