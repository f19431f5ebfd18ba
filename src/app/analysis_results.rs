//! What else the policies in force say about the drawing, beside the proof: what imported policies
//! allow. Computed by a worker of its own after each answer, so that the verdict waits for nothing.

use std::sync::Arc;

use crate::model::{FlowPort, NodeRef};
use crate::query::Results;
use crate::query::audit::{Audit, overview};
use crate::query::exposure::{self, Gates};
use crate::query::party::{Joined, Party};
use crate::query::undrawn::{Allowed, beyond_drawn};
use crate::scene::request::ports_label;
use crate::scene::{Extra, ExtraId, ExtraKind, OUTSIDE};

/// The answers.
#[derive(Clone, Debug, Default)]
pub struct AnalysisResults {
    /// What imported policies allow beyond what is drawn.
    pub allowed: Vec<Allowed>,
    /// How each gate of each workload stands.
    pub gates: Gates,
    /// What an auditor says at once.
    pub audit: Audit,
    /// What imported policies allow, as arrows.
    pub kept: Arc<Vec<Extra>>,
}

/// Arrows that are shown beside the flows.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// All of one kind, made once for each answer.
    pub all: Arc<Vec<Extra>>,
    /// One more: the witness of a problem.
    pub witness: Option<Extra>,
}

impl PartialEq for Extras {
    fn eq(&self, other: &Self) -> bool {
        let same = Arc::ptr_eq(&self.all, &other.all) || self.all == other.all;
        same && self.witness == other.witness
    }
}

impl Extras {
    /// Every arrow, each once.
    pub fn list(&self) -> Vec<Extra> {
        let mut list: Vec<Extra> = self.all.iter().chain(&self.witness).cloned().collect();
        list.sort_by_key(|extra| extra.id);
        list.dedup_by_key(|extra| extra.id);
        list
    }
}

impl AnalysisResults {
    /// Finds it all out, until `stop` says that nobody wants it any more.
    pub fn of(results: &Results, stop: &dyn Fn() -> bool) -> Self {
        let (document, in_force) = (&results.document, &results.in_force);
        let gates = exposure::gates(document, in_force);
        let allowed = beyond_drawn(document, in_force, stop);
        let kept = allowed.iter().map(|a| extra(ExtraKind::Kept, &a.joined));
        Self {
            kept: Arc::new(kept.collect()),
            allowed,
            audit: overview(document, &gates),
            gates,
        }
    }

    /// What an arrow of an imported policy stands for.
    pub fn allowed(&self, id: ExtraId) -> Option<&Allowed> {
        let is = |a: &&Allowed| node_of(a.joined.from) == id.from && node_of(a.joined.to) == id.to;
        self.allowed.iter().find(is)
    }
}

/// The node that stands for an end.
pub fn node_of(party: Party) -> NodeRef {
    match party {
        Party::Drawn(node) => node,
        Party::Outside => OUTSIDE,
    }
}

/// An arrow for summed up connections.
pub fn extra(kind: ExtraKind, joined: &Joined) -> Extra {
    let ports = FlowPort::of(&joined.ports);
    Extra {
        id: ExtraId {
            kind,
            from: node_of(joined.from),
            to: node_of(joined.to),
        },
        label: ports_label(&ports),
    }
}
