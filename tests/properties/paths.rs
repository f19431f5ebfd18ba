//! Reachability in any number of hops compared with a closure computed by the plain evaluator; filters;
//! relations of sets of policies.

use std::collections::BTreeSet;

use drawbridge::analysis::filter::Ports;
use drawbridge::analysis::oracle::Probe;
use drawbridge::analysis::oracle::probe;
use drawbridge::analysis::query::addresses_of;
use drawbridge::analysis::{
    Connection, Endpoint, Filter, Matrix, Party, Places, connections, reach,
};
use drawbridge::cluster::Snapshot;
use drawbridge::sets::{IpSet, PortSet, Protocol};
use proptest::collection::btree_set;
use proptest::prelude::*;
use proptest::sample::select;

use super::analysis::{has, probes, with};
use super::random::{Leaves, PORTS, cluster, ip_set, policies};

/// The ends of a place, one for each block of addresses that policies distinguish.
fn ends(snapshot: &Snapshot, place: Party) -> Vec<Endpoint> {
    match place {
        Party::Workload(at) => {
            let pods = snapshot.workloads[at].pods.clone();
            pods.map(Endpoint::Pod).collect()
        }
        Party::Addresses { first, last } => {
            let all = addresses_of(snapshot, &IpSet::range(first, last));
            all.into_iter().map(Endpoint::Address).collect()
        }
        Party::IngressController => Vec::new(),
    }
}

fn open(snapshot: &Snapshot, from: &[Endpoint], to: &[Endpoint], p: Probe) -> bool {
    let mut from = from.iter();
    from.any(|a| to.iter().any(|b| probe(snapshot, a, b, p).allowed))
}

fn reaches(snapshot: &Snapshot, from: &[Endpoint], to: &[Endpoint]) -> bool {
    probes().into_iter().any(|p| open(snapshot, from, to, p))
}

/// Whether paths are connected: each hop begins where the one before ended, the first at a start.
fn is_path(hops: &[Connection], from: &Places) -> bool {
    let starts = |place| match place {
        Party::Workload(at) => from.workloads.contains(&at),
        Party::Addresses { first, last } => IpSet::range(first, last).is_subset(&from.outside),
        Party::IngressController => false,
    };
    hops.first().is_some_and(|hop| starts(hop.src))
        && hops.windows(2).all(|two| two[0].dst == two[1].src)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn reach_is_the_closure_of_single_hops(
        cluster in cluster(),
        policies in policies(Leaves::All),
        workloads in btree_set(0..5usize, 0..3),
        outside in prop_oneof![2 => Just(IpSet::empty()), 1 => ip_set()],
    ) {
        let snapshot = with(&cluster, policies);
        let starts: BTreeSet<usize> =
            workloads.into_iter().filter(|w| *w < snapshot.workloads.len()).collect();
        let workloads = starts.iter().copied().collect();
        let from = Places { workloads, outside, ..Places::default() };
        let reach = reach(&snapshot, &from);

        let all: Vec<Vec<Endpoint>> = (0..snapshot.workloads.len())
            .map(|w| ends(&snapshot, Party::Workload(w)))
            .collect();
        let outside: Vec<Endpoint> =
            addresses_of(&snapshot, &from.outside).into_iter().map(Endpoint::Address).collect();
        let elsewhere = from.outside.complement();
        let mut far: Vec<_> = addresses_of(&snapshot, &elsewhere);
        let mut known = starts.clone();
        let mut frontier: Vec<usize> = starts.iter().copied().collect();
        for number in 0.. {
            let sources = || frontier.iter().map(|&w| &all[w]);
            let new: BTreeSet<usize> = (0..all.len())
                .filter(|w| !known.contains(w))
                .filter(|&w| {
                    let out = number == 0 && reaches(&snapshot, &outside, &all[w]);
                    out || sources().any(|from| reaches(&snapshot, from, &all[w]))
                })
                .collect();
            let (gone, left): (Vec<_>, Vec<_>) = far.iter().partition(|address| {
                let to = [Endpoint::Address(**address)];
                sources().any(|from| reaches(&snapshot, from, &to))
            });
            far = left;
            let layer = reach.layers.get(number).cloned().unwrap_or_default();
            let got: Vec<usize> = layer
                .iter()
                .filter_map(|hop| match hop.dst {
                    Party::Workload(at) => Some(at),
                    _ => None,
                })
                .collect();
            prop_assert_eq!(&got, &new.iter().copied().collect::<Vec<_>>());
            let mut here = IpSet::empty();
            for hop in &layer {
                if let Party::Addresses { first, last } = hop.dst {
                    let range = IpSet::range(first, last);
                    prop_assert!(range.is_subset(&elsewhere) && range.intersection(&here).is_empty());
                    here = here.union(&range);
                }
                let to = ends(&snapshot, hop.dst);
                let from = ends(&snapshot, hop.src);
                for p in probes() {
                    for to in to.chunks(if matches!(hop.dst, Party::Workload(_)) { to.len() } else { 1 }) {
                        prop_assert_eq!(has(&hop.ports, p), open(&snapshot, &from, to, p), "{:?}", hop);
                    }
                }
                if let (Party::Workload(src), Party::Workload(_)) = (hop.src, hop.dst) {
                    let before = frontier.iter().filter(|&&w| w < src);
                    prop_assert!(frontier.contains(&src));
                    prop_assert!(!before.into_iter().any(|&w| reaches(&snapshot, &all[w], &to)));
                }
            }
            for address in gone {
                prop_assert!(here.contains(address), "{address} is not reached");
            }
            for address in &far {
                prop_assert!(!here.contains(*address), "{address} is reached");
            }
            if new.is_empty() {
                prop_assert_eq!(reach.layers.len(), number + usize::from(!layer.is_empty()));
                break;
            }
            for &w in &new {
                prop_assert_eq!(reach.hops_to(w), Some(number + 1));
                let way = reach.path_to(w).expect("a way");
                prop_assert!(way.len() == number + 1 && is_path(&way, &from));
            }
            known.extend(&new);
            frontier = new.into_iter().collect();
        }
        for w in (0..all.len()).filter(|w| !known.contains(w)) {
            prop_assert_eq!(reach.path_to(w), None);
        }
        for address in addresses_of(&snapshot, &elsewhere) {
            let way = reach.path_outside(&IpSet::single(address));
            prop_assert_eq!(way.is_some(), !far.contains(&address));
            prop_assert!(way.is_none_or(|way| is_path(&way, &from)));
        }
    }

    #[test]
    fn a_filter_returns_a_part_of_the_unfiltered_result(
        cluster in cluster(),
        policies in policies(Leaves::All),
        from in proptest::option::of(places()),
        to in proptest::option::of(places()),
        at in proptest::option::of(select(&PORTS[..])),
    ) {
        let snapshot = with(&cluster, policies);
        let wanted = at.map_or(PortSet::all(), |port| PortSet::range(Protocol::Tcp, 1, port));
        let filter = Filter {
            from: from.clone(),
            to: to.clone(),
            ports: if at.is_some() { Ports::These(wanted.clone()) } else { Ports::All },
        };
        let mut got = Vec::new();
        Matrix::new(&snapshot).for_each_of(&filter, |line| {
            got.push((line.src, line.dst, line.ports.clone()));
        });
        let mut want = Vec::new();
        for c in connections(&snapshot) {
            let ports = c.ports.intersection(&wanted);
            for src in part(from.as_ref(), c.src) {
                for dst in part(to.as_ref(), c.dst).into_iter().filter(|_| !ports.is_empty()) {
                    want.push((src, dst, ports.clone()));
                }
            }
        }
        prop_assert_eq!(got, want);
    }
}

fn places() -> impl Strategy<Value = Places> {
    let outside = prop_oneof![1 => Just(IpSet::empty()), 2 => ip_set()];
    (btree_set(0..5usize, 0..3), outside).prop_map(|(workloads, outside)| Places {
        workloads: workloads.into_iter().collect(),
        outside,
        ..Places::default()
    })
}

/// The part of an end that the places cover.
fn part(places: Option<&Places>, end: Party) -> Vec<Party> {
    match (places, end) {
        (None, _) => vec![end],
        (Some(p), Party::Workload(at)) if p.workloads.contains(&at) => vec![end],
        (Some(p), Party::Addresses { first, last }) => {
            let inside = IpSet::range(first, last).intersection(&p.outside);
            let ranges = inside.ranges();
            ranges
                .map(|(first, last)| Party::Addresses { first, last })
                .collect()
        }
        _ => Vec::new(),
    }
}
