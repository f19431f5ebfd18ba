//! Routes, nodes, address pools, and pods that differ from those of their workload.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::fields::{Fields, Reader, items, take_boolean, unknown, with_extras};
use super::outside::cidr;
use super::parts::{address, container_port, take_labels, take_protocol, target_port};
use crate::cluster::{self, ServedBy};
use crate::model::{Document, Pod, Route, Thing};
use crate::project::format::value;
use crate::yaml::Node;

/// A pod with what it has in place of the workload's.
pub(super) fn pod(reader: &mut Reader, node: &Node) -> Option<Pod> {
    let mut fields = reader.map(node)?;
    let name = reader.required(&mut fields, node, "name")?;
    let labels = match fields.take("labels") {
        Some(node) => Some(reader.labels(node)?),
        None => None,
    };
    let own_ports = fields.has("ports");
    let (ports, extra) = with_extras(reader, &mut fields, "ports", container_port)?;
    let addresses = match fields.take("addresses") {
        Some(node) => Some(reader.list(node, address)?),
        None => None,
    };
    Some(Pod {
        name: reader.text(name)?,
        labels,
        ports: own_ports.then_some(ports),
        service_account: reader.take_text(&mut fields, "serviceAccount"),
        host_network: take_boolean(reader, &mut fields, "hostNetwork"),
        addresses,
        node: reader.take_text(&mut fields, "node"),
        unknown: unknown(reader, fields, [("ports", extra)]),
    })
}

/// One backend of an Ingress or a route.
pub(super) fn route(reader: &mut Reader, node: &Node) -> Option<Route> {
    let mut fields = reader.map(node)?;
    let kind = reader.required(&mut fields, node, "kind")?;
    let name = reader.required(&mut fields, node, "name")?;
    let namespace = reader.required(&mut fields, node, "namespace")?;
    let service = reader.required(&mut fields, node, "service")?;
    let namespace = reader.text(namespace)?;
    let service = reader.text(service)?;
    let (service_namespace, service) = match service.split_once('/') {
        Some((namespace, name)) => (namespace.to_owned(), name.to_owned()),
        None => (namespace.clone(), service),
    };
    let port = match fields.take("port") {
        Some(node) => Some(target_port(reader, node)?),
        None => None,
    };
    let backend = cluster::Route {
        kind: reader.word(kind, value::ROUTES)?,
        namespace,
        name: reader.text(name)?,
        service_namespace,
        service,
        port,
        protocol: take_protocol(reader, &mut fields)?,
        served_by: ServedBy {
            controller: reader.take_text(&mut fields, "controller"),
            labels: take_labels(reader, &mut fields, "controllerLabels")?,
            gateways: reader.take_list(&mut fields, "gateways", gateway)?,
        },
        span: None,
    };
    Some(Route {
        backend,
        unknown: fields.rest(reader),
    })
}

/// Namespace and name of a Gateway.
fn gateway(reader: &mut Reader, node: &Node) -> Option<(String, String)> {
    let text = reader.text(node)?;
    let Some((namespace, name)) = text.split_once('/') else {
        let message = format!("`{text}` is not a Gateway");
        reader.refuse(node.mark, message, "write NAMESPACE/NAME");
        return None;
    };
    Some((namespace.to_owned(), name.to_owned()))
}

/// The nodes; each name once, so that pods and flows name one.
pub(super) fn nodes(reader: &mut Reader, fields: &mut Fields, document: &mut Document) {
    let mut taken = BTreeSet::new();
    for (node, mut row) in items(reader, fields, "nodes", one_node) {
        row.node.name = reader.own_name(node, "Node", row.node.name, &mut taken);
        reader.check(node, &Thing::Node(row.clone()));
        document.nodes.add(row);
    }
}

fn one_node(reader: &mut Reader, node: &Node) -> Option<crate::model::Node> {
    let mut fields = reader.map(node)?;
    let name = reader.required(&mut fields, node, "name")?;
    let read = cluster::Node {
        name: reader.text(name)?,
        labels: take_labels(reader, &mut fields, "labels")?,
        addresses: reader.take_list(&mut fields, "addresses", address)?,
        pod_cidrs: reader.take_list(&mut fields, "podCIDRs", cidr)?,
    };
    Some(crate::model::Node {
        node: read,
        unknown: fields.rest(reader),
    })
}

/// The address pools; each kind and name once.
pub(super) fn address_pools(reader: &mut Reader, fields: &mut Fields, document: &mut Document) {
    let mut taken: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut pools = Vec::new();
    for (node, mut row) in items(reader, fields, "addressPools", one_pool) {
        let (kind, name) = (row.pool.kind.clone(), row.pool.name);
        let taken = taken.entry(kind.clone()).or_default();
        row.pool.name = reader.own_name(node, &kind, name, taken);
        pools.push(row);
    }
    document.address_pools = Arc::new(pools);
}

fn one_pool(reader: &mut Reader, node: &Node) -> Option<crate::model::AddressPool> {
    let mut fields = reader.map(node)?;
    let kind = reader.required(&mut fields, node, "kind")?;
    let name = reader.required(&mut fields, node, "name")?;
    let pool = cluster::AddressPool {
        kind: reader.text(kind)?,
        name: reader.text(name)?,
        cidrs: reader.take_list(&mut fields, "networks", cidr)?,
    };
    Some(crate::model::AddressPool {
        pool,
        unknown: fields.rest(reader),
    })
}
