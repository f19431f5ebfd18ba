//! Recorded traffic beside the drawing: the open recording, what it is compared to, and what is shown of it.
//!
//! [`compared`] computes the classes and the arrows on a worker, [`evidence`] what was recorded of each arrow, [`ends`] are the ends that are not drawn, [`strip`] is the bar
//! with the recording and the legend on the canvas, [`over_time`] shows when connections began, [`words`] are times and numbers in words.

pub mod compared;
pub mod ends;
pub mod evidence;
pub mod over_time;
pub mod strip;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::command::Command;
use super::jobs::{Memo, Pool};
use crate::model::{Document, Edit, FlowId, NodeRef, TrafficClass};
use crate::observe::propose::{self, Proposal, ProposedEnd};
use crate::observe::{Histogram, Observed};
use crate::query::Results;
use crate::scene::{Extra, ExtraId, ExtraKind, Missing};

pub use compared::{Compared, Group};

/// What was read of files of recorded flows.
#[derive(Debug)]
pub struct Recording {
    /// The files.
    pub files: Vec<ReadFile>,
    /// Their connections; where the window is narrowed, those that began in it.
    pub observed: Observed,
    /// When all connections began.
    pub over_time: Histogram,
}

/// A file of a recording.
#[derive(Debug)]
pub struct ReadFile {
    /// Where it is.
    pub path: PathBuf,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// State of the overlay and of the Traffic tab.
#[derive(Default)]
pub struct TrafficView {
    recording: Option<Arc<Recording>>,
    /// Counts the recordings opened.
    number: u64,
    /// The overlay is switched off.
    off: bool,
    /// The classes that are switched off.
    hidden: BTreeSet<TrafficClass>,
    /// The legend shows its words where there is room for one column only.
    legend_open: bool,
    /// The Traffic tab lists only the connections of ends that the canvas shows as one.
    only_others: bool,
    /// Pairs of ends that are ignored.
    ignored: BTreeSet<(NodeRef, NodeRef)>,
    answer: Memo<(u64, u64), Option<Arc<Compared>>>,
    /// What the canvas shows.
    shown: Option<ShownTraffic>,
    /// What the Traffic tab lists.
    listed: ListedTraffic,
    /// A recording was opened, and the canvas does not show all of it yet.
    fits: bool,
}

/// The Traffic tab lists so many connections of a kind, the most frequent; a filter or a narrower window shows others.
const MOST_LISTED: usize = 2000;

/// Connections that the Traffic tab lists, by their places in the recording.
#[derive(Debug, Default)]
pub struct Listed {
    /// How many there are.
    pub count: usize,
    /// The first of them.
    pub first: Vec<usize>,
}

impl Listed {
    fn of(all: &[usize], is_shown: impl Fn(usize) -> bool) -> Self {
        let mut found = Self::default();
        for at in all.iter().copied().filter(|at| is_shown(*at)) {
            found.count += 1;
            if found.first.len() < MOST_LISTED {
                found.first.push(at);
            }
        }
        found
    }
}

/// What the Traffic tab lists, without what is ignored: chosen whenever that changes, and not in each frame.
#[derive(Debug, Default)]
pub struct ListedTraffic {
    /// Connections that policies would drop.
    pub cut: Listed,
    /// Connections that are seen, allowed and not drawn.
    pub undrawn: Listed,
    /// Connections of which it is not known what policies would do.
    pub uncertain: Listed,
    /// Connections of ends that the canvas shows as one, of the classes that are switched on.
    pub others: Listed,
}

/// What the canvas shows of recorded traffic.
#[derive(Clone, Debug)]
pub struct ShownTraffic {
    of: Arc<Compared>,
    hidden: BTreeSet<TrafficClass>,
    /// Arrows that are no flows.
    pub arrows: Arc<Vec<Extra>>,
    /// Ends that the project does not have.
    pub missing: Arc<Vec<Missing>>,
}

impl PartialEq for ShownTraffic {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.of, &other.of) && self.hidden == other.hidden
    }
}

impl ShownTraffic {
    /// The class of a flow.
    pub fn class(&self, flow: FlowId) -> Option<TrafficClass> {
        self.of.flows.get(&flow).map(|(class, _)| *class)
    }

    /// The gravest class between two nodes, unless it is switched off.
    pub fn between(&self, from: NodeRef, to: NodeRef) -> Option<TrafficClass> {
        let class = self.of.pairs.get(&(from, to)).copied();
        class.filter(|class| !self.hidden.contains(class))
    }

    /// How many there are of each class that occurs.
    pub fn counts(&self) -> &BTreeMap<TrafficClass, usize> {
        &self.of.counts
    }

    /// The comparison that is shown.
    pub fn compared(&self) -> &Arc<Compared> {
        &self.of
    }

    /// Whether the class of a flow is switched off.
    pub fn hides(&self, flow: FlowId) -> bool {
        self.class(flow)
            .is_some_and(|class| self.hidden.contains(&class))
    }
}

impl TrafficView {
    /// Shows a recording in place of the last one.
    pub fn open(&mut self, recording: Recording) {
        *self = Self {
            recording: Some(Arc::new(recording)),
            number: self.number + 1,
            hidden: [TrafficClass::Denied].into(),
            fits: true,
            ..Self::default()
        };
    }

    /// Shows another window of the open recording.
    pub fn narrow(&mut self, recording: Recording) {
        self.recording = Some(Arc::new(recording));
        self.number += 1;
    }

    /// Closes the recording.
    pub fn close(&mut self) {
        *self = Self {
            number: self.number,
            ..Self::default()
        };
    }

    /// The open recording.
    pub fn recording(&self) -> Option<&Arc<Recording>> {
        self.recording.as_ref()
    }

    /// The comparison of the open recording with the newest results.
    pub fn compared(&self) -> Option<&Arc<Compared>> {
        self.answer.answer()?.1.as_ref()
    }

    /// Whether the overlay is switched on.
    pub fn is_on(&self) -> bool {
        self.recording.is_some() && !self.off
    }

    /// Switches the overlay.
    pub fn toggle(&mut self) {
        self.off = !self.off;
        self.show();
    }

    /// Whether a class is switched off.
    pub fn hides(&self, class: TrafficClass) -> bool {
        self.hidden.contains(&class)
    }

    /// Switches a class.
    pub fn toggle_class(&mut self, class: TrafficClass) {
        if !self.hidden.remove(&class) {
            self.hidden.insert(class);
        }
        self.show();
    }

    /// Lists only the connections of ends that the canvas shows as one, or all.
    pub fn list_others(&mut self, only: bool) {
        self.only_others = only;
    }

    /// Whether only the connections of ends that the canvas shows as one are listed.
    pub fn lists_others(&self) -> bool {
        let compared = self.compared();
        self.only_others && compared.is_some_and(|compared| !compared.others.is_empty())
    }

    /// Leaves out what goes from one end to another.
    pub fn ignore(&mut self, id: ExtraId) {
        self.ignored.insert((id.from, id.to));
        self.show();
    }

    /// How many pairs of ends are ignored.
    pub fn ignored(&self) -> usize {
        self.ignored.len()
    }

    /// Whether an arrow is ignored.
    pub fn is_ignored(&self, id: ExtraId) -> bool {
        self.ignored.contains(&(id.from, id.to))
    }

    /// Shows again what is ignored.
    pub fn ignore_nothing(&mut self) {
        self.ignored.clear();
        self.show();
    }

    /// What the canvas shows; none while the overlay is off.
    pub fn shown(&self) -> Option<&ShownTraffic> {
        self.shown.as_ref()
    }

    /// Compares the recording with new results on the worker pool; whether a new answer arrived.
    pub fn keep(&mut self, results: &Arc<Results>, number: u64, pool: &Pool) -> bool {
        let Some(recording) = &self.recording else {
            return false;
        };
        let (results, recording) = (Arc::clone(results), Arc::clone(recording));
        let is_new = self
            .answer
            .keep((number, self.number), pool, move |cancel| {
                Compared::of(&results, &recording, &|| cancel.is_set()).map(Arc::new)
            });
        if is_new {
            self.show();
        }
        is_new
    }

    /// Whether the canvas is to show everything now: once for each recording, as soon as it is compared.
    pub fn take_fit(&mut self) -> bool {
        self.shown.is_some() && std::mem::take(&mut self.fits)
    }

    /// What the Traffic tab lists.
    pub fn listed(&self) -> &ListedTraffic {
        &self.listed
    }

    fn list(&self) -> ListedTraffic {
        let Some(compared) = self.compared() else {
            return ListedTraffic::default();
        };
        let is_shown = |at| {
            let arrow = compared.arrow(at);
            !arrow.is_some_and(|id| self.is_ignored(id))
        };
        let is_on = |at| {
            let arrow = compared.arrow(at).filter(|id| !self.is_ignored(*id));
            let kind = arrow.map(|id| id.kind);
            matches!(kind, Some(ExtraKind::Recorded(class)) if !self.hides(class))
        };
        ListedTraffic {
            cut: Listed::of(&compared.cut, is_shown),
            undrawn: Listed::of(&compared.undrawn, is_shown),
            uncertain: Listed::of(&compared.uncertain, is_shown),
            others: Listed::of(&compared.others, is_on),
        }
    }

    fn show(&mut self) {
        self.listed = self.list();
        let compared = self.compared().filter(|_| self.is_on());
        self.shown = compared.map(|compared| {
            let groups = compared.groups.iter().filter(|group| {
                let id = group.id;
                !self.is_ignored(id)
                    && matches!(id.kind, ExtraKind::Recorded(c) if !self.hidden.contains(&c))
            });
            let arrows: Vec<Extra> = groups.map(Group::arrow).collect();
            let ends: BTreeSet<NodeRef> =
                arrows.iter().flat_map(|e| [e.id.from, e.id.to]).collect();
            ShownTraffic {
                missing: Arc::new(compared.ends.shown(&ends, &self.hidden)),
                arrows: Arc::new(arrows),
                hidden: self.hidden.clone(),
                of: Arc::clone(compared),
            }
        });
    }

    /// The connections of an arrow of the overlay.
    pub fn group(&self, id: ExtraId) -> Option<&Group> {
        self.compared()?.groups.iter().find(|group| group.id == id)
    }

    /// The flows to draw for an arrow.
    pub fn proposals(&self, group: &Group) -> impl Iterator<Item = &Proposal> {
        let compared = self.compared().into_iter();
        compared.flat_map(|compared| compared.proposals(group.id))
    }

    /// Draws the flows of an arrow; where an address has no name, asks first what it may become.
    pub fn draw(&self, document: &Document, group: &Group) -> Option<Command> {
        let proposals: Vec<Proposal> = self.proposals(group).cloned().collect();
        if proposals.is_empty() {
            return None;
        }
        let is_open = |end: &ProposedEnd| match end {
            ProposedEnd::Outside(choices) => !compared::is_named(choices),
            _ => false,
        };
        if proposals
            .iter()
            .any(|one| is_open(&one.from) || is_open(&one.to))
        {
            return Some(Command::ProposeThese(proposals));
        }
        let chosen: Vec<(&Proposal, usize)> = proposals.iter().map(|one| (one, 0)).collect();
        propose::edit(document, &chosen).map(|edit: Edit| Command::Edit(edit))
    }

    /// How many there are of each class that occurs.
    pub fn counts(&self) -> Option<&BTreeMap<TrafficClass, usize>> {
        Some(&self.compared()?.counts)
    }
}
