//! The workloads of pods by manifests, where no record names an owner.

use crate::cluster::{Snapshot, Workload};
use crate::sets::Labels;
use crate::sets::hash::HashMap;

/// Finds the name and kind of the workload that a pod belongs to, from its namespace, name and recorded labels: that of the
/// manifests' pod of its name, else the only one that selects its labels.
pub fn workloads_of(
    snapshot: &Snapshot,
) -> impl Fn(&str, &str, &[String]) -> Option<(String, String)> {
    let mut by_pod: HashMap<(&str, &str), usize> = HashMap::default();
    for pod in snapshot.pods.iter() {
        if let Some(namespace) = snapshot.namespaces.get(pod.namespace) {
            let name = (namespace.name.as_str(), pod.name.as_str());
            by_pod.entry(name).or_insert(pod.workload);
        }
    }
    let mut by_namespace: HashMap<&str, Vec<&Workload>> = HashMap::default();
    for workload in snapshot.workloads.iter() {
        let all = by_namespace.entry(&workload.namespace).or_default();
        all.push(workload);
    }
    move |namespace, pod, labels| {
        let workload = match by_pod.get(&(namespace, pod)) {
            Some(at) => snapshot.workloads.get(*at)?,
            None => selecting(by_namespace.get(namespace)?, labels)?,
        };
        Some((workload.name.clone(), workload.kind.clone()))
    }
}

/// The only workload that selects a pod with these recorded labels.
fn selecting<'a>(workloads: &[&'a Workload], labels: &[String]) -> Option<&'a Workload> {
    let labels: Labels = labels
        .iter()
        .filter_map(|label| label.strip_prefix("k8s:")?.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let mut selecting = workloads.iter().filter(|workload| {
        let selector = workload.selector.as_ref();
        let selector = selector.filter(|selector| !selector.requirements.is_empty());
        selector.is_some_and(|selector| selector.matches(&labels))
    });
    let only = selecting.next()?;
    selecting.next().is_none().then_some(*only)
}
