//! Policies that are written in full, and at whose pods the connections change all the same: the new dialect combines
//! policies in another way, or its enforcer reads addresses, nodes or port names in another way.

use std::net::IpAddr;

use super::policy::{Converted, State};
use super::reason::Reason;
use crate::analysis::oracle::{Probe, any_peer_matches, peer_matches, rule_matches_port};
use crate::analysis::{Endpoint, NewPod, PeerClass, compare, future_differences};
use crate::cluster::Snapshot;
use crate::dialect;
use crate::load::{Loaded, LoadedPolicy};
use crate::policy::{Action, Direction, Policy, Target};
use crate::sets::{IpSet, PortSet};
use crate::yaml::Object;

/// Marks policies whose rules explain that connections change: those for which the policy does something else than before, else
/// those which match them. Returns a change that no policy explains, as a sentence. Pods that exist come first.
pub(super) fn mark(
    loaded: &Loaded,
    after: &Snapshot,
    target: Target,
    all: &mut [Converted],
) -> Option<String> {
    let before = &loaded.snapshot;
    let differences = differences(before, after);
    let effects: Vec<[Policies; 2]> = (all.iter().zip(&loaded.policies))
        .map(|(one, policy)| lowered(one, policy, before, after))
        .collect();
    let mut unexplained = None;
    let mut by_address = Vec::new();
    for found in &differences {
        let causes = causes(found, before, after, &effects);
        let written = causes.iter().filter_map(|at| all.get(*at));
        if written.clone().all(Converted::is_kept) {
            if let PeerClass::NewPod(_) = found.peer {
                by_address.push(found);
            } else if unexplained.is_none() {
                unexplained = Some(describe(before, found));
            }
            continue;
        }
        for at in causes {
            let (Some(one), Some(policy)) = (all.get_mut(at), loaded.policies.get(at)) else {
                continue;
            };
            if one.state == State::Exact && !one.is_kept() {
                let cause = network_set(found, before, target, &policy.object);
                differs(one, before, found, &cause);
            }
        }
    }
    // What matches future pods by addresses, which they do not have yet, no rule tells: it may be any for the same gate.
    if unexplained.is_none() && all.iter().all(|one| one.state == State::Exact) {
        for found in by_address {
            let each = all.iter_mut().zip(&effects);
            for (one, [old, _]) in each.filter(|(one, _)| !one.is_kept()) {
                if one.state == State::Exact && old.iter().any(|one| is_for(one, before, found)) {
                    differs(one, before, found, "");
                }
            }
        }
    }
    // Too many kinds of future pods to name one.
    if differences.is_empty() && all.iter().all(|one| one.state == State::Exact) {
        let why = "what future pods may do changes where several policies select them";
        unexplained = Some(why.to_owned());
    }
    unexplained.map(|why| format!("No single policy explains that {why}"))
}

/// Says of a policy that a connection changes although its rules are written in full, and the cause if it is known.
fn differs(one: &mut Converted, before: &Snapshot, found: &Difference, cause: &str) {
    let why = describe(before, found);
    let why = format!("its rules are written in full, but {why}{cause}");
    one.differs(Reason { why, help: None });
}

/// Whether a policy is for the gate of a difference.
fn is_for(policy: &Policy, before: &Snapshot, found: &Difference) -> bool {
    policy.side(found.direction).is_some()
        && peer_matches(before, &policy.subject, &found.own.endpoint())
}

/// The policies that one object is lowered to.
type Policies<'a> = Vec<&'a Policy>;

/// Those of an object before and of what is written for it.
fn lowered<'a>(
    one: &Converted,
    policy: &LoadedPolicy,
    before: &'a Snapshot,
    after: &'a Snapshot,
) -> [Policies<'a>; 2] {
    let place = policy.object.whole();
    let title = one.written.as_ref().map(|written| written.title.as_str());
    let old = before.policies.iter().filter(|one| one.span == place);
    // The file of a written policy is its title.
    let new = (after.policies.iter()).filter(|one| Some(&*one.span.file) == title);
    [
        old.map(|one| &**one).collect(),
        new.map(|one| &**one).collect(),
    ]
}

/// The places of the policies that explain a difference.
fn causes(
    found: &Difference,
    before: &Snapshot,
    after: &Snapshot,
    all: &[[Policies; 2]],
) -> Vec<usize> {
    let probes = probes(&found.ports);
    let effects = |[old, new]: &[Policies; 2]| -> Vec<[Effect; 2]> {
        let each = probes.iter();
        let each = each.map(|probe| {
            [
                Effect::of(old, before, found, *probe),
                Effect::of(new, after, found, *probe),
            ]
        });
        each.collect()
    };
    let effects: Vec<Vec<[Effect; 2]>> = all.iter().map(effects).collect();
    let of = |is_cause: fn(&[Effect; 2]) -> bool| -> Vec<usize> {
        let each = effects.iter().enumerate();
        let each = each.filter(|(_, effects)| effects.iter().any(is_cause));
        each.map(|(at, _)| at).collect()
    };
    match of(|[old, new]| old.differs(*new)) {
        none if none.is_empty() => of(|all| all.iter().any(|one| one.matches)),
        changed => changed,
    }
}

/// Ports of which each policy that matches some of these most likely matches one.
fn probes(ports: &PortSet) -> Vec<Probe> {
    const MOST: usize = 16;
    let numbered = ports.numbered().iter().flat_map(|protocol| {
        let ranges = ports.ranges(*protocol);
        ranges.map(|(first, _)| Some((*protocol, first)))
    });
    let other = ports.has_other().then_some(None);
    numbered.take(MOST).chain(other).collect()
}

/// What policies do to a connection at the gate of a difference.
#[derive(Clone, Copy, Default)]
struct Effect {
    /// A rule matches it.
    matches: bool,
    /// A rule allows it.
    allows: bool,
    /// A rule passes it on.
    passes: bool,
    /// What no rule allows is denied, by a rule or because the pods are isolated.
    closes: bool,
}

impl Effect {
    /// Whether it is another one, whichever rules have it.
    fn differs(self, other: Self) -> bool {
        let all = |one: Self| (one.allows, one.passes, one.closes);
        all(self) != all(other)
    }

    fn of(policies: &[&Policy], cluster: &Snapshot, found: &Difference, probe: Probe) -> Self {
        let (own, other) = (found.own.endpoint(), found.peer.example());
        let destination = match found.direction {
            Direction::Ingress => &own,
            Direction::Egress => &other,
        };
        let mut effect = Self::default();
        for policy in policies {
            let side = policy.side(found.direction);
            let Some(side) = side.filter(|_| peer_matches(cluster, &policy.subject, &own)) else {
                continue;
            };
            effect.closes |= side.isolates;
            for rule in &side.rules {
                let subject = rule.subject.as_ref();
                if subject.is_some_and(|subject| !peer_matches(cluster, subject, &own))
                    || !any_peer_matches(cluster, &rule.peers, &other)
                    || !rule_matches_port(cluster, found.direction, rule, destination, probe)
                {
                    continue;
                }
                effect.matches = true;
                match rule.action {
                    Action::Accept => effect.allows = true,
                    Action::Pass => effect.passes = true,
                    Action::Deny => effect.closes = true,
                }
            }
        }
        effect
    }
}

/// Which network set has the addresses of a difference, where only one of the dialects selects these by labels (G23).
fn network_set(found: &Difference, before: &Snapshot, target: Target, object: &Object) -> String {
    let PeerClass::Addresses { first, .. } = &found.peer else {
        return String::new();
    };
    let mut sets = before.network_sets.iter();
    let Some((name, _)) = sets.find(|(_, set)| set.contains(*first)) else {
        return String::new();
    };
    let old = dialect::selects_sets(object);
    match (old, found.wider) {
        (true, false) => format!(
            ": the address is of the network set `{name}`, which selectors of {} do not match",
            target.kind()
        ),
        (false, true) => format!(
            ": the address is of the network set `{name}`, which selectors of {} match, too",
            target.kind()
        ),
        _ => String::new(),
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

impl Own {
    fn endpoint(&self) -> Endpoint {
        match self {
            Self::Pod(at) => Endpoint::Pod(*at),
            Self::Future(pod) => Endpoint::NewPod(pod.clone()),
        }
    }
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

/// Addresses as a network where they are one: `0.0.0.0/0`.
fn addresses(first: IpAddr, last: IpAddr) -> String {
    match IpSet::range(first, last).cidrs().as_slice() {
        _ if first == last => format!("`{first}`"),
        [net] => format!("`{net}`"),
        _ => format!("`{first}` to `{last}`"),
    }
}

/// `ingress to shop/web from shop/db on TCP 80 is now denied`.
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
    format!("{ends} on {} is now {verdict}", found.ports)
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
