//! Which rows and columns are shown, and in which order; made again only when something about it changes.

use super::Sort;
use crate::model::{Document, NodeRef};
use crate::query::reach::{Axis, AxisEntries};

/// What the order is for.
pub(super) struct OrderKey<'a> {
    pub(super) document: &'a Document,
    pub(super) entries: &'a AxisEntries,
    pub(super) axis: Axis,
    pub(super) sort: Sort,
    pub(super) filter: &'a str,
    pub(super) number: u64,
    /// How many others each has to do with; empty: not known yet.
    pub(super) peers: &'a [usize],
}

/// The rows, which are the columns too.
#[derive(Default)]
pub(super) struct Order {
    /// Places among the entries.
    pub(super) entries: Vec<usize>,
    /// Their names.
    pub(super) names: Vec<String>,
    made_for: Option<(u64, Axis, Sort, String, bool)>,
}

impl Order {
    pub(super) fn update(&mut self, key: OrderKey) {
        let made_for = (
            key.number,
            key.axis,
            key.sort,
            key.filter.to_owned(),
            key.peers.is_empty(),
        );
        if self.made_for.as_ref() == Some(&made_for) {
            return;
        }
        self.made_for = Some(made_for);
        let wanted = key.filter.trim().to_lowercase();
        let mut rows: Vec<(usize, String)> = (key.entries.nodes(key.axis).iter().enumerate())
            .filter(|(_, node)| {
                wanted.is_empty() || searched(key.document, **node).contains(&wanted)
            })
            .map(|(at, node)| (at, key.document.node_name(*node).to_owned()))
            .collect();
        match key.sort {
            Sort::Namespace => {}
            Sort::Name => rows.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0))),
            Sort::Peers => rows.sort_by_key(|(at, _)| {
                let peers = key.peers.get(*at).copied().unwrap_or_default();
                (std::cmp::Reverse(peers), *at)
            }),
        }
        (self.entries, self.names) = rows.into_iter().unzip();
    }
}

/// What a filter is looked up in: `shop/web` in lower case.
fn searched(document: &Document, node: NodeRef) -> String {
    document.end_words(&node.into()).to_lowercase()
}
