//! The lines of a matrix in parts, and what may stand on either side of them.

use std::ops::Range;

use super::connections::Matrix;
pub use super::connections::Part;
use crate::analysis::gates::gate_table::GateTable;
use crate::analysis::{Direction, Party};
use crate::sets::hash::HashSet;

impl Matrix {
    /// All lines in parts that are worth a worker's while, in order.
    pub fn parts(&self) -> Vec<Part> {
        /// About so many pairs are a part.
        const PAIRS: usize = 1 << 14;
        let count = self.workloads.len();
        let parts = |each: usize, part: fn(Range<usize>) -> Part| {
            let starts = (0..count).step_by(each.max(1));
            starts.map(move |start| part(start..(start + each.max(1)).min(count)))
        };
        let from = parts(PAIRS / (count + self.pieces.len() + 1), Part::From);
        let into = parts(PAIRS / (self.pieces.len() + 1), Part::Into);
        from.chain(into).chain([Part::Routed]).collect()
    }

    /// What may stand on either side of some line: sources, then destinations. Of two workloads it is
    /// only known that one sends something somewhere and the other takes something from somebody.
    pub fn ends(&mut self) -> (Vec<Party>, Vec<Party>) {
        let of = |table: &GateTable| -> Vec<Party> {
            let workloads = self.workloads.iter().enumerate();
            let some = workloads.filter(|(_, classes)| !table.cells(classes).is_empty());
            some.map(|(at, _)| Party::Workload(at)).collect()
        };
        let (mut sources, mut destinations) = (of(&self.egress), of(&self.ingress));
        for (direction, found) in [
            (Direction::Egress, &mut destinations),
            (Direction::Ingress, &mut sources),
        ] {
            let mut known: HashSet<Vec<usize>> = HashSet::default();
            for workload in 0..self.workloads.len() {
                let rows = self.table(direction).rows_of(&self.workloads[workload]);
                if known.insert(rows) {
                    let ranges = self.addresses(direction, workload).into_iter();
                    found.extend(ranges.map(|(range, _)| range));
                }
            }
        }
        let routed = self.routed().keys().map(|&at| Party::Workload(at));
        destinations.extend(routed);
        if !self.routed().is_empty() {
            sources.push(Party::IngressController);
        }
        (sources, destinations)
    }
}
