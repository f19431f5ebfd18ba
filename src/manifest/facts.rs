//! What objects show that no verdict depends on: images, the roles of service accounts, annotations, certificates.

use super::Found;
use super::mentions::{items, pod_spec, scalar};
use crate::diag::Span;
use crate::yaml::{Node, Object, Value};

/// One thing that an object shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What of.
    pub about: About,
    /// The namespace of what it is about; empty where that has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The value: an image, the title of a binding, an annotation's value, the name of an issuer.
    pub value: String,
    /// Where it is written.
    pub span: Span,
}

/// What a fact is about, and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// An image of the object of this kind that has a pod template.
    Image(String),
    /// A role that a service account is bound to.
    Role,
    /// The annotation with this key on a service account.
    Account(String),
    /// The annotation with this key on a namespace.
    Namespace(String),
    /// The issuer that an Ingress or a Certificate names.
    Certificate,
    /// An issuer that proves domain names over HTTP.
    HttpIssuer,
}

/// The facts of objects, in their order; `namespace` is that of objects that name none.
pub fn facts(found: &Found, namespace: Option<&str>) -> Vec<Fact> {
    let default = namespace.unwrap_or("default");
    let each = found.objects.iter();
    each.flat_map(|object| of_object(object, default)).collect()
}

fn of_object(object: &Object, default: &str) -> Vec<Fact> {
    let namespace = object.namespace.as_deref().unwrap_or(default);
    let fact = |about, value: String, mark| Fact {
        about,
        namespace: namespace.to_owned(),
        name: object.name.clone(),
        value,
        span: object.span(mark),
    };
    let whole = object.node.mark;
    match (object.group(), object.kind.as_str()) {
        ("", "ServiceAccount") => annotations(object)
            .map(|(key, node, value)| fact(About::Account(key.to_owned()), value, node.mark))
            .collect(),
        ("", "Namespace") => annotations(object)
            .map(|(key, node, value)| Fact {
                namespace: String::new(),
                ..fact(About::Namespace(key.to_owned()), value, node.mark)
            })
            .collect(),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            bound(object, namespace)
        }
        ("networking.k8s.io", "Ingress") => annotations(object)
            .filter(|(key, ..)| ISSUER_ANNOTATIONS.contains(key))
            .map(|(_, node, issuer)| fact(About::Certificate, issuer, node.mark))
            .collect(),
        ("cert-manager.io", "Certificate") => {
            let spec = object.node.get("spec");
            let issuer = spec.and_then(|spec| spec.get("issuerRef")?.get("name"));
            let named = issuer.and_then(|issuer| Some((issuer.mark, scalar(issuer)?)));
            let certificate = named.map(|(mark, name)| fact(About::Certificate, name, mark));
            certificate.into_iter().collect()
        }
        ("cert-manager.io", "Issuer" | "ClusterIssuer") => {
            let acme = object.node.get("spec").and_then(|spec| spec.get("acme"));
            let mut solvers = acme.into_iter().flat_map(|acme| items(acme, "solvers"));
            let by_http = solvers.any(|solver| solver.get("http01").is_some());
            let issuer = by_http.then(|| fact(About::HttpIssuer, object.name.clone(), whole));
            issuer.into_iter().collect()
        }
        _ => pod_spec(object)
            .map(|spec| {
                let about = || About::Image(object.kind.clone());
                let containers = items(spec, "containers");
                containers
                    .filter_map(|container| container.get("image"))
                    .filter_map(|image| Some(fact(about(), scalar(image)?, image.mark)))
                    .collect()
            })
            .unwrap_or_default(),
    }
}

const ISSUER_ANNOTATIONS: [&str; 2] = ["cert-manager.io/issuer", "cert-manager.io/cluster-issuer"];

/// The service accounts that a binding gives a role.
fn bound(object: &Object, namespace: &str) -> Vec<Fact> {
    let account = |subject: &Node| {
        let text = |key: &str| subject.get(key).and_then(Node::as_str);
        (text("kind") == Some("ServiceAccount")).then_some(())?;
        Some(Fact {
            about: About::Role,
            namespace: text("namespace").unwrap_or(namespace).to_owned(),
            name: text("name")?.to_owned(),
            value: format!("{} {}", object.kind, object.name),
            span: object.span(subject.mark),
        })
    };
    items(&object.node, "subjects")
        .filter_map(account)
        .collect()
}

/// The annotations of an object: key, node and value.
fn annotations(object: &Object) -> impl Iterator<Item = (&str, &Node, String)> {
    let metadata = object.node.get("metadata");
    let annotations = metadata.and_then(|metadata| metadata.get("annotations"));
    let entries = match annotations.map(|node| &node.value) {
        Some(Value::Map(map)) => map.entries.as_slice(),
        _ => &[],
    };
    entries
        .iter()
        .filter_map(|entry| Some((entry.key.as_str(), &entry.value, scalar(&entry.value)?)))
}
