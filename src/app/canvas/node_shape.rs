//! egui_graphs' display of a node: a card, a pill or a namespace's container. Its shapes are cached for
//! a zoom; panning only moves them.

use egui::{Painter, Pos2, Rect, Shape, Vec2, vec2};
use egui_graphs::{DisplayNode, DrawContext, NodeProps};
use petgraph::Directed;
use petgraph::stable_graph::DefaultIx;

use super::card::{card, container};
use super::collapsed_card::collapsed_card;
use super::paint::moved;
use super::pen::{Made, Pen, rect};
use crate::model::NodeRef;
use crate::picture::{Facts, Shields};
use crate::scene::{ArrowId, NamespaceBox, NodeBox, Point, pt};

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
    /// A collapsed namespace.
    Collapsed(NamespaceBox, Facts),
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
            Self::Namespace(space) | Self::Collapsed(space, _) => {
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

/// The display of a node.
#[derive(Clone, Debug, Default)]
pub struct NodeShape {
    /// What it is, with its corner at the origin: moving a node does not make its shapes anew.
    thing: Thing,
    place: Point,
    /// How far it still has to go, in scene points, while a new layout moves it.
    pub shift: Vec2,
    shields: Option<Shields>,
    want: Made,
    cached: Option<(Made, Vec<Shape>)>,
    /// How often its shapes were made; tests read it.
    pub built: u64,
}

impl NodeShape {
    /// Sets what to draw. Shapes stay cached where that changes nothing.
    pub fn set(&mut self, thing: Thing, shields: Option<Shields>) {
        let (thing, place) = thing.at_origin();
        self.place = place;
        if self.thing != thing || self.shields != shields {
            self.thing = thing;
            self.shields = shields;
            self.cached = None;
        }
    }

    /// Sets the zoom and the colours.
    pub fn want(&mut self, made: Made) {
        self.want = made;
    }

    /// Its position in the scene.
    pub fn rect(&self) -> Rect {
        let own = match &self.thing {
            Thing::Nothing => return Rect::NOTHING,
            Thing::Node(node) => node.rect,
            Thing::Namespace(space) | Thing::Collapsed(space, _) => space.rect,
        };
        rect(own.moved(self.place)).translate(self.shift)
    }

    fn build(&self, painter: &Painter) -> Vec<Shape> {
        let mut pen = Pen::new(painter, self.want);
        match &self.thing {
            Thing::Nothing => {}
            Thing::Node(node) => card(&mut pen, node, self.shields),
            Thing::Namespace(space) => container(&mut pen, space, self.shields),
            Thing::Collapsed(space, facts) => {
                collapsed_card(&mut pen, space, self.shields, *facts);
            }
        }
        pen.shapes
    }
}

impl From<NodeProps<NodeRef>> for NodeShape {
    fn from(_: NodeProps<NodeRef>) -> Self {
        Self::default()
    }
}

impl DisplayNode<NodeRef, ArrowId, Directed, DefaultIx> for NodeShape {
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
        let fresh = matches!(&self.cached, Some((made, _)) if *made == self.want);
        if !fresh {
            self.cached = Some((self.want, self.build(ctx.painter)));
            self.built += 1;
        }
        let shapes = self.cached.as_ref().map_or(&[][..], |(_, shapes)| shapes);
        let place = vec2(self.place.x, self.place.y) + self.shift;
        moved(shapes, (place * ctx.meta.zoom + ctx.meta.pan).round())
    }

    fn update(&mut self, _: &NodeProps<NodeRef>) {}

    fn is_inside(&self, pos: Pos2) -> bool {
        self.rect().contains(pos)
    }
}
