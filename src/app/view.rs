//! What the window shows and how, as far as it is no part of the Document: selection, what is lit
//! up, what is being typed, which panels and dialogs are open.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::analysis_results::{AnalysisResults, Extras};
use super::board::SharedMatrix;
use super::canvas::{CanvasView, PairEnd};
use super::matrix::{Center, MatrixView};
use super::names::PolicyNames;
use super::overlays::Overlay;
use super::panels::compare::CompareView;
use super::panels::inspector::{AuditView, PolicyView};
use super::panels::outline::OutlineView;
use super::panels::policies::PoliciesView;
use super::panels::problems::ProblemsView;
use super::panels::radius::RadiusView;
use super::panels::reach::ReachView;
use super::panels::side::Tab;
use super::panels::why::WhyView;
use super::problems::Problem;
use super::widgets::Drafts;
use crate::model::{Document, Flow, FlowId, Item, NodeRef};
use crate::query::why::PairVerdict;
use crate::scene::{Extra, ExtraId, ExtraKind};

/// The state of the window beside the Document.
#[derive(Default)]
pub struct View {
    /// What is selected.
    pub selection: BTreeSet<Item>,
    /// Flows that a chosen policy or line lights up, besides the selection.
    pub highlight: BTreeSet<FlowId>,
    /// The arrow that is no flow, if one is selected.
    pub extra: Option<ExtraId>,
    /// What else the policies say, beside the proof.
    pub analysis_results: Arc<AnalysisResults>,
    /// Of which answers that is.
    pub insight_number: u64,
    /// What can be reached from somewhere in any number of hops.
    pub radius: RadiusView,
    /// Whether what imported policies allow is hidden.
    pub kept_hidden: bool,
    /// The canvas: pan, zoom, gestures.
    pub canvas: CanvasView,
    /// The outline.
    pub outline: OutlineView,
    /// The policies.
    pub policies: PoliciesView,
    /// What is typed and not yet taken over.
    pub drafts: Drafts,
    /// What lies over the window.
    pub overlay: Option<Overlay>,
    /// What just happened, or could not.
    pub notice: Option<Notice>,
    /// Which tab of the side panel is open.
    pub tab: Tab,
    /// The list of problems.
    pub problem_list: ProblemsView,
    /// Who reaches whom, for what shows it.
    pub(super) board: SharedMatrix,
    /// What stands in the middle of the window.
    pub center: Center,
    /// The matrix.
    pub matrix: MatrixView,
    /// What reaches the selection.
    pub reach: ReachView,
    /// The connection that is asked about, and why it is allowed or not.
    pub why: WhyView,
    /// What the drawing is compared with, and what came of it.
    pub compare: CompareView,
    /// The connection that is being explained; the canvas shows it.
    pub shown_connection: Option<ShownConnection>,
    /// What imported policies are called.
    pub names: Arc<PolicyNames>,
    /// What an auditor says of the project.
    pub audit: AuditView,
    /// What the selected imported policy does.
    pub policy: PolicyView,
    /// Everything worth telling about the project, worst first.
    pub problems: Vec<Problem>,
    /// The last check ended with an internal error: the answers are of an older Document.
    pub check_failed: bool,
    /// Counts the answers that came in, so that what is made from them knows when to be made again.
    pub results_number: u64,
    /// How much of the side panel the inspector may take, 0..1.
    pub split: Split,
    /// Whether things jump instead of moving.
    pub reduced_motion: bool,
}

/// One connection that the side panel tells about.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownConnection {
    /// Where it begins, if that is on the canvas.
    pub from: Option<NodeRef>,
    /// Where it ends, if that is on the canvas.
    pub to: Option<NodeRef>,
    /// Its port, in words.
    pub label: String,
    /// Whether it is allowed, and whether it is drawn.
    pub verdict: PairVerdict,
}

/// How much of the side panel the inspector may take above the policies, and above the other tabs.
pub struct Split {
    /// Above the policies, which may be read beside what is changed.
    pub policies: f32,
    /// Above what needs room for itself.
    pub others: f32,
}

impl Split {
    /// The one in force.
    pub fn of(&mut self, tab: Tab) -> &mut f32 {
        match tab {
            Tab::Policies => &mut self.policies,
            _ => &mut self.others,
        }
    }
}

impl Default for Split {
    fn default() -> Self {
        Self {
            policies: 0.5,
            others: 0.32,
        }
    }
}

/// A sentence at the bottom of the window.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The sentence.
    pub text: String,
    /// Whether it is about something that failed.
    pub bad: bool,
    /// When it was first seen, in the window's seconds.
    pub since: Option<f64>,
}

impl View {
    /// The one thing that is selected, if it is one.
    pub fn only_selected(&self) -> Option<Item> {
        match self.selection.len() {
            1 => self.selection.first().copied(),
            _ => None,
        }
    }

    /// What is selected, in order.
    pub fn selected(&self) -> Vec<Item> {
        self.selection.iter().copied().collect()
    }

    /// The flows that are lit up: those chosen in the policies, or else those selected.
    pub fn lit_flows(&self) -> Vec<FlowId> {
        if !self.highlight.is_empty() {
            return self.highlight.iter().copied().collect();
        }
        let flows = self.selection.iter().filter_map(|item| match item {
            Item::Flow(id) => Some(*id),
            _ => None,
        });
        flows.collect()
    }

    /// The arrows that are shown beside the flows: those of an open comparison, else what imported policies
    /// allow; and the connection that a panel tells about.
    pub fn extras(&self, document: &Document) -> Extras {
        let kept = || match self.kept_hidden {
            true => Arc::default(),
            false => Arc::clone(&self.analysis_results.kept),
        };
        Extras {
            all: self
                .radius
                .hops()
                .or_else(|| self.compare.arrows())
                .unwrap_or_else(kept),
            witness: self.witness(document).or_else(|| self.difference()),
        }
    }

    /// The connection that is being explained as an arrow, unless a flow shows it already.
    fn witness(&self, document: &Document) -> Option<Extra> {
        let shown = self.shown_connection.as_ref()?;
        let kind = match shown.verdict {
            PairVerdict::Blocked => ExtraKind::Blocked,
            PairVerdict::NotDrawn => ExtraKind::TooWide,
            PairVerdict::Denied => ExtraKind::Denied,
            PairVerdict::Open => ExtraKind::Hop,
            PairVerdict::Drawn | PairVerdict::CannotExpress => return None,
        };
        let (from, to) = (shown.from?, shown.to?);
        let same = |(_, flow): (FlowId, &Flow)| {
            flow.from.node() == Some(from) && flow.to.node() == Some(to)
        };
        let id = ExtraId { kind, from, to };
        let label = shown.label.clone();
        (!document.flows.iter().any(same)).then_some(Extra { id, label })
    }

    /// The arrow of the connection that is chosen in the list of an open comparison.
    fn difference(&self) -> Option<Extra> {
        let chosen = self.compare.chosen()?;
        (self.extra == Some(chosen.id)).then(|| chosen.clone())
    }

    /// What stands out while the rest is dimmed.
    pub fn spot(&self) -> Option<&Arc<PairEnd>> {
        self.radius.spot()
    }

    /// Says that something happened.
    pub fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            bad: false,
            since: None,
        });
    }

    /// Says that something failed.
    pub fn complain(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            bad: true,
            since: None,
        });
    }

    /// Forgets what no longer exists.
    pub fn prune(&mut self, document: &Document) {
        self.selection.retain(|item| exists(document, *item));
        self.highlight.retain(|flow| document.flows.contains(*flow));
    }
}

/// Whether a thing is in the Document.
pub fn exists(document: &Document, item: Item) -> bool {
    match item {
        Item::Namespace(id) => document.namespaces.contains(id),
        Item::Workload(id) => document.workloads.contains(id),
        Item::Service(id) => document.services.contains(id),
        Item::External(id) => document.externals.contains(id),
        Item::Group(id) => document.groups.contains(id),
        Item::Flow(id) => document.flows.contains(id),
        Item::Policy(id) => document.policies.contains(id),
        Item::Invariant(id) => document.invariants.contains(id),
    }
}
