//! What of the Document is drawn: collapsed namespaces as cards, without hubs and what a filter hides.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::CanvasView;
use crate::app::filter::FilterView;
use crate::app::hubs::Hubs;
use crate::model::{Document, Item, NodeRef};
use crate::scene::{Hidden, Visible};

/// What is drawn, and why the rest is not.
#[derive(Default)]
pub struct Shown {
    /// What is drawn.
    pub visible: Visible,
    /// The hubs of the Document.
    pub hubs: Hubs,
    /// The hidden hubs, and what the filter hides.
    of: (Arc<BTreeSet<NodeRef>>, Arc<Hidden>),
}

impl CanvasView {
    /// Follows what is collapsed and hidden.
    pub(super) fn see(&mut self, document: &Document, filter: &FilterView) {
        self.collapsed.keep(document);
        let shown = &mut self.shown;
        shown.hubs.keep(document);
        let of = (shown.hubs.hidden(), filter.hidden());
        if shown.of != of {
            let (hubs, filtered) = &of;
            let hidden = match hubs.is_empty() {
                true => Arc::clone(filtered),
                false => Arc::new(Hidden {
                    nodes: filtered.nodes.union(hubs).copied().collect(),
                    flows: filtered.flows.clone(),
                }),
            };
            shown.visible.hidden = hidden;
            shown.of = of;
        }
        shown.visible.collapsed = Arc::clone(&self.collapsed.now);
    }

    /// The hubs of the drawing.
    pub fn hubs(&self) -> &Hubs {
        &self.shown.hubs
    }

    /// Shows hubs, or hides them.
    pub(in crate::app) fn toggle_hubs(&mut self) {
        self.shown.hubs.shown = !self.shown.hubs.shown;
    }

    /// Shows the hubs, if an object is one of them or joins one.
    pub(in crate::app) fn show_hubs_of(&mut self, document: &Document, item: Item) {
        let hubs = &mut self.shown.hubs;
        hubs.shown |= nodes_of(document, item).any(|node| hubs.all().contains(&node));
    }

    /// Whether an object is hidden by itself, not only in a collapsed namespace.
    pub(in crate::app) fn hides(&self, document: &Document, item: Item) -> bool {
        let visible = &self.shown.visible;
        let flow = matches!(item, Item::Flow(id) if visible.hidden.flows.contains(&id));
        flow || nodes_of(document, item).any(|node| visible.hides(document, node))
    }
}

/// The node of an object; of a flow, its ends.
pub fn nodes_of(document: &Document, item: Item) -> impl Iterator<Item = NodeRef> {
    let ends = match item {
        Item::Flow(id) => {
            let flow = document.flows.get(id);
            flow.map_or([None, None], |flow| [flow.from.node(), flow.to.node()])
        }
        item => [item.node(), None],
    };
    ends.into_iter().flatten()
}
