//! egui_graphs' display of a node: a card, a pill or a namespace's container. Its shapes are made
//! once for a zoom and kept; panning only moves them.

use std::sync::Arc;

use egui::{
    Color32, FontId, Galley, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2,
};
use egui_graphs::{DisplayNode, DrawContext, NodeProps};
use petgraph::Directed;
use petgraph::stable_graph::DefaultIx;

use super::paint::{moved, shield};
use crate::app::{icons, theme};
use crate::engine::Isolation;
use crate::model::{FlowId, NodeRef};
use crate::scene::tokens::{self, Palette, Theme};
use crate::scene::{self, Icon, NamespaceBox, NodeBox, Point, pt};

/// Below this zoom a node's second line is not drawn, and below the next not its name.
pub const READ_LABEL: f32 = 0.6;
/// See [`READ_LABEL`].
pub const READ_NAME: f32 = 0.45;

/// What is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Thing {
    /// Nothing yet.
    #[default]
    Nothing,
    /// A card or a pill.
    Node(NodeBox),
    /// A container.
    Namespace(NamespaceBox),
}

impl Thing {
    /// The same with its corner at the origin, and where the corner was.
    fn at_origin(mut self) -> (Self, Point) {
        let corner = match &mut self {
            Self::Nothing => Point::default(),
            Self::Node(node) => {
                let corner = node.rect.min;
                node.rect = node.rect.at(pt(0.0, 0.0));
                corner
            }
            Self::Namespace(space) => {
                let corner = space.rect.min;
                let back = pt(0.0, 0.0) - corner;
                for rect in [
                    &mut space.rect,
                    &mut space.header,
                    &mut space.title_rect,
                    &mut space.badges_rect,
                ] {
                    *rect = rect.moved(back);
                }
                corner
            }
        };
        (self, corner)
    }
}

/// What kept shapes depend on beside the thing itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Made {
    /// The zoom they were made for.
    pub zoom: f32,
    /// The colours.
    pub theme: Theme,
    /// Changes when egui forgets the glyphs it has drawn.
    pub glyphs: u64,
}

/// The display of a node.
#[derive(Clone, Debug, Default)]
pub struct NodeShape {
    /// What it is, with its corner at the origin: moving a node does not make its shapes anew.
    thing: Thing,
    place: Point,
    /// How far it still has to go, in scene points, while a new layout moves it.
    pub shift: Vec2,
    isolation: Option<Isolation>,
    want: Made,
    kept: Option<(Made, Vec<Shape>)>,
    /// How often its shapes were made; tests read it.
    pub built: u64,
}

impl NodeShape {
    /// Says what to draw. Shapes are kept where that changes nothing.
    pub fn set(&mut self, thing: Thing, isolation: Option<Isolation>) {
        let (thing, place) = thing.at_origin();
        self.place = place;
        if self.thing != thing || self.isolation != isolation {
            self.thing = thing;
            self.isolation = isolation;
            self.kept = None;
        }
    }

    /// Says for which zoom and colours.
    pub fn want(&mut self, made: Made) {
        self.want = made;
    }

    /// Where it stands, in the scene.
    pub fn rect(&self) -> Rect {
        let own = match &self.thing {
            Thing::Nothing => return Rect::NOTHING,
            Thing::Node(node) => node.rect,
            Thing::Namespace(space) => space.rect,
        };
        rect(own.moved(self.place)).translate(self.shift)
    }

    fn build(&self, painter: &Painter) -> Vec<Shape> {
        let mut pen = Pen::new(painter, self.want);
        match &self.thing {
            Thing::Nothing => {}
            Thing::Node(node) => card(&mut pen, node, self.isolation),
            Thing::Namespace(space) => container(&mut pen, space),
        }
        pen.shapes
    }
}

impl From<NodeProps<NodeRef>> for NodeShape {
    fn from(_: NodeProps<NodeRef>) -> Self {
        Self::default()
    }
}

impl DisplayNode<NodeRef, FlowId, Directed, DefaultIx> for NodeShape {
    fn closest_boundary_point(&self, dir: Vec2) -> Pos2 {
        let rect = self.rect();
        let half = rect.size() / 2.0;
        let reach = (half.x / dir.x.abs()).min(half.y / dir.y.abs());
        if reach.is_finite() {
            rect.center() + dir * reach
        } else {
            rect.center()
        }
    }

    fn shapes(&mut self, ctx: &DrawContext) -> Vec<Shape> {
        let fresh = matches!(&self.kept, Some((made, _)) if *made == self.want);
        if !fresh {
            self.kept = Some((self.want, self.build(ctx.painter)));
            self.built += 1;
        }
        let shapes = self.kept.as_ref().map_or(&[][..], |(_, shapes)| shapes);
        let place = vec2(self.place.x, self.place.y) + self.shift;
        moved(shapes, (place * ctx.meta.zoom + ctx.meta.pan).round())
    }

    fn update(&mut self, _: &NodeProps<NodeRef>) {}

    fn is_inside(&self, pos: Pos2) -> bool {
        self.rect().contains(pos)
    }
}

/// The scene's rectangle as egui has it.
pub fn rect(rect: scene::Rect) -> Rect {
    Rect::from_min_max(pos2(rect.min.x, rect.min.y), pos2(rect.max.x, rect.max.y))
}

/// The glyph of a node's icon.
pub fn glyph(icon: Icon) -> &'static str {
    match icon {
        Icon::Deployment => icons::WORKLOAD,
        Icon::StatefulSet => icons::STATEFUL,
        Icon::DaemonSet => icons::EVERYWHERE,
        Icon::Job | Icon::CronJob => icons::SCHEDULED,
        Icon::Pod => icons::WORKLOAD,
        Icon::Internet => icons::INTERNET,
        Icon::External => icons::EXTERNAL,
        Icon::Group => icons::GROUP,
        Icon::AnyPod => icons::ANY,
    }
}

/// Collects shapes at a zoom, around an origin.
pub struct Pen<'a> {
    painter: &'a Painter,
    /// Screen points for each scene point.
    pub zoom: f32,
    /// The colours.
    pub palette: &'static Palette,
    /// What came of it.
    pub shapes: Vec<Shape>,
}

impl<'a> Pen<'a> {
    /// A pen for these conditions.
    pub fn new(painter: &'a Painter, made: Made) -> Self {
        Self {
            painter,
            zoom: made.zoom,
            palette: made.theme.palette(),
            shapes: Vec::new(),
        }
    }

    /// A point of the scene.
    pub fn at(&self, x: f32, y: f32) -> Pos2 {
        pos2(x * self.zoom, y * self.zoom)
    }

    /// A rectangle of the scene.
    pub fn scaled(&self, rect: scene::Rect) -> Rect {
        Rect::from_min_max(
            self.at(rect.min.x, rect.min.y),
            self.at(rect.max.x, rect.max.y),
        )
    }

    /// A filled rectangle with a border; the radius is in scene points.
    pub fn rect(&mut self, rect: Rect, radius: f32, fill: Color32, border: Stroke) {
        let radius = (radius * self.zoom).min(rect.height() / 2.0);
        self.shapes.push(Shape::rect_filled(rect, radius, fill));
        if border.width > 0.0 {
            self.shapes
                .push(Shape::rect_stroke(rect, radius, border, StrokeKind::Inside));
        }
    }

    /// One line of text.
    pub fn layout(&self, text: &str, font: FontId, color: Color32) -> Arc<Galley> {
        self.painter.layout_no_wrap(text.to_owned(), font, color)
    }

    /// One line of text with its middle at `y`, from `x` on; its width on the screen.
    pub fn text(&mut self, x: f32, y: f32, text: &str, font: FontId, color: Color32) -> f32 {
        let galley = self.layout(text, font, color);
        let size = galley.size();
        let place = pos2(x, y - size.y / 2.0);
        self.shapes.push(Shape::galley(place, galley, color));
        size.x
    }

    /// An icon around a middle; the size is in scene points.
    pub fn icon(&mut self, middle: Pos2, icon: &str, size: f32, color: Color32) {
        let font = theme::icon(self.size(size));
        let galley = self.layout(icon, font, color);
        let place = middle - galley.size() / 2.0;
        self.shapes.push(Shape::galley(place, galley, color));
    }

    /// A text size at this zoom, in quarter points, so that egui keeps few sizes of each glyph.
    pub fn size(&self, size: f32) -> f32 {
        (size * self.zoom * 4.0).round().max(4.0) / 4.0
    }
}

fn card(pen: &mut Pen, node: &NodeBox, isolation: Option<Isolation>) {
    let palette = pen.palette;
    let outer = pen.scaled(node.rect);
    let radius = match node.shape {
        scene::Shape::Rounded => tokens::NODE_RADIUS,
        scene::Shape::Pill => tokens::NODE_HEIGHT / 2.0,
    };
    let soft = Color32::from_black_alpha(if palette.dark { 40 } else { 10 });
    pen.rect(
        outer.translate(vec2(0.0, 1.5 * pen.zoom)),
        radius,
        soft,
        Stroke::NONE,
    );
    let border = Stroke::new(1.0, theme::color(palette.outline));
    pen.rect(outer, radius, theme::color(palette.raised), border);

    let pill = node.shape == scene::Shape::Pill;
    let side = tokens::ICON_TILE * pen.zoom;
    let middle =
        outer.left_center() + vec2(if pill { 13.0 } else { 8.0 } * pen.zoom + side / 2.0, 0.0);
    let tile = Rect::from_center_size(middle, Vec2::splat(side));
    let (ground, ink) = match node.hue {
        Some(hue) => (palette.icon_tile(hue), palette.icon(hue)),
        None => (palette.plain_tile(), palette.ink2),
    };
    let tile_radius = if pill { tokens::ICON_TILE / 2.0 } else { 6.0 };
    pen.rect(tile, tile_radius, theme::color(ground), Stroke::NONE);
    if pen.zoom >= 0.3 {
        pen.icon(middle, glyph(node.icon), tokens::ICON, theme::color(ink));
    }

    let left = tile.right() + 8.0 * pen.zoom;
    if pen.zoom >= READ_NAME {
        let font = theme::semibold(pen.size(tokens::TEXT_NORMAL));
        let lifted = if pen.zoom >= READ_LABEL {
            8.0 * pen.zoom
        } else {
            0.0
        };
        pen.text(
            left,
            outer.center().y - lifted,
            &node.title,
            font,
            theme::color(palette.ink),
        );
    }
    if pen.zoom >= READ_LABEL {
        let font = theme::mono(pen.size(tokens::TEXT_TINY));
        let y = outer.center().y + 9.0 * pen.zoom;
        pen.text(left, y, &node.subtitle, font, theme::color(palette.ink2));
    }
    if let (Some(isolation), true) = (isolation, pen.zoom >= 0.3) {
        let x = outer.right() - 15.0 * pen.zoom;
        for (closed, y) in [(isolation.ingress, -10.0), (isolation.egress, 10.0)] {
            let ink = if closed { palette.ink2 } else { palette.wide };
            let middle = pos2(x, outer.center().y + y * pen.zoom);
            pen.shapes
                .push(shield(middle, 13.0 * pen.zoom, theme::color(ink), closed));
        }
    }
}

fn container(pen: &mut Pen, space: &NamespaceBox) {
    let palette = pen.palette;
    let outer = pen.scaled(space.rect);
    let hue = palette.icon(space.hue);
    let border = Stroke::new(1.0, theme::color(palette.namespace_border(space.hue)));
    let fill = theme::color(palette.namespace_fill(space.hue));
    pen.rect(outer, tokens::NAMESPACE_RADIUS, fill, border);
    if pen.zoom < 0.3 {
        return;
    }
    let title = pen.scaled(space.title_rect);
    let y = title.center().y;
    let icon = pos2(title.left() + 7.0 * pen.zoom, y);
    pen.icon(icon, icons::NAMESPACE, tokens::ICON, theme::color(hue));
    let font = theme::semibold(pen.size(tokens::TEXT_NORMAL));
    let ink = theme::color(palette.ink);
    let left = title.left() + 22.0 * pen.zoom;
    let width = pen.text(left, y, &space.title, font, ink);
    if pen.zoom < READ_NAME {
        return;
    }
    let font = theme::sans(pen.size(tokens::TEXT_SMALL));
    let left = left + width + 8.0 * pen.zoom;
    pen.text(
        left,
        y,
        &space.count.to_string(),
        font,
        theme::color(palette.ink3),
    );
    badges(pen, space);
}

/// The header's chips, from the right: DNS, and what the base isolates.
fn badges(pen: &mut Pen, space: &NamespaceBox) {
    let palette = pen.palette;
    let room = pen.scaled(space.badges_rect);
    let ink = theme::color(palette.ink2);
    let mut right = room.right();
    let words = if space.managed {
        space.base
    } else {
        "not managed"
    };
    let open = space.managed && space.base == "open";
    let chips = [
        (space.dns && space.managed).then_some(("DNS", false)),
        Some((words, true)),
    ];
    for (text, shielded) in chips.into_iter().flatten() {
        let font = theme::sans(pen.size(tokens::TEXT_TINY));
        let galley = pen.layout(text, font, ink);
        let lead = if shielded { 16.0 } else { 0.0 } * pen.zoom;
        let pad = tokens::CHIP_PADDING * pen.zoom;
        let width = galley.size().x + lead + 2.0 * pad;
        let height = tokens::CHIP * pen.zoom;
        let chip = Rect::from_min_size(
            pos2(right - width, room.center().y - height / 2.0),
            vec2(width, height),
        );
        let border = Stroke::new(1.0, theme::color(palette.hairline));
        pen.rect(
            chip,
            tokens::CHIP / 2.0,
            theme::color(palette.raised),
            border,
        );
        if shielded {
            let color = if open { palette.wide } else { palette.ink2 };
            let middle = pos2(chip.left() + pad + 5.0 * pen.zoom, chip.center().y);
            pen.shapes.push(shield(
                middle,
                11.0 * pen.zoom,
                theme::color(color),
                !open && space.managed,
            ));
        }
        let place = pos2(
            chip.left() + pad + lead,
            chip.center().y - galley.size().y / 2.0,
        );
        pen.shapes.push(Shape::galley(place, galley, ink));
        right = chip.left() - 4.0 * pen.zoom;
    }
}
