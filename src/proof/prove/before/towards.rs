//! What gates whose own pods and policies have not changed do towards pods that have.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use super::pods::{Pods, are_alike};
use crate::analysis::{self, GateDifference, PeerClass, Scope, Side};
use crate::cluster::Snapshot;
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
    let [ideal_ones, real_ones] = [ideal, real].map(|side| reduced(&side.policies, &own, towards));
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

/// The policies that select one of the `own` pods, without the rules that name none of the others; those that only
/// isolate the same are one.
fn reduced(policies: &[Arc<Policy>], own: &Pods, towards: &Pods) -> Vec<Arc<Policy>> {
    let all = policies.par_iter().with_min_len(1024);
    let named: Vec<bool> = all.map(|policy| towards.named_by(policy)).collect();
    let mut isolating = HashSet::default();
    // Which pods a policy selects is asked last, of the few that are left.
    let kept = policies.iter().zip(named);
    let kept: Vec<_> = kept
        .filter(|(policy, named)| *named || isolating.insert(isolation(policy)))
        .map(|(policy, _)| &**policy)
        .collect();
    let kept = kept.into_par_iter().with_min_len(1024);
    kept.filter(|policy| own.selected_by(policy))
        .map(|policy| Arc::new(without_rules(policy, towards)))
        .collect()
}

/// Whom a policy isolates and in which directions, apart from its rules.
fn isolation(policy: &Policy) -> (&Peer, usize, [Option<bool>; 2]) {
    let isolates =
        [&policy.ingress, &policy.egress].map(|side| side.as_ref().map(|side| side.isolates));
    (&policy.subject, policy.tier, isolates)
}

/// The policy without the rules that name none of the pods.
fn without_rules(policy: &Policy, towards: &Pods) -> Policy {
    let side = |side: &policy::Side| policy::Side {
        isolates: side.isolates,
        rules: (side.rules.iter())
            .filter(|rule| towards.are_named_by(rule))
            .cloned()
            .collect(),
    };
    Policy {
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
    }
}
