//! Connections between replicas of one workload, which the list of connections leaves out.

use std::collections::BTreeMap;

use super::connections::Matrix;
use super::filter::Filter;
use crate::analysis::Party;
use crate::analysis::space::port_table::EMPTY;
use crate::cluster::Snapshot;
use crate::sets::PortSet;

/// What policies allow between the replicas of one workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmongReplicas {
    /// Index into `Snapshot::workloads`.
    pub workload: usize,
    /// The ports allowed from one replica to another; empty: denied.
    pub ports: PortSet,
}

impl Matrix {
    /// The workloads of several pods between which policies do not allow everything, with the ports they allow;
    /// of what a filter asks for. As in the list, a port counts if it is allowed between two of the pods.
    pub fn among_replicas(&mut self, snapshot: &Snapshot, filter: &Filter) -> Vec<AmongReplicas> {
        let workloads = snapshot.workloads.iter().enumerate();
        let asked = workloads.filter(|(at, _)| filter.wants_from(*at) && filter.wants_to(*at));
        let found = asked.filter_map(|(workload, own)| {
            let classes = self.class_of.get(own.pods.clone())?;
            let classes = counted(classes);
            if classes.values().sum::<usize>() < 2 {
                return None;
            }
            let open = self.between(&classes);
            let wanted = filter.ports_at(Party::Workload(workload));
            let wanted = wanted.unwrap_or_else(PortSet::all);
            let ports = open.intersection(&wanted);
            (ports != wanted).then_some(AmongReplicas { workload, ports })
        });
        found.collect()
    }

    /// The ports allowed between two different pods of these classes, of which there are so many pods each.
    fn between(&mut self, classes: &BTreeMap<usize, usize>) -> PortSet {
        let mut all = EMPTY;
        for (&from, &count) in classes {
            for &to in classes.keys().filter(|&&to| to != from || count > 1) {
                let out = self.egress.row(from).at(to, &mut self.ports);
                let into = self.ingress.row(to).at(from, &mut self.ports);
                let both = self.ports.intersection(out, into);
                all = self.ports.union(all, both);
            }
        }
        self.ports.get(all).clone()
    }
}

/// The number of each class.
fn counted(classes: &[u32]) -> BTreeMap<usize, usize> {
    let mut found = BTreeMap::new();
    for &class in classes {
        *found.entry(class as usize).or_insert(0) += 1;
    }
    found
}
