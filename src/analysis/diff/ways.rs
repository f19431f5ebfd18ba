//! The part of a gate that only one of two sides allows.

use std::borrow::Cow;
use std::sync::Arc;

use crate::analysis::Direction;
use crate::analysis::gates::tiers::Space;
use crate::analysis::space::universe::{Point, Universe};
use crate::sets::{Bits, PortSet};

/// The directions in which two sets of policies differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::analysis) struct Ways {
    /// The actual one allows something that the intended one does not.
    pub wider: bool,
    /// The other way round.
    pub narrower: bool,
}

impl Ways {
    /// Adds a difference.
    pub fn add(&mut self, wider: bool) {
        match wider {
            true => self.wider = true,
            false => self.narrower = true,
        }
    }

    pub fn both(self) -> bool {
        self.wider && self.narrower
    }
}

/// The ports at which the gate on each side has a domain name as a peer of its own. Nobody connects from a name (C35). A name
/// stands for IPv4 or for IPv6 addresses, and what is allowed towards one of them is allowed towards the name; what is allowed
/// towards every address of a family is allowed towards every name, too, unless rules deny names or pass them to the next tier.
pub(in crate::analysis) struct DomainPorts<'a> {
    universe: &'a Universe<'a>,
    direction: Direction,
    rows: [&'a [(PortSet, Arc<Bits>)]; 2],
    /// The ports allowed towards every address of a family: by the intended cells, and by the actual ones.
    everywhere: [PortSet; 2],
}

impl<'a> DomainPorts<'a> {
    pub fn new(
        universe: &'a Universe<'a>,
        direction: Direction,
        rows: [&'a [(PortSet, Arc<Bits>)]; 2],
    ) -> Self {
        let (v4, v6) = universe.family_points();
        let families = [v4, v6].map(|points| {
            let mut family = Bits::empty();
            family.insert_range(points.start, points.end);
            family
        });
        let everywhere = |cells: &[(PortSet, Arc<Bits>)]| {
            let whole = cells
                .iter()
                .filter(|(_, peers)| families.iter().any(|family| family.is_subset(peers)));
            whole.fold(PortSet::empty(), |all, (ports, _)| all.union(ports))
        };
        let everywhere = match universe.domains.is_empty() || universe.words.refused_domains {
            true => [PortSet::empty(), PortSet::empty()],
            false => rows.map(everywhere),
        };
        Self {
            universe,
            direction,
            rows,
            everywhere,
        }
    }

    /// The ports of a difference at a point of the universe; empty: there the gates agree.
    pub fn differing<'p>(&self, point: usize, wider: bool, ports: &'p PortSet) -> Cow<'p, PortSet> {
        match (self.universe.point(point), self.direction) {
            (Point::Domain(_), Direction::Ingress) => Cow::Owned(PortSet::empty()),
            (Point::Domain(at), Direction::Egress) => {
                // Of the side that does not allow the name.
                let side = if wider { 0 } else { 1 };
                let points = self.universe.points_of_domain(at);
                let cells = self.rows[side].iter();
                let open = cells.filter(|(_, peers)| points.iter().any(|at| peers.contains(*at)));
                let rest = ports.difference(&self.everywhere[side]);
                Cow::Owned(open.fold(rest, |rest, (open, _)| rest.difference(open)))
            }
            _ => Cow::Borrowed(ports),
        }
    }
}

/// What only the actual (true) and only the intended cells allow.
pub(in crate::analysis) fn both_ways<S: Space>(
    [intended, actual]: [&[(PortSet, Arc<S>)]; 2],
) -> Vec<(bool, PortSet, S)> {
    let mut found = Vec::new();
    for (wider, left, right) in [(false, intended, actual), (true, actual, intended)] {
        for (ports, peers) in left {
            let mut rest = ports.clone();
            for (other, allowed) in right {
                let common = ports.intersection(other);
                if common.is_empty() {
                    continue;
                }
                rest = rest.difference(other);
                // Two undecided sets may look equal and differ.
                if allowed != peers || peers.is_undecided() {
                    let mut only = (**peers).clone();
                    only.remove(allowed);
                    found.push((wider, common, only));
                }
            }
            found.push((wider, rest, (**peers).clone()));
        }
    }
    found.retain(|(_, ports, peers)| !ports.is_empty() && !peers.is_none());
    found
}
