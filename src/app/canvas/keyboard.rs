//! Keys that the canvas reads itself: those that are no commands because they are held, repeated, or
//! move between nodes.

use std::collections::BTreeSet;

use egui::{EventFilter, Key, Modifiers, Popup, Pos2, Response, Ui, Vec2, vec2};

use super::pointer::Gesture;
use super::{CanvasView, pen};
use crate::app::command::{Command, Commands};
use crate::app::view::View;
use crate::model::{Document, Edit, NodeRef};
use crate::scene::{Scene, is_foreign, pt};

const ARROWS: [(Key, Vec2); 4] = [
    (Key::ArrowLeft, vec2(-1.0, 0.0)),
    (Key::ArrowRight, vec2(1.0, 0.0)),
    (Key::ArrowUp, vec2(0.0, -1.0)),
    (Key::ArrowDown, vec2(0.0, 1.0)),
];

impl CanvasView {
    /// Arrows nudge the selection (with Shift further, with Ctrl they select what is next
    /// to it), Tab selects
    /// the next node. Only while nothing else has the keyboard focus.
    pub(super) fn type_keys(
        &mut self,
        ui: &Ui,
        response: &Response,
        document: &Document,
        view: &View,
        commands: &mut Commands,
    ) {
        // Nothing behind a dialog gets keys.
        if view.overlay.is_some() {
            return;
        }
        let focused = ui.memory(|memory| memory.focused());
        if response.has_focus() {
            let filter = EventFilter {
                tab: self.next_node(view, 1).is_some(),
                horizontal_arrows: true,
                vertical_arrows: true,
                escape: true,
            };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        } else if focused.is_some() {
            return;
        }
        if self.popup.is_some() || Popup::is_any_open(ui.ctx()) {
            return;
        }
        if response.has_focus() {
            self.tab(ui, view, commands);
        }
        self.arrows(ui, document, view, commands);
    }

    fn tab(&mut self, ui: &Ui, view: &View, commands: &mut Commands) {
        let (forward, back) = ui.input_mut(|input| {
            let back = input.consume_key(Modifiers::SHIFT, Key::Tab);
            (input.consume_key(Modifiers::NONE, Key::Tab), back)
        });
        let step = i32::from(forward) - i32::from(back);
        if step == 0 {
            return;
        }
        if let Some(node) = self.next_node(view, step) {
            self.go_to(node, commands);
        }
    }

    fn go_to(&mut self, node: NodeRef, commands: &mut Commands) {
        if let Some(item) = node.item() {
            commands.push(Command::Select(vec![item]));
        }
        if let Some(rect) = self.scene_graph.scene.rect(node).map(pen::rect) {
            self.camera.reveal(rect);
        }
    }

    /// The node after the selected one (or before), as people read: by containers, then rows.
    fn next_node(&self, view: &View, step: i32) -> Option<NodeRef> {
        let order = reading_order(&self.scene_graph.scene);
        let selected = view.selection.iter().find_map(|item| item.node());
        let at = selected.and_then(|node| order.iter().position(|other| *other == node));
        match (at, step) {
            (None, 1) => order.first().copied(),
            (None, _) => order.last().copied(),
            (Some(at), 1) => order.get(at + 1).copied(),
            (Some(at), _) => at.checked_sub(1).and_then(|at| order.get(at)).copied(),
        }
    }

    fn arrows(&mut self, ui: &Ui, document: &Document, view: &View, commands: &mut Commands) {
        let (by, held, modifiers) = ui.input(|input| {
            let mut by = Vec2::ZERO;
            for (key, direction) in ARROWS {
                by += direction * input.num_presses(key) as f32;
            }
            let held = ARROWS.iter().any(|(key, _)| input.key_down(*key));
            (by, held, input.modifiers)
        });
        let nodes: BTreeSet<NodeRef> = view
            .selection
            .iter()
            .filter_map(|item| item.node())
            .collect();
        if by != Vec2::ZERO && (modifiers.command || nodes.is_empty()) {
            if let Some(node) = self.neighbour(nodes.first().copied(), by) {
                self.go_to(node, commands);
            }
            return;
        }
        if by != Vec2::ZERO && matches!(self.gesture, Gesture::Idle) {
            self.nudge += by * if modifiers.shift { 24.0 } else { 4.0 };
        }
        // Held arrows are one gesture, and so one step to undo.
        if self.nudge != Vec2::ZERO && !held {
            let by = std::mem::take(&mut self.nudge);
            let moved = Scene::drag(&self.scene_graph.scene, &nodes, pt(by.x, by.y));
            let mut places = moved.places(&nodes);
            self.move_hidden(document, &nodes, by, &mut places);
            if !places.is_empty() && nodes.iter().all(|node| document.has_node(*node)) {
                commands.edit(Edit::Place(places));
            }
        }
    }

    /// The nearest node in a direction; from nowhere, the first one.
    fn neighbour(&self, from: Option<NodeRef>, direction: Vec2) -> Option<NodeRef> {
        let scene = &self.scene_graph.scene;
        let Some(from) = from else {
            return reading_order(scene).first().copied();
        };
        let middle = |node: NodeRef| scene.rect(node).map(|rect| pen::rect(rect).center());
        let here: Pos2 = middle(from)?;
        let cost = |node: NodeRef| {
            let way = middle(node)? - here;
            let along = way.dot(direction);
            let aside = (way - direction * along).length();
            (along > 1.0 && aside < along * 2.0 + 60.0).then_some((along + aside * 2.0) as i64)
        };
        let nodes = scene
            .nodes
            .iter()
            .map(|node| node.node)
            .filter(|node| *node != from && !is_foreign(*node));
        nodes
            .filter_map(|node| Some((cost(node)?, node)))
            .min()
            .map(|(_, node)| node)
    }
}

/// All nodes in reading order: each container and what is in it by rows, then the nodes outside.
fn reading_order(scene: &Scene) -> Vec<NodeRef> {
    let mut order = Vec::new();
    let rows = |nodes: &mut Vec<(i64, i64, NodeRef)>| {
        nodes.sort_unstable();
        nodes.iter().map(|(.., node)| *node).collect::<Vec<_>>()
    };
    let of = |space| {
        let nodes = scene.nodes.iter();
        let nodes = nodes.filter(|node| node.namespace == space && !is_foreign(node.node));
        nodes
            .map(|node| (node.rect.min.y as i64, node.rect.min.x as i64, node.node))
            .collect::<Vec<_>>()
    };
    for space in &scene.namespaces {
        order.push(NodeRef::Namespace(space.id));
        order.extend(rows(&mut of(Some(space.id))));
    }
    order.extend(rows(&mut of(None)));
    order
}
