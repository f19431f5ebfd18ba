//! The addresses behind Services: EndpointSlices, and Endpoints, their older shape (W21).

use std::collections::BTreeMap;

use super::workload::listed_ports;
use crate::cluster::{ContainerPort, Service, ServiceEndpoint, ServicePort, TargetPort};
use crate::sets::Protocol;
use crate::yaml::decode::{Decoded, deep, field, list_field, string, strings};
use crate::yaml::{Node, Object};

/// Some of the addresses behind one Service.
pub(super) struct Endpoints {
    namespace: String,
    /// The name of the Service; empty: none.
    service: String,
    endpoints: Vec<ServiceEndpoint>,
}

type PodName = Option<(String, String)>;

pub(super) fn slice(object: &Object) -> Decoded<Endpoints> {
    let node = &object.node;
    let labels = deep(node, &["metadata", "labels"], strings)?;
    let service = labels.and_then(|mut labels| labels.remove("kubernetes.io/service-name"));
    let ports = listed_ports(node, "port")?;
    let each = list_field(node, "endpoints", |one| {
        let pod = field(one, "targetRef", |n| target(object, n))?.flatten();
        let addresses = list_field(one, "addresses", string)?.into_iter();
        Ok(addresses
            .map(|text| (text, pod.clone()))
            .collect::<Vec<_>>())
    })?;
    Ok(Endpoints {
        namespace: object.namespace_or_default().to_owned(),
        service: service.unwrap_or_default(),
        endpoints: all(each.into_iter().flatten(), &ports),
    })
}

pub(super) fn endpoints(object: &Object) -> Decoded<Endpoints> {
    let subsets = list_field(&object.node, "subsets", |subset| {
        let ports = listed_ports(subset, "port")?;
        let mut found = Vec::new();
        for key in ["addresses", "notReadyAddresses"] {
            let each = list_field(subset, key, |one| {
                let pod = field(one, "targetRef", |n| target(object, n))?.flatten();
                Ok((field(one, "ip", string)?.unwrap_or_default(), pod))
            })?;
            found.extend(all(each.into_iter(), &ports));
        }
        Ok(found)
    })?;
    Ok(Endpoints {
        namespace: object.namespace_or_default().to_owned(),
        service: object.name.clone(),
        endpoints: subsets.into_iter().flatten().collect(),
    })
}

/// Endpoints for the texts that are addresses; an EndpointSlice may hold domain names.
fn all(
    each: impl Iterator<Item = (String, PodName)>,
    ports: &[ContainerPort],
) -> Vec<ServiceEndpoint> {
    let one = |(text, pod): (String, PodName)| {
        Some(ServiceEndpoint {
            address: text.parse().ok()?,
            pod,
            ports: ports.to_vec(),
        })
    };
    each.filter_map(one).collect()
}

fn target(object: &Object, node: &Node) -> Decoded<PodName> {
    let kind = field(node, "kind", string)?;
    let namespace = field(node, "namespace", string)?.filter(|name| !name.is_empty());
    let name = field(node, "name", string)?.filter(|name| !name.is_empty());
    let namespace = namespace.unwrap_or_else(|| object.namespace_or_default().to_owned());
    let is_pod = kind.as_deref() == Some("Pod");
    Ok(name.filter(|_| is_pod).map(|name| (namespace, name)))
}

/// Gives each Service its endpoints. Every cluster has the Service of its API server, `default/kubernetes`, so its
/// endpoints alone are enough to know it.
pub(super) fn attach(services: &mut Vec<Service>, all: Vec<Endpoints>) {
    let mut found: BTreeMap<(String, String), Vec<ServiceEndpoint>> = BTreeMap::new();
    for one in all {
        let key = (one.namespace, one.service);
        found.entry(key).or_default().extend(one.endpoints);
    }
    let api = ("default".to_owned(), "kubernetes".to_owned());
    let declared = services.iter().any(|s| is(s, &api));
    if found.get(&api).is_some_and(|all| !all.is_empty()) && !declared {
        services.push(api_server());
    }
    for service in services {
        let key = (service.namespace.clone(), service.name.clone());
        let mut own = found.remove(&key).unwrap_or_default();
        own.sort();
        own.dedup();
        service.endpoints = own;
    }
}

fn is(service: &Service, (namespace, name): &(String, String)) -> bool {
    service.namespace == *namespace && service.name == *name
}

fn api_server() -> Service {
    Service {
        ports: vec![ServicePort {
            name: Some("https".to_owned()),
            port: 443,
            protocol: Protocol::Tcp,
            target: TargetPort::Number(6443),
        }],
        ..Service::new("default", "kubernetes")
    }
}
