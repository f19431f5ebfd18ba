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
    /// Of each name: the points of its IPv4 addresses and of its IPv6 addresses.
    points: Vec<[usize; 2]>,
    /// The point of the first entity.
    first_entity: usize,
    /// The points of IPv4 addresses, and those of IPv6 addresses.
    families: [Range<usize>; 2],
    /// The point of a node that stands for nodes that are not known, where policies name entities that are nodes.
    unknown_node: Option<usize>,
}

impl DomainNames {
    pub fn of(universe: &Universe) -> Self {
        let names = universe.domains.iter().map(|piece| piece.name.clone());
        let points = (0..universe.domains.len()).map(|at| universe.points_of_domain(at));
        Self {
            names: names.collect(),
            entities: universe.entities.clone(),
            points: points.collect(),
            first_entity: universe.entity_points().start,
            families: universe.family_points().into(),
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

    /// The names that a workload may connect to on ports that are not allowed to every address of a family, if `open` has
    /// the ports allowed to a point; with all their ports.
    pub fn accepted(
        &self,
        workload: usize,
        mut open: impl FnMut(usize) -> PortSet,
    ) -> Vec<ToDomain> {
        if self.names.is_empty() {
            return Vec::new();
        }
        let everywhere = self.everywhere(&mut open);
        let mut found = Vec::new();
        for (name, points) in self.names.iter().zip(&self.points) {
            let own = points.map(&mut open);
            let mut each = own.iter().zip(&everywhere);
            if each.any(|(own, everywhere)| !own.is_subset(everywhere)) {
                let [v4, v6] = own;
                found.push(ToDomain {
                    workload,
                    name: name.clone(),
                    ports: v4.union(&v6),
                });
            }
        }
        found
    }

    /// The entities at a gate of a workload, on ports that are not allowed for every address.
    pub fn entities_at(
        &self,
        (workload, direction): (usize, Direction),
        mut open: impl FnMut(usize) -> PortSet,
    ) -> Vec<WithEntity> {
        let nodes = self.unknown_node.map(|point| (point, Entity::RemoteNode));
        let mut points = self.points_of_entities().chain(nodes).peekable();
        if points.peek().is_none() {
            return Vec::new();
        }
        let [v4, v6] = self.everywhere(&mut open);
        let everywhere = v4.intersection(&v6);
        let all = points.map(|(point, entity)| (entity, open(point)));
        let accepted = all.filter(|(_, ports)| !ports.is_subset(&everywhere));
        let accepted = accepted.map(|(entity, ports)| WithEntity {
            workload,
            direction,
            entity,
            ports,
        });
        accepted.collect()
    }

    fn points_of_entities(&self) -> impl Iterator<Item = (usize, Entity)> + '_ {
        (self.first_entity..).zip(self.entities.iter().copied())
    }

    /// Whether policies mention none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.entities.is_empty()
    }

    /// The ports allowed at a gate for each entity, and for each name it opens connections to. What is allowed for every
    /// address is allowed for entities, and what is allowed for every address of a family for names, too.
    pub fn ports_at(
        &self,
        direction: Direction,
        mut open: impl FnMut(usize) -> PortSet,
    ) -> Vec<(Named, PortSet)> {
        let [v4, v6] = self.everywhere(&mut open);
        let mut found = Vec::new();
        if direction == Direction::Egress {
            for (name, points) in self.names.iter().zip(&self.points) {
                let own = points.map(&mut open);
                let ports = own.iter().fold(v4.union(&v6), |all, own| all.union(own));
                found.push((Named::Domain(name.clone()), ports));
            }
        }
        let everywhere = v4.intersection(&v6);
        let entities = self.points_of_entities();
        found.extend(entities.map(|(point, entity)| {
            let ports = open(point).union(&everywhere);
            (Named::Entity(entity), ports)
        }));
        found
    }

    /// The ports allowed for every IPv4 address, and for every IPv6 address.
    fn everywhere(&self, mut open: impl FnMut(usize) -> PortSet) -> [PortSet; 2] {
        self.families.clone().map(|mut addresses| {
            let everywhere = addresses.try_fold(PortSet::all(), |all, point| {
                Some(all.intersection(&open(point))).filter(|all| !all.is_empty())
            });
            everywhere.unwrap_or_default()
        })
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
