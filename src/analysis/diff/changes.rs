//! The connections that differ between two clusters; pods, workloads and policies may all have changed.
//! Workloads with equal namespace, name and kind are the same.

pub use super::change::{Change, Name, beyond};
use super::changed::{Changed, Half};
use super::compare::ways;
use super::merge::merge_snapshots;
pub use super::named::{Named, NamedChange};
use super::units::Units;
use crate::analysis::Side;
use crate::analysis::answers::domain_names::DomainNames;
use crate::analysis::space::universe::Universe;
use crate::cluster::{Node, Snapshot};
use crate::policy::Peer;
use crate::sets::{LabelSet, Selector};

/// Every change, sorted by source and destination. A workload that one side lacks has no connections
/// there; adjacent address ranges with the same change are joined. Where policies distinguish the pods of a
/// workload and their changes differ, each pod has its own change.
pub fn changes(old: &Snapshot, new: &Snapshot) -> Vec<Change> {
    all_changes(old, new).0
}

/// The same, and the domain names and entities that workloads connect to, or are reached from, on other ports.
pub fn all_changes(old: &Snapshot, new: &Snapshot) -> (Vec<Change>, Vec<NamedChange>) {
    let all = merge_snapshots(old, new);
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
    let changed = Changed::new(&universe, &halves, &units.names);
    let named = changed.named(&DomainNames::of(&universe));
    (units.joined(changed.all()), units.joined_named(named))
}

/// How two sets of connections compare.
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

/// Sums up the changes.
pub fn relation(changes: &[Change], named: &[NamedChange]) -> Relation {
    let more = changes.iter().any(|c| !c.opened().is_empty());
    let less = changes.iter().any(|c| !c.closed().is_empty());
    let more_named = named.iter().any(|c| !c.opened().is_empty());
    let less_named = named.iter().any(|c| !c.closed().is_empty());
    related(more || more_named, less || less_named)
}

/// The relation, given whether the new one allows more somewhere, and less somewhere.
fn related(more: bool, less: bool) -> Relation {
    match (more, less) {
        (false, false) => Relation::Equal,
        (true, false) => Relation::Wider,
        (false, true) => Relation::Narrower,
        (true, true) => Relation::Apart,
    }
}

/// Compares the policies of two clusters gate by gate, for the pods of the new one and for future pods, at
/// both ends of the gate, and for future nodes. A port name may resolve to any port.
pub fn policy_relation(old: &Snapshot, new: &Snapshot) -> Relation {
    let nodes = future_nodes([old, new], &new.nodes);
    let with_nodes = (!nodes.is_empty()).then(|| Snapshot {
        nodes: [new.nodes.clone(), nodes].concat(),
        ..new.clone()
    });
    let new = with_nodes.as_ref().unwrap_or(new);
    let old = Side {
        cluster: new,
        ..old.into()
    };
    let ways = ways(old, new.into());
    related(ways.wider, ways.narrower)
}

/// A node for each selector of nodes that rules match by and no known node has.
fn future_nodes(both: [&Snapshot; 2], known: &[Node]) -> Vec<Node> {
    let policies = both.into_iter().flat_map(|side| &side.policies);
    let sides = policies.flat_map(|policy| policy.ingress.iter().chain(&policy.egress));
    let rules = sides.flat_map(|side| &side.rules);
    let mut selectors = Vec::new();
    for item in rules.flat_map(|rule| rule.peers.listed()) {
        node_selectors(&item.peer, &mut selectors);
    }
    let mut found: Vec<Node> = Vec::new();
    for selector in selectors {
        let mut all = known.iter().chain(&found);
        if all.any(|node| selector.matches(&node.labels)) {
            continue;
        }
        let labels = LabelSet::from(selector).example();
        found.extend(labels.map(|labels| Node {
            labels,
            ..Node::unknown()
        }));
    }
    found
}

/// The selectors of nodes that a peer matches; those that it leaves out are not among them.
fn node_selectors<'a>(peer: &'a Peer, found: &mut Vec<&'a Selector>) {
    match peer {
        Peer::All(all) | Peer::AnyOf(all) => all.iter().for_each(|p| node_selectors(p, found)),
        Peer::Nodes(selector) | Peer::HostsOn(selector) => found.push(selector),
        _ => {}
    }
}
