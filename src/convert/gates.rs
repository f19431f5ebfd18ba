//! Policies that are written in full, and at whose pods the connections change all the same: the new dialect combines
//! policies in another way, or its enforcer reads addresses, nodes or port names in another way.

use std::net::IpAddr;

use super::policy::{Converted, Reason, State};
use crate::analysis::oracle::peer_matches;
use crate::analysis::{Endpoint, NewPod, PeerClass, compare, future_differences};
use crate::cluster::Snapshot;
use crate::load::{Loaded, LoadedPolicy};
use crate::policy::{Direction, Policy};
use crate::sets::{IpSet, PortSet};

/// Marks policies that select pods whose connections change, unless one of which a part is left out selects the same. Pods that
/// exist come first.
pub(super) fn mark(loaded: &Loaded, after: &Snapshot, all: &mut [Converted]) {
    let before = &loaded.snapshot;
    let mut differences = differences(before, after);
    let is_incomplete = |one: &Converted| one.state != State::Exact;
    for (_, policy) in (all.iter().zip(&loaded.policies)).filter(|(one, _)| is_incomplete(one)) {
        differences.retain(|found| !selects(before, policy, found));
    }
    let is_written = |one: &Converted| !is_incomplete(one) && !one.is_kept();
    let exact = all.iter_mut().zip(&loaded.policies);
    for (one, policy) in exact.filter(|(one, _)| is_written(one)) {
        if let Some(found) = differences.iter().find(|d| selects(before, policy, d)) {
            let why = describe(before, found);
            one.differs(Reason { why, help: None });
        }
    }
    // Too many kinds of future pods to name one.
    if differences.is_empty() && all.iter().all(|one| one.state == State::Exact) {
        for one in all.iter_mut().filter(|one| !one.is_kept()) {
            let why = "its rules are written in full, but what future pods may do changes where several policies select them";
            one.differs(Reason {
                why: why.to_owned(),
                help: None,
            });
        }
    }
}

/// What only one of the two clusters allows at a gate.
struct Difference {
    own: Own,
    direction: Direction,
    peer: PeerClass,
    ports: PortSet,
    wider: bool,
}

/// Whose gate it is.
enum Own {
    /// A pod, by its place.
    Pod(usize),
    Future(NewPod),
}

fn differences(before: &Snapshot, after: &Snapshot) -> Vec<Difference> {
    let known = compare(before, after).into_iter().map(|d| Difference {
        own: Own::Pod(d.pod),
        direction: d.direction,
        peer: d.peer,
        ports: d.ports,
        wider: d.wider,
    });
    let future = future_differences(before, after);
    let future = future.into_iter().map(|d| Difference {
        own: Own::Future(d.pod),
        direction: d.direction,
        peer: d.peer,
        ports: d.ports,
        wider: d.wider,
    });
    known.chain(future).collect()
}

/// Whether a policy is for the gate of a difference.
fn selects(before: &Snapshot, policy: &LoadedPolicy, found: &Difference) -> bool {
    let place = policy.object.whole();
    let own = match &found.own {
        Own::Pod(at) => Endpoint::Pod(*at),
        Own::Future(pod) => Endpoint::NewPod(pod.clone()),
    };
    // One object may be several policies.
    let lowered = before.policies.iter().filter(|one| one.span == place);
    let is_for = |one: &Policy| {
        one.side(found.direction).is_some() && peer_matches(before, &one.subject, &own)
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
fn describe(before: &Snapshot, found: &Difference) -> String {
    let pod = |at: usize| {
        let of = before.pods.get(at);
        let of = of.and_then(|pod| before.workloads.get(pod.workload));
        of.map_or_else(String::new, |w| format!("{}/{}", w.namespace, w.name))
    };
    let other = match &found.peer {
        PeerClass::Pod(at) => pod(*at),
        PeerClass::NewPod(_) => "future pods".to_owned(),
        PeerClass::Addresses { first, last } => addresses(*first, *last),
        PeerClass::Domain(name) => format!("`{name}`"),
        PeerClass::Entity(entity) => entity.description().to_owned(),
        PeerClass::Node(_) => "a node".to_owned(),
    };
    let own = match &found.own {
        Own::Pod(at) => pod(*at),
        Own::Future(future) => future_pods(before, future),
    };
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

/// `future pods of shop with app=web`.
fn future_pods(before: &Snapshot, pod: &NewPod) -> String {
    let namespace = pod.namespace.and_then(|at| before.namespaces.get(at));
    let place = namespace.map_or("future namespaces", |namespace| &namespace.name);
    let labels: Vec<String> = (pod.labels.iter().map(|(k, v)| format!("{k}={v}"))).collect();
    match labels.is_empty() {
        true => format!("future pods of {place}"),
        false => format!("future pods of {place} with {}", labels.join(", ")),
    }
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
