//! The shown policies as lines, computed on the worker pool when an input changes.

use std::collections::BTreeSet;

use super::Scope;
use super::about::About;
use crate::analysis::Endpoint;
use crate::analysis::oracle::peer_matches;
use crate::app::names::PolicyNames;
use crate::app::yaml_highlight::LINE;
use crate::model::{Document, FlowId, Item, PolicyId, WorkloadId};
use crate::policy::Direction;
use crate::policy::Role;
use crate::proof::Origin;
use crate::proof::Written;
use crate::query::Results;
use crate::query::fidelity::{OfFlow, of_flows};
use crate::query::sentences::sentences;

/// Origin of a shown policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Generated from the Document.
    Generated,
    /// Imported.
    Imported(PolicyId),
    /// Edited by hand; replaces a generated one.
    ByHand(PolicyId),
}

/// A shown policy.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownPolicy {
    /// Its origin.
    pub source: Source,
    /// `NAMESPACE/NAME`.
    pub key: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// The flows that it allows.
    pub flows: Vec<FlowId>,
    /// What it allows and denies, in words; empty if its text is invalid.
    pub sentence: String,
}

/// A line of text, or the head of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The text; `None` for the head.
    pub text: Option<String>,
    /// Line number within the policy, from 1.
    pub number: usize,
    /// Index of its policy in [`Shown::policies`].
    pub policy: usize,
    /// The flows that it allows.
    pub flows: Vec<FlowId>,
    /// Vertical offset of its top edge.
    pub top: f32,
}

impl Line {
    /// Whether it allows one of these flows.
    pub fn is_of(&self, flows: &[FlowId]) -> bool {
        self.flows.iter().any(|flow| flows.contains(flow))
    }
}

/// The shown policies.
#[derive(Default)]
pub struct Shown {
    /// The policies.
    pub policies: Vec<ShownPolicy>,
    /// Their lines, each policy's head before its text.
    pub lines: Vec<Line>,
    /// Total height of the lines.
    pub height: f32,
    /// The flows that the selection concerns; empty for all.
    pub about: BTreeSet<FlowId>,
    /// How much of each flow of the scope is written, worst first.
    pub fidelity: Vec<OfFlow>,
}

impl Shown {
    /// Index of the head of a policy, by its key.
    pub fn position(&self, key: &str) -> Option<usize> {
        let policy = self.policies.iter().position(|p| p.key == key)?;
        self.lines.iter().position(|line| line.policy == policy)
    }

    /// The policy that a line belongs to.
    pub fn policy_of(&self, line: &Line) -> Option<&ShownPolicy> {
        self.policies.get(line.policy)
    }

    /// The imported policies, without those edited by hand.
    pub fn imported(&self) -> impl Iterator<Item = PolicyId> {
        self.policies
            .iter()
            .filter_map(|policy| match policy.source {
                Source::Imported(id) => Some(id),
                Source::Generated | Source::ByHand(_) => None,
            })
    }

    /// The policies as one text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (at, line) in self.lines.iter().enumerate() {
            match &line.text {
                Some(line) => text.extend([line, "\n"]),
                None if at > 0 => text.push_str("---\n"),
                None => {}
            }
        }
        text
    }
}

/// The policies of a scope.
pub fn shown(
    document: &Document,
    results: &Results,
    selection: &BTreeSet<Item>,
    scope: Scope,
    names: &PolicyNames,
) -> Shown {
    let mut shown = Shown::default();
    let everything = selection.is_empty() || scope == Scope::Everything;
    let about = About::new(document, selection, scope, names);
    if !everything {
        shown.about = about.flows.clone();
    }
    let generated = &results.generated;
    shown.fidelity = of_flows(&results.document, generated);
    if !everything {
        let flows = &mut shown.fidelity;
        flows.retain(|one| about.has_flow(document, one.flow));
    }
    let imported = imported(document, results);
    let sentences = sentences(&results.in_force);
    let sentence = |origin: Origin| sentences.get(&origin).cloned().unwrap_or_default();
    let mut written: Vec<(&Written, Source, Origin)> = (generated.policies.iter().enumerate())
        .map(|(at, policy)| (&**policy, Source::Generated, Origin::Generated(at)))
        .chain(imported.by_hand.iter().map(|(at, id)| {
            let origin = Origin::Imported(*id);
            (&*generated.replaced[*at], Source::ByHand(*id), origin)
        }))
        .filter(|(policy, source, _)| {
            let chosen =
                matches!(source, Source::ByHand(id) if selection.contains(&Item::Policy(*id)));
            everything || chosen || about.has(policy)
        })
        .collect();
    if scope == Scope::Selection && !selection.is_empty() {
        // Policies of flows come before those of whole namespaces.
        written.sort_by_key(|(policy, ..)| {
            let base = matches!(policy.role, Role::Base | Role::Dns);
            let own = policy
                .workloads
                .iter()
                .any(|id| about.workloads.contains(id));
            let ingress = !policy.directions.contains(&Direction::Egress);
            (base, !own, ingress)
        });
    } else {
        written.sort_by_key(|(policy, ..)| policy.namespace.as_str());
    }
    for (policy, source, origin) in written {
        let head = ShownPolicy {
            source,
            key: policy.key(),
            namespace: policy.namespace.clone(),
            name: policy.name.clone(),
            flows: policy.flows.clone(),
            sentence: sentence(origin),
        };
        let text = match source {
            Source::ByHand(id) | Source::Imported(id) => document.policies.get(id),
            Source::Generated => None,
        };
        match text {
            Some(imported) => shown.add(head, &imported.text, |_| Vec::new()),
            None => shown.add(head, &policy.text, |line| {
                let lines = policy.lines.iter();
                lines
                    .filter(|(lines, _)| lines.contains(&line))
                    .map(|(_, flow)| *flow)
                    .collect()
            }),
        }
    }
    for (id, policy) in document.policies.iter() {
        if imported.by_hand.iter().any(|(_, by_hand)| *by_hand == id) {
            continue;
        }
        let name = names.name(document, id).to_owned();
        let namespace = names.namespace(id).to_owned();
        let selects = |id: &WorkloadId| imported.selects(*id);
        let wanted = everything
            || selection.contains(&Item::Policy(id))
            || (about.whole && about.names.contains(&namespace))
            || about.workloads.iter().flat_map(selects).any(|of| of == id);
        if wanted {
            let head = ShownPolicy {
                source: Source::Imported(id),
                key: format!("{namespace}/{name}"),
                namespace,
                name,
                flows: Vec::new(),
                sentence: sentence(Origin::Imported(id)),
            };
            shown.add(head, &policy.text, |_| Vec::new());
        }
    }
    shown
}

/// Facts about the imported policies.
struct ImportedPolicies<'a> {
    /// Indices in `Generated::replaced`, each with the policy that replaces it.
    by_hand: Vec<(usize, PolicyId)>,
    results: &'a Results,
}

fn imported<'a>(document: &Document, results: &'a Results) -> ImportedPolicies<'a> {
    let mut by_hand = Vec::new();
    for (id, policy) in document.policies.iter() {
        let replaced = results.generated.replaced.iter();
        let at = replaced
            .map(|written| written.key())
            .position(|key| policy.replaces.as_ref() == Some(&key));
        by_hand.extend(at.map(|at| (at, id)));
    }
    ImportedPolicies { by_hand, results }
}

impl ImportedPolicies<'_> {
    /// The imported policies that select a workload.
    fn selects(&self, id: WorkloadId) -> Vec<PolicyId> {
        let in_force = &self.results.in_force;
        let snapshot = &in_force.cluster.snapshot;
        let workload = in_force.cluster.index.get(&id);
        let Some(workload) = workload.and_then(|at| snapshot.workloads.get(*at)) else {
            return Vec::new();
        };
        let pod = Endpoint::Pod(workload.pods.start);
        let policies = in_force.origins.iter().zip(in_force.policies());
        let selecting = policies.filter_map(|(origin, policy)| match origin {
            Origin::Imported(id) if peer_matches(snapshot, &policy.subject, &pod) => Some(*id),
            _ => None,
        });
        selecting.collect()
    }
}

/// Height of the head of a policy.
pub const HEAD: f32 = 34.0;
/// Height of the sentence below it: two lines.
pub const SENTENCE: f32 = 40.0;

impl Shown {
    fn add(&mut self, policy: ShownPolicy, text: &str, flows_of: impl Fn(u32) -> Vec<FlowId>) {
        let at = self.policies.len();
        let height = match policy.sentence.is_empty() {
            true => HEAD,
            false => HEAD + SENTENCE,
        };
        self.push(None, 0, at, Vec::new(), height);
        for (number, line) in (1u32..).zip(text.lines()) {
            let flows = flows_of(number);
            self.push(Some(line.to_owned()), number as usize, at, flows, LINE);
        }
        self.policies.push(policy);
    }

    fn push(
        &mut self,
        text: Option<String>,
        number: usize,
        policy: usize,
        flows: Vec<FlowId>,
        height: f32,
    ) {
        self.lines.push(Line {
            text,
            number,
            policy,
            flows,
            top: self.height,
        });
        self.height += height;
    }
}
