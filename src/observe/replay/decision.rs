//! The policies that decide a connection, and how, in words.

use super::{Replay, Verdict};
use crate::analysis::{Decision, Direction, GateTrace, Trace};
use crate::cluster::Snapshot;

/// The verdict of one connection, and the policies that decide it.
pub(super) fn explained(snapshot: &Snapshot, trace: &Trace) -> Replay {
    let mut by = Vec::new();
    let mut why = Vec::new();
    for gate in [&trace.egress, &trace.ingress] {
        if gate.allowed == trace.allowed {
            let (policies, words) = decision(snapshot, gate);
            why.extend(words.map(|words| format!("{}: {words}", direction(gate.direction))));
            by.extend(policies);
        }
    }
    if why.is_empty() {
        why.push("no policy applies".to_owned());
    }
    Replay {
        verdict: if trace.allowed {
            Verdict::Allow
        } else {
            Verdict::Deny
        },
        egress: Some(trace.egress.allowed),
        ingress: Some(trace.ingress.allowed),
        by,
        why: why.join("; "),
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Egress => "egress",
        Direction::Ingress => "ingress",
    }
}

/// The policies that decide at a gate, with their places, and how.
fn decision(snapshot: &Snapshot, gate: &GateTrace) -> (Vec<String>, Option<String>) {
    let title = |at: &usize| {
        snapshot
            .policies
            .get(*at)
            .map(|p| format!("{} ({})", p.title(), p.span))
    };
    match &gate.decision {
        Decision::Rule { policy, rule } => {
            let found = snapshot.policies.get(*policy);
            let side = found.and_then(|p| match gate.direction {
                Direction::Egress => p.egress.as_ref(),
                Direction::Ingress => p.ingress.as_ref(),
            });
            let decides = side.and_then(|s| s.rules.get(*rule));
            let has_conditions = decides.is_some_and(|r| !gate.conditions(snapshot, r).is_empty());
            let verb = if gate.allowed { "allows" } else { "denies" };
            let more = if has_conditions {
                "; its other conditions are not judged"
            } else {
                ""
            };
            let why = format!(
                "rule {} of {} {verb} it{more}",
                decides.map_or(*rule, |rule| rule.index) + 1,
                found.map(|p| p.title()).unwrap_or_default()
            );
            (title(policy).into_iter().collect(), Some(why))
        }
        Decision::Isolated { policies, .. } => {
            let why = "no rule of the policies that select the pod allows it";
            (
                policies.iter().filter_map(title).collect(),
                Some(why.to_owned()),
            )
        }
        Decision::SamePod => (Vec::new(), Some("a pod always reaches itself".to_owned())),
        Decision::OwnNode => (
            Vec::new(),
            Some("a node always reaches its own pods".to_owned()),
        ),
        Decision::NoPod | Decision::Open => (Vec::new(), None),
    }
}
