//! What lies outside of the view is named at the edge behind which it is; a click goes there.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Align2, Galley, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetType, vec2};

use super::CanvasView;
use super::arrow_shape::READ_CHIP;
use super::pen::rect;
use crate::app::theme::{self, color};
use crate::app::traffic::words::counted;
use crate::app::widgets;
use crate::model::{NamespaceId, NodeRef};
use crate::scene::{Scene, tokens};

/// The height of a label.
const HEIGHT: f32 = 24.0;
/// Between a label and the edge, and between the text and the ends of the label.
const MARGIN: f32 = 8.0;
const PADDING: f32 = 10.0;
/// The widest label at the left or right edge, and at the others.
const SIDE_WIDTH: f32 = 180.0;
const WIDTH: f32 = 480.0;
/// Between a label and what it gives way to.
const CLEAR: f32 = 2.0;
/// Between two places that are tried along an edge.
const STEP: f32 = 8.0;
/// The most names on a label: they are written anew for each frame.
const NAMES: usize = 24;

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

    /// The edge behind which a point lies; at a corner, the one that it is farther behind.
    fn of(at: Pos2, seen: Rect) -> Option<Self> {
        let behind = [
            (Self::Above, seen.top() - at.y),
            (Self::Below, at.y - seen.bottom()),
            (Self::Left, seen.left() - at.x),
            (Self::Right, at.x - seen.right()),
        ];
        let behind = behind.into_iter().filter(|(_, by)| *by > 0.0);
        let farthest = behind.max_by(|a, b| a.1.total_cmp(&b.1));
        farthest.map(|(edge, _)| edge)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
            Self::Left => "to the left",
            Self::Right => "to the right",
        }
    }

    /// Places for a label along this edge of the free area, its middle first.
    fn places(self, free: Rect, size: Vec2) -> impl Iterator<Item = Rect> {
        let inner = free.shrink(MARGIN);
        let (middle, along, room) = match self {
            Self::Above => (inner.center_top(), Vec2::X, inner.width() - size.x),
            Self::Below => (inner.center_bottom(), Vec2::X, inner.width() - size.x),
            Self::Left => (inner.left_center(), Vec2::Y, inner.height() - size.y),
            Self::Right => (inner.right_center(), Vec2::Y, inner.height() - size.y),
        };
        let align = match self {
            Self::Above => Align2::CENTER_TOP,
            Self::Below => Align2::CENTER_BOTTOM,
            Self::Left => Align2::LEFT_CENTER,
            Self::Right => Align2::RIGHT_CENTER,
        };
        let steps = (room / 2.0 / STEP).floor() as i32;
        (0..=steps)
            .flat_map(|step| [step, -step])
            .map(move |step| align.anchor_size(middle + along * (STEP * step as f32), size))
    }
}

/// What lies behind one edge.
#[derive(Debug, PartialEq)]
struct Outside {
    edge: Edge,
    /// How many of each kind, the edge, and their names.
    words: String,
    /// How many cards, and the edge.
    short: String,
    bounds: Rect,
}

/// What is counted: a node, or a namespace that is shown as one card or is empty.
struct Card<'a> {
    node: NodeRef,
    /// The namespace that it is in or that it is.
    home: Option<NamespaceId>,
    name: &'a str,
    rect: Rect,
    /// How many workloads it stands for.
    workloads: usize,
}

fn cards(scene: &Scene) -> Vec<Card<'_>> {
    let nodes = scene.nodes.iter().map(|node| Card {
        node: node.node,
        home: node.namespace,
        name: &node.name,
        rect: rect(node.rect),
        workloads: usize::from(matches!(node.node, NodeRef::Workload(_))),
    });
    let spaces = scene.namespaces.iter();
    let spaces = spaces.filter(|space| space.collapsed || space.count == 0);
    let spaces = spaces.map(|space| Card {
        node: NodeRef::Namespace(space.id),
        home: Some(space.id),
        name: &space.name,
        rect: rect(space.rect),
        workloads: space.count,
    });
    spaces.chain(nodes).collect()
}

/// The cards whose centre is out of view, by edge. Namespaces that are behind it with all of their cards are named,
/// the others by the cards that are.
fn outside(scene: &Scene, seen: Rect) -> Vec<Outside> {
    let cards: Vec<(Option<Edge>, Card)> = cards(scene)
        .into_iter()
        .map(|card| (Edge::of(card.rect.center(), seen), card))
        .collect();
    let mut homes: BTreeMap<NamespaceId, Option<Edge>> = BTreeMap::new();
    for (edge, card) in &cards {
        if let Some(home) = card.home {
            let known = homes.entry(home).or_insert(*edge);
            *known = known.filter(|known| Some(*known) == *edge);
        }
    }
    let of_edge = |edge: Edge| {
        let here = cards.iter().filter(|(at, _)| *at == Some(edge));
        let here: Vec<&Card> = here.map(|(_, card)| card).collect();
        let is_whole = |home| homes.get(&home) == Some(&Some(edge));
        let whole = scene.namespaces.iter().filter(|space| is_whole(space.id));
        let whole: Vec<_> = whole.collect();
        let single = here.iter().filter(|card| !card.home.is_some_and(is_whole));
        let names = whole.iter().map(|space| space.name.as_str());
        let names = names.chain(single.map(|card| card.name));
        let bounds = here.iter().map(|card| card.rect);
        let bounds = bounds.chain(whole.iter().map(|space| rect(space.rect)));
        let bounds = bounds.reduce(|all, one| all.union(one))?;
        let (counts, total) = counts(whole.len(), &here);
        let word = edge.word();
        Some(Outside {
            edge,
            words: format!("{counts} {word}: {}", listed(names)),
            short: format!("{total} {word}"),
            bounds,
        })
    };
    Edge::ALL.into_iter().filter_map(of_edge).collect()
}

/// How many of each kind, in words, and how many in all; a namespace counts if it has no workloads.
fn counts(namespaces: usize, cards: &[&Card]) -> (String, usize) {
    let workloads: usize = cards.iter().map(|card| card.workloads).sum();
    let of = |is: fn(&NodeRef) -> bool| cards.iter().filter(|card| is(&card.node)).count();
    let externals = of(|node| matches!(node, NodeRef::External(_)));
    let empty = cards.iter().filter(|card| card.workloads == 0);
    let empty = empty.filter(|card| matches!(card.node, NodeRef::Namespace(_)));
    let empty = empty.count();
    let nodes = of(|node| matches!(node, NodeRef::Node(_)));
    let others = of(|node| matches!(node, NodeRef::Group(_) | NodeRef::AnyPod));
    let kinds = [
        (namespaces, "namespace"),
        (workloads, "workload"),
        (externals, "external"),
        (nodes, "node"),
        (others, "object"),
    ];
    let kinds = kinds.into_iter().filter(|(number, _)| *number > 0);
    let kinds: Vec<String> = kinds
        .map(|(number, kind)| counted(number as u64, kind))
        .collect();
    (
        kinds.join(", "),
        workloads + externals + nodes + others + empty,
    )
}

/// The first names, and how many more there are.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let (first, more) = names.split_at(names.len().min(NAMES));
    match more.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
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
        let tools = [Some(self.strip_rect()), self.minimap_rect()];
        let mut taken: Vec<Rect> = tools.into_iter().flatten().collect();
        let drawn = self.drawn(free);
        for outside in outside(&self.scene_graph.scene, seen) {
            let Some((place, galley)) = place(ui, &outside, free, (&taken, &drawn)) else {
                continue;
            };
            taken.push(place);
            if self.outside_label(ui, &outside, place, galley) {
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

    /// What labels give way to, on the screen: cards, texts of headers and chips.
    fn drawn(&self, free: Rect) -> Vec<Rect> {
        let scene = &self.scene_graph.scene;
        let nodes = scene.nodes.iter().map(|node| node.rect);
        let spaces = scene.namespaces.iter();
        let texts = spaces.flat_map(|space| [space.title_rect, space.badges_rect]);
        let chips = scene.arrows.iter().filter_map(|arrow| arrow.chip.as_ref());
        let chips = chips.filter(|_| self.camera.zoom >= READ_CHIP);
        let all = nodes.chain(texts).chain(chips.map(|chip| chip.rect));
        all.map(|one| self.camera.rect_to_screen(rect(one)))
            .filter(|one| one.is_positive() && one.intersects(free))
            .collect()
    }

    /// One label; whether it was clicked.
    fn outside_label(&self, ui: &Ui, outside: &Outside, place: Rect, galley: Arc<Galley>) -> bool {
        let palette = theme::palette(ui.ctx());
        let id = ui.id().with(("outside", outside.edge.word()));
        let response = ui.interact(place, id, Sense::click());
        let line = match response.hovered() {
            true => palette.outline,
            false => palette.hairline,
        };
        let border = Stroke::new(1.0, color(line));
        let painter = ui.painter_at(self.camera.viewport);
        let background = color(palette.raised);
        painter.rect(place, HEIGHT / 2.0, background, border, StrokeKind::Inside);
        let text = place.center() - galley.size() / 2.0;
        let is_cut = galley.elided || galley.text() != outside.words;
        painter.galley(text, galley, color(palette.text_secondary));
        widgets::focus_ring(ui, &response, place);
        widgets::named(&response, WidgetType::Button, &outside.words);
        let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
        match is_cut {
            true => response.on_hover_text(&outside.words).clicked(),
            false => response.clicked(),
        }
    }
}

/// Where a label is, and its text: the fullest one that has a place. If there is none, it covers what is cut by the
/// edge and is counted in it, but no card in view; none: it is left out.
fn place(
    ui: &Ui,
    outside: &Outside,
    free: Rect,
    (taken, drawn): (&[Rect], &[Rect]),
) -> Option<(Rect, Arc<Galley>)> {
    let most = match outside.edge {
        Edge::Above | Edge::Below => WIDTH.min(free.width() - 2.0 * MARGIN),
        Edge::Left | Edge::Right => SIDE_WIDTH,
    };
    let of_cards_in_view = |one: &&Rect| free.contains(one.center());
    let in_view: Vec<Rect> = drawn.iter().filter(of_cards_in_view).copied().collect();
    let texts = [
        (&outside.words, most, drawn),
        (&outside.words, SIDE_WIDTH.min(most), drawn),
        (&outside.short, most, drawn),
        (&outside.short, most, &in_view),
    ];
    texts.into_iter().find_map(|(words, width, drawn)| {
        let ink = color(theme::palette(ui.ctx()).text_secondary);
        let font = theme::sans(tokens::TEXT_SMALL);
        let mut job = egui::text::LayoutJob::simple_singleline(words.clone(), font, ink);
        job.wrap = egui::text::TextWrapping::truncate_at_width(width - 2.0 * PADDING);
        let galley = ui.painter().layout_job(job);
        let size = vec2(galley.size().x + 2.0 * PADDING, HEIGHT);
        let is_free = |place: &Rect| {
            let wide = place.expand(CLEAR);
            !taken.iter().chain(drawn).any(|one| one.intersects(wide))
        };
        let place = outside.edge.places(free, size).find(is_free)?;
        Some((place, galley))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{ApproxMeasure, Request, fixture, layout};
    use egui::pos2;

    #[test]
    fn a_point_is_behind_the_edge_that_it_is_farthest_from() {
        let seen = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 100.0));
        let at = |x: f32, y: f32| Edge::of(pos2(x, y), seen);
        assert_eq!(at(50.0, 50.0), None);
        assert_eq!(at(100.0, 0.0), None);
        assert_eq!(at(101.0, 50.0), Some(Edge::Right));
        assert_eq!(at(-1.0, 50.0), Some(Edge::Left));
        assert_eq!(at(50.0, -20.0), Some(Edge::Above));
        assert_eq!(at(50.0, 120.0), Some(Edge::Below));
        assert_eq!(at(130.0, 120.0), Some(Edge::Right), "one edge, not two");
    }

    #[test]
    fn each_card_out_of_view_is_counted_once() {
        let scene = layout::arrange(&Request::of(&fixture::online_shop(), &ApproxMeasure));
        let bounds = rect(scene.bounds);
        for step in 0..=20 {
            let mut seen = bounds;
            seen.set_right(bounds.left() + bounds.width() * step as f32 / 20.0);
            let total = |one: &Outside| {
                let number = one.short.split(' ').next().unwrap();
                number.parse::<usize>().unwrap()
            };
            let outside = outside(&scene, seen);
            let counted: usize = outside.iter().map(total).sum();
            let nodes = scene.nodes.iter();
            let out = nodes.filter(|node| rect(node.rect).center().x > seen.right());
            assert_eq!(counted, out.count(), "{outside:?}");
            assert!(outside.iter().all(|one| one.edge == Edge::Right));
        }
    }

    #[test]
    fn a_namespace_cut_by_the_edge_is_named_by_its_cards_there() {
        let scene = layout::arrange(&Request::of(&fixture::online_shop(), &ApproxMeasure));
        let space = &scene.namespaces[0];
        let inside = scene.nodes.iter();
        let inside = inside.filter(|node| node.namespace == Some(space.id));
        let lowest = inside.max_by(|a, b| a.rect.max.y.total_cmp(&b.rect.max.y));
        let lowest = lowest.unwrap();
        let mut seen = rect(scene.bounds);
        seen.set_bottom(lowest.rect.centre().y - 1.0);
        let found = outside(&scene, seen);
        let names = found[0].words.split_once(": ").unwrap().1;
        let names: Vec<&str> = names.split(", ").collect();
        assert!(names.contains(&lowest.name.as_str()), "{names:?}");
        assert!(!names.contains(&space.name.as_str()), "{names:?}");
        seen.set_bottom(space.rect.min.y);
        let found = outside(&scene, seen);
        let below = found.iter().find(|one| one.edge == Edge::Below).unwrap();
        assert!(below.words.contains(&space.name), "{}", below.words);
        assert!(!below.words.contains(&lowest.name), "{}", below.words);
    }
}
