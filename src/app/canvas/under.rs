//! What is under the pointer: objects, handles, ends of flows.

use egui::{Pos2, Response, Vec2, vec2};

use super::{CanvasView, pen};
use crate::app::view::View;
use crate::model::{End, Item, NodeRef};
use crate::scene::detail::{Hit, Level};
use crate::scene::{ArrowId, ExtraId, OTHERS, is_foreign, pt};

/// How near to a line the pointer must be, in screen points.
const SLACK: f32 = 6.0;

impl CanvasView {
    /// What is under a point of the scene; namespaces too.
    pub(super) fn hit(&self, at: Pos2) -> Option<Hit> {
        let (scene, index) = (&self.scene_graph.scene, &self.scene_graph.index);
        match Level::at(self.camera.zoom) {
            Level::Far => index.hit_far(scene, pt(at.x, at.y)),
            _ => index.hit(scene, pt(at.x, at.y), SLACK / self.camera.zoom),
        }
    }

    /// What a flow may end at there: a node, or any pod of a namespace at its header or border.
    pub(super) fn end_at(&self, at: Pos2) -> Option<End> {
        match self.hit(at)? {
            Hit::Node(node) if is_foreign(node) => None,
            Hit::Node(node) => Some(node.into()),
            Hit::Header(id) => Some(End::AnyPodOf(id)),
            Hit::Namespace(id) => {
                let rect = pen::rect(self.scene_graph.scene.namespace(id)?.rect);
                let border = !rect.shrink(10.0 / self.camera.zoom).contains(at);
                border.then_some(End::AnyPodOf(id))
            }
            Hit::Chip(_) | Hit::Arrow(_) => None,
        }
    }

    /// The handle under a point of the scene: which node's, and which of its sides.
    pub(super) fn handle(&self, at: Pos2) -> Option<(NodeRef, Vec2)> {
        let node = self.hot?;
        let reach = 10.0 / self.camera.zoom;
        self.handles(node)
            .into_iter()
            .find(|(place, _)| place.distance(at) <= reach)
            .map(|(_, side)| (node, side))
    }

    /// The handles of a node: where, and to which side.
    pub(super) fn handles(&self, node: NodeRef) -> Vec<(Pos2, Vec2)> {
        let Some(rect) = self.scene_graph.scene.rect(node).map(pen::rect) else {
            return Vec::new();
        };
        let sides = [
            vec2(1.0, 0.0),
            vec2(-1.0, 0.0),
            vec2(0.0, -1.0),
            vec2(0.0, 1.0),
        ];
        sides
            .into_iter()
            .map(|side| (rect.center() + side * rect.size() / 2.0, side))
            .collect()
    }

    /// What is under the pointer, and whose handles are shown.
    pub(super) fn look_under(&mut self, response: &Response, view: &View) {
        let pointer = self
            .pointer
            .filter(|_| response.contains_pointer() || response.dragged());
        let Some(at) = pointer else {
            self.hover = None;
            if self.popup.is_none() {
                self.hot = None;
            }
            return;
        };
        self.hover = self.hit(at);
        self.hot = self.hot_at(at, view);
    }

    /// The node whose handles are within reach of a point.
    pub(super) fn hot_at(&self, at: Pos2, view: &View) -> Option<NodeRef> {
        let near = |node: NodeRef| {
            let rect = self.scene_graph.scene.rect(node).map(pen::rect);
            rect.is_some_and(|rect| rect.expand(14.0 / self.camera.zoom).contains(at))
        };
        let selected = view
            .only_selected()
            .and_then(Item::node)
            .filter(|node| near(*node));
        let under = match self.hit(at) {
            Some(Hit::Node(node)) if !is_foreign(node) => Some(node),
            Some(Hit::Header(id)) => Some(NodeRef::Namespace(id)),
            _ => None,
        };
        let stays = self
            .hot
            .filter(|node| near(*node) && !matches!(node, NodeRef::Namespace(_)));
        under.or(stays).or(selected)
    }
}

/// The arrow under the pointer.
pub fn arrow_at(hit: Hit) -> Option<ArrowId> {
    match hit {
        Hit::Chip(id) | Hit::Arrow(id) => Some(id),
        Hit::Node(_) | Hit::Header(_) | Hit::Namespace(_) => None,
    }
}

/// The arrow under the pointer that is no flow.
pub fn extra_at(hit: Option<Hit>) -> Option<ExtraId> {
    match hit? {
        Hit::Chip(ArrowId::Extra(id)) | Hit::Arrow(ArrowId::Extra(id)) => Some(id),
        _ => None,
    }
}

/// Whether it is the one end for all that are not shown by themselves.
pub fn is_others(hit: Option<Hit>) -> bool {
    matches!(hit, Some(Hit::Node(OTHERS)))
}

/// The object that a click there selects.
pub fn item_at(hit: Option<Hit>) -> Option<Item> {
    match hit? {
        Hit::Node(node) if is_foreign(node) => None,
        Hit::Node(node) => node.item(),
        Hit::Chip(arrow) | Hit::Arrow(arrow) => arrow.flow().map(Item::Flow),
        Hit::Header(id) | Hit::Namespace(id) => Some(Item::Namespace(id)),
    }
}
