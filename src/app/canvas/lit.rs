//! What is lit on the canvas while the rest is dimmed: the blast radius, the focus, or what is selected
//! and hovered; each with its arrows and the other ends of these.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::Context;
use petgraph::Direction as Way;
use petgraph::visit::EdgeRef;

use super::look::{Emphasis, Lit};
use super::pointer::Gesture;
use super::scene_graph::SceneGraph;
use super::{CanvasView, Look};
use crate::app::filter::Matches;
use crate::app::focus::{Direction, Focus};
use crate::model::{Item, NamespaceId, NodeRef};
use crate::picture::Judged;
use crate::scene::detail::Hit;
use crate::scene::{Arrow, ArrowId, Scene};

/// How opaque the rest is beside a focus, beside the blast radius, and beside a selection.
const BESIDE_FOCUS: f32 = 0.2;
const BESIDE_RADIUS: f32 = 0.35;
const BESIDE_SELECTION: f32 = 0.45;

/// Seconds in which the rest is dimmed.
const FADE: f32 = 0.14;

/// What an emphasis is computed from.
#[derive(Clone, Debug, Default, PartialEq)]
struct Start {
    focus: Option<Focus>,
    matches: Option<Arc<Matches>>,
    /// Lit with their neighbours.
    nodes: BTreeSet<NodeRef>,
    /// Lit with their ends.
    arrows: BTreeSet<ArrowId>,
}

/// The emphasis of the canvas, and how far the rest is dimmed.
#[derive(Default)]
pub struct Lighting {
    start: Start,
    scene: Option<Arc<Scene>>,
    computed: Arc<Emphasis>,
    /// The arrows that begin or end at what is in focus.
    own: BTreeSet<ArrowId>,
    /// What is lit; it stays until the rest is fully opaque again.
    lit: Option<Arc<Emphasis>>,
    /// How opaque the rest is.
    rest: f32,
    /// The rest has no chips.
    bare: bool,
}

impl Lighting {
    /// What is lit, how opaque the rest is, and whether it keeps its chips; none: nothing is dimmed.
    pub fn shown(&self) -> Option<Lit<'_>> {
        let lit = self.lit.as_deref()?;
        Some((lit, self.rest, !self.bare))
    }

    /// The arrows that begin or end at what is in focus.
    pub fn own(&self) -> &BTreeSet<ArrowId> {
        &self.own
    }
}

impl CanvasView {
    /// Finds what is lit.
    pub(super) fn light(&mut self, view: &Look) {
        let start = self.start(view);
        let scene = self.scene();
        let lighting = &mut self.lighting;
        let same = lighting
            .scene
            .as_ref()
            .is_some_and(|of| Arc::ptr_eq(of, &scene));
        if same && lighting.start == start {
            return;
        }
        let graph = &self.scene_graph;
        let around = (&start.nodes, &start.arrows);
        let mut emphasis = reach(graph, around, 1, Direction::Both);
        let matches = start.matches.as_deref();
        let matched = matches.map(|matches| matched(&scene, &self.judged, matches));
        lighting.own.clear();
        if let Some(focus) = &start.focus {
            let begin = (&focus.roots, &BTreeSet::new());
            let mut focused = reach(graph, begin, focus.hops, focus.direction);
            lighting.own = reach(graph, begin, focus.hops.min(1), focus.direction).arrows;
            if let Some(matched) = &matched {
                focused.arrows.retain(|id| matched.arrows.contains(id));
                focused
                    .hops
                    .retain(|node, _| matched.hops.contains_key(node));
            }
            emphasis.add(focused);
        } else if let Some(matched) = matched {
            emphasis.add(matched);
        }
        emphasis.contain(&scene);
        lighting.computed = Arc::new(emphasis);
        (lighting.start, lighting.scene) = (start, Some(scene));
    }

    fn start(&self, view: &Look) -> Start {
        let mut start = Start {
            focus: view.focus.cloned(),
            matches: view.matches.cloned(),
            ..Start::default()
        };
        let resting = matches!(self.gesture, Gesture::Idle | Gesture::Pan) && self.popup.is_none();
        if !resting {
            return start;
        }
        if start.focus.is_none() {
            for item in view.selection {
                match item {
                    Item::Flow(flow) => drop(start.arrows.insert(ArrowId::Flow(*flow))),
                    other => start.nodes.extend(other.node()),
                }
            }
            start.arrows.extend(view.extra.map(ArrowId::Extra));
        }
        match self.hover {
            Some(Hit::Node(node)) => drop(start.nodes.insert(node)),
            Some(Hit::Header(id)) => drop(start.nodes.insert(NodeRef::Namespace(id))),
            Some(Hit::Arrow(id) | Hit::Chip(id)) => drop(start.arrows.insert(id)),
            Some(Hit::Namespace(_)) | None => {}
        }
        start
    }

    /// Dims the rest, or makes it opaque again, a step in each frame.
    pub(super) fn fade(&mut self, context: &Context, view: &Look) {
        let lighting = &mut self.lighting;
        let start = &lighting.start;
        let nothing = start.nodes.is_empty() && start.arrows.is_empty();
        let (lit, rest) = match view.emphasis {
            Some(radius) => (Some(radius), BESIDE_RADIUS),
            None if start.focus.is_some() || start.matches.is_some() => {
                (Some(&lighting.computed), BESIDE_FOCUS)
            }
            None if nothing || self.scene_graph.scene.nodes.is_empty() => (None, 1.0),
            None => (Some(&lighting.computed), BESIDE_SELECTION),
        };
        if let Some(lit) = lit {
            lighting.lit = Some(Arc::clone(lit));
            lighting.bare = rest < BESIDE_SELECTION;
        }
        let time = if view.reduced_motion { 0.0 } else { FADE };
        let id = super::canvas_id().with("dimmed");
        lighting.rest = context.animate_value_with_time(id, rest, time);
        if lighting.rest >= 1.0 {
            lighting.lit = None;
        }
    }

    /// How many of how many nodes are lit.
    pub fn lit_nodes(&self) -> (usize, usize) {
        let all = self.scene_graph.scene.nodes.len();
        let lit = self.lighting.lit.as_ref();
        (lit.map_or(all, |lit| lit.count()), all)
    }

    /// Whether a node is dimmed.
    pub fn dims(&self, node: NodeRef) -> bool {
        let lit = self.lighting.lit.as_ref();
        lit.is_some_and(|lit| lit.dims_node(node))
    }

    /// Whether an arrow is dimmed.
    pub fn dims_arrow(&self, id: ArrowId) -> bool {
        let lit = self.lighting.lit.as_ref();
        lit.is_some_and(|lit| lit.dims_arrow(id))
    }
}

/// What lies within some hops of these nodes along the arrows, and the ends of these arrows.
fn reach(
    graph: &SceneGraph,
    (nodes, arrows): (&BTreeSet<NodeRef>, &BTreeSet<ArrowId>),
    most: usize,
    direction: Direction,
) -> Emphasis {
    let ways: &[Way] = match direction {
        Direction::Both => &[Way::Incoming, Way::Outgoing],
        Direction::In => &[Way::Incoming],
        Direction::Out => &[Way::Outgoing],
    };
    let mut lit = Emphasis::default();
    let mut edge = with_members(&graph.scene, nodes.iter().copied());
    lit.hops.extend(edge.iter().map(|node| (*node, 0)));
    for hop in 1..=most {
        let mut next = BTreeSet::new();
        for node in edge {
            for way in ways {
                for (arrow, other) in graph.arrows_of(node, *way) {
                    lit.arrows.insert(arrow);
                    // Of a namespace only what the arrow continues to.
                    if !graph.has_port(arrow, other) {
                        next.insert(other);
                    }
                }
            }
        }
        next.retain(|node| !lit.hops.contains_key(node));
        edge = with_members(&graph.scene, next.into_iter());
        for node in &edge {
            lit.hops.entry(*node).or_insert(hop);
        }
        if edge.is_empty() {
            break;
        }
    }
    for arrow in arrows.iter().filter_map(|id| graph.scene.find(*id)) {
        light_arrow(&mut lit, arrow);
    }
    // A weighted arrow and what continues it within a namespace belong together.
    for arrow in &graph.scene.arrows {
        let Some(bundle) = arrow.port.map(ArrowId::Bundle) else {
            continue;
        };
        if arrows.contains(&bundle) {
            light_arrow(&mut lit, arrow);
        } else if lit.arrows.contains(&arrow.id) {
            lit.arrows.insert(bundle);
        }
    }
    lit
}

/// Lights an arrow with its ends.
fn light_arrow(lit: &mut Emphasis, arrow: &Arrow) {
    lit.arrows.insert(arrow.id);
    lit.hops.entry(arrow.from).or_insert(0);
    lit.hops.entry(arrow.to).or_insert(0);
}

/// What of a scene matches a filter. Arrows that are no flows match if both their ends do.
fn matched(scene: &Scene, judged: &Judged, matches: &Matches) -> Emphasis {
    let hidden = &matches.hidden;
    let mut lit = Emphasis::default();
    let nodes = scene.nodes.iter().map(|node| node.node);
    let cards = scene.namespaces.iter().filter(|space| space.collapsed);
    let nodes = nodes.chain(cards.map(|space| NodeRef::Namespace(space.id)));
    lit.hops.extend(
        nodes
            .filter(|node| !hidden.nodes.contains(node))
            .map(|node| (node, 0)),
    );
    let is_lit = |id: &ArrowId| match id {
        ArrowId::Flow(flow) => !hidden.flows.contains(flow),
        ArrowId::Bundle(bundle) => {
            let flows = judged.bundles.get(bundle).map(|bundled| &bundled.flows);
            flows.is_some_and(|flows| flows.iter().any(|flow| !hidden.flows.contains(flow)))
        }
        ArrowId::Extra(extra) => {
            let ends = [extra.from, extra.to];
            matches.has(extra.kind) && ends.iter().all(|end| lit.hops.contains_key(end))
        }
    };
    lit.arrows = scene
        .arrows
        .iter()
        .map(|arrow| arrow.id)
        .filter(is_lit)
        .collect();
    lit
}

/// The nodes, and what is in those that are namespaces.
pub fn with_members(scene: &Scene, nodes: impl Iterator<Item = NodeRef>) -> BTreeSet<NodeRef> {
    let mut all: BTreeSet<NodeRef> = nodes.collect();
    let space = |node: &NodeRef| match node {
        NodeRef::Namespace(id) => Some(*id),
        _ => None,
    };
    let spaces: BTreeSet<NamespaceId> = all.iter().filter_map(space).collect();
    if !spaces.is_empty() {
        let inside = |home: Option<NamespaceId>| home.is_some_and(|id| spaces.contains(&id));
        let members = scene.nodes.iter().filter(|node| inside(node.namespace));
        all.extend(members.map(|node| node.node));
    }
    all
}

impl SceneGraph {
    /// Whether an arrow ends at a port on the border of that node.
    fn has_port(&self, arrow: ArrowId, node: NodeRef) -> bool {
        let NodeRef::Namespace(id) = node else {
            return false;
        };
        let space = self.scene.namespace(id);
        matches!(arrow, ArrowId::Bundle(_)) && space.is_some_and(|space| !space.collapsed)
    }

    /// The arrows that end (incoming) or begin (outgoing) at a node, with their other ends.
    fn arrows_of(&self, node: NodeRef, way: Way) -> Vec<(ArrowId, NodeRef)> {
        let Some((graph, at)) = self.place_of(node) else {
            return Vec::new();
        };
        let edges = graph.g().edges_directed(at, way);
        let arrow = |edge: petgraph::stable_graph::EdgeReference<'_, _>| {
            let other = match way {
                Way::Incoming => edge.source(),
                Way::Outgoing => edge.target(),
            };
            let other = *graph.node(other)?.payload();
            Some((*graph.edge(edge.id())?.payload(), other))
        };
        edges.filter_map(arrow).collect()
    }
}
