//! Clients that manifests declare, such as monitors and webhook configurations, and the ports that they connect to.

use super::ends::namespace_of;
use crate::cluster::{
    Client, ClientPort, ClientTarget, Pod, Service, ServicePort, Snapshot, TargetPort,
};
use crate::sets::Protocol;

/// A port of a pod.
pub type Port = (Protocol, u16);

/// The pods that a client connects to, with their ports.
pub fn targets(snapshot: &Snapshot, client: &Client) -> Vec<(usize, Port)> {
    let here = |namespace: &str| {
        let all = client.namespaces.as_ref();
        all.is_none_or(|all| all.iter().any(|name| name == namespace))
    };
    if let ClientTarget::Pods(labels) = &client.target {
        let pods = snapshot.pods.iter().enumerate();
        let pods = pods
            .filter(|(_, pod)| here(namespace_of(snapshot, pod)) && labels.matches(&pod.labels));
        return pods
            .flat_map(|(at, pod)| ports(&client.ports, pod, None).map(move |p| (at, p)))
            .collect();
    }
    let services = snapshot.services.iter().filter(|service| {
        here(&service.namespace)
            && match &client.target {
                ClientTarget::Services(labels) => labels.matches(&service.labels),
                ClientTarget::Service(name) => *name == service.name,
                ClientTarget::Pods(_) => false,
            }
    });
    let services: Vec<&Service> = services.collect();
    let pods = services.iter().flat_map(|service| {
        let pods = pods_of(snapshot, service);
        pods.flat_map(|(at, pod)| {
            ports(&client.ports, pod, Some(service)).map(move |port| (at, port))
        })
    });
    pods.collect()
}

/// The pods that a Service selects.
pub fn pods_of<'a>(
    snapshot: &'a Snapshot,
    service: &'a Service,
) -> impl Iterator<Item = (usize, &'a Pod)> {
    let pods = snapshot.pods.iter().enumerate();
    pods.filter(move |(_, pod)| {
        let mut wanted = service.selector.iter();
        !service.selector.is_empty()
            && namespace_of(snapshot, pod) == service.namespace
            && wanted.all(|(key, value)| pod.labels.get(key) == Some(value))
    })
}

/// The ports of a pod that a client connects to.
fn ports<'p>(
    wanted: &'p [ClientPort],
    pod: &'p Pod,
    service: Option<&'p Service>,
) -> impl Iterator<Item = Port> {
    wanted.iter().flat_map(move |port| match port {
        ClientPort::OfPod(port) => resolve(port, pod),
        ClientPort::OfService(port) => {
            let is_meant = |of: &&ServicePort| match port {
                TargetPort::Name(name) => of.name.as_ref() == Some(name),
                TargetPort::Number(number) => of.port == *number,
            };
            let mut all = service.into_iter().flat_map(|service| &service.ports);
            all.find(is_meant).and_then(|of| resolve(&of.target, pod))
        }
    })
}

fn resolve(port: &TargetPort, pod: &Pod) -> Option<Port> {
    match port {
        TargetPort::Number(number) => Some((Protocol::Tcp, *number)),
        TargetPort::Name(name) => {
            let mut ports = pod.ports.iter();
            let found = ports.find(|port| port.name.as_ref() == Some(name))?;
            Some((found.protocol, found.port))
        }
    }
}
