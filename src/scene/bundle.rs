//! Collapsed namespaces: each is one card, and all flows between two of them are one arrow.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens;
use crate::model::{Document, Flow, FlowId, NamespaceId, NodeRef};

/// An arrow for all flows from one node to another, where a collapsed namespace is one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bundle {
    /// Where it starts.
    pub from: NodeRef,
    /// Where it ends.
    pub to: NodeRef,
}

/// How a flow is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// As an arrow of its own.
    Itself,
    /// As a part of that arrow.
    In(Bundle),
    /// Not at all: both ends are in one collapsed namespace, or an end is missing.
    Hidden,
}

/// A project with more workloads than this opens collapsed.
const LARGE: usize = 80;

/// The namespaces that are collapsed where the Document does not say which: in a large project all.
pub fn collapsed_at_first(document: &Document) -> BTreeSet<NamespaceId> {
    let is_large = document.workloads.len() > LARGE;
    document.namespaces.ids().filter(|_| is_large).collect()
}

/// The node that is drawn in place of a node: its namespace, if that is collapsed.
pub fn shown(document: &Document, collapsed: &BTreeSet<NamespaceId>, node: NodeRef) -> NodeRef {
    let NodeRef::Workload(id) = node else {
        return node;
    };
    let home = document
        .workloads
        .get(id)
        .map(|workload| workload.namespace);
    home.filter(|home| collapsed.contains(home))
        .map_or(node, NodeRef::Namespace)
}

/// How a flow is drawn while these namespaces are collapsed.
pub fn drawn(document: &Document, collapsed: &BTreeSet<NamespaceId>, flow: &Flow) -> Drawn {
    let (Some(from), Some(to)) = (flow.from.node(), flow.to.node()) else {
        return Drawn::Hidden;
    };
    let [from, to] = [from, to].map(|node| shown(document, collapsed, node));
    let is_card = |node| matches!(node, NodeRef::Namespace(id) if collapsed.contains(&id));
    match (is_card(from) || is_card(to), from == to) {
        (false, _) => Drawn::Itself,
        (true, true) => Drawn::Hidden,
        (true, false) => Drawn::In(Bundle { from, to }),
    }
}

/// All flows that are drawn as parts of an arrow, by that arrow.
pub fn bundles(
    document: &Document,
    collapsed: &BTreeSet<NamespaceId>,
) -> BTreeMap<Bundle, Vec<FlowId>> {
    let mut all: BTreeMap<Bundle, Vec<FlowId>> = BTreeMap::new();
    if collapsed.is_empty() {
        return all;
    }
    for (id, flow) in document.flows.iter() {
        if let Drawn::In(bundle) = drawn(document, collapsed, flow) {
            all.entry(bundle).or_default().push(id);
        }
    }
    all
}

/// The width of the line of an arrow for that many flows; a flow by itself is thinner.
pub fn weight(flows: usize) -> f32 {
    match flows {
        0..=3 => 1.5,
        4..=7 => 2.5,
        8..=14 => 3.5,
        _ => 5.0,
    }
}

/// The length of the head of a line of that width.
pub fn head(width: f32) -> f32 {
    match width {
        tokens::STROKE => tokens::ARROW_HEAD,
        width => 7.0 + 1.6 * width,
    }
}

/// What is written on the arrow.
pub fn words(flows: usize) -> String {
    match flows {
        1 => "1 flow".to_owned(),
        flows => format!("{flows} flows"),
    }
}
