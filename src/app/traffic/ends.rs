//! The ends of recorded traffic that the project does not have, as the canvas shows them: at most a readable number, and the
//! others as one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::words::grouped;
use crate::model::{NodeRef, TrafficClass};
use crate::observe::Observed;
use crate::observe::classes::{Comparison, ObservedEnd};
use crate::scene::extra::missing;
use crate::scene::{Missing, OTHERS};

/// The canvas shows so many, the one for all others included.
pub const MOST: usize = 12;

/// The ends that the project does not have.
#[derive(Debug, Default)]
pub struct Ends {
    /// The node that shows an end, by its words.
    nodes: BTreeMap<String, NodeRef>,
    /// What is shown.
    shown: BTreeMap<NodeRef, Missing>,
    /// For each end that is not shown by itself, the classes of its connections.
    others: Vec<BTreeSet<TrafficClass>>,
}

/// What was recorded of an end.
#[derive(Default)]
struct Seen<'a> {
    classes: BTreeSet<TrafficClass>,
    count: u64,
    addresses: BTreeSet<&'a IpAddr>,
}

impl Ends {
    /// Of a recording: the gravest and most frequent are shown by themselves. Numbers are by the words of all ends of the
    /// recording, so that drawing one renumbers no other.
    pub fn of(observed: &Observed, comparison: &Comparison) -> Self {
        let all = observed.connections.iter();
        let words: BTreeSet<&str> = all
            .flat_map(|one| [one.source.as_str(), one.destination.as_str()])
            .collect();
        let number: BTreeMap<&str, usize> = words.into_iter().zip(0..).collect();
        let seen = seen(observed, comparison);
        let mut order: Vec<(&str, Seen)> = seen.into_iter().collect();
        order
            .sort_by_key(|(words, one)| (one.classes.first().copied(), Reverse(one.count), *words));
        let others = match order.len() > MOST {
            true => order.split_off(MOST - 1),
            false => Vec::new(),
        };
        let mut ends = Self::default();
        for (words, one) in order {
            let number = number.get(words).copied().unwrap_or_default();
            ends.show(words, missing(number), &one);
        }
        for (words, one) in others {
            ends.nodes.insert(words.to_owned(), OTHERS);
            ends.others.push(one.classes);
        }
        ends.shown
            .extend(ends.others(&BTreeSet::new()).map(|one| (OTHERS, one)));
        ends
    }

    fn show(&mut self, words: &str, node: NodeRef, seen: &Seen) {
        let about = match seen.addresses.len() {
            addresses @ 2.. => format!("{} addresses, not in project", grouped(addresses as u64)),
            _ => "not in project".to_owned(),
        };
        let class = seen.classes.first().copied();
        self.nodes.insert(words.to_owned(), node);
        let one = Missing {
            node,
            name: short(words).to_owned(),
            about,
            class: class.unwrap_or(TrafficClass::Denied),
        };
        self.shown.insert(node, one);
    }

    /// All ends that are not shown by themselves, as one: those with a connection of a class that is not hidden.
    fn others(&self, hidden: &BTreeSet<TrafficClass>) -> Option<Missing> {
        let classes = self.others.iter();
        let visible = classes.filter_map(|classes| classes.difference(hidden).next());
        let count = visible.clone().count();
        Some(Missing {
            node: OTHERS,
            name: format!("{} more", grouped(count as u64)),
            about: "ends not in project".to_owned(),
            class: *visible.min()?,
        })
    }

    /// What to show for arrows with these ends, while classes are hidden.
    pub fn shown(&self, ends: &BTreeSet<NodeRef>, hidden: &BTreeSet<TrafficClass>) -> Vec<Missing> {
        let used = self.shown.iter().filter(|(node, _)| ends.contains(node));
        used.filter_map(|(node, one)| match *node == OTHERS {
            true => self.others(hidden),
            false => Some(one.clone()),
        })
        .collect()
    }

    /// The node that shows an end.
    pub fn node(&self, words: &str) -> Option<NodeRef> {
        self.nodes.get(words).copied()
    }

    /// The name of a node.
    pub fn name(&self, node: NodeRef) -> Option<&str> {
        Some(&self.shown.get(&node)?.name)
    }

    /// How many are not shown by themselves.
    pub fn hidden(&self) -> usize {
        self.others.len()
    }
}

/// The ends that the project does not have, by their words.
fn seen<'a>(observed: &'a Observed, comparison: &'a Comparison) -> BTreeMap<&'a str, Seen<'a>> {
    let mut found: BTreeMap<&str, Seen> = BTreeMap::new();
    for (one, connection) in comparison.connections.iter().zip(&observed.connections) {
        let Some(class) = one.class else { continue };
        let sums = &connection.sums;
        let ends = [
            (&one.from, &sums.source_addresses),
            (&one.to, &sums.addresses),
        ];
        for (end, addresses) in ends {
            if let ObservedEnd::Missing(words) = end {
                let entry = found.entry(words).or_default();
                entry.classes.insert(class);
                entry.count = entry.count.saturating_add(sums.count());
                entry.addresses.extend(addresses);
            }
        }
    }
    found
}

/// The name of an end that the project does not have: without the word for its kind.
pub fn short(words: &str) -> &str {
    let mut kinds = ["external/", "entity/", "service/"].into_iter();
    kinds
        .find_map(|kind| words.strip_prefix(kind))
        .unwrap_or(words)
}
