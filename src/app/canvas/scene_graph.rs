//! The drawn graph: an egui_graphs graph of ids whose displays are made from the scene. The canvas
//! calls egui_graphs' parts itself, for visible objects only: its own view requests a frame after each
//! frame and draws objects off screen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::{Painter, Rect, Shape, Vec2};
use egui_graphs::{DisplayEdge, DisplayNode, DrawContext, Graph, SettingsStyle};
use petgraph::Directed;
use petgraph::stable_graph::{DefaultIx, EdgeIndex, NodeIndex};

use super::arrow_shape::ArrowShape;
use super::camera::Camera;
use super::card::port_shapes;
use super::look::{Lit, Marks};
use super::node_shape::{NodeShape, Thing};
use super::paint::moved;
use super::pen::{Made, Pen};
use crate::app::theme;
use crate::model::NodeRef;
use crate::scene::detail::Index;
use crate::scene::{self, ArrowId, Port, Scene, pt};

/// The drawn graph; payloads are ids.
pub type Drawn = Graph<NodeRef, ArrowId, Directed, DefaultIx, NodeShape, ArrowShape>;

/// Counters of the last frames; tests read them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames drawn so far.
    pub frames: u64,
    /// Shapes handed to egui in the last frame.
    pub shapes: usize,
    /// Nodes and containers drawn in the last frame.
    pub nodes: usize,
    /// Arrows drawn in the last frame.
    pub arrows: usize,
    /// How often the answers were gone through so far.
    pub judged: u64,
    /// Nodes whose shapes were made anew in the last frame.
    pub rebuilt_nodes: u64,
    /// Arrows whose shapes were made anew in the last frame.
    pub rebuilt_arrows: u64,
}

/// The scene and its graph.
pub struct SceneGraph {
    /// What is shown.
    pub scene: Arc<Scene>,
    /// Finds objects of the scene by position.
    pub index: Index,
    /// Counters of the last frame.
    pub counters: Counters,
    graph: Drawn,
    nodes: BTreeMap<NodeRef, NodeIndex>,
    arrows: BTreeMap<ArrowId, EdgeIndex>,
    /// The ports on borders.
    ports: Vec<Port>,
    style: SettingsStyle,
    marks: Marks,
    /// The arrow under the pointer.
    hovered: Option<ArrowId>,
    in_place: bool,
}

impl Default for SceneGraph {
    fn default() -> Self {
        let scene = Arc::new(Scene::default());
        Self {
            index: Index::of(&scene),
            scene,
            counters: Counters::default(),
            graph: Drawn::new(),
            nodes: BTreeMap::new(),
            arrows: BTreeMap::new(),
            ports: Vec::new(),
            style: SettingsStyle::new(),
            marks: Marks::default(),
            hovered: None,
            in_place: true,
        }
    }
}

impl SceneGraph {
    /// Shows another scene. Objects in both keep their shapes.
    pub fn show(&mut self, scene: Arc<Scene>, marks: Marks) {
        let same = Arc::ptr_eq(&self.scene, &scene);
        if same && self.marks == marks {
            return;
        }
        if !same {
            self.index = Index::of(&scene);
            self.ports = scene.ports();
            self.scene = scene;
            self.match_graph();
        }
        self.marks = marks;
        self.mark();
    }

    /// Adds and removes nodes and edges until the graph holds what the scene does.
    fn match_graph(&mut self) {
        let scene = Arc::clone(&self.scene);
        let graph = &mut self.graph;
        self.arrows.retain(|id, edge| {
            let ends = scene.find(*id).map(|arrow| (arrow.from, arrow.to));
            let drawn = graph.edge_endpoints(*edge);
            let same = drawn.and_then(|(from, to)| {
                Some((*graph.node(from)?.payload(), *graph.node(to)?.payload()))
            });
            let stays = ends.is_some() && ends == same;
            if !stays {
                graph.g_mut().remove_edge(*edge);
            }
            stays
        });
        self.nodes.retain(|node, at| {
            let stays = scene.rect(*node).is_some();
            if !stays {
                graph.g_mut().remove_node(*at);
            }
            stays
        });
        let spaces = scene.namespaces.iter().map(|s| NodeRef::Namespace(s.id));
        for node in spaces.chain(scene.nodes.iter().map(|n| n.node)) {
            self.nodes
                .entry(node)
                .or_insert_with(|| graph.add_node(node));
        }
        for arrow in &scene.arrows {
            if self.arrows.contains_key(&arrow.id) {
                continue;
            }
            if let (Some(from), Some(to)) = (self.nodes.get(&arrow.from), self.nodes.get(&arrow.to))
            {
                let edge = graph.add_edge(*from, *to, arrow.id);
                self.arrows.insert(arrow.id, edge);
            }
        }
    }

    /// Hands geometry and looks to the displays.
    fn mark(&mut self) {
        let scene = Arc::clone(&self.scene);
        let marks = std::mem::take(&mut self.marks);
        for space in &scene.namespaces {
            if let Some(shape) = self.node_shape(NodeRef::Namespace(space.id)) {
                let shields = marks
                    .judged
                    .shields
                    .get(&NodeRef::Namespace(space.id))
                    .copied();
                let thing = match space.collapsed {
                    true => {
                        let facts = marks.judged.facts.get(&space.id);
                        Thing::Collapsed(space.clone(), facts.copied().unwrap_or_default())
                    }
                    false => Thing::Namespace(space.clone()),
                };
                shape.set(thing, shields);
            }
        }
        for node in &scene.nodes {
            let shields = marks.judged.shields.get(&node.node).copied();
            if let Some(shape) = self.node_shape(node.node) {
                shape.set(Thing::Node(node.clone()), shields);
            }
        }
        for arrow in &scene.arrows {
            let look = marks.arrow(arrow.id);
            let edge = self.arrows.get(&arrow.id).copied();
            if let Some(edge) = edge.and_then(|edge| self.graph.edge_mut(edge)) {
                edge.display_mut().set(arrow, look);
            }
        }
        self.marks = marks;
    }

    fn node_shape(&mut self, node: NodeRef) -> Option<&mut NodeShape> {
        let at = *self.nodes.get(&node)?;
        Some(self.graph.node_mut(at)?.display_mut())
    }

    /// Sets the arrow under the pointer.
    pub fn hover(&mut self, hovered: Option<ArrowId>) {
        let before = std::mem::replace(&mut self.hovered, hovered);
        for id in [before, hovered].into_iter().flatten() {
            let edge = self.arrows.get(&id).copied();
            if let Some(edge) = edge.and_then(|edge| self.graph.edge_mut(edge)) {
                edge.display_mut().hover(hovered == Some(id));
            }
        }
    }

    /// Where the chip of an arrow was drawn last, if the scene's origin is there.
    pub fn drawn_chip(&self, id: ArrowId, origin: Vec2) -> Option<Rect> {
        let edge = self.graph.edge(*self.arrows.get(&id)?)?;
        edge.display().drawn_chip(origin)
    }

    /// Where a node is drawn right now, in the scene.
    pub fn drawn_rect(&self, node: NodeRef) -> Option<Rect> {
        let at = *self.nodes.get(&node)?;
        Some(self.graph.node(at)?.display().rect())
    }

    /// Draws nodes this far from their places; none: at their places.
    pub fn set_shifts(&mut self, shifts: Option<BTreeMap<NodeRef, Vec2>>) {
        let shifts = shifts.unwrap_or_default();
        if shifts.is_empty() && self.in_place {
            return;
        }
        self.in_place = shifts.is_empty();
        for (node, at) in &self.nodes {
            if let Some(drawn) = self.graph.node_mut(*at) {
                drawn.display_mut().shift = shifts.get(node).copied().unwrap_or(Vec2::ZERO);
            }
        }
    }

    /// The graph, and where a node is in it.
    pub fn place_of(&self, node: NodeRef) -> Option<(&Drawn, NodeIndex)> {
        Some((&self.graph, *self.nodes.get(&node)?))
    }

    /// Draws copies of nodes, away from these by `by`.
    pub fn draw_copies(
        &mut self,
        painter: &Painter,
        camera: &Camera,
        made: Made,
        (nodes, by): (&BTreeSet<NodeRef>, Vec2),
    ) {
        let mut painter = painter.clone();
        painter.set_opacity(0.7);
        let meta = camera.frame();
        let context = DrawContext {
            ctx: painter.ctx(),
            painter: &painter,
            style: &self.style,
            is_directed: true,
            meta: &meta,
        };
        let shift = |graph: &mut Drawn, at: &NodeIndex, by| {
            if let Some(node) = graph.node_mut(*at) {
                node.display_mut().shift += by;
            }
        };
        for at in nodes.iter().filter_map(|node| self.nodes.get(node)) {
            let graph = &mut self.graph;
            let counters = &mut self.counters;
            shift(graph, at, by);
            draw_node(graph, Some(at), &context, camera.visible(), made, counters);
            shift(graph, at, -by);
        }
    }

    /// Draws what the camera sees. `arrows`: how opaque arrows are, 0 to 1.
    pub fn draw(
        &mut self,
        painter: &Painter,
        camera: &Camera,
        made: Made,
        (lit, arrows): (Option<Lit<'_>>, f32),
    ) {
        let meta = camera.frame();
        let context = DrawContext {
            ctx: painter.ctx(),
            painter,
            style: &self.style,
            is_directed: true,
            meta: &meta,
        };
        let mut counters = Counters {
            frames: self.counters.frames,
            judged: self.counters.judged,
            ..Counters::default()
        };
        let scene = Arc::clone(&self.scene);
        let seen = camera.visible();
        let area = scene_rect(seen);
        let near = area.grow(64.0);

        let spaces = scene
            .namespaces
            .iter()
            .map(|space| NodeRef::Namespace(space.id));
        let mut dimmed = painter.clone();
        dimmed.set_opacity(lit.map_or(1.0, |(_, rest, _)| rest));
        let dims = |node| lit.is_some_and(|(lit, ..)| lit.dims_node(node));
        for node in spaces {
            let painter = if dims(node) { &dimmed } else { painter };
            let context = DrawContext { painter, ..context };
            draw_node(
                &mut self.graph,
                self.nodes.get(&node),
                &context,
                seen,
                made,
                &mut counters,
            );
        }
        let mut faded = painter.clone();
        faded.set_opacity(arrows);
        let (mut chips, mut dimmed_chips) = (Vec::new(), Vec::new());
        let mut raised_chips = Vec::new();
        for at in self.index.visible_arrows(near) {
            let Some(id) = scene.arrows.get(at).map(|arrow| arrow.id) else {
                continue;
            };
            let Some(edge) = self.arrows.get(&id) else {
                continue;
            };
            let Some((lines, chip, is_raised)) =
                draw_edge(&mut self.graph, *edge, &context, seen, made, &mut counters)
            else {
                continue;
            };
            counters.shapes += lines.len() + chip.len();
            if let Some((_, _, chips)) =
                lit.filter(|(lit, ..)| lit.dims_arrow(id) && !self.marks.spares(id))
            {
                dimmed.extend(lines);
                if chips {
                    dimmed_chips.extend(chip);
                }
                continue;
            }
            faded.extend(lines);
            match is_raised {
                true => raised_chips.extend(chip),
                false => chips.extend(chip),
            }
        }
        for at in self.index.visible_nodes(near) {
            let node = scene.nodes.get(at).map(|node| node.node);
            let dim = node.is_some_and(dims);
            let at = node.and_then(|node| self.nodes.get(&node));
            let context = DrawContext {
                painter: if dim { &dimmed } else { painter },
                ..context
            };
            draw_node(&mut self.graph, at, &context, seen, made, &mut counters);
        }
        for port in self.ports.iter().filter(|port| area.overlaps(&port.rect)) {
            let dim = lit.is_some_and(|(lit, ..)| lit.dims_arrow(ArrowId::Bundle(port.bundle)));
            let painter = if dim { &dimmed } else { &faded };
            let mut pen = Pen::new(painter, made);
            port_shapes(&mut pen, port);
            counters.shapes += pen.shapes.len();
            painter.extend(moved(&pen.shapes, meta.pan));
        }
        // Lines do not show through dimmed chips.
        let ground = theme::color(theme::palette(painter.ctx()).canvas);
        painter.extend(dimmed_chips.iter().filter_map(|shape| match shape {
            Shape::Rect(pill) => Some(Shape::rect_filled(pill.rect, pill.corner_radius, ground)),
            _ => None,
        }));
        dimmed.extend(dimmed_chips);
        faded.extend(chips);
        faded.extend(raised_chips);
        self.counters = counters;
    }
}

fn draw_node(
    graph: &mut Drawn,
    at: Option<&NodeIndex>,
    context: &DrawContext,
    seen: Rect,
    made: Made,
    counters: &mut Counters,
) {
    let Some(node) = at.and_then(|at| graph.node_mut(*at)) else {
        return;
    };
    let shape = node.display_mut();
    if !shape.rect().intersects(seen) {
        return;
    }
    let before = shape.built;
    shape.want(made);
    let shapes = shape.shapes(context);
    counters.rebuilt_nodes += shape.built - before;
    counters.nodes += 1;
    counters.shapes += shapes.len();
    context.painter.extend(shapes);
}

type Lines = (Vec<egui::Shape>, Vec<egui::Shape>, bool);

/// The lines and the chip of an arrow, and whether it is hovered or selected, unless it is off the screen.
fn draw_edge(
    graph: &mut Drawn,
    edge: EdgeIndex,
    context: &DrawContext,
    seen: Rect,
    made: Made,
    counters: &mut Counters,
) -> Option<Lines> {
    let (from, to) = graph.edge_endpoints(edge)?;
    // The display is taken out while it draws, because it is handed both ends, which the graph owns.
    let mut shape = std::mem::take(graph.edge_mut(edge)?.display_mut());
    let drawn = if shape.bounds().intersects(seen) {
        let before = shape.built;
        shape.want(made);
        let lines = match (graph.node(from), graph.node(to)) {
            (Some(from), Some(to)) => shape.shapes(from, to, context),
            _ => Vec::new(),
        };
        counters.rebuilt_arrows += shape.built - before;
        counters.arrows += 1;
        Some((lines, shape.chip_shapes(context), shape.is_raised()))
    } else {
        None
    };
    *graph.edge_mut(edge)?.display_mut() = shape;
    drawn
}

/// egui's rectangle as the scene has it.
pub fn scene_rect(rect: Rect) -> scene::Rect {
    scene::Rect {
        min: pt(rect.min.x, rect.min.y),
        max: pt(rect.max.x, rect.max.y),
    }
}
