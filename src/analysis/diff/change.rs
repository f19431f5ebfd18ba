//! A connection that two clusters have differently.

use std::sync::Arc;

use crate::analysis::Party;
use crate::cluster::Workload;
use crate::sets::PortSet;

/// What a workload is known by on both sides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its API kind.
    pub kind: String,
    /// The one of its pods that is meant, where policies tell them apart.
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

    /// The name of the workload, whichever pod is meant.
    #[must_use]
    pub fn whole(&self) -> Self {
        Self {
            pod: None,
            ..self.clone()
        }
    }
}

/// A connection that is open at other ports than before; one of the sets may be empty. From a workload to
/// itself it is one between its replicas.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Who opens it.
    pub src: Party<Arc<Name>>,
    /// To whom.
    pub dst: Party<Arc<Name>>,
    /// The ports before.
    pub old: PortSet,
    /// The ports after.
    pub new: PortSet,
}

impl Change {
    /// Whether it is within one workload: between replicas, or between pods that are told apart.
    pub fn is_within(&self) -> bool {
        match (&self.src, &self.dst) {
            (Party::Workload(a), Party::Workload(b)) => a.whole() == b.whole(),
            _ => false,
        }
    }
}
