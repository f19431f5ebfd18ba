//! Writing what a cluster has: namespaces, workloads, Services, routes and nodes.

use std::net::IpAddr;

use super::{Fields, isolate};
use crate::cluster::{ContainerPort, ServicePort, TargetPort};
use crate::model::{AddressPool, Namespace, Node, Pod, Route, Service, Unknown, Workload};
use crate::project::format::order;
use crate::project::format::value::{self, word};
use crate::sets::Protocol;
use crate::yaml::plain::Value;

pub(super) fn namespace(row: &Namespace) -> Value {
    let mut map = Fields::new();
    map.set("name", row.name.as_str());
    map.set_unless("labels", value::texts(&row.labels), row.labels.is_empty());
    map.set_some("base", row.base.map(|base| word(value::BASES, &base)));
    map.set_some("dns", row.dns);
    map.set_unless("managed", row.managed, row.managed);
    Value::Mapping(map.finish(&row.unknown, order::THING))
}

pub(super) fn workload(row: &Workload, namespace: &str) -> Value {
    let mut map = Fields::new();
    map.set("name", row.name.as_str());
    map.set("namespace", namespace);
    map.set_unless("kind", row.kind.as_str(), row.kind == "Deployment");
    map.set_unless("labels", value::texts(&row.labels), row.labels.is_empty());
    map.set_some("selector", row.selector.as_ref().map(value::plain_selector));
    map.list("ports", row.ports.iter().map(container_port));
    map.set_some("serviceAccount", row.service_account.as_deref());
    map.set_unless("hostNetwork", row.host_network, !row.host_network);
    map.set_some("clusterDNS", row.cluster_dns);
    isolate(&mut map, row.isolate);
    map.set_some("replicas", row.replicas);
    let none = row.addresses.is_empty();
    map.set_unless("addresses", addresses(&row.addresses), none);
    map.list("pods", row.pods.iter().map(pod));
    Value::Mapping(map.finish(&row.unknown, order::THING))
}

/// A pod with what it has in place of the workload's.
fn pod(row: &Pod) -> Value {
    let mut map = Fields::new();
    map.set("name", row.name.as_str());
    map.set_some("labels", row.labels.as_ref().map(value::texts));
    let ports = |ports: &Vec<ContainerPort>| -> Value {
        Value::Sequence(ports.iter().map(container_port).collect())
    };
    map.set_some("ports", row.ports.as_ref().map(ports));
    map.set_some("serviceAccount", row.service_account.as_deref());
    map.set_some("hostNetwork", row.host_network);
    map.set_some("addresses", row.addresses.as_deref().map(addresses));
    map.set_some("node", row.node.as_deref());
    Value::Mapping(map.finish(&row.unknown, order::THING))
}

fn addresses(all: &[IpAddr]) -> Value {
    Value::Sequence(all.iter().map(|one| one.to_string().into()).collect())
}

fn container_port(port: &ContainerPort) -> Value {
    let mut map = Fields::new();
    map.set_some("name", port.name.as_deref());
    map.set("port", port.port);
    map.set_unless(
        "protocol",
        port.protocol.name(),
        port.protocol == Protocol::Tcp,
    );
    Value::Mapping(map.finish(&Unknown::new(), order::PORT))
}

pub(super) fn service(row: &Service, namespace: &str) -> Value {
    let mut map = Fields::new();
    map.set("name", row.name.as_str());
    map.set("namespace", namespace);
    map.set_unless("labels", value::texts(&row.labels), row.labels.is_empty());
    map.set_unless("type", row.kind.as_str(), row.kind == "ClusterIP");
    map.set_some("clusterIP", row.headless.then_some("None"));
    map.set_some("externalName", row.external_name.as_deref());
    let policy = row.keeps_client_address.then_some("Local");
    map.set_some("externalTrafficPolicy", policy);
    map.set_unless(
        "selector",
        value::texts(&row.selector),
        row.selector.is_empty(),
    );
    map.list("ports", row.ports.iter().map(service_port));
    Value::Mapping(map.finish(&row.unknown, order::THING))
}

fn service_port(port: &ServicePort) -> Value {
    let mut map = Fields::new();
    map.set_some("name", port.name.as_deref());
    map.set("port", port.port);
    let same = port.target == TargetPort::Number(port.port);
    map.set_unless("targetPort", target_port(&port.target), same);
    map.set_unless(
        "protocol",
        port.protocol.name(),
        port.protocol == Protocol::Tcp,
    );
    Value::Mapping(map.finish(&Unknown::new(), order::SERVICE_PORT))
}

fn target_port(port: &TargetPort) -> Value {
    match port {
        TargetPort::Number(number) => (*number).into(),
        TargetPort::Name(name) => name.as_str().into(),
    }
}

pub(super) fn route(row: &Route) -> Value {
    let backend = &row.backend;
    let mut map = Fields::new();
    map.set("kind", backend.kind);
    map.set("name", backend.name.as_str());
    map.set("namespace", backend.namespace.as_str());
    let (service, namespace) = (&backend.service, &backend.service_namespace);
    let service = match *namespace == backend.namespace {
        true => service.clone(),
        false => format!("{namespace}/{service}"),
    };
    map.set("service", service);
    map.set_some("port", backend.port.as_ref().map(target_port));
    map.set_some("protocol", backend.protocol.map(Protocol::name));
    let served = &backend.served_by;
    map.set_some("controller", served.controller.as_deref());
    let labels = value::texts(&served.labels);
    map.set_unless("controllerLabels", labels, served.labels.is_empty());
    let gateways = served.gateways.iter();
    map.list(
        "gateways",
        gateways.map(|(namespace, name)| format!("{namespace}/{name}").into()),
    );
    Value::Mapping(map.finish(&row.unknown, order::ROUTE))
}

pub(super) fn node(row: &Node) -> Value {
    let node = &row.node;
    let mut map = Fields::new();
    map.set("name", node.name.as_str());
    map.set_unless("labels", value::texts(&node.labels), node.labels.is_empty());
    let none = node.addresses.is_empty();
    map.set_unless("addresses", addresses(&node.addresses), none);
    let pods = node.pod_cidrs.iter().map(|one| one.to_string().into());
    let none = node.pod_cidrs.is_empty();
    map.set_unless("podCIDRs", Value::Sequence(pods.collect()), none);
    Value::Mapping(map.finish(&row.unknown, order::THING))
}

pub(super) fn address_pool(row: &AddressPool) -> Value {
    let mut map = Fields::new();
    map.set("kind", row.pool.kind.as_str());
    map.set("name", row.pool.name.as_str());
    let cidrs = row.pool.cidrs.iter().map(|one| one.to_string().into());
    map.list("networks", cidrs);
    Value::Mapping(map.finish(&row.unknown, order::THING))
}
