//! Splits the lines of a matrix into chunks of work, and lists the possible ends of lines.

use std::ops::Range;

pub use super::connections::Chunk;
use super::connections::Matrix;
use crate::analysis::gates::gate_table::GateTable;
use crate::analysis::{Direction, Party};
use crate::sets::hash::HashSet;

impl Matrix {
    /// All lines in chunks of about equal work, in order.
    pub fn chunks(&self) -> Vec<Chunk> {
        /// Pairs of ends in a chunk, about.
        const PAIRS: usize = 1 << 14;
        let count = self.workloads.len();
        let chunks = |each: usize, part: fn(Range<usize>) -> Chunk| {
            let starts = (0..count).step_by(each.max(1));
            starts.map(move |start| part(start..(start + each.max(1)).min(count)))
        };
        let from = chunks(PAIRS / (count + self.pieces.len() + 1), Chunk::From);
        let into = chunks(PAIRS / (self.pieces.len() + 1), Chunk::Into);
        from.chain(into).chain([Chunk::Routed]).collect()
    }

    /// The ends that may occur as source and as destination of a line. An upper bound: a source has an egress
    /// gate that allows something, a destination an ingress gate that does.
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
