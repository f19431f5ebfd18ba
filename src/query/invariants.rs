//! Checks the invariants of a document under the policies in force; a broken one is shown by a
//! connection or a path of several hops.
//!
//! Covers the pods of the document and the addresses outside the cluster. A workload's connections among its
//! own pods count only where an invariant is about that workload alone.

mod judge;
#[cfg(test)]
mod tests;

use crate::analysis::oracle::probe;
use crate::analysis::{Connection, Endpoint, Party};
use crate::diag::Diagnostic;
use crate::model::{Claim, Document, End, Invariant, InvariantId, Refusal, Words};
use crate::proof::InForce;
use crate::proof::prove::{Located, holder};
use crate::sets::PortSet;

/// An invariant and its outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The invariant.
    pub id: InvariantId,
    /// Whether it holds.
    pub outcome: Outcome,
}

/// Whether an invariant holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It holds.
    Kept,
    /// It does not hold.
    Broken(Breach),
    /// It cannot be evaluated: why, and what to do.
    CannotBeJudged(Refusal),
}

/// A note for each invariant about several hops from outside: routes are not followed as hops.
pub fn without_routes(document: &Document) -> Vec<Diagnostic> {
    let concerned = document.invariants.iter().filter(|(_, invariant)| {
        let outside = invariant.from.as_ref().is_none_or(|end| !end.has_gate());
        invariant.claim == Claim::DenyAnyHops && outside
    });
    let note = |(_, invariant): (InvariantId, &Invariant)| {
        let message = format!(
            "invariant `{}` is judged without Ingress objects, routes and load balancers",
            invariant.name
        );
        let help = "draw the flows of the ingress controller, or ask the manifests with `drawbridge paths`";
        Diagnostic::info("not-imported", message).help(help)
    };
    concerned.map(note).collect()
}

/// What breaks an invariant.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    /// In one sentence.
    pub message: String,
    /// Of a `deny` the connection that should be denied, or the path of several hops. Of an `allow` the
    /// one connection that is not allowed.
    pub hops: Vec<Hop>,
}

/// One connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// The source.
    pub from: Located,
    /// The destination.
    pub to: Located,
    /// The source, in words.
    pub from_words: String,
    /// The destination, in words.
    pub to_words: String,
    /// The ports.
    pub ports: PortSet,
}

impl Hop {
    /// `shop/web to shop/db on TCP 5432`.
    pub fn words(&self) -> String {
        let ports = port_words(&self.ports);
        format!("{} to {} on {ports}", self.from_words, self.to_words)
    }
}

/// Checks every invariant of a document, in order.
pub fn judge(document: &Document, in_force: &InForce) -> Vec<Judged> {
    if document.invariants.is_empty() {
        return Vec::new();
    }
    let mut judge = judge::Judge::new(document, in_force);
    let words = Words::new(document);
    let each = document.invariants.iter();
    each.map(|(id, invariant)| {
        let outcome = match judge.judge(invariant) {
            Ok(None) => Outcome::Kept,
            Ok(Some(shown)) => {
                Outcome::Broken(breach(document, in_force, &words, invariant, &shown))
            }
            Err(why) => Outcome::CannotBeJudged(why),
        };
        Judged { id, outcome }
    })
    .collect()
}

fn breach(
    document: &Document,
    in_force: &InForce,
    words: &Words,
    invariant: &Invariant,
    shown: &[Connection],
) -> Breach {
    let place = |end: Party| match end {
        Party::Workload(at) => match drawn(in_force, at) {
            Some(end) => (Located::At(end.clone()), words.of(&end)),
            None => (Located::NOWHERE, String::new()),
        },
        Party::Addresses { first, last } => {
            let holder = holder(document, first);
            let range = match (holder, first == last) {
                (Some(end), _) => words.of(&end),
                (None, true) => first.to_string(),
                (None, false) => format!("{first} to {last}"),
            };
            (Located::address(document, first), range)
        }
        Party::IngressController => (Located::NOWHERE, "the ingress controller".to_owned()),
    };
    let hop = |one: &Connection| {
        let ((from, from_words), (to, to_words)) = (place(one.src), place(one.dst));
        Hop {
            from,
            to,
            from_words,
            to_words,
            ports: one.ports.clone(),
        }
    };
    let hops: Vec<Hop> = shown.iter().map(hop).collect();
    let message = match invariant.claim {
        crate::model::Claim::Allow => blocked(in_force, shown, &hops),
        _ => open(&hops),
    };
    Breach { message, hops }
}

fn drawn(in_force: &InForce, workload: usize) -> Option<End> {
    let id = in_force.cluster.drawn.get(workload).copied().flatten();
    id.map(End::Workload)
}

fn open(hops: &[Hop]) -> String {
    let (Some(first), Some(last)) = (hops.first(), hops.last()) else {
        return String::new();
    };
    let (from, to) = (&first.from_words, &last.to_words);
    if hops.len() == 1 {
        let ports = port_words(&last.ports);
        return format!("{from} can reach {to} on {ports}");
    }
    let way: Vec<String> = hops.iter().map(Hop::words).collect();
    format!(
        "{from} reaches {to} in {} hops: {}",
        hops.len(),
        way.join(", ")
    )
}

fn blocked(in_force: &InForce, shown: &[Connection], hops: &[Hop]) -> String {
    let (Some(one), Some(hop)) = (shown.first(), hops.first()) else {
        return String::new();
    };
    let snapshot = &in_force.cluster.snapshot;
    let pod = |end: Party, which: usize| match end {
        Party::Workload(at) => {
            let pods = snapshot.workloads.get(at).map_or(0..0, |w| w.pods.clone());
            Endpoint::Pod(pods.start + which.min(pods.len().saturating_sub(1)))
        }
        Party::Addresses { first, .. } => Endpoint::Address(first),
        Party::IngressController => Endpoint::Domain(String::new()),
    };
    let (from, to) = (
        pod(one.src, 0),
        pod(one.dst, usize::from(one.src == one.dst)),
    );
    let trace = probe(snapshot, &from, &to, one.ports.example());
    let (from, to) = (&hop.from_words, &hop.to_words);
    let gate = match (trace.egress.allowed, trace.ingress.allowed) {
        (false, false) => format!("egress from {from} and ingress to {to} are denied"),
        (false, true) => format!("egress from {from} is denied"),
        _ => format!("ingress to {to} is denied"),
    };
    let ports = port_words(&hop.ports);
    format!("{from} cannot reach {to} on {ports}: {gate}")
}

fn port_words(ports: &PortSet) -> String {
    match ports.is_all() {
        true => "any port".to_owned(),
        false => ports.to_string(),
    }
}
