//! Single values of the project file, as they are read and written.

use crate::yaml::plain::{Mapping, Value};

use crate::cluster::{Enforcer, HostNetwork, PodAddresses};
use crate::model::{Base, Isolate, Style};
use crate::policy::{Accounts, Direction, Entity, Target};
use crate::sets::{LabelOp, Labels, Requirement, Selector};

pub(super) const STYLES: &[(&str, Style)] = &[
    ("per-flow", Style::PerFlow),
    ("per-workload", Style::PerWorkload),
];

pub(super) const BASES: &[(&str, Base)] = &[
    ("deny-all", Base::DenyAll),
    ("deny-ingress", Base::DenyIngress),
    ("deny-egress", Base::DenyEgress),
    ("none", Base::None),
];

pub(super) const ISOLATE: &[(&str, Isolate)] = &[
    ("none", Isolate::None),
    ("ingress", Isolate::Ingress),
    ("egress", Isolate::Egress),
    ("both", Isolate::Both),
];

pub(super) const ENTITIES: &[(&str, Entity)] = &[
    (Entity::KubeApiserver.word(), Entity::KubeApiserver),
    (Entity::Host.word(), Entity::Host),
    (Entity::RemoteNode.word(), Entity::RemoteNode),
    (Entity::Ingress.word(), Entity::Ingress),
    (Entity::World.word(), Entity::World),
    (Entity::Cluster.word(), Entity::Cluster),
];

/// The `action` of flows that deny.
pub(super) const DENY: &str = "deny";

/// Whether flows deny.
pub(super) const ACTIONS: &[(&str, bool)] = &[("allow", false), (DENY, true)];

pub(super) const HALVES: &[(&str, Direction)] = &[
    ("ingress", Direction::Ingress),
    ("egress", Direction::Egress),
];

pub(super) const DIALECTS: &[(&str, Target)] = &[
    (Target::Kubernetes.name(), Target::Kubernetes),
    (Target::Cilium.name(), Target::Cilium),
    (Target::Calico.name(), Target::Calico),
    (
        Target::AdminNetworkPolicy.name(),
        Target::AdminNetworkPolicy,
    ),
    (
        Target::ClusterNetworkPolicy.name(),
        Target::ClusterNetworkPolicy,
    ),
];

pub(super) const ENFORCERS: &[(&str, Enforcer)] = &[
    ("kubernetes", Enforcer::Kubernetes),
    ("cilium", Enforcer::Cilium),
    ("calico", Enforcer::Calico),
];

pub(super) const POD_ADDRESSES: &[(&str, PodAddresses)] = &[
    ("unknown", PodAddresses::Unknown),
    ("outside", PodAddresses::Outside),
    ("known", PodAddresses::Known),
];

pub(super) const HOST_NETWORK: &[(&str, HostNetwork)] =
    &[("pods", HostNetwork::Pods), ("nodes", HostNetwork::Nodes)];

/// Whether a Service is headless.
pub(super) const CLUSTER_IP: &[(&str, bool)] = &[("None", true)];

/// Whether a Service keeps the addresses of clients.
pub(super) const TRAFFIC_POLICIES: &[(&str, bool)] = &[("Local", true), ("Cluster", false)];

/// The kinds of objects that send to Services.
pub(super) const ROUTES: &[(&str, &str)] = &[
    ("Ingress", "Ingress"),
    ("Route", "Route"),
    ("HTTPRoute", "HTTPRoute"),
    ("GRPCRoute", "GRPCRoute"),
    ("TLSRoute", "TLSRoute"),
    ("TCPRoute", "TCPRoute"),
    ("UDPRoute", "UDPRoute"),
];

/// The word of a value.
pub(super) fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> Value {
    let found = words.iter().find(|(_, known)| known == value);
    Value::from(found.map_or("", |(word, _)| word))
}

pub(super) fn texts(labels: &Labels) -> Value {
    let pairs = labels
        .iter()
        .map(|(key, value)| (Value::from(key.as_str()), Value::from(value.as_str())));
    Value::Mapping(pairs.collect())
}

/// A selector as the API writes it. The leading `key = value` requirements in order of their keys
/// become matchLabels, the others matchExpressions, so that reading returns the same list.
pub(super) fn selector(selector: &Selector) -> Value {
    Value::Mapping(selector_map(selector))
}

/// A selector of pods, with the service accounts that they run as.
pub(super) fn pods(selector: &Selector, accounts: &Accounts) -> Value {
    let mut map = selector_map(selector);
    if !accounts.is_any() {
        let names = accounts.names().map(Value::from).collect();
        map.insert("serviceAccounts".into(), Value::Sequence(names));
    }
    Value::Mapping(map)
}

fn selector_map(selector: &Selector) -> Mapping {
    let labels = leading_labels(selector);
    let mut map = Mapping::new();
    if !labels.is_empty() {
        map.insert("matchLabels".into(), texts(&labels));
    }
    let rest: Vec<Value> = selector
        .requirements
        .iter()
        .skip(labels.len())
        .map(expression)
        .collect();
    if !rest.is_empty() {
        map.insert("matchExpressions".into(), Value::Sequence(rest));
    }
    map
}

/// A selector as labels alone, where it is nothing else.
pub(super) fn plain_selector(of: &Selector) -> Value {
    let labels = leading_labels(of);
    if labels.len() == of.requirements.len() {
        texts(&labels)
    } else {
        selector(of)
    }
}

fn leading_labels(selector: &Selector) -> Labels {
    let mut labels = Labels::new();
    for Requirement { key, op } in &selector.requirements {
        match op {
            LabelOp::In(values) if values.len() == 1 => {
                if labels.last_key_value().is_some_and(|(last, _)| last >= key) {
                    break;
                }
                labels.extend(values.iter().map(|value| (key.clone(), value.clone())));
            }
            _ => break,
        }
    }
    labels
}

fn expression(requirement: &Requirement) -> Value {
    let (operator, values): (&str, Option<Vec<Value>>) = match &requirement.op {
        LabelOp::In(values) => ("In", Some(list(values))),
        LabelOp::NotIn(values) => ("NotIn", Some(list(values))),
        LabelOp::Exists => ("Exists", None),
        LabelOp::DoesNotExist => ("DoesNotExist", None),
        LabelOp::StartsWith(text) => ("StartsWith", Some(list([text]))),
        LabelOp::EndsWith(text) => ("EndsWith", Some(list([text]))),
        LabelOp::Contains(text) => ("Contains", Some(list([text]))),
    };
    let mut map = Mapping::new();
    map.insert("key".into(), requirement.key.as_str().into());
    map.insert("operator".into(), operator.into());
    if let Some(values) = values {
        map.insert("values".into(), Value::Sequence(values));
    }
    Value::Mapping(map)
}

fn list<'a>(values: impl IntoIterator<Item = &'a String>) -> Vec<Value> {
    values
        .into_iter()
        .map(|value| Value::from(value.as_str()))
        .collect()
}
