//! What is drawn: boxes, arrows, labels and their positions. No toolkit: the canvas and [`crate::picture`]
//! both draw a [`Scene`], and add what depends on selection and verdicts.
//!
//! [`Request::of`] takes from a Document what the layout depends on; two equal requests have equal
//! layouts. [`layout::arrange`] computes a new layout, [`layout::update`] keeps things where they are.
//! [`Scene::drag`] follows the pointer.

pub mod bundle;
pub mod detail;
pub mod extra;
pub mod geom;
mod grid;
pub mod layout;
pub mod part;
pub mod request;
pub mod route;
pub mod text;
pub mod tokens;
pub mod traffic;

#[cfg(test)]
pub(crate) mod fixture;

use std::collections::{BTreeMap, BTreeSet};

pub use bundle::{Bundle, Hidden, Port, Visible};
pub use extra::{ArrowId, Extra, ExtraId, ExtraKind, Missing, OTHERS, OUTSIDE, is_foreign};
pub use geom::{Cubic, Point, Rect, pt};
pub use part::Part;
pub use request::Request;
pub use text::{ApproxMeasure, Measure, TextStyle, elide};

use crate::model::{Direction, FlowId, NamespaceId, NodeRef, TrafficClass};

/// A finished layout: everything has a position. Lists are in id order, so that they are deterministic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// Containers.
    pub namespaces: Vec<NamespaceBox>,
    /// Workloads, externals, groups, any pod.
    pub nodes: Vec<NodeBox>,
    /// Flows, and then arrows that are none.
    pub arrows: Vec<Arrow>,
    /// Around everything; empty when there is nothing.
    pub bounds: Rect,
}

/// A namespace.
#[derive(Clone, Debug, PartialEq)]
pub struct NamespaceBox {
    /// Which.
    pub id: NamespaceId,
    /// The container.
    pub rect: Rect,
    /// The strip at its top, by which it is dragged.
    pub header: Rect,
    /// Within the header: icon, title and count. No arrow crosses it.
    pub title_rect: Rect,
    /// Within the header, at the right: default deny and DNS badges. No arrow crosses it.
    pub badges_rect: Rect,
    /// Its name, elided.
    pub title: String,
    /// Its whole name.
    pub name: String,
    /// Workloads in it.
    pub count: usize,
    /// Its default deny: `deny all`, `deny ingress`, `no default deny`.
    pub base: &'static str,
    /// Whether a policy allows DNS (a namespace without default deny needs none).
    pub dns: bool,
    /// Whether it is shown as one card, without what is in it.
    pub collapsed: bool,
    /// While it is collapsed, where its nodes were before, from its corner.
    pub(crate) inside: BTreeMap<NodeRef, Point>,
    /// Whether policies are written for it.
    pub managed: bool,
    /// Index of its hue.
    pub hue: usize,
    /// Whether the user placed it.
    pub pinned: bool,
    /// Widths that its header needs: title and badges.
    pub(crate) header_widths: [f32; 2],
}

/// A workload, an external, a group or any pod.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeBox {
    /// Which.
    pub node: NodeRef,
    /// Its namespace, for workloads.
    pub namespace: Option<NamespaceId>,
    /// Its rectangle.
    pub rect: Rect,
    /// Its name, elided.
    pub title: String,
    /// Its whole name.
    pub name: String,
    /// One identifying label, an address block, `domain name` or the words of a selector; elided.
    pub subtitle: String,
    /// What kind of thing it is.
    pub icon: Icon,
    /// Index of its namespace's hue; none outside namespaces.
    pub hue: Option<usize>,
    /// Its outline.
    pub shape: Shape,
    /// Whether the user placed it.
    pub pinned: bool,
}

/// Icons of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Icon {
    /// Deployment, ReplicaSet, ReplicationController and unknown kinds: a cube.
    Deployment,
    /// A cylinder.
    StatefulSet,
    /// Stacked layers.
    DaemonSet,
    /// A check list.
    Job,
    /// A clock.
    CronJob,
    /// A small hexagon.
    Pod,
    /// Everything outside: a globe.
    Internet,
    /// Something outside: a cloud.
    External,
    /// Pods by selector.
    Group,
    /// A node of the cluster: a rack with two units.
    Node,
    /// Any pod of the cluster.
    AnyPod,
}

/// Outlines of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Corners of `tokens::NODE_RADIUS`: workloads.
    Rounded,
    /// Round ends: everything outside containers.
    Pill,
    /// Round ends and a dotted border: an end of recorded traffic that the project does not have, with the gravest class of its
    /// connections.
    Missing(TrafficClass),
}

/// A flow, or an arrow that is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrow {
    /// Which.
    pub id: ArrowId,
    /// Where it starts; a namespace for any pod of it.
    pub from: NodeRef,
    /// Where it ends; a namespace for any pod of it.
    pub to: NodeRef,
    /// From border to border; each segment starts where the one before ends.
    pub curve: Vec<Cubic>,
    /// The point of its head, on the border of `to`.
    pub tip: Point,
    /// Where the head points: one of four unit vectors.
    pub heading: Point,
    /// Its ports, on a background of their own; none where there is no space for them.
    pub chip: Option<Chip>,
    /// While it has no chip: the one it has when it is hovered or selected, which may be on other arrows.
    pub spare: Option<Chip>,
    /// The ports in short, at most about 22 characters.
    pub label: String,
    /// The only gate that it opens: its line is dashed at the other end.
    pub half: Option<Direction>,
    /// Muted: drawn, but not enforced.
    pub muted: bool,
    /// It denies: a bar in place of its head.
    pub denies: bool,
    /// How many flows it stands for.
    pub flows: usize,
    /// The weighted arrow that it continues within an expanded namespace: it begins or ends at the port of that.
    pub port: Option<Bundle>,
    /// Width of the label.
    pub(crate) label_width: f32,
}

impl Arrow {
    /// The width of its line.
    pub fn width(&self) -> f32 {
        match self.id {
            ArrowId::Bundle(_) => bundle::weight(self.flows),
            ArrowId::Extra(id) if id.kind == ExtraKind::Suggested => tokens::SUGGESTED,
            ArrowId::Flow(_) | ArrowId::Extra(_) => tokens::STROKE,
        }
    }

    /// The rectangle of its chip; without one, a small square around the middle of its line.
    pub fn label_rect(&self) -> Rect {
        if let Some(chip) = &self.chip {
            return chip.rect;
        }
        let middle = self.curve.get(self.curve.len() / 2);
        Rect::around(middle.map_or(self.tip, |piece| piece.point(0.5)), 8.0, 8.0)
    }
}

/// Ports on an arrow.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    /// Its rectangle; `tokens::CHIP` high, less where there is no space for that.
    pub rect: Rect,
    /// Its text.
    pub text: String,
}

impl Chip {
    /// The size of its text beside that of a chip of full size.
    pub fn scale(&self) -> f32 {
        self.rect.height() / tokens::CHIP
    }
}

impl Scene {
    /// Whether nothing is drawn.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.namespaces.iter().all(|space| !space.collapsed)
    }

    /// The node, unless it is a namespace or is not drawn.
    pub fn node(&self, node: NodeRef) -> Option<&NodeBox> {
        let at = self.nodes.binary_search_by_key(&node, |n| n.node).ok()?;
        self.nodes.get(at)
    }

    /// The container of that namespace.
    pub fn namespace(&self, id: NamespaceId) -> Option<&NamespaceBox> {
        let at = self.namespaces.binary_search_by_key(&id, |n| n.id).ok()?;
        self.namespaces.get(at)
    }

    /// The rectangle of a node or a container.
    pub fn rect(&self, node: NodeRef) -> Option<Rect> {
        match node {
            NodeRef::Namespace(id) => self.namespace(id).map(|n| n.rect),
            _ => self.node(node).map(|n| n.rect),
        }
    }

    /// Where the nodes of a namespace are from its corner; while it is collapsed, where they were.
    fn inside(&self, id: NamespaceId) -> BTreeMap<NodeRef, Point> {
        let Some(space) = self.namespace(id) else {
            return BTreeMap::new();
        };
        if space.collapsed {
            return space.inside.clone();
        }
        let nodes = self.nodes.iter().filter(|n| n.namespace == Some(id));
        nodes
            .map(|n| (n.node, n.rect.min - space.rect.min))
            .collect()
    }

    /// The last place of a node, relative to its namespace if that is collapsed; none in another namespace.
    fn last_place(&self, node: &request::NodeSpec) -> Option<Point> {
        if let Some(before) = self.node(node.node) {
            return (before.namespace == node.namespace).then_some(before.rect.min);
        }
        let home = self.namespace(node.namespace?)?;
        Some(home.rect.min + *home.inside.get(&node.node)?)
    }

    /// The arrow of a flow.
    pub fn arrow(&self, flow: FlowId) -> Option<&Arrow> {
        self.find(ArrowId::Flow(flow))
    }

    /// That arrow.
    pub fn find(&self, id: ArrowId) -> Option<&Arrow> {
        let at = self.arrows.binary_search_by_key(&id, |a| a.id).ok()?;
        self.arrows.get(at)
    }

    /// Moves nodes (a namespace takes its workloads along) by a vector, resizes containers and routes
    /// their arrows again: what the canvas shows during a drag. `start` is the scene at the beginning
    /// of the drag.
    pub fn drag(start: &Self, nodes: &BTreeSet<NodeRef>, by: Point) -> Self {
        let mut scene = start.clone();
        let mut moved = nodes.clone();
        for node in &mut scene.nodes {
            let with = node.namespace.map(NodeRef::Namespace);
            if nodes.contains(&node.node) || with.is_some_and(|n| nodes.contains(&n)) {
                node.rect = node.rect.moved(by);
                moved.insert(node.node);
            }
        }
        for space in &mut scene.namespaces {
            if nodes.contains(&NodeRef::Namespace(space.id)) {
                space.set_rect(space.rect.moved(by));
            }
        }
        for id in layout::fit_containers(&mut scene) {
            moved.insert(NodeRef::Namespace(id));
        }
        route::reroute(&mut scene, &moved);
        scene
    }

    /// Positions to put into a Document's layout so that these nodes stay where they are now; a
    /// namespace comes with its workloads.
    pub fn places(&self, nodes: &BTreeSet<NodeRef>) -> BTreeMap<NodeRef, [f32; 2]> {
        let chosen = |node: NodeRef, with: Option<NamespaceId>| {
            nodes.contains(&node) || with.is_some_and(|n| nodes.contains(&NodeRef::Namespace(n)))
        };
        let spaces = self
            .namespaces
            .iter()
            .map(|n| (NodeRef::Namespace(n.id), None, n.rect.min));
        let boxes = self.nodes.iter().map(|n| (n.node, n.namespace, n.rect.min));
        spaces
            .chain(boxes)
            .filter(|(node, with, _)| chosen(*node, *with))
            .map(|(node, _, at)| (node, [at.x, at.y]))
            .collect()
    }

    /// Computes `bounds` again.
    pub(crate) fn update_bounds(&mut self) {
        let boxes = self.namespaces.iter().map(|n| n.rect);
        let nodes = self.nodes.iter().map(|n| n.rect);
        let curves = self.arrows.iter().flat_map(|a| {
            let pieces = a.curve.iter().map(|c| Rect::between(c.from, c.to));
            pieces.chain(a.chip.iter().map(|c| c.rect))
        });
        self.bounds = boxes
            .chain(nodes)
            .chain(curves)
            .reduce(|a, b| a.union(&b))
            .unwrap_or_default();
    }
}

impl NamespaceBox {
    /// Its caret: a click expands it, or collapses it.
    pub fn caret_rect(&self) -> Rect {
        let min = self.rect.min;
        Rect::new(min.x + 8.0, min.y + 8.0, 20.0, 24.0)
    }

    /// The icon in its header, beside the caret.
    pub fn icon_rect(&self) -> Rect {
        self.caret_rect().moved(pt(20.0, 0.0))
    }

    /// Puts the container there, and its header with it.
    pub(crate) fn set_rect(&mut self, rect: Rect) {
        let [title, badges] = self.header_widths;
        let (min, inset) = (rect.min, 14.0);
        self.rect = rect;
        if self.collapsed {
            // All of a card is its header: it is dragged anywhere, and no arrow crosses it.
            (self.header, self.title_rect) = (rect, rect);
            self.badges_rect = Rect::new(rect.max.x, rect.max.y, 0.0, 0.0);
            return;
        }
        self.header = Rect::new(min.x, min.y, rect.width(), tokens::NAMESPACE_HEADER);
        self.title_rect = Rect::new(min.x + inset, min.y + 8.0, title, 24.0);
        self.badges_rect = Rect::new(rect.max.x - inset - badges, min.y + 8.0, badges, 24.0);
    }
}
