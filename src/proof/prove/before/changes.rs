//! How the pods of two states of a document differ.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::{GateDifference, PeerClass};
use crate::cluster::{Pod, Snapshot, Workload};
use crate::policy::WorkloadKey;
use crate::sets::Labels;

/// The pods that differ, and where all others are now.
#[derive(Debug)]
pub(super) struct Changes {
    /// Those that differ or are no more, by their indices in the old cluster.
    pub(super) old: Vec<usize>,
    /// Those that differ or are new, by their indices in the new cluster.
    pub(super) new: Vec<usize>,
    /// Whether there are new pods, or some are no more.
    in_number: bool,
    /// For each old workload and for each old pod its new index; none where nothing has moved.
    moved: Option<Moved>,
}

#[derive(Debug)]
struct Moved {
    workloads: Vec<Option<usize>>,
    pods: Vec<Option<usize>>,
}

impl Changes {
    /// Compares two clusters; none if more differs than pods and policies.
    pub(super) fn between(old: &Snapshot, new: &Snapshot) -> Option<Self> {
        let alike = old.assumptions == new.assumptions
            && old.tiers == new.tiers
            && old.namespaces == new.namespaces
            && old.nodes == new.nodes;
        if !alike {
            return None;
        }
        let mut changes = Self {
            old: Vec::new(),
            new: Vec::new(),
            in_number: false,
            moved: None,
        };
        if !Arc::ptr_eq(&old.pods, &new.pods) {
            changes.compare(old, new);
        }
        Some(changes)
    }

    /// Whether all pods are the same.
    pub(super) fn is_empty(&self) -> bool {
        self.old.is_empty() && self.new.is_empty()
    }

    /// Whether pods have other indices now.
    pub(super) fn have_moved(&self) -> bool {
        self.moved.is_some()
    }

    /// The new index of an old workload.
    pub(super) fn workload(&self, old: usize) -> Option<usize> {
        match &self.moved {
            None => Some(old),
            Some(moved) => moved.workloads.get(old).copied().flatten(),
        }
    }

    /// Gives the differences their new indices, and removes those of workloads and pods that are no more.
    pub(super) fn renumber(&self, differences: &mut Vec<GateDifference>) {
        let Some(moved) = &self.moved else { return };
        let pod = |old: usize| moved.pods.get(old).copied().flatten();
        differences.retain_mut(|difference| {
            let peer = match difference.peer {
                PeerClass::Pod(at) => pod(at).map(PeerClass::Pod),
                _ => Some(difference.peer.clone()),
            };
            let own = (self.workload(difference.workload), pod(difference.pod));
            let ((Some(workload), Some(pod)), Some(peer)) = (own, peer) else {
                return false;
            };
            (difference.workload, difference.pod, difference.peer) = (workload, pod, peer);
            true
        });
    }

    fn compare(&mut self, old: &Snapshot, new: &Snapshot) {
        let workloads = new.workloads.iter().enumerate();
        let by_key = workloads.filter_map(|(at, w)| Some((key(new, w)?, at)));
        let mut by_key: BTreeMap<Key, usize> = by_key.collect();
        let mut moved = Moved {
            workloads: vec![None; old.workloads.len()],
            pods: vec![None; old.pods.len()],
        };
        for (from, workload) in old.workloads.iter().enumerate() {
            let to = key(old, workload).and_then(|key| by_key.remove(&key));
            let now = to.and_then(|to| new.workloads.get(to));
            // Of two pods one may be the node's: a workload with another number of pods is another one.
            let now = now.filter(|now| now.pods.len() == workload.pods.len());
            let Some(now) = now else {
                self.in_number = true;
                self.old.extend(workload.pods.clone());
                let another = to.and_then(|to| new.workloads.get(to));
                self.new
                    .extend(another.into_iter().flat_map(|w| w.pods.clone()));
                continue;
            };
            moved.workloads[from] = to;
            for (from, to) in workload.pods.clone().zip(now.pods.clone()) {
                moved.pods[from] = Some(to);
                if !same(&old.pods[from], &new.pods[to]) {
                    self.old.push(from);
                    self.new.push(to);
                }
            }
        }
        let is_new = |w: &&Workload| key(new, w).is_some_and(|key| by_key.contains_key(&key));
        for workload in new.workloads.iter().filter(is_new) {
            self.in_number = true;
            self.new.extend(workload.pods.clone());
        }
        let stays = |(from, to): (usize, &Option<usize>)| *to == Some(from);
        if !moved.workloads.iter().enumerate().all(stays) || self.in_number {
            self.moved = Some(moved);
        }
    }
}

/// What makes two workloads the same: their key, or all of what pods that are not drawn are made of.
type Key<'a> = (WorkloadKey, Option<MadeOf<'a>>);

/// Namespace, name, labels and service account.
type MadeOf<'a> = (usize, &'a str, &'a Labels, &'a str);

fn key<'a>(cluster: &'a Snapshot, workload: &Workload) -> Option<Key<'a>> {
    let pod = cluster.pods.get(workload.pods.start)?;
    let unknown = pod.key == WorkloadKey::UNKNOWN;
    let made_of = unknown.then(|| {
        let (name, account) = (pod.name.as_str(), &*pod.service_account);
        (pod.namespace, name, &*pod.labels, account)
    });
    Some((pod.key, made_of))
}

/// Whether a pod is the same, wherever it stands.
fn same(old: &Pod, new: &Pod) -> bool {
    let Pod {
        name,
        namespace,
        workload: _,
        key,
        labels,
        ports,
        sidecar_ports: _,
        init_ports: _,
        ambiguous_ports,
        host_network,
        service_account,
        addresses,
        node,
    } = old;
    (namespace, key, host_network) == (&new.namespace, &new.key, &new.host_network)
        && (name, addresses, node) == (&new.name, &new.addresses, &new.node)
        && (Arc::ptr_eq(labels, &new.labels) || labels == &new.labels)
        && (ports, service_account) == (&new.ports, &new.service_account)
        && *ambiguous_ports == new.ambiguous_ports
}
