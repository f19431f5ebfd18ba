//! One concrete connection at one gate, asked of one policy after the other.

use crate::analysis::End;
use crate::analysis::compare::GateDifference;
use crate::analysis::oracle::{Probe, any_peer_matches, any_port_matches, peer_matches};
use crate::cluster::Snapshot;
use crate::load::imported::side;
use crate::policy::{Direction, Match, Policy, PortItem, PortMatch, Rule};

/// A difference as one concrete connection at one gate.
pub(super) struct Gate<'a> {
    snapshot: &'a Snapshot,
    direction: Direction,
    subject: End,
    other: End,
    probe: Probe,
}

impl<'a> Gate<'a> {
    pub(super) fn new(difference: &GateDifference, snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            direction: difference.direction,
            subject: End::Pod(difference.pod),
            other: difference.peer.end(),
            probe: difference.ports.example(),
        }
    }

    pub(super) fn selected_by(&self, policy: &Policy) -> bool {
        peer_matches(self.snapshot, &policy.subject, &self.subject)
    }

    /// The rules of a policy that let the connection through, or may do so by a port name.
    pub(super) fn allowed_by<'p>(&self, policy: &'p Policy) -> impl Iterator<Item = &'p Rule> {
        self.rules(policy, true)
    }

    /// The rules of a policy that let the connection through whatever port names stand for.
    pub(super) fn surely_allowed_by<'p>(
        &self,
        policy: &'p Policy,
    ) -> impl Iterator<Item = &'p Rule> {
        self.rules(policy, false)
    }

    fn rules<'p>(&self, policy: &'p Policy, by_name: bool) -> impl Iterator<Item = &'p Rule> {
        let rules = match side(policy, self.direction) {
            Some(side) if self.selected_by(policy) => &side.rules[..],
            _ => &[],
        };
        let destination = match self.direction {
            Direction::Ingress => &self.subject,
            Direction::Egress => &self.other,
        };
        rules.iter().filter(move |rule| {
            any_peer_matches(self.snapshot, &rule.peers, &self.other)
                && (any_port_matches(self.snapshot, &rule.ports, destination, self.probe)
                    || by_name && self.may_be_named(destination, &rule.ports))
        })
    }

    /// A pod that does not exist yet may declare any port name.
    fn may_be_named(&self, destination: &End, ports: &Match<PortItem>) -> bool {
        let (End::NewPod(_), Some((protocol, _)), Match::Only(items)) =
            (destination, self.probe, ports)
        else {
            return false;
        };
        let named = |item: &PortItem| match &item.port {
            PortMatch::Named { protocol: of, .. } => of.is_none_or(|of| of == protocol),
            _ => false,
        };
        items.iter().any(named)
    }
}
