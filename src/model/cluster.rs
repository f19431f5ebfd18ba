//! Parts of a document as a cluster has them.

use super::Document;
use crate::cluster::{AddressPool, NAMESPACE_NAME_LABEL, Namespace, Node, Route, Service};

/// The namespaces of a document, by name.
pub fn namespaces(document: &Document) -> Vec<Namespace> {
    let one = |(id, namespace): (super::NamespaceId, &super::Namespace)| {
        let mut labels = document.namespace_labels(id);
        labels.insert(NAMESPACE_NAME_LABEL.to_owned(), namespace.name.clone());
        Namespace {
            name: namespace.name.clone(),
            labels,
            declared: true,
            span: None,
        }
    };
    let mut all: Vec<Namespace> = document.namespaces.iter().map(one).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The Services of a document, by namespace and name.
pub fn services(document: &Document) -> Vec<Service> {
    let one = |service: &super::Service| {
        let namespace = document.namespaces.get(service.namespace)?;
        Some(Service {
            labels: service.labels.clone(),
            kind: service.kind.clone(),
            headless: service.headless,
            external_name: service.external_name.clone(),
            keeps_client_address: service.keeps_client_address,
            selector: service.selector.clone(),
            ports: service.ports.clone(),
            ..Service::new(&namespace.name, &service.name)
        })
    };
    let mut services: Vec<Service> = document
        .services
        .iter()
        .filter_map(|(_, s)| one(s))
        .collect();
    services.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    services
}

/// What Ingress, Route and Gateway objects send to the Services of a document.
pub fn routes(document: &Document) -> Vec<Route> {
    let routes = document.routes.iter();
    routes.map(|route| route.backend.clone()).collect()
}

/// The nodes of a document, by name.
pub fn nodes(document: &Document) -> Vec<Node> {
    let nodes = document.nodes.iter();
    let mut nodes: Vec<Node> = nodes.map(|(_, row)| row.node.clone()).collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    nodes
}

/// The address pools of a document, by kind and name.
pub fn address_pools(document: &Document) -> Vec<AddressPool> {
    let pools = document.address_pools.iter();
    let mut pools: Vec<AddressPool> = pools.map(|row| row.pool.clone()).collect();
    pools.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
    pools
}
