//! What the drawn things look like beside their geometry: verdicts, isolation, selection.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::Color32;

use super::Look;
use super::arrow_shape::ArrowLook;
use super::paint::Line;
use crate::app::{icons, theme};
use crate::model::{End, FlowId, Item, NodeRef, Words};
use crate::proof::Finding;
use crate::proof::Kind;
use crate::proof::Verdict;
use crate::query::Results;
use crate::query::exposure::Gates;
use crate::scene::tokens::Palette;
use crate::scene::{ArrowId, ExtraId, ExtraKind};

/// The kind of line that says the verdict without colour; none: not judged yet.
pub fn line_of(verdict: Option<Verdict>) -> Line {
    match verdict {
        None | Some(Verdict::Exact | Verdict::Muted) => Line::Solid,
        Some(Verdict::TooWide) => Line::Double,
        Some(Verdict::Blocked) => Line::Dashed,
        Some(Verdict::CannotExpress) => Line::DashDot,
    }
}

/// The icon in the chip that says the verdict without colour.
pub fn icon_of(verdict: Option<Verdict>) -> Option<&'static str> {
    match verdict? {
        Verdict::Exact | Verdict::Muted => None,
        Verdict::TooWide => Some(icons::WARNING),
        Verdict::Blocked => Some(icons::X),
        Verdict::CannotExpress => Some(icons::NOTE),
    }
}

/// The kind of line of an arrow that is no flow.
pub fn line_of_extra(kind: ExtraKind) -> Line {
    match kind {
        ExtraKind::Kept => Line::Dotted,
        ExtraKind::TooWide => Line::Double,
        ExtraKind::Blocked | ExtraKind::Denied | ExtraKind::Closed => Line::Dashed,
        ExtraKind::Opened | ExtraKind::Hop => Line::Solid,
    }
}

/// The icon in the chip of an arrow that is no flow.
pub fn icon_of_extra(kind: ExtraKind) -> &'static str {
    match kind {
        ExtraKind::Kept => icons::FILE,
        ExtraKind::TooWide => icons::WARNING,
        ExtraKind::Blocked => icons::X,
        ExtraKind::Denied => icons::PROHIBIT,
        ExtraKind::Opened => icons::PLUS,
        ExtraKind::Closed => icons::MINUS,
        ExtraKind::Hop => icons::ARROW_RIGHT,
    }
}

/// What an arrow that is no flow says, in words.
pub fn words_of_extra(kind: ExtraKind) -> &'static str {
    match kind {
        ExtraKind::Kept => "allowed by imported policies, not drawn",
        ExtraKind::TooWide => "too wide: allowed, but not drawn",
        ExtraKind::Blocked => "blocked: drawn, but not allowed",
        ExtraKind::Denied => "neither drawn nor allowed",
        ExtraKind::Opened => "opened: only the newer side allows it",
        ExtraKind::Closed => "closed: only the older side allows it",
        ExtraKind::Hop => "allowed",
    }
}

/// Colour of the line, of the chip's text and border, and of the chip's ground.
pub fn colors_of(verdict: Option<Verdict>, palette: &Palette) -> (Color32, Color32, Color32) {
    let (line, ink, ground) = match verdict {
        Some(Verdict::TooWide) => (palette.wide, palette.wide, palette.wide_soft),
        Some(Verdict::Blocked) => (palette.blocked, palette.blocked, palette.blocked_soft),
        _ => (palette.flow, palette.ink2, palette.raised),
    };
    (theme::color(line), theme::color(ink), theme::color(ground))
}

/// The verdict in words, for tooltips and screen readers.
pub fn words_of(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        None => "not checked yet",
        Some(Verdict::Exact) => "allowed on exactly these ports",
        Some(Verdict::TooWide) => "too wide: more is allowed than drawn",
        Some(Verdict::Blocked) => "blocked: drawn, but not allowed",
        Some(Verdict::CannotExpress) => "cannot be expressed in full; see the policies",
        Some(Verdict::Muted) => "muted: drawn, but not in force",
    }
}

/// What the answers say about what is drawn.
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
    /// What stands out while the rest is dimmed; none: nothing is dimmed.
    pub spot: Option<Arc<PairEnd>>,
}

/// What the newest answers say, gathered once for each.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// Verdicts of flows.
    pub verdicts: BTreeMap<FlowId, Verdict>,
    /// Isolation of workloads.
    pub shields: BTreeMap<NodeRef, Shields>,
}

impl Judged {
    /// Gathers it.
    pub fn of(results: &Results, gates: &Gates) -> Self {
        Self {
            verdicts: results.proof.verdicts.clone(),
            shields: shields_of(results, gates),
        }
    }
}

impl PartialEq for Marks {
    fn eq(&self, other: &Self) -> bool {
        let spots = (self.spot.as_ref(), other.spot.as_ref());
        let same_spot = match spots {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
            (a, b) => a.is_none() && b.is_none(),
        };
        Arc::ptr_eq(&self.judged, &other.judged)
            && same_spot
            && self.selected == other.selected
            && self.lit == other.lit
            && self.extra == other.extra
    }
}

/// How one gate of a workload stands, worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shield {
    /// Isolated: filled.
    #[default]
    Closed,
    /// Isolated, and opened by the drawing to pods that do not exist yet: half filled.
    ByChoice,
    /// Open to more than is drawn: half filled, amber.
    Partly,
    /// Not isolated: outlined, amber.
    Open,
}

/// Ingress, then egress.
pub type Shields = [Shield; 2];

/// What stands out, with its hops from where it began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairEnd {
    /// Nodes, and how many hops away each is.
    pub hops: BTreeMap<NodeRef, usize>,
}

impl Marks {
    /// What is said about this frame's picture.
    pub fn of(judged: &Arc<Judged>, look: &Look<'_>) -> Self {
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
            spot: look.spot.cloned(),
        }
    }

    /// How that arrow stands out.
    pub fn arrow(&self, id: ArrowId) -> ArrowLook {
        match id {
            ArrowId::Flow(flow) => ArrowLook {
                verdict: self.judged.verdicts.get(&flow).copied(),
                selected: self.selected.contains(&flow),
                lit: self.lit.contains(&flow),
            },
            ArrowId::Extra(extra) => ArrowLook {
                selected: self.extra == Some(extra),
                ..ArrowLook::default()
            },
        }
    }

    /// Whether a node is dimmed.
    pub fn dims_node(&self, node: NodeRef) -> bool {
        let spot = self.spot.as_ref();
        spot.is_some_and(|spot| !spot.hops.contains_key(&node))
    }

    /// Whether an arrow is dimmed.
    pub fn dims_arrow(&self, id: ArrowId) -> bool {
        self.spot.is_some() && id.flow().is_some()
    }
}

/// How the gates of workloads stand, and the worst of each namespace.
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
