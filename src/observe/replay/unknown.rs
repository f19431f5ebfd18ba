//! What a gate depends on and no record says: the numbers of named ports of pods that the manifests do not have, and labels
//! of nodes.

use super::nodes;
use crate::analysis::Endpoint;
use crate::analysis::oracle::{Decision, GateTrace, Probe, RuleTrace};
use crate::cluster::Snapshot;
use crate::policy::{Action, Combine, PortMatch, Rule};
use crate::sets::Protocol;

/// What is unknown and could change the answer of a gate, in words. `peer` is its other end.
pub(super) fn of_gate(
    snapshot: &Snapshot,
    gate: &GateTrace,
    peer: &[Endpoint],
    (to, port): (&[Endpoint], Probe),
) -> Option<String> {
    let is_new = matches!(to, [Endpoint::NewPod(_)]);
    let port = port.filter(|_| is_new);
    port.and_then(|(protocol, _)| named_port(snapshot, gate, protocol))
        .or_else(|| nodes::unknown_label(snapshot, gate, peer))
}

/// A named port of a rule that would decide otherwise if the pod gave its port that name.
fn named_port(snapshot: &Snapshot, gate: &GateTrace, protocol: Protocol) -> Option<String> {
    for tier in &gate.tiers {
        let is_in_order = snapshot
            .tiers
            .get(tier.tier)
            .is_some_and(|tier| tier.combine == Combine::FirstMatch);
        for of in &tier.policies {
            let Some(policy) = snapshot.policies.get(of.policy) else {
                continue;
            };
            let rules = policy.rules(gate.direction).iter().zip(&of.rules);
            for (at, (rule, trace)) in rules.enumerate() {
                let is_other = match rule.action {
                    Action::Accept => !gate.allowed,
                    Action::Deny => gate.allowed,
                    Action::Pass => true,
                };
                let decides = gate.decision
                    == Decision::Rule {
                        policy: of.policy,
                        rule: at,
                    };
                if let Some(name) = open_name(rule, *trace, protocol)
                    && (is_other || decides)
                {
                    let title = policy.title();
                    return Some(format!(
                        "{title} names port `{name}`, and the record does not name the ports of the pod"
                    ));
                }
                if is_in_order && decides {
                    return None;
                }
            }
        }
    }
    None
}

/// The name of a port on which it depends whether a rule matches.
fn open_name(rule: &Rule, trace: RuleTrace, protocol: Protocol) -> Option<&str> {
    let items = match trace.port {
        true => &rule.except[..],
        false => rule.ports.listed(),
    };
    let mut named = items.iter().filter_map(|item| match &item.port {
        PortMatch::Named { name, .. } | PortMatch::FromNamed { name, .. } => {
            let own = item.port.protocol();
            own.is_none_or(|own| own == protocol).then_some(name)
        }
        PortMatch::Range { .. } | PortMatch::AllPorts(_) => None,
    });
    let name = named.next()?;
    (trace.subject && trace.peer).then_some(name)
}
