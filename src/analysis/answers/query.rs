//! The ports at which one end may connect to another, exactly: replays one port of each piece that no rule
//! distinguishes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::analysis::Endpoint;
use crate::analysis::oracle::{Probe, gate, peer_matches, probe};
use crate::analysis::space::vocabulary::Vocabulary;
use crate::cluster::Snapshot;
use crate::policy::{Direction, PortMatch, Rule};
use crate::sets::domains;
use crate::sets::{DomainPattern, IntervalSet, IpSet, PortSet, Protocol};

/// The ports of `wanted` at which `from` may connect to `to`.
pub fn open_ports(
    snapshot: &Snapshot,
    from: &Endpoint,
    to: &Endpoint,
    wanted: &PortSet,
) -> PortSet {
    let pieces = pieces(snapshot, from, to, wanted);
    let open = pieces.into_iter().filter(|piece| {
        let port = piece.example();
        probe(snapshot, from, to, port).allowed
    });
    open.collect()
}

/// The ports of `wanted` at which one gate of a connection from `from` to `to` is open.
pub fn open_ports_at(
    snapshot: &Snapshot,
    direction: Direction,
    from: &Endpoint,
    to: &Endpoint,
    wanted: &PortSet,
) -> PortSet {
    let pieces = pieces(snapshot, from, to, wanted);
    let open = pieces.into_iter().filter(|piece| {
        let port = piece.example();
        gate(snapshot, direction, from, to, port).allowed
    });
    open.collect()
}

/// One port of a set as a probe; other protocols if it has no numbered port.
pub fn one_of(ports: &PortSet) -> Probe {
    ports.example()
}

/// One address of each piece of the set that no policy distinguishes.
pub fn addresses_of(snapshot: &Snapshot, set: &IpSet) -> Vec<IpAddr> {
    let words = Vocabulary::of(&snapshot.policies, &snapshot.nodes);
    let v4 = set.v4.iter().flat_map(|(first, last)| {
        let cuts = words
            .v4
            .range(first..=last)
            .copied()
            .filter(move |&c| c != first);
        std::iter::once(first)
            .chain(cuts)
            .map(|a| Ipv4Addr::from(a).into())
    });
    let v6 = set.v6.iter().flat_map(|(first, last)| {
        let cuts = words
            .v6
            .range(first..=last)
            .copied()
            .filter(move |&c| c != first);
        std::iter::once(first)
            .chain(cuts)
            .map(|a| Ipv6Addr::from(a).into())
    });
    v4.chain(v6).collect()
}

/// One name of each piece that no policy distinguishes, among the names that match a name or a pattern such
/// as `*.example.com`.
pub fn names_of(snapshot: &Snapshot, name: &str) -> Vec<String> {
    if !name.contains('*') {
        return vec![name.to_owned()];
    }
    let asked = DomainPattern::subdomains(name);
    let mut patterns = Vocabulary::of(&snapshot.policies, &snapshot.nodes).domains;
    patterns.insert(asked.clone());
    let patterns: Vec<DomainPattern> = patterns.into_iter().collect();
    let own = patterns.iter().position(|pattern| *pattern == asked);
    let within = domains::pieces(&patterns).into_iter();
    let within = within.filter(|piece| own.is_some_and(|at| piece.patterns.contains(&at)));
    within.map(|piece| piece.name).collect()
}

/// `wanted`, split at the bounds of the port items that apply and at the named ports of the destination.
fn pieces(snapshot: &Snapshot, from: &Endpoint, to: &Endpoint, wanted: &PortSet) -> Vec<PortSet> {
    let mut cuts: Vec<PortSet> = Protocol::WITH_TYPES.map(PortSet::all_of).into();
    for policy in &snapshot.policies {
        let sides = [(&policy.ingress, to), (&policy.egress, from)];
        let sides = sides
            .into_iter()
            .filter_map(|(side, own)| Some((side.as_ref()?, own)));
        for (side, _) in sides.filter(|(_, own)| peer_matches(snapshot, &policy.subject, own)) {
            cuts.extend(side.rules.iter().flat_map(numbered));
        }
    }
    if let Endpoint::Pod(at) = to
        && let Some(pod) = snapshot.pods.get(*at)
    {
        cuts.extend(
            (pod.ports.iter().chain(pod.init_ports.iter()))
                .map(|p| PortSet::single(p.protocol, p.port)),
        );
    }
    let mut starts: Vec<u32> = cuts
        .iter()
        .flat_map(|c| c.axis.iter())
        .flat_map(|(first, last)| [first, last + 1])
        .collect();
    starts.sort_unstable();
    starts.dedup();
    let mut found = Vec::new();
    for (first, last) in wanted.axis.iter() {
        let mut from = first;
        let inside = starts.iter().copied().filter(|&s| s > first && s <= last);
        for start in inside.chain([last + 1]) {
            found.push(PortSet::from(IntervalSet::range(from, start - 1)));
            from = start;
        }
    }
    found
}

fn numbered(rule: &Rule) -> Vec<PortSet> {
    let one = |item: &crate::policy::PortItem| match &item.port {
        PortMatch::Range {
            protocol,
            first,
            last,
        } => Some(PortSet::range(*protocol, *first, *last)),
        PortMatch::FromNamed { protocol, last, .. } => Some(PortSet::single(*protocol, *last)),
        PortMatch::AllPorts(_) | PortMatch::Named { .. } => None,
    };
    let listed = rule.ports.listed().iter();
    listed.chain(&rule.except).filter_map(one).collect()
}
