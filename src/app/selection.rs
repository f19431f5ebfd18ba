//! What of a Document is selected.

use std::collections::BTreeSet;

use crate::model::{Document, Item};

/// The selected item, if exactly one is selected.
pub fn only(selection: &BTreeSet<Item>) -> Option<Item> {
    match selection.len() {
        1 => selection.first().copied(),
        _ => None,
    }
}

/// Whether an item is in the Document.
pub fn exists(document: &Document, item: Item) -> bool {
    match item {
        Item::Namespace(id) => document.namespaces.contains(id),
        Item::Workload(id) => document.workloads.contains(id),
        Item::Service(id) => document.services.contains(id),
        Item::External(id) => document.externals.contains(id),
        Item::Group(id) => document.groups.contains(id),
        Item::Node(id) => document.nodes.contains(id),
        Item::Flow(id) => document.flows.contains(id),
        Item::Policy(id) => document.policies.contains(id),
        Item::Invariant(id) => document.invariants.contains(id),
    }
}
