//! Ends of connections as the canvas shows them: workloads, whole namespaces, any pod, externals, and
//! the outside. Aggregates connections with the same ports.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::analysis::changes::beyond;
use crate::analysis::connections::Ranges;
use crate::model::{Document, End, NamespaceId, NodeRef};
use crate::sets::{IpSet, PortSet};

/// An end of a connection, as it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// A node of the document; a namespace means all workloads in it.
    Drawn(NodeRef),
    /// Addresses that no external of the document has, and no node that flows name.
    Outside,
}

impl Party {
    /// As the end of a flow; none for the outside, which is not drawn.
    pub fn end(self) -> Option<End> {
        match self {
            Self::Drawn(node) => Some(node.into()),
            Self::Outside => None,
        }
    }

    /// In words: `web`, `every workload of shop`, `addresses outside`.
    pub fn words(self, document: &Document) -> String {
        match self {
            Self::Drawn(NodeRef::Namespace(id)) => {
                let name = document.node_name(NodeRef::Namespace(id));
                format!("every workload of {name}")
            }
            Self::Drawn(NodeRef::AnyPod) => "every workload".to_owned(),
            Self::Drawn(node) => document.node_name(node).to_owned(),
            Self::Outside => "addresses outside".to_owned(),
        }
    }
}

/// Connections from one end to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Joined {
    /// The source.
    pub from: Party,
    /// The destination.
    pub to: Party,
    /// The ports; of several connections with different ports, all of them.
    pub ports: PortSet,
    /// How many pairs of workloads (or a workload and addresses) it aggregates.
    pub pairs: usize,
}

/// A connection between two ends.
pub type Pair = (Party, Party, PortSet);

/// Aggregates connections: where all workloads of a namespace have the same one, the namespace has it;
/// if more than `most` are left, both ends become their namespaces.
pub fn join(document: &Document, pairs: Vec<Pair>, most: usize) -> Vec<Joined> {
    let members = Members::of(document);
    let pairs: Vec<(Pair, usize)> = pairs.into_iter().map(|pair| (pair, 1)).collect();
    let by_source = members.collapse(pairs, |(from, to, ports)| (to, from, ports));
    let both = members.collapse(by_source, |pair| pair);
    match both.len() > most {
        false => united(both),
        true => united(both.into_iter().map(|((from, to, ports), count)| {
            let outer = |party| members.container(document, party);
            ((outer(from), outer(to), ports), count)
        })),
    }
}

fn united(pairs: impl IntoIterator<Item = (Pair, usize)>) -> Vec<Joined> {
    let mut all: BTreeMap<(Party, Party), (PortSet, usize)> = BTreeMap::new();
    for ((from, to, ports), count) in pairs {
        let known = all.entry((from, to)).or_default();
        *known = (known.0.union(&ports), known.1 + count);
    }
    let all = all.into_iter();
    all.map(|((from, to), (ports, pairs))| Joined {
        from,
        to,
        ports,
        pairs,
    })
    .collect()
}

/// The workloads of each namespace.
struct Members {
    of: BTreeMap<NamespaceId, BTreeSet<Party>>,
    home: BTreeMap<Party, NamespaceId>,
}

impl Members {
    fn of(document: &Document) -> Self {
        let (mut of, mut home): (BTreeMap<_, BTreeSet<Party>>, _) = Default::default();
        for (id, workload) in document.workloads.iter() {
            let party = Party::Drawn(NodeRef::Workload(id));
            of.entry(workload.namespace).or_default().insert(party);
            BTreeMap::insert(&mut home, party, workload.namespace);
        }
        Self { of, home }
    }

    /// Where many far ends have the same ports with one near end, and are all of a namespace or of
    /// the cluster but that end itself, they become one. `turn` swaps the far end to the last place, and back.
    fn collapse(
        &self,
        pairs: Vec<(Pair, usize)>,
        turn: impl Fn(Pair) -> Pair,
    ) -> Vec<(Pair, usize)> {
        let mut far: BTreeMap<(Party, PortSet), BTreeMap<Party, usize>> = BTreeMap::new();
        for (pair, count) in pairs {
            let (near, other, ports) = turn(pair);
            *far.entry((near, ports))
                .or_default()
                .entry(other)
                .or_default() += count;
        }
        let mut found = Vec::new();
        for ((near, ports), mut ends) in far {
            let spaces = self.of.iter().filter_map(|(space, all)| {
                let others = || all.iter().filter(|one| **one != near);
                let whole = others().all(|one| ends.contains_key(one));
                (whole && others().nth(2).is_some()).then_some((*space, others().count()))
            });
            let whole: BTreeMap<NamespaceId, usize> = spaces.collect();
            let inside = ends
                .keys()
                .filter(|end| self.home.contains_key(*end))
                .count();
            let near_inside = usize::from(self.home.contains_key(&near));
            let everyone =
                self.of.len() > 1 && inside + near_inside >= self.home.len() && inside > 2;
            let mut sums: BTreeMap<Party, usize> = BTreeMap::new();
            for (end, count) in std::mem::take(&mut ends) {
                let home = self.home.get(&end);
                let party = match home.filter(|space| whole.contains_key(*space)) {
                    _ if everyone && home.is_some() => Party::Drawn(NodeRef::AnyPod),
                    Some(space) => Party::Drawn(NodeRef::Namespace(*space)),
                    None => end,
                };
                *sums.entry(party).or_default() += count;
            }
            let turned = |(end, count)| (turn((near, end, ports.clone())), count);
            found.extend(sums.into_iter().map(turned));
        }
        found
    }

    fn container(&self, document: &Document, party: Party) -> Party {
        match self.home.get(&party) {
            Some(space) if document.namespaces.contains(*space) => {
                Party::Drawn(NodeRef::Namespace(*space))
            }
            _ => party,
        }
    }
}

/// Addresses with the ports that are open to them.
pub(crate) type Open = Vec<(IpSet, PortSet)>;

/// What the one allows beyond the other.
pub(crate) fn ranges_beyond(real: &Ranges, drawn: &Ranges) -> Open {
    let set = |first: &IpAddr, last: &IpAddr| IpSet::range(*first, *last);
    let mut found = Open::new();
    for (first, last, ports) in real {
        let mut rest = set(first, last);
        for (first, last, known) in drawn {
            let both = rest.intersection(&set(first, last));
            if both.is_empty() {
                continue;
            }
            rest = rest.difference(&both);
            let more = beyond(ports, known);
            if !more.is_empty() {
                found.push((both, more));
            }
        }
        if !rest.is_empty() {
            found.push((rest, ports.clone()));
        }
    }
    found
}

/// Externals and nodes, with their addresses.
pub(crate) type Addressed = Vec<(NodeRef, IpSet)>;

/// The externals of a document, and the nodes that its flows name, that have addresses.
pub(crate) fn addressed(document: &Document) -> Addressed {
    let externals = document.externals.ids().map(NodeRef::External);
    let nodes = document.nodes_of_flows().into_iter().map(NodeRef::Node);
    let all = externals.chain(nodes);
    let all = all.map(|node| (node, document.addresses_at(&node.into())));
    all.filter(|(_, set)| !set.is_empty()).collect()
}

/// The owners of addresses: those all of whose addresses are among them, and the outside for the rest.
pub(crate) fn outsiders(open: &Open, addressed: &Addressed) -> Vec<(Party, PortSet)> {
    let mut found = Vec::new();
    let mut named = IpSet::empty();
    for (node, addresses) in addressed {
        let mut rest = addresses.clone();
        let mut ports: Option<PortSet> = None;
        for (set, open) in open
            .iter()
            .filter(|(set, _)| !set.intersection(addresses).is_empty())
        {
            rest = rest.difference(set);
            ports = Some(match ports {
                Some(ports) => ports.intersection(open),
                None => open.clone(),
            });
        }
        if let Some(ports) = ports.filter(|ports| rest.is_empty() && !ports.is_empty()) {
            named = named.union(addresses);
            found.push((Party::Drawn(*node), ports));
        }
    }
    let rest = open.iter().filter(|(set, _)| !set.is_subset(&named));
    let ports = rest.fold(PortSet::empty(), |all, (_, ports)| all.union(ports));
    if !ports.is_empty() {
        found.push((Party::Outside, ports));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ExternalId;
    use crate::model::fixture::Fixture;
    use crate::sets::Protocol;

    fn tcp(port: u16) -> PortSet {
        PortSet::single(Protocol::Tcp, port)
    }

    #[test]
    fn a_whole_namespace_is_one_arrow() {
        let mut fixture = Fixture::new();
        let all: Vec<Party> = (0..5)
            .map(|n| fixture.workload(&format!("shop/w{n}"), "app=w"))
            .map(|id| Party::Drawn(NodeRef::Workload(id)))
            .collect();
        let db = Party::Drawn(NodeRef::Workload(fixture.workload("data/db", "app=db")));
        let other = Party::Drawn(NodeRef::Workload(
            fixture.workload("data/other", "app=other"),
        ));
        let shop = fixture.namespace("shop");
        let mut pairs: Vec<Pair> = all.iter().map(|one| (*one, db, tcp(80))).collect();
        pairs.push((all[0], other, tcp(81)));
        let joined = join(&fixture.document, pairs.clone(), 100);
        let namespace = Party::Drawn(NodeRef::Namespace(shop));
        let of = |joined: &Joined| (joined.from, joined.to, joined.pairs);
        let all_of: Vec<_> = joined.iter().map(of).collect();
        assert_eq!(all_of, [(namespace, db, 5), (all[0], other, 1)]);
        pairs.remove(2);
        let joined = join(&fixture.document, pairs.clone(), 100);
        assert_eq!(joined.len(), 5, "one is missing: {joined:?}");
        let few = join(&fixture.document, pairs, 2);
        assert_eq!(few.len(), 1, "both ends become namespaces: {few:?}");
        assert_eq!(few[0].pairs, 5);
    }

    #[test]
    fn all_workloads_are_one_arrow_and_both_ends_are_aggregated() {
        let mut fixture = Fixture::new();
        let ids: Vec<Party> = ["a/x", "a/y", "a/z", "b/x", "b/y", "b/z"]
            .iter()
            .map(|words| fixture.workload(words, "app=a"))
            .map(|id| Party::Drawn(NodeRef::Workload(id)))
            .collect();
        let pairs = ids.iter().flat_map(|from| {
            let others = ids.iter().filter(move |to| *to != from);
            others.map(|to| (*from, *to, PortSet::all()))
        });
        let joined = join(&fixture.document, pairs.collect(), 100);
        let any = Party::Drawn(NodeRef::AnyPod);
        let [one] = joined.as_slice() else {
            panic!("{joined:?}")
        };
        assert_eq!((one.from, one.to, one.pairs), (any, any, 30));
    }

    #[test]
    fn addresses_are_the_externals_that_they_cover() {
        let block = |text: &str| IpSet::net(text.parse().unwrap());
        let externals = [
            (NodeRef::External(ExternalId(1)), block("10.0.0.0/8")),
            (NodeRef::External(ExternalId(2)), block("11.0.0.0/8")),
        ];
        let externals = externals.to_vec();
        let open = vec![
            (block("10.0.0.0/9"), tcp(80).union(&tcp(81))),
            (block("10.128.0.0/9"), tcp(80)),
        ];
        let office = Party::Drawn(NodeRef::External(ExternalId(1)));
        assert_eq!(outsiders(&open, &externals), [(office, tcp(80))]);
        let more = vec![(IpSet::all(), tcp(443))];
        let found = outsiders(&more, &externals);
        assert_eq!(found.len(), 3);
        assert_eq!(found[2], (Party::Outside, tcp(443)));
    }
}
