//! Flows that deny: what the policies allow of them, also where a dialect cannot write the denial.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::describer::Describer;
use super::{About, Finding, Kind, witness};
use crate::analysis::Endpoint;
use crate::analysis::compare::{GateDifference, PeerClass};
use crate::analysis::query::open_ports;
use crate::cluster::Snapshot;
use crate::intent::gates::Intent;
use crate::model::FlowId;
use crate::policy::{Direction, Policy};

/// What allows a connection that a flow denies.
pub(super) struct Allowing {
    pub(super) flows: BTreeSet<FlowId>,
    /// As `NAMESPACE/NAME`; none: nothing isolates the gate.
    pub(super) policies: Vec<String>,
    /// Whether one of the policies is not generated.
    pub(super) imported: bool,
}

/// The policies in force with these denials before all of them.
pub(super) fn in_force(real: &Snapshot, denials: &[Intent]) -> Snapshot {
    let mut denied = real.clone();
    let first = |intent: &Intent| {
        Arc::new(Policy {
            tier: 0,
            order: i64::MIN,
            ..Policy::clone(&intent.policy)
        })
    };
    denied.policies.extend(denials.iter().map(first));
    denied
}

/// Of the differences at single gates what passes both: what is left out at one gate may be denied at the other.
pub(super) fn connections(
    real: &Snapshot,
    differences: Vec<GateDifference>,
) -> impl Iterator<Item = GateDifference> {
    differences.into_iter().filter_map(|mut difference| {
        if let PeerClass::Pod(_) | PeerClass::NewPod(_) = difference.peer {
            let own = Endpoint::Pod(difference.pod);
            let other = difference.peer.example();
            let (from, to) = match difference.direction {
                Direction::Egress => (&own, &other),
                Direction::Ingress => (&other, &own),
            };
            difference.ports = open_ports(real, from, to, &difference.ports);
        }
        (!difference.ports.is_empty()).then_some(difference)
    })
}

impl Describer<'_> {
    /// What a flow denies is allowed. `all`: every flow that denies or allows it.
    pub(super) fn not_denied(
        &self,
        difference: &GateDifference,
        (flow, all): (FlowId, Vec<FlowId>),
        allowing: Allowing,
    ) -> (About, Finding) {
        let (from, to) = witness::ends(self, difference);
        let ports = witness::port_words(self, difference);
        let gate = match difference.direction {
            Direction::Egress => format!("the egress of {from} allows {to}"),
            Direction::Ingress => format!("{to} accepts {from}"),
        };
        let name = self.document.flow_name(flow);
        let by = self.allowed_by(&allowing);
        let message = format!("{gate} on {ports}, which the flow {name} denies{by}");
        let mut losses = self.generated.losses.iter();
        let help = match losses.any(|loss| loss.flow == flow.into()) {
            true => Some(allowing.help().to_owned()),
            false => self.owner_help(difference, "deny"),
        };
        let policies = allowing.policies;
        self.finding(difference, Kind::TooWide, message, help, all, policies)
    }

    /// `; the flow X allows it`, or the policies, or that none isolates.
    fn allowed_by(&self, allowing: &Allowing) -> String {
        let flows: Vec<String> = (allowing.flows.iter())
            .map(|id| self.document.flow_name(*id))
            .collect();
        match (&flows[..], &allowing.policies[..]) {
            ([], []) => "; no policy isolates there".to_owned(),
            ([], [policy]) => format!("; {policy} allows it"),
            ([], policies) => format!("; {} allow it", policies.join(" and ")),
            ([flow], _) => format!("; the flow {flow} allows it"),
            (flows, _) => format!("; the flows {} allow it", flows.join(" and ")),
        }
    }
}

impl Allowing {
    /// What to do where the denial is left out of the policies.
    fn help(&self) -> &'static str {
        match (self.flows.is_empty(), self.imported) {
            (false, false) => "narrow the flow that allows it, or delete the one that denies it",
            (_, true) => "narrow the policy that allows it, or delete the flow that denies it",
            (true, false) if self.policies.is_empty() => {
                "isolate these pods, or delete the flow that denies it"
            }
            (true, false) => "narrow what allows it, or delete the flow that denies it",
        }
    }
}
