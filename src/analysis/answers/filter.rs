//! Filters of connections by source, destination and port.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::domain_names;
use crate::analysis::Party;
use crate::policy::Entity;
use crate::sets::{IpSet, PortSet};

/// Workloads and addresses: the start of paths, or one side of a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Indices into `Snapshot::workloads`, ascending, each once.
    pub workloads: Vec<usize>,
    /// Addresses that belong to no pod. As a start they include the ingress controller.
    pub outside: IpSet,
    /// For workloads with pods on nodes that have one of these addresses: such an address. A node always
    /// reaches its own pods (P2).
    pub hosted: BTreeMap<usize, IpAddr>,
    /// Domain names; no start, since only policies know of them.
    pub names: Vec<String>,
    /// Entities; no start either.
    pub entities: Vec<Entity>,
}

/// Which connections to list; the default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only from these, which never include the ingress controller.
    pub from: Option<Places>,
    /// Only to these.
    pub to: Option<Places>,
    /// Only at these.
    pub ports: Ports,
}

/// Ports to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ports {
    /// All of them.
    #[default]
    All,
    /// These ports, at every destination.
    These(PortSet),
    /// Other ports at each destination: those of a port name, or those behind a Service.
    ByDestination {
        /// By workload.
        workloads: Vec<PortSet>,
        /// At addresses.
        others: PortSet,
    },
}

impl Filter {
    /// Whether connections from the workload are listed.
    pub(in crate::analysis) fn wants_from(&self, workload: usize) -> bool {
        let from = self.from.as_ref();
        from.is_none_or(|places| places.workloads.binary_search(&workload).is_ok())
    }

    /// Whether connections to the workload are listed.
    pub(in crate::analysis) fn wants_to(&self, workload: usize) -> bool {
        let to = self.to.as_ref();
        to.is_none_or(|places| places.workloads.binary_search(&workload).is_ok())
    }

    /// Whether all connections are listed.
    pub(in crate::analysis) fn is_all(&self) -> bool {
        self.from.is_none() && self.to.is_none() && self.ports == Ports::All
    }

    /// The parts of a source that pass the filter: the source itself, or pieces of its range.
    pub(in crate::analysis) fn sources(&self, end: Party) -> Vec<Party> {
        parts(self.from.as_ref(), end)
    }

    /// The parts of a destination that pass the filter.
    pub(in crate::analysis) fn destinations(&self, end: Party) -> Vec<Party> {
        parts(self.to.as_ref(), end)
    }

    /// Those of the pieces of domain names that pass the filter.
    pub(in crate::analysis) fn names<'a>(&self, pieces: &'a [String]) -> Vec<&'a String> {
        match &self.to {
            None => pieces.iter().collect(),
            Some(places) => domain_names::asked(pieces, &places.names),
        }
    }

    /// The ports to list at destinations that are no workload; `None`: all of them.
    pub(in crate::analysis) fn ports_outside(&self) -> Option<PortSet> {
        match &self.ports {
            Ports::All => None,
            Ports::These(ports) => Some(ports.clone()),
            Ports::ByDestination { others, .. } => Some(others.clone()),
        }
    }

    /// The ports to list at a destination; `None`: all of them.
    pub(in crate::analysis) fn ports_at(&self, end: Party) -> Option<PortSet> {
        match (&self.ports, end) {
            (Ports::ByDestination { workloads, .. }, Party::Workload(at)) => {
                Some(workloads.get(at).cloned().unwrap_or_default())
            }
            _ => self.ports_outside(),
        }
    }
}

fn parts(wanted: Option<&Places>, end: Party) -> Vec<Party> {
    let Some(places) = wanted else {
        return vec![end];
    };
    match end {
        Party::Workload(at) => {
            let wanted = places.workloads.binary_search(&at).is_ok();
            wanted.then_some(end).into_iter().collect()
        }
        Party::Addresses { first, last } => {
            let inside = IpSet::range(first, last).intersection(&places.outside);
            let parts = inside.ranges();
            parts
                .map(|(first, last)| Party::Addresses { first, last })
                .collect()
        }
        Party::IngressController => Vec::new(),
    }
}
