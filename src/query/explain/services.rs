//! Services as ends of a question: what is behind them, and where their ports lead.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::analysis::service_backends::{ports_behind, ports_of};
use crate::cluster::{Pod, Service, ServicePort, Snapshot, TargetPort};
use crate::diag::Diagnostic;
use crate::model::FlowPort;
use crate::model::validate::Refusal;
use crate::sets::{IpSet, PortSet};

/// Namespace and name in `service/NAMESPACE/NAME`.
pub(super) fn name(word: &str) -> Option<(&str, &str)> {
    word.strip_prefix("service/")?.split_once('/')
}

/// The Service of this name, as an index into `Snapshot::services`.
///
/// # Errors
/// A Service that is not in the input.
pub(super) fn find(snapshot: &Snapshot, namespace: &str, name: &str) -> Result<usize, Refusal> {
    let mut all = snapshot.services.iter();
    let found = all.position(|s| s.namespace == namespace && s.name == name);
    found.ok_or_else(|| {
        let message = format!("Service `{namespace}/{name}` is not in the input");
        let help = match (namespace, name) {
            ("default", "kubernetes") => {
                "add the addresses of the API server: `kubectl get endpointslice kubernetes -n default -o yaml`"
            }
            _ => "add the Service, or correct the name",
        };
        Refusal::new(message).help(help)
    })
}

/// The Service that an address leads to. Services and nodes may share an external address: a node has it unless a
/// Service has this single port there.
pub(super) fn at_address(
    snapshot: &Snapshot,
    address: IpAddr,
    port: Option<&FlowPort>,
) -> Option<usize> {
    let all = snapshot.services.iter().enumerate();
    let all = || {
        all.clone()
            .filter(|(_, s)| s.all_addresses().any(|own| own == address))
    };
    let has_port = |(_, service): &(usize, &Service)| {
        port.is_some_and(|port| !meant(service, port).is_empty())
    };
    let single = matches!(port, Some(FlowPort::Named(..) | FlowPort::Range(..)));
    let of_node = snapshot
        .nodes
        .iter()
        .any(|n| n.addresses.contains(&address));
    let found = match of_node {
        true if single => all().find(has_port),
        true => None,
        false => all().find(has_port).or_else(|| all().next()),
    };
    found.map(|(at, _)| at)
}

/// The Service that stands for a domain name, or whose load balancer has it.
pub(super) fn at_name(snapshot: &Snapshot, word: &str) -> Option<usize> {
    let bare = |name: &str| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is = |name: &String| bare(name) == bare(word);
    let mut all = snapshot.services.iter();
    all.position(|s| s.external_name.iter().chain(&s.balancer_names).any(is))
}

/// The Service in the cluster that an ExternalName Service stands for: its name there ends in `svc` or
/// `svc.cluster.local`.
pub(super) fn alias(service: &Service) -> Option<(&str, &str)> {
    let name = service.external_name.as_deref()?;
    let name = name.strip_suffix('.').unwrap_or(name);
    let name = name.strip_suffix(".cluster.local").unwrap_or(name);
    let (name, namespace) = name.strip_suffix(".svc")?.split_once('.')?;
    (!namespace.contains('.')).then_some((namespace, name))
}

/// The pods that a Service selects, ascending.
pub(super) fn pods(snapshot: &Snapshot, service: &Service) -> Vec<usize> {
    let all = snapshot.pods.iter().enumerate();
    let selected = all.filter(|(_, pod)| selects(snapshot, service, pod));
    selected.map(|(at, _)| at).collect()
}

/// Whether a Service selects a pod.
pub(super) fn selects(snapshot: &Snapshot, service: &Service, pod: &Pod) -> bool {
    let namespace = snapshot.namespaces.get(pod.namespace);
    let mut labels = service.selector.iter();
    !service.selector.is_empty()
        && namespace.is_some_and(|n| n.name == service.namespace)
        && labels.all(|(key, value)| pod.labels.get(key) == Some(value))
}

/// The pods that endpoints of a Service name, and the addresses of the other endpoints.
pub(super) fn endpoints(snapshot: &Snapshot, service: &Service) -> (Vec<usize>, IpSet) {
    let mut pods = Vec::new();
    let mut addresses: Vec<IpNet> = Vec::new();
    for endpoint in &service.endpoints {
        let named = endpoint.pod.as_ref().and_then(|(namespace, name)| {
            let is = |pod: &Pod| {
                let home = snapshot.namespaces.get(pod.namespace);
                pod.name == *name && home.is_some_and(|n| n.name == *namespace)
            };
            snapshot.pods.iter().position(is)
        });
        match named {
            Some(pod) => pods.push(pod),
            None => addresses.push(endpoint.address.into()),
        }
    }
    (pods, addresses.into_iter().collect())
}

/// Why a Service without pods, endpoints and domain name cannot be an end.
pub(super) fn without_endpoints(service: &Service) -> Refusal {
    let title = title(service);
    if let Some(name) = &service.external_name {
        let message = format!("{title} stands for `{name}`, which stands for another name");
        return Refusal::new(message).help("ask about the Service that it leads to");
    }
    if let Some(name) = service.endpoint_names.first() {
        let message = format!(
            "the endpoints of {title} are domain names, as `{name}` is, which are not judged"
        );
        return Refusal::new(message).help("ask about the addresses that the name stands for");
    }
    let (message, help) = match service.selector.is_empty() {
        true => (
            format!("{title} has no selector, and its endpoints are not in the input"),
            "add its EndpointSlice",
        ),
        false => (
            format!("{title} selects no known pods"),
            "add the manifests of its pods, or correct its selector",
        ),
    };
    Refusal::new(message).help(help)
}

/// The ports of a Service that are meant, by number or by name.
pub(super) fn meant<'a>(service: &'a Service, wanted: &FlowPort) -> Vec<&'a ServicePort> {
    let is_meant = |port: &&ServicePort| match wanted {
        FlowPort::Named(protocol, name) => {
            port.protocol == *protocol && port.name.as_ref() == Some(name)
        }
        wanted => {
            let own = PortSet::single(port.protocol, port.port);
            wanted.numbers().is_some_and(|all| all.intersects(&own))
        }
    };
    service.ports.iter().filter(is_meant).collect()
}

/// The ports of a pod that some ports of a Service lead to.
pub(super) fn at_pod(service: &Service, ports: &[&ServicePort], pod: &Pod) -> PortSet {
    let ports = ports.iter();
    ports
        .map(|port| ports_behind(service, port, pod, false))
        .collect()
}

/// The ports that some ports of a Service lead to at each address of its endpoints: those of the same name, else its
/// targets.
pub(super) fn at_endpoints(service: &Service, ports: &[&ServicePort]) -> BTreeMap<IpAddr, PortSet> {
    let mut found: BTreeMap<IpAddr, PortSet> = BTreeMap::new();
    for port in ports {
        let is_named = !ports_of(service.endpoints.iter(), port).is_empty();
        for endpoint in &service.endpoints {
            let own = match &port.target {
                TargetPort::Number(number) if !is_named => PortSet::single(port.protocol, *number),
                _ => ports_of(std::iter::once(endpoint), port),
            };
            let known = found.entry(endpoint.address).or_default();
            *known = known.union(&own);
        }
    }
    found.retain(|_, ports| !ports.is_empty());
    found
}

/// Why a port of a question leads nowhere.
pub(super) fn without_port(service: &Service, wanted: &FlowPort) -> Refusal {
    let refusal = Refusal::new(format!("{} has no port {wanted}", title(service)));
    let ports = service.ports.iter().map(|port| {
        let (protocol, number) = (port.protocol.name(), port.port);
        match &port.name {
            Some(name) => format!("{protocol}/{number} ({name})"),
            None => format!("{protocol}/{number}"),
        }
    });
    let ports: Vec<String> = ports.collect();
    match ports.is_empty() {
        true => refusal,
        false => refusal.help(format!("use one of its ports: {}", ports.join(", "))),
    }
}

/// A note about a Service.
pub(super) fn note(service: &Service, message: String) -> Diagnostic {
    let note = Diagnostic::info("service", message).on(title(service).replace('`', ""));
    match &service.span {
        Some(span) => note.at(span.clone()),
        None => note,
    }
}

pub(super) fn title(service: &Service) -> String {
    format!("Service `{}/{}`", service.namespace, service.name)
}
