//! One difference between the connections of two clusters.

use std::sync::Arc;

use crate::analysis::Party;
use crate::cluster::Workload;
use crate::sets::PortSet;

/// The identity of a workload on both sides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its API kind.
    pub kind: String,
    /// One of its pods, where policies distinguish them.
    pub pod: Option<String>,
}

impl Name {
    /// The name of a workload.
    pub fn of(workload: &Workload) -> Self {
        Self {
            namespace: workload.namespace.clone(),
            name: workload.name.clone(),
            kind: workload.kind.clone(),
            pod: None,
        }
    }

    /// The name of the workload, without the pod.
    #[must_use]
    pub fn whole(&self) -> Self {
        Self {
            pod: None,
            ..self.clone()
        }
    }
}

/// A connection whose allowed ports changed; one of the sets may be empty. From a workload to itself it is
/// one between its replicas.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The source.
    pub src: Party<Arc<Name>>,
    /// The destination.
    pub dst: Party<Arc<Name>>,
    /// The ports before.
    pub old: PortSet,
    /// The ports after.
    pub new: PortSet,
}

impl Change {
    /// The ports that only the new side allows, as [`beyond`].
    pub fn opened(&self) -> PortSet {
        beyond(&self.new, &self.old)
    }

    /// The ports that only the old side allows, as [`beyond`].
    pub fn closed(&self) -> PortSet {
        beyond(&self.old, &self.new)
    }

    /// Whether it is within one workload: between replicas, or between pods that policies distinguish.
    pub fn is_within(&self) -> bool {
        match (&self.src, &self.dst) {
            (Party::Workload(a), Party::Workload(b)) => a.whole() == b.whole(),
            _ => false,
        }
    }
}

/// The ports beyond the known ones. The APIs leave protocols without port numbers undefined (1.6), so a
/// difference in those alone does not count.
pub fn beyond(ports: &PortSet, known: &PortSet) -> PortSet {
    let numbered = ports.intersection(&PortSet::all_numbered());
    match numbered.difference(known) {
        more if more.is_empty() => more,
        _ => ports.difference(known),
    }
}
