//! Positions of all namespaces and nodes. Columns within a namespace (`inside`), rows of namespaces
//! (`blocks`), outer nodes around them (`outside`), then what the user placed (`settle`).

mod blocks;
mod inside;
mod layers;
mod outside;
mod settle;

use std::collections::BTreeMap;

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

/// A new layout. What the user placed is where they placed it.
pub fn arrange(request: &Request) -> Scene {
    arrange_until(request, &|| false)
}

/// [`arrange`]; not all arrows are routed once `stop` returns true.
pub fn arrange_until(request: &Request, stop: &dyn Fn() -> bool) -> Scene {
    let places = settle::settle(request, fresh(request), None);
    build(request, &places, None, stop)
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
    let places = settle::settle(request, fresh(request), Some(previous));
    build(request, &places, Some(previous), stop)
}

/// Positions as if nothing had one yet.
fn fresh(request: &Request) -> Places {
    let mut arranged = blocks::arrange(request);
    outside::place(request, &mut arranged);
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
