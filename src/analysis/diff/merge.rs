//! Merges two clusters into one snapshot, so that their policies can be compared in one universe.

use std::collections::BTreeMap;

use crate::cluster::{Namespace, Pod, Snapshot};
use crate::sets::Labels;

/// The pods, namespaces and nodes of both, those of the old one first: equal pods are in one class of the
/// universe, whichever side they are on. It has no workloads, policies, tiers or assumptions, which differ
/// by side.
pub(in crate::analysis) fn merge_snapshots(old: &Snapshot, new: &Snapshot) -> Snapshot {
    let (namespaces, [of_old, of_new]) = namespaces([old, new]);
    let mut nodes = old.nodes.clone();
    nodes.extend_from_slice(&new.nodes);
    let pods = |side: &Snapshot, places: Vec<usize>| -> Vec<Pod> {
        let pods = side.pods.iter().cloned();
        let at_home = |pod: Pod| Pod {
            namespace: places.get(pod.namespace).copied().unwrap_or(usize::MAX),
            ..pod
        };
        pods.map(at_home).collect()
    };
    let mut all = pods(old, of_old);
    all.append(&mut pods(new, of_new));
    Snapshot {
        namespaces: namespaces.into(),
        pods: all.into(),
        nodes,
        ..Snapshot::default()
    }
}

/// The namespaces of both, equal ones once, and for each side the indices of its own.
fn namespaces(both: [&Snapshot; 2]) -> (Vec<Namespace>, [Vec<usize>; 2]) {
    let mut all: Vec<Namespace> = Vec::new();
    let mut known: BTreeMap<(&str, &Labels), usize> = BTreeMap::new();
    let places = both.map(|side| {
        let each = side.namespaces.iter().map(|namespace| {
            let next = all.len();
            let key = (namespace.name.as_str(), &namespace.labels);
            let place = *known.entry(key).or_insert(next);
            if place == next {
                all.push(namespace.clone());
            }
            place
        });
        each.collect()
    });
    (all, places)
}
