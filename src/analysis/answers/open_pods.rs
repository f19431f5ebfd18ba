//! Workloads that policies leave open to all pods: a graph draws them through one node, instead of an arrow for each
//! two of them.

use super::connections::Matrix;
use super::filter::{Filter, Ports};
use crate::analysis::Party;
use crate::analysis::gates::gate_table::GateTable;
use crate::cluster::Snapshot;
use crate::sets::{Bits, PortSet};

/// A node of a graph: every source may connect to every destination, on the same ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// For each workload, whether its egress is allowed to every pod.
    sources: Vec<bool>,
    /// For each workload, whether its ingress is allowed from every pod.
    destinations: Vec<bool>,
    /// All ports, or those of the filter.
    pub ports: PortSet,
}

impl Hub {
    /// The hub of a graph of the connections that pass a filter; none if it would not save arrows.
    pub fn of(snapshot: &Snapshot, matrix: &Matrix, filter: &Filter) -> Option<Self> {
        let ports = match &filter.ports {
            Ports::All => PortSet::all(),
            Ports::These(ports) => ports.clone(),
            Ports::ByDestination { .. } => return None,
        };
        let own = |gates: &GateTable, wanted: &dyn Fn(usize) -> bool| -> Vec<bool> {
            let open = matrix.open(gates).into_iter().enumerate();
            open.map(|(at, open)| open && wanted(at)).collect()
        };
        let found = Self {
            sources: own(&matrix.egress, &|at| filter.wants_from(at)),
            destinations: own(&matrix.ingress, &|at| filter.wants_to(at)),
            ports,
        };
        let same = (0..snapshot.workloads.len()).filter(|&at| found.connects(at, at));
        let pairs = count(&found.sources) * count(&found.destinations) - same.count();
        (pairs > found.arrows()).then_some(found)
    }

    /// Whether a connection goes through the hub.
    pub fn covers(&self, src: Party, dst: Party) -> bool {
        matches!((src, dst), (Party::Workload(from), Party::Workload(to)) if self.connects(from, to))
    }

    /// Whether a workload has an arrow to the hub.
    pub fn is_source(&self, workload: usize) -> bool {
        self.sources.get(workload).copied().unwrap_or(false)
    }

    /// Whether a workload has an arrow from the hub.
    pub fn is_destination(&self, workload: usize) -> bool {
        self.destinations.get(workload).copied().unwrap_or(false)
    }

    /// The number of its arrows.
    pub fn arrows(&self) -> usize {
        count(&self.sources) + count(&self.destinations)
    }

    fn connects(&self, from: usize, to: usize) -> bool {
        self.is_source(from) && self.is_destination(to)
    }
}

fn count(list: &[bool]) -> usize {
    list.iter().filter(|is| **is).count()
}

impl Matrix {
    /// For each workload, whether it has pods and all their gates are open to all pods on all ports.
    fn open(&self, gates: &GateTable) -> Vec<bool> {
        let pods = Bits::full(self.classes);
        let open = gates.rows.iter().map(|row| {
            let wide = row.0.iter().filter(|(_, peers)| pods.is_subset(peers));
            let ports: PortSet = wide.map(|(id, _)| self.ports.get(*id).clone()).collect();
            ports.is_all()
        });
        let open: Vec<bool> = open.collect();
        let is_open = |class: &usize| open[gates.row_of_class[*class]];
        let workloads = self.workloads.iter();
        workloads
            .map(|classes| !classes.is_empty() && classes.iter().all(is_open))
            .collect()
    }
}
