//! The look of drawn objects in the window: icons, selection, what is lit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::Color32;

use super::Look;
use crate::app::panels::compare::DependentFlows;
use crate::app::traffic::ShownTraffic;
use crate::app::{icons, theme};
use crate::model::{FlowId, Item, NamespaceId, NodeRef, TrafficClass};
use crate::picture::Judged;
use crate::picture::look::colors;
use crate::proof::Verdict;
use crate::scene::tokens::Palette;
use crate::scene::{ArrowId, Bundle, ExtraId, ExtraKind, Scene};

/// The icon in the chip that shows the verdict without colour.
pub fn icon_of(verdict: Option<Verdict>) -> Option<&'static str> {
    match verdict? {
        Verdict::Exact | Verdict::Muted => None,
        Verdict::TooWide => Some(icons::WARNING),
        Verdict::Blocked | Verdict::Invalid => Some(icons::X),
        Verdict::CannotExpress => Some(icons::NOTE),
        Verdict::Approximated => Some(icons::APPROXIMATE),
    }
}

/// The icon in the chip of an arrow that is no flow.
pub fn icon_of_extra(kind: ExtraKind) -> &'static str {
    match kind {
        ExtraKind::Imported => icons::FILE,
        ExtraKind::TooWide => icons::WARNING,
        ExtraKind::Blocked => icons::X,
        ExtraKind::Denied => icons::PROHIBIT,
        ExtraKind::Opened => icons::PLUS,
        ExtraKind::Closed => icons::MINUS,
        ExtraKind::Hop | ExtraKind::Suggested => icons::ARROW_RIGHT,
        ExtraKind::Recorded(class) => icons::of_class(class),
    }
}

/// Colours of the line, of the chip's text and border, and of the chip's background.
pub fn colors_of(verdict: Option<Verdict>, palette: &Palette) -> (Color32, Color32, Color32) {
    let [line, foreground, background] = colors(verdict, palette).map(theme::color);
    (line, foreground, background)
}

/// The emphasis of an arrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArrowLook {
    /// Its verdict; of several flows, the worst.
    pub verdict: Option<Verdict>,
    /// The verdict that its line shows; of several flows, that of all of them.
    pub line: Option<Verdict>,
    /// How many of several flows are not exact.
    pub wrong: usize,
    /// Selected.
    pub selected: bool,
    /// Lit up from another panel.
    pub lit: bool,
    /// It belongs to the focus, or to a path of the blast radius.
    pub own: bool,
    /// Its verdict depends on the enforcer.
    pub dependent: bool,
    /// The class of its recorded traffic, while that is shown.
    pub class: Option<TrafficClass>,
    /// Its class is switched off.
    pub faint: bool,
}

/// Results about the drawn objects.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Verdicts and isolation.
    pub judged: Arc<Judged>,
    /// Flows that are selected.
    pub selected: BTreeSet<FlowId>,
    /// Flows lit up from another panel.
    pub lit: BTreeSet<FlowId>,
    /// The selected arrow that is no flow.
    pub extra: Option<ExtraId>,
    /// Arrows that belong to the focus, or to the blast radius.
    pub own: BTreeSet<ArrowId>,
    /// The arrow that explains a connection.
    pub witness: Option<ExtraId>,
    /// The flows that depend on the enforcer, while enforcers are compared.
    pub dependent: Option<DependentFlows>,
    /// The classes of flows, while recorded traffic is shown.
    pub traffic: Option<ShownTraffic>,
}

impl PartialEq for Marks {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.judged, &other.judged)
            && self.own == other.own
            && self.selected == other.selected
            && self.lit == other.lit
            && self.extra == other.extra
            && self.witness == other.witness
            && self.dependent == other.dependent
            && self.traffic == other.traffic
    }
}

/// What is lit, with the number of hops from the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Emphasis {
    /// Nodes, and how many hops away each is.
    pub hops: BTreeMap<NodeRef, usize>,
    /// Arrows.
    pub arrows: BTreeSet<ArrowId>,
    /// Containers with something lit in them.
    pub containers: BTreeSet<NamespaceId>,
}

impl Emphasis {
    /// Whether a node is dimmed.
    pub fn dims_node(&self, node: NodeRef) -> bool {
        let holds_lit = matches!(node, NodeRef::Namespace(id) if self.containers.contains(&id));
        !holds_lit && !self.hops.contains_key(&node)
    }

    /// Whether an arrow is dimmed.
    pub fn dims_arrow(&self, id: ArrowId) -> bool {
        !self.arrows.contains(&id)
    }

    /// How many nodes are lit, containers aside.
    pub fn count(&self) -> usize {
        let nodes = self.hops.keys();
        nodes
            .filter(|node| !matches!(node, NodeRef::Namespace(_)))
            .count()
    }

    /// Lights that, too.
    pub fn add(&mut self, other: Self) {
        self.hops.extend(other.hops);
        self.arrows.extend(other.arrows);
    }

    /// Adds the containers of what is lit.
    pub fn contain(&mut self, scene: &Scene) {
        let homes = self.hops.keys().filter_map(|node| scene.node(*node));
        self.containers = homes.filter_map(|node| node.namespace).collect();
    }
}

/// What is lit, how opaque the rest is, and whether the rest keeps its chips.
pub type Lit<'a> = (&'a Emphasis, f32, bool);

impl Marks {
    /// Caption of the current frame.
    pub fn of(judged: &Arc<Judged>, look: &Look<'_>, own: BTreeSet<ArrowId>) -> Self {
        let (selection, lit) = (look.selection, look.highlight);
        let flows = selection.iter().filter_map(|item| match item {
            Item::Flow(id) => Some(*id),
            _ => None,
        });
        Self {
            judged: Arc::clone(judged),
            selected: flows.collect(),
            lit: lit.clone(),
            extra: look.extra,
            witness: look.extras.witness.as_ref().map(|extra| extra.id),
            own: look.emphasis.map_or(own, |lit| lit.arrows.clone()),
            dependent: look.dependent.cloned(),
            traffic: look.traffic.clone(),
        }
    }

    /// Whether an arrow is what is looked at, and so is never dimmed.
    pub fn spares(&self, id: ArrowId) -> bool {
        let extra = |extra: &ExtraId| ArrowId::Extra(*extra) == id;
        self.witness.as_ref().is_some_and(extra) || self.extra.as_ref().is_some_and(extra)
    }

    /// The emphasis of that arrow.
    pub fn arrow(&self, id: ArrowId) -> ArrowLook {
        match id {
            ArrowId::Flow(flow) => ArrowLook {
                verdict: self.judged.verdicts.get(&flow).copied(),
                line: self.judged.verdicts.get(&flow).copied(),
                wrong: 0,
                selected: self.selected.contains(&flow),
                lit: self.lit.contains(&flow),
                own: self.own.contains(&id),
                dependent: (self.dependent.as_ref()).is_some_and(|all| all.contains_key(&flow)),
                class: self
                    .traffic
                    .as_ref()
                    .and_then(|traffic| traffic.class(flow)),
                faint: self
                    .traffic
                    .as_ref()
                    .is_some_and(|traffic| traffic.hides(flow)),
            },
            ArrowId::Bundle(bundle) => ArrowLook {
                own: self.own.contains(&id),
                ..self.bundle(bundle)
            },
            ArrowId::Extra(extra) => ArrowLook {
                selected: self.extra == Some(extra),
                class: match extra.kind {
                    ExtraKind::Recorded(class) => Some(class),
                    _ => None,
                },
                ..ArrowLook::default()
            },
        }
    }

    fn bundle(&self, bundle: Bundle) -> ArrowLook {
        let Some(bundled) = self.judged.bundles.get(&bundle) else {
            return ArrowLook::default();
        };
        let mut flows = bundled.flows.iter();
        let dependent = self.dependent.as_ref();
        ArrowLook {
            verdict: bundled.worst,
            line: bundled.common,
            wrong: bundled.wrong,
            // Most of the time nothing is selected.
            selected: !self.selected.is_empty()
                && flows.clone().all(|flow| self.selected.contains(flow)),
            lit: !self.lit.is_empty() && flows.clone().any(|flow| self.lit.contains(flow)),
            dependent: dependent.is_some_and(|all| flows.any(|flow| all.contains_key(flow))),
            ..ArrowLook::default()
        }
    }
}
