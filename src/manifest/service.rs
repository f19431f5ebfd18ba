//! Services, and what sends traffic to them from outside.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::values::address;
use super::workload::protocol;
use crate::cluster::{Families, Route, ServedBy, Service, ServicePort, TargetPort};
use crate::sets::Labels;
use crate::yaml::decode::{
    Decoded, IntOrString, deep, field, int_or_string, int32, list, list_field, string, strings,
};
use crate::yaml::{Node, Object};

pub(super) fn service(object: &Object) -> Decoded<Service> {
    let node = &object.node;
    let text = |keys: &[&str]| deep(node, keys, string);
    let ports = deep(node, &["spec", "ports"], |ports| list(ports, port))?;
    let selector = deep(node, &["spec", "selector"], strings)?;
    let annotations = deep(node, &["metadata", "annotations"], strings)?;
    let kind = text(&["spec", "type"])?.filter(|kind| !kind.is_empty());
    let address = text(&["spec", "clusterIP"])?;
    let texts = |key: &str| deep(node, &["spec", key], |n| list(n, string));
    let (external, families_said) = (texts("externalIPs")?, texts("ipFamilies")?);
    let balanced = deep(node, &["status", "loadBalancer"], |status| {
        let address = |n: &Node| Ok((field(n, "ip", string)?, field(n, "hostname", string)?));
        list_field(status, "ingress", address)
    })?;
    let own = texts("clusterIPs")?.unwrap_or_default();
    let addresses = parsed(address.iter().cloned().chain(own));
    let policy = text(&["spec", "ipFamilyPolicy"])?;
    let balanced = balanced.unwrap_or_default().into_iter();
    let (balanced, names): (Vec<_>, Vec<_>) = balanced.unzip();
    // A Service that is no load balancer any more may keep its address in the spec.
    let is_balancer = kind.as_deref() == Some("LoadBalancer");
    let wanted = text(&["spec", "loadBalancerIP"])?;
    let balanced = balanced.into_iter().flatten();
    let balanced = balanced.chain(wanted).filter(|_| is_balancer);
    let names = names.into_iter().flatten().filter(|_| is_balancer);
    let external = external.unwrap_or_default().into_iter();
    let local = text(&["spec", "externalTrafficPolicy"])?;
    let external_name = text(&["spec", "externalName"])?;
    let sources = texts("loadBalancerSourceRanges")?.unwrap_or_default();
    Ok(Service {
        namespace: object.namespace_or_default().to_owned(),
        name: object.name.clone(),
        labels: deep(&object.node, &["metadata", "labels"], strings)?.unwrap_or_default(),
        selector: selector.unwrap_or_else(Labels::new),
        ports: ports.unwrap_or_default().into_iter().flatten().collect(),
        kind: kind.unwrap_or_else(|| "ClusterIP".into()),
        headless: address.as_deref() == Some("None"),
        addresses: addresses.clone(),
        external_addresses: parsed(external.chain(balanced)),
        balancer_names: names.filter(|name| !name.is_empty()).collect(),
        endpoints: Vec::new(),
        endpoint_names: Vec::new(),
        external_name: external_name.filter(|name| !name.is_empty()),
        source_ranges: ranges(&sources, annotations.as_ref()),
        keeps_client_address: local.as_deref() == Some("Local"),
        families: match policy.as_deref() {
            Some("RequireDualStack") => Families { v4: true, v6: true },
            _ => families(&families_said.unwrap_or_default(), &addresses),
        },
        annotations: annotations.unwrap_or_default(),
        span: Some(object.whole()),
    })
}

/// The blocks of clients in the spec, else in the annotation that is older than it.
fn ranges(sources: &[String], annotations: Option<&Labels>) -> Vec<IpNet> {
    const KEY: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
    let annotated = annotations.and_then(|all| all.get(KEY));
    let annotated = annotated.into_iter().flat_map(|text| text.split(','));
    let each: Vec<&str> = match sources.is_empty() {
        false => sources.iter().map(String::as_str).collect(),
        true => annotated.collect(),
    };
    let parsed = each.into_iter().filter_map(|text| text.trim().parse().ok());
    parsed.map(|net: IpNet| net.trunc()).collect()
}

/// The texts that are addresses, each once, ascending.
fn parsed(texts: impl Iterator<Item = String>) -> Vec<IpAddr> {
    let addresses: BTreeSet<IpAddr> = texts.filter_map(|text| address(&text)).collect();
    addresses.into_iter().collect()
}

/// The families of the spec and of its addresses, else IPv4.
fn families(said: &[String], addresses: &[IpAddr]) -> Families {
    let has = |family: &str| said.iter().any(|f| f == family);
    let v4 = has("IPv4") || addresses.iter().any(IpAddr::is_ipv4);
    let v6 = has("IPv6") || addresses.iter().any(IpAddr::is_ipv6);
    match v4 || v6 {
        true => Families { v4, v6 },
        false => Families::V4,
    }
}

/// A port that the API server would take, with what it leaves out filled in (W20).
fn port(node: &Node) -> Decoded<Option<ServicePort>> {
    let name = field(node, "name", string)?.filter(|name| !name.is_empty());
    let number = field(node, "port", int32)?.and_then(number);
    let protocol = protocol(node)?;
    let target = field(node, "targetPort", int_or_string)?.and_then(target);
    Ok(number.zip(protocol).map(|(port, protocol)| ServicePort {
        name,
        port,
        protocol,
        target: target.unwrap_or(TargetPort::Number(port)),
    }))
}

fn number(n: i32) -> Option<u16> {
    u16::try_from(n).ok().filter(|n| *n > 0)
}

fn target(port: IntOrString) -> Option<TargetPort> {
    match port {
        IntOrString::Int(n) => number(n).map(TargetPort::Number),
        IntOrString::String(name) if name.is_empty() => None,
        IntOrString::String(name) => Some(TargetPort::Name(name)),
    }
}

/// The backends of an Ingress (W22), in the shape of v1 and of the versions before it.
pub(super) fn ingress(object: &Object) -> Decoded<Vec<Route>> {
    let node = &object.node;
    let mut backends = Vec::new();
    for key in ["defaultBackend", "backend"] {
        backends.extend(deep(node, &["spec", key], backend)?.flatten());
    }
    let rules = deep(node, &["spec", "rules"], |rules| list(rules, rule))?;
    backends.extend(rules.unwrap_or_default().into_iter().flatten());
    let class = deep(node, &["spec", "ingressClassName"], string)?;
    let annotations = deep(node, &["metadata", "annotations"], strings)?.unwrap_or_default();
    let old = annotations.get("kubernetes.io/ingress.class").cloned();
    let class = class.or(old).filter(|name| !name.is_empty());
    let routes = backends.into_iter();
    Ok(routes
        .map(|(service, port)| route(object, "Ingress", service, port, class.clone()))
        .collect())
}

type Backend = (String, Option<TargetPort>);

fn rule(node: &Node) -> Decoded<Vec<Backend>> {
    let paths = field(node, "http", |http| {
        list_field(http, "paths", |path| field(path, "backend", backend))
    })?;
    let paths = paths.unwrap_or_default().into_iter();
    Ok(paths.flatten().flatten().collect())
}

fn backend(node: &Node) -> Decoded<Option<Backend>> {
    let old = field(node, "serviceName", string)?;
    let old_port = field(node, "servicePort", int_or_string)?.and_then(target);
    let new = field(node, "service", |service| {
        let name = field(service, "name", string)?.unwrap_or_default();
        let by_name = deep(service, &["port", "name"], string)?.filter(|n| !n.is_empty());
        let by_number = deep(service, &["port", "number"], int32)?.and_then(number);
        let port = by_name.map(TargetPort::Name);
        Ok((name, port.or(by_number.map(TargetPort::Number))))
    })?;
    Ok(new.or(old.map(|name| (name, old_port))))
}

/// The backends of an OpenShift Route. Its `targetPort` stays as written: the name of a Service port,
/// or the target of one.
pub(super) fn openshift(object: &Object) -> Decoded<Vec<Route>> {
    let node = &object.node;
    let port = deep(node, &["spec", "port", "targetPort"], int_or_string)?.and_then(target);
    let main = deep(node, &["spec", "to"], to_service)?.flatten();
    let others = deep(node, &["spec", "alternateBackends"], |backends| {
        list(backends, to_service)
    })?;
    let services = main
        .into_iter()
        .chain(others.unwrap_or_default().into_iter().flatten());
    Ok(services
        .map(|service| route(object, "Route", service, port.clone(), None))
        .collect())
}

fn to_service(node: &Node) -> Decoded<Option<String>> {
    let kind = field(node, "kind", string)?;
    let name = field(node, "name", string)?.filter(|name| !name.is_empty());
    Ok(name.filter(|_| matches!(kind.as_deref(), None | Some("" | "Service"))))
}

fn route(
    object: &Object,
    kind: &'static str,
    service: String,
    port: Option<TargetPort>,
    class: Option<String>,
) -> Route {
    Route {
        kind,
        namespace: object.namespace_or_default().to_owned(),
        name: object.name.clone(),
        service_namespace: object.namespace_or_default().to_owned(),
        service,
        port,
        protocol: None,
        served_by: ServedBy {
            controller: class,
            ..ServedBy::default()
        },
        span: Some(object.whole()),
    }
}
