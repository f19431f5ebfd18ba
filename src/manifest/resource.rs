//! One object, decoded on its own.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::class::{self, Class};
use super::endpoints::{self, Endpoints};
use super::gateway::{self, Gateway, GatewayRoute, Grant};
use super::kinds::{self, Kind};
use super::makers;
use super::service;
use super::values;
use super::workload::{self, OwnerObject, PodObject};
use crate::cluster::{AddressPool, LeftOut, Node, Route, Service};
use crate::diag::{Diagnostic, NOT_JUDGED};
use crate::policy::{self, Reading, Selects};
use crate::sets::Labels;
use crate::yaml::decode::{Decoded, TypeError, deep, field, list, list_field, string, strings};
use crate::yaml::{self, Object};

/// An object that is read, with its identity.
pub(super) struct Resource {
    pub identity: Identity,
    pub title: String,
    /// `metadata.name` is written, so that the object exists once.
    pub named: bool,
    pub span: crate::diag::Span,
    /// Equal where all that is written is equal; none of an object whose kind and name no other one has.
    pub content: Option<u64>,
    pub value: Value,
}

/// Namespace (empty where the kind has none), name, kind and API group, whatever its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity {
    pub namespace: String,
    pub name: String,
    pub kind: String,
    pub group: String,
}

pub(super) enum Value {
    Namespace(Labels),
    Node(Node),
    AddressPool(AddressPool),
    ServiceCidr(BTreeSet<IpNet>),
    Pod(PodObject),
    Owner(OwnerObject),
    Service(Service),
    Endpoints(Endpoints),
    Class(Class),
    Routes(Vec<Route>),
    Gateway(Gateway),
    GatewayRoute(GatewayRoute),
    Grant(Grant),
    Policy(Box<Object>),
}

/// The result of decoding an object.
pub(super) enum Outcome {
    Resource(Box<Resource>),
    /// It means nothing here.
    Skipped,
    /// It cannot be used, and this is why.
    Reported(Diagnostic),
    /// A policy that is not judged, and why.
    LeftOut(LeftOut, Diagnostic),
}

/// Reads an object; `has_namesake`: whether another one has its kind and name.
pub(super) fn decode(object: Object, kind: Kind, has_namesake: bool) -> Outcome {
    match kind {
        Kind::Unknown => {
            return match kinds::meant_workload(&object) {
                Some(meant) => Outcome::Reported(misspelt_workload(&object, meant)),
                None => Outcome::Skipped,
            };
        }
        Kind::Misspelt(meant) => return left_out(&object, kind, misspelt(&object, &meant)),
        Kind::OtherPolicy => return left_out(&object, kind, not_judged(&object)),
        Kind::PolicyMaker => return left_out(&object, kind, makes_policies(&object)),
        Kind::Policy(policy) => match policy.reading {
            Reading::Judged | Reading::Resource | Reading::ResourceOfOthers => {}
            Reading::LeftOutWith(fields) if !has_any(&object, fields) => return Outcome::Skipped,
            Reading::LeftOut(_) | Reading::LeftOutWith(_) => {
                return left_out(&object, kind, not_judged(&object));
            }
            Reading::NotEnforced => {
                let message = format!("{} is not enforced, so it is not judged", object.kind);
                let note = Diagnostic::info("not-judged", message);
                return Outcome::Reported(object.about(note, object.node.mark));
            }
        },
        _ => {}
    }
    // A policy without a name is refused where policies are validated.
    if object.name.is_empty() && !matches!(kind, Kind::Policy(_)) {
        let message = format!("{} without a name: skipped", object.kind);
        let problem = Diagnostic::error("no-name", message).path("metadata.name");
        let help = "write metadata.name";
        return Outcome::Reported(object.about(problem.help(help), object.node.mark));
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
            group: policy::current_group(object.group(), &object.kind).to_owned(),
        },
        title: match kind.namespaced() {
            true => object.title(),
            false => format!("{} {}", object.kind, object.name),
        },
        named: metadata.is_some_and(|m| m.get("name").is_some()),
        span: object.whole(),
        content: has_namesake.then(|| object.node.content()),
        value,
    };
    match value(&object, kind) {
        Ok(Some(decoded)) => Outcome::Resource(Box::new(resource(decoded))),
        Ok(None) => {
            let base = resource(Value::Namespace(Labels::new()));
            Outcome::Resource(Box::new(Resource {
                value: Value::Policy(Box::new(object)),
                ..base
            }))
        }
        Err(error) => Outcome::Reported(wrong_type(&object, error)),
    }
}

fn left_out(object: &Object, kind: Kind, why: Diagnostic) -> Outcome {
    let mut policy = super::left_out(object, kind.namespaced());
    match kind {
        Kind::OtherPolicy => policy.namespace.clone_from(&object.namespace),
        Kind::PolicyMaker => policy.namespace = makers::namespace(object),
        Kind::Policy(known) => match known.reading {
            Reading::LeftOut(Selects::All) => policy.namespace = None,
            Reading::LeftOut(Selects::AllFrom(root)) => {
                policy.namespace = policy.namespace.filter(|own| own != root);
            }
            _ => {}
        },
        _ => {}
    }
    Outcome::LeftOut(policy, object.about(why, object.node.mark))
}

/// Whether a spec has one of these fields, with a value.
fn has_any(object: &Object, fields: &[&str]) -> bool {
    let spec = object.node.get("spec");
    let has = |field: &&str| match spec.and_then(|spec| spec.get(field)).map(|n| &n.value) {
        None | Some(yaml::Value::Null | yaml::Value::Bool(false, _)) => false,
        Some(yaml::Value::Seq(items)) => !items.is_empty(),
        Some(yaml::Value::Map(map)) => !map.entries.is_empty(),
        Some(_) => true,
    };
    fields.iter().any(has)
}

fn not_judged(object: &Object) -> Diagnostic {
    let (kind, group) = (&object.kind, object.group());
    let message = format!("{kind} of `{group}` is not judged; the answers leave it out");
    let help = format!("check it yourself, and accept that with `--leave-out {kind}`");
    Diagnostic::warning(NOT_JUDGED, message).help(help)
}

fn makes_policies(object: &Object) -> Diagnostic {
    let (kind, group) = (&object.kind, object.group());
    let message = format!(
        "{kind} of `{group}` makes network policies that are not in the input; the answers leave them out"
    );
    let help = format!("add the policies that it makes, and accept that with `--leave-out {kind}`");
    Diagnostic::warning(NOT_JUDGED, message).help(help)
}

fn misspelt(object: &Object, meant: &policy::Kind) -> Diagnostic {
    let (kind, version) = (&object.kind, &object.api_version);
    let message = match version.as_str() {
        "" => format!("{kind} has no apiVersion"),
        version => format!("no API server knows kind `{kind}` of `{version}`"),
    };
    let message = format!("{message}; this policy is not judged");
    let help = match (*kind == meant.name, object.group() == meant.group) {
        (true, _) => format!("write `apiVersion: {}`", meant.api_version()),
        (_, true) => format!("write `kind: {}`", meant.name),
        _ => format!(
            "write `apiVersion: {}` and `kind: {}`",
            meant.api_version(),
            meant.name
        ),
    };
    Diagnostic::error("misspelt", message).help(help)
}

fn misspelt_workload(object: &Object, (version, kind): (&str, &str)) -> Diagnostic {
    let message = format!(
        "no API server knows kind `{}` of `{}`; the object is skipped",
        object.kind, object.api_version
    );
    let help = format!("did you mean `kind: {kind}` of `apiVersion: {version}`?");
    let problem = Diagnostic::error("misspelt", message).help(help);
    object.about(problem, object.node.mark)
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
        Kind::AddressPool(pool) => Value::AddressPool(address_pool(object, pool)?),
        Kind::ServiceCidr => Value::ServiceCidr(values::service_blocks(object)),
        Kind::Pod => Value::Pod(workload::pod(object)?),
        Kind::Owner(template) => Value::Owner(workload::owner_object(object, template)?),
        Kind::Service => Value::Service(service::service(object)?),
        Kind::EndpointSlice => Value::Endpoints(endpoints::slice(object)?),
        Kind::Endpoints => Value::Endpoints(endpoints::endpoints(object)?),
        Kind::Class => Value::Class(class::class(object)?),
        Kind::Ingress => Value::Routes(service::ingress(object)?),
        Kind::Route => Value::Routes(service::openshift(object)?),
        Kind::Gateway => Value::Gateway(gateway::gateway(object)?),
        Kind::GatewayRoute(kind) => Value::GatewayRoute(gateway::route(object, kind)?),
        Kind::ReferenceGrant => Value::Grant(gateway::grant(object)?),
        Kind::Policy(_)
        | Kind::Misspelt(_)
        | Kind::OtherPolicy
        | Kind::PolicyMaker
        | Kind::Unknown => return Ok(None),
    }))
}

fn cluster_node(object: &Object) -> Decoded<Node> {
    let labels = deep(&object.node, &["metadata", "labels"], strings)?;
    let addresses = field(&object.node, "status", |status| {
        list_field(status, "addresses", address)
    })?;
    let one = deep(&object.node, &["spec", "podCIDR"], string)?;
    let all = deep(&object.node, &["spec", "podCIDRs"], |all| list(all, string))?;
    let pod_cidrs = one.into_iter().chain(all.unwrap_or_default());
    let pod_cidrs: BTreeSet<IpNet> = pod_cidrs.filter_map(|text| values::block(&text)).collect();
    Ok(Node {
        name: object.name.clone(),
        labels: labels.unwrap_or_default(),
        addresses: addresses
            .unwrap_or_default()
            .into_iter()
            .flatten()
            .collect(),
        pod_cidrs: pod_cidrs.into_iter().collect(),
    })
}

/// An address pool; without its blocks where Calico gives these to other things than pods.
fn address_pool(object: &Object, pool: kinds::AddressPool) -> Decoded<AddressPool> {
    let uses = deep(&object.node, &["spec", "allowedUses"], |all| {
        list(all, string)
    })?;
    let uses = uses
        .filter(|_| pool == kinds::AddressPool::Calico)
        .unwrap_or_default();
    let for_pods = uses.is_empty() || uses.iter().any(|of| of == "Workload");
    let cidrs = match for_pods {
        true => values::pool_blocks(object, pool).into_iter().collect(),
        false => Vec::new(),
    };
    Ok(AddressPool {
        kind: object.kind.clone(),
        name: object.name.clone(),
        cidrs,
    })
}

fn address(node: &yaml::Node) -> Decoded<Option<IpAddr>> {
    Ok(field(node, "address", string)?.and_then(|text| values::address(&text)))
}

fn wrong_type(object: &Object, error: TypeError) -> Diagnostic {
    let message = format!("{}; this {} is skipped", error.message, object.kind);
    let mut diagnostic = Diagnostic::error("V22", message).path(error.path);
    diagnostic.help = error.help;
    object.about(diagnostic, error.mark)
}
