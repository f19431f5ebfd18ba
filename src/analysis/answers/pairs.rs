//! The connections of one destination, or of one workload and outside addresses, without the rest of the matrix.

use std::collections::BTreeMap;

use super::connections::{Matrix, Ranges};
use crate::analysis::space::port_table::EMPTY;
use crate::analysis::{Direction, Party};
use crate::sets::PortSet;

impl Matrix {
    /// The ports allowed from each other workload to one.
    pub fn reaching(&mut self, workload: usize) -> BTreeMap<usize, PortSet> {
        let targets = self.workloads.get(workload).cloned().unwrap_or_default();
        let mut found = BTreeMap::new();
        for src in (0..self.workloads.len()).filter(|src| *src != workload) {
            let mut open = EMPTY;
            for &class in &self.workloads[src] {
                for &target in &targets {
                    let out = self.egress.row(class).at(target, &mut self.ports);
                    let gate = self.ingress.row(target).at(class, &mut self.ports);
                    let both = self.ports.intersection(out, gate);
                    open = self.ports.union(open, both);
                }
            }
            if open != EMPTY {
                found.insert(src, self.ports.get(open).clone());
            }
        }
        found
    }

    /// The ranges of addresses that a workload may connect to (egress) or accept connections from.
    pub fn outside(&mut self, direction: Direction, workload: usize) -> Ranges {
        let found = self.addresses(direction, workload);
        let range = |(end, id)| match end {
            Party::Addresses { first, last } => Some((first, last, self.ports.get(id).clone())),
            _ => None,
        };
        found.into_iter().filter_map(range).collect()
    }
}
