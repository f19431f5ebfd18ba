//! Multi-hop reachability from workloads or from outside, breadth first, with the hops.
//!
//! A hop is a connection that the policies allow at some port: an attacker who controls a workload can open
//! every connection that the workload can. Hops are computed by workload; where its pods differ, what one
//! of them may do counts. Addresses are only the first or last end of a path: no path leads through them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::connections::{Connection, Matrix};
pub use super::filter::Places;
use crate::analysis::space::port_table::{EMPTY, PortsId};
use crate::analysis::{Direction, Party};
use crate::cluster::Snapshot;
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::{IpSet, PortSet};

/// Everything that can be reached, each workload once, by a shortest path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// By number of hops, from one: the last hop of a shortest path to each end, sorted by destination. Its
    /// source is a start or was reached one layer before; of several the first counts. Address ranges are
    /// not split where one hop reaches all of a range at the same ports.
    pub layers: Vec<Vec<Connection>>,
    /// The workloads that are starts.
    starts: Vec<usize>,
    /// For each workload, and the ingress controller: the layer, and the index in it.
    found: BTreeMap<Party, (usize, usize)>,
}

impl Reach {
    /// The number of hops of a shortest path to the workload; 0 for a start, `None` if it is unreachable.
    pub fn hops_to(&self, workload: usize) -> Option<usize> {
        if self.starts.binary_search(&workload).is_ok() {
            return Some(0);
        }
        let found = self.found.get(&Party::Workload(workload));
        found.map(|(layer, _)| layer + 1)
    }

    /// The hops of a shortest path to the workload; empty for a start, `None` if it is unreachable.
    pub fn path_to(&self, workload: usize) -> Option<Vec<Connection>> {
        if self.starts.binary_search(&workload).is_ok() {
            return Some(Vec::new());
        }
        let last = self.hop_to(Party::Workload(workload))?;
        Some(self.path_with(last.clone()))
    }

    /// The hops of a shortest path from a workload to one of these addresses, the last of them to one range.
    pub fn path_outside(&self, addresses: &IpSet) -> Option<Vec<Connection>> {
        let mut hops = self.layers.iter().flatten();
        let last = hops.find_map(|hop| {
            let Party::Addresses { first, last } = hop.dst else {
                return None;
            };
            let wanted = IpSet::range(first, last).intersection(addresses);
            let (first, last) = wanted.ranges().next()?;
            Some(Connection {
                dst: Party::Addresses { first, last },
                ..hop.clone()
            })
        })?;
        Some(self.path_with(last))
    }

    fn hop_to(&self, place: Party) -> Option<&Connection> {
        let (layer, at) = self.found.get(&place)?;
        self.layers.get(*layer)?.get(*at)
    }

    /// The hops that lead to `last`, and `last`.
    fn path_with(&self, last: Connection) -> Vec<Connection> {
        let mut hops = vec![last];
        while let Some(hop) = hops.last().and_then(|hop| self.hop_to(hop.src)) {
            hops.push(hop.clone());
        }
        hops.reverse();
        hops
    }
}

/// [`Matrix::reach`] of a snapshot, without a matrix to reuse.
pub fn reach(snapshot: &Snapshot, from: &Places) -> Reach {
    Matrix::new(snapshot).reach(from)
}

impl Matrix {
    /// What can be reached from these starts in any number of hops. The ingress controller counts as a hop;
    /// access to it is not analysed, so the hop to it has every port. Start addresses are not reached again.
    pub fn reach(&mut self, from: &Places) -> Reach {
        let mut starts = from.workloads.clone();
        starts.retain(|&at| at < self.workloads.len());
        starts.sort_unstable();
        starts.dedup();
        let mut search = Search::new(self, from, &starts);
        let mut layers: Vec<Vec<Connection>> = Vec::new();
        let mut found = BTreeMap::new();
        let mut frontier: Vec<Party> = starts.iter().copied().map(Party::Workload).collect();
        loop {
            let mut layer = Vec::new();
            for &place in &frontier {
                search.hops_from(place, &mut layer);
            }
            if layers.is_empty() {
                search.hops_from_outside(&mut layer);
            }
            if layer.is_empty() {
                break;
            }
            layer.sort_unstable_by_key(|hop| hop.dst);
            let on = |e: &Party| !matches!(e, Party::Addresses { .. });
            frontier = layer.iter().map(|hop| hop.dst).filter(on).collect();
            let number = layers.len();
            let places = layer.iter().enumerate();
            let reached = places.filter(|(_, hop)| on(&hop.dst));
            found.extend(reached.map(|(at, hop)| (hop.dst, (number, at))));
            layers.push(layer);
        }
        Reach {
            layers,
            starts,
            found,
        }
    }
}

/// The state of a search: what has not been reached yet.
struct Search<'a> {
    matrix: &'a mut Matrix,
    from: &'a Places,
    /// For each class, the workloads that have pods of it.
    workloads_of: Vec<Vec<usize>>,
    reached: Vec<bool>,
    /// For each row of the ingress table, the classes with that row that have not been reached.
    closed: Vec<Vec<usize>>,
    /// For each piece of the address axes, whether it has been reached.
    reached_pieces: Vec<bool>,
    /// For each row of the egress table, whether its addresses have been visited.
    looked_at: Vec<bool>,
}

impl<'a> Search<'a> {
    fn new(matrix: &'a mut Matrix, from: &'a Places, starts: &[usize]) -> Self {
        let mut reached = vec![false; matrix.workloads.len()];
        for &start in starts {
            reached[start] = true;
        }
        let mut workloads_of = vec![Vec::new(); matrix.classes];
        for (workload, classes) in matrix.workloads.iter().enumerate() {
            for &class in classes {
                workloads_of[class].push(workload);
            }
        }
        let mut closed = vec![Vec::new(); matrix.ingress.rows.len()];
        for (class, workloads) in workloads_of.iter().enumerate() {
            if workloads.iter().any(|&w| !reached[w]) {
                closed[matrix.ingress.row_of_class[class]].push(class);
            }
        }
        Self {
            from,
            workloads_of,
            reached,
            closed,
            reached_pieces: vec![false; matrix.pieces.len()],
            looked_at: vec![false; matrix.egress.rows.len()],
            matrix,
        }
    }

    /// The hops from one end to what has not been reached.
    fn hops_from(&mut self, place: Party, layer: &mut Vec<Connection>) {
        match place {
            Party::Workload(src) => {
                for class in self.matrix.workloads[src].clone() {
                    for dst in self.reached_from(class) {
                        let ports = self.ports(src, dst);
                        layer.push(hop(place, Party::Workload(dst), ports));
                    }
                }
                self.hops_to_addresses(src, layer);
            }
            Party::IngressController => {
                for (&dst, ports) in self.matrix.routed() {
                    if !std::mem::replace(&mut self.reached[dst], true) {
                        layer.push(hop(place, Party::Workload(dst), ports.clone()));
                    }
                }
            }
            Party::Addresses { .. } => {}
        }
    }

    /// The workloads that pods of a class reach and that have not been reached before.
    fn reached_from(&mut self, class: usize) -> Vec<usize> {
        let Matrix {
            egress,
            ingress,
            ports,
            ..
        } = &mut *self.matrix;
        let mut found = Vec::new();
        for (row, closed) in self.closed.iter_mut().enumerate() {
            if closed.is_empty() {
                continue;
            }
            let gate = ingress.rows[row].at(class, ports);
            if gate == EMPTY {
                continue;
            }
            let cells = egress.row(class).0.iter();
            let open: Vec<_> = cells
                .filter(|(id, _)| ports.intersection(*id, gate) != EMPTY)
                .collect();
            closed.retain(|&target| {
                let hit = open.iter().any(|(_, peers)| peers.contains(target));
                if hit {
                    found.extend(&self.workloads_of[target]);
                }
                !hit
            });
        }
        found.retain(|&workload| !std::mem::replace(&mut self.reached[workload], true));
        found
    }

    /// The ports allowed from one workload to another.
    fn ports(&mut self, src: usize, dst: usize) -> PortSet {
        let Matrix {
            workloads,
            egress,
            ingress,
            ports,
            ..
        } = &mut *self.matrix;
        let mut all: PortsId = EMPTY;
        for &from in &workloads[src] {
            for &to in &workloads[dst] {
                let out = egress.row(from).at(to, ports);
                let into = ingress.row(to).at(from, ports);
                let both = ports.intersection(out, into);
                all = ports.union(all, both);
            }
        }
        ports.get(all).clone()
    }

    fn hops_to_addresses(&mut self, src: usize, layer: &mut Vec<Connection>) {
        let table = &self.matrix.egress;
        let rows = self.matrix.workloads[src].iter();
        let rows: Vec<usize> = rows.map(|&class| table.row_of_class[class]).collect();
        if rows.iter().all(|&row| self.looked_at[row]) {
            return;
        }
        for row in rows {
            self.looked_at[row] = true;
        }
        let from = Party::Workload(src);
        let ranges = self.matrix.addresses(Direction::Egress, src);
        let pieces = &self.matrix.pieces;
        let mut at = 0;
        for (range, id) in ranges {
            let Party::Addresses { first, last } = range else {
                continue;
            };
            let mut new = IpSet::empty();
            // Both lists are in the order of the axes.
            while let Some(&(start, end)) = pieces.get(at) {
                let inside = start.is_ipv4() == first.is_ipv4() && start >= first && end <= last;
                if inside && !std::mem::replace(&mut self.reached_pieces[at], true) {
                    new = new.union(&IpSet::range(start, end));
                }
                at += 1;
                if inside && end == last {
                    break;
                }
            }
            for (first, last) in new.difference(&self.from.outside).ranges() {
                let ports = self.matrix.ports.get(id).clone();
                layer.push(hop(from, Party::Addresses { first, last }, ports));
            }
        }
    }

    fn hops_from_outside(&mut self, layer: &mut Vec<Connection>) {
        let Some((first, last)) = self.from.outside.ranges().next() else {
            return;
        };
        let mut known: HashMap<Vec<usize>, Option<Opening>> = HashMap::new();
        for dst in 0..self.reached.len() {
            if self.reached[dst] {
                continue;
            }
            if let Some(&node) = self.from.hosted.get(&dst) {
                self.reached[dst] = true;
                let src = Party::Addresses {
                    first: node,
                    last: node,
                };
                layer.push(hop(src, Party::Workload(dst), PortSet::all()));
                continue;
            }
            let rows = &self.matrix.ingress.row_of_class;
            let classes = self.matrix.workloads[dst].iter();
            let gates: Vec<usize> = classes.map(|&class| rows[class]).collect();
            let open = match known.get(&gates) {
                Some(open) => *open,
                None => {
                    let open = self.opening(dst);
                    known.insert(gates, open);
                    open
                }
            };
            if let Some(((first, last), id)) = open {
                self.reached[dst] = true;
                let ports = self.matrix.ports.get(id).clone();
                let src = Party::Addresses { first, last };
                layer.push(hop(src, Party::Workload(dst), ports));
            }
        }
        if !self.matrix.routed().is_empty() {
            let src = Party::Addresses { first, last };
            layer.push(hop(src, Party::IngressController, PortSet::all()));
        }
    }

    /// The first start addresses that may connect to a workload.
    fn opening(&mut self, dst: usize) -> Option<Opening> {
        let outside = &self.from.outside;
        let open = self.matrix.addresses(Direction::Ingress, dst).into_iter();
        let mut open = open.filter_map(|(range, id)| match range {
            Party::Addresses { first, last } => {
                let inside = IpSet::range(first, last).intersection(outside);
                inside.ranges().next().map(|range| (range, id))
            }
            _ => None,
        });
        open.next()
    }
}

/// A range of addresses, and the ports allowed from it.
type Opening = ((IpAddr, IpAddr), PortsId);

fn hop(src: Party, dst: Party, ports: PortSet) -> Connection {
    Connection { src, dst, ports }
}
