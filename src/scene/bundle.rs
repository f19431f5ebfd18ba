//! Collapsed namespaces: each is one card, and all flows between two of them are one arrow. Where one of
//! two namespaces is expanded, that arrow ends at a port on its border, and the flows begin there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Arrow, ArrowId, NamespaceBox, Point, Rect, Scene, pt, tokens};
use crate::model::{Document, Flow, FlowId, NamespaceId, NodeRef};

/// How much of a Document is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visible {
    /// Namespaces that are drawn as one card.
    pub collapsed: Arc<BTreeSet<NamespaceId>>,
    /// What is not drawn at all.
    pub hidden: Arc<Hidden>,
}

/// Objects that are not drawn, with the arrows that begin or end at them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Nodes; a namespace comes with what is in it.
    pub nodes: BTreeSet<NodeRef>,
    /// Further flows.
    pub flows: BTreeSet<FlowId>,
}

impl Hidden {
    /// Whether nothing is hidden.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.flows.is_empty()
    }
}

impl Visible {
    /// Everything, with these namespaces collapsed.
    pub fn collapsed(collapsed: BTreeSet<NamespaceId>) -> Self {
        Self {
            collapsed: Arc::new(collapsed),
            hidden: Arc::default(),
        }
    }

    /// Whether a node is hidden, by itself or with its namespace.
    pub fn hides(&self, document: &Document, node: NodeRef) -> bool {
        let nodes = &self.hidden.nodes;
        let home = || match node {
            NodeRef::Workload(id) => document.workloads.get(id).map(|w| w.namespace),
            _ => None,
        };
        !nodes.is_empty()
            && (nodes.contains(&node)
                || home().is_some_and(|home| nodes.contains(&NodeRef::Namespace(home))))
    }
}

/// An arrow for all flows from one node to another, where a collapsed namespace is one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bundle {
    /// Where it starts.
    pub from: NodeRef,
    /// Where it ends.
    pub to: NodeRef,
}

/// How a flow is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// As an arrow of its own.
    Itself,
    /// As a part of that arrow.
    In(Bundle),
    /// As a part of that arrow up to the border of an expanded namespace, and within it as an arrow of its own.
    Through(Bundle),
    /// Not at all: it or an end is hidden, both ends are in one collapsed namespace, or an end is missing.
    Hidden,
}

/// A project with more workloads than this opens collapsed.
const LARGE: usize = 80;

/// The namespaces that are collapsed where the Document does not say which: in a large project all.
pub fn collapsed_at_first(document: &Document) -> BTreeSet<NamespaceId> {
    let is_large = document.workloads.len() > LARGE;
    document.namespaces.ids().filter(|_| is_large).collect()
}

/// The node that is drawn in place of a node: its namespace, if that is collapsed.
pub fn shown(document: &Document, collapsed: &BTreeSet<NamespaceId>, node: NodeRef) -> NodeRef {
    let NodeRef::Workload(id) = node else {
        return node;
    };
    let home = document
        .workloads
        .get(id)
        .map(|workload| workload.namespace);
    home.filter(|home| collapsed.contains(home))
        .map_or(node, NodeRef::Namespace)
}

/// How a flow is drawn.
pub fn drawn(document: &Document, visible: &Visible, (id, flow): (FlowId, &Flow)) -> Drawn {
    let (Some(from), Some(to)) = (flow.from.node(), flow.to.node()) else {
        return Drawn::Hidden;
    };
    let hidden = |node| visible.hides(document, node);
    if visible.hidden.flows.contains(&id) || hidden(from) || hidden(to) {
        return Drawn::Hidden;
    }
    let collapsed = &visible.collapsed;
    let [from, to] = [from, to].map(|node| shown(document, collapsed, node));
    let is_card = |node| matches!(node, NodeRef::Namespace(id) if collapsed.contains(&id));
    if !is_card(from) && !is_card(to) {
        return Drawn::Itself;
    }
    let border = |node| match node {
        NodeRef::Workload(id) => {
            let workload = document.workloads.get(id);
            workload.map_or(node, |workload| NodeRef::Namespace(workload.namespace))
        }
        _ => node,
    };
    let bundle = Bundle {
        from: border(from),
        to: border(to),
    };
    match (from == to, bundle == Bundle { from, to }) {
        (true, _) => Drawn::Hidden,
        (false, true) => Drawn::In(bundle),
        (false, false) => Drawn::Through(bundle),
    }
}

/// All flows that are drawn as parts of an arrow, by that arrow.
pub fn bundles(document: &Document, visible: &Visible) -> BTreeMap<Bundle, Vec<FlowId>> {
    let mut all: BTreeMap<Bundle, Vec<FlowId>> = BTreeMap::new();
    if visible.collapsed.is_empty() {
        return all;
    }
    for (id, flow) in document.flows.iter() {
        if let Drawn::In(bundle) | Drawn::Through(bundle) = drawn(document, visible, (id, flow)) {
            all.entry(bundle).or_default().push(id);
        }
    }
    all
}

/// Where a weighted arrow meets the border of an expanded namespace, and the arrows in that begin or end.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// The weighted arrow.
    pub bundle: Bundle,
    /// A square on the border.
    pub rect: Rect,
    /// Where its flows go, as one of four unit vectors.
    pub heading: Point,
    /// Index of the namespace's hue.
    pub hue: usize,
}

impl Arrow {
    /// The port on the border where it begins (true) or ends, if it does not join two boxes itself.
    pub(super) fn begins_at_port(&self) -> Option<bool> {
        self.port.map(|bundle| bundle.from == self.from)
    }
}

impl Scene {
    /// The ports on the borders of expanded namespaces.
    pub fn ports(&self) -> Vec<Port> {
        let port = |arrow: &Arrow| match arrow.id {
            ArrowId::Bundle(bundle) => self.port(bundle),
            ArrowId::Flow(_) | ArrowId::Extra(_) => None,
        };
        self.arrows.iter().filter_map(port).collect()
    }

    /// The expanded namespace at one end of a weighted arrow.
    pub(super) fn expanded_end(&self, bundle: Bundle) -> Option<&NamespaceBox> {
        let expanded = |node| match node {
            NodeRef::Namespace(id) => self.namespace(id).filter(|space| !space.collapsed),
            _ => None,
        };
        expanded(bundle.to).or_else(|| expanded(bundle.from))
    }

    /// The port of an arrow that passes the border of an expanded namespace.
    pub(super) fn port(&self, bundle: Bundle) -> Option<Port> {
        let arrow = self.find(ArrowId::Bundle(bundle))?;
        let space = self.expanded_end(bundle)?;
        let goes_in = bundle.to == NodeRef::Namespace(space.id);
        let at = match goes_in {
            true => arrow.tip,
            false => arrow.curve.first()?.from,
        };
        // The arrow ends at the outer edge of the port.
        let half = tokens::PORT / 2.0;
        let (rect, inside) = (space.rect, |low: f32, at: f32, high: f32| {
            at.clamp(low, high)
        });
        let middle = pt(
            inside(rect.min.x, at.x, rect.max.x),
            inside(rect.min.y, at.y, rect.max.y),
        );
        let inwards = (middle - at) * (1.0 / half);
        let sign = if goes_in { 1.0 } else { -1.0 };
        Some(Port {
            bundle,
            rect: Rect::around(middle, tokens::PORT, tokens::PORT),
            heading: pt(inwards.x.round(), inwards.y.round()) * sign,
            hue: space.hue,
        })
    }
}

/// The width of the line of an arrow for that many flows; a flow by itself is thinner.
pub fn weight(flows: usize) -> f32 {
    match flows {
        0..=3 => 1.5,
        4..=7 => 2.5,
        8..=14 => 3.5,
        _ => 5.0,
    }
}

/// The length of the head of a line of that width.
pub fn head(width: f32) -> f32 {
    match width {
        tokens::STROKE => tokens::ARROW_HEAD,
        width => 7.0 + 1.6 * width,
    }
}

/// What is written on the arrow.
pub fn words(flows: usize) -> String {
    match flows {
        1 => "1 flow".to_owned(),
        flows => format!("{flows} flows"),
    }
}
