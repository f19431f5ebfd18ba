//! What gates whose own pods and policies have not changed do towards pods that have.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::filtered;
use super::pods::Pods;
use crate::analysis::{self, GateDifference, PeerClass, Scope, Side};
use crate::cluster::{Pod, Snapshot};
use crate::policy::{self, Peer, Policy};
use crate::sets::hash::HashSet;

/// The differences between two sides at the gates of these workloads towards these pods alone, and how many
/// policies with such rules were compared. A rule that names none of the pods has no say in it, so only the others are.
pub(super) fn differences(
    [ideal, real]: [&Snapshot; 2],
    of: &BTreeSet<usize>,
    towards: &Pods,
) -> (usize, Vec<GateDifference>) {
    if of.is_empty() {
        return (0, Vec::new());
    }
    let own = Pods::of_workloads(real, of.iter().copied());
    let [ideal_ones, real_ones] = [ideal, real]
        .map(|side| reduced(&filtered(side, |policy| own.selected_by(policy)), towards));
    let side = |of, policies| Side {
        policies,
        ..Side::from(of)
    };
    let scope = Scope {
        workloads: Some(of),
        known_only: true,
    };
    let sides = [side(ideal, &ideal_ones), side(real, &real_ones)];
    let mut found = analysis::compare_within(sides, scope);
    let is_towards = |peer: &PeerClass| matches!(peer, PeerClass::Pod(at) if towards.contains(*at));
    found.retain(|d| is_towards(&d.peer));
    let naming = |policy: &&Arc<Policy>| {
        let mut sides = policy.ingress.iter().chain(&policy.egress);
        sides.any(|side| !side.rules.is_empty())
    };
    let count = ideal_ones.iter().chain(&real_ones).filter(naming).count();
    (count, found)
}

/// Whether all pods of a workload are alike: a comparison names one pod of a workload for all that no policy tells
/// apart, and fewer policies tell fewer apart.
pub(super) fn is_whole(cluster: &Snapshot, workload: usize) -> bool {
    let pods = cluster.workloads.get(workload).map(|w| w.pods.clone());
    let pods = pods.and_then(|pods| cluster.pods.get(pods));
    pods.is_some_and(|pods| pods.windows(2).all(|two| are_alike(&two[0], &two[1])))
}

fn are_alike(a: &Pod, b: &Pod) -> bool {
    (a.host_network, &a.labels, &a.ports, &a.service_account)
        == (b.host_network, &b.labels, &b.ports, &b.service_account)
        && (&a.addresses, &a.node) == (&b.addresses, &b.node)
}

/// The policies without the rules that name none of the pods; those that only isolate the same are one.
fn reduced(policies: &[&Arc<Policy>], towards: &Pods) -> Vec<Arc<Policy>> {
    let mut isolating: HashSet<(&Peer, usize, [Option<bool>; 2])> = HashSet::default();
    let mut found = Vec::new();
    for policy in policies {
        if !towards.named_by(policy) {
            let isolates = [&policy.ingress, &policy.egress]
                .map(|side| side.as_ref().map(|side| side.isolates));
            if !isolating.insert((&policy.subject, policy.tier, isolates)) {
                continue;
            }
        }
        let side = |side: &policy::Side| policy::Side {
            isolates: side.isolates,
            rules: (side.rules.iter())
                .filter(|rule| towards.are_named_by(rule))
                .cloned()
                .collect(),
        };
        found.push(Arc::new(Policy {
            kind: policy.kind,
            name: policy.name.clone(),
            namespace: policy.namespace.clone(),
            tier: policy.tier,
            order: policy.order,
            tie: policy.tie.clone(),
            subject: policy.subject.clone(),
            ingress: policy.ingress.as_ref().map(side),
            egress: policy.egress.as_ref().map(side),
            span: policy.span.clone(),
        }));
    }
    found
}
