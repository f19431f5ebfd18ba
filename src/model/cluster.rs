//! Parts of a document as a cluster has them.

use super::Document;
use crate::cluster::{NAMESPACE_NAME_LABEL, Namespace, Service};

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
