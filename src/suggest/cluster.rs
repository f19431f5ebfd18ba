//! What a host name leads to: the pods of a Service, a single pod, or something outside the cluster.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Strength;
use super::address::{Address, is_domain};
use crate::analysis::service_backends::targets;
use crate::cluster::{Pod, Service, ServiceEndpoint, ServicePort, Snapshot, Workload};
use crate::model::words::workload_words;
use crate::sets::{PortSet, Protocol};

/// How many ExternalName Services may lead to each other.
const MOST_ALIASES: usize = 8;

/// A snapshot with its names and addresses.
pub struct Cluster<'a> {
    pub snapshot: &'a Snapshot,
    services: BTreeMap<(&'a str, &'a str), &'a Service>,
    /// Services and pods by their addresses.
    addresses: BTreeMap<IpAddr, &'a Service>,
    pods: BTreeMap<IpAddr, usize>,
    /// Pods by namespace, label key and value.
    labelled: BTreeMap<(&'a str, &'a str, &'a str), Vec<usize>>,
    /// Each workload as the end of a flow.
    words: Vec<String>,
}

/// What a host is.
pub enum Host<'a> {
    /// A Service; with the pod, where a pod behind it is named: `db-0.db`.
    Service(&'a Service, Option<String>),
    /// A pod by its address.
    Pod(usize),
    /// Outside the cluster.
    External(String),
    /// Not known, or the pod itself.
    Nothing,
}

/// One destination of an address.
pub struct Destination {
    /// As the end of a flow.
    pub to: String,
    /// The workload, if it is one.
    pub workload: Option<usize>,
    pub ports: PortSet,
    pub guessed: bool,
    pub strength: Strength,
}

impl<'a> Cluster<'a> {
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let mut cluster = Self {
            snapshot,
            services: BTreeMap::new(),
            addresses: BTreeMap::new(),
            pods: BTreeMap::new(),
            labelled: BTreeMap::new(),
            words: Vec::new(),
        };
        for service in snapshot.services.iter() {
            let name = (service.namespace.as_str(), service.name.as_str());
            cluster.services.insert(name, service);
            let addresses = service.all_addresses().map(|a| (a, service));
            cluster.addresses.extend(addresses);
        }
        for (at, pod) in snapshot.pods.iter().enumerate() {
            let namespace = cluster.namespace_of(pod);
            for (key, value) in pod.labels.iter() {
                let key = (namespace, key.as_str(), value.as_str());
                cluster.labelled.entry(key).or_default().push(at);
            }
            if !pod.host_network {
                cluster.pods.extend(pod.addresses.iter().map(|a| (*a, at)));
            }
        }
        let words = |w: &Workload| workload_words(&snapshot.workloads, w);
        cluster.words = snapshot.workloads.iter().map(words).collect();
        cluster
    }

    pub fn namespace_of(&self, pod: &Pod) -> &'a str {
        let namespace = self.snapshot.namespaces.get(pod.namespace);
        namespace.map_or("", |n| n.name.as_str())
    }

    /// A workload as the end of a flow.
    pub fn words(&self, workload: usize) -> String {
        self.words.get(workload).cloned().unwrap_or_default()
    }

    pub fn has_namespace(&self, name: &str) -> bool {
        let namespaces = &self.snapshot.namespaces;
        let found = namespaces.binary_search_by(|n| n.name.as_str().cmp(name));
        found.is_ok()
    }

    /// Whether a Service leads to nothing that is known.
    pub fn has_no_destination(&self, service: &'a Service) -> bool {
        let names = service.external_name.is_some() || !service.endpoint_names.is_empty();
        !names && service.endpoints.is_empty() && self.pods_of(service).is_empty()
    }

    pub fn service(&self, namespace: &str, name: &str) -> Option<&'a Service> {
        self.services.get(&(namespace, name)).copied()
    }

    /// The pods of a Service: those that its selector selects, else those that its endpoints name.
    pub fn pods_of(&self, service: &'a Service) -> Vec<(usize, &'a Pod)> {
        let mut wanted = service.selector.iter();
        let Some((key, value)) = wanted.next() else {
            return self.pods_of_endpoints(service);
        };
        let labelled = self.labelled.get(&(&service.namespace, key, value));
        let pods = labelled.map_or(&[][..], Vec::as_slice).iter();
        let pods = pods.filter_map(|at| Some((*at, self.snapshot.pods.get(*at)?)));
        let all = |(_, pod): &(usize, &Pod)| {
            let mut wanted = service.selector.iter();
            wanted.all(|(key, value)| pod.labels.get(key) == Some(value))
        };
        pods.filter(all).collect()
    }

    fn pods_of_endpoints(&self, service: &'a Service) -> Vec<(usize, &'a Pod)> {
        let named = |endpoint: &ServiceEndpoint, pod: &Pod| {
            let by_name = endpoint.pod.as_ref().is_some_and(|(namespace, name)| {
                *namespace == self.namespace_of(pod) && *name == pod.name
            });
            by_name || pod.addresses.contains(&endpoint.address)
        };
        let pods = self.snapshot.pods.iter().enumerate();
        let endpoints = &service.endpoints;
        pods.filter(|(_, pod)| endpoints.iter().any(|e| named(e, pod)))
            .collect()
    }

    /// What a host name means to a pod of a namespace (D2: names are completed with the pod's own namespace first).
    pub fn host(&self, address: &Address, namespace: &str) -> Host<'a> {
        if let Some(ip) = address.ip() {
            return self.ip(ip);
        }
        let labels: Vec<&str> = address.host.split('.').collect();
        let full = |at: usize| labels.get(at).is_none_or(|label| *label == "svc");
        let service = |name: Option<&&str>, namespace: &str| self.service(namespace, name?);
        let found = match labels.as_slice() {
            [name] => self.service(namespace, name),
            [name, namespace, ..] if full(2) => self.service(namespace, name),
            _ => None,
        };
        if let Some(found) = found {
            return Host::Service(found, None);
        }
        let headless = match labels.as_slice() {
            [_, name] => self.service(namespace, name),
            [_, name, namespace, ..] if full(3) => service(Some(name), namespace),
            _ => None,
        };
        if let (Some(found), Some(pod)) = (headless.filter(|s| s.headless), labels.first()) {
            return Host::Service(found, Some((*pod).to_owned()));
        }
        let inside =
            labels.len() == 2 && labels.last().is_some_and(|last| self.has_namespace(last));
        match is_domain(&address.host, address.is_bare()) && !inside {
            true => Host::External(address.host.clone()),
            false => Host::Nothing,
        }
    }

    fn ip(&self, ip: IpAddr) -> Host<'a> {
        if let Some(service) = self.addresses.get(&ip) {
            return Host::Service(service, None);
        }
        if let Some(pod) = self.pods.get(&ip) {
            return Host::Pod(*pod);
        }
        let is_node = |n: &crate::cluster::Node| n.addresses.contains(&ip);
        let own = ip.is_loopback() || ip.is_unspecified() || ip.is_multicast();
        match own || self.snapshot.nodes.iter().any(is_node) {
            true => Host::Nothing,
            false => Host::External(ip.to_string()),
        }
    }

    /// The destinations of a Service under an address.
    pub fn of_service(
        &self,
        service: &'a Service,
        pod: Option<&str>,
        address: &Address,
    ) -> Vec<Destination> {
        if let Some(name) = &service.external_name {
            return self.of_external_name(service, name, address);
        }
        let mut found: BTreeMap<usize, Destination> = BTreeMap::new();
        for (_, backend) in self.pods_of(service) {
            if pod.is_some_and(|name| !is_of(name, backend, self.snapshot)) {
                continue;
            }
            let Some((ports, strength)) = ports_of(service, backend, address) else {
                continue;
            };
            let entry = found.entry(backend.workload);
            let destination = entry.or_insert_with(|| Destination {
                to: self.words(backend.workload),
                workload: Some(backend.workload),
                ports: PortSet::empty(),
                guessed: strength == Strength::Weak,
                strength,
            });
            destination.ports = destination.ports.union(&ports);
        }
        if found.is_empty() && service.selector.is_empty() {
            return outside(service, address);
        }
        found.into_values().collect()
    }

    /// What the domain name of an ExternalName Service leads to, which may be another Service of the cluster.
    fn of_external_name(
        &self,
        service: &'a Service,
        name: &str,
        address: &Address,
    ) -> Vec<Destination> {
        let only = match service.ports.as_slice() {
            [only] => Some(only.port),
            _ => None,
        };
        let port = address.port.or(address.implied_port()).or(only);
        let mut alias = Address {
            host: name.trim_end_matches('.').to_ascii_lowercase(),
            port,
            ..address.clone()
        };
        for _ in 0..MOST_ALIASES {
            match self.host(&alias, &service.namespace) {
                Host::Service(next, pod) => match &next.external_name {
                    Some(name) => alias.host = name.trim_end_matches('.').to_ascii_lowercase(),
                    None => return self.of_service(next, pod.as_deref(), &alias),
                },
                _ => return vec![external(alias.host, port, address)],
            }
        }
        Vec::new()
    }

    /// A pod that is named by its address.
    pub fn of_pod(&self, at: usize, address: &Address) -> Option<Destination> {
        let pod = self.snapshot.pods.get(at)?;
        let port = address.port.or(address.implied_port());
        let protocol = address.protocol().unwrap_or(Protocol::Tcp);
        Some(Destination {
            to: self.words(pod.workload),
            workload: Some(pod.workload),
            ports: port.map_or_else(PortSet::all, |port| PortSet::single(protocol, port)),
            guessed: port.is_none(),
            strength: match port {
                Some(_) => Strength::Strong,
                None => Strength::Weak,
            },
        })
    }
}

/// Whether a pod has this name, or may have it as one of those that its workload makes: `db-0` of StatefulSet `db`.
fn is_of(name: &str, pod: &Pod, snapshot: &Snapshot) -> bool {
    let workload = snapshot.workloads.get(pod.workload);
    let owner = workload.filter(|w| w.kind != "Pod");
    let stem = name.rsplit_once('-').map(|(stem, _)| stem);
    pod.name == name || owner.is_some_and(|w| Some(w.name.as_str()) == stem)
}

/// What is outside the cluster.
pub fn external(name: String, port: Option<u16>, address: &Address) -> Destination {
    let protocol = address.protocol().unwrap_or(Protocol::Tcp);
    Destination {
        to: format!("external/{name}"),
        workload: None,
        ports: port.map_or_else(PortSet::all, |port| PortSet::single(protocol, port)),
        guessed: port.is_none(),
        strength: match port {
            Some(_) => Strength::Strong,
            None => Strength::Weak,
        },
    }
}

/// The addresses outside that the endpoints of a Service without selector name.
fn outside(service: &Service, address: &Address) -> Vec<Destination> {
    let wanted = service_ports(service, address);
    let each = service.endpoints.iter().filter(|e| e.pod.is_none());
    let each = each.filter_map(|endpoint| {
        let meant = |p: &&crate::cluster::ContainerPort| {
            let same = |port: &&ServicePort| port.name == p.name && port.protocol == p.protocol;
            wanted.ports.iter().any(same)
        };
        let ports = endpoint.ports.iter().filter(meant);
        let ports: PortSet = ports.map(|p| PortSet::single(p.protocol, p.port)).collect();
        (!ports.is_empty()).then(|| Destination {
            to: format!("external/{}", endpoint.address),
            workload: None,
            ports,
            guessed: wanted.strength == Strength::Weak,
            strength: wanted.strength,
        })
    });
    each.collect()
}

/// The ports of a Service that an address means.
struct Meant<'s> {
    ports: Vec<&'s ServicePort>,
    strength: Strength,
}

fn service_ports<'s>(service: &'s Service, address: &Address) -> Meant<'s> {
    let spoken = |p: &&ServicePort| address.protocol().is_none_or(|only| only == p.protocol);
    let with = |number: u16| -> Vec<&ServicePort> {
        let ports = service.ports.iter().filter(spoken);
        ports.filter(|p| p.port == number).collect()
    };
    let all = || -> Vec<&ServicePort> { service.ports.iter().collect() };
    let meant = |ports, strength| Meant { ports, strength };
    match (address.port, address.implied_port()) {
        (Some(number), _) => meant(with(number), Strength::Strong),
        (None, Some(number)) if !with(number).is_empty() => meant(with(number), Strength::Strong),
        (None, Some(_)) => meant(all(), Strength::Weak),
        (None, None) if service.ports.len() == 1 => meant(all(), Strength::Medium),
        (None, None) => meant(all(), Strength::Weak),
    }
}

/// The ports of a pod that an address means, through a Service. None if the Service has no such port, and the pod neither.
fn ports_of(service: &Service, pod: &Pod, address: &Address) -> Option<(PortSet, Strength)> {
    let declared = |number: u16| {
        let ports = pod.ports.iter().filter(move |p| p.port == number);
        let ports = ports.map(|p| PortSet::single(p.protocol, p.port));
        ports.collect::<PortSet>()
    };
    let meant = service_ports(service, address);
    // The name of a headless Service leads to its pods: what is written is their own port.
    let written = address.port.or(address.implied_port());
    let direct = written.filter(|_| service.headless);
    let ports: PortSet = match direct {
        Some(number) => {
            let of_service = meant
                .ports
                .iter()
                .map(|p| PortSet::single(p.protocol, number));
            of_service.chain([declared(number)]).collect()
        }
        None => meant.ports.iter().map(|p| targets(p, pod, false)).collect(),
    };
    if !ports.is_empty() {
        return Some((ports, meant.strength));
    }
    let written = address.port?;
    match declared(written) {
        none if none.is_empty() && service.headless => {
            let protocol = address.protocol().unwrap_or(Protocol::Tcp);
            Some((PortSet::single(protocol, written), Strength::Weak))
        }
        none if none.is_empty() => None,
        own => Some((own, Strength::Weak)),
    }
}
