//! What lies outside of the view is named at the edge behind which it is; a click goes there.

use egui::{Align2, Rect, Sense, Stroke, StrokeKind, Ui, WidgetType, pos2, vec2};

use super::CanvasView;
use super::pen::rect;
use crate::app::theme::{self, color};
use crate::app::widgets;
use crate::model::NodeRef;
use crate::scene::{Scene, tokens};

/// The height of a label.
const HEIGHT: f32 = 24.0;
/// Between a label and the edge.
const MARGIN: f32 = 8.0;
/// The widest label at the left or right edge, which is over the drawing.
const SIDE_WIDTH: f32 = 180.0;

/// An edge of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    Above,
    Below,
    Left,
    Right,
}

impl Edge {
    const ALL: [Self; 4] = [Self::Above, Self::Below, Self::Left, Self::Right];

    /// The edge behind which a box lies, if nothing of it is seen.
    fn of(one: Rect, seen: Rect) -> Option<Self> {
        match one {
            one if one.top() >= seen.bottom() => Some(Self::Below),
            one if one.bottom() <= seen.top() => Some(Self::Above),
            one if one.left() >= seen.right() => Some(Self::Right),
            one if one.right() <= seen.left() => Some(Self::Left),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
            Self::Left => "to the left",
            Self::Right => "to the right",
        }
    }
}

/// What lies behind one edge.
#[derive(Debug, PartialEq)]
struct Outside {
    edge: Edge,
    words: String,
    bounds: Rect,
}

/// Namespaces, externals and groups of which nothing is seen, by edge.
fn outside(scene: &Scene, seen: Rect) -> Vec<Outside> {
    let spaces = scene.namespaces.iter().map(|one| {
        let node = NodeRef::Namespace(one.id);
        (node, &one.name, rect(one.rect))
    });
    let others = scene.nodes.iter().filter(|node| node.namespace.is_none());
    let others = others.map(|node| (node.node, &node.name, rect(node.rect)));
    let all: Vec<_> = spaces.chain(others).collect();
    let of_edge = |edge| {
        let here = all
            .iter()
            .filter(|(_, _, rect)| Edge::of(*rect, seen) == Some(edge));
        let here: Vec<_> = here.collect();
        let (_, _, first) = here.first()?;
        let names: Vec<&str> = here.iter().map(|(_, name, _)| name.as_str()).collect();
        let all_are = |is: fn(&NodeRef) -> bool| here.iter().all(|(node, ..)| is(node));
        let kind = match () {
            () if all_are(|node| matches!(node, NodeRef::Node(_))) => "node",
            () if all_are(|node| matches!(node, NodeRef::Namespace(_))) => "namespace",
            () if all_are(|node| matches!(node, NodeRef::External(_))) => "external",
            () => "object",
        };
        let s = if here.len() == 1 { "" } else { "s" };
        let count = format!("{} {kind}{s}", here.len());
        Some(Outside {
            edge,
            words: format!("{count} {}: {}", edge.word(), names.join(", ")),
            bounds: here.iter().fold(*first, |all, (.., rect)| all.union(*rect)),
        })
    };
    Edge::ALL.into_iter().filter_map(of_edge).collect()
}

impl CanvasView {
    /// Shows the labels.
    pub(super) fn outside_ui(&mut self, ui: &mut Ui) {
        let free = self.free();
        let seen = Rect::from_min_max(
            self.camera.to_scene(free.left_top()),
            self.camera.to_scene(free.right_bottom()),
        );
        if !free.is_positive() || seen.contains_rect(rect(self.scene_graph.scene.bounds)) {
            return;
        }
        for outside in outside(&self.scene_graph.scene, seen) {
            if self.outside_label(ui, free, &outside) {
                self.camera.show(outside.bounds);
            }
        }
    }

    /// The canvas below what floats at its top.
    fn free(&self) -> Rect {
        let mut free = self.camera.viewport;
        free.set_top(free.top() + self.camera.above);
        free
    }

    /// One label; whether it was clicked.
    fn outside_label(&self, ui: &Ui, free: Rect, outside: &Outside) -> bool {
        let room = match outside.edge {
            Edge::Above => free.width() - 2.0 * MARGIN,
            // Between the tools and the minimap.
            Edge::Below => {
                let right = self.minimap_rect().map_or(free.right(), |map| map.left());
                2.0 * (right.min(free.right()) - free.center().x)
                    .min(free.center().x - self.strip_rect().right())
                    - 2.0 * MARGIN
            }
            Edge::Left | Edge::Right => SIDE_WIDTH,
        };
        if room < SIDE_WIDTH / 2.0 {
            return false;
        }
        let palette = theme::palette(ui.ctx());
        let (font, ink) = (
            theme::sans(tokens::TEXT_SMALL),
            color(palette.text_secondary),
        );
        let mut job = egui::text::LayoutJob::simple_singleline(outside.words.clone(), font, ink);
        job.wrap = egui::text::TextWrapping::truncate_at_width(room - 20.0);
        let galley = ui.painter().layout_job(job);
        let size = vec2(galley.size().x + 20.0, HEIGHT);
        let (middle, inner) = (free.center(), free.shrink(MARGIN));
        let place = match outside.edge {
            Edge::Above => Align2::CENTER_TOP.anchor_size(pos2(middle.x, inner.top()), size),
            Edge::Below => Align2::CENTER_BOTTOM.anchor_size(pos2(middle.x, inner.bottom()), size),
            Edge::Left => Align2::LEFT_CENTER.anchor_size(pos2(inner.left(), middle.y), size),
            Edge::Right => Align2::RIGHT_CENTER.anchor_size(pos2(inner.right(), middle.y), size),
        };
        let id = ui.id().with(("outside", outside.edge.word()));
        let response = ui.interact(place, id, Sense::click());
        let line = match response.hovered() {
            true => palette.outline,
            false => palette.hairline,
        };
        let border = Stroke::new(1.0, color(line));
        let painter = ui.painter_at(self.camera.viewport);
        painter.rect(
            place,
            HEIGHT / 2.0,
            color(palette.raised),
            border,
            StrokeKind::Inside,
        );
        let text = place.center() - galley.size() / 2.0;
        let cut = galley.elided;
        painter.galley(text, galley, ink);
        widgets::focus_ring(ui, &response, place);
        widgets::named(&response, WidgetType::Button, &outside.words);
        let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
        match cut {
            true => response.on_hover_text(&outside.words).clicked(),
            false => response.clicked(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_behind_the_edge_where_nothing_of_it_is_seen() {
        let seen = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 100.0));
        let at = |x: f32, y: f32| {
            let one = Rect::from_min_size(pos2(x, y), vec2(10.0, 10.0));
            Edge::of(one, seen)
        };
        assert_eq!(at(50.0, 50.0), None);
        assert_eq!(at(95.0, 50.0), None, "a part of it is seen");
        assert_eq!(at(100.0, 50.0), Some(Edge::Right));
        assert_eq!(at(-10.0, 50.0), Some(Edge::Left));
        assert_eq!(at(50.0, -20.0), Some(Edge::Above));
        assert_eq!(at(50.0, 120.0), Some(Edge::Below));
        assert_eq!(at(120.0, 120.0), Some(Edge::Below), "one edge, not two");
    }
}
