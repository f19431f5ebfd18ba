//! Flows that the dialect cannot express, and that the user accepts in a wider form.

use super::{Finding, Kind};
use crate::analysis::oracle::peer_matches;
use crate::analysis::{self, Endpoint, Isolation};
use crate::intent::gates::{Intent, Reason, approximations};
use crate::intent::snapshot::DocumentSnapshot;
use crate::model::{Document, FlowId, Words};
use crate::policy::{Direction, Loss, Wider};

/// What to do where more than the drawn requests or names must not be allowed.
const HELP: &str = "to allow exactly what is drawn, write for Cilium";

/// The wider forms that are allowed, one finding each, computed from the document alone. Where the document isolates neither
/// gate of a flow, everything is open by choice, and no form is needed.
pub(super) fn findings(
    document: &Document,
    losses: &[Loss],
    cluster: &DocumentSnapshot,
    intents: &[Intent],
) -> Vec<Finding> {
    let approximations = approximations(document, losses);
    if approximations.is_empty() {
        return Vec::new();
    }
    let isolation = analysis::isolation(&cluster.intended(intents));
    let words = Words::new(document);
    let mut found = Vec::new();
    for approximation in approximations {
        let id = FlowId::from(approximation.flow);
        let gates: &[Direction] = match approximation.form.wider {
            Wider::AnyRequest => &Direction::BOTH,
            Wider::AnyAddress => &[Direction::Egress],
        };
        let is_needed = |gate: &Direction| is_isolated(id, *gate, cluster, &isolation, intents);
        let needed = gates.iter().any(is_needed);
        let Some(flow) = document.flows.get(id).filter(|_| needed) else {
            continue;
        };
        let described = (Kind::Approximated, approximation.form.allows_more());
        let help = Some(HELP.to_owned());
        found.push(Finding::of_flow(&words, (id, flow), described, help));
    }
    found
}

/// Whether the document isolates pods whose gate in this direction the flow opens.
fn is_isolated(
    flow: FlowId,
    gate: Direction,
    cluster: &DocumentSnapshot,
    isolation: &[Isolation],
    intents: &[Intent],
) -> bool {
    let snapshot = &cluster.snapshot;
    let of_flow = intents.iter().filter(|i| i.reason == Reason::Flow(flow));
    let subjects = of_flow.filter(|i| i.policy.side(gate).is_some());
    let subjects: Vec<_> = subjects.map(|i| &i.policy.subject).collect();
    snapshot.pods.iter().enumerate().any(|(at, pod)| {
        let end = Endpoint::Pod(at);
        let isolated = isolation.get(pod.workload).is_some_and(|i| match gate {
            Direction::Egress => i.egress,
            Direction::Ingress => i.ingress,
        });
        isolated
            && subjects
                .iter()
                .any(|subject| peer_matches(snapshot, subject, &end))
    })
}
