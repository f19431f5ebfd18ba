//! The units of a comparison: workloads, or their pods where policies distinguish these.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::change::{Change, Name};
use crate::analysis::Party;
use crate::analysis::space::universe::Universe;
use crate::cluster::Snapshot;

/// The units of two clusters, by name.
pub(in crate::analysis) struct Units {
    /// Sorted.
    pub names: Vec<Arc<Name>>,
    /// For each pod of the old side and of the new one, the index of its unit.
    pub places: [Vec<usize>; 2],
    /// The number of pods of each workload that is split into pods.
    mixed: BTreeMap<Name, usize>,
}

impl Units {
    pub fn new(universe: &Universe, both: [&Snapshot; 2], first_pods: [usize; 2]) -> Self {
        let mut mixed: BTreeSet<Name> = BTreeSet::new();
        for (side, first) in both.into_iter().zip(first_pods) {
            for workload in side.workloads.iter() {
                let pods = first + workload.pods.start..first + workload.pods.end;
                let classes = universe.class_of.get(pods).unwrap_or_default();
                if classes.windows(2).any(|two| two[0] != two[1]) {
                    mixed.insert(Name::of(workload));
                }
            }
        }
        let names: BTreeSet<Name> = both.iter().flat_map(|side| named(side, &mixed)).collect();
        let names: Vec<Arc<Name>> = names.into_iter().map(Arc::new).collect();
        let place = |name: &Name| {
            names
                .binary_search_by(|n| (**n).cmp(name))
                .unwrap_or_default()
        };
        let places = both.map(|side| {
            let mut places = vec![0; side.pods.len()];
            for workload in side.workloads.iter() {
                let name = Name::of(workload);
                let whole = (!mixed.contains(&name)).then(|| place(&name));
                for at in workload.pods.clone() {
                    let of_pod = || place(&pod_of(&name, side, at));
                    places[at] = whole.unwrap_or_else(of_pod);
                }
            }
            places
        });
        let mut counts: BTreeMap<Name, usize> = BTreeMap::new();
        for name in names.iter().filter(|name| name.pod.is_some()) {
            *counts.entry(name.whole()).or_default() += 1;
        }
        Self {
            names,
            places,
            mixed: counts,
        }
    }

    /// How many pods a workload is split into; of one that is not split, 1.
    pub fn pods_of(&self, whole: &Name) -> usize {
        self.mixed.get(whole).copied().unwrap_or(1)
    }

    /// The changes, with equal changes of all pods of a workload joined.
    pub fn joined(&self, mut changes: Vec<Change>) -> Vec<Change> {
        if self.mixed.is_empty() {
            return changes;
        }
        for own in [Own::Source, Own::Destination] {
            let mut alike: BTreeMap<Change, Vec<Change>> = BTreeMap::new();
            for change in changes {
                alike.entry(own.whole(&change)).or_default().push(change);
            }
            changes = Vec::new();
            for (whole, each) in alike {
                let pods = own.name(&whole).and_then(|name| self.mixed.get(name));
                match pods == Some(&each.len()) {
                    true => changes.push(whole),
                    false => changes.extend(each),
                }
            }
        }
        changes.sort_unstable();
        changes
    }
}

/// The names of a side's units.
fn named<'a>(side: &'a Snapshot, mixed: &'a BTreeSet<Name>) -> impl Iterator<Item = Name> + 'a {
    side.workloads.iter().flat_map(|workload| {
        let name = Name::of(workload);
        match mixed.contains(&name) {
            true => workload
                .pods
                .clone()
                .map(|at| pod_of(&name, side, at))
                .collect(),
            false => vec![name],
        }
    })
}

fn pod_of(name: &Name, side: &Snapshot, pod: usize) -> Name {
    Name {
        pod: side.pods.get(pod).map(|p| p.name.clone()),
        ..name.clone()
    }
}

/// One end of a change.
#[derive(Clone, Copy)]
enum Own {
    Source,
    Destination,
}

impl Own {
    /// The change with the whole workload at this end.
    fn whole(self, change: &Change) -> Change {
        let mut change = change.clone();
        let end = match self {
            Self::Source => &mut change.src,
            Self::Destination => &mut change.dst,
        };
        if let Party::Workload(name) = end {
            *name = Arc::new(name.whole());
        }
        change
    }

    fn name(self, change: &Change) -> Option<&Name> {
        match match self {
            Self::Source => &change.src,
            Self::Destination => &change.dst,
        } {
            Party::Workload(name) => Some(name),
            _ => None,
        }
    }
}
