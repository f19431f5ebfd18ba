//! The addresses behind Services: EndpointSlices, and Endpoints, their older shape (W21).

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::values::address;
use super::workload::listed_ports;
use crate::cluster::{ContainerPort, Service, ServiceEndpoint, ServicePort, TargetPort};
use crate::diag::Diagnostic;
use crate::sets::Protocol;
use crate::yaml::decode::{Decoded, deep, field, list_field, string, strings};
use crate::yaml::{Node, Object};

/// Some of the addresses behind one Service.
pub(super) struct Endpoints {
    namespace: String,
    /// The name of the Service; empty: none.
    service: String,
    endpoints: Vec<ServiceEndpoint>,
    /// Those that are domain names.
    names: Vec<String>,
    /// About texts that are no addresses.
    diagnostics: Vec<Diagnostic>,
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
    let each: Vec<(String, PodName)> = each.into_iter().flatten().collect();
    let by_name = field(node, "addressType", string)?.as_deref() == Some("FQDN");
    let names: Vec<String> = match by_name {
        true => each.iter().map(|(name, _)| name.clone()).collect(),
        false => Vec::new(),
    };
    let diagnostic = match by_name {
        true => names.first().map(|name| not_sent_to(object, name)),
        false => invalid(object, &each),
    };
    Ok(Endpoints {
        namespace: object.namespace_or_default().to_owned(),
        service: service.unwrap_or_default(),
        endpoints: all(each.into_iter(), &ports),
        names,
        diagnostics: diagnostic.into_iter().collect(),
    })
}

/// About endpoints that are domain names.
fn not_sent_to(object: &Object, name: &str) -> Diagnostic {
    let message = format!(
        "its endpoints are domain names, as `{name}` is; Services send nothing to these, so they are not judged"
    );
    let note = Diagnostic::warning("domain-endpoints", message).path("addressType");
    let help = "write the addresses, or make the Service one of type ExternalName";
    object.about(note.help(help), object.node.mark)
}

/// About the first endpoint that is no address.
fn invalid(object: &Object, each: &[(String, PodName)]) -> Option<Diagnostic> {
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
    let (text, _) = each.iter().find(|(text, _)| !is_address(text))?;
    let message = format!("`{text}` is not an IP address; this endpoint is left out");
    let problem = Diagnostic::error("left-out-value", message).path("endpoints");
    let help = "write an address; one whose endpoints are domain names has `addressType: FQDN`";
    Some(object.about(problem.help(help), object.node.mark))
}

pub(super) fn endpoints(object: &Object) -> Decoded<Endpoints> {
    let mut diagnostics = Vec::new();
    let subsets = list_field(&object.node, "subsets", |subset| {
        let ports = listed_ports(subset, "port")?;
        let mut found = Vec::new();
        for key in ["addresses", "notReadyAddresses"] {
            let each = list_field(subset, key, |one| {
                let pod = field(one, "targetRef", |n| target(object, n))?.flatten();
                Ok((field(one, "ip", string)?.unwrap_or_default(), pod))
            })?;
            diagnostics.extend(invalid(object, &each));
            found.extend(all(each.into_iter(), &ports));
        }
        Ok(found)
    })?;
    Ok(Endpoints {
        namespace: object.namespace_or_default().to_owned(),
        service: object.name.clone(),
        endpoints: subsets.into_iter().flatten().collect(),
        names: Vec::new(),
        diagnostics,
    })
}

/// Endpoints for the texts that are addresses.
fn all(
    each: impl Iterator<Item = (String, PodName)>,
    ports: &[ContainerPort],
) -> Vec<ServiceEndpoint> {
    let one = |(text, pod): (String, PodName)| {
        Some(ServiceEndpoint {
            address: address(&text)?,
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
pub(super) fn attach(
    services: &mut Vec<Service>,
    all: Vec<Endpoints>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut found: BTreeMap<(String, String), Vec<ServiceEndpoint>> = BTreeMap::new();
    let mut named: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for one in all {
        let key = (one.namespace, one.service);
        named.entry(key.clone()).or_default().extend(one.names);
        found.entry(key).or_default().extend(one.endpoints);
        diagnostics.extend(one.diagnostics);
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
        service.endpoint_names = named.remove(&key).unwrap_or_default();
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
