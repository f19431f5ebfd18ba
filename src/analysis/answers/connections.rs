//! Every allowed connection between workloads, outside addresses and the ingress controller, streamed
//! in a fixed order and never stored.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use super::domain_names::DomainNames;
use super::filter::Filter;
use super::routes;
use crate::analysis::gates::gate_table::{GateTable, joined, open_cells};
use crate::analysis::gates::rows::Rows;
use crate::analysis::space::index::Index;
use crate::analysis::space::port_table::{EMPTY, PortTable, PortsId};
use crate::analysis::space::universe::Universe;
use crate::analysis::{Direction, Party};
use crate::cluster::{Node, Snapshot};
use crate::sets::PortSet;

/// An allowed connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection {
    /// The source.
    pub src: Party,
    /// The destination.
    pub dst: Party,
    /// The ports; never empty.
    pub ports: PortSet,
}

/// A connection as it is streamed.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The source.
    pub src: Party,
    /// The destination.
    pub dst: Party,
    /// The ports; never empty.
    pub ports: &'a PortSet,
    /// Equal for equal port sets of one stream: lets a writer format each set once.
    pub ports_id: usize,
}

/// A range of the lines of a [`Matrix`]; all chunks in order are all lines.
#[derive(Clone, Debug)]
pub enum Chunk {
    /// Those from these workloads.
    From(Range<usize>),
    /// Those from addresses to these workloads.
    Into(Range<usize>),
    /// Those from the ingress controller.
    Routed,
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
/// outside addresses both ways, that is allowed at some port; then for each workload that the ingress
/// controller reaches. Workloads as sources come first, in order, each with the workloads that it reaches
/// and then with addresses; then addresses to each workload.
///
/// Where the pods of a workload differ, a connection is listed if it is allowed for one of them
/// ([`notes`](crate::analysis::notes()) names these). A workload without pods has no connections.
pub fn for_each_connection(snapshot: &Snapshot, emit: impl FnMut(Line)) {
    Matrix::new(snapshot).for_each(emit);
}

/// For each workload, the classes of its pods, each once.
pub(in crate::analysis) fn classes_of_workloads(universe: &Universe) -> Vec<Vec<usize>> {
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

/// Ranges of addresses of one family, with ports; sorted, disjoint.
pub type Ranges = Vec<(IpAddr, IpAddr, PortSet)>;

/// The connections of one workload.
#[derive(Debug, Default)]
pub struct Reach {
    /// The ports allowed to each workload that it reaches.
    pub workloads: BTreeMap<usize, PortSet>,
    /// The addresses that it reaches.
    pub to: Ranges,
    /// The addresses that reach it.
    pub from: Ranges,
}

/// Lists the connections of a snapshot, as often as needed. A clone shares the large tables, so that each
/// worker can have its own.
#[derive(Clone)]
pub struct Matrix {
    pub(in crate::analysis) workloads: Arc<Vec<Vec<usize>>>,
    /// The class of each pod.
    pub(in crate::analysis) class_of: Arc<Vec<u32>>,
    pub(in crate::analysis) classes: usize,
    /// The pieces of the address axes, which follow the classes in the index space.
    pub(in crate::analysis) pieces: Arc<Vec<(IpAddr, IpAddr)>>,
    pub(in crate::analysis) domains: Arc<DomainNames>,
    pub(in crate::analysis) egress: Arc<GateTable>,
    pub(in crate::analysis) ingress: Arc<GateTable>,
    pub(in crate::analysis) ports: PortTable,
    /// For each workload, the ports allowed from the current source.
    line: Vec<PortsId>,
    /// For each class, the ports that the egress gate of the current source allows.
    out: Vec<PortsId>,
    /// The ports allowed from the ingress controller to workloads.
    routed: Arc<BTreeMap<usize, PortSet>>,
}

impl Matrix {
    /// Analyses the snapshot. If no nodes are given, one without labels and addresses stands for them.
    pub fn new(snapshot: &Snapshot) -> Self {
        let unknown_nodes = snapshot.nodes.is_empty();
        let with_node = unknown_nodes.then(|| Snapshot {
            nodes: vec![Node::unknown()],
            ..snapshot.clone()
        });
        let snapshot = with_node.as_ref().unwrap_or(snapshot);
        let universe = Universe::new(snapshot, &[&snapshot.policies]);
        let index = Index::new(&universe);
        let rows = |direction| Rows::new(&universe, &index, &snapshot.policies, direction);
        let (egress, ingress) =
            rayon::join(|| rows(Direction::Egress), || rows(Direction::Ingress));
        let reaches = routes::reaches(snapshot);
        let mut ports = PortTable::default();
        let classes = universe.classes.len();
        let mut table = |rows| Arc::new(GateTable::new(rows, classes, &mut ports));
        Self {
            egress: table(&egress),
            ingress: table(&ingress),
            workloads: Arc::new(classes_of_workloads(&universe)),
            classes,
            pieces: Arc::new(universe.pieces()),
            domains: Arc::new(match unknown_nodes {
                true => DomainNames::with_unknown_nodes(&universe),
                false => DomainNames::of(&universe),
            }),
            class_of: Arc::new(universe.class_of),
            ports,
            line: vec![EMPTY; snapshot.workloads.len()],
            out: vec![EMPTY; classes],
            routed: Arc::new(routes::ingress_controller(&reaches)),
        }
    }

    /// See [`for_each_connection`].
    pub fn for_each(&mut self, emit: impl FnMut(Line)) {
        self.for_each_of(&Filter::default(), emit);
    }

    /// The connections that pass a filter, in the same order, restricted to its addresses and ports.
    pub fn for_each_of(&mut self, filter: &Filter, mut emit: impl FnMut(Line)) {
        for chunk in self.chunks() {
            self.for_each_in(&chunk, filter, &mut emit);
        }
    }

    /// The lines of one chunk that pass a filter.
    pub fn for_each_in(&mut self, chunk: &Chunk, filter: &Filter, mut emit: impl FnMut(Line)) {
        let mut send = |src, dst, ports: &mut PortTable, id| {
            for_each_part(filter, (src, dst), id, ports, &mut emit);
        };
        match chunk {
            Chunk::From(sources) => {
                for src in sources.clone().filter(|&src| filter.wants_from(src)) {
                    let from = Party::Workload(src);
                    self.fill_line(src);
                    let reached = self.line.iter().enumerate();
                    for (dst, &id) in reached.filter(|(_, id)| **id != EMPTY) {
                        send(from, Party::Workload(dst), &mut self.ports, id);
                    }
                    for (range, id) in self.addresses(Direction::Egress, src) {
                        send(from, range, &mut self.ports, id);
                    }
                }
            }
            Chunk::Into(destinations) => {
                for dst in destinations.clone().filter(|&dst| filter.wants_to(dst)) {
                    for (range, id) in self.addresses(Direction::Ingress, dst) {
                        send(range, Party::Workload(dst), &mut self.ports, id);
                    }
                }
            }
            Chunk::Routed => {
                for (&dst, open) in self.routed.iter() {
                    let id = self.ports.intern(open.clone());
                    let to = Party::Workload(dst);
                    send(Party::IngressController, to, &mut self.ports, id);
                }
            }
        }
    }

    /// The ports allowed from one workload to workloads and to address ranges, and from address ranges to it.
    pub fn of(&mut self, workload: usize) -> Reach {
        self.fill_line(workload);
        let line = self.line.iter().enumerate();
        let open = line.filter(|(_, id)| **id != EMPTY);
        let out: Vec<(usize, PortsId)> = open.map(|(dst, &id)| (dst, id)).collect();
        let to = self.addresses(Direction::Egress, workload);
        let from = self.addresses(Direction::Ingress, workload);
        let set = |id: PortsId| self.ports.get(id).clone();
        let ranges = |found: Vec<(Party, PortsId)>| {
            let range = |(end, id)| match end {
                Party::Addresses { first, last } => Some((first, last, set(id))),
                _ => None,
            };
            found.into_iter().filter_map(range).collect()
        };
        Reach {
            workloads: out.into_iter().map(|(dst, id)| (dst, set(id))).collect(),
            to: ranges(to),
            from: ranges(from),
        }
    }

    /// The ports allowed from the ingress controller to workloads.
    pub(in crate::analysis) fn routed(&self) -> &BTreeMap<usize, PortSet> {
        &self.routed
    }

    pub(in crate::analysis) fn table(&self, direction: Direction) -> &GateTable {
        match direction {
            Direction::Egress => &self.egress,
            Direction::Ingress => &self.ingress,
        }
    }

    /// Fills `line` with the ports allowed from one workload to each other one.
    fn fill_line(&mut self, src: usize) {
        let Self {
            workloads,
            egress,
            ingress,
            ports,
            line,
            out,
            ..
        } = self;
        line.fill(EMPTY);
        for &class in &workloads[src] {
            out.fill(EMPTY);
            for (id, peers) in &egress.row(class).0 {
                for point in peers.iter() {
                    // What follows the classes is no pod.
                    let Some(open) = out.get_mut(point) else {
                        break;
                    };
                    *open = ports.union(*open, *id);
                }
            }
            let rows = ingress.rows.iter();
            let into: Vec<PortsId> = rows.map(|r| r.at(class, ports)).collect();
            for (open, targets) in line.iter_mut().zip(workloads.iter()) {
                for &target in targets.iter().filter(|&&target| out[target] != EMPTY) {
                    let gate = into[ingress.row_of_class[target]];
                    let both = ports.intersection(out[target], gate);
                    *open = ports.union(*open, both);
                }
            }
        }
        line[src] = EMPTY;
    }

    /// The maximal ranges of addresses that a workload may connect to (egress) or accept connections from.
    pub(in crate::analysis) fn addresses(
        &mut self,
        direction: Direction,
        workload: usize,
    ) -> Vec<(Party, PortsId)> {
        let table = match direction {
            Direction::Egress => &self.egress,
            Direction::Ingress => &self.ingress,
        };
        let cells = table.cells(&self.workloads[workload]);
        let points = self.classes..self.classes + self.pieces.len();
        let mut found: Vec<(Party, PortsId)> = Vec::new();
        if !cells
            .iter()
            .any(|(_, peers)| peers.intersects_range(points.clone()))
        {
            return found;
        }
        let mut known = Vec::new();
        let mut id = EMPTY;
        for (at, &(start, end)) in self.pieces.iter().enumerate() {
            if open_cells(&cells, self.classes + at, &mut known) {
                id = joined(&cells, &known, &mut self.ports);
            }
            match found.last_mut() {
                Some((Party::Addresses { first, last }, before))
                    if *before == id && first.is_ipv4() == start.is_ipv4() =>
                {
                    *last = end;
                }
                _ => {
                    let (first, last) = (start, end);
                    found.push((Party::Addresses { first, last }, id));
                }
            }
        }
        found.retain(|(_, id)| *id != EMPTY);
        found
    }
}

/// Emits the parts of one connection that pass a filter.
fn for_each_part(
    filter: &Filter,
    (src, dst): (Party, Party),
    id: PortsId,
    ports: &mut PortTable,
    emit: &mut impl FnMut(Line),
) {
    let line = |src, dst, id: PortsId, ports| Line {
        src,
        dst,
        ports,
        ports_id: id as usize,
    };
    if filter.is_all() {
        return emit(line(src, dst, id, ports.get(id)));
    }
    let (sources, destinations) = (filter.sources(src), filter.destinations(dst));
    if sources.is_empty() || destinations.is_empty() {
        return;
    }
    let id = match filter.ports_at(dst) {
        Some(wanted) => {
            let wanted = ports.intern(wanted);
            ports.intersection(id, wanted)
        }
        None => id,
    };
    if id == EMPTY {
        return;
    }
    for src in sources {
        for &dst in &destinations {
            emit(line(src, dst, id, ports.get(id)));
        }
    }
}
