//! Reads the written policies back and compares them with the document, gate by gate.

mod approximated;
mod before;
#[cfg(test)]
mod by_hand;
mod denials;
mod describer;
mod findings;
mod gate;
#[cfg(test)]
pub(crate) mod laws;
mod requests;
mod summary;
#[cfg(test)]
mod tests;
mod witness;

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Isolation;
use crate::analysis::compare::{GateDifference, PeerClass};
use crate::cluster::Snapshot;
use crate::diag::{Diagnostic, Span};
use crate::intent::future_pods::FuturePods;
use crate::intent::gates::{self, Bound};
use crate::intent::snapshot::DocumentSnapshot;
use crate::model::validate::flow_ports_text;
use crate::model::{Document, End, Flow, FlowId, Words, WorkloadId};
use crate::policy::{Direction, Loss, Target};
use crate::proof::Generated;
use crate::proof::in_force::{InForce, Origin};

use before::With;
pub(crate) use before::{Before, Comparison};
pub(crate) use witness::holder;
pub use witness::{Located, Witness};

/// Whether the policies match the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proof {
    /// The dialect of the policies.
    pub target: Target,
    /// The overall verdict.
    pub state: State,
    /// Each flow's own verdict.
    pub verdicts: BTreeMap<FlowId, Verdict>,
    /// Everything that differs, each with one witness; the worst first.
    pub findings: Vec<Finding>,
    /// Which directions of each workload are isolated.
    pub isolation: BTreeMap<WorkloadId, Isolation>,
    /// Workloads of managed namespaces with a direction that nothing isolates.
    pub open_workloads: usize,
    /// What the API server would refuse of the written texts, and what could not be read back.
    pub diagnostics: Vec<Diagnostic>,
}

/// The verdict on a whole document, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// No flows are drawn, and nothing is allowed that the project isolates.
    #[default]
    NothingToProve,
    /// The policies allow what is drawn, and nothing else.
    Exact,
    /// As exact, but some flows are allowed in the wider form that the user accepts.
    Approximated,
    /// As exact or approximated, but parts of some flows cannot be expressed.
    CannotExpress,
    /// As exact, but flows are invalid, such as those with an end that does not exist.
    Invalid,
    /// More is allowed than drawn.
    TooWide,
    /// Something drawn is not allowed.
    Blocked,
}

/// The verdict on one flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Allowed as drawn, and no wider.
    Exact,
    /// Allowed in the wider form that the user accepts, and no wider.
    Approximated,
    /// Its policies allow more than it.
    TooWide,
    /// Some of it is not allowed.
    Blocked,
    /// Some of it is wrong, such as an end that does not exist, and left out.
    Invalid,
    /// Some of it is left out.
    CannotExpress,
    /// Drawn, but not in force.
    Muted,
}

/// One difference between the policies and the document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What kind.
    pub kind: Kind,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The connection that shows it: its source, in words.
    pub from: String,
    /// Its destination, in words.
    pub to: String,
    /// Its ports, in words.
    pub ports: String,
    /// The same connection, by ids: where it is drawn, and one concrete port.
    pub witness: Witness,
    /// The flow that it is about, if it is about one; of several the first.
    pub flow: Option<FlowId>,
    /// All flows that it is about.
    pub flows: Vec<FlowId>,
    /// The workload at whose gate its example shows.
    pub workload: Option<WorkloadId>,
    /// All workloads of the document at whose gates it shows.
    pub workloads: Vec<WorkloadId>,
    /// The policies that cause it, as `NAMESPACE/NAME`.
    pub policies: Vec<String>,
    /// The rules that allow too much; else the policies in force among `policies`.
    pub culprits: Vec<Culprit>,
    /// Namespace and direction of the gate at which it shows; none for what is left out.
    pub gate: Option<(String, Direction)>,
    /// Whether it shows because nothing isolates that gate.
    pub open: bool,
    /// What to do; [`crate::proof::fixes`] does some of it.
    pub help: Option<String>,
}

/// A policy, or a rule of it, that causes a finding. Lines count from 1 in the policy's own text, or in the
/// given file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Culprit {
    /// Where the policy came from.
    pub origin: Origin,
    /// Where it is.
    pub span: Span,
}

/// What makes two findings one and the same, also from one edit to the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct About {
    /// What kind.
    pub kind: Kind,
    /// The flows that it is about.
    pub flows: Vec<FlowId>,
    /// The policies that cause it.
    pub policies: Vec<String>,
    /// Without flows and policies: namespace and direction of the gate.
    pub gate: Option<(String, Direction)>,
    /// What is left out, and why; or what is allowed in its place.
    pub inexpressible: Option<String>,
}

impl Finding {
    /// A finding about a whole flow.
    fn of_flow(
        words: &Words,
        (id, flow): (FlowId, &Flow),
        (kind, message): (Kind, String),
        help: Option<String>,
    ) -> Self {
        Self {
            kind,
            message,
            from: words.of(&flow.from),
            to: words.of(&flow.to),
            ports: flow_ports_text(&flow.ports),
            witness: Witness::of_flow(flow),
            flow: Some(id),
            flows: vec![id],
            workload: None,
            workloads: Vec::new(),
            policies: Vec::new(),
            culprits: Vec::new(),
            gate: None,
            open: false,
            help,
        }
    }

    /// What it is about.
    pub fn about(&self) -> About {
        let identified = !self.flows.is_empty() || !self.policies.is_empty();
        About {
            kind: self.kind,
            flows: self.flows.clone(),
            policies: self.policies.clone(),
            gate: self.gate.clone().filter(|_| !identified),
            inexpressible: (!self.kind.is_difference()).then(|| self.message.clone()),
        }
    }
}

/// What kind of difference, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Drawn, but not allowed.
    Blocked,
    /// Allowed, but not drawn.
    TooWide,
    /// Drawn, but wrong, such as an end that does not exist.
    Invalid,
    /// Drawn, but left out.
    CannotExpress,
    /// Allowed in a wider form that the user accepts.
    Approximated,
}

impl Kind {
    /// Whether it is a flow, or a part of one, that is left out of the policies.
    pub fn is_loss(self) -> bool {
        matches!(self, Self::Invalid | Self::CannotExpress)
    }

    /// Whether the policies allow less or more than they should.
    pub fn is_difference(self) -> bool {
        matches!(self, Self::Blocked | Self::TooWide)
    }
}

impl Proof {
    /// One line for the status bar.
    pub fn summary(&self) -> String {
        let count = |verdict| self.verdicts.values().filter(|v| **v == verdict).count();
        // Differences without a flow are counted one by one.
        let alone = |kind| {
            let findings = self.findings.iter();
            findings
                .filter(|f| f.kind == kind && f.flows.is_empty())
                .count()
        };
        let inexpressible = count(Verdict::CannotExpress);
        let approximated = count(Verdict::Approximated);
        let wider = match approximated {
            0 => String::new(),
            n => format!("; {} approximated: more is allowed", plural(n, "flow")),
        };
        match self.state {
            State::NothingToProve => "Nothing to prove".to_owned(),
            State::Exact if self.open_workloads > 0 => {
                let open = plural(self.open_workloads, "workload");
                format!("Exact; {open} left open by choice")
            }
            State::Exact => "Exact".to_owned(),
            State::Approximated => {
                let flows = plural(approximated, "flow");
                format!("Exact, except {flows} approximated: more is allowed")
            }
            State::CannotExpress => {
                format!(
                    "Exact, except {} that {} cannot express{wider}",
                    plural(inexpressible, "flow"),
                    self.target.kind()
                )
            }
            State::Invalid => {
                let mut parts = vec![self.invalid(count(Verdict::Invalid))];
                if inexpressible > 0 {
                    let flows = plural(inexpressible, "flow");
                    parts.push(format!("{} cannot express {flows}", self.target.kind()));
                }
                parts.join("; ") + &wider
            }
            State::TooWide | State::Blocked => {
                let counts = [
                    (count(Verdict::Blocked) + alone(Kind::Blocked), "blocked"),
                    (count(Verdict::TooWide) + alone(Kind::TooWide), "too wide"),
                    (count(Verdict::Invalid), "invalid"),
                    (inexpressible, "cannot be expressed"),
                    (approximated, "approximated"),
                ];
                let parts: Vec<String> = counts
                    .iter()
                    .filter(|(count, _)| *count > 0)
                    .map(|(count, what)| format!("{count} {what}"))
                    .collect();
                parts.join(", ")
            }
        }
    }
}

impl Proof {
    /// `1 flow has an end that does not exist`, or the number of invalid flows.
    fn invalid(&self, count: usize) -> String {
        let missing = |located: &Located| matches!(located, Located::At(End::Missing(_)));
        let mut invalid = self.findings.iter().filter(|f| f.kind == Kind::Invalid);
        let ends = invalid.all(|f| missing(&f.witness.from) != missing(&f.witness.to));
        let flows = plural(count, "flow");
        match (ends, count) {
            (true, 1) => format!("{flows} has an end that does not exist"),
            (true, _) => format!("{flows} have an end that does not exist"),
            (false, 1) => format!("{flows} is invalid"),
            (false, _) => format!("{flows} are invalid"),
        }
    }
}

fn plural(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}

/// Reads the written texts and the imported policies, and compares them with the document.
pub fn prove(document: &Document, generated: &Generated) -> Proof {
    let in_force = InForce::read(document, generated);
    prove_in_force(document, generated, &in_force)
}

pub(crate) fn prove_in_force(
    document: &Document,
    generated: &Generated,
    in_force: &InForce,
) -> Proof {
    let before = &mut Before::default();
    prove_with(before, document, generated, in_force, &|| false).unwrap_or_default()
}

/// The same, without comparing again what was compared before; none once `stop` returns true.
pub(crate) fn prove_with(
    before: &mut Before,
    document: &Document,
    generated: &Generated,
    in_force: &InForce,
    stop: &dyn Fn() -> bool,
) -> Option<Proof> {
    let mut proof = judge(before, document, generated, in_force, stop)?;
    proof
        .diagnostics
        .extend(in_force.diagnostics.iter().cloned());
    Some(proof)
}

/// Compares the policies of another cluster with the document, in place of the generated and the imported ones. What they
/// isolate does not count as intended: only the default denies of the document do.
pub fn prove_against(document: &Document, given: &Snapshot) -> Proof {
    let mut without = document.clone();
    without.policies = crate::model::Table::default();
    let in_force = InForce::given(&without, given);
    // Of the generated policies only the losses count.
    let generated = Generated {
        losses: crate::proof::generate(&without).losses,
        ..Generated::default()
    };
    let before = &mut Before::default();
    judge(before, &without, &generated, &in_force, &|| false).unwrap_or_default()
}

fn judge(
    before: &mut Before,
    document: &Document,
    generated: &Generated,
    in_force: &InForce,
    stop: &dyn Fn() -> bool,
) -> Option<Proof> {
    // A project that neither draws nor isolates anything says nothing to compare with.
    let says_nothing = document.flows.is_empty() && !document.isolates();
    let pods = match says_nothing {
        true => FuturePods::default(),
        false => before
            .future_pods
            .future_pods(document, in_force.policies()),
    };
    let more = pods.more;
    let drawn = &in_force.cluster;
    let cluster = before.snapshots.with_future_pods(document, drawn, pods);
    let mut proof = Proof {
        target: document.settings.target(),
        ..Proof::default()
    };
    if more {
        let message = "policies tell more kinds of future pods apart than are compared";
        let help = "select pods by fewer labels; the pods of the project are all compared";
        proof
            .diagnostics
            .push(Diagnostic::warning("future-pods", message).help(help));
    }
    let real = in_force.on(&cluster);
    let isolation = before.isolation(&real);
    isolate(&mut proof, document, &cluster, &isolation);
    if says_nothing {
        return Some(proof);
    }
    let imported = in_force.imported();
    let losses = &generated.losses;
    let intended =
        |before: &mut Before, bound| before.intents.of(document, &imported, losses, bound);
    let mut intents = intended(before, Bound::Upper);
    before.compared = 0;
    let upper = With::Intent(Bound::Upper);
    let mut differences = before.compare(upper, cluster.intended(&intents), &real, stop)?;
    // The bounds differ only at pods that are not in the document, and where a denial is not written whole: the lower
    // one is needed only there.
    let of_denial = |loss: &Loss| {
        let mut denials = document.flows.iter().filter(|(_, flow)| flow.denies);
        denials.any(|(id, _)| loss.flow == id.into())
    };
    let is_partly_denied = losses.iter().any(of_denial);
    let needs_lower = |d: &GateDifference| is_partly_denied || concerns_unknown_pods(&cluster, d);
    if differences.iter().any(|d| !d.wider && needs_lower(d)) {
        differences.retain(|d| d.wider);
        intents = intended(before, Bound::Lower);
        let lower = With::Intent(Bound::Lower);
        let lower = before.compare(lower, cluster.intended(&intents), &real, stop)?;
        differences.extend(lower.into_iter().filter(|d| !d.wider));
    }
    // What is drawn and lost is not too wide where an imported policy allows it.
    let is_inexpressible = |loss| gates::is_inexpressible(document, loss);
    if differences.iter().any(|d| d.wider) && losses.iter().any(is_inexpressible) {
        differences.retain(|d| !d.wider);
        let drawn = cluster.intended(&intended(before, Bound::Drawn));
        let wider = before.compare(With::Intent(Bound::Drawn), drawn, &real, stop)?;
        differences.extend(wider.into_iter().filter(|d| d.wider));
    }
    let denials = gates::denials_left_out(document, losses);
    let mut not_denied = Vec::new();
    if !denials.is_empty() {
        let denied = denials::in_force(&real, &denials);
        let allowed = before.compare(With::Denials, denied, &real, stop)?;
        not_denied.extend(denials::connections(&real, allowed));
    }

    let policies = intents.iter().chain(&denials).map(|i| &i.policy);
    let bounds = match differences.is_empty() && not_denied.is_empty() {
        true => Vec::new(),
        false => gate::bounds(policies.chain(&real.policies)),
    };
    let describer = |intents| describer::Describer {
        document,
        cluster: &cluster,
        intents,
        bounds: &bounds,
        real: &real,
        origins: &in_force.origins,
        generated,
    };
    proof.findings = describer(&intents).findings(&differences);
    let known: BTreeSet<About> = proof.findings.iter().map(Finding::about).collect();
    let mut open = describer(&denials).findings(&not_denied);
    open.retain(|finding| !known.contains(&finding.about()));
    proof.findings.append(&mut open);
    proof.findings.extend(findings::losses(document, generated));
    let approximated = approximated::findings(document, losses, &cluster, &intents);
    let any_request = approximated.iter().filter_map(|f| f.flow).collect();
    let requests = requests::findings(document, losses, (&cluster, &real), &any_request);
    proof.findings.extend(requests);
    proof.findings.extend(approximated);
    proof.findings.sort();
    proof.verdicts = verdicts(document, &proof.findings);
    proof.state = match proof.findings.first().map(|f| f.kind) {
        None if document.flows.is_empty() => State::NothingToProve,
        None => State::Exact,
        Some(Kind::Blocked) => State::Blocked,
        Some(Kind::TooWide) => State::TooWide,
        Some(Kind::Invalid) => State::Invalid,
        Some(Kind::CannotExpress) => State::CannotExpress,
        Some(Kind::Approximated) => State::Approximated,
    };
    Some(proof)
}

/// Whether one end of a difference is a pod that is not in the document.
fn concerns_unknown_pods(cluster: &DocumentSnapshot, difference: &GateDifference) -> bool {
    let unknown = |workload: usize| cluster.drawn.get(workload).copied().flatten().is_none();
    unknown(difference.workload)
        || match difference.peer {
            PeerClass::NewPod(_) => true,
            PeerClass::Pod(at) => {
                let pod = cluster.snapshot.pods.get(at);
                pod.is_some_and(|pod| unknown(pod.workload))
            }
            _ => false,
        }
}

fn isolate(
    proof: &mut Proof,
    document: &Document,
    cluster: &DocumentSnapshot,
    isolation: &[Isolation],
) {
    for (drawn, isolation) in cluster.drawn.iter().zip(isolation) {
        if let Some(id) = drawn {
            proof.isolation.insert(*id, *isolation);
        }
    }
    let open = |id: &WorkloadId, isolation: &Isolation| {
        let workload = document.workloads.get(*id);
        let workload = workload.filter(|w| !document.counts_as_node(w));
        let namespace = workload.and_then(|w| document.namespaces.get(w.namespace));
        namespace.is_some_and(|n| n.managed) && !(isolation.ingress && isolation.egress)
    };
    proof.open_workloads = proof.isolation.iter().filter(|(id, i)| open(id, i)).count();
}

/// The worst finding about a flow is its verdict.
fn verdicts(document: &Document, findings: &[Finding]) -> BTreeMap<FlowId, Verdict> {
    let of = |id: FlowId| {
        let worst = findings
            .iter()
            .filter(|f| f.flows.contains(&id))
            .map(|f| f.kind)
            .min();
        match worst {
            None => Verdict::Exact,
            Some(Kind::Blocked) => Verdict::Blocked,
            Some(Kind::TooWide) => Verdict::TooWide,
            Some(Kind::Invalid) => Verdict::Invalid,
            Some(Kind::CannotExpress) => Verdict::CannotExpress,
            Some(Kind::Approximated) => Verdict::Approximated,
        }
    };
    document
        .flows
        .iter()
        .map(|(id, flow)| (id, if flow.muted { Verdict::Muted } else { of(id) }))
        .collect()
}
