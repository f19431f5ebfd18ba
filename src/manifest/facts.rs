//! What objects show that no verdict depends on: images, the roles of service accounts, annotations, certificates.

use super::Found;
use super::mentions::{items, pod_spec, scalar};
use crate::diag::Span;
use crate::yaml::{Mark, Node, Object, Value};

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
    /// The issuer of this kind that an Ingress, a Gateway or a Certificate names.
    Certificate(String),
    /// An issuer of this kind that proves domain names over HTTP.
    HttpIssuer(String),
    /// Whether a service account gives its token to pods.
    AccountToken,
    /// Whether the pods of the object of this kind get the token of their service account.
    Token(String),
    /// A variable of the object of this kind that leads clients to the API server.
    ApiServer(String),
    /// A Prometheus that an operator runs in the namespace.
    Prometheus,
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
            .chain(token(&object.node).map(|(mark, gives)| fact(About::AccountToken, gives, mark)))
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
        ("networking.k8s.io", "Ingress") | ("gateway.networking.k8s.io", "Gateway") => {
            annotations(object)
                .filter_map(|(key, node, issuer)| {
                    let (_, kind) = ISSUER_ANNOTATIONS.iter().find(|(own, _)| *own == key)?;
                    Some(fact(About::Certificate((*kind).into()), issuer, node.mark))
                })
                .collect()
        }
        ("monitoring.coreos.com", "Prometheus" | "PrometheusAgent") => {
            vec![fact(About::Prometheus, object.title(), whole)]
        }
        ("cert-manager.io", "Certificate") => {
            let spec = object.node.get("spec");
            let issuer = spec.and_then(|spec| spec.get("issuerRef")?.get("name"));
            let kind = spec.and_then(|spec| spec.get("issuerRef")?.get("kind"));
            let kind = kind.and_then(Node::as_str).unwrap_or("Issuer");
            let named = issuer.and_then(|issuer| Some((issuer.mark, scalar(issuer)?)));
            let certificate =
                named.map(|(mark, name)| fact(About::Certificate(kind.into()), name, mark));
            certificate.into_iter().collect()
        }
        ("cert-manager.io", "Issuer" | "ClusterIssuer") => {
            let acme = object.node.get("spec").and_then(|spec| spec.get("acme"));
            let mut solvers = acme.into_iter().flat_map(|acme| items(acme, "solvers"));
            let by_http = solvers.any(|solver| solver.get("http01").is_some());
            let about = About::HttpIssuer(object.kind.clone());
            let issuer = by_http.then(|| fact(about, object.name.clone(), whole));
            issuer.into_iter().collect()
        }
        _ => pod_spec(object)
            .map(|spec| {
                let kind = || object.kind.clone();
                let images = items(spec, "containers").filter_map(|c| c.get("image"));
                let images = images.filter_map(|image| {
                    Some(fact(About::Image(kind()), scalar(image)?, image.mark))
                });
                let variables = items(spec, "containers").flat_map(|c| items(c, "env"));
                let leads = variables.filter_map(|variable| {
                    let name = variable.get("name")?.as_str()?;
                    API_VARIABLES.contains(&name).then_some(())?;
                    Some(fact(
                        About::ApiServer(kind()),
                        name.to_owned(),
                        variable.mark,
                    ))
                });
                let token = token(spec).map(|(mark, gets)| fact(About::Token(kind()), gets, mark));
                images.chain(leads).chain(token).collect()
            })
            .unwrap_or_default(),
    }
}

/// Annotations that name an issuer, with its kind.
const ISSUER_ANNOTATIONS: [(&str, &str); 2] = [
    ("cert-manager.io/issuer", "Issuer"),
    ("cert-manager.io/cluster-issuer", "ClusterIssuer"),
];

/// Variables by which clients find the API server.
const API_VARIABLES: [&str; 2] = ["KUBECONFIG", "KUBERNETES_SERVICE_HOST"];

/// What `automountServiceAccountToken` says: `true` or `false`.
fn token(node: &Node) -> Option<(Mark, String)> {
    let token = node.get("automountServiceAccountToken")?;
    Some((token.mark, scalar(token)?))
}

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
