//! The workloads of pods by manifests, where no record names an owner.

use crate::cluster::Snapshot;
use crate::sets::Labels;

/// The name and kind of the workload that a pod belongs to: that of the manifests' pod of its name, else the only one that
/// selects its labels.
pub fn workload_of(
    snapshot: &Snapshot,
    namespace: &str,
    pod: &str,
    labels: &[String],
) -> Option<(String, String)> {
    let is_there = |at: usize| {
        snapshot
            .namespaces
            .get(at)
            .is_some_and(|n| n.name == namespace)
    };
    let named = snapshot
        .pods
        .iter()
        .find(|p| p.name == pod && is_there(p.namespace));
    let workload = match named {
        Some(pod) => snapshot.workloads.get(pod.workload)?,
        None => {
            let labels: Labels = labels
                .iter()
                .filter_map(|label| label.strip_prefix("k8s:")?.split_once('='))
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect();
            let mut selecting = snapshot.workloads.iter().filter(|workload| {
                let selector = workload
                    .selector
                    .as_ref()
                    .filter(|s| !s.requirements.is_empty());
                workload.namespace == namespace && selector.is_some_and(|s| s.matches(&labels))
            });
            let only = selecting.next()?;
            selecting.next().is_none().then_some(only)?
        }
    };
    Some((workload.name.clone(), workload.kind.clone()))
}
