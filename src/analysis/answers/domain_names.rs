//! The domain names and entities that policies mention, and which of them a gate accepts.

use std::ops::Range;

use crate::analysis::diff::named::Named;
use crate::analysis::space::universe::Universe;
use crate::policy::{Direction, Entity};
use crate::sets::{DomainPattern, PortSet};

/// A domain name that a workload may connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToDomain {
    /// Index into `Snapshot::workloads`.
    pub workload: usize,
    /// A name, or a pattern such as `*.example.com`: the names that no policy distinguishes from it.
    pub name: String,
    /// The ports; never empty.
    pub ports: PortSet,
}

/// An entity that a workload may connect to, or that may connect to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithEntity {
    /// Index into `Snapshot::workloads`.
    pub workload: usize,
    /// Seen from the workload.
    pub direction: Direction,
    /// One of [`Entity::OPAQUE`]; or [`Entity::RemoteNode`], if the snapshot has no nodes.
    pub entity: Entity,
    /// The ports; never empty.
    pub ports: PortSet,
}

/// The names and entities that policies mention, and their places among the points of a universe.
#[derive(Debug)]
pub(in crate::analysis) struct DomainNames {
    pub names: Vec<String>,
    pub entities: Vec<Entity>,
    /// The point of the first name; the entities follow the names.
    first: usize,
    addresses: Range<usize>,
    /// The point of a node that stands for nodes that are not known, where policies name entities that are nodes.
    unknown_node: Option<usize>,
}

impl DomainNames {
    pub fn of(universe: &Universe) -> Self {
        let names = universe.domains.iter().map(|piece| piece.name.clone());
        Self {
            names: names.collect(),
            entities: universe.entities.clone(),
            first: universe.domain_points().start,
            addresses: universe.address_points(),
            unknown_node: None,
        }
    }

    /// The same, where the only node stands for nodes that are not known.
    pub fn with_unknown_nodes(universe: &Universe) -> Self {
        let named = universe.entities.contains(&Entity::Host);
        Self {
            unknown_node: universe.node_points().next().filter(|_| named),
            ..Self::of(universe)
        }
    }

    /// The names that a workload may connect to on ports that are not allowed to every address, if `open` has the
    /// ports allowed to a point.
    pub fn accepted(&self, workload: usize, open: impl FnMut(usize) -> PortSet) -> Vec<ToDomain> {
        let points = self.first..self.first + self.names.len();
        let accepted = self.beside_addresses(points, open).into_iter();
        let accepted = accepted.map(|(at, ports)| ToDomain {
            workload,
            name: self.names[at].clone(),
            ports,
        });
        accepted.collect()
    }

    /// The entities at a gate of a workload, on ports that are not allowed for every address.
    pub fn entities_at(
        &self,
        (workload, direction): (usize, Direction),
        open: impl FnMut(usize) -> PortSet,
    ) -> Vec<WithEntity> {
        let start = self.first + self.names.len();
        let entities = (start..).zip(self.entities.iter().copied());
        let nodes = self.unknown_node.map(|point| (point, Entity::RemoteNode));
        let (points, named): (Vec<_>, Vec<_>) = entities.chain(nodes).unzip();
        let accepted = self.beside_addresses(points, open).into_iter();
        let accepted = accepted.map(|(at, ports)| WithEntity {
            workload,
            direction,
            entity: named[at],
            ports,
        });
        accepted.collect()
    }

    /// Whether policies mention none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.entities.is_empty()
    }

    /// The ports allowed at a gate for each entity, and for each name it opens connections to. What is allowed for every
    /// address is allowed for them, too.
    pub fn ports_at(
        &self,
        direction: Direction,
        mut open: impl FnMut(usize) -> PortSet,
    ) -> Vec<(Named, PortSet)> {
        let everywhere = self.everywhere(&mut open);
        let names = self.names.iter().cloned().map(Named::Domain);
        let entities = self.entities.iter().copied().map(Named::Entity);
        let all = (self.first..).zip(names.chain(entities));
        all.filter(|(_, other)| direction == Direction::Egress || matches!(other, Named::Entity(_)))
            .map(|(point, other)| (other, open(point).union(&everywhere)))
            .collect()
    }

    /// The ports allowed for every address.
    fn everywhere(&self, mut open: impl FnMut(usize) -> PortSet) -> PortSet {
        let mut addresses = self.addresses.clone();
        let everywhere = addresses.try_fold(PortSet::all(), |all, point| {
            Some(all.intersection(&open(point))).filter(|all| !all.is_empty())
        });
        everywhere.unwrap_or_default()
    }

    /// The places among some points of those with ports that are not allowed for every address, with all their ports.
    fn beside_addresses(
        &self,
        points: impl IntoIterator<Item = usize>,
        mut open: impl FnMut(usize) -> PortSet,
    ) -> Vec<(usize, PortSet)> {
        let mut points = points.into_iter().peekable();
        if points.peek().is_none() {
            return Vec::new();
        }
        let everywhere = self.everywhere(&mut open);
        let all = points.map(open).enumerate();
        all.filter(|(_, ports)| !ports.is_subset(&everywhere))
            .collect()
    }
}

/// Those of the pieces of names that some asked names are in: the piece of that name, else all that have names in
/// common with it.
pub(in crate::analysis) fn asked<'a>(pieces: &'a [String], asked: &[String]) -> Vec<&'a String> {
    let of = |name: &String| -> Vec<&'a String> {
        if let Some(same) = pieces.iter().find(|piece| *piece == name) {
            return vec![same];
        }
        let pattern = DomainPattern::subdomains(name);
        let common = |piece: &&String| DomainPattern::subdomains(piece).overlaps(&pattern);
        pieces.iter().filter(common).collect()
    };
    asked.iter().flat_map(of).collect()
}
