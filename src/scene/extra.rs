//! Arrows that are not flows: connections of imported policies, the witness of a problem, the
//! differences of a comparison, the hops of a blast radius. They are routed after the flows and move
//! none of them.

use std::collections::{BTreeMap, BTreeSet};

use super::request::{FlowSpec, NodeSpec, Request, any_pod, node_spec};
use super::tokens::{Palette, Rgb};
use super::{Bundle, Icon, Measure, Rect, Shape, TextStyle, bundle, traffic};
use crate::model::{Document, ExternalId, FlowId, NamespaceId, NodeRef, TrafficClass};

/// Everything outside the cluster that no external of the project names; shown while an arrow needs it,
/// never part of a Document.
pub const OUTSIDE: NodeRef = NodeRef::External(ExternalId(u32::MAX));

/// An end of recorded traffic that the project does not have, by its number; shown while an arrow needs it.
pub fn missing(number: usize) -> NodeRef {
    let number = u32::try_from(number)
        .unwrap_or(u32::MAX)
        .min(FIRST_MISSING - 1);
    NodeRef::External(ExternalId(u32::MAX - 1 - number))
}

/// The ends of recorded traffic that the project does not have and that are not shown by themselves.
pub const OTHERS: NodeRef = NodeRef::External(ExternalId(FIRST_MISSING));

/// Half of the ids are for what is shown and not in the project.
const FIRST_MISSING: u32 = u32::MAX / 2;

/// Whether a node is shown without being in the project: it can be neither selected nor connected.
pub fn is_foreign(node: NodeRef) -> bool {
    matches!(node, NodeRef::External(id) if id.0 >= FIRST_MISSING)
}

/// An end of recorded traffic that the project does not have, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its node, made by [`missing`].
    pub node: NodeRef,
    /// Its name.
    pub name: String,
    /// What is known of it.
    pub about: String,
    /// The gravest class of its connections.
    pub class: TrafficClass,
}

/// Which arrow of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArrowId {
    /// A drawn flow.
    Flow(FlowId),
    /// All flows between two nodes, one of them a collapsed namespace.
    Bundle(Bundle),
    /// An arrow that is no flow.
    Extra(ExtraId),
}

impl ArrowId {
    /// The flow, if it is one.
    pub fn flow(self) -> Option<FlowId> {
        match self {
            Self::Flow(flow) => Some(flow),
            Self::Bundle(_) | Self::Extra(_) => None,
        }
    }

    /// Whether it may have a chip.
    pub fn has_chip(self) -> bool {
        !matches!(self, Self::Extra(id) if id.kind == ExtraKind::Suggested)
    }

    /// Whether it shows no flows.
    pub fn is_extra(self) -> bool {
        matches!(self, Self::Extra(_))
    }
}

/// Which arrow that is no flow: there is one of a kind from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtraId {
    /// What it shows.
    pub kind: ExtraKind,
    /// Where it starts.
    pub from: NodeRef,
    /// Where it ends.
    pub to: NodeRef,
}

/// What an arrow that is no flow shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExtraKind {
    /// An imported policy allows it; it is not drawn.
    Imported,
    /// Allowed, but not drawn: the witness of a problem.
    TooWide,
    /// Drawn, but not allowed: the witness of a problem.
    Blocked,
    /// Neither drawn nor allowed: a connection that was asked about.
    Denied,
    /// Allowed only on the newer side of a comparison.
    Opened,
    /// Allowed only on the older side of a comparison.
    Closed,
    /// One hop of a blast radius.
    Hop,
    /// A flow that manifests imply and that is not drawn. It has no chip.
    Suggested,
    /// Recorded traffic, or the lack of it.
    Recorded(TrafficClass),
}

/// An arrow that is no flow, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Extra {
    /// Which.
    pub id: ExtraId,
    /// Its ports in short.
    pub label: String,
}

impl ExtraKind {
    /// The sign in its chip, as lines on a square of 16: differences never rely on colour alone.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Imported => "M4 2h5l3 3v9H4ZM9 2v3h3M6 8h4M6 11h4",
            Self::TooWide => "M8 2 15 14H1ZM8 6v4M8 12v.5",
            Self::Blocked => "M3 3 13 13M13 3 3 13",
            Self::Denied => "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM4 4l8 8",
            Self::Opened => "M8 2.5v11M2.5 8h11",
            Self::Closed => "M2.5 8h11",
            Self::Hop | Self::Suggested => "M2 8h11M9 4l4 4-4 4",
            Self::Recorded(class) => traffic::sign(class),
        }
    }

    /// The colour of its line and sign, and the background of its chip.
    pub fn colors(self, palette: &Palette) -> (Rgb, Rgb) {
        match self {
            Self::Imported | Self::Denied => (palette.text_secondary, palette.raised),
            Self::TooWide => (palette.wide, palette.wide_soft),
            Self::Blocked => (palette.blocked, palette.blocked_soft),
            Self::Opened | Self::Closed => (palette.text, palette.raised),
            Self::Hop => (palette.accent, palette.accent_soft),
            Self::Suggested => (palette.suggested, palette.accent_soft),
            Self::Recorded(class) => {
                let [_, sign, background] = traffic::colors(class, palette);
                (sign, background)
            }
        }
    }
}

impl super::Scene {
    /// The rectangle around these arrows and their ends.
    pub fn around(&self, arrows: &[ExtraId]) -> Option<Rect> {
        let ends = arrows.iter().flat_map(|id| [id.from, id.to]);
        let rects = ends.filter_map(|node| self.rect(node));
        rects.reduce(|a, b| a.union(&b))
    }
}

/// The arrow that shows an arrow that is no flow while these namespaces are collapsed.
pub fn lifted_id(document: &Document, collapsed: &BTreeSet<NamespaceId>, id: ExtraId) -> ExtraId {
    ExtraId {
        from: bundle::shown(document, collapsed, id.from),
        to: bundle::shown(document, collapsed, id.to),
        ..id
    }
}

/// Arrows that are no flows, between what is drawn while these namespaces are collapsed: those of nodes in
/// one collapsed namespace are one arrow. Of recorded traffic it has the gravest class.
pub fn lifted(
    document: &Document,
    collapsed: &BTreeSet<NamespaceId>,
    extras: Vec<Extra>,
) -> Vec<Extra> {
    let mut gravest: BTreeMap<(NodeRef, NodeRef), TrafficClass> = BTreeMap::new();
    let ids = extras.iter().map(|extra| {
        let id = lifted_id(document, collapsed, extra.id);
        if let (ExtraKind::Recorded(class), true) = (id.kind, id != extra.id) {
            let of = gravest.entry((id.from, id.to)).or_insert(class);
            *of = class.min(*of);
        }
        id
    });
    let ids: Vec<ExtraId> = ids.collect();
    let mut lifted: BTreeMap<ExtraId, Vec<String>> = BTreeMap::new();
    for (mut id, extra) in ids.into_iter().zip(extras) {
        let is_inside = id.from == id.to && id != extra.id;
        if let (ExtraKind::Recorded(_), Some(class)) = (id.kind, gravest.get(&(id.from, id.to))) {
            id.kind = ExtraKind::Recorded(*class);
        }
        if !is_inside {
            lifted.entry(id).or_default().push(extra.label);
        }
    }
    let label = |labels: Vec<String>| match &labels[..] {
        [one] => one.clone(),
        all => format!("{} connections", all.len()),
    };
    let extra = |(id, labels)| Extra {
        id,
        label: label(labels),
    };
    lifted.into_iter().map(extra).collect()
}

impl Request {
    /// With ends of recorded traffic that the project does not have.
    pub fn with_missing(mut self, missing: &[Missing], measure: &dyn Measure) -> Self {
        let spec = |one: &Missing| NodeSpec {
            node: one.node,
            icon: Icon::External,
            shape: Shape::Missing(one.class),
            ..node_spec(&one.name, &one.about, measure)
        };
        self.nodes.extend(missing.iter().map(spec));
        self
    }

    /// With arrows that are no flows, and the nodes that only they need. Those with an end that is not
    /// drawn are omitted.
    pub fn with_extras(mut self, extras: &[Extra], measure: &dyn Measure) -> Self {
        let ends: BTreeSet<NodeRef> = extras.iter().flat_map(|e| [e.id.from, e.id.to]).collect();
        for (node, spec) in [
            (NodeRef::AnyPod, any_pod(measure)),
            (OUTSIDE, outside(measure)),
        ] {
            if ends.contains(&node) && self.nodes.iter().all(|n| n.node != node) {
                self.nodes.push(spec);
            }
        }
        self.nodes.sort_by_key(|n| n.node);
        let spaces = self.namespaces.iter().map(|n| NodeRef::Namespace(n.id));
        let known: BTreeSet<NodeRef> = self.nodes.iter().map(|n| n.node).chain(spaces).collect();
        let drawn = extras
            .iter()
            .filter(|e| known.contains(&e.id.from) && known.contains(&e.id.to));
        self.extras = drawn.map(|extra| extra_spec(extra, measure)).collect();
        self.extras.sort_by_key(|extra| extra.id);
        self.extras.dedup_by_key(|extra| extra.id);
        self
    }

    /// The arrows that determine positions best: flows; where there are none, the others.
    pub(crate) fn guides(&self) -> &[FlowSpec] {
        match self.flows.is_empty() {
            true => &self.extras,
            false => &self.flows,
        }
    }
}

/// Width of the sign in a chip.
const SIGN: f32 = 14.0;

fn extra_spec(extra: &Extra, measure: &dyn Measure) -> FlowSpec {
    FlowSpec {
        id: ArrowId::Extra(extra.id),
        from: extra.id.from,
        to: extra.id.to,
        label_width: SIGN + measure.width(&extra.label, TextStyle::Chip).ceil(),
        label: extra.label.clone(),
        half: None,
        muted: false,
        denies: false,
        flows: 1,
        port: None,
    }
}

fn outside(measure: &dyn Measure) -> NodeSpec {
    NodeSpec {
        node: OUTSIDE,
        icon: Icon::Internet,
        ..node_spec("Outside", "addresses outside the cluster", measure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{ApproxMeasure, Scene, fixture, layout};

    fn shop() -> (Request, Vec<NodeRef>) {
        let document = fixture::online_shop();
        let nodes = document.workloads.ids().map(NodeRef::Workload).collect();
        (Request::of(&document, &ApproxMeasure), nodes)
    }

    fn extra(kind: ExtraKind, from: NodeRef, to: NodeRef) -> Extra {
        let id = ExtraId { kind, from, to };
        let label = "TCP 9090".to_owned();
        Extra { id, label }
    }

    fn flows(scene: &Scene) -> Vec<&super::super::Arrow> {
        let arrows = scene.arrows.iter();
        arrows.filter(|a| a.id.flow().is_some()).collect()
    }

    #[test]
    fn recorded_traffic_between_collapsed_namespaces_is_one_arrow_of_the_gravest_class() {
        let document = fixture::online_shop();
        let of = |name: &str| {
            let namespace = document.namespace_named(name).expect("it exists");
            let workloads = document.workloads.iter();
            let own = workloads.filter(move |(_, w)| w.namespace == namespace);
            let nodes: Vec<NodeRef> = own.map(|(id, _)| NodeRef::Workload(id)).collect();
            (namespace, nodes)
        };
        let ((shop, own), (data, far)) = (of("shop"), of("data"));
        let recorded = ExtraKind::Recorded;
        let [undrawn, cut] = [TrafficClass::Undrawn, TrafficClass::Cut];
        let extras = vec![
            extra(recorded(undrawn), own[0], far[0]),
            extra(recorded(cut), own[1], far[1]),
            extra(recorded(undrawn), far[0], own[0]),
            extra(recorded(cut), own[0], own[1]),
            extra(recorded(cut), OUTSIDE, OUTSIDE),
            extra(recorded(undrawn), OUTSIDE, OUTSIDE),
        ];
        let found = lifted(&document, &[shop, data].into(), extras);
        let [shop, data] = [shop, data].map(NodeRef::Namespace);
        let id = |class, from, to| ExtraId {
            kind: recorded(class),
            from,
            to,
        };
        let mut found: Vec<_> = found.iter().map(|one| (one.id, &*one.label)).collect();
        found.sort_unstable();
        let mut wanted = [
            (id(cut, shop, data), "2 connections"),
            (id(undrawn, data, shop), "TCP 9090"),
            (id(cut, OUTSIDE, OUTSIDE), "TCP 9090"),
            (id(undrawn, OUTSIDE, OUTSIDE), "TCP 9090"),
        ];
        wanted.sort_unstable();
        assert_eq!(found, wanted);
    }

    #[test]
    fn extra_arrows_move_neither_nodes_nor_flows() {
        let (request, nodes) = shop();
        let before = layout::arrange(&request);
        let extras = [
            extra(ExtraKind::Imported, nodes[0], nodes[5]),
            extra(ExtraKind::Opened, nodes[0], nodes[5]),
            extra(ExtraKind::Closed, nodes[7], nodes[2]),
        ];
        let after = layout::update(
            &request.clone().with_extras(&extras, &ApproxMeasure),
            &before,
        );
        assert_eq!(after.nodes, before.nodes);
        assert_eq!(flows(&after), flows(&before));
        for wanted in &extras {
            let arrow = after.find(ArrowId::Extra(wanted.id)).expect("it is drawn");
            assert!(!arrow.curve.is_empty() && arrow.label == "TCP 9090");
        }
        let back = layout::update(&request, &after);
        assert_eq!(back, before);
    }

    #[test]
    fn the_outside_and_any_pod_are_shown_while_an_arrow_needs_them() {
        let (request, nodes) = shop();
        let before = layout::arrange(&request);
        let extras = [
            extra(ExtraKind::Imported, OUTSIDE, nodes[0]),
            extra(ExtraKind::Imported, NodeRef::AnyPod, nodes[1]),
            extra(
                ExtraKind::Imported,
                NodeRef::Group(crate::model::GroupId(99)),
                nodes[1],
            ),
        ];
        let after = layout::update(&request.with_extras(&extras, &ApproxMeasure), &before);
        assert!(after.node(OUTSIDE).is_some() && after.node(NodeRef::AnyPod).is_some());
        assert!(before.node(OUTSIDE).is_none());
        assert_eq!(
            after.arrows.len(),
            before.arrows.len() + 2,
            "one has no end"
        );
    }

    #[test]
    fn extra_arrows_are_distinguishable_without_colour() {
        let kinds = [
            ExtraKind::Imported,
            ExtraKind::TooWide,
            ExtraKind::Blocked,
            ExtraKind::Denied,
            ExtraKind::Opened,
            ExtraKind::Closed,
            ExtraKind::Hop,
        ];
        let signs: BTreeSet<&str> = kinds.iter().map(|kind| kind.sign()).collect();
        assert_eq!(signs.len(), kinds.len());
    }
}
