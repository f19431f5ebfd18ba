//! What the answer of `paths` does not know.

use std::collections::BTreeSet;

use crate::analysis::{Places, Reach, routes};
use crate::cluster::Snapshot;

/// From outside: the routes whose controller may be let in, although its pods are not in the input, to workloads
/// that are not reached otherwise.
pub fn unknown_controllers(snapshot: &Snapshot, from: &Places, reach: &Reach) -> Vec<String> {
    if from.outside.is_empty() {
        return Vec::new();
    }
    let mut found = BTreeSet::new();
    for one in routes::reaches(snapshot) {
        let (Some(route), Some(workload)) = (
            snapshot.routes.get(one.route),
            snapshot.workloads.get(one.workload),
        ) else {
            continue;
        };
        if one.admitted_by.is_empty() || reach.hops_to(one.workload).is_some() {
            continue;
        }
        found.insert(format!(
            "{} {}/{} may open {}/{} on {}: its ingress controller is not in the input; admitted there: {}",
            route.kind,
            route.namespace,
            route.name,
            workload.namespace,
            workload.name,
            one.admitted.difference(&one.open),
            one.admitted_by.join("; ")
        ));
    }
    found.into_iter().collect()
}
