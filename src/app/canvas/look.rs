//! What the drawn things look like beside their geometry: verdicts, isolation, selection.

use std::collections::{BTreeMap, BTreeSet};

use egui::Color32;

use super::paint::Line;
use crate::app::{icons, theme};
use crate::engine::{Finding, Isolation, Kind, Results, Verdict};
use crate::model::{End, FlowId, Item, NodeRef, Words};
use crate::scene::tokens::Palette;

/// The kind of line that says the verdict without colour; none: not judged yet.
pub fn line_of(verdict: Option<Verdict>) -> Line {
    match verdict {
        None | Some(Verdict::Exact | Verdict::Muted) => Line::Solid,
        Some(Verdict::TooWide) => Line::Double,
        Some(Verdict::Blocked) => Line::Dashed,
        Some(Verdict::CannotBeSaid) => Line::DashDot,
    }
}

/// The icon in the chip that says the verdict without colour.
pub fn icon_of(verdict: Option<Verdict>) -> Option<&'static str> {
    match verdict? {
        Verdict::Exact | Verdict::Muted => None,
        Verdict::TooWide => Some(icons::WARNING),
        Verdict::Blocked => Some(icons::X),
        Verdict::CannotBeSaid => Some(icons::NOTE),
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
        Some(Verdict::CannotBeSaid) => "cannot be said in full; see the policies",
        Some(Verdict::Muted) => "muted: drawn, but not in force",
    }
}

/// What the answers say about what is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    /// Verdicts of flows.
    pub verdicts: BTreeMap<FlowId, Verdict>,
    /// Isolation of workloads.
    pub isolation: BTreeMap<NodeRef, Isolation>,
    /// Flows that are selected.
    pub selected: BTreeSet<FlowId>,
    /// Flows lit up from another panel.
    pub lit: BTreeSet<FlowId>,
}

impl Marks {
    /// What is said about this frame's picture.
    pub fn of(results: &Results, selection: &BTreeSet<Item>, lit: &BTreeSet<FlowId>) -> Self {
        let flows = selection.iter().filter_map(|item| match item {
            Item::Flow(id) => Some(*id),
            _ => None,
        });
        Self {
            verdicts: results.proof.verdicts.clone(),
            isolation: isolation_of(results),
            selected: flows.collect(),
            lit: lit.clone(),
        }
    }
}

/// Which directions of each workload are isolated. One that lets in or out more than is drawn counts
/// as open, at least in part.
fn isolation_of(results: &Results) -> BTreeMap<NodeRef, Isolation> {
    let isolation = results.proof.isolation.iter();
    let mut all: BTreeMap<NodeRef, Isolation> = isolation
        .map(|(id, value)| (NodeRef::Workload(*id), *value))
        .collect();
    let wide = |finding: &&Finding| finding.kind == Kind::TooWide;
    let mut wide = results.proof.findings.iter().filter(wide).peekable();
    if wide.peek().is_none() {
        return all;
    }
    let words = Words::new(&results.document);
    for finding in wide {
        let Some(id) = finding.workload else { continue };
        if let Some(isolation) = all.get_mut(&NodeRef::Workload(id)) {
            if words.of(&End::Workload(id)) == finding.to {
                isolation.ingress = false;
            } else {
                isolation.egress = false;
            }
        }
    }
    all
}
