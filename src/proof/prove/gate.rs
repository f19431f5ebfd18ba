//! Matches the connections of one difference at one gate with single policies.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::analysis::Endpoint as End;
use crate::analysis::compare::{GateDifference, PeerClass};
use crate::analysis::oracle::{any_peer_matches, peer_matches};
use crate::cluster::Snapshot;
use crate::policy::{Action, Direction, Match, Peer, PeerItem, Policy, PortItem, PortMatch, Rule};
use crate::sets::PortSet;

/// A difference: one pod, the other ends, and the ports.
pub(super) struct Gate<'a> {
    snapshot: &'a Snapshot,
    direction: Direction,
    subject: End,
    /// Of a range of addresses one for each block that starts in it.
    others: Vec<End>,
    ports: PortSet,
}

impl<'a> Gate<'a> {
    /// `bounds`: where blocks of the policies begin, sorted.
    pub(super) fn new(
        difference: &GateDifference,
        snapshot: &'a Snapshot,
        bounds: &[IpAddr],
    ) -> Self {
        let mut others = vec![difference.peer.example()];
        if let PeerClass::Addresses { first, last } = difference.peer {
            let begin = bounds.partition_point(|bound| *bound <= first);
            let within = bounds[begin..].iter().take_while(|bound| **bound <= last);
            others.extend(within.copied().map(End::Address));
        }
        Self {
            snapshot,
            direction: difference.direction,
            subject: End::Pod(difference.pod),
            others,
            ports: difference.ports.clone(),
        }
    }

    pub(super) fn selected_by(&self, policy: &Policy) -> bool {
        peer_matches(self.snapshot, &policy.subject, &self.subject)
    }

    /// The rules of a policy that allow some of the ports, or may do so by a port name or by the address
    /// of a future pod.
    pub(super) fn allowed_by<'p>(&self, policy: &'p Policy) -> impl Iterator<Item = &'p Rule> {
        self.rules(policy, Action::Accept, true)
    }

    /// The rules of a policy that allow some of the ports, however port names resolve.
    pub(super) fn surely_allowed_by<'p>(
        &self,
        policy: &'p Policy,
    ) -> impl Iterator<Item = &'p Rule> {
        self.rules(policy, Action::Accept, false)
    }

    /// The rules of a policy that deny some of the ports, or may do so.
    pub(super) fn denied_by<'p>(&self, policy: &'p Policy) -> impl Iterator<Item = &'p Rule> {
        self.rules(policy, Action::Deny, true)
    }

    fn rules<'p>(
        &self,
        policy: &'p Policy,
        action: Action,
        by_name: bool,
    ) -> impl Iterator<Item = &'p Rule> {
        let rules = match policy.side(self.direction) {
            Some(side) if self.selected_by(policy) => &side.rules[..],
            _ => &[],
        };
        rules.iter().filter(move |rule| {
            let mut others = self.others.iter();
            rule.action == action && others.any(|other| self.matches(rule, other, by_name))
        })
    }

    /// Whether a rule matches, whatever it does.
    fn matches(&self, rule: &Rule, other: &End, by_name: bool) -> bool {
        let destination = match self.direction {
            Direction::Ingress => &self.subject,
            Direction::Egress => other,
        };
        (any_peer_matches(self.snapshot, &rule.peers, other)
            || by_name && self.may_be_addressed(other, &rule.peers))
            && (self.has_port(destination, &rule.ports)
                || by_name && self.may_be_named(destination, &rule.ports))
    }

    fn has_port(&self, destination: &End, ports: &Match<PortItem>) -> bool {
        let numbers = |item: &PortItem| match (&item.port, destination) {
            (PortMatch::AllPorts(protocol), _) => PortSet::all_of(*protocol),
            (
                PortMatch::Range {
                    protocol,
                    first,
                    last,
                },
                _,
            ) => PortSet::range(*protocol, *first, *last),
            (PortMatch::Named { protocol, name }, End::Pod(at)) => {
                let pod = self.snapshot.pods.get(*at);
                let numbers = pod.map(|pod| self.snapshot.ports_named(pod, *protocol, name));
                numbers.unwrap_or_default()
            }
            (
                PortMatch::FromNamed {
                    protocol,
                    name,
                    last,
                },
                End::Pod(at),
            ) => {
                let pod = self.snapshot.pods.get(*at);
                let first = pod.map(|pod| self.snapshot.ports_named(pod, Some(*protocol), name));
                first.unwrap_or_default().up_to(*protocol, *last)
            }
            (PortMatch::Named { .. } | PortMatch::FromNamed { .. }, _) => PortSet::empty(),
        };
        match ports {
            Match::Any => true,
            Match::Only(items) => items.iter().any(|i| numbers(i).intersects(&self.ports)),
        }
    }

    /// A future pod may have any address.
    fn may_be_addressed(&self, other: &End, peers: &Match<PeerItem>) -> bool {
        let (End::NewPod(_), Match::Only(items)) = (other, peers) else {
            return false;
        };
        let anywhere = |item: &PeerItem| wherever(&item.peer);
        (items.iter()).any(|item| peer_matches(self.snapshot, &anywhere(item), other))
    }

    /// A future pod may declare any port name.
    fn may_be_named(&self, destination: &End, ports: &Match<PortItem>) -> bool {
        let (End::NewPod(_), Match::Only(items)) = (destination, ports) else {
            return false;
        };
        let named = |item: &PortItem| match &item.port {
            PortMatch::Named { protocol, .. } => {
                let all = protocol.map_or_else(PortSet::all_numbered, PortSet::all_of);
                all.intersects(&self.ports)
            }
            PortMatch::FromNamed { protocol, .. } => {
                PortSet::all_of(*protocol).intersects(&self.ports)
            }
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

/// Where address blocks of these policies begin, sorted.
pub(super) fn bounds<'p>(policies: impl Iterator<Item = &'p Arc<Policy>>) -> Vec<IpAddr> {
    let mut found = Vec::new();
    let sides = policies.flat_map(|p| Direction::BOTH.into_iter().filter_map(|d| p.side(d)));
    for rule in sides.flat_map(|side| &side.rules) {
        if let Match::Only(items) = &rule.peers {
            items
                .iter()
                .for_each(|item| collect(&item.peer, &mut found));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn collect(peer: &Peer, found: &mut Vec<IpAddr>) {
    match peer {
        Peer::Addresses(set) => {
            let v4 = set
                .v4
                .iter()
                .map(|(first, _)| IpAddr::from(Ipv4Addr::from(first)));
            let v6 = set
                .v6
                .iter()
                .map(|(first, _)| IpAddr::from(Ipv6Addr::from(first)));
            found.extend(v4.chain(v6));
        }
        Peer::All(parts) | Peer::AnyOf(parts) => parts.iter().for_each(|p| collect(p, found)),
        Peer::Not(inner) => collect(inner, found),
        _ => {}
    }
}
