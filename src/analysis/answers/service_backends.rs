//! The pods that a Service selects, and its target ports (W20).

use crate::cluster::{Pod, Service, ServicePort, Snapshot, TargetPort};
use crate::sets::PortSet;
use crate::sets::hash::{HashMap, HashMapExt};

/// An index of the pods of a snapshot by label, to look up the backends of Services.
pub(in crate::analysis) struct ServiceBackends<'a> {
    /// By namespace, label key and value; ascending.
    labelled: HashMap<(&'a str, &'a str, &'a str), Vec<usize>>,
}

impl<'a> ServiceBackends<'a> {
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let mut labelled: HashMap<_, Vec<usize>> = HashMap::new();
        // Most snapshots have no Services.
        let pods = snapshot.pods.iter().enumerate();
        for (at, pod) in pods.filter(|_| !snapshot.services.is_empty()) {
            let Some(namespace) = snapshot.namespaces.get(pod.namespace) else {
                continue;
            };
            for (key, value) in pod.labels.iter() {
                let key = (namespace.name.as_str(), key.as_str(), value.as_str());
                labelled.entry(key).or_default().push(at);
            }
        }
        Self { labelled }
    }

    /// The pods that a Service selects, ascending. One without a selector selects none.
    pub fn pods(&self, service: &Service) -> Vec<usize> {
        let lists = service.selector.iter().map(|(key, value)| {
            let found = self.labelled.get(&(&*service.namespace, key, value));
            found.map_or(&[][..], Vec::as_slice)
        });
        let mut lists: Vec<&[usize]> = lists.collect();
        lists.sort_by_key(|list| list.len());
        let Some((first, rest)) = lists.split_first() else {
            return Vec::new();
        };
        let in_all = |pod: &usize| rest.iter().all(|list| list.binary_search(pod).is_ok());
        first.iter().copied().filter(in_all).collect()
    }
}

/// The ports of a pod that a Service port targets; with `declared`, only those that the pod declares.
pub fn targets(port: &ServicePort, pod: &Pod, declared: bool) -> PortSet {
    let bears = |p: &&crate::cluster::ContainerPort| {
        p.protocol == port.protocol
            && match &port.target {
                TargetPort::Number(number) => p.port == *number,
                TargetPort::Name(name) => p.name.as_ref() == Some(name),
            }
    };
    match &port.target {
        TargetPort::Number(number) if !declared => PortSet::single(port.protocol, *number),
        _ => pod
            .ports
            .iter()
            .filter(bears)
            .map(|p| PortSet::single(p.protocol, p.port))
            .collect(),
    }
}
