//! Differences between two clusters, and results that are reused while policies change.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use drawbridge::analysis::changes::{Name, Relation, changes, policy_relation, relation};
use drawbridge::analysis::oracle::{gate, probe};
use drawbridge::analysis::{Analysis, Direction, Endpoint, Party, compare};
use drawbridge::cluster::Snapshot;
use drawbridge::policy::Policy;
use drawbridge::sets::PortSet;
use proptest::collection::vec;
use proptest::prelude::*;

use super::analysis::{addresses, gate_allows, has, new_pods, probes, settle, with};
use super::random::{Leaves, alterations, altered, cluster, policies, read_as, reading, twinned};

/// A pod by the name of its workload and its own, or an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Pod(Name, String),
    Address(IpAddr),
}

/// Every pod of either side, where it is on each, and some addresses.
fn places(both: [&Snapshot; 2]) -> BTreeMap<Place, [Option<Endpoint>; 2]> {
    let mut found: BTreeMap<Place, [Option<Endpoint>; 2]> = BTreeMap::new();
    for (side, snapshot) in both.into_iter().enumerate() {
        for (at, pod) in snapshot.pods.iter().enumerate() {
            let name = Name::of(&snapshot.workloads[pod.workload]);
            let place = Place::Pod(name, pod.name.clone());
            found.entry(place).or_default()[side] = Some(Endpoint::Pod(at));
        }
    }
    for address in addresses() {
        let end = Some(Endpoint::Address(address));
        found.insert(Place::Address(address), [end.clone(), end]);
    }
    found
}

fn covers(party: &Party<Arc<Name>>, place: &Place) -> bool {
    match (party, place) {
        (Party::Workload(name), Place::Pod(of, pod)) => {
            name.whole() == *of && name.pod.as_ref().is_none_or(|p| p == pod)
        }
        (Party::Addresses { first, last }, Place::Address(address)) => {
            first.is_ipv4() == address.is_ipv4() && (first..=last).contains(&address)
        }
        _ => false,
    }
}

fn within(a: &Place, b: &Place) -> bool {
    matches!((a, b), (Place::Pod(a, _), Place::Pod(b, _)) if a == b)
}

proptest! {
    #[test]
    fn changes_are_symmetric_and_agree_with_the_evaluator(
        cluster in cluster(),
        alterations in alterations(),
        left in policies(Leaves::All),
        right in policies(Leaves::All),
        same in any::<bool>(),
        reading in reading(),
        twins in any::<bool>(),
    ) {
        let cluster = if twins { twinned(&cluster) } else { cluster };
        let a = with(&cluster, left.clone());
        let b = altered(&cluster, &alterations);
        let b = read_as(&with(&b, if same { left } else { right }), reading);
        prop_assert_eq!(changes(&a, &a), vec![]);
        let found = changes(&a, &b);
        prop_assert!(found.is_sorted());
        let mut turned = changes(&b, &a);
        for change in &mut turned {
            std::mem::swap(&mut change.old, &mut change.new);
        }
        prop_assert_eq!(&turned, &found);
        let places = places([&a, &b]);
        let pairs = places.iter().flat_map(|x| places.iter().map(move |y| (x, y)));
        for ((src, from), (dst, to)) in pairs.filter(|((x, _), (y, _))| x != y) {
            let outside = |place: &Place| matches!(place, Place::Address(_));
            let here = from.iter().chain(to).all(Option::is_some);
            // A change in the number of replicas does not change connections between replicas.
            if outside(src) && outside(dst) || within(src, dst) && !here {
                continue;
            }
            let mut said = found.iter().filter(|c| covers(&c.src, src) && covers(&c.dst, dst));
            let change = said.next();
            prop_assert!(said.next().is_none(), "two changes of {:?} => {:?}", src, dst);
            for p in probes().into_iter().filter(Option::is_some) {
                let open = |side: usize, snapshot| {
                    let ends = from[side].as_ref().zip(to[side].as_ref());
                    ends.is_some_and(|(from, to)| probe(snapshot, from, to, p).allowed)
                };
                let (old, new) = (open(0, &a), open(1, &b));
                match change {
                    Some(change) => {
                        prop_assert_eq!((has(&change.old, p), has(&change.new, p)), (old, new));
                    }
                    None => prop_assert_eq!(old, new, "{:?} => {:?}", src, dst),
                }
            }
        }
        let numbered = PortSet::all_numbered();
        for c in &found {
            prop_assert!(c.old.intersection(&numbered) != c.new.intersection(&numbered));
        }
    }

    #[test]
    fn incremental_results_equal_those_of_a_full_analysis(
        cluster in cluster(),
        policies in policies(Leaves::All),
        keep in vec(vec(any::<bool>(), 7), 1..4),
        other in policies(Leaves::All),
    ) {
        let snapshot = with(&cluster, policies.clone());
        let mut updated = Analysis::new(&snapshot);
        let mut before = snapshot.clone();
        for choice in keep {
            let some = policies.iter().zip(&choice).filter(|(_, keep)| **keep);
            let mut now: Vec<Arc<Policy>> = some.map(|(p, _)| p.clone()).collect();
            if choice[6] {
                now.extend(other.iter().take(1).cloned());
            } else if let Some(policy) = now.first_mut().map(Arc::make_mut) {
                std::mem::swap(&mut policy.ingress, &mut policy.egress);
            }
            let changed = updated.update(&now);
            let after = with(&cluster, now);
            for a in 0..cluster.pods.len() {
                for b in (0..cluster.pods.len()).filter(|&b| b != a) {
                    let (from, to) = (Endpoint::Pod(a), Endpoint::Pod(b));
                    let ports = updated.allowed(a, b);
                    for p in probes() {
                        prop_assert_eq!(has(&ports, p), probe(&after, &from, &to, p).allowed);
                        let differ = |gate: Direction, pod, peer: &Endpoint| {
                            gate_allows(&before, gate, pod, peer, p) != gate_allows(&after, gate, pod, peer, p)
                        };
                        prop_assert!(!differ(Direction::Egress, a, &to) || changed.contains(&a));
                        prop_assert!(!differ(Direction::Ingress, b, &from) || changed.contains(&b));
                    }
                }
            }
            before = after;
        }
    }

    #[test]
    fn policy_relations_agree_with_gate_comparison(
        cluster in cluster(),
        left in policies(Leaves::Exact),
        right in policies(Leaves::Exact),
        same in any::<bool>(),
        reading in reading(),
        extra in new_pods(),
    ) {
        // Mostly unrelated; or equal but for one more policy.
        let right = match same {
            true => left.iter().chain(right.last()).cloned().collect(),
            false => right,
        };
        let (a, b) = (with(&cluster, left), read_as(&with(&cluster, right), reading));
        // A repeated policy changes nothing.
        let again = a.policies.iter().chain(a.policies.last()).cloned();
        let again = with(&cluster, again.collect());
        prop_assert_eq!(policy_relation(&a, &again), Relation::Equal);
        let mut named = again;
        if let Some(last) = named.policies.last_mut().map(Arc::make_mut) {
            last.name += "-again";
        }
        prop_assert_eq!(policy_relation(&a, &named), Relation::Equal);
        let turned = match policy_relation(&b, &a) {
            Relation::Wider => Relation::Narrower,
            Relation::Narrower => Relation::Wider,
            same => same,
        };
        let policies = policy_relation(&a, &b);
        prop_assert_eq!(policies, turned);
        let wider = matches!(policies, Relation::Wider | Relation::Apart);
        let narrower = matches!(policies, Relation::Narrower | Relation::Apart);
        for difference in compare(&a, &b) {
            if difference.ports.intersects(&PortSet::all_numbered()) {
                prop_assert!(if difference.wider { wider } else { narrower }, "{:?}", difference);
            }
        }
        let new: Vec<Endpoint> = extra.iter().filter_map(|p| settle(&cluster, p)).map(Endpoint::NewPod).collect();
        let peers = (0..cluster.pods.len()).map(Endpoint::Pod).chain(new.clone());
        let peers: Vec<Endpoint> = peers.chain(addresses().into_iter().map(Endpoint::Address)).collect();
        for (own, peer) in new.iter().flat_map(|own| peers.iter().map(move |peer| (own, peer))) {
            for (direction, from, to) in [
                (Direction::Ingress, peer, own),
                (Direction::Egress, own, peer),
            ] {
                for p in probes().into_iter().filter(Option::is_some) {
                    let allows = |side: &Snapshot| gate(side, direction, from, to, p).allowed;
                    let (before, after) = (allows(&a), allows(&b));
                    prop_assert!(before || !after || wider, "{:?} {:?} {:?}", from, to, p);
                    prop_assert!(!before || after || narrower, "{:?} {:?} {:?}", from, to, p);
                }
            }
        }
        // Gates that allow more never close a connection.
        match (policies, relation(&changes(&a, &b), &[])) {
            (Relation::Apart, _) | (_, Relation::Equal) => {}
            (policies, connections) => prop_assert_eq!(policies, connections),
        }
    }
}
