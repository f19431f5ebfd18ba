//! Final positions. What the user placed stays exactly there; what existed before stays unless
//! something placed covers it; what is new gets the nearest free place. Only things that the user
//! placed may overlap.

use std::collections::{BTreeMap, BTreeSet};

use super::push::push;
use super::{PITCH, Places, container_size, outside};
use crate::model::{NamespaceId, NodeRef};
use crate::scene::request::{NamespaceSpec, NodeSpec, Request};
use crate::scene::{Point, Rect, Scene, pt, tokens};

/// Gap between nodes, and between containers, that are moved to a free place.
const NODE_GAP: f32 = 11.5;
const SPACE_GAP: f32 = 35.5;
/// Rings of positions that are tried around the preferred one.
const RINGS: i32 = 160;

/// Final positions of everything. `places` is a new layout; `previous` the one to preserve.
pub(super) fn settle(request: &Request, places: Places, previous: Option<&Scene>) -> Places {
    let mut table = Table {
        request,
        previous,
        places,
        members: BTreeMap::new(),
    };
    for node in &request.nodes {
        if let Some(id) = node.namespace {
            table.members.entry(id).or_default().push(node);
        }
    }
    table.pin();
    let (placed, free): (Vec<_>, Vec<_>) =
        request.namespaces.iter().partition(|n| table.is_placed(n));
    // Containers with something placed in them stay; their nodes avoid each other everywhere.
    let mut taken: Vec<Rect> = request
        .nodes
        .iter()
        .filter_map(|n| Some(rect_at(n, n.pin?)))
        .collect();
    for space in &placed {
        table.place_members(space, &mut taken);
    }
    for space in &free {
        table.place_members(space, &mut Vec::new());
    }
    table.place_containers(&placed, &free);
    table.place_outer();
    table.places
}

struct Table<'a> {
    request: &'a Request,
    previous: Option<&'a Scene>,
    places: Places,
    members: BTreeMap<NamespaceId, Vec<&'a NodeSpec>>,
}

impl<'a> Table<'a> {
    fn at(&self, node: NodeRef) -> Point {
        self.places.get(&node).copied().unwrap_or_default()
    }

    fn members(&self, id: NamespaceId) -> &[&'a NodeSpec] {
        self.members.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    fn is_placed(&self, space: &NamespaceSpec) -> bool {
        space.pin.is_some() || self.members(space.id).iter().any(|n| n.pin.is_some())
    }

    /// Starts from the previous layout and applies pins. A namespace that was placed or existed before
    /// takes its new nodes along.
    fn pin(&mut self) {
        for space in &self.request.namespaces {
            let node = NodeRef::Namespace(space.id);
            let before = self.previous.and_then(|p| p.rect(node)).map(|r| r.min);
            if let Some(at) = space.pin.or(before) {
                let shift = at - self.at(node);
                self.move_space(space.id, shift);
            }
        }
        for node in &self.request.nodes {
            let before = self.previous.and_then(|p| p.last_place(node));
            if let Some(at) = node.pin.or(before) {
                self.places.insert(node.node, at);
            }
        }
    }

    fn move_space(&mut self, id: NamespaceId, shift: Point) {
        let nodes: Vec<NodeRef> = self.members(id).iter().map(|n| n.node).collect();
        for node in nodes.into_iter().chain([NodeRef::Namespace(id)]) {
            let at = self.at(node);
            self.places.insert(node, at + shift);
        }
    }

    /// Gives each node of a namespace its own position: placed ones first, then existing ones, then new
    /// ones.
    fn place_members(&mut self, space: &NamespaceSpec, taken: &mut Vec<Rect>) {
        let previous = self.previous;
        let before = |n: &NodeSpec| previous.and_then(|p| p.node(n.node));
        let known = |n: &NodeSpec| before(n).is_some_and(|b| b.namespace == n.namespace);
        let is_new = |n: &NodeSpec| previous.is_some() && !known(n) && !self.is_expanded(space);
        let mut order: Vec<&'a NodeSpec> = self.members(space.id).to_vec();
        order.sort_by_key(|n| n.node);
        let (placed, others): (Vec<_>, Vec<_>) = order.into_iter().partition(|n| n.pin.is_some());
        let (new, known): (Vec<_>, Vec<_>) = others.into_iter().partition(|n| is_new(n));
        let mut settled: BTreeSet<NodeRef> = placed.iter().chain(&known).map(|n| n.node).collect();
        taken.extend(placed.iter().map(|n| rect_at(n, self.at(n.node))));
        let known: Vec<(NodeRef, Rect)> = known
            .iter()
            .map(|n| (n.node, rect_at(n, self.at(n.node))))
            .collect();
        for (node, rect) in settled_among(known, NODE_GAP, taken, RINGS) {
            self.places.insert(node, rect.min);
            taken.push(rect);
        }
        let around = self.surroundings(space.id);
        for node in new {
            let wish = rect_at(node, self.wish(node, &settled));
            let fits = |rect: &Rect| around.has_room(rect);
            let found = nearest_free(wish, NODE_GAP, taken, &fits, 40)
                .or_else(|| nearest_free(wish, NODE_GAP, taken, &|_| true, RINGS))
                .unwrap_or(wish);
            self.places.insert(node.node, found.min);
            taken.push(found);
            settled.insert(node.node);
        }
    }

    /// The preferred position of a new node: after its sources, before its destinations.
    fn wish(&self, node: &NodeSpec, settled: &BTreeSet<NodeRef>) -> Point {
        let gap = 96.0;
        for flow in self.request.guides() {
            if flow.to == node.node && settled.contains(&flow.from) {
                let width = self.previous.and_then(|p| p.rect(flow.from));
                let width = width.map_or(tokens::NODE_MIN_WIDTH, |r| r.width());
                return self.at(flow.from) + pt(width + gap, 0.0);
            }
            if flow.from == node.node && settled.contains(&flow.to) {
                return self.at(flow.to) - pt(node.width + gap, 0.0);
            }
        }
        self.at(node.node)
    }

    /// What was around a container.
    fn surroundings(&self, id: NamespaceId) -> Surroundings {
        let Some(previous) = self.previous else {
            return Surroundings::default();
        };
        let spaces = previous.namespaces.iter().filter(|n| n.id != id);
        let outer = previous.nodes.iter().filter(|n| n.namespace.is_none());
        let others = spaces.map(|n| n.rect).chain(outer.map(|n| n.rect));
        Surroundings {
            own: previous.rect(NodeRef::Namespace(id)),
            others: others.collect(),
        }
    }

    /// Whether it was collapsed before, and is no more.
    fn is_expanded(&self, space: &NamespaceSpec) -> bool {
        let before = self.previous.and_then(|p| p.namespace(space.id));
        !space.collapsed && before.is_some_and(|before| before.collapsed)
    }

    /// Whether it was there before, and was not as large.
    fn is_grown(&self, space: &NamespaceSpec) -> bool {
        let before = self.previous.and_then(|p| p.namespace(space.id));
        before.is_some_and(|before| !before.rect.encloses(&self.container(space)))
    }

    /// The container around a namespace's nodes.
    fn container(&self, space: &NamespaceSpec) -> Rect {
        let nodes = self.members(space.id).iter();
        let content = nodes
            .map(|n| rect_at(n, self.at(n.node)))
            .reduce(|a, b| a.union(&b));
        let corner = match content {
            Some(c) => c.min - pt(tokens::NAMESPACE_PADDING, tokens::NAMESPACE_TOP),
            None => self.at(NodeRef::Namespace(space.id)),
        };
        let corner = match space.pin {
            Some(pin) => pt(corner.x.min(pin.x), corner.y.min(pin.y)),
            None => corner,
        };
        let inner = corner + pt(tokens::NAMESPACE_PADDING, tokens::NAMESPACE_TOP);
        let content = content.map(|c| c.max - inner);
        let size = container_size(content, space.header_widths, space.collapsed);
        Rect::new(corner.x, corner.y, size.x, size.y)
    }

    /// Moves cards, and containers in which nothing was placed, away from obstacles.
    fn place_containers(&mut self, placed: &[&NamespaceSpec], free: &[&NamespaceSpec]) {
        let mut taken = Vec::new();
        // A card gives way, even where the user placed it: it returns as what covers it is collapsed.
        let (cards, placed): (Vec<_>, Vec<_>) = placed.iter().partition(|n| n.collapsed);
        for space in placed {
            let rect = self.container(space);
            self.places.insert(NodeRef::Namespace(space.id), rect.min);
            taken.push(rect);
        }
        let outer = self.request.nodes.iter().filter(|n| n.namespace.is_none());
        taken.extend(outer.filter_map(|n| Some(rect_at(n, n.pin?))));
        let known = |n: &NamespaceSpec| self.previous.is_some_and(|p| p.namespace(n.id).is_some());
        let mut order = free.to_vec();
        // What was just expanded takes its place, what it covers moves aside, and nothing else moves.
        // What grows stays, and what it comes to lie on gives way.
        order.sort_by_cached_key(|n| (!self.is_expanded(n), !self.is_grown(n), !known(n), n.id));
        let opened = order.partition_point(|n| self.is_expanded(n));
        order.splice(opened..opened, cards);
        let mut movable = Vec::new();
        for space in order {
            let rect = self.container(space);
            let stays = self.is_expanded(space) || self.is_grown(space);
            if stays && !taken.iter().any(|t| t.overlaps(&rect)) {
                self.places.insert(NodeRef::Namespace(space.id), rect.min);
                taken.push(rect);
            } else {
                movable.push((space.id, rect));
            }
        }
        let before: BTreeMap<NamespaceId, Rect> = movable.iter().copied().collect();
        let is_new = |id: NamespaceId| self.previous.is_some_and(|p| p.namespace(id).is_none());
        let (new, known): (Vec<_>, Vec<_>) = movable.into_iter().partition(|(id, _)| is_new(*id));
        let mut found = settled_among(known, SPACE_GAP, &taken, RINGS * 4);
        // What is new pushes nothing that is known.
        taken.extend(found.iter().map(|(_, rect)| *rect));
        found.extend(settled_among(new, SPACE_GAP, &taken, RINGS * 4));
        for (id, rect) in found {
            let shift = rect.min - before.get(&id).map_or(rect.min, |before| before.min);
            self.move_space(id, shift);
            self.places.insert(NodeRef::Namespace(id), rect.min);
        }
    }

    /// Outer nodes that were not placed move where a container or node covers theirs.
    fn place_outer(&mut self) {
        let mut taken: Vec<Rect> = self
            .request
            .namespaces
            .iter()
            .map(|n| self.container(n))
            .collect();
        let outer: Vec<&NodeSpec> = self
            .request
            .nodes
            .iter()
            .filter(|n| n.namespace.is_none())
            .collect();
        taken.extend(outer.iter().filter_map(|n| Some(rect_at(n, n.pin?))));
        let free = outer.into_iter().filter(|n| n.pin.is_none());
        let free = free.map(|n| (n.node, rect_at(n, self.at(n.node))));
        let was_shown = |node| self.previous.is_some_and(|p| p.node(node).is_some());
        let (known, others): (Vec<_>, Vec<_>) = free.partition(|(node, _)| was_shown(*node));
        for (node, rect) in settled_among(known, NODE_GAP, &taken, RINGS) {
            self.places.insert(node, rect.min);
            taken.push(rect);
        }
        for (node, rect) in others {
            if self.previous.is_some() || taken.iter().any(|t| t.overlaps(&rect)) {
                self.places.remove(&node);
            } else {
                taken.push(rect);
            }
        }
        outside::place(self.request, &mut self.places);
    }
}

/// A container as it was, and all that was outside of it.
#[derive(Default)]
struct Surroundings {
    own: Option<Rect>,
    others: Vec<Rect>,
}

impl Surroundings {
    /// Whether the container with a further node touches nothing.
    fn has_room(&self, node: &Rect) -> bool {
        let (side, top) = (tokens::NAMESPACE_PADDING, tokens::NAMESPACE_TOP);
        let around = Rect {
            min: node.min - pt(side, top),
            max: node.max + pt(side, side),
        };
        let whole = self.own.map_or(around, |own| own.union(&around));
        let wide = whole.grow(PITCH);
        self.others.iter().all(|other| !other.overlaps(&wide))
    }
}

fn rect_at(node: &NodeSpec, at: Point) -> Rect {
    Rect::new(at.x, at.y, node.width, tokens::NODE_HEIGHT)
}

/// Positions of things that were placed before: they stay, and those that lie on something `fixed`, or on an earlier one,
/// go to the nearest free place, or push others on, whichever moves less in total.
fn settled_among<K: Copy>(
    things: Vec<(K, Rect)>,
    gap: f32,
    fixed: &[Rect],
    rings: i32,
) -> Vec<(K, Rect)> {
    let (mut settled, mut covered): (Vec<(K, Rect)>, Vec<_>) = (Vec::new(), Vec::new());
    for thing in things {
        let mut others = fixed.iter().chain(settled.iter().map(|(_, rect)| rect));
        match others.any(|other| other.overlaps(&thing.1)) {
            true => covered.push(thing),
            false => settled.push(thing),
        }
    }
    for (key, rect) in covered {
        let rest: Vec<Rect> = settled.iter().map(|(_, rect)| *rect).collect();
        let taken: Vec<Rect> = fixed.iter().chain(&rest).copied().collect();
        let alone = nearest_free(rect, gap, &taken, &|_| true, rings);
        let shortest = alone.map_or(f32::INFINITY, |alone| alone.min.distance(rect.min));
        let pushed = push(rect, gap, fixed, &rest).filter(|pushed| pushed.total < shortest);
        let Some(pushed) = pushed else {
            settled.push((key, alone.unwrap_or(rect)));
            continue;
        };
        for (at, by) in pushed.others {
            settled[at].1 = settled[at].1.moved(by);
        }
        settled.push((key, rect.moved(pushed.first)));
    }
    settled
}

/// The position nearest to the preferred one, in steps of the pitch, that keeps `gap` from `taken` and
/// fits.
fn nearest_free(
    wish: Rect,
    gap: f32,
    taken: &[Rect],
    fits: &dyn Fn(&Rect) -> bool,
    rings: i32,
) -> Option<Rect> {
    let reach = wish.grow(rings as f32 * PITCH + gap);
    let near = taken.iter().copied().filter(|r| r.overlaps(&reach));
    let taken: Vec<Rect> = near.collect();
    let is_free = |rect: &Rect, gap: f32| {
        let wide = rect.grow(gap);
        taken.iter().all(|t| !t.overlaps(&wide)) && fits(rect)
    };
    // At its preferred position it need not keep the whole gap.
    if is_free(&wish, 0.0) {
        return Some(wish);
    }
    for ring in 1..=rings {
        let edge = (-ring..=ring).flat_map(|i| [(i, -ring), (i, ring), (-ring, i), (ring, i)]);
        let places = edge.map(|(x, y)| wish.moved(pt(x as f32, y as f32) * PITCH));
        let free = places.filter(|rect| is_free(rect, gap));
        let distance = |r: &Rect| r.min.distance(wish.min);
        if let Some(found) = free.min_by(|a, b| distance(a).total_cmp(&distance(b))) {
            return Some(found);
        }
    }
    None
}
