//! Every allowed connection between workloads, outside addresses and the ingress controller, streamed
//! in a fixed order and never stored.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use super::extents::Extents;
use super::rows::{Row, Rows};
use super::universe::{Point, Universe};
use super::{Direction, routes};
use crate::cluster::Snapshot;
use crate::sets::{Bits, PortSet};

/// One end of a listed connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// All pods of the workload at this index.
    Workload(usize),
    /// A maximal range of addresses that belong to no pod.
    Addresses {
        /// The first.
        first: IpAddr,
        /// The last, of the same family.
        last: IpAddr,
    },
    /// What serves Ingress and Route objects.
    IngressController,
}

/// What one end may open to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection {
    /// Who opens it.
    pub src: Endpoint,
    /// To whom.
    pub dst: Endpoint,
    /// At which ports; never empty.
    pub ports: PortSet,
}

/// A connection as it is streamed.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Who opens it.
    pub src: Endpoint,
    /// To whom.
    pub dst: Endpoint,
    /// At which ports; never empty.
    pub ports: &'a PortSet,
    /// Equal for equal port sets of one stream: lets a writer format each set once.
    pub ports_id: usize,
}

/// Every allowed connection, in the order of [`for_each_connection`]. Quadratic in the workloads:
/// prefer the streaming form for big clusters.
pub fn connections(snapshot: &Snapshot) -> Vec<Connection> {
    let mut found = Vec::new();
    for_each_connection(snapshot, |line| {
        found.push(Connection {
            src: line.src,
            dst: line.dst,
            ports: line.ports.clone(),
        });
    });
    found
}

/// Calls `emit` for every ordered pair of different workloads, and each workload with ranges of
/// outside addresses both ways, that may talk at some port; then for what the ingress controller
/// reaches. Workloads as sources come first, in order, each with the workloads that it reaches and
/// then with addresses; then addresses to each workload.
///
/// Where the pods of a workload differ, a connection is listed if one of them may have it
/// ([`mixed_workloads`] names these). A workload without pods has no connections.
pub fn for_each_connection(snapshot: &Snapshot, mut emit: impl FnMut(Line)) {
    let mut matrix = Matrix::new(snapshot);
    let mut send = |src, dst, ports: &PortTable, id: PortsId| {
        emit(Line {
            src,
            dst,
            ports: ports.get(id),
            ports_id: id as usize,
        });
    };
    for src in 0..matrix.workloads.len() {
        let from = Endpoint::Workload(src);
        matrix.fill_row(src);
        for dst in 0..matrix.workloads.len() {
            let id = matrix.line[dst];
            if id != EMPTY {
                send(from, Endpoint::Workload(dst), &matrix.ports, id);
            }
        }
        for (range, id) in matrix.addresses(Direction::Egress, src) {
            send(from, range, &matrix.ports, id);
        }
    }
    for dst in 0..matrix.workloads.len() {
        for (range, id) in matrix.addresses(Direction::Ingress, dst) {
            send(range, Endpoint::Workload(dst), &matrix.ports, id);
        }
    }
    for (dst, open) in routes::ingress_controller(snapshot) {
        let id = matrix.ports.intern(open);
        let to = Endpoint::Workload(dst);
        send(Endpoint::IngressController, to, &matrix.ports, id);
    }
}

/// Workloads whose pods some policy tells apart, by labels, port names or addresses.
pub fn mixed_workloads(snapshot: &Snapshot) -> Vec<usize> {
    let universe = Universe::new(snapshot, &[&snapshot.policies]);
    let classes = classes_of_workloads(&universe);
    let mixed = classes.iter().enumerate().filter(|(_, c)| c.len() > 1);
    mixed.map(|(at, _)| at).collect()
}

/// For each workload, the classes of its pods, each once.
fn classes_of_workloads(universe: &Universe) -> Vec<Vec<usize>> {
    let snapshot = universe.snapshot;
    let mut found = vec![Vec::new(); snapshot.workloads.len()];
    for (pod, &class) in snapshot.pods.iter().zip(&universe.class_of) {
        if let Some(classes) = found.get_mut(pod.workload)
            && !classes.contains(&(class as usize))
        {
            classes.push(class as usize);
        }
    }
    found
}

/// Everything needed to answer for any pair, and the answers for one source at a time.
struct Matrix {
    workloads: Vec<Vec<usize>>,
    classes: usize,
    /// The pieces of the address axes, which follow the classes in the index space.
    pieces: Vec<(IpAddr, IpAddr)>,
    egress: GateTable,
    ingress: GateTable,
    ports: PortTable,
    /// For each workload, what the current source may open to it.
    line: Vec<PortsId>,
}

impl Matrix {
    fn new(snapshot: &Snapshot) -> Self {
        let universe = Universe::new(snapshot, &[&snapshot.policies]);
        let mut extents = Extents::new(&universe);
        let mut ports = PortTable::default();
        let mut table = |direction| {
            let rows = Rows::new(&snapshot.tiers, &snapshot.policies, direction, &mut extents);
            GateTable::new(&rows, universe.classes.len(), &mut ports)
        };
        let (egress, ingress) = (table(Direction::Egress), table(Direction::Ingress));
        let piece = |at| match universe.point(at) {
            Point::Addresses(first, last) => Some((first, last)),
            _ => None,
        };
        Self {
            workloads: classes_of_workloads(&universe),
            classes: universe.classes.len(),
            pieces: universe.address_points().filter_map(piece).collect(),
            egress,
            ingress,
            ports,
            line: vec![EMPTY; snapshot.workloads.len()],
        }
    }

    /// Makes `line` what one workload may open to each other one.
    fn fill_row(&mut self, src: usize) {
        self.line.fill(EMPTY);
        for &class in &self.workloads[src] {
            let out = self
                .egress
                .row(class)
                .open_to(0..self.classes, &mut self.ports);
            let rows = self.ingress.rows.iter();
            let into: Vec<PortsId> = rows.map(|r| r.at(class, &mut self.ports)).collect();
            for (dst, targets) in self.workloads.iter().enumerate() {
                for &target in targets {
                    let gate = into[self.ingress.row_of_class[target]];
                    let both = self.ports.intersection(out[target], gate);
                    self.line[dst] = self.ports.union(self.line[dst], both);
                }
            }
        }
        self.line[src] = EMPTY;
    }

    /// The maximal ranges of addresses to which (egress) or from which a workload is open.
    fn addresses(&mut self, direction: Direction, workload: usize) -> Vec<(Endpoint, PortsId)> {
        let table = match direction {
            Direction::Egress => &self.egress,
            Direction::Ingress => &self.ingress,
        };
        let mut open = vec![EMPTY; self.pieces.len()];
        for &class in &self.workloads[workload] {
            let points = self.classes..self.classes + self.pieces.len();
            let one = table.row(class).open_to(points, &mut self.ports);
            for (all, one) in open.iter_mut().zip(one) {
                *all = self.ports.union(*all, one);
            }
        }
        let mut found: Vec<(Endpoint, PortsId)> = Vec::new();
        for (&(start, end), id) in self.pieces.iter().zip(open) {
            match found.last_mut() {
                Some((Endpoint::Addresses { first, last }, before))
                    if *before == id && first.is_ipv4() == start.is_ipv4() =>
                {
                    *last = end;
                }
                _ => {
                    let (first, last) = (start, end);
                    found.push((Endpoint::Addresses { first, last }, id));
                }
            }
        }
        found.retain(|(_, id)| *id != EMPTY);
        found
    }
}

/// The rows of one direction, with their port sets numbered.
struct GateTable {
    row_of_class: Vec<usize>,
    rows: Vec<NumberedRow>,
}

impl GateTable {
    fn new(rows: &Rows, classes: usize, ports: &mut PortTable) -> Self {
        let numbered = |row: &Row| {
            let cells = row.cells.iter();
            NumberedRow(
                cells
                    .map(|(p, b)| (ports.intern(p.clone()), b.clone()))
                    .collect(),
            )
        };
        Self {
            row_of_class: (0..classes).map(|c| rows.row_of_class(c)).collect(),
            rows: rows.rows.iter().map(numbered).collect(),
        }
    }

    fn row(&self, class: usize) -> &NumberedRow {
        &self.rows[self.row_of_class[class]]
    }
}

struct NumberedRow(Vec<(PortsId, Arc<Bits>)>);

impl NumberedRow {
    /// The ports open to one point.
    fn at(&self, point: usize, ports: &mut PortTable) -> PortsId {
        let open = self.0.iter().filter(|(_, peers)| peers.contains(point));
        open.fold(EMPTY, |all, (id, _)| ports.union(all, *id))
    }

    /// The ports open to each of these points.
    fn open_to(&self, points: Range<usize>, ports: &mut PortTable) -> Vec<PortsId> {
        points.map(|point| self.at(point, ports)).collect()
    }
}

type PortsId = u32;
const EMPTY: PortsId = 0;

/// Numbers port sets and remembers what is common to two of them, and their union.
struct PortTable {
    sets: Vec<PortSet>,
    known: HashMap<PortSet, PortsId>,
    common: HashMap<(PortsId, PortsId), PortsId>,
    joined: HashMap<(PortsId, PortsId), PortsId>,
}

impl Default for PortTable {
    fn default() -> Self {
        Self {
            sets: vec![PortSet::empty()],
            known: HashMap::from([(PortSet::empty(), EMPTY)]),
            common: HashMap::new(),
            joined: HashMap::new(),
        }
    }
}

impl PortTable {
    fn get(&self, id: PortsId) -> &PortSet {
        &self.sets[id as usize]
    }

    fn intern(&mut self, set: PortSet) -> PortsId {
        if let Some(&id) = self.known.get(&set) {
            return id;
        }
        let id = PortsId::try_from(self.sets.len()).unwrap_or(EMPTY);
        self.sets.push(set.clone());
        self.known.insert(set, id);
        id
    }

    fn intersection(&mut self, a: PortsId, b: PortsId) -> PortsId {
        if a == b || a == EMPTY || b == EMPTY {
            return a.min(b);
        }
        let pair = (a.min(b), a.max(b));
        if let Some(&id) = self.common.get(&pair) {
            return id;
        }
        let id = self.intern(self.get(a).intersection(self.get(b)));
        self.common.insert(pair, id);
        id
    }

    fn union(&mut self, a: PortsId, b: PortsId) -> PortsId {
        if a == b || a == EMPTY || b == EMPTY {
            return a.max(b);
        }
        let pair = (a.min(b), a.max(b));
        if let Some(&id) = self.joined.get(&pair) {
            return id;
        }
        let id = self.intern(self.get(a).union(self.get(b)));
        self.joined.insert(pair, id);
        id
    }
}
