//! What to draw at which zoom, and what is under the pointer.

use std::collections::BTreeMap;

use super::geom::{distance_to_segment, flatten};
use super::grid::Grid;
use super::{ArrowId, Point, Rect, Scene, pt};
use crate::model::{NamespaceId, NodeRef};

/// How much is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Containers and the sum of arrows between them: an [`Overview`].
    Far,
    /// Nodes with their names and arrows, no chips and no second lines.
    Middle,
    /// Everything.
    Near,
}

impl Level {
    /// The level at that zoom (screen points for each scene point).
    pub fn at(zoom: f32) -> Self {
        match zoom {
            z if z < 0.3 => Self::Far,
            z if z < 0.55 => Self::Middle,
            _ => Self::Near,
        }
    }
}

/// The scene from far out: arrows between containers, aggregated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overview {
    /// One for each ordered pair of containers or outer nodes with flows between them.
    pub links: Vec<Link>,
}

/// All flows from one container or outer node to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// A namespace, or a node outside containers.
    pub from: NodeRef,
    /// A namespace, or a node outside containers.
    pub to: NodeRef,
    /// How many flows.
    pub count: usize,
    /// On the border of `from`.
    pub start: Point,
    /// On the border of `to`.
    pub end: Point,
}

impl Overview {
    /// Aggregates the arrows of a scene.
    pub fn of(scene: &Scene) -> Self {
        let outer = |node: NodeRef| match scene.node(node).and_then(|n| n.namespace) {
            Some(namespace) => NodeRef::Namespace(namespace),
            None => node,
        };
        let mut counts: BTreeMap<(NodeRef, NodeRef), usize> = BTreeMap::new();
        // What continues within a namespace is counted outside of it.
        for arrow in scene.arrows.iter().filter(|arrow| arrow.port.is_none()) {
            let pair = (outer(arrow.from), outer(arrow.to));
            if pair.0 != pair.1 {
                *counts.entry(pair).or_default() += arrow.flows;
            }
        }
        let links = counts.iter().filter_map(|(&(from, to), &count)| {
            let (a, b) = (scene.rect(from)?, scene.rect(to)?);
            let both = counts.contains_key(&(to, from));
            let (start, end) = between(a, b, if both { 8.0 } else { 0.0 });
            Some(Link {
                from,
                to,
                count,
                start,
                end,
            })
        });
        Self {
            links: links.collect(),
        }
    }
}

/// Where the line between two centres, shifted to its right by `shift`, leaves one rectangle and
/// enters the other.
fn between(a: Rect, b: Rect, shift: f32) -> (Point, Point) {
    let (from, to) = (a.centre(), b.centre());
    let length = from.distance(to).max(1.0);
    let side = pt(from.y - to.y, to.x - from.x) * (shift / length);
    (
        border(a, from + side, to + side),
        border(b, to + side, from + side),
    )
}

/// Where the ray from `inside` the rectangle towards `target` leaves it.
fn border(rect: Rect, inside: Point, target: Point) -> Point {
    let d = target - inside;
    let reach = |from: f32, d: f32, low: f32, high: f32| match d {
        d if d > 0.0 => (high - from) / d,
        d if d < 0.0 => (low - from) / d,
        _ => f32::INFINITY,
    };
    let tx = reach(inside.x, d.x, rect.min.x, rect.max.x);
    let ty = reach(inside.y, d.y, rect.min.y, rect.max.y);
    inside + d * tx.min(ty).clamp(0.0, 1.0)
}

/// What is under the pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// A node.
    Node(NodeRef),
    /// An arrow's chip.
    Chip(ArrowId),
    /// An arrow's line.
    Arrow(ArrowId),
    /// A container's header.
    Header(NamespaceId),
    /// A container, beside all that is in it.
    Namespace(NamespaceId),
}

/// Finds things of one scene quickly. Make a new one for each scene.
#[derive(Clone, Debug)]
pub struct Index {
    nodes: Grid,
    arrows: Grid,
    lines: Vec<Vec<Point>>,
}

impl Index {
    /// An index of that scene.
    pub fn of(scene: &Scene) -> Self {
        let lines: Vec<Vec<Point>> = scene
            .arrows
            .iter()
            .map(|a| flatten(&a.curve, 8.0))
            .collect();
        let mut arrows = Grid::new(128.0);
        for (number, line) in lines.iter().enumerate() {
            for pair in line.windows(2) {
                arrows.insert(number as u32, Rect::between(pair[0], pair[1]));
            }
            if let Some(chip) = scene.arrows.get(number).and_then(|a| a.chip.as_ref()) {
                arrows.insert(number as u32, chip.rect);
            }
        }
        Self {
            nodes: Grid::of(256.0, scene.nodes.iter().map(|n| n.rect)),
            arrows,
            lines,
        }
    }

    /// The topmost thing at a point; lines and chips within `slack` of it count.
    pub fn hit(&self, scene: &Scene, p: Point, slack: f32) -> Option<Hit> {
        if let Some(node) = self.node_hit(scene, p) {
            return Some(node);
        }
        if let Some(arrow) = self.arrow_hit(scene, p, slack) {
            return Some(arrow);
        }
        Self::space_hit(scene, p)
    }

    /// The topmost thing at a point zoomed far out, where no flow is drawn by itself.
    pub fn hit_far(&self, scene: &Scene, p: Point) -> Option<Hit> {
        match self.node_hit(scene, p) {
            Some(node) => Some(node),
            None => Self::space_hit(scene, p),
        }
    }

    fn space_hit(scene: &Scene, p: Point) -> Option<Hit> {
        let space = scene.namespaces.iter().rfind(|n| n.rect.contains(p))?;
        Some(if space.header.contains(p) {
            Hit::Header(space.id)
        } else {
            Hit::Namespace(space.id)
        })
    }

    fn node_hit(&self, scene: &Scene, p: Point) -> Option<Hit> {
        let near = self.nodes.near(Rect { min: p, max: p }).into_iter();
        let mut nodes = near.filter_map(|i| scene.nodes.get(i as usize));
        let node = nodes.rfind(|n| n.rect.contains(p))?;
        Some(Hit::Node(node.node))
    }

    /// The arrow whose chip or line is at a point, whatever lies above it.
    pub fn arrow(&self, scene: &Scene, p: Point, slack: f32) -> Option<ArrowId> {
        match self.arrow_hit(scene, p, slack)? {
            Hit::Chip(id) | Hit::Arrow(id) => Some(id),
            Hit::Node(_) | Hit::Header(_) | Hit::Namespace(_) => None,
        }
    }

    fn arrow_hit(&self, scene: &Scene, p: Point, slack: f32) -> Option<Hit> {
        let near = self.arrows.near(Rect { min: p, max: p }.grow(slack));
        let chip = near
            .iter()
            .filter_map(|&i| scene.arrows.get(i as usize))
            .find(|a| a.chip.as_ref().is_some_and(|c| c.rect.contains(p)));
        if let Some(arrow) = chip {
            return Some(Hit::Chip(arrow.id));
        }
        let nearest = near
            .iter()
            .filter_map(|&i| {
                Some((
                    self.line_distance(i as usize, p)?,
                    scene.arrows.get(i as usize)?,
                ))
            })
            .filter(|(distance, _)| *distance <= slack)
            .min_by(|a, b| a.0.total_cmp(&b.0));
        nearest.map(|(_, arrow)| Hit::Arrow(arrow.id))
    }

    fn line_distance(&self, arrow: usize, p: Point) -> Option<f32> {
        let pairs = self.lines.get(arrow)?.windows(2);
        pairs
            .map(|pair| distance_to_segment(p, pair[0], pair[1]))
            .min_by(f32::total_cmp)
    }

    /// Nodes that a marquee touches, and containers that it encloses.
    pub fn marquee(&self, scene: &Scene, area: Rect) -> Vec<NodeRef> {
        let spaces = scene.namespaces.iter().filter(|n| area.encloses(&n.rect));
        let nodes = self.nodes.near(area);
        let nodes = nodes.iter().filter_map(|&i| scene.nodes.get(i as usize));
        let nodes = nodes.filter(|n| area.overlaps(&n.rect)).map(|n| n.node);
        spaces
            .map(|n| NodeRef::Namespace(n.id))
            .chain(nodes)
            .collect()
    }

    /// Indices into `scene.nodes` of what a viewport may show.
    pub fn visible_nodes(&self, area: Rect) -> Vec<usize> {
        self.nodes
            .near(area)
            .into_iter()
            .map(|i| i as usize)
            .collect()
    }

    /// Indices into `scene.arrows` of what a viewport may show.
    pub fn visible_arrows(&self, area: Rect) -> Vec<usize> {
        self.arrows
            .near(area)
            .into_iter()
            .map(|i| i as usize)
            .collect()
    }
}

/// Scene to screen: `screen = scene * zoom + pan`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    /// Screen points for each scene point.
    pub zoom: f32,
    /// Where the scene's origin is on the screen.
    pub pan: Point,
}

impl Transform {
    /// Shows all of `bounds` in the middle of `viewport`, with `padding` around it, zoomed in no
    /// further than `most`.
    pub fn fit(bounds: Rect, viewport: Rect, padding: f32, most: f32) -> Self {
        let available = viewport.grow(-padding);
        let scale = |available: f32, wanted: f32| available.max(1.0) / wanted.max(1.0);
        let zoom = scale(available.width(), bounds.width())
            .min(scale(available.height(), bounds.height()))
            .min(most);
        Self {
            zoom,
            pan: viewport.centre() - bounds.centre() * zoom,
        }
    }

    /// A scene point on the screen.
    pub fn to_screen(&self, p: Point) -> Point {
        p * self.zoom + self.pan
    }

    /// A screen point in the scene.
    pub fn to_scene(&self, p: Point) -> Point {
        (p - self.pan) * (1.0 / self.zoom)
    }

    /// A scene rectangle on the screen.
    pub fn rect_to_screen(&self, rect: Rect) -> Rect {
        Rect {
            min: self.to_screen(rect.min),
            max: self.to_screen(rect.max),
        }
    }

    /// A screen rectangle in the scene.
    pub fn rect_to_scene(&self, rect: Rect) -> Rect {
        Rect {
            min: self.to_scene(rect.min),
            max: self.to_scene(rect.max),
        }
    }

    /// Zoomed to `zoom` around a screen point, which keeps its place.
    pub fn zoomed(&self, zoom: f32, around: Point) -> Self {
        let fixed = self.to_scene(around);
        Self {
            zoom,
            pan: around - fixed * zoom,
        }
    }
}

/// The transform of a minimap in `area`. The same transform
/// turns a click on it into a scene point.
pub fn minimap(scene: &Scene, area: Rect) -> Transform {
    Transform::fit(scene.bounds, area, 6.0, 0.25)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{ApproxMeasure, Request, fixture, layout};

    fn shop() -> Scene {
        layout::arrange(&Request::of(&fixture::online_shop(), &ApproxMeasure))
    }

    #[test]
    fn a_hit_test_finds_every_thing_at_its_position() {
        let scene = shop();
        let index = Index::of(&scene);
        for node in &scene.nodes {
            let hit = index.hit(&scene, node.rect.centre(), 4.0);
            assert_eq!(hit, Some(Hit::Node(node.node)));
        }
        for arrow in &scene.arrows {
            let chip = arrow.chip.as_ref().unwrap();
            let hit = index.hit(&scene, chip.rect.centre(), 4.0);
            assert_eq!(hit, Some(Hit::Chip(arrow.id)));
            let far = index.hit_far(&scene, chip.rect.centre());
            assert!(!matches!(far, Some(Hit::Chip(_) | Hit::Arrow(_))));
        }
        for space in &scene.namespaces {
            let corner = space.title_rect.min;
            let hit = index.hit(&scene, corner, 0.5);
            assert_eq!(hit, Some(Hit::Header(space.id)));
        }
        assert_eq!(
            index.hit(&scene, scene.bounds.max + pt(9.0, 9.0), 4.0),
            None
        );
    }

    #[test]
    fn a_marquee_around_everything_selects_everything() {
        let scene = shop();
        let index = Index::of(&scene);
        let all = index.marquee(&scene, scene.bounds.grow(1.0));
        assert_eq!(all.len(), scene.nodes.len() + scene.namespaces.len());
        assert!(
            index
                .marquee(&scene, Rect::new(-900.0, -900.0, 1.0, 1.0))
                .is_empty()
        );
    }

    #[test]
    fn links_aggregate_the_arrows_between_containers() {
        let scene = shop();
        let overview = Overview::of(&scene);
        let inside = |n: NodeRef| scene.node(n).and_then(|n| n.namespace);
        let crossing = scene
            .arrows
            .iter()
            .filter(|a| inside(a.from).is_none() || inside(a.from) != inside(a.to));
        let sum: usize = overview.links.iter().map(|l| l.count).sum();
        assert_eq!(sum, crossing.count());
        for link in &overview.links {
            let rect = scene.rect(link.to).unwrap();
            assert!(rect.distance(link.end) < 0.1 && !rect.grow(-1.0).contains(link.end));
        }
    }

    #[test]
    fn fit_shows_everything_and_zoom_keeps_the_point_under_the_pointer() {
        let view = Rect::new(200.0, 44.0, 800.0, 600.0);
        let fit = Transform::fit(Rect::new(-50.0, 20.0, 3000.0, 900.0), view, 24.0, 1.0);
        let shown = fit.rect_to_screen(Rect::new(-50.0, 20.0, 3000.0, 900.0));
        assert!(view.grow(-23.9).encloses(&shown));
        let pointer = pt(410.0, 333.0);
        let closer = fit.zoomed(0.9, pointer);
        assert!(closer.to_screen(fit.to_scene(pointer)).distance(pointer) < 0.01);
    }
}
