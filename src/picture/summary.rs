//! What cards of collapsed namespaces and arrows of several flows sum up.

use std::collections::{BTreeMap, BTreeSet};

use super::look::Shield;
use crate::model::{Base, Document, FlowId, NamespaceId, NodeRef};
use crate::proof::{Finding, Kind, Proof, Verdict};
use crate::scene::bundle;

/// The flows of one arrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundled {
    /// Which.
    pub flows: Vec<FlowId>,
    /// How many of them are not exact.
    pub wrong: usize,
    /// The worst verdict.
    pub worst: Option<Verdict>,
    /// The verdict that all of them have.
    pub common: Option<Verdict>,
}

/// What is summed up on the card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Workloads that are isolated in every direction that the default deny of their namespace covers;
    /// without one, in both.
    pub isolated: usize,
    /// All others.
    pub open: usize,
    /// Flows that begin or end here and are not exact, and other differences at the workloads here.
    pub wrong: usize,
    /// The worst verdict of these.
    pub worst: Option<Verdict>,
    /// Whether there are flows here at all, and all are judged.
    pub judged: bool,
    /// Hubs in it that are hidden.
    pub hubs: usize,
}

impl Facts {
    /// Counts something that is wrong.
    fn note(&mut self, verdict: Verdict) {
        self.wrong += 1;
        let worst = self.worst.into_iter().chain([verdict]);
        self.worst = worst.max_by_key(|verdict| severity(*verdict));
    }

    /// What is wrong in words: `2 problems`; none if nothing is.
    pub fn problems(&self) -> Option<String> {
        match self.wrong {
            0 => None,
            1 => Some("1 problem".to_owned()),
            wrong => Some(format!("{wrong} problems")),
        }
    }

    /// Isolation in words: `14 isolated`, and what is open.
    pub fn isolation(&self) -> (String, Option<String>) {
        let open = (self.open > 0).then(|| format!("/ {} open", self.open));
        (format!("{} isolated", self.isolated), open)
    }
}

impl Bundled {
    /// Sums them up.
    pub fn of(flows: Vec<FlowId>, verdicts: &BTreeMap<FlowId, Verdict>) -> Self {
        let verdict = |flow: &FlowId| verdicts.get(flow).copied();
        let first = flows.first().and_then(verdict);
        let is_common = flows.iter().all(|flow| verdict(flow) == first);
        let wrong = flows.iter().filter_map(verdict).filter(|v| is_wrong(*v));
        Self {
            wrong: wrong.clone().count(),
            worst: wrong.max_by_key(|v| severity(*v)),
            common: first.filter(|_| is_common),
            flows,
        }
    }
}

/// Whether a flow is not as drawn.
fn is_wrong(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::Exact | Verdict::Muted)
}

/// Worst last.
fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Exact | Verdict::Muted => 0,
        Verdict::Approximated => 1,
        Verdict::CannotExpress => 2,
        Verdict::TooWide => 3,
        Verdict::Blocked | Verdict::Invalid => 4,
    }
}

/// What the cards of these namespaces sum up.
pub fn facts_of(
    document: &Document,
    collapsed: &BTreeSet<NamespaceId>,
    shields: &BTreeMap<NodeRef, [Shield; 2]>,
    proof: &Proof,
) -> BTreeMap<NamespaceId, Facts> {
    let mut all: BTreeMap<NamespaceId, Facts> = BTreeMap::new();
    if collapsed.is_empty() {
        return all;
    }
    for (id, workload) in document.workloads.iter() {
        if let Some(shields) = shields.get(&NodeRef::Workload(id)) {
            let facts = all.entry(workload.namespace).or_default();
            match is_isolated(*shields, document.base_of(workload.namespace)) {
                true => facts.isolated += 1,
                false => facts.open += 1,
            }
        }
    }
    for (id, flow) in document.flows.iter() {
        let ends = [&flow.from, &flow.to].map(|end| {
            let node = bundle::shown(document, collapsed, end.node()?);
            match node {
                NodeRef::Namespace(id) => Some(id),
                _ => None,
            }
        });
        let ends: BTreeSet<NamespaceId> = ends.into_iter().flatten().collect();
        let verdict = proof.verdicts.get(&id).copied();
        for id in ends {
            let facts = all.entry(id).or_default();
            facts.judged |= verdict.is_some();
            if let Some(verdict) = verdict.filter(|verdict| is_wrong(*verdict)) {
                facts.note(verdict);
            }
        }
    }
    for finding in proof.findings.iter().filter(|f| f.flows.is_empty()) {
        let Some(verdict) = verdict_of(finding) else {
            continue;
        };
        let homes = finding.workloads.iter().filter_map(|id| {
            let workload = document.workloads.get(*id)?;
            Some(workload.namespace)
        });
        for home in homes.collect::<BTreeSet<NamespaceId>>() {
            all.entry(home).or_default().note(verdict);
        }
    }
    all
}

/// The verdict of a difference that is about no flow.
fn verdict_of(finding: &Finding) -> Option<Verdict> {
    match finding.kind {
        Kind::Blocked => Some(Verdict::Blocked),
        Kind::TooWide => Some(Verdict::TooWide),
        Kind::Invalid | Kind::CannotExpress | Kind::Approximated => None,
    }
}

/// Counts the hidden hubs on the cards of their namespaces.
pub fn mark_hubs(
    facts: &mut BTreeMap<NamespaceId, Facts>,
    document: &Document,
    hidden: &BTreeSet<NodeRef>,
) {
    for hub in hidden {
        let NodeRef::Workload(id) = hub else { continue };
        let home = document
            .workloads
            .get(*id)
            .map(|workload| workload.namespace);
        if let Some(facts) = home.and_then(|home| facts.get_mut(&home)) {
            facts.hubs += 1;
        }
    }
}

/// The isolation of a direction that a default deny does not cover does not count.
fn is_isolated(shields: [Shield; 2], base: Base) -> bool {
    let [ingress, egress] = shields.map(|shield| shield != Shield::Open);
    match base {
        Base::DenyIngress => ingress,
        Base::DenyEgress => egress,
        Base::DenyAll | Base::None => ingress && egress,
    }
}
