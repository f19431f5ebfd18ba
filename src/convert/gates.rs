//! Policies that are written in full, and at whose pods the connections change all the same: the new dialect combines
//! policies in another way, or its enforcer reads addresses, nodes or port names in another way.

use std::net::IpAddr;

use super::policy::{Converted, Reason, State};
use crate::analysis::oracle::peer_matches;
use crate::analysis::{Endpoint, GateDifference, PeerClass, compare};
use crate::cluster::Snapshot;
use crate::load::{Loaded, LoadedPolicy};
use crate::policy::{Direction, Policy};
use crate::sets::IpSet;

/// Marks policies that select pods whose connections change, unless one of which a part is left out selects the same.
pub(super) fn mark(loaded: &Loaded, after: &Snapshot, all: &mut [Converted]) {
    let before = &loaded.snapshot;
    let mut differences = compare(before, after);
    let is_incomplete = |one: &Converted| one.state != State::Exact;
    for (_, policy) in (all.iter().zip(&loaded.policies)).filter(|(one, _)| is_incomplete(one)) {
        differences.retain(|found| !selects(before, policy, found));
    }
    let exact = all.iter_mut().zip(&loaded.policies);
    for (one, policy) in exact.filter(|(one, _)| !is_incomplete(one) && !one.is_kept()) {
        if let Some(found) = differences.iter().find(|d| selects(before, policy, d)) {
            let why = describe(before, found);
            one.differs(Reason { why, help: None });
        }
    }
}

/// Whether a policy is for the gate of a difference.
fn selects(before: &Snapshot, policy: &LoadedPolicy, found: &GateDifference) -> bool {
    let place = policy.object.whole();
    // One object may be several policies.
    let lowered = before.policies.iter().filter(|one| one.span == place);
    let is_for = |one: &Policy| {
        one.side(found.direction).is_some()
            && peer_matches(before, &one.subject, &Endpoint::Pod(found.pod))
    };
    lowered.into_iter().any(|one| is_for(one))
}

/// Addresses as a network where they are one: `0.0.0.0/0`.
fn addresses(first: IpAddr, last: IpAddr) -> String {
    match IpSet::range(first, last).cidrs().as_slice() {
        _ if first == last => format!("`{first}`"),
        [net] => format!("`{net}`"),
        _ => format!("`{first}` to `{last}`"),
    }
}

/// `its rules are written in full, but ingress to shop/web from shop/db on TCP 80 is now denied`.
fn describe(before: &Snapshot, found: &GateDifference) -> String {
    let workload = |at: usize| {
        let of = before.workloads.get(at);
        of.map_or_else(String::new, |w| format!("{}/{}", w.namespace, w.name))
    };
    let other = match &found.peer {
        PeerClass::Pod(at) => {
            let pod = before.pods.get(*at);
            pod.map_or_else(String::new, |pod| workload(pod.workload))
        }
        PeerClass::NewPod(_) => "future pods".to_owned(),
        PeerClass::Addresses { first, last } => addresses(*first, *last),
        PeerClass::Domain(name) => format!("`{name}`"),
        PeerClass::Entity(entity) => entity.description().to_owned(),
        PeerClass::Node(_) => "a node".to_owned(),
    };
    let own = workload(found.workload);
    let ends = match found.direction {
        Direction::Ingress => format!("ingress to {own} from {other}"),
        Direction::Egress => format!("egress from {own} to {other}"),
    };
    let verdict = match found.wider {
        true => "allowed",
        false => "denied",
    };
    format!(
        "its rules are written in full, but {ends} on {} is now {verdict}",
        found.ports
    )
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn addresses_are_a_network_where_they_can_be() {
        for (first, last, words) in [
            ("0.0.0.0", "255.255.255.255", "`0.0.0.0/0`"),
            ("10.1.0.0", "10.1.255.255", "`10.1.0.0/16`"),
            ("10.1.0.7", "10.1.0.7", "`10.1.0.7`"),
            ("10.1.0.1", "10.1.0.9", "`10.1.0.1` to `10.1.0.9`"),
        ] {
            let [first, last] = [first, last].map(|text| text.parse().unwrap());
            assert_eq!(addresses(first, last), words);
        }
    }
}
