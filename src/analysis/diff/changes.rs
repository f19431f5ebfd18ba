//! Which connections two clusters have differently: pods, workloads and policies may all have changed.
//! Workloads are the same if namespace, name and kind are.

pub use super::change::{Change, Name};
use super::changed::{Changed, Half};
use super::compare::ways;
use super::merged::merged;
use super::units::Units;
use crate::analysis::Side;
use crate::analysis::space::universe::Universe;
use crate::cluster::Snapshot;
use crate::sets::PortSet;

/// Every change, sorted by source and destination. A workload that one side lacks has no connections
/// there; ranges of addresses that change alike and touch are one. Where policies tell the pods of a
/// workload apart and these do not all change alike, each is told of by itself.
pub fn changes(old: &Snapshot, new: &Snapshot) -> Vec<Change> {
    let all = merged(old, new);
    let universe = Universe::read_under(
        &all,
        &[&old.policies, &new.policies],
        &[old.assumptions, new.assumptions],
    );
    let first_pods = [0, old.pods.len()];
    let units = Units::new(&universe, [old, new], first_pods);
    let half = |at: usize, side| {
        let places = (&*units.places[at], units.names.len());
        Half::new(&universe, side, first_pods[at], places)
    };
    let halves = [half(0, old), half(1, new)];
    let found = Changed::new(&universe, &halves, &units.names).all();
    units.joined(found)
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

/// How the policies of two clusters stand to each other, gate by gate, for the pods of the new one and for
/// pods that do not exist yet, on either side of the gate. A port name may stand for any port.
pub fn policy_relation(old: &Snapshot, new: &Snapshot) -> Relation {
    let old = Side {
        cluster: new,
        ..old.into()
    };
    let ways = ways(old, new.into());
    related(ways.wider, ways.narrower)
}
