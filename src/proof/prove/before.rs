//! What was compared last: only gates that other policies or other pods apply to are looked at again.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::analysis::oracle::peer_matches;
use crate::analysis::{self, Endpoint, GateDifference, Isolation, PeerClass, Side};
use crate::cluster::{Pod, Snapshot};
use crate::intent::gates::{Bound, Intents};
use crate::intent::snapshot::Snapshots;
use crate::policy::{Direction, Match, Peer, Policy};

/// How many pairs of a pod and a policy are asked whether one selects the other, before comparing all is cheaper.
const MOST_PAIRS: usize = 400_000;

/// What the last proof compared, and what it found.
#[derive(Debug, Default)]
pub(crate) struct Before {
    pub(super) snapshots: Snapshots,
    pub(super) intents: Intents,
    isolated: Option<(Snapshot, Vec<Isolation>)>,
    /// For each bound.
    differences: [Option<Compared>; 2],
    /// How many policies the last proof compared, on both sides.
    pub(crate) compared: usize,
}

#[derive(Debug)]
struct Compared {
    ideal: Snapshot,
    real: Snapshot,
    differences: Vec<GateDifference>,
}

impl Before {
    /// [`analysis::isolation`].
    pub(super) fn isolation(&mut self, real: &Snapshot) -> Vec<Isolation> {
        let again = || {
            let (last, isolation) = self.isolated.as_ref()?;
            let pods = changed_pods(last, real)?;
            let changed = changed(&last.policies, &real.policies);
            let touched = touched(real, &pods, &changed, real.policies.len())?;
            let mut isolation = isolation.clone();
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
        let isolation = again().unwrap_or_else(|| analysis::isolation(real));
        self.isolated = Some((real.clone(), isolation.clone()));
        isolation
    }

    /// [`analysis::compare_until`].
    pub(super) fn compare(
        &mut self,
        bound: Bound,
        ideal: Snapshot,
        real: &Snapshot,
        stop: &dyn Fn() -> bool,
    ) -> Option<Vec<GateDifference>> {
        let last = &mut self.differences[bound as usize];
        let again = last.take().and_then(|last| last.update(&ideal, real));
        let (compared, differences) = match again {
            Some(again) => again,
            None => {
                let all = ideal.policies.len() + real.policies.len();
                (all, analysis::compare_until(&ideal, real, stop)?)
            }
        };
        self.compared += compared;
        *last = Some(Compared {
            ideal,
            real: real.clone(),
            differences: differences.clone(),
        });
        Some(differences)
    }
}

impl Compared {
    /// The differences now, and how many policies had to be compared; none where all have to be.
    fn update(self, ideal: &Snapshot, real: &Snapshot) -> Option<(usize, Vec<GateDifference>)> {
        let pods = changed_pods(&self.real, real)?;
        let mut all = changed(&self.ideal.policies, &ideal.policies);
        all.extend(changed(&self.real.policies, &real.policies));
        let peers = ideal.policies.iter().chain(&real.policies);
        let peers = peers.filter(|p| !pods.is_empty() && names(p, [&self.real, real], &pods));
        all.extend(peers.map(|p| &**p));
        let count = ideal.policies.len() + real.policies.len();
        let touched = touched(real, &pods, &all, count)?;
        if touched.is_empty() {
            return Some((0, self.differences));
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
        let now = analysis::compare(side(ideal, &ideal_ones), side(real, &real_ones));
        let mut differences = self.differences;
        differences.retain(|d| !touched.contains_key(&d.workload));
        differences.extend(
            now.into_iter()
                .filter(|d| touched.contains_key(&d.workload)),
        );
        differences.sort_unstable();
        // Domain names are cut into pieces by all patterns of all policies.
        let domain = |d: &GateDifference| matches!(d.peer, PeerClass::Domain(_));
        if differences.iter().any(domain) {
            return None;
        }
        Some((ideal_ones.len() + real_ones.len(), differences))
    }
}

/// The pods that differ; none if more does than pods in place and policies.
fn changed_pods(old: &Snapshot, new: &Snapshot) -> Option<Vec<usize>> {
    let alike = old.assumptions == new.assumptions
        && old.tiers == new.tiers
        && old.namespaces == new.namespaces
        && old.nodes == new.nodes
        && old.pods.len() == new.pods.len();
    if !alike {
        return None;
    }
    let place = |pod: &Pod| (pod.namespace, pod.workload);
    let mut changed = Vec::new();
    let pods = old.pods.iter().zip(new.pods.iter()).enumerate();
    let same = Arc::ptr_eq(&old.pods, &new.pods);
    for (at, (old, new)) in pods.filter(|_| !same) {
        if place(old) != place(new) {
            return None;
        }
        if old != new {
            changed.push(at);
        }
    }
    Some(changed)
}

/// Whether a rule of the policy has one of these pods as a peer, as they were or as they are.
fn names(policy: &Policy, clusters: [&Snapshot; 2], pods: &[usize]) -> bool {
    let matches = |peer: &Peer| {
        let mut pods = pods.iter().map(|at| Endpoint::Pod(*at));
        pods.any(|pod| {
            clusters
                .iter()
                .any(|cluster| peer_matches(cluster, peer, &pod))
        })
    };
    let sides = policy.ingress.iter().chain(&policy.egress);
    sides
        .flat_map(|side| &side.rules)
        .any(|rule| match &rule.peers {
            Match::Any => true,
            Match::Only(items) => items.iter().any(|item| matches(&item.peer)),
        })
}

/// The policies of either list that are not in the other one; some of them may only be copies.
fn changed<'a>(old: &'a [Arc<Policy>], new: &'a [Arc<Policy>]) -> Vec<&'a Policy> {
    let without = |some: &'a [Arc<Policy>], others: &[Arc<Policy>]| -> Vec<&'a Policy> {
        let shared: HashSet<*const Policy> = others.iter().map(Arc::as_ptr).collect();
        let some = some.iter().filter(|p| !shared.contains(&Arc::as_ptr(p)));
        some.map(|p| &**p).collect()
    };
    let (removed, added) = (without(old, new), without(new, old));
    // Where all are copies of each other, in order, nothing has changed.
    match removed == added {
        true => Vec::new(),
        false => [removed, added].concat(),
    }
}

/// The workloads of these pods, and those that one of these policies selects a pod of, each with all of its
/// pods; none if they are too many for so many policies.
fn touched(
    cluster: &Snapshot,
    changed: &[usize],
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
        let own = changed.iter().any(|pod| workload.pods.contains(pod));
        if own || by.iter().any(|policy| selects(cluster, policy, &pods)) {
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
