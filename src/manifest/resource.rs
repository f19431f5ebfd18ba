//! One object, decoded on its own.

use std::net::IpAddr;

use super::gateway::{self, Gateway, GatewayRoute, Grant};
use super::kinds::Kind;
use super::service;
use super::workload::{self, OwnerObject, PodObject};
use crate::cluster::{Node, Route, Service};
use crate::diag::Diagnostic;
use crate::sets::Labels;
use crate::yaml::decode::{Decoded, TypeError, deep, field, list_field, string, strings};
use crate::yaml::{self, Object};

/// An object that is read, with its identity.
pub(super) struct Resource {
    pub identity: Identity,
    pub title: String,
    /// `metadata.name` is written, so that the object exists once.
    pub named: bool,
    pub span: crate::diag::Span,
    pub value: Value,
}

/// Namespace (empty where the kind has none), name, kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity {
    pub namespace: String,
    pub name: String,
    pub kind: String,
}

pub(super) enum Value {
    Namespace(Labels),
    Node(Node),
    Pod(PodObject),
    Owner(OwnerObject),
    Service(Service),
    Routes(Vec<Route>),
    Gateway(Gateway),
    GatewayRoute(GatewayRoute),
    Grant(Grant),
    Policy(Box<Object>),
}

/// The result of decoding an object.
pub(super) enum Outcome {
    Resource(Resource),
    /// It means nothing here.
    Skipped,
    /// It cannot be used, and this is why.
    Told(Diagnostic),
}

pub(super) fn decode(object: Object, kind: Kind) -> Outcome {
    match kind {
        Kind::Unknown => return Outcome::Skipped,
        Kind::Policy(policy) if !policy.judged => {
            let message = format!("{} is not judged yet", object.kind);
            let note = Diagnostic::info("not-judged", message);
            return Outcome::Told(object.about(note, object.node.mark));
        }
        _ => {}
    }
    // A policy without a name is refused where policies are validated.
    if object.name.is_empty() && !matches!(kind, Kind::Policy(_)) {
        let message = format!("{} without a name: skipped", object.kind);
        let problem = Diagnostic::error("no-name", message).path("metadata.name");
        let help = "write metadata.name";
        return Outcome::Told(object.about(problem.help(help), object.node.mark));
    }
    let metadata = object.node.get("metadata");
    let resource = |value| Resource {
        identity: Identity {
            namespace: match kind.namespaced() {
                true => object.namespace_or_default().to_owned(),
                false => String::new(),
            },
            name: object.name.clone(),
            kind: object.kind.clone(),
        },
        title: match kind.namespaced() {
            true => object.title(),
            false => format!("{} {}", object.kind, object.name),
        },
        named: metadata.is_some_and(|m| m.get("name").is_some()),
        span: object.whole(),
        value,
    };
    match value(&object, kind) {
        Ok(Some(decoded)) => Outcome::Resource(resource(decoded)),
        Ok(None) => {
            let base = resource(Value::Namespace(Labels::new()));
            Outcome::Resource(Resource {
                value: Value::Policy(Box::new(object)),
                ..base
            })
        }
        Err(error) => Outcome::Told(wrong_type(&object, error)),
    }
}

/// None for policies, which a dialect decodes.
fn value(object: &Object, kind: Kind) -> Decoded<Option<Value>> {
    let node = &object.node;
    Ok(Some(match kind {
        Kind::Namespace => {
            let labels = deep(node, &["metadata", "labels"], strings)?;
            Value::Namespace(labels.unwrap_or_default())
        }
        Kind::Node => Value::Node(cluster_node(object)?),
        Kind::Pod => Value::Pod(workload::pod(object)?),
        Kind::Owner(template) => Value::Owner(workload::owner_object(object, template)?),
        Kind::Service => Value::Service(service::service(object)?),
        Kind::Ingress => Value::Routes(service::ingress(object)?),
        Kind::Route => Value::Routes(service::openshift(object)?),
        Kind::Gateway => Value::Gateway(gateway::gateway(object)?),
        Kind::GatewayRoute(kind) => Value::GatewayRoute(gateway::route(object, kind)?),
        Kind::ReferenceGrant => Value::Grant(gateway::grant(object)?),
        Kind::Policy(_) | Kind::Unknown => return Ok(None),
    }))
}

fn cluster_node(object: &Object) -> Decoded<Node> {
    let labels = deep(&object.node, &["metadata", "labels"], strings)?;
    let addresses = field(&object.node, "status", |status| {
        list_field(status, "addresses", address)
    })?;
    Ok(Node {
        name: object.name.clone(),
        labels: labels.unwrap_or_default(),
        addresses: addresses
            .unwrap_or_default()
            .into_iter()
            .flatten()
            .collect(),
    })
}

fn address(node: &yaml::Node) -> Decoded<Option<IpAddr>> {
    Ok(field(node, "address", string)?.and_then(|text| text.parse().ok()))
}

fn wrong_type(object: &Object, error: TypeError) -> Diagnostic {
    let message = format!("{}; this {} is skipped", error.message, object.kind);
    let mut diagnostic = Diagnostic::error("V22", message).path(error.path);
    diagnostic.help = error.help;
    object.about(diagnostic, error.mark)
}
