//! The fast analysis against the plain evaluator.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use drawbridge::analysis::changes::{Relation, policy_relation};
use drawbridge::analysis::exposure::exposure;
use drawbridge::analysis::oracle::Probe;
use drawbridge::analysis::oracle::{gate, probe};
use drawbridge::analysis::{
    Direction, Endpoint, GateDifference, NewPod, Party, PeerClass, compare, connections, isolation,
};
use drawbridge::cluster::{NAMESPACE_NAME_LABEL, Snapshot};
use drawbridge::policy::{Action, Entity, Match, Peer, PeerItem, Policy, Rule, Side};
use drawbridge::sets::{DomainPattern, PortSet, Protocol};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;

use super::random::{ADDRESSES, Leaves, NAMES, PORTS, cluster, labels, policies, read_as, reading};

pub fn probes() -> Vec<Probe> {
    let ports = PORTS.into_iter().chain([2, 78, 81, 65534]);
    let numbered = ports.flat_map(|port| Protocol::ALL.map(|protocol| Some((protocol, port))));
    numbered.chain([None]).collect()
}

pub fn has(ports: &PortSet, probe: Probe) -> bool {
    match probe {
        Some((protocol, port)) => ports.contains(protocol, port),
        None => ports.has_other(),
    }
}

pub fn addresses() -> Vec<IpAddr> {
    ADDRESSES
        .iter()
        .map(|a| a.parse().expect("an address"))
        .collect()
}

pub fn with(cluster: &Snapshot, policies: Vec<Arc<Policy>>) -> Snapshot {
    Snapshot {
        policies,
        ..cluster.clone()
    }
}

/// Whether some pod of the workload and this end may communicate, by the plain evaluator.
fn any_pod(snapshot: &Snapshot, workload: usize, allowed: impl Fn(&Endpoint) -> bool) -> bool {
    let mut pods = snapshot.workloads[workload].pods.clone();
    pods.any(|pod| allowed(&Endpoint::Pod(pod)))
}

pub fn new_pods() -> impl Strategy<Value = Vec<NewPod>> {
    let name = select(&["ns-8", "ns-8", "ns-9"][..]);
    let one = (0..4usize, name, labels(), labels());
    let pod = one.prop_map(|(namespace, name, mut namespace_labels, labels)| {
        namespace_labels.insert(NAMESPACE_NAME_LABEL.into(), name.into());
        NewPod {
            namespace: (namespace < 3).then_some(namespace),
            namespace_labels,
            labels,
            service_account: None,
        }
    });
    vec(pod, 6)
}

/// A future pod with the labels that its namespace has, if that exists.
pub fn settle(snapshot: &Snapshot, pod: &NewPod) -> Option<NewPod> {
    let Some(at) = pod.namespace else {
        return Some(pod.clone());
    };
    let namespace_labels = snapshot.namespaces.get(at)?.labels.clone();
    Some(NewPod {
        namespace_labels,
        ..pod.clone()
    })
}

pub fn gate_allows(
    snapshot: &Snapshot,
    direction: Direction,
    pod: usize,
    peer: &Endpoint,
    probe: Probe,
) -> bool {
    let own = Endpoint::Pod(pod);
    let (from, to) = match direction {
        Direction::Ingress => (peer, &own),
        Direction::Egress => (&own, peer),
    };
    gate(snapshot, direction, from, to, probe).allowed
}

fn end_of(peer: &PeerClass) -> Vec<Endpoint> {
    match peer {
        PeerClass::Pod(pod) => vec![Endpoint::Pod(*pod)],
        PeerClass::NewPod(pod) => vec![Endpoint::NewPod(pod.clone())],
        PeerClass::Addresses { first, last } => {
            vec![Endpoint::Address(*first), Endpoint::Address(*last)]
        }
        PeerClass::Domain(name) => vec![Endpoint::Domain(name.clone())],
        PeerClass::Entity(entity) => vec![Endpoint::Entity(*entity)],
        PeerClass::Node(node) => vec![Endpoint::Node(*node)],
    }
}

fn covers(
    snapshot: &Snapshot,
    patterns: &[DomainPattern],
    class: &PeerClass,
    end: &Endpoint,
) -> bool {
    match (class, end) {
        (PeerClass::Pod(a), Endpoint::Pod(b)) => {
            snapshot.pods[*a].workload == snapshot.pods[*b].workload
        }
        (PeerClass::Addresses { first, last }, Endpoint::Address(a)) => {
            first.is_ipv4() == a.is_ipv4() && (first..=last).contains(&a)
        }
        (PeerClass::Domain(a), Endpoint::Domain(b)) => {
            patterns.iter().all(|p| p.matches(a) == p.matches(b))
        }
        (PeerClass::Node(a), Endpoint::Node(b)) => a == b,
        (PeerClass::Entity(a), Endpoint::Entity(b)) => a == b,
        _ => false,
    }
}

fn reports(
    found: &[&GateDifference],
    (snapshot, patterns): (&Snapshot, &[DomainPattern]),
    end: &Endpoint,
    wider: bool,
    p: Probe,
) -> bool {
    let mut all = found.iter();
    all.any(|d| d.wider == wider && has(&d.ports, p) && covers(snapshot, patterns, &d.peer, end))
}

/// The entities that policies name.
fn entities_of<'a>(policies: impl Iterator<Item = &'a Arc<Policy>>) -> BTreeSet<Entity> {
    let mut found = BTreeSet::new();
    for policy in policies {
        let mut see = |leaf: &Peer| {
            if let Peer::Entity(entity) = leaf {
                found.insert(*entity);
            }
        };
        policy.subject.leaves(&mut see);
        let sides = policy.ingress.iter().chain(&policy.egress);
        for rule in sides.flat_map(|side| &side.rules) {
            rule.subject.iter().for_each(|peer| peer.leaves(&mut see));
            let peers = rule.peers.listed().iter();
            peers.for_each(|item| item.peer.leaves(&mut see));
        }
    }
    found
}

/// The patterns of domain names in the policies.
fn patterns_of(policies: &[&[Arc<Policy>]]) -> Vec<DomainPattern> {
    fn of(peer: &Peer, found: &mut Vec<DomainPattern>) {
        match peer {
            Peer::Domain(pattern) => found.push(pattern.clone()),
            Peer::All(peers) | Peer::AnyOf(peers) => peers.iter().for_each(|p| of(p, found)),
            Peer::Not(peer) => of(peer, found),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for policy in policies.iter().copied().flatten() {
        of(&policy.subject, &mut found);
        let sides = policy.ingress.iter().chain(&policy.egress);
        for rule in sides.flat_map(|side| &side.rules) {
            if let Some(subject) = &rule.subject {
                of(subject, &mut found);
            }
            if let Match::Only(items) = &rule.peers {
                items.iter().for_each(|item| of(&item.peer, &mut found));
            }
        }
    }
    found
}

/// One random cluster: compares everything that is listed, and everything that is not, with the plain
/// evaluator. Returns how many connections were compared.
fn listed_connections_equal_allowed_ones(snapshot: &Snapshot) -> Result<usize, TestCaseError> {
    let asked = Cell::new(0);
    let allowed = |from: &Endpoint, to: &Endpoint, p| {
        asked.set(asked.get() + 1);
        probe(snapshot, from, to, p).allowed
    };
    let all = connections(snapshot);
    let mut pairs: HashMap<(usize, usize), &PortSet> = HashMap::new();
    for c in &all {
        prop_assert!(!c.ports.is_empty());
        if let (Party::Workload(a), Party::Workload(b)) = (c.src, c.dst) {
            prop_assert!(pairs.insert((a, b), &c.ports).is_none());
        }
    }
    let workloads = snapshot.workloads.len();
    for a in 0..workloads {
        for b in (0..workloads).filter(|&b| b != a) {
            for p in probes() {
                let from_any = |to: &Endpoint| any_pod(snapshot, a, |from| allowed(from, to, p));
                let want = any_pod(snapshot, b, from_any);
                let got = pairs.get(&(a, b)).is_some_and(|ports| has(ports, p));
                prop_assert_eq!(got, want, "{} to {} at {:?}", a, b, p);
            }
        }
        for address in addresses() {
            let outside = Endpoint::Address(address);
            let listed = |e: &Party| match e {
                Party::Addresses { first, last } => {
                    first.is_ipv4() == address.is_ipv4() && (*first..=*last).contains(&address)
                }
                _ => false,
            };
            let own = Party::Workload(a);
            let out: Vec<_> = all
                .iter()
                .filter(|c| c.src == own && listed(&c.dst))
                .collect();
            let into: Vec<_> = all
                .iter()
                .filter(|c| c.dst == own && listed(&c.src))
                .collect();
            for p in probes() {
                let want = any_pod(snapshot, a, |pod| allowed(pod, &outside, p));
                prop_assert_eq!(
                    out.iter().any(|c| has(&c.ports, p)),
                    want,
                    "{} to {}",
                    a,
                    address
                );
                let want = any_pod(snapshot, a, |pod| allowed(&outside, pod, p));
                prop_assert_eq!(
                    into.iter().any(|c| has(&c.ports, p)),
                    want,
                    "{} to {}",
                    address,
                    a
                );
            }
        }
    }
    Ok(asked.get())
}

/// Compares at least a million connections of random clusters in one run.
#[test]
fn connections_equal_those_of_the_evaluator() {
    let asked = Cell::new(0);
    let config = ProptestConfig {
        cases: 600,
        failure_persistence: None,
        ..Default::default()
    };
    let strategy = (cluster(), policies(Leaves::All));
    let result = TestRunner::new(config).run(&strategy, |(cluster, policies)| {
        let snapshot = with(&cluster, policies);
        asked.set(asked.get() + listed_connections_equal_allowed_ones(&snapshot)?);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(asked.get() >= 1_000_000, "only {}", asked.get());
}

/// Whether rules deny names or pass them to the next tier.
fn refuses_names(policies: &[Arc<Policy>]) -> bool {
    let mut rules = policies.iter().flat_map(|policy| {
        let sides = policy.ingress.iter().chain(&policy.egress);
        sides.flat_map(|side| &side.rules)
    });
    rules.any(|rule| {
        let mut named = false;
        for item in rule.peers.listed() {
            item.peer
                .leaves(&mut |leaf| named |= matches!(leaf, Peer::Domain(_)));
        }
        named && rule.action != Action::Accept
    })
}

/// Whether the egress of a pod is open towards every address of a family, and so towards a name that stands for one.
fn reaches_every_address(snapshot: &Snapshot, pod: usize, p: Probe) -> bool {
    [true, false].into_iter().any(|v4| {
        let family = addresses().into_iter().filter(|one| one.is_ipv4() == v4);
        let mut ends = family.map(Endpoint::Address);
        ends.all(|end| gate_allows(snapshot, Direction::Egress, pod, &end, p))
    })
}

/// One rule for each peer and port of another.
fn split(rule: &Rule) -> Vec<Rule> {
    fn one_each<T: Clone>(list: &Match<T>) -> Vec<Match<T>> {
        match list {
            Match::Any => vec![Match::Any],
            Match::Only(items) => items.iter().map(|i| Match::Only(vec![i.clone()])).collect(),
        }
    }
    let ports = one_each(&rule.ports);
    let pair = |peers: Match<PeerItem>| {
        let rules = ports.clone().into_iter();
        rules.map(move |ports| Rule {
            peers: peers.clone(),
            ports,
            ..rule.clone()
        })
    };
    one_each(&rule.peers).into_iter().flat_map(pair).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn isolation_follows_from_the_policies(cluster in cluster(), policies in policies(Leaves::All)) {
        let snapshot = with(&cluster, policies);
        for (at, found) in isolation(&snapshot).iter().enumerate() {
            let isolated = |direction| any_pod(&snapshot, at, |pod| {
                let mut policies = snapshot.policies.iter();
                policies.any(|policy| {
                    let side = match direction {
                        Direction::Ingress => &policy.ingress,
                        Direction::Egress => &policy.egress,
                    };
                    side.as_ref().is_some_and(Side::denies_by_default)
                        && drawbridge::analysis::oracle::peer_matches(&snapshot, &policy.subject, pod)
                })
            });
            prop_assert_eq!(found.ingress, isolated(Direction::Ingress));
            prop_assert_eq!(found.egress, isolated(Direction::Egress));
        }
    }

    #[test]
    fn a_snapshot_equals_itself(cluster in cluster(), policies in policies(Leaves::All)) {
        let snapshot = with(&cluster, policies);
        prop_assert_eq!(compare(&snapshot, &snapshot), vec![]);
    }

    #[test]
    fn order_does_not_matter_where_deny_overrides_accept(cluster in cluster(), policies in policies(Leaves::All)) {
        let policies: Vec<Arc<Policy>> = policies.into_iter().filter(|p| p.tier % 2 == 1).collect();
        let mut turned = policies.clone();
        turned.reverse();
        for policy in turned.iter_mut().map(Arc::make_mut) {
            for side in [&mut policy.ingress, &mut policy.egress].into_iter().flatten() {
                side.rules.reverse();
            }
        }
        let (a, b) = (with(&cluster, policies), with(&cluster, turned));
        prop_assert_eq!(compare(&a, &b), vec![]);
    }

    #[test]
    fn splitting_rules_and_reordering_policies_changes_nothing(
        (cluster, policies, mixed) in (cluster(), policies(Leaves::All)).prop_flat_map(|(c, p)| {
            (Just(c), Just(p.clone()), Just(p).prop_shuffle())
        }),
    ) {
        let mut mixed = mixed;
        for policy in mixed.iter_mut().map(Arc::make_mut) {
            for side in [&mut policy.ingress, &mut policy.egress].into_iter().flatten() {
                side.rules = side.rules.iter().flat_map(split).collect();
            }
        }
        let (a, b) = (with(&cluster, policies), with(&cluster, mixed));
        prop_assert_eq!(compare(&a, &b), vec![]);
        prop_assert_eq!(policy_relation(&a, &b), Relation::Equal);
        prop_assert_eq!(connections(&a), connections(&b));
        prop_assert_eq!(isolation(&a), isolation(&b));
    }

    #[test]
    fn comparison_agrees_with_the_evaluator(
        cluster in cluster(),
        left in policies(Leaves::Exact),
        right in policies(Leaves::Exact),
        reading in reading(),
        extra in new_pods(),
    ) {
        let (a, b) = (with(&cluster, left), read_as(&with(&cluster, right), reading));
        let found = compare(&a, &b);
        let mut reversed = compare(&b, &a);
        reversed.iter_mut().for_each(|d| d.wider = !d.wider);
        reversed.sort();
        prop_assert_eq!(&reversed, &found);
        let refuses_names = [&a, &b].into_iter().any(|side| refuses_names(&side.policies));
        for d in &found {
            prop_assert!(!d.ports.is_empty());
            // Nobody connects from a name.
            prop_assert!(d.direction == Direction::Egress || !matches!(d.peer, PeerClass::Domain(_)), "{:?}", d);
            for end in end_of(&d.peer) {
                for p in probes().into_iter().filter(|p| has(&d.ports, *p)) {
                    prop_assert_eq!(gate_allows(&a, d.direction, d.pod, &end, p), !d.wider, "{:?}", d);
                    prop_assert_eq!(gate_allows(&b, d.direction, d.pod, &end, p), d.wider, "{:?}", d);
                }
            }
        }
        let mut ends: Vec<Endpoint> = (0..cluster.pods.len()).map(Endpoint::Pod).collect();
        ends.extend(addresses().into_iter().map(Endpoint::Address));
        let patterns = patterns_of(&[&a.policies, &b.policies]);
        let named = NAMES.into_iter().filter(|name| patterns.iter().any(|p| p.matches(name)));
        ends.extend(named.map(|name| Endpoint::Domain(name.to_owned())));
        let policies = a.policies.iter().chain(&b.policies);
        ends.extend(entities_of(policies).into_iter().map(Endpoint::Entity));
        let hidden = (0..cluster.nodes.len()).filter(|&n| cluster.nodes[n].addresses.is_empty());
        ends.extend(hidden.map(Endpoint::Node));
        let extra: Vec<Endpoint> = extra.iter().filter_map(|p| settle(&cluster, p)).map(Endpoint::NewPod).collect();
        for pod in 0..cluster.pods.len() {
            for direction in [Direction::Ingress, Direction::Egress] {
                let workload = cluster.pods[pod].workload;
                let here: Vec<&GateDifference> = found
                    .iter()
                    .filter(|d| d.workload == workload && d.direction == direction)
                    .collect();
                for p in probes() {
                    for end in ends.iter().filter(|e| **e != Endpoint::Pod(pod)) {
                        let (in_a, in_b) = (
                            gate_allows(&a, direction, pod, end, p),
                            gate_allows(&b, direction, pod, end, p),
                        );
                        let lacking = if in_a { &b } else { &a };
                        let said = in_a == in_b
                            || reports(&here, (&cluster, &patterns), end, in_b, p)
                            || matches!(end, Endpoint::Domain(_)) && (direction == Direction::Ingress
                                || !refuses_names && reaches_every_address(lacking, pod, p));
                        prop_assert!(said, "inexpressible: {} {:?} {:?} {:?}", pod, direction, end, p);
                    }
                    for end in &extra {
                        let (in_a, in_b) = (
                            gate_allows(&a, direction, pod, end, p),
                            gate_allows(&b, direction, pod, end, p),
                        );
                        let said = in_a == in_b || here.iter().any(|d| {
                            matches!(d.peer, PeerClass::NewPod(_)) && d.wider == in_b && has(&d.ports, p)
                        });
                        prop_assert!(said, "inexpressible: {} {:?} {:?} {:?}", pod, direction, end, p);
                    }
                }
            }
        }
    }

    #[test]
    fn exposure_agrees_with_the_evaluator(
        cluster in cluster(),
        policies in policies(Leaves::Exact),
        extra in new_pods(),
    ) {
        let snapshot = with(&cluster, policies);
        let found = exposure(&snapshot);
        let words = found.gates.iter().flat_map(|g| g.some.iter().chain(&g.except));
        for e in words {
            prop_assert!(!found.ports(e.ports).is_empty() || found.gates.iter().any(|g| g.except.contains(e)));
        }
        for line in &found.lines {
            let gate = &found.gates[line.gate];
            let pods = snapshot.workloads[line.workload].pods.clone();
            let usual = &gate.everyone.numbers;
            let allows = |pod: &NewPod, p| {
                let end = Endpoint::NewPod(pod.clone());
                let mut pods = pods.clone();
                pods.any(|own| gate_allows(&snapshot, line.direction, own, &end, p))
            };
            for some in &gate.some {
                let example = found.example(some.kind).expect("an example");
                for p in probes().into_iter().filter(|p| has(found.ports(some.ports), *p)) {
                    prop_assert!(allows(&example, p), "{:?} {:?}", example, gate);
                }
            }
            let settled: Vec<NewPod> = extra.iter().filter_map(|p| settle(&snapshot, p)).collect();
            for p in probes() {
                for pod in &settled {
                    let allowed = allows(pod, p);
                    let more = gate.some.iter().any(|e| has(found.ports(e.ports), p));
                    let less = gate.except.iter().any(|e| !has(found.ports(e.ports), p));
                    prop_assert!(!allowed || has(usual, p) || more, "{:?} {:?}", pod, gate);
                    prop_assert!(allowed || !has(usual, p) || less, "{:?} {:?}", pod, gate);
                }
            }
        }
    }
}
