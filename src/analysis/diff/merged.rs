//! Two clusters in one universe, so that what the policies of either say can be compared point by point.

use std::collections::BTreeMap;

use crate::cluster::{Namespace, Pod, Snapshot};
use crate::sets::Labels;

/// The pods, namespaces and nodes of both, those of the old one first: pods that are alike are one class
/// of the universe, whichever side they are on. It has no workloads, policies, tiers and assumptions,
/// as these stay with their side.
pub(in crate::analysis) fn merged(old: &Snapshot, new: &Snapshot) -> Snapshot {
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
        namespaces,
        pods: all,
        nodes,
        ..Snapshot::default()
    }
}

/// The namespaces of both, one that both have alike once, and for each side where its own are.
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
