//! A part of a diagram: some nodes and arrows, with the arrows of these nodes and their other ends.

use std::collections::{BTreeMap, BTreeSet};

use super::bundle::{self, Drawn, drawn};
use super::request::{FlowSpec, Request};
use super::{ArrowId, ExtraId, Visible};
use crate::model::{Document, Item, NamespaceId, NodeRef};

/// What a part is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Nodes; a namespace comes with all that is in it.
    pub nodes: BTreeSet<NodeRef>,
    /// Arrows.
    pub arrows: BTreeSet<ArrowId>,
}

impl Part {
    /// What shows these items. Empty if none of them is drawn.
    pub fn of(document: &Document, visible: &Visible, items: &[Item]) -> Self {
        let mut part = Self::default();
        for item in items {
            if let Item::Flow(id) = item
                && let Some(flow) = document.flows.get(*id)
            {
                match drawn(document, visible, (*id, flow)) {
                    Drawn::Itself => part.arrows.extend([ArrowId::Flow(*id)]),
                    Drawn::In(bundle) => part.arrows.extend([ArrowId::Bundle(bundle)]),
                    Drawn::Through(bundle) => {
                        let both = [ArrowId::Flow(*id), ArrowId::Bundle(bundle)];
                        part.arrows.extend(both);
                    }
                    Drawn::Hidden => {}
                }
            }
            let node = item.node().filter(|node| document.has_node(*node));
            let shown = node.map(|node| bundle::shown(document, &visible.collapsed, node));
            part.nodes.extend(shown);
        }
        part
    }

    /// With an arrow that is no flow.
    pub fn with_extra(mut self, extra: Option<ExtraId>) -> Self {
        self.arrows.extend(extra.map(ArrowId::Extra));
        self
    }

    /// Whether it is about nothing.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.arrows.is_empty()
    }
}

impl Request {
    /// The part of it alone; all of it if the part is empty.
    pub fn part(mut self, part: &Part) -> Self {
        if part.is_empty() {
            return self;
        }
        let homes = self.nodes.iter();
        let homes: BTreeMap<NodeRef, NodeRef> = homes
            .filter_map(|n| Some((n.node, NodeRef::Namespace(n.namespace?))))
            .collect();
        let is_chosen = |node: &NodeRef| {
            part.nodes.contains(node) || homes.get(node).is_some_and(|n| part.nodes.contains(n))
        };
        let is_kept = |arrow: &FlowSpec| {
            part.arrows.contains(&arrow.id) || is_chosen(&arrow.from) || is_chosen(&arrow.to)
        };
        self.flows.retain(is_kept);
        self.extras.retain(is_kept);
        // Without the weighted arrow that it joins, a flow goes to the card itself.
        let kept: BTreeSet<ArrowId> = self.flows.iter().map(|flow| flow.id).collect();
        for flow in &mut self.flows {
            flow.port
                .take_if(|bundle| !kept.contains(&ArrowId::Bundle(*bundle)));
        }
        let arrows = self.flows.iter().chain(&self.extras);
        let ends: BTreeSet<NodeRef> = arrows.flat_map(|a| [a.from, a.to]).collect();
        self.nodes
            .retain(|n| is_chosen(&n.node) || ends.contains(&n.node));
        let filled: BTreeSet<NamespaceId> = self.nodes.iter().filter_map(|n| n.namespace).collect();
        self.namespaces.retain(|space| {
            let node = NodeRef::Namespace(space.id);
            filled.contains(&space.id) || part.nodes.contains(&node) || ends.contains(&node)
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{ApproxMeasure, fixture, layout};

    #[test]
    fn a_part_has_the_arrows_of_its_nodes_their_other_ends_and_no_more() {
        let document = fixture::platform();
        let whole = Request::of(&document, &ApproxMeasure);
        for (id, workload) in document.workloads.iter() {
            let node = NodeRef::Workload(id);
            let part = Part::of(&document, &Visible::default(), &[Item::Workload(id)]);
            let scene = layout::arrange(&whole.clone().part(&part));
            let flows = document.flows_of(node);
            let drawn: Vec<_> = scene.arrows.iter().filter_map(|a| a.id.flow()).collect();
            assert_eq!(drawn, flows, "{}", workload.name);
            let mut ends: BTreeSet<NodeRef> = [node].into();
            for arrow in &scene.arrows {
                ends.extend([arrow.from, arrow.to]);
            }
            ends.retain(|end| !matches!(end, NodeRef::Namespace(_)));
            let nodes: BTreeSet<NodeRef> = scene.nodes.iter().map(|n| n.node).collect();
            assert_eq!(nodes, ends, "{}", workload.name);
        }
    }

    #[test]
    fn things_of_a_part_stay_where_they_were_in_the_window() {
        let document = fixture::platform();
        let whole = Request::of(&document, &ApproxMeasure);
        let before = layout::arrange(&whole);
        let id = document.namespaces.ids().next().expect("it has some");
        let part = Part::of(&document, &Visible::default(), &[Item::Namespace(id)]);
        let after = layout::update(&whole.part(&part), &before);
        assert!(!after.nodes.is_empty() && after.nodes.len() < before.nodes.len());
        for node in &after.nodes {
            assert_eq!(before.rect(node.node), Some(node.rect), "{}", node.name);
        }
    }

    #[test]
    fn a_flow_in_a_weighted_arrow_is_shown_by_it() {
        let document = fixture::platform();
        let all = Visible::collapsed(document.namespaces.ids().collect());
        let bundles = bundle::bundles(&document, &all);
        let (bundle, flows) = bundles.iter().next().expect("it has some");
        let part = Part::of(&document, &all, &[Item::Flow(flows[0])]);
        let request = Request::visible(&document, &all, &ApproxMeasure).part(&part);
        let scene = layout::arrange(&request);
        let arrows: Vec<ArrowId> = scene.arrows.iter().map(|a| a.id).collect();
        assert_eq!(arrows, [ArrowId::Bundle(*bundle)]);
    }
}
