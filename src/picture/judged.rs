//! What results say about drawn objects: verdicts, isolation, what collapsed namespaces sum up.

use std::collections::{BTreeMap, BTreeSet};

use super::look::Shield;
use super::summary::{Bundled, Facts, facts_of, mark_hubs};
use crate::model::{Document, FlowId, NamespaceId, NodeRef};
use crate::proof::{Kind, Verdict};
use crate::query::Results;
use crate::query::exposure::Gates;
use crate::scene::bundle::bundles;
use crate::scene::{Bundle, Visible};

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
    /// Gathers it for what is visible; the cards count the hidden hubs among these.
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
        let mut facts = facts_of(document, &visible.collapsed, &shields, &results.proof);
        mark_hubs(&mut facts, document, hubs);
        Self {
            bundles: bundles.collect(),
            facts,
            verdicts,
            shields,
        }
    }
}

/// Ingress, then egress.
pub type Shields = [Shield; 2];

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
    let findings = results.proof.findings.iter();
    for finding in findings.filter(|finding| finding.kind == Kind::TooWide) {
        let Some((_, direction)) = &finding.gate else {
            continue;
        };
        for id in &finding.workloads {
            if let Some(shields) = shields.get_mut(&NodeRef::Workload(*id)) {
                let shield = &mut shields[*direction as usize];
                *shield = (*shield).max(Shield::Partly);
            }
        }
    }
}
