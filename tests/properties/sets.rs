//! Properties of the set algebra.

use std::collections::BTreeSet;
use std::net::IpAddr;

use drawbridge::sets::{Bits, IntervalSet, IpSet, LabelSet, Labels, PortSet, Protocol, ValueSet};
use proptest::collection::vec;
use proptest::prelude::*;

use super::random::{ADDRESSES, KEYS, Leaves, VALUES, ip_set, labels, protocol, selector};

fn intervals() -> impl Strategy<Value = IntervalSet<u32>> {
    let edge = || prop_oneof![0..12u32, Just(u32::MAX - 1), Just(u32::MAX)];
    vec((edge(), edge()), 0..5).prop_map(|ranges| ranges.into_iter().collect())
}

fn port_set() -> impl Strategy<Value = PortSet> {
    let port = || prop_oneof![1..6u16, Just(65534), Just(65535)];
    let range = (protocol(), port(), port()).prop_map(|(p, a, b)| PortSet::range(p, a, b));
    let piece = prop_oneof![
        6 => range,
        1 => protocol().prop_map(PortSet::all_of),
        1 => Just(PortSet::other()),
        1 => Just(PortSet::all_numbered()),
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.into_iter().collect())
}

fn label_set() -> impl Strategy<Value = LabelSet> {
    let one = selector(Leaves::Exact).prop_map(|s| LabelSet::from(&s));
    vec(one, 0..4).prop_map(|sets| LabelSet::union_of(&sets))
}

/// Every map over the keys, each absent or one of the values or one that no selector names.
fn every_labels() -> Vec<Labels> {
    let mut found = vec![Labels::new()];
    for key in KEYS {
        let without = found.clone();
        for value in VALUES.into_iter().chain(["other"]) {
            found.extend(without.iter().cloned().map(|mut labels| {
                labels.insert(key.to_owned(), value.to_owned());
                labels
            }));
        }
    }
    found
}

proptest! {
    #[test]
    fn intervals_are_sets(a in intervals(), b in intervals()) {
        let (union, both, only, not) =
            (a.union(&b), a.intersection(&b), a.difference(&b), a.complement());
        for x in (0..14).chain([u32::MAX - 2, u32::MAX - 1, u32::MAX]) {
            let (in_a, in_b) = (a.contains(x), b.contains(x));
            prop_assert_eq!(union.contains(x), in_a || in_b);
            prop_assert_eq!(both.contains(x), in_a && in_b);
            prop_assert_eq!(only.contains(x), in_a && !in_b);
            prop_assert_eq!(not.contains(x), !in_a);
        }
        prop_assert_eq!(a.is_subset(&b), only.is_empty());
        prop_assert_eq!(a.intersects(&b), !both.is_empty());
    }

    #[test]
    fn intervals_are_canonical(a in intervals(), b in intervals(), c in intervals()) {
        let ranges: Vec<_> = a.iter().collect();
        prop_assert!(ranges.iter().all(|(first, last)| first <= last));
        prop_assert!(ranges.windows(2).all(|w| w[0].1.saturating_add(1) < w[1].0));
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.union(&b).union(&c), a.union(&b.union(&c)));
        prop_assert_eq!(a.complement().complement(), a.clone());
        prop_assert_eq!(a.union(&b).complement(), a.complement().intersection(&b.complement()));
        let apart = a.intersection(&b).union(&a.difference(&b));
        prop_assert_eq!(apart, a);
    }

    #[test]
    fn port_sets_are_sets(a in port_set(), b in port_set()) {
        for protocol in Protocol::ALL {
            for port in (0..8).chain([65533, 65534, 65535]) {
                let (in_a, in_b) = (a.contains(protocol, port), b.contains(protocol, port));
                prop_assert_eq!(a.union(&b).contains(protocol, port), in_a || in_b);
                prop_assert_eq!(a.intersection(&b).contains(protocol, port), in_a && in_b);
                prop_assert_eq!(a.difference(&b).contains(protocol, port), in_a && !in_b);
                prop_assert_eq!(a.complement().contains(protocol, port), port > 0 && !in_a);
                let listed = a.ranges(protocol).any(|(first, last)| (first..=last).contains(&port));
                prop_assert_eq!(listed, in_a);
            }
        }
        prop_assert_eq!(a.complement().has_other(), !a.has_other());
        prop_assert_eq!(a.complement().complement(), a.clone());
        prop_assert_eq!(a.is_all(), a == PortSet::all());
        prop_assert_eq!(a.is_subset(&b), a.union(&b) == b);
    }

    #[test]
    fn ip_sets_are_sets(a in ip_set(), b in ip_set()) {
        for address in ADDRESSES {
            let address: IpAddr = address.parse().expect("an address");
            let (in_a, in_b) = (a.contains(address), b.contains(address));
            prop_assert_eq!(a.union(&b).contains(address), in_a || in_b);
            prop_assert_eq!(a.intersection(&b).contains(address), in_a && in_b);
            prop_assert_eq!(a.difference(&b).contains(address), in_a && !in_b);
            prop_assert_eq!(a.complement().contains(address), !in_a);
        }
        let again: IpSet = a.cidrs().into_iter().collect();
        prop_assert_eq!(&again, &a);
        let ranges = a.ranges().map(|(first, last)| IpSet::range(first, last));
        prop_assert_eq!(ranges.fold(IpSet::empty(), |all, r| all.union(&r)), a);
    }

    #[test]
    fn bits_are_sets(
        a in vec(0..400usize, 0..20),
        b in vec(150..250usize, 0..20),
        start in 0..400usize,
        end in 0..400usize,
    ) {
        let mut range = Bits::empty();
        range.insert_range(start, end);
        prop_assert_eq!(range.iter().collect::<Vec<_>>(), (start..end).collect::<Vec<_>>());
        let (a, b): (BTreeSet<usize>, BTreeSet<usize>) = (a.into_iter().collect(), b.into_iter().collect());
        let sets = [a, b, (start..end).collect()];
        let of = |set: &BTreeSet<usize>| set.iter().rev().copied().collect::<Bits>();
        prop_assert_eq!(&of(&sets[2]), &range);
        let union: BTreeSet<usize> = sets.iter().flatten().copied().collect();
        prop_assert_eq!(Bits::union_of(&sets.each_ref().map(of)), of(&union));
        for (x, y) in [(0, 1), (1, 0), (0, 2), (2, 1)] {
            let (x, y) = (&sets[x], &sets[y]);
            let (one, other) = (of(x), of(y));
            prop_assert_eq!(one.count(), x.len());
            prop_assert_eq!(one.intersects_range(start..end), one.intersects(&range));
            prop_assert_eq!(one.iter().collect::<Vec<_>>(), x.iter().copied().collect::<Vec<_>>());
            let (mut all, mut both, mut only) = (one.clone(), one.clone(), one.clone());
            all.union_with(&other);
            both.intersect_with(&other);
            only.subtract(&other);
            prop_assert_eq!(all, of(&(x | y)));
            prop_assert_eq!(&both, &of(&(x & y)));
            prop_assert_eq!(&only, &of(&(x - y)));
            prop_assert_eq!(both.is_empty(), !one.intersects(&other));
            prop_assert_eq!(only.is_empty(), one.is_subset(&other));
            let mut fewer = one;
            other.iter().for_each(|at| fewer.remove(at));
            prop_assert_eq!(fewer, only);
            prop_assert!((0..400).all(|at| other.contains(at) == y.contains(&at)));
        }
    }

    #[test]
    fn value_sets_are_sets(a in selector(Leaves::Exact), b in selector(Leaves::Exact)) {
        let all = a.requirements.iter().chain(&b.requirements).map(|r| ValueSet::from(&r.op));
        let mut sets: Vec<ValueSet> = all.collect();
        sets.extend([ValueSet::all(), ValueSet::present(), ValueSet::missing()]);
        for a in &sets {
            for b in &sets {
                prop_assert_eq!(a.is_subset(b), a.intersection(&b.complement()).is_empty());
                prop_assert_eq!(a.is_disjoint(b), a.intersection(b).is_empty());
            }
        }
    }

    #[test]
    fn label_sets_are_what_selectors_match(a in selector(Leaves::Exact), labels in labels()) {
        let set = LabelSet::from(&a);
        prop_assert_eq!(set.contains(&labels), a.matches(&labels));
        prop_assert_eq!(set.is_empty(), a.is_contradiction());
        let never = every_labels().iter().all(|l| !a.matches(l));
        prop_assert_eq!(set.is_empty(), never);
    }

    #[test]
    fn label_sets_are_sets(a in label_set(), b in label_set()) {
        let (union, both, only, not) =
            (a.union(&b), a.intersection(&b), a.difference(&b), a.complement());
        for labels in every_labels() {
            let (in_a, in_b) = (a.contains(&labels), b.contains(&labels));
            prop_assert_eq!(union.contains(&labels), in_a || in_b);
            prop_assert_eq!(both.contains(&labels), in_a && in_b);
            prop_assert_eq!(only.contains(&labels), in_a && !in_b);
            prop_assert_eq!(not.contains(&labels), !in_a);
        }
        prop_assert_eq!(a.intersects(&b), !both.is_empty());
        prop_assert_eq!(a.is_subset(&b), every_labels().iter().all(|l| !a.contains(l) || b.contains(l)));
        for set in [a, b, union, both, only, not] {
            match set.example() {
                Some(labels) => prop_assert!(set.contains(&labels)),
                None => prop_assert!(every_labels().iter().all(|l| !set.contains(l))),
            }
        }
    }
}
