//! Which connections two clusters have differently: pods, workloads and policies may all have changed.
//! Workloads are the same if namespace, name and kind are.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::compare::ways;
use super::connections::{Matrix, Ranges, Reach};
use crate::cluster::Snapshot;
use crate::sets::PortSet;

/// One end of a changed connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// A workload of either side.
    Workload(Name),
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
    let (mut before, mut after) = (Side::new(old), Side::new(new));
    let names: BTreeSet<Name> = before
        .places
        .keys()
        .chain(after.places.keys())
        .cloned()
        .collect();
    let mut found = Vec::new();
    for name in &names {
        let (old, new) = (before.of(name), after.of(name));
        let own = Party::Workload(name.clone());
        for (other, old, new) in differing(&before.by_name(&old), &after.by_name(&new)) {
            found.push(Change {
                src: own.clone(),
                dst: Party::Workload(other),
                old,
                new,
            });
        }
        for (range, old, new) in differing_ranges(&old.to, &new.to) {
            let (src, dst) = (own.clone(), range);
            found.push(Change { src, dst, old, new });
        }
        for (range, old, new) in differing_ranges(&old.from, &new.from) {
            let (src, dst) = (range, own.clone());
            found.push(Change { src, dst, old, new });
        }
    }
    for (name, old, new) in differing(&before.routed(), &after.routed()) {
        found.push(Change {
            src: Party::IngressController,
            dst: Party::Workload(name),
            old,
            new,
        });
    }
    found.sort_unstable();
    found
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

/// One of the two clusters.
struct Side {
    matrix: Matrix,
    names: Vec<Name>,
    places: BTreeMap<Name, usize>,
}

impl Side {
    fn new(snapshot: &Snapshot) -> Self {
        let name = |w: &crate::cluster::Workload| Name {
            namespace: w.namespace.clone(),
            name: w.name.clone(),
            kind: w.kind.clone(),
        };
        let names: Vec<Name> = snapshot.workloads.iter().map(name).collect();
        let places = names.iter().enumerate().map(|(at, n)| (n.clone(), at));
        Self {
            matrix: Matrix::new(snapshot),
            places: places.collect(),
            names,
        }
    }

    fn of(&mut self, name: &Name) -> Reach {
        let place = self.places.get(name).copied();
        place.map(|at| self.matrix.of(at)).unwrap_or_default()
    }

    fn by_name(&self, reach: &Reach) -> BTreeMap<Name, PortSet> {
        self.named(&reach.workloads)
    }

    fn routed(&self) -> BTreeMap<Name, PortSet> {
        self.named(self.matrix.routed())
    }

    fn named(&self, ports: &BTreeMap<usize, PortSet>) -> BTreeMap<Name, PortSet> {
        let ports = ports.iter();
        ports
            .map(|(at, p)| (self.names[*at].clone(), p.clone()))
            .collect()
    }
}

fn differing(
    old: &BTreeMap<Name, PortSet>,
    new: &BTreeMap<Name, PortSet>,
) -> Vec<(Name, PortSet, PortSet)> {
    let names: BTreeSet<&Name> = old.keys().chain(new.keys()).collect();
    let ports = |side: &BTreeMap<Name, PortSet>, name| side.get(name).cloned().unwrap_or_default();
    let both = names
        .into_iter()
        .map(|n| (n.clone(), ports(old, n), ports(new, n)));
    both.filter(|(_, old, new)| differ(old, new)).collect()
}

/// No API says what it means for other protocols (1.6), so a difference in those alone is none.
fn differ(old: &PortSet, new: &PortSet) -> bool {
    let numbered = PortSet::all_numbered();
    old.intersection(&numbered) != new.intersection(&numbered)
}

/// An address as a number; the families lie apart.
type Place = (bool, u128);

fn place(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(a) => (false, u32::from(a).into()),
        IpAddr::V6(a) => (true, a.into()),
    }
}

fn address((v6, number): Place) -> IpAddr {
    match u32::try_from(number) {
        Ok(number) if !v6 => Ipv4Addr::from(number).into(),
        _ => Ipv6Addr::from(number).into(),
    }
}

/// Both lists cut at all their bounds, joined again where old and new agree.
fn differing_ranges(old: &Ranges, new: &Ranges) -> Vec<(Party, PortSet, PortSet)> {
    let ends = [(false, u128::from(u32::MAX)), (true, u128::MAX)];
    let mut starts: BTreeSet<Place> = [(false, 0), (true, 0)].into();
    for (first, last, _) in old.iter().chain(new) {
        let (first, last) = (place(*first), place(*last));
        starts.insert(first);
        if !ends.contains(&last) {
            starts.insert((last.0, last.1 + 1));
        }
    }
    let starts: Vec<Place> = starts.into_iter().collect();
    let mut found: Vec<(Place, Place, PortSet, PortSet)> = Vec::new();
    for (at, &start) in starts.iter().enumerate() {
        let end = match starts.get(at + 1) {
            Some(next) if next.0 == start.0 => (start.0, next.1 - 1),
            _ => ends[usize::from(start.0)],
        };
        let (old, new) = (ports_at(old, start), ports_at(new, start));
        if !differ(&old, &new) {
            continue;
        }
        match found.last_mut() {
            Some((_, last, o, n))
                if last.0 == start.0 && last.1 + 1 == start.1 && *o == old && *n == new =>
            {
                *last = end;
            }
            _ => found.push((start, end, old, new)),
        }
    }
    let party = |first, last| Party::Addresses {
        first: address(first),
        last: address(last),
    };
    let found = found.into_iter();
    found
        .map(|(first, last, old, new)| (party(first, last), old, new))
        .collect()
}

fn ports_at(ranges: &Ranges, at: Place) -> PortSet {
    let after = ranges.partition_point(|(first, _, _)| place(*first) <= at);
    let range = after.checked_sub(1).and_then(|before| ranges.get(before));
    match range {
        Some((_, last, ports)) if place(*last) >= at => ports.clone(),
        _ => PortSet::empty(),
    }
}
