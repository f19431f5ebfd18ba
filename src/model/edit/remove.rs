//! Removes objects, and those that cannot exist without them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Item;
use crate::model::{Document, End, Refusal, Words};

/// Removes the items; those that no longer exist are skipped.
pub(super) fn remove(document: &mut Document, items: &[Item]) -> Result<(), Refusal> {
    let before = document.clone();
    for item in with_contents(document, items) {
        match item {
            Item::Namespace(id) => drop(document.namespaces.remove(id)),
            Item::Workload(id) => drop(document.workloads.remove(id)),
            Item::Service(id) => drop(document.services.remove(id)),
            Item::External(id) => drop(document.externals.remove(id)),
            Item::Group(id) => drop(document.groups.remove(id)),
            Item::Node(id) => drop(document.nodes.remove(id)),
            Item::Flow(id) => drop(document.flows.remove(id)),
            Item::Policy(id) => drop(document.policies.remove(id)),
            Item::Invariant(id) => drop(document.invariants.remove(id)),
        }
    }
    sweep(document);
    keep_invariants(document, &before);
    Ok(())
}

/// An invariant outlives its ends: removed ones are stored as words.
fn keep_invariants(document: &mut Document, before: &Document) {
    let there = |end: &End| document.has_end(end);
    let rows = document.invariants.iter();
    let orphans: Vec<_> = rows.filter(|(_, row)| !row.ends().all(there)).collect();
    if orphans.is_empty() {
        return;
    }
    let words = Words::new(before);
    let by_words = |end: &End| match there(end) {
        true => end.clone(),
        false => End::Missing(words.of(end)),
    };
    let retained: Vec<_> = (orphans.into_iter())
        .map(|(id, row)| (id, row.map_ends(by_words)))
        .collect();
    for (id, row) in retained {
        document.invariants.put(id, row);
    }
}

/// The items, and everything that lives in the namespaces among them.
pub(super) fn with_contents(document: &Document, items: &[Item]) -> BTreeSet<Item> {
    let mut all: BTreeSet<Item> = items.iter().copied().collect();
    let inside = |namespace| items.contains(&Item::Namespace(namespace));
    let workloads = document.workloads.iter();
    all.extend(
        workloads
            .filter(|(_, w)| inside(w.namespace))
            .map(|(id, _)| Item::Workload(id)),
    );
    let services = document.services.iter();
    all.extend(
        services
            .filter(|(_, s)| inside(s.namespace))
            .map(|(id, _)| Item::Service(id)),
    );
    all
}

/// Removes flows without an end, and what is stored about how objects that do not exist are shown.
fn sweep(document: &mut Document) {
    let there = |end: &End| document.has_end(end);
    let rows = document.flows.iter();
    let orphans: Vec<_> = rows
        .filter(|(_, flow)| !there(&flow.from) || !there(&flow.to))
        .map(|(id, _)| id)
        .collect();
    for id in orphans {
        document.flows.remove(id);
    }
    let namespaces = &document.namespaces;
    if let Some(collapsed) = &mut document.collapsed
        && !collapsed.iter().all(|id| namespaces.contains(*id))
    {
        Arc::make_mut(collapsed).retain(|id| namespaces.contains(*id));
    }
    let stale: BTreeSet<_> = document
        .layout
        .keys()
        .copied()
        .filter(|node| !document.has_node(*node))
        .collect();
    if !stale.is_empty() {
        Arc::make_mut(&mut document.layout).retain(|node, _| !stale.contains(node));
    }
}
