//! What was compared last: while the pods stay the same, only gates that other policies apply to are looked
//! at again. Nothing is inferred where the last comparison found a difference.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::analysis::oracle::peer_matches;
use crate::analysis::{self, Endpoint, GateDifference, Isolation, Side};
use crate::cluster::Snapshot;
use crate::intent::gates::Intents;
use crate::intent::snapshot::Snapshots;
use crate::policy::{Direction, Policy};

/// How many pairs of a pod and a policy are asked whether one selects the other, before comparing all is cheaper.
const MOST_PAIRS: usize = 400_000;

/// What the last proof compared, and what it found.
#[derive(Debug, Default)]
pub(crate) struct Before {
    last: Option<Last>,
    pub(super) snapshots: Snapshots,
    pub(super) intents: Intents,
    /// How many policies the last comparison looked at, on both sides.
    pub(crate) compared: usize,
}

#[derive(Debug)]
struct Last {
    /// The cluster with the policies in force.
    real: Snapshot,
    isolation: Vec<Isolation>,
    /// What was intended, if the policies did just that.
    agreed: Option<Snapshot>,
}

impl Before {
    /// Keeps what was compared for the next time; `agreed`: what was intended, if the policies do just that.
    pub(super) fn keep(
        &mut self,
        real: Snapshot,
        isolation: Vec<Isolation>,
        agreed: Option<Snapshot>,
    ) {
        self.last = Some(Last {
            real,
            isolation,
            agreed,
        });
    }

    /// What is known of these pods.
    fn about(&self, real: &Snapshot) -> Option<&Last> {
        self.last
            .as_ref()
            .filter(|last| same_pods(&last.real, real))
    }

    /// [`analysis::isolation`].
    pub(super) fn isolation(&self, real: &Snapshot) -> Vec<Isolation> {
        let again = || {
            let last = self.about(real)?;
            let changed = changed(&last.real.policies, &real.policies);
            let touched = touched(real, &changed, real.policies.len())?;
            let mut isolation = last.isolation.clone();
            for (workload, pods) in &touched {
                let isolates = |direction| {
                    let policies = real.policies.iter();
                    let mut sides =
                        policies.filter(|p| p.side(direction).is_some_and(|s| s.isolates));
                    sides.any(|policy| selects(real, policy, pods))
                };
                *isolation.get_mut(*workload)? = Isolation {
                    ingress: isolates(Direction::Ingress),
                    egress: isolates(Direction::Egress),
                };
            }
            Some(isolation)
        };
        again().unwrap_or_else(|| analysis::isolation(real))
    }

    /// [`analysis::compare`].
    pub(super) fn compare(&mut self, ideal: &Snapshot, real: &Snapshot) -> Vec<GateDifference> {
        if let Some(compared) = self.still_agree(ideal, real) {
            self.compared = compared;
            return Vec::new();
        }
        self.compared = ideal.policies.len() + real.policies.len();
        analysis::compare(ideal, real)
    }

    /// Whether the policies are still what is intended: how many were compared; none: unknown.
    fn still_agree(&self, ideal: &Snapshot, real: &Snapshot) -> Option<usize> {
        let last = self.about(real)?;
        let agreed = last
            .agreed
            .as_ref()
            .filter(|agreed| same_pods(agreed, ideal))?;
        let mut all = changed(&agreed.policies, &ideal.policies);
        all.extend(changed(&last.real.policies, &real.policies));
        let touched = touched(real, &all, ideal.policies.len() + real.policies.len())?;
        if touched.is_empty() {
            return Some(0);
        }
        // All policies that select one of these pods: at their gates nothing is left out.
        let [ideal_ones, real_ones] = [ideal, real].map(|side| -> Vec<Arc<Policy>> {
            let selects = |p: &&Arc<Policy>| touched.values().any(|pods| selects(real, p, pods));
            side.policies.iter().filter(selects).cloned().collect()
        });
        let side = |of, policies| Side {
            policies,
            ..Side::from(of)
        };
        let differences = analysis::compare(side(ideal, &ideal_ones), side(real, &real_ones));
        let differs = (differences.iter()).any(|d| touched.contains_key(&d.workload));
        (!differs).then_some(ideal_ones.len() + real_ones.len())
    }
}

/// Whether two clusters differ in their policies alone.
fn same_pods(a: &Snapshot, b: &Snapshot) -> bool {
    a.assumptions == b.assumptions
        && a.tiers == b.tiers
        && a.namespaces == b.namespaces
        && a.workloads == b.workloads
        && a.pods == b.pods
        && a.nodes == b.nodes
}

/// The policies of either list that are not in the other one; some of them may only be copies.
fn changed<'a>(old: &'a [Arc<Policy>], new: &'a [Arc<Policy>]) -> Vec<&'a Policy> {
    let without = |some: &'a [Arc<Policy>], others: &[Arc<Policy>]| -> Vec<&'a Policy> {
        let others: HashSet<*const Policy> = others.iter().map(Arc::as_ptr).collect();
        let some = some.iter().filter(|p| !others.contains(&Arc::as_ptr(p)));
        some.map(|p| &**p).collect()
    };
    let (removed, added) = (without(old, new), without(new, old));
    // Where all are copies of each other, in order, nothing has changed.
    match removed == added {
        true => Vec::new(),
        false => [removed, added].concat(),
    }
}

/// The workloads that one of these policies selects a pod of, each with all of its pods; none if they are too
/// many for so many policies.
fn touched(
    cluster: &Snapshot,
    by: &[&Policy],
    policies: usize,
) -> Option<BTreeMap<usize, Vec<Endpoint>>> {
    if by.len() * cluster.pods.len() > MOST_PAIRS {
        return None;
    }
    let mut found = BTreeMap::new();
    let mut count = 0;
    for (at, workload) in cluster.workloads.iter().enumerate() {
        let pods: Vec<Endpoint> = workload.pods.clone().map(Endpoint::Pod).collect();
        if by.iter().any(|policy| selects(cluster, policy, &pods)) {
            count += pods.len();
            found.insert(at, pods);
        }
    }
    (count * policies <= MOST_PAIRS).then_some(found)
}

fn selects(cluster: &Snapshot, policy: &Policy, pods: &[Endpoint]) -> bool {
    pods.iter()
        .any(|pod| peer_matches(cluster, &policy.subject, pod))
}
