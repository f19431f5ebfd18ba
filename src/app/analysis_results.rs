//! Analyses beside the proof: connections of imported policies, gates, audit. A separate worker
//! computes them after each check, so that the verdict does not wait for them.

use std::sync::Arc;

use crate::picture::{extra, node_of};
use crate::query::Results;
use crate::query::audit::{Audit, overview};
use crate::query::exposure::{self, Gates};
use crate::query::undrawn::{Allowed, beyond_drawn};
use crate::scene::{Extra, ExtraId, ExtraKind, Missing};

/// The results of one Document.
#[derive(Clone, Debug, Default)]
pub struct AnalysisResults {
    /// Connections that imported policies allow and no flow draws.
    pub allowed: Vec<Allowed>,
    /// The state of each gate of each workload.
    pub gates: Gates,
    /// The summary for an audit.
    pub audit: Audit,
    /// `allowed`, as arrows.
    pub imported: Arc<Vec<Extra>>,
}

/// Arrows shown beside the flows.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// All of one kind, made once for each check.
    pub all: Arc<Vec<Extra>>,
    /// Flows that manifests imply, while they are listed.
    pub suggested: Arc<Vec<Extra>>,
    /// The witness of a problem.
    pub witness: Option<Extra>,
    /// Ends of recorded traffic that the project does not have.
    pub missing: Arc<Vec<Missing>>,
}

impl PartialEq for Extras {
    fn eq(&self, other: &Self) -> bool {
        let same = Arc::ptr_eq(&self.all, &other.all) || self.all == other.all;
        let missing = Arc::ptr_eq(&self.missing, &other.missing) || self.missing == other.missing;
        let suggested =
            Arc::ptr_eq(&self.suggested, &other.suggested) || self.suggested == other.suggested;
        same && missing && suggested && self.witness == other.witness
    }
}

impl Extras {
    /// The arrow that shows an arrow: between collapsed namespaces, recorded traffic has one arrow of the gravest class.
    pub fn shown(&self, id: ExtraId) -> ExtraId {
        let is_recorded = |id: ExtraId| matches!(id.kind, ExtraKind::Recorded(_));
        let is_same = |other: ExtraId| {
            (other.from, other.to) == (id.from, id.to) && is_recorded(other) && is_recorded(id)
        };
        let mut ids = self.all.iter().map(|extra| extra.id);
        match ids.clone().any(|other| other == id) {
            true => id,
            false => ids.find(|other| is_same(*other)).unwrap_or(id),
        }
    }

    /// Every arrow, each once.
    pub fn list(&self) -> Vec<Extra> {
        let all = self.all.iter().chain(&*self.suggested);
        let mut list: Vec<Extra> = all.chain(&self.witness).cloned().collect();
        list.sort_by_key(|extra| extra.id);
        list.dedup_by_key(|extra| extra.id);
        list
    }
}

impl AnalysisResults {
    /// Computes everything; `stop` cancels it.
    pub fn of(results: &Results, stop: &dyn Fn() -> bool) -> Self {
        let (document, in_force) = (&results.document, &results.in_force);
        let gates = exposure::gates(document, in_force);
        let allowed = beyond_drawn(document, in_force, stop);
        let imported = allowed
            .iter()
            .map(|a| extra(ExtraKind::Imported, &a.joined));
        Self {
            imported: Arc::new(imported.collect()),
            allowed,
            audit: overview(document, &gates),
            gates,
        }
    }

    /// The connection that an arrow of an imported policy shows.
    pub fn allowed(&self, id: ExtraId) -> Option<&Allowed> {
        let is = |a: &&Allowed| node_of(a.joined.from) == id.from && node_of(a.joined.to) == id.to;
        self.allowed.iter().find(is)
    }
}
