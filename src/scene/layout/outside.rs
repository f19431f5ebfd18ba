//! Nodes outside containers: sources at the left, destinations at the right, or above and below, each as near
//! to its peers as there is space and as suits the shape of the whole.

use std::collections::BTreeMap;

use super::{PITCH, Places, container_size, extent, snap, snap_up};
use crate::model::{NamespaceId, NodeRef};
use crate::scene::request::{NodeSpec, Request};
use crate::scene::{Point, Rect, pt, tokens};

/// Gap from a container to an outer node: space for a chip.
const REACH: f32 = 132.0;
/// The same above and below it.
const RISE: f32 = 30.0;
/// Gap between outer nodes.
const BETWEEN: f32 = 30.0;

/// Adds places for all nodes outside namespaces that have none yet.
pub(super) fn place(request: &Request, places: &mut Places) {
    let mut taken = obstacles(request, places);
    let outer = request.nodes.iter().filter(|n| n.namespace.is_none());
    let mut waiting: Vec<(&NodeSpec, Wish)> = outer
        .filter(|n| !places.contains_key(&n.node))
        .map(|n| (n, wish(request, places, n.node)))
        .collect();
    // Those at the top choose first, so that neighbours are in the order of their peers.
    waiting.sort_by(|a, b| a.1.at.y.total_cmp(&b.1.at.y).then(a.0.node.cmp(&b.0.node)));
    for (spec, wish) in waiting {
        let rect = best_place(&taken, spec.width, &wish);
        places.insert(spec.node, rect.min);
        taken.push(rect);
    }
}

/// The preferred position of an outer node.
struct Wish {
    /// The middle of its peers.
    at: Point,
    /// Whether it goes to the left.
    left: bool,
}

fn wish(request: &Request, places: &Places, node: NodeRef) -> Wish {
    let (mut sum, mut count, mut out) = (pt(0.0, 0.0), 0.0, 0);
    for flow in request.guides() {
        let other = match (flow.from == node, flow.to == node) {
            (true, false) => flow.to,
            (false, true) => flow.from,
            _ => continue,
        };
        out += if flow.from == node { 1 } else { -1 };
        if let Some(&at) = places.get(&other) {
            sum = sum + at + pt(tokens::NODE_MIN_WIDTH, tokens::NODE_HEIGHT) * 0.5;
            count += 1.0;
        }
    }
    Wish {
        at: if count > 0.0 {
            sum * (1.0 / count)
        } else {
            sum
        },
        left: out >= 0,
    }
}

/// Tries places around the preferred one, beside what is there and above and below it; at each, the node
/// slides towards its peers until it would touch something.
fn best_place(taken: &[Rect], width: f32, wish: &Wish) -> Rect {
    let size = pt(width, tokens::NODE_HEIGHT);
    let all = taken
        .iter()
        .copied()
        .reduce(|a, b| a.union(&b))
        .unwrap_or_default();
    let start = pt(
        snap(wish.at.x - size.x / 2.0),
        snap(wish.at.y - size.y / 2.0),
    );
    let steps = ((all.height().max(all.width()) / PITCH) as i32 + 20).min(400);
    let mut best: Option<(f32, Rect)> = None;
    for step in 0..steps {
        for off in [PITCH * step as f32, -PITCH * step as f32] {
            let beside = Rect::new(0.0, start.y + off, size.x, size.y);
            let over = Rect::new(start.x + off, 0.0, size.x, size.y);
            let places = [
                slide(taken, beside, wish, &all),
                rise(taken, over, wish, &all, true),
                rise(taken, over, wish, &all, false),
            ];
            for rect in places.into_iter().flatten() {
                let cost = (rect.centre().x - wish.at.x).abs()
                    + 1.4 * (rect.centre().y - wish.at.y).abs()
                    + 2.0 * (extent(&all.union(&rect)) - extent(&all));
                if best.is_none_or(|(least, _)| cost < least - 0.1) {
                    best = Some((cost, rect));
                }
            }
        }
    }
    best.map_or(Rect::new(0.0, all.max.y + REACH, size.x, size.y), |b| b.1)
}

/// The node at this height, beside everything placed there.
fn slide(taken: &[Rect], rect: Rect, wish: &Wish, all: &Rect) -> Option<Rect> {
    let band = Rect::new(
        all.min.x - 9e4,
        rect.min.y,
        all.width() + 18e4,
        rect.height(),
    );
    let near = |r: &&Rect| r.grow(BETWEEN).overlaps(&band);
    let x = if wish.left {
        let edge = taken.iter().filter(near).filter(|r| r.min.x <= wish.at.x);
        let edge = edge.map(|r| r.min.x).fold(wish.at.x, f32::min);
        ((edge - REACH - rect.width()) / PITCH).floor() * PITCH
    } else {
        let edge = taken.iter().filter(near).filter(|r| r.max.x >= wish.at.x);
        snap_up(edge.map(|r| r.max.x).fold(wish.at.x, f32::max) + REACH)
    };
    free(taken, rect.at(pt(x, rect.min.y)))
}

/// The node at this x, above (or below) everything placed there.
fn rise(taken: &[Rect], rect: Rect, wish: &Wish, all: &Rect, up: bool) -> Option<Rect> {
    let band = Rect::new(
        rect.min.x,
        all.min.y - 9e4,
        rect.width(),
        all.height() + 18e4,
    );
    let near = taken.iter().filter(|r| r.grow(BETWEEN).overlaps(&band));
    let y = if up {
        let edge = near.filter(|r| r.min.y <= wish.at.y).map(|r| r.min.y);
        let edge = edge.reduce(f32::min)?;
        ((edge - RISE - rect.height()) / PITCH).floor() * PITCH
    } else {
        let edge = near.filter(|r| r.max.y >= wish.at.y).map(|r| r.max.y);
        snap_up(edge.reduce(f32::max)? + RISE)
    };
    free(taken, rect.at(pt(rect.min.x, y)))
}

/// The place, if nothing is there.
fn free(taken: &[Rect], place: Rect) -> Option<Rect> {
    let free = taken.iter().all(|r| !r.grow(BETWEEN).overlaps(&place));
    free.then_some(place)
}

/// Obstacles: containers, and outer nodes with a place.
fn obstacles(request: &Request, places: &Places) -> Vec<Rect> {
    let mut contents: BTreeMap<NamespaceId, Rect> = BTreeMap::new();
    let mut taken = Vec::new();
    for node in &request.nodes {
        let Some(at) = places.get(&node.node) else {
            continue;
        };
        let rect = Rect::new(at.x, at.y, node.width, tokens::NODE_HEIGHT);
        match node.namespace {
            Some(id) => {
                let known = contents.entry(id).or_insert(rect);
                *known = known.union(&rect);
            }
            None => taken.push(rect),
        }
    }
    for space in &request.namespaces {
        let corner = places
            .get(&NodeRef::Namespace(space.id))
            .copied()
            .unwrap_or_default();
        let content = contents
            .get(&space.id)
            .map(|c| c.max - corner - pt(tokens::NAMESPACE_PADDING, tokens::NAMESPACE_TOP));
        let size = container_size(content, space.header_widths, space.collapsed);
        taken.push(Rect::new(corner.x, corner.y, size.x, size.y));
    }
    taken
}
