//! Blast radius: everything that can be reached from a start in any number of hops, layer by layer.

use std::collections::BTreeMap;

use crate::analysis;
use crate::analysis::connections::Connection;
use crate::analysis::paths::{self, Places};
use crate::model::{Document, NodeRef};
use crate::proof::InForce;
use crate::query::party::{self, Addressed, Party};
use crate::sets::{IpSet, PortSet};

/// Everything within reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Radius {
    /// What is reachable in one hop, two hops, and so on; each object once, by a shortest path.
    pub layers: Vec<Vec<Hop>>,
    /// How many workloads the start has; 0 for a start outside.
    pub starts: usize,
    /// How many workloads cannot be reached.
    pub spared: usize,
}

/// The last hop of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hop {
    /// What is reached.
    pub to: Party,
    /// From where.
    pub from: Party,
    /// At which ports.
    pub ports: PortSet,
}

/// What can be reached from there: from a workload, from all workloads of a namespace or a group, or
/// from addresses outside.
pub fn radius(document: &Document, in_force: &InForce, from: Party) -> Radius {
    let cluster = &in_force.cluster;
    let addressed = party::addressed(document);
    let starts = match from {
        Party::Outside => Places {
            outside: beyond_others(IpSet::all(), &addressed),
            ..Places::default()
        },
        Party::Drawn(node @ (NodeRef::External(_) | NodeRef::Node(_))) => Places {
            outside: beyond_others(document.addresses_at(&node.into()), &addressed),
            ..Places::default()
        },
        Party::Drawn(node) => {
            let workloads = document.workloads_at(&node.into());
            let places = workloads.iter().filter_map(|id| cluster.index.get(id));
            let places: std::collections::BTreeSet<usize> = places.copied().collect();
            Places {
                workloads: places.into_iter().collect(),
                ..Places::default()
            }
        }
    };
    let reach = paths::reach(&cluster.snapshot, &starts);
    let end = |endpoint: analysis::Party| match endpoint {
        // All workloads of the start are one end.
        analysis::Party::Workload(at) if starts.workloads.contains(&at) => Some(from),
        analysis::Party::Workload(at) => {
            let drawn = cluster.drawn.get(at).copied().flatten();
            drawn.map(|id| Party::Drawn(NodeRef::Workload(id)))
        }
        analysis::Party::Addresses { .. } => Some(from),
        analysis::Party::IngressController => None,
    };
    let layer = |hops: &Vec<Connection>| {
        let mut found = Vec::new();
        let mut out: BTreeMap<Party, party::Open> = BTreeMap::new();
        for hop in hops {
            let Some(source) = end(hop.src) else { continue };
            match hop.dst {
                analysis::Party::Addresses { first, last } => {
                    let open = (IpSet::range(first, last), hop.ports.clone());
                    out.entry(source).or_default().push(open);
                }
                to => found.extend(end(to).map(|to| Hop {
                    to,
                    from: source,
                    ports: hop.ports.clone(),
                })),
            }
        }
        for (source, open) in out {
            let outsiders = party::outsiders(&open, &addressed).into_iter();
            let outsiders = outsiders.filter(|(to, _)| *to != from);
            found.extend(outsiders.map(|(to, ports)| Hop {
                to,
                from: source,
                ports,
            }));
        }
        found.sort();
        found
    };
    let mut layers: Vec<Vec<Hop>> = reach.layers.iter().map(layer).collect();
    once(&mut layers);
    let reached = (0..cluster.drawn.len()).filter(|at| reach.hops_to(*at).is_some());
    let drawn = document.workloads.len();
    Radius {
        spared: drawn.saturating_sub(reached.count()),
        starts: starts.workloads.len(),
        layers,
    }
}

/// Addresses without those of narrower externals and nodes: the Internet is not the office within it.
fn beyond_others(set: IpSet, addressed: &Addressed) -> IpSet {
    let narrower = addressed
        .iter()
        .filter(|(_, other)| *other != set && other.is_subset(&set));
    let rest = narrower.fold(set.clone(), |rest, (_, other)| rest.difference(other));
    // If narrower externals cover all of it, use all of it.
    if rest.is_empty() { set } else { rest }
}

/// Retains the first hop to each end: an external may be reached in parts, the outside repeatedly.
fn once(layers: &mut Vec<Vec<Hop>>) {
    let mut seen = std::collections::BTreeSet::new();
    for layer in layers.iter_mut() {
        layer.retain(|hop| seen.insert(hop.to));
    }
    while layers.last().is_some_and(Vec::is_empty) {
        layers.pop();
    }
}

impl Radius {
    /// How many workloads are reached, starts not counted.
    pub fn workloads(&self) -> usize {
        let workload = |hop: &&Hop| matches!(hop.to, Party::Drawn(NodeRef::Workload(_)));
        self.layers.iter().flatten().filter(workload).count()
    }

    /// The hops of a shortest path to an end, its own hop last.
    pub fn path(&self, to: Party) -> Vec<&Hop> {
        let hop_to = |to: Party| self.layers.iter().flatten().find(|hop| hop.to == to);
        let mut way: Vec<&Hop> = hop_to(to).into_iter().collect();
        while let Some(before) = way.last().and_then(|hop| hop_to(hop.from)) {
            if way.iter().any(|hop| hop.to == before.to) {
                break;
            }
            way.push(before);
        }
        way.reverse();
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::Fixture;
    use crate::proof::generate;

    fn names(fixture: &Fixture, radius: &Radius) -> Vec<Vec<String>> {
        let name = |hop: &Hop| {
            let (from, to) = (
                hop.from.words(&fixture.document),
                hop.to.words(&fixture.document),
            );
            format!("{from} > {to} {}", hop.ports)
        };
        let layers = radius.layers.iter();
        layers
            .map(|layer| layer.iter().map(name).collect())
            .collect()
    }

    #[test]
    fn layers_have_hops_and_paths() {
        let mut fixture = Fixture::new();
        let web = fixture.workload("shop/web", "app=web");
        fixture.workload("shop/cart", "app=cart");
        let db = fixture.workload("shop/db", "app=db");
        fixture.workload("shop/alone", "app=alone");
        fixture.external("office", &["198.51.100.0/24"], &[]);
        fixture.flow("external/office", "shop/web", "TCP/8080");
        fixture.flow("shop/web", "shop/cart", "TCP/7070");
        fixture.flow("shop/cart", "shop/db", "TCP/5432");
        let document = &fixture.document;
        let in_force = InForce::read(document, &generate(document));
        let of = |party| radius(document, &in_force, party);
        let found = of(Party::Drawn(NodeRef::Workload(web)));
        assert_eq!(
            names(&fixture, &found),
            [vec!["web > cart TCP 7070"], vec!["cart > db TCP 5432"]]
        );
        assert_eq!((found.workloads(), found.spared), (2, 1));
        let office = document.external_named("office").unwrap();
        let found = of(Party::Drawn(NodeRef::External(office)));
        assert_eq!(names(&fixture, &found)[0], ["office > web TCP 8080"]);
        assert_eq!(found.layers.len(), 3);
        let way = found.path(Party::Drawn(NodeRef::Workload(db)));
        assert_eq!(way.len(), 3);
        assert_eq!(way[0].from, Party::Drawn(NodeRef::External(office)));
        assert!(
            of(Party::Outside).layers.is_empty(),
            "the office alone gets in"
        );
    }
}
