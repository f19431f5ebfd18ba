//! The state of the window that is not part of the Document: selection, highlights, drafts of text
//! fields, open panels and dialogs.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::analysis_results::{AnalysisResults, Extras};
use super::canvas::{CanvasView, Emphasis, Search};
use super::filter::FilterView;
use super::focus::Focus;
use super::lessons::LessonView;
use super::matrix::{Center, MatrixView};
use super::names::PolicyNames;
use super::overlays::Overlay;
use super::panels::audit::AuditView;
use super::panels::compare::CompareView;
use super::panels::inspector::InspectorView;
use super::panels::outline::OutlineView;
use super::panels::policies::PoliciesView;
use super::panels::problems::{ProblemsView, Shown};
use super::panels::radius::RadiusView;
use super::panels::reach::ReachView;
use super::panels::why::WhyView;
use super::panels::{ShownConnection, Tab};
use super::panes::Panes;
use super::places::Places;
use super::problems::Problem;
use super::selection::{exists, only};
use super::shared_matrix::SharedMatrix;
use super::side_layout::SideLayout;
use super::suggestions::Suggested;
use super::traffic::TrafficView;
use super::widgets::Drafts;
use crate::model::{Document, Flow, FlowId, Item};
use crate::query::why::PairVerdict;
use crate::scene::{Extra, ExtraId, ExtraKind};

/// The state of the window that is not part of the Document.
#[derive(Default)]
pub struct View {
    /// The selected items.
    pub selection: BTreeSet<Item>,
    /// Flows highlighted by a chosen policy or line, besides the selection.
    pub highlight: BTreeSet<FlowId>,
    /// The selected arrow that is not a flow.
    pub extra: Option<ExtraId>,
    /// Analyses beside the proof.
    pub analysis_results: Arc<AnalysisResults>,
    /// The `results_number` that they were computed for.
    pub analysis_number: u64,
    /// The blast radius.
    pub radius: RadiusView,
    /// What the canvas is focused on.
    pub focus: Option<Focus>,
    /// The filter of the canvas.
    pub filter: FilterView,
    /// The search on the canvas, while it is open.
    pub search: Option<Search>,
    /// The places visited.
    pub places: Places,
    /// Whether the connections of imported policies are hidden.
    pub imported_hidden: bool,
    /// The canvas: pan, zoom, gestures.
    pub canvas: CanvasView,
    /// The panels beside the canvas.
    pub panes: Panes,
    /// The outline.
    pub outline: OutlineView,
    /// The policies.
    pub policies: PoliciesView,
    /// Text being typed that is not applied yet.
    pub drafts: Drafts,
    /// The open dialog.
    pub overlay: Option<Overlay>,
    /// The open lesson.
    pub lesson: Option<LessonView>,
    /// The notice about the last action.
    pub notice: Option<Notice>,
    /// The open tab of the side panel.
    pub tab: Tab,
    /// The list of problems.
    pub problem_list: ProblemsView,
    /// The audit.
    pub audit: AuditView,
    /// The flows that manifests imply and that are not drawn.
    pub suggested: Suggested,
    /// The reachability matrix.
    pub(super) reach_matrix: SharedMatrix,
    /// Canvas or matrix.
    pub center: Center,
    /// The matrix.
    pub matrix: MatrixView,
    /// The Reach tab.
    pub reach: ReachView,
    /// The Why tab: a connection and its explanation.
    pub why: WhyView,
    /// The open comparison.
    pub compare: CompareView,
    /// Recorded traffic.
    pub traffic: TrafficView,
    /// The explained connection, which the canvas shows.
    pub shown_connection: Option<ShownConnection>,
    /// Names of imported policies.
    pub names: Arc<PolicyNames>,
    /// The inspector.
    pub inspector: InspectorView,
    /// Problems of the project, worst first.
    pub problems: Vec<Problem>,
    /// Whether the last check failed with an internal error, so that results are of an older Document.
    pub check_failed: bool,
    /// Counts the finished checks; caches of their results compare it.
    pub results_number: u64,
    /// How the panel at the right is divided.
    pub side_layout: SideLayout,
    /// Whether animations are off.
    pub reduced_motion: bool,
}

/// A notice at the bottom of the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notice {
    /// Its text.
    pub text: String,
    /// Whether it reports a failure.
    pub bad: bool,
    /// Whether it is about the last step, and offers to undo it.
    pub undo: bool,
    /// When it was first shown, in seconds of window time.
    pub since: Option<f64>,
}

impl View {
    /// The selected item, if exactly one is selected.
    pub fn only_selected(&self) -> Option<Item> {
        only(&self.selection)
    }

    /// The selected items, in order.
    pub fn selected(&self) -> Vec<Item> {
        self.selection.iter().copied().collect()
    }

    /// The highlighted flows: those of a chosen policy, else the selected ones.
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

    /// The arrows shown beside the flows: of the blast radius, else of an open comparison, else of recorded traffic, else of
    /// imported policies; and the connection that a panel explains.
    pub fn extras(&self, document: &Document) -> Extras {
        let imported = || match self.imported_hidden {
            true => Arc::default(),
            false => Arc::clone(&self.analysis_results.imported),
        };
        let other = self.radius.hops().or_else(|| self.compare.arrows());
        let traffic = self.traffic.shown().filter(|_| other.is_none());
        Extras {
            missing: traffic.map_or_else(Arc::default, |shown| Arc::clone(&shown.missing)),
            all: other
                .or_else(|| traffic.map(|shown| self.filtered(&shown.arrows)))
                .unwrap_or_else(imported),
            suggested: self.suggested_arrows(document),
            witness: self.witness(document).or_else(|| self.difference()),
        }
    }

    /// The arrows of recorded traffic that the filter does not hide.
    fn filtered(&self, arrows: &Arc<Vec<Extra>>) -> Arc<Vec<Extra>> {
        let Some(matches) = self.filter.alone() else {
            return Arc::clone(arrows);
        };
        let shown = arrows.iter().filter(|arrow| matches.has(arrow.id.kind));
        Arc::new(shown.cloned().collect())
    }

    /// The suggested flows, while their dialog or the audit shows them.
    fn suggested_arrows(&self, document: &Document) -> Arc<Vec<Extra>> {
        match &self.overlay {
            Some(Overlay::Suggestions(listed)) => Arc::clone(&listed.arrows),
            _ if self.shows_audit(document) => Arc::clone(&self.suggested.arrows),
            _ => Arc::default(),
        }
    }

    /// Whether the audit is shown.
    pub fn shows_audit(&self, document: &Document) -> bool {
        self.tab == Tab::Problems && self.problem_list.shown(document) == Shown::Audit
    }

    /// Keeps the selected arrow that is no flow only if it is still shown.
    pub fn keep_extra(&mut self, document: &Document) {
        let shown = self.extras(document).list();
        let stays = |id: &ExtraId| shown.iter().any(|e| e.id == *id);
        self.extra = self.extra.filter(stays);
    }

    /// The explained connection as an arrow, unless a flow shows it already.
    fn witness(&self, document: &Document) -> Option<Extra> {
        let shown = self.shown_connection.as_ref()?;
        let kind = match shown.verdict {
            PairVerdict::Blocked => ExtraKind::Blocked,
            PairVerdict::NotDrawn => ExtraKind::TooWide,
            PairVerdict::Denied => ExtraKind::Denied,
            PairVerdict::Open => ExtraKind::Hop,
            PairVerdict::Drawn | PairVerdict::Approximated | PairVerdict::CannotExpress => {
                return None;
            }
        };
        let (from, to) = (shown.from?, shown.to?);
        let same = |(_, flow): (FlowId, &Flow)| {
            flow.from.node() == Some(from) && flow.to.node() == Some(to)
        };
        let id = ExtraId { kind, from, to };
        let label = shown.label.clone();
        (!document.flows.iter().any(same)).then_some(Extra { id, label })
    }

    /// The arrow of the connection chosen in the open comparison.
    fn difference(&self) -> Option<Extra> {
        let chosen = self.compare.chosen()?;
        (self.extra == Some(chosen.id)).then(|| chosen.clone())
    }

    /// The nodes that stay opaque while the rest is dimmed.
    pub fn emphasis(&self) -> Option<&Arc<Emphasis>> {
        self.radius.emphasis()
    }

    /// How a flow depends on the enforcer, while enforcers are compared; none if it does not.
    pub fn dependence(&self, flow: FlowId) -> Option<&str> {
        let flows = self.compare.enforcers.flows()?;
        flows.get(&flow).map(String::as_str)
    }

    /// Whether the audit is shown over most of the window.
    pub fn is_wide(&self, document: &Document) -> bool {
        self.audit.wide && self.shows_audit(document)
    }

    /// Draws what is hidden, if that object is.
    pub fn bring_back(&mut self, document: &Document, item: Item) {
        if self.canvas.hides(document, item) {
            self.filter.only = false;
            self.canvas.show_hubs_of(document, item);
        }
    }

    /// Shows a notice.
    pub fn notify(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            ..Notice::default()
        });
    }

    /// Shows a notice about the last step, with Undo.
    pub fn notify_step(&mut self, text: impl Into<String>) {
        self.notify(text);
        if let Some(notice) = &mut self.notice {
            notice.undo = true;
        }
    }

    /// Shows a notice about a failure.
    pub fn show_error(&mut self, text: impl Into<String>) {
        self.notify(text);
        if let Some(notice) = &mut self.notice {
            notice.bad = true;
        }
    }

    /// Forgets the notice about an earlier step. One that was not shown yet is about this one, and failures stay.
    pub fn forget_notice(&mut self) {
        let earlier = |notice: &mut Notice| !notice.bad && notice.since.is_some();
        self.notice.take_if(earlier);
    }

    /// Removes items that no longer exist from selection and highlights.
    pub fn prune(&mut self, document: &Document) {
        self.selection.retain(|item| exists(document, *item));
        self.highlight.retain(|flow| document.flows.contains(*flow));
        if let Some(focus) = &mut self.focus {
            focus.roots.retain(|node| document.has_node(*node));
        }
        self.focus.take_if(|focus| focus.roots.is_empty());
    }
}
