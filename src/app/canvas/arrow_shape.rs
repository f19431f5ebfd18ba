//! egui_graphs' display of an edge: the arrow of a flow, and the chip with its ports. Shapes are cached
//! for a zoom, as those of nodes are.

use std::borrow::Cow;

use egui::{Color32, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};
use egui_graphs::{DisplayEdge, DrawContext, EdgeProps, Node};
use petgraph::Directed;
use petgraph::stable_graph::DefaultIx;

use super::look::{ArrowLook, colors_of, icon_of, icon_of_extra};
use super::node_shape::NodeShape;
use super::paint::{bar, dashed_outline, faded, halves, head, hollow_head, line, moved, shorten};
use super::pen::{Made, Pen};
use crate::app::{icons, theme};
use crate::model::{Direction, NodeRef, TrafficClass};
use crate::picture::look::{Line, line_of, line_of_class, line_of_extra};
use crate::scene::geom::{distance_to_segment, flatten};
use crate::scene::{self, Arrow, ArrowId, ExtraKind, Point, pt, tokens, traffic};

/// Below this zoom chips are not drawn: their text could not be read.
pub const READ_CHIP: f32 = 0.6;
/// The least zoom of the chip of an arrow that is hovered or selected.
const READ_RAISED: f32 = 0.85;

/// The opacity of an arrow whose class is switched off.
const OFF: f32 = 0.25;

/// Lines, and chips, which are drawn later, above the nodes.
#[derive(Clone, Debug, Default)]
struct Shapes {
    lines: Vec<Shape>,
    chip: Vec<Shape>,
}

/// The display of a flow.
#[derive(Clone, Debug, Default)]
pub struct ArrowShape {
    arrow: Option<Arrow>,
    look: ArrowLook,
    hovered: bool,
    want: Made,
    way: Vec<Point>,
    bounds: Option<Rect>,
    cached: Option<(Made, Shapes)>,
    /// How often its shapes were made; tests read it.
    pub built: u64,
}

impl ArrowShape {
    /// Sets what to draw and how. Shapes stay cached where that changes nothing.
    pub fn set(&mut self, arrow: &Arrow, look: ArrowLook) {
        if self.arrow.as_ref() != Some(arrow) {
            self.way = flatten(&arrow.curve, 6.0);
            let way = self.way.iter().map(|point| pos2(point.x, point.y));
            let chip = arrow.chip.iter().chain(&arrow.spare);
            let chip = chip.map(|chip| super::pen::rect(chip.rect));
            let line = Rect::from_points(&way.collect::<Vec<_>>()).expand(8.0);
            self.bounds = Some(chip.fold(line, |all, chip| all.union(chip)));
            self.arrow = Some(arrow.clone());
            self.cached = None;
        }
        if self.look != look {
            self.look = look;
            self.cached = None;
        }
    }

    /// Sets whether the pointer is on it.
    pub fn hover(&mut self, hovered: bool) {
        if self.hovered != hovered {
            self.hovered = hovered;
            self.cached = None;
        }
    }

    /// Whether it is hovered or selected: its chip is always drawn, and above all others.
    pub fn is_raised(&self) -> bool {
        self.hovered || self.look.selected
    }

    /// Sets the zoom and the colours.
    pub fn want(&mut self, made: Made) {
        self.want = made;
    }

    /// All that it may cover, in the scene.
    pub fn bounds(&self) -> Rect {
        self.bounds.unwrap_or(Rect::NOTHING)
    }

    /// The chip, to be drawn above everything else; made by [`DisplayEdge::shapes`].
    pub fn chip_shapes(&self, ctx: &DrawContext) -> Vec<Shape> {
        let chip = self
            .cached
            .as_ref()
            .map_or(&[][..], |(_, shapes)| &shapes.chip);
        moved(chip, ctx.meta.pan)
    }

    /// Where its chip was drawn last.
    pub fn drawn_chip(&self, pan: Vec2) -> Option<Rect> {
        let (_, shapes) = self.cached.as_ref()?;
        let pill = shapes.chip.iter().find_map(|shape| match shape {
            Shape::Rect(pill) => Some(pill.rect),
            _ => None,
        });
        pill.map(|pill| pill.translate(pan))
    }

    /// Distance from a point of the scene to its line.
    pub fn distance(&self, pos: Pos2) -> f32 {
        let point = pt(pos.x, pos.y);
        let pairs = self.way.windows(2).filter_map(|pair| match pair {
            [a, b] => Some(distance_to_segment(point, *a, *b)),
            _ => None,
        });
        pairs.fold(f32::INFINITY, f32::min)
    }

    fn build(&self, ctx: &DrawContext) -> Shapes {
        let Some(arrow) = &self.arrow else {
            return Shapes::default();
        };
        let pen = Pen::new(ctx.painter, self.want);
        Shapes {
            lines: self.lines(&pen, arrow),
            chip: self.chip(ctx, &pen, arrow).unwrap_or_default(),
        }
    }

    /// The chip that is drawn at this zoom.
    fn shown_chip<'a>(&self, arrow: &'a Arrow, zoom: f32) -> Option<&'a scene::Chip> {
        match self.is_raised() {
            true => arrow.chip.as_ref().or(arrow.spare.as_ref()),
            false if self.look.faint => None,
            false => {
                let chip = arrow.chip.as_ref();
                chip.filter(|chip| zoom * chip.scale() >= READ_CHIP)
            }
        }
    }

    fn chip(&self, ctx: &DrawContext, pen: &Pen, arrow: &Arrow) -> Option<Vec<Shape>> {
        let chip = self.shown_chip(arrow, pen.zoom)?;
        let mut outer = pen.scaled(chip.rect);
        let mut zoom = pen.zoom * chip.scale();
        let least = if self.is_raised() { READ_RAISED } else { zoom };
        if zoom < least {
            outer = Rect::from_center_size(outer.center(), outer.size() * (least / zoom));
            zoom = least;
        }
        let made = Made { zoom, ..self.want };
        let mut pen = Pen::new(ctx.painter, made);
        self.draw_chip(&mut pen, (outer, &chip.text), arrow);
        Some(pen.shapes)
    }

    fn lines(&self, pen: &Pen, arrow: &Arrow) -> Vec<Shape> {
        let mut color = self.line_color(arrow, pen.palette);
        let class = self.look.class;
        let mut kind = match (class, extra_of(arrow)) {
            (Some(class), _) => line_of_class(class),
            (None, Some(extra)) => line_of_extra(extra),
            (None, None) => line_of(self.look.line),
        };
        let accent = theme::color(pen.palette.accent);
        if arrow.muted {
            color = faded(color, 0.4);
            kind = Line::Solid;
        }
        if self.look.faint {
            color = faded(color, OFF);
        }
        // A class keeps its colour: the halo shows that it is selected.
        if (self.look.selected || self.look.own) && class.is_none() {
            color = accent;
        }
        let own = class.map_or_else(|| arrow.width(), traffic::width);
        let width = own * pen.zoom.clamp(0.6, 1.6);
        let width = if self.look.selected {
            width + 0.6
        } else {
            width
        };
        let mut way: Vec<Pos2> = self.way.iter().map(|p| pen.at(p.x, p.y)).collect();
        let mut shapes = Vec::new();
        if self.look.selected || self.look.lit {
            let halo = Stroke::new(width + 6.0, faded(accent, 0.18));
            shapes.push(Shape::line(way.clone(), halo));
        }
        let size = scene::bundle::head(own) * pen.zoom.max(0.5);
        let tip = pen.at(arrow.tip.x, arrow.tip.y);
        shorten(&mut way, if arrow.denies { 2.0 } else { size * 0.7 });
        let zoom = pen.zoom.max(0.5);
        let stroke = Stroke::new(width, color);
        let faint = faded(color, 0.45);
        // The half at a gate that is not the flow's matter fades out.
        match arrow.half {
            None => shapes.extend(line(&way, kind, stroke, zoom)),
            Some(only) => {
                let (first, second) = halves(&way);
                let (kept, other) = match only {
                    Direction::Egress => (first, second),
                    Direction::Ingress => (second, first),
                };
                shapes.extend(line(&kept, kind, stroke, zoom));
                let stroke = Stroke::new(width, faint);
                shapes.extend(line(&other, Line::Dotted, stroke, zoom));
            }
        }
        let heading = vec2(arrow.heading.x, arrow.heading.y);
        let whole = arrow.half != Some(Direction::Egress);
        let foreground = if whole { color } else { faint };
        let outline = Stroke::new(1.2 * zoom, foreground);
        shapes.push(match class {
            _ if arrow.denies => bar(tip, heading, size, Stroke::new(width + 1.0, foreground)),
            Some(TrafficClass::Denied) => bar(tip, heading, size, Stroke::new(width, foreground)),
            class if class == Some(TrafficClass::DrawnUnseen) || is_suggested(arrow) => {
                let inside = theme::color(pen.palette.canvas);
                hollow_head(tip, heading, size, outline, inside)
            }
            _ => head(tip, heading, size, foreground),
        });
        if self.shown_chip(arrow, pen.zoom).is_none() {
            shapes.extend(self.diamond(&way, color, pen));
        }
        shapes
    }

    fn line_color(&self, arrow: &Arrow, palette: &tokens::Palette) -> Color32 {
        if let Some(class) = self.look.class {
            let [line, ..] = traffic::colors(class, palette);
            return theme::color(line);
        }
        match extra_of(arrow) {
            None => colors_of(self.look.line, palette).0,
            Some(_) => self.colors(arrow, palette).0,
        }
    }

    /// What is written on the chip: of several flows, how many are wrong.
    fn words<'a>(&self, text: &'a str, arrow: &Arrow) -> Cow<'a, str> {
        match self.look.wrong {
            0 => Cow::Borrowed(text),
            wrong => Cow::Owned(format!("{wrong} of {}", arrow.flows)),
        }
    }

    /// Colours of the line, of the chip's text, and of its background.
    fn colors(&self, arrow: &Arrow, palette: &tokens::Palette) -> (Color32, Color32, Color32) {
        if let Some(class) = self.look.class {
            let [line, foreground, background] = traffic::colors(class, palette).map(theme::color);
            return (line, foreground, background);
        }
        let Some(extra) = extra_of(arrow) else {
            return colors_of(self.look.verdict, palette);
        };
        let (foreground, background) = extra.colors(palette);
        (
            theme::color(foreground),
            theme::color(foreground),
            theme::color(background),
        )
    }

    /// The icon of a flow that depends on the enforcer.
    fn marker(&self) -> Option<&'static str> {
        self.look.dependent.then_some(icons::SCALES)
    }

    /// A diamond in the middle of a line that has no chip to carry the marker.
    fn diamond(&self, way: &[Pos2], color: Color32, pen: &Pen) -> Option<Shape> {
        self.marker()?;
        let middle = *halves(way).0.last()?;
        let radius = 6.0 * pen.zoom.clamp(0.6, 1.6);
        let corner = |x: f32, y: f32| middle + vec2(x, y) * radius;
        let corners = vec![
            corner(0.0, -1.0),
            corner(1.0, 0.0),
            corner(0.0, 1.0),
            corner(-1.0, 0.0),
        ];
        let border = Stroke::new(1.5, color);
        Some(Shape::convex_polygon(
            corners,
            theme::color(pen.palette.raised),
            border,
        ))
    }

    /// Draws it with a pen at the zoom of its text.
    fn draw_chip(&self, pen: &mut Pen, (outer, text): (Rect, &str), arrow: &Arrow) {
        let (extra, muted) = (extra_of(arrow), arrow.muted);
        let palette = pen.palette;
        let (_, mut foreground, mut background) = self.colors(arrow, palette);
        let quiet = match (self.look.class, extra) {
            (Some(class), _) => is_quiet(class),
            (None, Some(kind)) => kind == ExtraKind::Imported,
            (None, None) => icon_of(self.look.verdict).is_none(),
        } && !self.look.dependent;
        let mut border = if quiet {
            theme::color(palette.hairline)
        } else {
            foreground
        };
        if self.look.selected {
            let accent = theme::color(palette.accent);
            border = accent;
            if self.look.class.is_none() {
                (foreground, background) = (accent, theme::color(palette.accent_soft));
            }
        }
        if muted {
            (foreground, border) = (
                theme::color(palette.text_faint),
                theme::color(palette.hairline),
            );
        }
        let font = match (arrow.id, self.look.selected) {
            (ArrowId::Bundle(_), _) => theme::sans,
            (_, true) => theme::mono_medium,
            (_, false) => theme::mono,
        };
        let galley = pen.layout(
            &self.words(text, arrow),
            font(pen.size(tokens::TEXT_TINY)),
            foreground,
        );
        let icon = match (muted, extra) {
            (true, _) => Some(icons::EYE_SLASH),
            (false, Some(kind)) => Some(icon_of_extra(kind)),
            (false, None) if self.look.class.is_some() => {
                let class = self.look.class.filter(|class| *class != TrafficClass::Seen);
                class.map(icons::of_class)
            }
            (false, None) if arrow.denies => icon_of(self.look.verdict).or(Some(icons::PROHIBIT)),
            (false, None) => icon_of(self.look.verdict),
        };
        let marks: Vec<&str> = icon.into_iter().chain(self.marker()).collect();
        let lead = 14.0 * pen.zoom * marks.len() as f32;
        let pad = 2.0 * (tokens::CHIP_PADDING - 1.0) * pen.zoom;
        let width = outer.width().max(galley.size().x + lead + pad);
        let outer = Rect::from_center_size(outer.center(), vec2(width, outer.height()));
        let border = Stroke::new(1.0, border);
        if self.look.class == Some(TrafficClass::DrawnUnseen) && !self.look.selected {
            pen.rect(outer, tokens::CHIP / 2.0, background, Stroke::NONE);
            let radius = outer.height() / 2.0;
            pen.shapes.extend(dashed_outline(outer, radius, border));
        } else {
            pen.rect(outer, tokens::CHIP / 2.0, background, border);
        }
        let left = outer.center().x - (galley.size().x + lead) / 2.0;
        for (at, icon) in marks.into_iter().enumerate() {
            let x = left + (5.0 + 14.0 * at as f32) * pen.zoom;
            pen.icon(pos2(x, outer.center().y), icon, 11.0, foreground);
        }
        let place = pos2(left + lead, outer.center().y - galley.size().y / 2.0);
        pen.shapes.push(Shape::galley(place, galley, foreground));
    }
}

/// Whether the chip of a class has no colour: only exceptions have.
fn is_quiet(class: TrafficClass) -> bool {
    matches!(
        class,
        TrafficClass::Seen | TrafficClass::DrawnUnseen | TrafficClass::Denied
    )
}

fn is_suggested(arrow: &Arrow) -> bool {
    extra_of(arrow) == Some(ExtraKind::Suggested)
}

fn extra_of(arrow: &Arrow) -> Option<ExtraKind> {
    match arrow.id {
        ArrowId::Flow(_) | ArrowId::Bundle(_) => None,
        ArrowId::Extra(id) => Some(id.kind),
    }
}

impl From<EdgeProps<ArrowId>> for ArrowShape {
    fn from(_: EdgeProps<ArrowId>) -> Self {
        Self::default()
    }
}

impl DisplayEdge<NodeRef, ArrowId, Directed, DefaultIx, NodeShape> for ArrowShape {
    fn shapes(
        &mut self,
        _: &Node<NodeRef, ArrowId, Directed, DefaultIx, NodeShape>,
        _: &Node<NodeRef, ArrowId, Directed, DefaultIx, NodeShape>,
        ctx: &DrawContext,
    ) -> Vec<Shape> {
        let fresh = matches!(&self.cached, Some((made, _)) if *made == self.want);
        if !fresh {
            self.cached = Some((self.want, self.build(ctx)));
            self.built += 1;
        }
        let lines = self
            .cached
            .as_ref()
            .map_or(&[][..], |(_, shapes)| &shapes.lines);
        moved(lines, ctx.meta.pan)
    }

    fn update(&mut self, _: &EdgeProps<ArrowId>) {}

    fn is_inside(
        &self,
        _: &Node<NodeRef, ArrowId, Directed, DefaultIx, NodeShape>,
        _: &Node<NodeRef, ArrowId, Directed, DefaultIx, NodeShape>,
        pos: Pos2,
    ) -> bool {
        let chip = self.arrow.as_ref().and_then(|arrow| arrow.chip.as_ref());
        chip.is_some_and(|chip| chip.rect.contains(pt(pos.x, pos.y))) || self.distance(pos) < 5.0
    }
}
