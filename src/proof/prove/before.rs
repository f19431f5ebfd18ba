//! What was compared last: only gates that other policies or other pods apply to are looked at again.

mod changes;
mod pods;
mod towards;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::analysis::{self, GateDifference, Isolation, PeerClass, Scope, Side};
use crate::cluster::Snapshot;
use crate::intent::future_pods;
use crate::intent::gates::{Bound, Intents};
use crate::intent::snapshot::Snapshots;
use crate::policy::{Direction, Policy};
use changes::Changes;
use pods::Pods;

/// How many pairs of a pod and a policy are asked whether one selects the other, before comparing all is cheaper.
const MOST_PAIRS: usize = 400_000;

/// What the last proof compared, and what it found.
#[derive(Debug, Default)]
pub(crate) struct Before {
    pub(super) snapshots: Snapshots,
    pub(super) future_pods: future_pods::Known,
    pub(super) intents: Intents,
    isolated: Option<(Snapshot, Vec<Isolation>)>,
    /// For each kind of comparison.
    differences: [Comparison; 4],
    /// How many policies the last proof compared, on both sides.
    pub(crate) compared: usize,
}

/// What the policies in force are compared with.
#[derive(Clone, Copy, Debug)]
pub(super) enum With {
    /// A bound of the intent.
    Intent(Bound),
    /// Themselves, and what is left out of the flows that deny.
    Denials,
}

/// The last comparison of one kind, so that the next one costs what is different from it.
#[derive(Debug, Default)]
pub(crate) struct Comparison(Option<Compared>);

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
            let changes = Changes::between(last, real)?;
            let changed = changed(&last.policies, &real.policies);
            let touched = touched(real, &changes.new, &changed, real.policies.len())?;
            let mut now = vec![Isolation::default(); real.workloads.len()];
            for (old, isolation) in isolation.iter().enumerate() {
                if let Some(new) = changes.workload(old) {
                    *now.get_mut(new)? = *isolation;
                }
            }
            for workload in touched {
                let pods = Pods::of_workloads(real, [workload]);
                let isolates = |direction| {
                    let policies = real.policies.iter();
                    let mut sides = policies
                        .filter(|p| p.side(direction).is_some_and(|s| s.denies_by_default()));
                    sides.any(|policy| pods.selected_by(policy))
                };
                *now.get_mut(workload)? = Isolation {
                    ingress: isolates(Direction::Ingress),
                    egress: isolates(Direction::Egress),
                };
            }
            Some(now)
        };
        let isolation = again().unwrap_or_else(|| analysis::isolation(real));
        self.isolated = Some((real.clone(), isolation.clone()));
        isolation
    }

    /// [`analysis::compare_until`].
    pub(super) fn compare(
        &mut self,
        with: With,
        ideal: Snapshot,
        real: &Snapshot,
        stop: &dyn Fn() -> bool,
    ) -> Option<Vec<GateDifference>> {
        let last = &mut self.differences[match with {
            With::Intent(bound) => bound as usize,
            With::Denials => 3,
        }];
        let (compared, differences) = last.compare(ideal, real, stop)?;
        self.compared += compared;
        Some(differences)
    }
}

impl Comparison {
    /// How many policies had to be compared, and [`analysis::compare_until`].
    pub(crate) fn compare(
        &mut self,
        ideal: Snapshot,
        real: &Snapshot,
        stop: &dyn Fn() -> bool,
    ) -> Option<(usize, Vec<GateDifference>)> {
        let again = self.0.take().and_then(|last| last.update(&ideal, real));
        let (compared, differences) = match again {
            Some(again) => again,
            None => {
                let all = ideal.policies.len() + real.policies.len();
                (all, analysis::compare_until(&ideal, real, stop)?)
            }
        };
        self.0 = Some(Compared {
            ideal,
            real: real.clone(),
            differences: differences.clone(),
        });
        Some((compared, differences))
    }
}

impl Compared {
    /// The differences now, and how many policies had to be compared; none where all have to be.
    fn update(mut self, ideal: &Snapshot, real: &Snapshot) -> Option<(usize, Vec<GateDifference>)> {
        let changes = Changes::between(&self.real, real)?;
        let mut all = changed(&self.ideal.policies, &ideal.policies);
        all.extend(changed(&self.real.policies, &real.policies));
        let changed_pods = Pods::new(real, &changes.new);
        let ends = [&Pods::new(&self.real, &changes.old), &changed_pods];
        let mut naming = Vec::new();
        for side in [ideal, real].into_iter().filter(|_| !changes.is_empty()) {
            let named = filtered(side, |policy| ends.iter().any(|pods| pods.named_by(policy)));
            naming.extend(named.into_iter().map(|policy| &**policy));
        }
        let count = ideal.policies.len() + real.policies.len();
        let mut touched = touched(real, &changes.new, &all, count)?;
        let mut others = self::touched(real, &[], &naming, count)?;
        if changes.have_moved() {
            // At an open gate pods may differ that no rule names.
            let differing = self.differences.iter();
            others.extend(differing.filter_map(|d| changes.workload(d.workload)));
        }
        others.retain(|workload| !touched.contains(workload));
        // Of pods that are not alike another one may be the first of its kind.
        let owners = changes.new.iter().filter_map(|at| real.pods.get(*at));
        let mut owners = owners.map(|pod| pod.workload);
        let whole = owners.all(|owner| towards::is_whole(real, owner));
        touched.extend(others.extract_if(.., |at| !whole || !towards::is_whole(real, *at)));
        changes.renumber(&mut self.differences);
        let (compared, now) = differences_of([ideal, real], &touched);
        let (more, now_towards) = towards::differences([ideal, real], &others, &changed_pods);
        let mut differences = self.differences;
        let is_old = |d: &GateDifference| {
            let towards = matches!(d.peer, PeerClass::Pod(at) if changed_pods.contains(at));
            touched.contains(&d.workload) || others.contains(&d.workload) && towards
        };
        differences.retain(|d| !is_old(d));
        differences.extend(now.into_iter().chain(now_towards));
        differences.sort_unstable();
        differences.dedup();
        // Domain names are cut into pieces by all patterns of all policies.
        let domain = |d: &GateDifference| matches!(d.peer, PeerClass::Domain(_));
        let has_changed = !touched.is_empty() || !others.is_empty();
        if has_changed && differences.iter().any(domain) {
            return None;
        }
        Some((compared + more, differences))
    }
}

/// The differences between two sides at the gates of these workloads, and how many policies were compared: all that
/// select one of their pods, so that at their gates nothing is left out.
fn differences_of(
    [ideal, real]: [&Snapshot; 2],
    of: &BTreeSet<usize>,
) -> (usize, Vec<GateDifference>) {
    if of.is_empty() {
        return (0, Vec::new());
    }
    let pods = Pods::of_workloads(real, of.iter().copied());
    let [ideal_ones, real_ones] = [ideal, real].map(|side| -> Vec<Arc<Policy>> {
        let selecting = filtered(side, |policy| pods.selected_by(policy));
        selecting.into_iter().cloned().collect()
    });
    let side = |of, policies| Side {
        policies,
        ..Side::from(of)
    };
    let scope = Scope {
        workloads: Some(of),
        known_only: false,
    };
    let sides = [side(ideal, &ideal_ones), side(real, &real_ones)];
    let found = analysis::compare_within(sides, scope);
    (ideal_ones.len() + real_ones.len(), found)
}

/// Its policies of which something is true, in order.
fn filtered(of: &Snapshot, wanted: impl Fn(&Policy) -> bool + Sync) -> Vec<&Arc<Policy>> {
    let policies = of.policies.par_iter().with_min_len(1024);
    policies.filter(|policy| wanted(policy)).collect()
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

/// The workloads of these pods, and those that one of these policies selects a pod of; none if they are too
/// many for so many policies.
fn touched(
    cluster: &Snapshot,
    changed: &[usize],
    by: &[&Policy],
    policies: usize,
) -> Option<BTreeSet<usize>> {
    if by.len() * cluster.pods.len() > MOST_PAIRS {
        return None;
    }
    let owners = changed.iter().filter_map(|pod| cluster.pods.get(*pod));
    let mut found: BTreeSet<usize> = owners.map(|pod| pod.workload).collect();
    for at in 0..cluster.workloads.len() {
        let pods = Pods::of_workloads(cluster, [at]);
        if by.iter().any(|policy| pods.selected_by(policy)) {
            found.insert(at);
        }
    }
    let pods = found.iter().filter_map(|at| cluster.workloads.get(*at));
    let count: usize = pods.map(|workload| workload.pods.len()).sum();
    (count * policies <= MOST_PAIRS).then_some(found)
}
