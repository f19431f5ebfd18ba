//! Transient drawing over the scene: selection, handles, a marquee, a flow being drawn.

use std::collections::{BTreeMap, BTreeSet};

use egui::{Align2, Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui};

use super::paint::faded;
use super::pointer::Gesture;
use super::{CanvasView, Popup, draft, pen};
use crate::app::theme;
use crate::app::view::View;
use crate::model::{Document, End, FlowId, Item, NamespaceId, NodeRef};
use crate::scene::detail::Level;
use crate::scene::tokens;

impl CanvasView {
    /// Draws it all.
    pub(super) fn draw_moment(&self, ui: &Ui, document: &Document, view: &View) {
        let painter = ui.painter_at(self.camera.viewport);
        let palette = theme::palette(ui.ctx());
        let accent = theme::color(palette.accent);
        if Level::at(self.camera.zoom) == Level::Far {
            for flow in view.lit_flows() {
                self.mark_arrow(&painter, flow, accent);
            }
        }
        self.draw_lit(&painter, document, view, accent);
        self.draw_hops(&painter, view, palette);
        self.draw_found(&painter, document, view, palette);
        let selected = view.selection.iter().filter_map(|item| item.node());
        let selected: BTreeSet<NodeRef> = selected.map(|node| self.shown(document, node)).collect();
        for node in selected {
            self.ring(&painter, node, accent, true);
        }
        let moving = self.gesture.is_moving();
        let drawing = matches!(self.gesture, Gesture::Flow(_) | Gesture::Reroute(_));
        if let (Some(node), false, None) = (self.hot, moving || drawing, &self.popup) {
            self.draw_handles(&painter, node, accent, theme::color(palette.raised));
        }
        let stroke = Stroke::new(2.0, accent);
        if matches!(self.gesture, Gesture::Idle) {
            self.draw_grips(
                &painter,
                view,
                Stroke::new(1.5, accent),
                theme::color(palette.raised),
            );
        }
        match &self.gesture {
            Gesture::Marquee { from, .. } => {
                if let Some(at) = self.pointer {
                    let area = self.camera.rect_to_screen(Rect::from_two_pos(*from, at));
                    painter.rect(
                        area,
                        2.0,
                        faded(accent, 0.08),
                        Stroke::new(1.0, accent),
                        StrokeKind::Inside,
                    );
                }
            }
            Gesture::Move(moving) => {
                if let (Some(over), Some(node)) = (&moving.over, moving.single()) {
                    let rect = self.scene_graph.scene.rect(node).map(pen::rect);
                    let at = (rect.unwrap_or(Rect::NOTHING), stroke);
                    self.mark_arrow(&painter, over.flow(), accent);
                    self.draw_insertion(&painter, over, document, at);
                    self.hint_at_pointer(&painter, &over.words(document), palette);
                }
            }
            Gesture::Flow(drawn) => {
                self.light_targets(&painter, drawn.from.as_ref(), faded(accent, 0.35));
                if let Some(node) = drawn.target.as_ref().and_then(End::node) {
                    self.ring(&painter, node, accent, true);
                }
                drawn.draw(&painter, &self.camera, &self.scene_graph.scene, stroke);
                if drawn.by_clicks {
                    let words = match (&drawn.from, drawn.refused) {
                        (None, _) => "Click the source of the flow; Esc to cancel",
                        (_, true) => {
                            "No policy in the cluster applies to traffic between two externals"
                        }
                        (Some(_), false) => "Click the destination of the flow; Esc to cancel",
                    };
                    self.banner(&painter, words, palette);
                } else if drawn.refused {
                    self.banner(
                        &painter,
                        "No policy in the cluster applies to traffic between two externals",
                        palette,
                    );
                }
            }
            Gesture::Reroute(end) => {
                let refuses = theme::color(palette.blocked);
                for (end, color) in [(end.target(), accent), (end.refused(), refuses)] {
                    if let Some(node) = end.and_then(End::node) {
                        self.ring(&painter, node, color, true);
                    }
                }
                self.draw_reroute(&painter, end, document, stroke);
                self.banner(&painter, &end.words(document), palette);
            }
            Gesture::Idle | Gesture::Pan => {}
        }
        if let Some(words) = self.draw_new(&painter, document, stroke) {
            self.hint_at_pointer(&painter, &words, palette);
        }
        self.draw_move(&painter, document, stroke, palette);
        self.preview_of_popup(ui, stroke);
        let preview = match &self.popup {
            Some(Popup::Ports(picker)) => picker.preview(),
            _ => None,
        };
        if let Some(node) = preview.and_then(|(_, to, _)| to?.node()) {
            self.ring(&painter, node, accent, true);
        }
    }

    /// A ring around a node; with a halo where it is selected.
    fn ring(&self, painter: &Painter, node: NodeRef, color: Color32, halo: bool) {
        let Some(rect) = self.scene_graph.drawn_rect(node) else {
            return;
        };
        let rect = self.camera.rect_to_screen(rect);
        if !rect.intersects(self.camera.viewport) {
            return;
        }
        let radius = self.radius(node, rect);
        if halo {
            let wide = Stroke::new(4.0, faded(color, 0.2));
            painter.rect_stroke(rect, radius, wide, StrokeKind::Outside);
        }
        painter.rect_stroke(rect, radius, Stroke::new(1.5, color), StrokeKind::Middle);
    }

    fn radius(&self, node: NodeRef, rect: Rect) -> f32 {
        let radius = match node {
            NodeRef::Workload(_) => tokens::NODE_RADIUS * self.camera.zoom,
            NodeRef::Namespace(_) => tokens::NAMESPACE_RADIUS * self.camera.zoom,
            _ => rect.height(),
        };
        radius.min(rect.height() / 2.0)
    }

    fn draw_handles(&self, painter: &Painter, node: NodeRef, accent: Color32, background: Color32) {
        if self.camera.zoom < 0.4 {
            return;
        }
        for (place, _) in self.handles(node) {
            let place = self.camera.to_screen(place);
            let near = self
                .pointer
                .is_some_and(|at| self.camera.to_screen(at).distance(place) < 10.0);
            let radius = if near { 6.5 } else { 5.0 };
            painter.circle(
                place,
                radius,
                if near { accent } else { background },
                Stroke::new(1.5, accent),
            );
        }
    }

    /// Everything that the flow may end at.
    fn light_targets(&self, painter: &Painter, from: Option<&End>, color: Color32) {
        let scene = &self.scene_graph.scene;
        let spaces = scene
            .namespaces
            .iter()
            .map(|space| NodeRef::Namespace(space.id));
        for node in scene.nodes.iter().map(|node| node.node).chain(spaces) {
            let legal = from.is_none_or(|from| draft::legal(from, &End::from(node)));
            if legal && from != Some(&End::from(node)) {
                self.ring(painter, node, color, false);
            }
        }
    }

    /// The ends of flows that are lit up from another panel.
    fn draw_lit(&self, painter: &Painter, document: &Document, view: &View, accent: Color32) {
        let selected = |flow: &FlowId| view.selection.contains(&crate::model::Item::Flow(*flow));
        for flow in view.highlight.iter().filter(|flow| !selected(flow)) {
            let Some(flow) = document.flows.get(*flow) else {
                continue;
            };
            for node in [flow.from.node(), flow.to.node()].into_iter().flatten() {
                let node = self.shown(document, node);
                self.ring(painter, node, faded(accent, 0.6), false);
            }
        }
    }

    /// What the search has found, and how many workloads of collapsed namespaces are among it.
    fn draw_found(
        &self,
        painter: &Painter,
        document: &Document,
        view: &View,
        palette: &tokens::Palette,
    ) {
        let accent = theme::color(palette.accent);
        for item in found(view) {
            if let Some(node) = item.node() {
                self.ring(painter, node, accent, false);
            } else if let Item::Flow(flow) = item
                && let Some(chip) = self.screen_chip(*flow)
                && chip.intersects(self.camera.viewport)
            {
                let stroke = Stroke::new(1.5, accent);
                painter.rect_stroke(chip, chip.height() / 2.0, stroke, StrokeKind::Outside);
            }
        }
        for (id, count) in self.found_inside(document, view) {
            let node = NodeRef::Namespace(id);
            if let Some(rect) = self.scene_graph.drawn_rect(node) {
                self.ring(painter, node, accent, false);
                let card = self.camera.rect_to_screen(rect);
                let all = document.workloads_of(id).len();
                found_badge(painter, card, &format!("{count} of {all}"), palette);
            }
        }
    }

    /// How many workloads in each collapsed namespace the search has found.
    pub(super) fn found_inside(
        &self,
        document: &Document,
        view: &View,
    ) -> BTreeMap<NamespaceId, usize> {
        let mut counts = BTreeMap::new();
        for item in found(view) {
            if let Item::Workload(id) = item
                && let NodeRef::Namespace(home) = self.shown(document, NodeRef::Workload(*id))
            {
                *counts.entry(home).or_default() += 1;
            }
        }
        counts
    }

    /// The number of hops to each object, at its corner.
    fn draw_hops(&self, painter: &Painter, view: &View, palette: &tokens::Palette) {
        let Some(emphasis) = view.emphasis().filter(|_| self.camera.zoom >= 0.3) else {
            return;
        };
        let (fill, foreground) = (
            theme::color(palette.accent),
            theme::color(palette.on_accent),
        );
        for (node, hops) in &emphasis.hops {
            let container = matches!(node, NodeRef::Namespace(_));
            let Some(rect) = self.scene_graph.drawn_rect(*node).filter(|_| !container) else {
                continue;
            };
            let rect = self.camera.rect_to_screen(rect);
            if !rect.intersects(self.camera.viewport) {
                continue;
            }
            if *hops == 0 {
                self.ring(painter, *node, fill, true);
                continue;
            }
            // Small cards are mostly name, and the names of namespaces are just above their left corners.
            let (at, radius) = match Level::at(self.camera.zoom) {
                Level::Near => (rect.left_top() + egui::vec2(2.0, 2.0), 9.0),
                _ => (rect.right_top() + egui::vec2(2.0, -2.0), 7.5),
            };
            let border = Stroke::new(1.5, theme::color(palette.canvas));
            painter.circle(at, radius, fill, border);
            let font = theme::semibold(tokens::TEXT_TINY);
            painter.text(
                at,
                Align2::CENTER_CENTER,
                hops.to_string(),
                font,
                foreground,
            );
        }
    }

    /// A few words above a frame.
    pub(super) fn hint(
        &self,
        painter: &Painter,
        rect: Rect,
        words: &str,
        palette: &tokens::Palette,
    ) {
        let font = theme::semibold(tokens::TEXT_SMALL);
        let foreground = theme::color(palette.on_accent);
        let galley = painter.layout_no_wrap(words.to_owned(), font, foreground);
        let background = Rect::from_min_size(
            rect.left_top() - egui::vec2(0.0, 26.0),
            galley.size() + egui::vec2(16.0, 8.0),
        );
        painter.rect_filled(background, 6.0, theme::color(palette.accent));
        painter.galley(background.min + egui::vec2(8.0, 4.0), galley, foreground);
    }

    /// A few words below the pointer.
    fn hint_at_pointer(&self, painter: &Painter, words: &str, palette: &tokens::Palette) {
        let Some(at) = painter.ctx().input(|input| input.pointer.latest_pos()) else {
            return;
        };
        self.words_at(painter, at + egui::vec2(0.0, 36.0), words, palette);
    }

    /// A few words at the top of the canvas, below what floats there.
    fn banner(&self, painter: &Painter, words: &str, palette: &tokens::Palette) {
        let top = self.camera.viewport.center_top() + egui::vec2(0.0, 88.0);
        self.words_at(painter, top, words, palette);
    }

    /// A few words in a box with its upper edge at a point, within the canvas.
    fn words_at(&self, painter: &Painter, top: Pos2, words: &str, palette: &tokens::Palette) {
        let foreground = theme::color(palette.text);
        let galley = painter.layout_no_wrap(
            words.to_owned(),
            theme::sans(tokens::TEXT_NORMAL),
            foreground,
        );
        let size = galley.size() + egui::vec2(24.0, 12.0);
        let room = self.camera.viewport.shrink(8.0);
        let min = top - egui::vec2(size.x / 2.0, 0.0);
        let min = min.min(room.max - size).max(room.min);
        let background = Rect::from_min_size(min, size);
        let border = Stroke::new(1.0, theme::color(palette.outline));
        painter.rect(
            background,
            8.0,
            theme::color(palette.raised),
            border,
            StrokeKind::Inside,
        );
        painter.add(Shape::galley(
            background.min + egui::vec2(12.0, 6.0),
            galley,
            foreground,
        ));
    }
}

/// What the search has found.
fn found(view: &View) -> &[Item] {
    let search = view.search.as_ref();
    search.map_or(&[], |search| search.found())
}

/// A number on the upper edge of a card, at its right; of the same size at every zoom.
fn found_badge(painter: &Painter, card: Rect, words: &str, palette: &tokens::Palette) {
    let foreground = theme::color(palette.on_accent);
    let font = theme::semibold(tokens::TEXT_TINY);
    let galley = painter.layout_no_wrap(words.to_owned(), font, foreground);
    let size = egui::vec2(galley.size().x + 12.0, 16.0);
    let middle = card.right_top() - egui::vec2(size.x / 2.0 - 4.0, 0.0);
    let pill = Rect::from_center_size(middle, size);
    painter.rect_filled(pill, 8.0, theme::color(palette.accent));
    let at = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), pill);
    painter.galley(at.min, galley, foreground);
}
