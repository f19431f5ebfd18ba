//! Compares two sides: the connections that the new one opens and closes, as names and as arrows of the
//! document. A side is a document with its policies in force, or manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis;
use crate::analysis::changes::{self, Change, Name, NamedChange, Relation, relation};
use crate::analysis::conditions::{ConditionChange, condition_changes};
use crate::cluster::{Assumptions, Snapshot};
use crate::load::Loaded;
use crate::model::{Document, NodeRef, WorkloadId};
use crate::proof::InForce;
use crate::query::party::{self, Joined, Open, Pair};
use crate::sets::{IpSet, PortSet};

/// One of two clusters that are compared.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// The cluster.
    pub snapshot: Snapshot,
    /// The document that it came from, if any.
    pub document: Option<Document>,
}

impl Side {
    /// A document, with its generated and imported policies.
    pub fn drawn(document: &Document) -> Self {
        let in_force = InForce::read(document, &crate::proof::generate(document));
        Self::in_force(document, &in_force)
    }

    /// A document with these policies in force.
    pub fn in_force(document: &Document, in_force: &InForce) -> Self {
        Self {
            snapshot: in_force.cluster.snapshot.clone(),
            document: Some(document.clone()),
        }
    }

    /// Manifests.
    pub fn loaded(loaded: Loaded) -> Self {
        Self {
            snapshot: loaded.snapshot,
            document: loaded.project,
        }
    }
}

/// Whether a connection is new or gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Only the new side allows it.
    Opens,
    /// Only the old side allows it.
    Closes,
}

/// One end of a connection that differs, by name: two documents or clusters share no ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// A workload of either side.
    Workload(Arc<Name>),
    /// An external or a node of one of the documents; the canvas node of the new one that shows it.
    External(String, Option<NodeRef>),
    /// Addresses of no external and no node.
    Addresses(IpSet),
    /// What serves Ingress and Route objects.
    IngressController,
}

/// A connection that one side allows and the other does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Which side allows it.
    pub way: Way,
    /// The source.
    pub from: Party,
    /// The destination.
    pub to: Party,
    /// The ports; never empty.
    pub ports: PortSet,
}

/// Differences aggregated for the document of the new side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArrowChange {
    /// Which side allows them.
    pub way: Way,
    /// From where to where.
    pub joined: Joined,
}

/// The result of a comparison.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The same as a report writes it.
    pub changes: Vec<Change>,
    /// The domain names and entities that workloads connect to, or are reached from, on other ports.
    pub named: Vec<NamedChange>,
    /// Conditions that the analysis does not model, where they differ.
    pub conditions: Vec<ConditionChange>,
    /// How the connections of the new side relate to those of the old one.
    pub relation: Relation,
    /// How the policies of the new side relate to those of the old one, future pods included.
    pub policies: Relation,
    /// What opens, and then what closes; each sorted by its ends.
    pub differences: Vec<Difference>,
    /// Workloads that only the old side has.
    pub only_old: Vec<Name>,
    /// Workloads that only the new side has.
    pub only_new: Vec<Name>,
    /// The assumptions of the old side and of the new one.
    pub assumptions: [Assumptions; 2],

    /// Arrows for the document of the new side, if it has one.
    pub arrows: Vec<ArrowChange>,
    /// How many differences have no arrow: an end is not drawn, or there are too many.
    pub without_arrow: usize,
}

/// More arrows than these are aggregated by namespace.
const MOST: usize = 80;
/// More arrows than these are not drawn at all.
const LIMIT: usize = 200;

/// Compares two sides. What the ingress controller reaches counts only between two sets of manifests, because
/// a document has no Ingress objects.
pub fn compare(old: &Side, new: &Side) -> Comparison {
    let (mut changes, named) = changes::all_changes(&old.snapshot, &new.snapshot);
    if old.document.is_some() != new.document.is_some() {
        changes.retain(|c| c.src != analysis::Party::IngressController);
    }
    let differences = differences(&changes, &book(old, new));
    let (arrows, without_arrow) = match &new.document {
        Some(document) => arrows(document, &differences),
        None => (Vec::new(), differences.len()),
    };
    let (before, after) = (names(&old.snapshot), names(&new.snapshot));
    Comparison {
        relation: relation(&changes, &named),
        policies: changes::policy_relation(&old.snapshot, &new.snapshot),
        only_old: before.difference(&after).cloned().collect(),
        only_new: after.difference(&before).cloned().collect(),
        assumptions: [old.snapshot.assumptions, new.snapshot.assumptions],
        conditions: condition_changes(&old.snapshot, &new.snapshot),
        changes,
        named,
        differences,
        arrows,
        without_arrow,
    }
}

/// The connections of two documents that differ: what opens, and then what closes; each sorted by its ends.
pub(super) fn of_connections(old: &Side, new: &Side) -> Vec<Difference> {
    let changes = changes::changes(&old.snapshot, &new.snapshot);
    differences(&changes, &book(old, new))
}

impl Comparison {
    /// How many connections open, or close.
    pub fn count(&self, way: Way) -> usize {
        self.of(way).len()
    }

    /// What opens, or what closes.
    pub fn of(&self, way: Way) -> &[Difference] {
        let opens = self.differences.partition_point(|d| d.way == Way::Opens);
        let (open, close) = self.differences.split_at(opens);
        match way {
            Way::Opens => open,
            Way::Closes => close,
        }
    }
}

impl Party {
    /// The node that shows it in the document of the new side.
    pub fn party(&self, workloads: &BTreeMap<Name, WorkloadId>) -> Option<party::Party> {
        match self {
            Self::Workload(name) => {
                let id = workloads.get(&name.whole())?;
                Some(party::Party::Drawn(NodeRef::Workload(*id)))
            }
            Self::External(_, Some(node)) => Some(party::Party::Drawn(*node)),
            Self::External(_, None) | Self::Addresses(_) => Some(party::Party::Outside),
            Self::IngressController => None,
        }
    }
}

/// The workloads of a document by the names that match them across sides.
pub fn drawn_names(document: &Document) -> BTreeMap<Name, WorkloadId> {
    let named = document.workloads.iter().filter_map(|(id, workload)| {
        let name = Name {
            namespace: document.namespaces.get(workload.namespace)?.name.clone(),
            name: workload.name.clone(),
            kind: workload.kind.clone(),
            pod: None,
        };
        Some((name, id))
    });
    named.collect()
}

fn names(snapshot: &Snapshot) -> BTreeSet<Name> {
    snapshot.workloads.iter().map(Name::of).collect()
}

/// Names of address sets.
type Book = Vec<(Party, IpSet)>;

/// The externals and nodes of the new side, and those of the old one that are no longer there; one that
/// holds another comes before it, so that addresses are called by the widest name that fits.
fn book(old: &Side, new: &Side) -> Book {
    let mut book: Book = Vec::new();
    for (side, known) in [(new, true), (old, false)] {
        let Some(document) = &side.document else {
            continue;
        };
        for (node, set) in party::addressed(document) {
            let name = document.node_name(node).to_owned();
            if book.iter().all(|(_, other)| *other != set) {
                book.push((Party::External(name, known.then_some(node)), set));
            }
        }
    }
    book.sort_by_cached_key(|(place, set)| (std::cmp::Reverse(size(set)), place.clone()));
    book
}

fn size(set: &IpSet) -> u128 {
    let number = |address: std::net::IpAddr| match address {
        std::net::IpAddr::V4(a) => u128::from(u32::from(a)),
        std::net::IpAddr::V6(a) => a.into(),
    };
    let ranges = set.ranges();
    let sizes = ranges.map(|(first, last)| number(last) - number(first));
    sizes.fold(0, |all, one| all.saturating_add(one).saturating_add(1))
}

/// A workload's side of connections with addresses: whether it opens them, and which way they changed.
type Gate = (Way, Arc<Name>, bool);

fn differences(changes: &[Change], book: &Book) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut outside: BTreeMap<Gate, Open> = BTreeMap::new();
    for change in changes {
        let ways = [
            (Way::Opens, change.opened()),
            (Way::Closes, change.closed()),
        ];
        for (way, ports) in ways.into_iter().filter(|(_, ports)| !ports.is_empty()) {
            use analysis::Party::{Addresses, IngressController, Workload};
            match (&change.src, &change.dst) {
                (Workload(name), Addresses { first, last }) => outside
                    .entry((way, name.clone(), true))
                    .or_default()
                    .push((IpSet::range(*first, *last), ports)),
                (Addresses { first, last }, Workload(name)) => outside
                    .entry((way, name.clone(), false))
                    .or_default()
                    .push((IpSet::range(*first, *last), ports)),
                (src, Workload(to)) => found.push(Difference {
                    way,
                    from: match src {
                        Workload(from) => Party::Workload(from.clone()),
                        Addresses { .. } | IngressController => Party::IngressController,
                    },
                    to: Party::Workload(to.clone()),
                    ports,
                }),
                _ => {}
            }
        }
    }
    for ((way, name, sends), open) in outside {
        for (place, ports) in named(open, book) {
            let own = Party::Workload(name.clone());
            let (from, to) = if sends { (own, place) } else { (place, own) };
            found.push(Difference {
                way,
                from,
                to,
                ports,
            });
        }
    }
    found.sort_unstable();
    found
}

/// The owners of addresses: externals all of whose addresses are among them, and the rest.
fn named(mut open: Open, book: &Book) -> Vec<(Party, PortSet)> {
    let mut found = Vec::new();
    for (place, addresses) in book {
        let mut rest = addresses.clone();
        let mut common: Option<PortSet> = None;
        for (set, ports) in &open {
            if set.intersection(addresses).is_empty() {
                continue;
            }
            rest = rest.difference(set);
            common = Some(match common {
                Some(known) => known.intersection(ports),
                None => ports.clone(),
            });
        }
        let Some(common) = common.filter(|common| rest.is_empty() && !common.is_empty()) else {
            continue;
        };
        open = open
            .into_iter()
            .flat_map(|(set, ports)| {
                let inside = (set.intersection(addresses), ports.difference(&common));
                [inside, (set.difference(addresses), ports)]
            })
            .filter(|(set, ports)| !set.is_empty() && !ports.is_empty())
            .collect();
        found.push((place.clone(), common));
    }
    let mut left: BTreeMap<PortSet, IpSet> = BTreeMap::new();
    for (set, ports) in open {
        let known = left.entry(ports).or_insert_with(IpSet::empty);
        *known = known.union(&set);
    }
    let left = left.into_iter();
    found.extend(left.map(|(ports, set)| (Party::Addresses(set), ports)));
    found
}

/// Arrows for a document, and how many differences have none.
fn arrows(document: &Document, differences: &[Difference]) -> (Vec<ArrowChange>, usize) {
    let workloads = drawn_names(document);
    let mut found: Vec<ArrowChange> = Vec::new();
    for way in [Way::Opens, Way::Closes] {
        let of = differences.iter().filter(|d| d.way == way);
        let pairs: Vec<Pair> = of
            .filter_map(|d| {
                let (from, to) = (d.from.party(&workloads)?, d.to.party(&workloads)?);
                Some((from, to, d.ports.clone()))
            })
            .collect();
        let joined = party::join(document, pairs, MOST);
        let joined = joined.into_iter().take(LIMIT);
        found.extend(joined.map(|joined| ArrowChange { way, joined }));
    }
    let shown = found.iter().map(|drawn| drawn.joined.pairs).sum::<usize>();
    (found, differences.len().saturating_sub(shown))
}

#[cfg(test)]
mod tests;
