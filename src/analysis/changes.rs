//! Which connections two clusters have differently: pods, workloads and policies may all have changed.
//! Workloads are the same if namespace, name and kind are.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::changed::{Changed, Half};
use super::compare::ways;
use super::merged::merged;
use super::universe::Universe;
use crate::cluster::{Snapshot, Workload};
use crate::sets::PortSet;

/// One end of a changed connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// A workload of either side.
    Workload(Arc<Name>),
    /// Addresses that belong to no pod.
    Addresses {
        /// The first.
        first: IpAddr,
        /// The last, of the same family.
        last: IpAddr,
    },
    /// What serves Ingress and Route objects.
    IngressController,
}

/// What a workload is known by on both sides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its API kind.
    pub kind: String,
}

impl Name {
    /// The name of a workload.
    pub fn of(workload: &Workload) -> Self {
        Self {
            namespace: workload.namespace.clone(),
            name: workload.name.clone(),
            kind: workload.kind.clone(),
        }
    }
}

/// A connection that is open at other ports than before; one of the sets may be empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Who opens it.
    pub src: Party,
    /// To whom.
    pub dst: Party,
    /// The ports before.
    pub old: PortSet,
    /// The ports after.
    pub new: PortSet,
}

/// Every change, sorted by source and destination. A workload that one side lacks has no connections
/// there; ranges of addresses that change alike and touch are one.
pub fn changes(old: &Snapshot, new: &Snapshot) -> Vec<Change> {
    let all = merged(old, new);
    let universe = Universe::new(&all, &[&old.policies, &new.policies]);
    let names = names([old, new]);
    let old_half = Half::new(&universe, old, 0, &names);
    let new_half = Half::new(&universe, new, old.pods.len(), &names);
    let halves = [old_half, new_half];
    let names = names.into_keys().map(Arc::new).collect();
    Changed::new(&universe, &halves, names).all()
}

/// How two sets of connections stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// They are the same.
    Equal,
    /// The new one allows everything that the old one does, and more.
    Wider,
    /// The new one allows less, and nothing more.
    Narrower,
    /// Each allows something that the other does not.
    Apart,
}

/// What the changes come to.
pub fn relation(changes: &[Change]) -> Relation {
    let numbered = PortSet::all_numbered();
    let beyond = |a: &PortSet, b: &PortSet| !a.intersection(&numbered).is_subset(b);
    let more = changes.iter().any(|c| beyond(&c.new, &c.old));
    let less = changes.iter().any(|c| beyond(&c.old, &c.new));
    related(more, less)
}

/// By whether the new one allows more somewhere, and less somewhere.
fn related(more: bool, less: bool) -> Relation {
    match (more, less) {
        (false, false) => Relation::Equal,
        (true, false) => Relation::Wider,
        (false, true) => Relation::Narrower,
        (true, true) => Relation::Apart,
    }
}

/// How the policies of two clusters stand to each other, gate by gate over the pods of the new one, pods
/// that do not exist yet included. Policies that are equal here allow the same wherever they are put.
pub fn policy_relation(old: &Snapshot, new: &Snapshot) -> Relation {
    let before = Snapshot {
        policies: old.policies.clone(),
        ..new.clone()
    };
    let ways = ways(&before, new);
    related(ways.wider, ways.narrower)
}

/// Every workload of either side, numbered by name.
fn names(both: [&Snapshot; 2]) -> BTreeMap<Name, usize> {
    let workloads = both.into_iter().flat_map(|side| &side.workloads);
    let mut names: BTreeMap<Name, usize> = workloads.map(|w| (Name::of(w), 0)).collect();
    for (place, number) in names.values_mut().zip(0..) {
        *place = number;
    }
    names
}
