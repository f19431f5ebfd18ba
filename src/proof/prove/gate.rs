//! One concrete connection at one gate, asked of one policy after the other.

use crate::analysis::Endpoint as End;
use crate::analysis::compare::GateDifference;
use crate::analysis::oracle::{Probe, any_peer_matches, any_port_matches, peer_matches};
use crate::cluster::Snapshot;
use crate::policy::{Direction, Match, Peer, PeerItem, Policy, PortItem, PortMatch, Rule};

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

    /// The rules of a policy that let the connection through, or may do so by a port name or by the
    /// address of a pod that does not exist yet.
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
        let rules = match policy.side(self.direction) {
            Some(side) if self.selected_by(policy) => &side.rules[..],
            _ => &[],
        };
        let destination = match self.direction {
            Direction::Ingress => &self.subject,
            Direction::Egress => &self.other,
        };
        rules.iter().filter(move |rule| {
            (any_peer_matches(self.snapshot, &rule.peers, &self.other)
                || by_name && self.may_be_addressed(&rule.peers))
                && (any_port_matches(self.snapshot, &rule.ports, destination, self.probe)
                    || by_name && self.may_be_named(destination, &rule.ports))
        })
    }

    /// A pod that does not exist yet may have any address.
    fn may_be_addressed(&self, peers: &Match<PeerItem>) -> bool {
        let (End::NewPod(_), Match::Only(items)) = (&self.other, peers) else {
            return false;
        };
        let anywhere = |item: &PeerItem| wherever(&item.peer);
        (items.iter()).any(|item| peer_matches(self.snapshot, &anywhere(item), &self.other))
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

/// The same peer, with pods of every address in place of those of some.
fn wherever(peer: &Peer) -> Peer {
    match peer {
        Peer::PodAddresses(_) => Peer::Pods,
        Peer::All(parts) => Peer::All(parts.iter().map(wherever).collect()),
        Peer::AnyOf(parts) => Peer::AnyOf(parts.iter().map(wherever).collect()),
        other => other.clone(),
    }
}
