//! The pods behind a Service, and its target ports (W20, W21).

use std::net::IpAddr;

use crate::cluster::{Pod, Service, ServiceEndpoint, ServicePort, Snapshot, TargetPort};
use crate::sets::PortSet;
use crate::sets::hash::{HashMap, HashMapExt};

/// An index of the pods of a snapshot, to look up the backends of Services.
pub(in crate::analysis) struct ServiceBackends<'a> {
    /// By namespace, label key and value; ascending.
    labelled: HashMap<(&'a str, &'a str, &'a str), Vec<usize>>,
    /// By namespace and name, and by address; empty where no Service without a selector has endpoints.
    named: HashMap<(&'a str, &'a str), usize>,
    addressed: HashMap<IpAddr, usize>,
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
        let mut found = Self {
            labelled,
            named: HashMap::new(),
            addressed: HashMap::new(),
        };
        if snapshot.services.iter().any(has_own_endpoints) {
            for (at, pod) in snapshot.pods.iter().enumerate() {
                if let Some(namespace) = snapshot.namespaces.get(pod.namespace) {
                    found.named.insert((&namespace.name, &pod.name), at);
                }
                // The address of a host-network pod is that of its node.
                let own = pod.addresses.iter().filter(|_| !pod.host_network);
                found.addressed.extend(own.map(|address| (*address, at)));
            }
        }
        found
    }

    /// The pods behind a Service, ascending: those that it selects, or those of its endpoints if it has no selector.
    pub fn pods(&self, service: &Service) -> Vec<usize> {
        if has_own_endpoints(service) {
            let endpoints = service.endpoints.iter();
            let mut pods: Vec<usize> = endpoints.filter_map(|e| self.pod(e)).collect();
            pods.sort_unstable();
            pods.dedup();
            return pods;
        }
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

    fn pod(&self, endpoint: &ServiceEndpoint) -> Option<usize> {
        let named = endpoint.pod.as_ref();
        let named = named.and_then(|(namespace, name)| self.named.get(&(&**namespace, &**name)));
        named
            .or_else(|| self.addressed.get(&endpoint.address))
            .copied()
    }
}

/// Whether the endpoints of a Service are not made from pods that it selects, but by hand.
pub fn has_own_endpoints(service: &Service) -> bool {
    service.selector.is_empty() && !service.endpoints.is_empty()
}

/// The ports of a pod behind a Service that a port of the Service leads to; with `declared`, only those that the pod
/// declares, unless the endpoints of the Service are made by hand.
pub fn ports_behind(service: &Service, port: &ServicePort, pod: &Pod, declared: bool) -> PortSet {
    if !has_own_endpoints(service) {
        return targets(port, pod, declared);
    }
    let is_of = |e: &&ServiceEndpoint| {
        let named = e.pod.as_ref().is_some_and(|(_, name)| *name == pod.name);
        named || pod.addresses.contains(&e.address)
    };
    ports_of(service.endpoints.iter().filter(is_of), port)
}

/// The ports that these endpoints have for a port of their Service: those of the same name (W21).
pub fn ports_of<'e>(
    endpoints: impl Iterator<Item = &'e ServiceEndpoint>,
    port: &ServicePort,
) -> PortSet {
    let same = endpoints
        .flat_map(|e| &e.ports)
        .filter(|p| p.name == port.name && p.protocol == port.protocol);
    same.map(|p| PortSet::single(p.protocol, p.port)).collect()
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
