//! Who reaches whom, compared with the drawn flows: one row, one column or a list at a time, so that the
//! whole matrix is never in memory.

mod entries;
mod list;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

pub use entries::{Axis, AxisEntries};
pub use list::{Entry, Listed, Mark};

use crate::analysis::connections::{Ranges, Reach};
use crate::analysis::query::open_ports;
use crate::analysis::{Direction, Endpoint, Matrix};
use crate::cluster::Snapshot;
use crate::model::NodeRef;
use crate::query::Results;
use crate::query::drawn::DrawnConnections;
use crate::query::why::PairVerdict;
use crate::sets::PortSet;
use crate::sets::hash::{HashMap, HashMapExt};

/// What may pass from one entry to another, and what is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// The ports that are allowed.
    pub allowed: PortSet,
    /// The ports that are drawn.
    pub drawn: PortSet,
    /// Drawn, and not allowed.
    pub blocked: PortSet,
    /// Allowed, not drawn, and isolated by the document.
    pub wide: PortSet,
    /// Drawn, not allowed, and left out because it cannot be expressed.
    pub inexpressible: PortSet,
    /// Allowed in a wider form than drawn; of a domain name, addresses are allowed in its place.
    pub approximated: PortSet,
}

impl Cell {
    /// Of one pair: what is allowed, what flows cover, what of that cannot be expressed or is approximated, and what is
    /// intended.
    pub fn new(
        allowed: PortSet,
        covered: &PortSet,
        (inexpressible, approximated): (&PortSet, &PortSet),
        intended: &PortSet,
    ) -> Self {
        let drawn = covered.intersection(intended);
        let approximated = approximated.intersection(intended);
        let missing = drawn.difference(&allowed).difference(&approximated);
        Self {
            blocked: missing.difference(inexpressible),
            inexpressible: missing.intersection(inexpressible),
            wide: allowed.difference(intended),
            approximated,
            allowed,
            drawn,
        }
    }

    /// Whether nothing is allowed and nothing drawn.
    pub fn is_empty(&self) -> bool {
        self.allowed.is_empty() && self.drawn.is_empty()
    }

    /// Its worst verdict.
    pub fn verdict(&self) -> PairVerdict {
        if !self.blocked.is_empty() {
            PairVerdict::Blocked
        } else if !self.wide.is_empty() {
            PairVerdict::NotDrawn
        } else if !self.inexpressible.is_empty() {
            PairVerdict::CannotExpress
        } else if !self.approximated.is_empty() {
            PairVerdict::Approximated
        } else if self.allowed.intersects(&self.drawn) {
            PairVerdict::Drawn
        } else if !self.allowed.is_empty() {
            PairVerdict::Open
        } else {
            PairVerdict::Denied
        }
    }

    /// Merges the cell of another pair into it.
    pub fn add(&mut self, other: &Self) {
        let join = |own: &mut PortSet, more: &PortSet| {
            if !more.is_subset(own) {
                *own = own.union(more);
            }
        };
        join(&mut self.allowed, &other.allowed);
        join(&mut self.drawn, &other.drawn);
        join(&mut self.blocked, &other.blocked);
        join(&mut self.wide, &other.wide);
        join(&mut self.inexpressible, &other.inexpressible);
        join(&mut self.approximated, &other.approximated);
    }

    /// A port that shows the verdict.
    pub fn example(&self) -> Option<(crate::sets::Protocol, u16)> {
        let sets = [
            &self.blocked,
            &self.wide,
            &self.inexpressible,
            &self.approximated,
            &self.allowed,
        ];
        sets.into_iter().find_map(|ports| ports.example())
    }
}

/// The cells of a row that are not empty, by column.
pub type Row = Vec<(u32, Arc<Cell>)>;

/// Answers rows and columns; made once for some [`Results`].
pub struct ReachMatrix {
    results: Arc<Results>,
    entries: AxisEntries,
    matrix: Matrix,
    /// Of what is intended; none while nothing is drawn.
    intended: Option<Matrix>,
    drawn: DrawnConnections,
    cells: HashMap<Cell, Arc<Cell>>,
}

impl ReachMatrix {
    /// Analyses the policies in force.
    pub fn new(results: &Arc<Results>) -> Self {
        let (document, in_force) = (&results.document, &results.in_force);
        let drawn = DrawnConnections::new(document, &results.generated, in_force);
        Self {
            entries: AxisEntries::new(document, &in_force.cluster),
            matrix: Matrix::new(&in_force.cluster.snapshot),
            intended: drawn.intended().map(Matrix::new),
            drawn,
            cells: HashMap::new(),
            results: Arc::clone(results),
        }
    }

    /// What rows and columns are about.
    pub fn entries(&self) -> &AxisEntries {
        &self.entries
    }

    fn snapshot(&self) -> &Snapshot {
        &self.results.in_force.cluster.snapshot
    }

    /// The cells from an entry to each other one.
    pub fn row(&mut self, from: usize) -> BTreeMap<usize, Cell> {
        match self.entries.node(from) {
            Some(NodeRef::External(_) | NodeRef::Node(_)) => self.external_row(from),
            Some(_) => self.workload_row(from),
            None => BTreeMap::new(),
        }
    }

    /// The cells from each other entry to one.
    pub fn column(&mut self, to: usize) -> BTreeMap<usize, Cell> {
        match self.entries.node(to) {
            Some(NodeRef::External(_) | NodeRef::Node(_)) => self.external_column(to),
            Some(_) => self.workload_column(to),
            None => BTreeMap::new(),
        }
    }

    fn workload_row(&mut self, at: usize) -> BTreeMap<usize, Cell> {
        let reach = self.matrix.of(at);
        let drawn = self.drawn.row(self.snapshot(), at);
        let intended = self.intended.as_mut().map(|matrix| matrix.of(at));
        let pairs = merged(reach.workloads, drawn);
        let mut found = BTreeMap::new();
        for (to, allowed, drawn) in pairs.filter(|(to, ..)| *to != at) {
            let ports = |reach: &Reach| reach.workloads.get(&to).cloned().unwrap_or_default();
            let intended = intended.as_ref().map(ports);
            let (Some(a), Some(b)) = (self.first_pod(at), self.first_pod(to)) else {
                continue;
            };
            found.insert(to, self.pair((&a, &b), allowed, &drawn, intended));
        }
        let ranges = (&reach.to, intended.as_ref().map(|reach| &reach.to));
        for other in self.entries.externals() {
            found.insert(other, self.outside(at, other, ranges, Direction::Egress));
        }
        found.retain(|_, cell| !cell.is_empty());
        found
    }

    fn workload_column(&mut self, at: usize) -> BTreeMap<usize, Cell> {
        let into = self.matrix.reaching(at);
        let drawn = self.drawn.column(self.snapshot(), at);
        let intended = self.intended.as_mut().map(|matrix| matrix.reaching(at));
        let mut found = BTreeMap::new();
        for (from, allowed, drawn) in merged(into, drawn).filter(|(from, ..)| *from != at) {
            let intended = intended.as_ref();
            let intended = intended.map(|all| all.get(&from).cloned().unwrap_or_default());
            let (Some(a), Some(b)) = (self.first_pod(from), self.first_pod(at)) else {
                continue;
            };
            found.insert(from, self.pair((&a, &b), allowed, &drawn, intended));
        }
        let (now, intended) = self.ranges(Direction::Ingress, at);
        for other in self.entries.externals() {
            let ranges = (&now, intended.as_ref());
            found.insert(other, self.outside(at, other, ranges, Direction::Ingress));
        }
        found.retain(|_, cell| !cell.is_empty());
        found
    }

    fn external_row(&mut self, entry: usize) -> BTreeMap<usize, Cell> {
        self.of_external(entry, Direction::Ingress)
    }

    fn external_column(&mut self, entry: usize) -> BTreeMap<usize, Cell> {
        self.of_external(entry, Direction::Egress)
    }

    /// What passes the gates of all workloads in one direction, from or to an external.
    fn of_external(&mut self, external: usize, direction: Direction) -> BTreeMap<usize, Cell> {
        let mut found = BTreeMap::new();
        for at in 0..self.snapshot().workloads.len() {
            let (now, intended) = self.ranges(direction, at);
            let ranges = (&now, intended.as_ref());
            found.insert(at, self.outside(at, external, ranges, direction));
        }
        found.retain(|_, cell| !cell.is_empty());
        found
    }

    /// What passes between a workload and addresses now, and what is intended to.
    fn ranges(&mut self, direction: Direction, at: usize) -> (Ranges, Option<Ranges>) {
        let intended = self.intended.as_mut();
        (
            self.matrix.outside(direction, at),
            intended.map(|matrix| matrix.outside(direction, at)),
        )
    }

    /// One pod of a workload.
    fn first_pod(&self, workload: usize) -> Option<Endpoint> {
        let workload = self.snapshot().workloads.get(workload)?;
        workload.pods.clone().next().map(Endpoint::Pod)
    }

    /// `intended`: none while nothing is drawn, so that nothing can be wrong.
    fn pair(
        &self,
        (from, to): (&Endpoint, &Endpoint),
        allowed: PortSet,
        drawn: &PortSet,
        intended: Option<PortSet>,
    ) -> Cell {
        let missing = !drawn.is_subset(&allowed);
        let inexpressible = match missing {
            true => self.drawn.inexpressible(self.snapshot(), from, to),
            false => PortSet::empty(),
        };
        let approximated = self.drawn.approximated(self.snapshot(), from, to, &allowed);
        let intended = intended.unwrap_or_else(|| allowed.clone());
        let beside = (&inexpressible, &approximated);
        Cell::new(allowed, drawn, beside, &intended)
    }

    /// What passes between a workload and the addresses, domain names and entities of an external.
    fn outside(
        &self,
        at: usize,
        external: usize,
        (ranges, intended): (&Ranges, Option<&Ranges>),
        direction: Direction,
    ) -> Cell {
        let mut cell = Cell::default();
        let Some(own) = self.first_pod(at) else {
            return cell;
        };
        for end in self.entries.ends(external) {
            let (allowed, intended) = match end {
                Endpoint::Address(address) => (
                    open_at(ranges, *address),
                    intended.map(|ranges| open_at(ranges, *address)),
                ),
                Endpoint::Domain(_) | Endpoint::Entity(_) => {
                    let ports = |snapshot| named(snapshot, at, end, direction);
                    (ports(self.snapshot()), self.drawn.intended().map(ports))
                }
                _ => continue,
            };
            let (from, to) = match direction {
                Direction::Egress => (&own, end),
                Direction::Ingress => (end, &own),
            };
            let drawn = self.drawn.ports(self.snapshot(), from, to);
            cell.add(&self.pair((from, to), allowed, &drawn, intended));
        }
        cell
    }

    /// A row of the matrix, equal cells shared.
    pub fn shared_row(&mut self, axis: Axis, from: usize) -> Row {
        let mut merged: BTreeMap<usize, Cell> = BTreeMap::new();
        for entry in self.entries.members(axis, from) {
            for (to, cell) in self.row(entry) {
                let to = self.entries.place(axis, to);
                if axis == Axis::Workloads || to != from {
                    merged.entry(to).or_default().add(&cell);
                }
            }
        }
        let column = |to: usize| u32::try_from(to).unwrap_or(u32::MAX);
        let cells = &mut self.cells;
        merged
            .into_iter()
            .map(|(to, cell)| (column(to), share(cells, cell)))
            .collect()
    }
}

/// What passes between a workload and a domain name or an entity, of which only the pod's gate is known.
fn named(snapshot: &Snapshot, workload: usize, end: &Endpoint, direction: Direction) -> PortSet {
    let pods = snapshot.workloads.get(workload).map(|w| w.pods.clone());
    let pods = pods.into_iter().flatten().map(Endpoint::Pod);
    match direction {
        Direction::Egress => pods
            .map(|pod| open_ports(snapshot, &pod, end, &PortSet::all()))
            .collect(),
        Direction::Ingress if matches!(end, Endpoint::Entity(_)) => pods
            .map(|pod| open_ports(snapshot, end, &pod, &PortSet::all()))
            .collect(),
        // The addresses that it would come from are unknown.
        Direction::Ingress => PortSet::empty(),
    }
}

fn share(cells: &mut HashMap<Cell, Arc<Cell>>, cell: Cell) -> Arc<Cell> {
    if let Some(known) = cells.get(&cell) {
        return Arc::clone(known);
    }
    let shared = Arc::new(cell.clone());
    cells.insert(cell, Arc::clone(&shared));
    shared
}

/// Both, by workload: what is allowed, what is drawn.
fn merged(
    mut allowed: BTreeMap<usize, PortSet>,
    mut drawn: BTreeMap<usize, PortSet>,
) -> impl Iterator<Item = (usize, PortSet, PortSet)> {
    let mut keys: Vec<usize> = allowed.keys().chain(drawn.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().map(move |key| {
        let allowed = allowed.remove(&key).unwrap_or_default();
        (key, allowed, drawn.remove(&key).unwrap_or_default())
    })
}

fn open_at(ranges: &Ranges, address: IpAddr) -> PortSet {
    let of = ranges.iter().filter(|(first, last, _)| {
        first.is_ipv4() == address.is_ipv4() && *first <= address && address <= *last
    });
    of.map(|(_, _, ports)| ports.clone()).collect()
}
