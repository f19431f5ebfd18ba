//! What is on the canvas but not in the scene: the tool strip, the minimap, and the hint on an
//! empty canvas.

use egui::{
    Align2, Color32, Mesh, Rect, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType,
    pos2, vec2,
};

use super::create::Peer;
use super::paint::faded;
use super::pen::rect;
use super::pointer::Gesture;
use super::{CanvasView, scene_graph};
use crate::app::command::{Command, Commands};
use crate::app::view::View;
use crate::app::{icons, theme};
use crate::model::Document;
use crate::query::Results;
use crate::scene::detail::minimap;
use crate::scene::{pt, tokens};

const MARGIN: f32 = 16.0;
/// One tool of the strip.
const CELL: egui::Vec2 = vec2(44.0, 36.0);
const TOOLS: f32 = 4.0;

impl CanvasView {
    /// Shows them.
    pub(super) fn tools(
        &mut self,
        ui: &mut Ui,
        (document, results): (&Document, &Results),
        view: &mut View,
        commands: &mut Commands,
    ) {
        if document.workloads.is_empty()
            && document.namespaces.is_empty()
            && document.externals.is_empty()
        {
            self.teach(ui);
        }
        self.camera.above = self.header(ui, (document, results), view, commands);
        if view.traffic.take_fit() {
            match self.layouts.busy() {
                true => self.fit_next(),
                false => self.fit(),
            }
        }
        self.strip(ui, document, commands);
        self.small_copy(ui);
        self.outside_ui(ui);
    }

    /// The hint on an empty canvas.
    fn teach(&self, ui: &Ui) {
        let palette = theme::palette(ui.ctx());
        let painter = ui.painter_at(self.camera.viewport);
        let middle = self.camera.viewport.center();
        let large = theme::semibold(tokens::TEXT_LARGE);
        let small = theme::sans(tokens::TEXT_NORMAL);
        painter.text(
            middle - vec2(0.0, 14.0),
            Align2::CENTER_CENTER,
            "Double-click to add a workload",
            large,
            theme::color(palette.text),
        );
        let more = "or paste Kubernetes YAML, or drop files here; then drag from one workload to another to draw a flow";
        painter.text(
            middle + vec2(0.0, 12.0),
            Align2::CENTER_CENTER,
            more,
            small,
            theme::color(palette.text_secondary),
        );
    }

    fn strip(&mut self, ui: &mut Ui, document: &Document, commands: &mut Commands) {
        let palette = theme::palette(ui.ctx());
        let tools = [
            (icons::WORKLOAD, "W", "Add workload", Command::AddWorkload),
            (
                icons::NAMESPACE,
                "N",
                "Add namespace",
                Command::AddNamespace,
            ),
            (icons::EXTERNAL, "E", "Add external", Command::AddExternal),
            (icons::ARROW_RIGHT, "A", "Draw flow", Command::DrawFlow),
        ];
        let (cell, background) = (CELL, self.strip_rect());
        panel(ui, background, palette);
        ui.interact(
            background,
            ui.id().with("tool strip"),
            Sense::click_and_drag(),
        );
        for (number, (icon, key, name, command)) in tools.into_iter().enumerate() {
            let place = Rect::from_min_size(
                background.min + vec2(4.0 + cell.x * number as f32, 2.0),
                cell,
            )
            .shrink(2.0);
            let response =
                ui.interact(place, ui.id().with(("tool", name)), Sense::click_and_drag());
            let active = command == Command::DrawFlow
                && matches!(&self.gesture, Gesture::Flow(draft) if draft.by_clicks);
            let painter = ui.painter();
            if active || response.hovered() || response.has_focus() {
                let fill = if active {
                    palette.accent_soft
                } else {
                    tokens::mix(palette.raised, palette.text, 0.06)
                };
                painter.rect_filled(place, 6.0, theme::color(fill));
            }
            let foreground = theme::color(if active {
                palette.accent
            } else {
                palette.text_secondary
            });
            let middle = place.center();
            painter.text(
                middle - vec2(6.0, 0.0),
                Align2::CENTER_CENTER,
                icon,
                theme::icon(tokens::ICON),
                foreground,
            );
            let font = theme::mono(tokens::TEXT_TINY);
            painter.text(
                middle + vec2(11.0, 1.0),
                Align2::CENTER_CENTER,
                key,
                font,
                theme::color(palette.text_faint),
            );
            response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, name));
            if response.clicked() {
                commands.push(command.clone());
            }
            let peer = match command {
                Command::AddWorkload => Some(Peer::Workload(None, String::new())),
                Command::AddNamespace => Some(Peer::Namespace),
                Command::AddExternal => Some(Peer::External(String::new())),
                _ => None,
            };
            if let Some(peer) = peer {
                self.follow_tool(ui, document, (&response, peer), commands);
            }
            response.on_hover_text(format!(
                "{name}  ({key}); drag it to a place or onto an arrow"
            ));
        }
    }

    /// The minimap; a click or a drag on it moves the viewport.
    fn small_copy(&mut self, ui: &mut Ui) {
        let scene = self.scene();
        let Some(background) = self.minimap_rect() else {
            return;
        };
        let palette = theme::palette(ui.ctx());
        panel(ui, background, palette);
        let area = background.shrink(4.0);
        let place = minimap(&scene, scene_graph::scene_rect(area));
        let on_map = |scene_rect| rect(place.rect_to_screen(scene_rect));
        let mut mesh = Mesh::default();
        for space in &scene.namespaces {
            let color = tokens::mix(palette.raised, tokens::Palette::hue(space.hue), 0.25);
            mesh.add_colored_rect(on_map(space.rect).intersect(area), theme::color(color));
        }
        let foreground = faded(theme::color(palette.text_secondary), 0.75);
        for node in &scene.nodes {
            mesh.add_colored_rect(on_map(node.rect).intersect(area), foreground);
        }
        let painter = ui.painter_at(background);
        painter.add(Shape::mesh(mesh));
        let seen = on_map(scene_graph::scene_rect(self.camera.visible())).intersect(area);
        let accent = Stroke::new(1.5, theme::color(palette.accent));
        painter.rect(seen, 3.0, Color32::TRANSPARENT, accent, StrokeKind::Inside);
        let response = ui.interact(background, ui.id().with("minimap"), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Other, true, "Minimap"));
        let used = response.dragged() || response.clicked();
        if let (true, Some(at)) = (used, response.interact_pointer_pos()) {
            let to = place.to_scene(pt(at.x, at.y));
            let away = self.camera.visible().center() - pos2(to.x, to.y);
            self.camera.pan_by(away * self.camera.zoom);
        }
    }
}

impl CanvasView {
    pub(super) fn strip_rect(&self) -> Rect {
        let size = vec2(CELL.x * TOOLS + 8.0, CELL.y + 4.0);
        let corner = self.camera.viewport.left_bottom() + vec2(MARGIN, -MARGIN - size.y);
        Rect::from_min_size(corner, size)
    }

    /// Where the minimap is; it is shown only while something is outside of the view, and there is room.
    pub(super) fn minimap_rect(&self) -> Option<Rect> {
        let view = self.camera.viewport;
        if self.scene_graph.scene.nodes.is_empty() || view.width() < 560.0 || self.all_seen() {
            return None;
        }
        let size = vec2(172.0, 122.0);
        let corner = view.right_bottom() - size - vec2(MARGIN, MARGIN);
        Some(Rect::from_min_size(corner, size))
    }

    /// The nearest point above the tools where a new node is not under one of them.
    pub(super) fn clear_of_tools(&self, mut at: egui::Pos2) -> egui::Pos2 {
        let size = vec2(tokens::NODE_MIN_WIDTH, tokens::NODE_HEIGHT);
        for tool in [Some(self.strip_rect()), self.minimap_rect()] {
            let node = self.camera.rect_to_screen(Rect::from_center_size(at, size));
            if let Some(tool) = tool.filter(|tool| node.intersects(*tool)) {
                at.y -= (node.bottom() - tool.top() + 8.0) / self.camera.zoom;
            }
        }
        at
    }

    /// Whether the whole scene is visible.
    fn all_seen(&self) -> bool {
        let bounds = rect(self.scene_graph.scene.bounds);
        self.camera.visible().contains_rect(bounds)
    }
}

/// A flat background on the canvas.
fn panel(ui: &Ui, background: Rect, palette: &tokens::Palette) {
    let border = Stroke::new(1.0, theme::color(palette.hairline));
    ui.painter().rect(
        background,
        8.0,
        theme::color(palette.raised),
        border,
        StrokeKind::Inside,
    );
}
