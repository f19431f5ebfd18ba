//! What two clusters have differently, and answers that are kept while policies change.

use std::net::IpAddr;

use drawbridge::analysis::changes::{Name, Party, changes};
use drawbridge::analysis::explain::probe;
use drawbridge::analysis::{Analysis, Direction, End, Endpoint, connections};
use drawbridge::cluster::Snapshot;
use drawbridge::policy::Policy;
use drawbridge::sets::PortSet;
use proptest::collection::vec;
use proptest::prelude::*;

use super::analysis::{addresses, gate_allows, has, probes, with};
use super::random::{Leaves, alterations, altered, cluster, policies};

/// A workload by its name, or an address.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    Workload(Name),
    Address(IpAddr),
}

/// Every workload of a snapshot, and some addresses.
fn places_of(snapshot: &Snapshot) -> Vec<Place> {
    let workloads = snapshot.workloads.iter();
    let workloads = workloads.map(|w| Place::Workload(Name::of(w)));
    workloads
        .chain(addresses().into_iter().map(Place::Address))
        .collect()
}

fn is_at(party: &Party, place: &Place) -> bool {
    match (party, place) {
        (Party::Workload(name), Place::Workload(other)) => **name == *other,
        (Party::Addresses { first, last }, Place::Address(address)) => {
            first.is_ipv4() == address.is_ipv4() && (first..=last).contains(&address)
        }
        _ => false,
    }
}

/// What is listed of a snapshot between two places.
fn listed(snapshot: &Snapshot) -> impl Fn(&Place, &Place) -> PortSet {
    let party = |snapshot: &Snapshot, end| match end {
        Endpoint::Workload(at) => Party::Workload(Name::of(&snapshot.workloads[at]).into()),
        Endpoint::Addresses { first, last } => Party::Addresses { first, last },
        Endpoint::IngressController => Party::IngressController,
    };
    let all: Vec<(Party, Party, PortSet)> = connections(snapshot)
        .into_iter()
        .map(|c| (party(snapshot, c.src), party(snapshot, c.dst), c.ports))
        .collect();
    move |src, dst| {
        let mut found = all
            .iter()
            .filter(|(a, b, _)| is_at(a, src) && is_at(b, dst));
        found
            .next()
            .map(|(_, _, ports)| ports.clone())
            .unwrap_or_default()
    }
}

proptest! {
    #[test]
    fn changes_turn_round_and_are_what_the_lists_say(
        cluster in cluster(),
        alterations in alterations(),
        left in policies(Leaves::All),
        right in policies(Leaves::All),
        kept in any::<bool>(),
    ) {
        let a = with(&cluster, left.clone());
        let b = altered(&cluster, &alterations);
        let b = with(&b, if kept { left } else { right });
        prop_assert_eq!(changes(&a, &a), vec![]);
        let found = changes(&a, &b);
        prop_assert!(found.is_sorted());
        let mut turned = changes(&b, &a);
        for change in &mut turned {
            std::mem::swap(&mut change.old, &mut change.new);
        }
        prop_assert_eq!(&turned, &found);
        let (before, after) = (listed(&a), listed(&b));
        let said = |src: &Place, dst: &Place| {
            let mut found = found.iter().filter(|c| is_at(&c.src, src) && is_at(&c.dst, dst));
            let change = found.next().map(|c| (c.old.clone(), c.new.clone()));
            assert!(found.next().is_none(), "two changes of one connection");
            change
        };
        let places: Vec<Place> = [&a, &b].iter().flat_map(|s| places_of(s)).collect();
        let numbered = PortSet::all_numbered();
        for (src, dst) in places.iter().flat_map(|x| places.iter().map(move |y| (x, y))) {
            let (old, new) = (before(src, dst), after(src, dst));
            let same = old.intersection(&numbered) == new.intersection(&numbered);
            let want = (!same).then_some((old, new));
            prop_assert_eq!(said(src, dst), want, "{:?} => {:?}", src, dst);
        }
    }

    #[test]
    fn kept_answers_are_those_of_a_fresh_analysis(
        cluster in cluster(),
        policies in policies(Leaves::All),
        keep in vec(vec(any::<bool>(), 7), 1..4),
        other in policies(Leaves::All),
    ) {
        let snapshot = with(&cluster, policies.clone());
        let mut kept = Analysis::new(&snapshot);
        let mut before = snapshot.clone();
        for choice in keep {
            let some = policies.iter().zip(&choice).filter(|(_, keep)| **keep);
            let mut now: Vec<Policy> = some.map(|(p, _)| p.clone()).collect();
            if choice[6] {
                now.extend(other.iter().take(1).cloned());
            } else if let Some(policy) = now.first_mut() {
                std::mem::swap(&mut policy.ingress, &mut policy.egress);
            }
            let changed = kept.update(&now);
            let after = with(&cluster, now);
            for a in 0..cluster.pods.len() {
                for b in (0..cluster.pods.len()).filter(|&b| b != a) {
                    let (from, to) = (End::Pod(a), End::Pod(b));
                    let ports = kept.allowed(a, b);
                    for p in probes() {
                        prop_assert_eq!(has(&ports, p), probe(&after, &from, &to, p).allowed);
                        let differ = |gate: Direction, pod, peer: &End| {
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
}
