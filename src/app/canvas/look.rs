//! The look of drawn objects beside their geometry: verdicts, isolation, selection.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::Color32;

use super::Look;
use super::paint::{Line, Shield};
use super::summary::{Bundled, Facts, facts_of, mark_hubs};
use crate::app::panels::compare::DependentFlows;
use crate::app::{icons, theme};
use crate::model::{Document, End, FlowId, Item, NamespaceId, NodeRef, Words};
use crate::proof::Finding;
use crate::proof::Kind;
use crate::proof::Verdict;
use crate::query::Results;
use crate::query::exposure::Gates;
use crate::scene::bundle::bundles;
use crate::scene::tokens::Palette;
use crate::scene::{ArrowId, Bundle, ExtraId, ExtraKind, Scene, Visible};

/// The kind of line that shows the verdict without colour; none: no verdict yet.
pub fn line_of(verdict: Option<Verdict>) -> Line {
    match verdict {
        None | Some(Verdict::Exact | Verdict::Muted) => Line::Solid,
        Some(Verdict::TooWide) => Line::Double,
        Some(Verdict::Blocked | Verdict::Invalid) => Line::Dashed,
        Some(Verdict::CannotExpress) => Line::DashDot,
    }
}

/// The icon in the chip that shows the verdict without colour.
pub fn icon_of(verdict: Option<Verdict>) -> Option<&'static str> {
    match verdict? {
        Verdict::Exact | Verdict::Muted => None,
        Verdict::TooWide => Some(icons::WARNING),
        Verdict::Blocked | Verdict::Invalid => Some(icons::X),
        Verdict::CannotExpress => Some(icons::NOTE),
    }
}

/// The kind of line of an arrow that is no flow.
pub fn line_of_extra(kind: ExtraKind) -> Line {
    match kind {
        ExtraKind::Imported => Line::Dotted,
        ExtraKind::TooWide => Line::Double,
        ExtraKind::Blocked | ExtraKind::Denied | ExtraKind::Closed => Line::Dashed,
        ExtraKind::Opened | ExtraKind::Hop => Line::Solid,
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
        ExtraKind::Hop => icons::ARROW_RIGHT,
    }
}

/// The meaning of an arrow that is no flow, in words.
pub fn words_of_extra(kind: ExtraKind) -> &'static str {
    match kind {
        ExtraKind::Imported => "allowed by imported policies, not drawn",
        ExtraKind::TooWide => "too wide: allowed, but not drawn",
        ExtraKind::Blocked => "blocked: drawn, but not allowed",
        ExtraKind::Denied => "neither allowed nor drawn",
        ExtraKind::Opened => "opened: allowed only in the new version",
        ExtraKind::Closed => "closed: allowed only in the old version",
        ExtraKind::Hop => "allowed",
    }
}

/// Colours of the line, of the chip's text and border, and of the chip's background.
pub fn colors_of(verdict: Option<Verdict>, palette: &Palette) -> (Color32, Color32, Color32) {
    let (line, foreground, background) = match verdict {
        Some(Verdict::TooWide) => (palette.wide, palette.wide, palette.wide_soft),
        Some(Verdict::Blocked | Verdict::Invalid) => {
            (palette.blocked, palette.blocked, palette.blocked_soft)
        }
        _ => (palette.flow, palette.text_secondary, palette.raised),
    };
    (
        theme::color(line),
        theme::color(foreground),
        theme::color(background),
    )
}

/// The verdict in words, for tooltips and screen readers.
pub fn words_of(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        None => "not checked yet",
        Some(Verdict::Exact) => "allowed on exactly these ports",
        Some(Verdict::TooWide) => "too wide: more is allowed than drawn",
        Some(Verdict::Blocked) => "blocked: drawn, but not allowed",
        Some(Verdict::Invalid) => "invalid: left out of the policies, see the problems",
        Some(Verdict::CannotExpress) => "cannot be expressed in full, see the policies",
        Some(Verdict::Muted) => "muted: drawn, but not enforced",
    }
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
    /// Its verdict depends on the enforcer.
    pub dependent: bool,
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
    /// Arrows that belong to the focus.
    pub own: BTreeSet<ArrowId>,
    /// The arrow that explains a connection.
    pub witness: Option<ExtraId>,
    /// The flows that depend on the enforcer, while enforcers are compared.
    pub dependent: Option<DependentFlows>,
}

/// The newest results for the canvas, collected once per result.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// Verdicts of flows.
    pub verdicts: BTreeMap<FlowId, Verdict>,
    /// Isolation of workloads.
    pub shields: BTreeMap<NodeRef, Shields>,
    /// Arrows that stand for several flows.
    pub bundles: BTreeMap<Bundle, Bundled>,
    /// What the cards of collapsed namespaces sum up.
    pub facts: BTreeMap<NamespaceId, Facts>,
}

impl Judged {
    /// Gathers it.
    pub fn of(
        results: &Results,
        gates: &Gates,
        document: &Document,
        (visible, hubs): (&Visible, &BTreeSet<NodeRef>),
    ) -> Self {
        let verdicts = results.proof.verdicts.clone();
        let shields = shields_of(results, gates);
        let bundles = bundles(document, visible).into_iter();
        let bundles = bundles.map(|(id, flows)| (id, Bundled::of(flows, &verdicts)));
        let mut facts = facts_of(document, &visible.collapsed, &shields, &verdicts);
        mark_hubs(&mut facts, document, hubs);
        Self {
            bundles: bundles.collect(),
            facts,
            verdicts,
            shields,
        }
    }
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
    }
}

/// Ingress, then egress.
pub type Shields = [Shield; 2];

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
            own,
            dependent: look.dependent.cloned(),
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
                lit: self.lit.contains(&flow) || self.own.contains(&id),
                dependent: (self.dependent.as_ref()).is_some_and(|all| all.contains_key(&flow)),
            },
            ArrowId::Bundle(bundle) => self.bundle(bundle),
            ArrowId::Extra(extra) => ArrowLook {
                selected: self.extra == Some(extra),
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
        }
    }
}

/// The isolation of workloads, and the worst of each namespace.
fn shields_of(results: &Results, gates: &Gates) -> BTreeMap<NodeRef, Shields> {
    let mut all: BTreeMap<NodeRef, Shields> = BTreeMap::new();
    for (id, isolation) in &results.proof.isolation {
        let gates = gates.get(id);
        let shield = |at: usize, isolated: bool| match gates.and_then(|gates| gates.get(at)) {
            _ if !isolated => Shield::Open,
            Some(gate) if !gate.open_to.is_empty() => Shield::Partly,
            Some(gate) if !gate.by_choice.is_empty() => Shield::ByChoice,
            _ => Shield::Closed,
        };
        let both = [shield(0, isolation.ingress), shield(1, isolation.egress)];
        all.insert(NodeRef::Workload(*id), both);
    }
    too_wide(results, &mut all);
    let document = &results.document;
    for (id, workload) in document.workloads.iter() {
        let own = all.get(&NodeRef::Workload(id)).copied().unwrap_or_default();
        let space = all.entry(NodeRef::Namespace(workload.namespace));
        let space = space.or_default();
        *space = [space[0].max(own[0]), space[1].max(own[1])];
    }
    all
}

/// A gate that lets in or out more than is drawn is open in part.
fn too_wide(results: &Results, shields: &mut BTreeMap<NodeRef, Shields>) {
    let wide = |finding: &&Finding| finding.kind == Kind::TooWide;
    let mut wide = results.proof.findings.iter().filter(wide).peekable();
    if wide.peek().is_none() {
        return;
    }
    let words = Words::new(&results.document);
    for finding in wide {
        let Some(id) = finding.workload else { continue };
        if let Some(shields) = shields.get_mut(&NodeRef::Workload(id)) {
            let into = words.of(&End::Workload(id)) == finding.to;
            let shield = &mut shields[usize::from(!into)];
            *shield = (*shield).max(Shield::Partly);
        }
    }
}
