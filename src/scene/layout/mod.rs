//! Positions of all namespaces and nodes. Columns within a namespace (`inside`), rows of namespaces
//! (`blocks`), outer nodes around them (`outside`), fewer crossings (`untangle`), then what the user placed (`settle`).

mod blocks;
mod inside;
mod layers;
mod outside;
mod push;
mod settle;
mod untangle;

use std::collections::BTreeMap;

use super::geom::{cross, flatten};
use super::request::{NamespaceSpec, NodeSpec, Request};
use super::{Arrow, NamespaceBox, NodeBox, Point, Rect, Scene, pt, route, tokens};
use crate::model::{NamespaceId, NodeRef};

/// Pitch of places and of the router's lines; a multiple of the 4 point grid.
pub(crate) const PITCH: f32 = 12.0;
/// From one row of nodes to the next.
const ROW: f32 = 84.0;
/// Between neighbours with nothing between them.
const GAP: f32 = 36.0;

/// Ratio of width to height that the whole aims at: that of the canvas between its panels.
const ASPECT: f32 = 1.1;

/// The width that a screen of that ratio needs to show a rectangle.
fn extent(rect: &Rect) -> f32 {
    rect.width().max(rect.height() * ASPECT)
}

/// Top left corners of nodes and namespaces.
pub(crate) type Places = BTreeMap<NodeRef, Point>;

/// Up to the next line of the pitch.
fn snap_up(v: f32) -> f32 {
    (v / PITCH).ceil() * PITCH
}

/// To the nearest line of the pitch.
fn snap(v: f32) -> f32 {
    (v / PITCH).round() * PITCH
}

/// One of the ways to place everything.
#[derive(Clone, Copy, Debug)]
struct Variant {
    /// The width of the first rows of namespaces, which are then improved.
    width: f32,
    /// How much length of a flow two flows between namespaces that cross are worth, when rows are improved.
    tangle: f32,
    /// Whether nodes then change places within their columns.
    untangle: bool,
}

impl Variant {
    const fn new(width: f32, tangle: f32, untangle: bool) -> Self {
        Self {
            width,
            tangle,
            untangle,
        }
    }
}

/// The first one is used by itself for drawings with more than [`COMPARED`] arrows.
const VARIANTS: [Variant; 8] = [
    Variant::new(1.1, 0.0, true),
    Variant::new(1.1, 0.0, false),
    Variant::new(1.1, 100.0, true),
    Variant::new(1.1, 100.0, false),
    Variant::new(1.6, 100.0, true),
    Variant::new(1.6, 0.0, false),
    Variant::new(0.7, 100.0, true),
    Variant::new(0.7, 0.0, false),
];
const COMPARED: usize = 120;
/// How much larger than the first variant another one may be.
const LARGER: f32 = 1.05;

/// A new layout. What the user placed is where they placed it.
pub fn arrange(request: &Request) -> Scene {
    arrange_until(request, &|| false)
}

/// [`arrange`]; not all arrows are routed once `stop` returns true.
///
/// Where arrows will cross can only be estimated before they are routed: several variants of small drawings are
/// routed, and the one with the fewest crossings is taken.
pub fn arrange_until(request: &Request, stop: &dyn Fn() -> bool) -> Scene {
    let drawn = |variant: &Variant| {
        let places = settle::settle(request, fresh(request, variant), None);
        build(request, &places, None, stop)
    };
    let [first, others @ ..] = &VARIANTS;
    let mut best = drawn(first);
    if request.flows.len() > COMPARED {
        return best;
    }
    let most = extent(&best.bounds) * LARGER;
    let mut least = crossings(&best);
    for variant in others {
        if stop() || least == 0 {
            break;
        }
        let scene = drawn(variant);
        let found = crossings(&scene);
        if found < least && extent(&scene.bounds) <= most && !stop() {
            (least, best) = (found, scene);
        }
    }
    best
}

/// How many pairs of arrows cross.
fn crossings(scene: &Scene) -> usize {
    let arrows = scene.arrows.iter();
    let lines: Vec<Vec<Point>> = arrows.map(|a| flatten(&a.curve, PITCH)).collect();
    let around = |line: &Vec<Point>| {
        line.iter()
            .map(|&p| Rect::between(p, p))
            .reduce(|a, b| a.union(&b))
    };
    let bounds: Vec<Rect> = lines
        .iter()
        .map(|l| around(l).unwrap_or_default())
        .collect();
    let pieces = |line: usize, near: Rect| {
        let pairs = lines[line].windows(2).map(|pair| [pair[0], pair[1]]);
        pairs
            .filter(move |[a, b]| Rect::between(*a, *b).grow(0.1).overlaps(&near))
            .collect::<Vec<_>>()
    };
    let meet = |a: usize, b: usize| {
        let (near_a, near_b) = (bounds[a].grow(0.1), bounds[b].grow(0.1));
        near_a.overlaps(&near_b) && {
            let others = pieces(b, near_a);
            pieces(a, near_b)
                .iter()
                .any(|p| others.iter().any(|q| cross(*p, *q)))
        }
    };
    let pairs = (0..lines.len()).flat_map(|a| (a + 1..lines.len()).map(move |b| (a, b)));
    pairs.filter(|&(a, b)| meet(a, b)).count()
}

/// A layout in which existing things stay where they were; new ones get a free place near their
/// neighbours.
pub fn update(request: &Request, previous: &Scene) -> Scene {
    update_until(request, previous, &|| false)
}

/// [`update`]; not all arrows are routed once `stop` returns true.
pub fn update_until(request: &Request, previous: &Scene, stop: &dyn Fn() -> bool) -> Scene {
    let is_card = |n: &NamespaceSpec| {
        let before = previous.namespace(n.id);
        before.is_some_and(|before| n.collapsed || before.collapsed)
    };
    let mut nodes = request.nodes.iter();
    if !nodes.any(|n| previous.node(n.node).is_some()) && !request.namespaces.iter().any(is_card) {
        return arrange_until(request, stop);
    }
    let places = settle::settle(request, fresh(request, &VARIANTS[0]), Some(previous));
    build(request, &places, Some(previous), stop)
}

/// Positions as if nothing had one yet.
fn fresh(request: &Request, variant: &Variant) -> Places {
    let mut arranged = blocks::arrange(request, variant);
    outside::place(request, &mut arranged);
    if variant.untangle {
        untangle::untangle(request, &mut arranged);
        // Nodes outside namespaces follow their peers.
        arranged.retain(|node, _| matches!(node, NodeRef::Namespace(_) | NodeRef::Workload(_)));
        outside::place(request, &mut arranged);
    }
    arranged
}

/// The scene with everything placed and all arrows routed.
fn build(
    request: &Request,
    places: &Places,
    previous: Option<&Scene>,
    stop: &dyn Fn() -> bool,
) -> Scene {
    let at = |node: NodeRef| places.get(&node).copied().unwrap_or_default();
    let mut scene = Scene {
        nodes: request
            .nodes
            .iter()
            .map(|n| node_box(n, at(n.node)))
            .collect(),
        namespaces: request
            .namespaces
            .iter()
            .map(|n| namespace_box(n, at(NodeRef::Namespace(n.id)), previous))
            .collect(),
        arrows: request
            .flows
            .iter()
            .chain(&request.extras)
            .map(|f| Arrow {
                id: f.id,
                from: f.from,
                to: f.to,
                curve: Vec::new(),
                tip: pt(0.0, 0.0),
                heading: pt(1.0, 0.0),
                chip: None,
                spare: None,
                label: f.label.clone(),
                half: f.half,
                muted: f.muted,
                denies: f.denies,
                flows: f.flows,
                port: f.port,
                label_width: f.label_width,
            })
            .collect(),
        bounds: Rect::default(),
    };
    fit_containers(&mut scene);
    route::route(&mut scene, stop);
    scene
}

fn node_box(spec: &NodeSpec, at: Point) -> NodeBox {
    NodeBox {
        node: spec.node,
        namespace: spec.namespace,
        rect: Rect::new(at.x, at.y, spec.width, tokens::NODE_HEIGHT),
        title: spec.title.clone(),
        name: spec.name.clone(),
        subtitle: spec.subtitle.clone(),
        icon: spec.icon,
        hue: spec.hue,
        shape: spec.shape,
        pinned: spec.pin.is_some(),
    }
}

fn namespace_box(spec: &NamespaceSpec, at: Point, previous: Option<&Scene>) -> NamespaceBox {
    let size = container_size(None, spec.header_widths, spec.collapsed);
    let inside = previous.filter(|_| spec.collapsed);
    let mut space = NamespaceBox {
        id: spec.id,
        rect: Rect::default(),
        header: Rect::default(),
        title_rect: Rect::default(),
        badges_rect: Rect::default(),
        title: spec.title.clone(),
        name: spec.name.clone(),
        count: spec.count,
        base: spec.base,
        dns: spec.dns,
        collapsed: spec.collapsed,
        inside: inside.map(|p| p.inside(spec.id)).unwrap_or_default(),
        managed: spec.managed,
        hue: spec.hue,
        pinned: spec.pin.is_some(),
        header_widths: spec.header_widths,
    };
    space.set_rect(Rect::new(at.x, at.y, size.x, size.y));
    space
}

/// Size of a container around nodes that take this much; wide enough for its header and for an
/// arrow through it. All collapsed ones have the same size.
pub(crate) fn container_size(
    content: Option<Point>,
    header_widths: [f32; 2],
    collapsed: bool,
) -> Point {
    if collapsed {
        return tokens::COLLAPSED;
    }
    let header = header_widths[0] + header_widths[1] + 2.0 * 14.0 + 36.0;
    let content = content.unwrap_or(pt(tokens::NODE_MIN_WIDTH, tokens::NODE_HEIGHT));
    let wide = content.x + 2.0 * tokens::NAMESPACE_PADDING;
    pt(
        snap_up(wide.max(header)),
        tokens::NAMESPACE_TOP + content.y + tokens::NAMESPACE_PADDING,
    )
}

/// Makes every container enclose its nodes, and shrinks it to them unless the user placed it; an empty
/// one keeps its place. Returns those that changed.
pub(crate) fn fit_containers(scene: &mut Scene) -> Vec<NamespaceId> {
    let mut contents: BTreeMap<NamespaceId, Rect> = BTreeMap::new();
    for node in &scene.nodes {
        if let Some(id) = node.namespace {
            let known = contents.entry(id).or_insert(node.rect);
            *known = known.union(&node.rect);
        }
    }
    let mut changed = Vec::new();
    for space in &mut scene.namespaces {
        let rect = match contents.get(&space.id) {
            Some(content) => around(space, content),
            None => {
                let size = container_size(None, space.header_widths, space.collapsed);
                Rect::new(space.rect.min.x, space.rect.min.y, size.x, size.y)
            }
        };
        if rect != space.rect {
            space.set_rect(rect);
            changed.push(space.id);
        }
    }
    changed
}

fn around(space: &NamespaceBox, content: &Rect) -> Rect {
    let mut from = pt(
        content.min.x - tokens::NAMESPACE_PADDING,
        content.min.y - tokens::NAMESPACE_TOP,
    );
    if space.pinned {
        from = pt(from.x.min(space.rect.min.x), from.y.min(space.rect.min.y));
    }
    let taken = pt(
        content.max.x - from.x - tokens::NAMESPACE_PADDING,
        content.max.y - from.y - tokens::NAMESPACE_TOP,
    );
    let size = container_size(Some(taken), space.header_widths, space.collapsed);
    Rect::new(from.x, from.y, size.x, size.y)
}

#[cfg(test)]
mod collapsed_tests;
#[cfg(test)]
mod tests;
