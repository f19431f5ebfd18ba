//! A part of the connections: from here, to there, at these ports.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::analysis::Party;
use crate::sets::{IpSet, PortSet};

/// Workloads and addresses: where ways begin, or what is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Indices into `Snapshot::workloads`, ascending, each once.
    pub workloads: Vec<usize>,
    /// Addresses that belong to no pod. As a start they also have what serves Ingress and Route objects.
    pub outside: IpSet,
    /// For workloads with pods on nodes whose addresses are among these: such an address. From there they
    /// are always reached (P2).
    pub hosted: BTreeMap<usize, IpAddr>,
}

/// What is asked for; nothing said means everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only from these. The ingress controller is none of them.
    pub from: Option<Places>,
    /// Only to these.
    pub to: Option<Places>,
    /// Only at these.
    pub ports: Ports,
}

/// Ports that are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ports {
    /// All of them.
    #[default]
    All,
    /// The same everywhere.
    These(PortSet),
    /// Those of a name: for each workload as destination its own; none outside.
    Named(Vec<PortSet>),
}

impl Filter {
    /// Whether connections from the workload are asked for.
    pub(in crate::analysis) fn wants_from(&self, workload: usize) -> bool {
        let from = self.from.as_ref();
        from.is_none_or(|places| places.workloads.binary_search(&workload).is_ok())
    }

    /// Whether connections to the workload are asked for.
    pub(in crate::analysis) fn wants_to(&self, workload: usize) -> bool {
        let to = self.to.as_ref();
        to.is_none_or(|places| places.workloads.binary_search(&workload).is_ok())
    }

    /// Whether everything is asked for.
    pub(in crate::analysis) fn is_all(&self) -> bool {
        self.from.is_none() && self.to.is_none() && self.ports == Ports::All
    }

    /// The parts of one end as source that are asked for: itself, or pieces of its range.
    pub(in crate::analysis) fn sources(&self, end: Party) -> Vec<Party> {
        parts(self.from.as_ref(), end)
    }

    /// The parts of one end as destination that are asked for.
    pub(in crate::analysis) fn destinations(&self, end: Party) -> Vec<Party> {
        parts(self.to.as_ref(), end)
    }

    /// The ports that are asked for at a destination; none: all of them.
    pub(in crate::analysis) fn ports_at(&self, end: Party) -> Option<PortSet> {
        match (&self.ports, end) {
            (Ports::All, _) => None,
            (Ports::These(ports), _) => Some(ports.clone()),
            (Ports::Named(ports), Party::Workload(at)) => {
                Some(ports.get(at).cloned().unwrap_or_default())
            }
            (Ports::Named(_), _) => Some(PortSet::empty()),
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
