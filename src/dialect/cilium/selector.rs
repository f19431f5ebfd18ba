//! Lowers endpoint selectors: sources of labels, labels that are not identity labels, and namespaces (C0, C5,
//! C20-C26).

use crate::cluster::{NAMESPACE_NAME_LABEL, is_identity_label};
use crate::dialect::selector::{self, LabelSelector};
use crate::policy::{Entity, Peer};
use crate::sets::{IpSet, LabelOp, Requirement, Selector};
use crate::yaml::Mark;

/// The label with the name of a pod's namespace.
pub const NAMESPACE: &str = "io.kubernetes.pod.namespace";
/// What the keys of the labels of a pod's namespace start with.
pub const NAMESPACE_LABELS: &str = "io.cilium.k8s.namespace.labels.";
/// The label with the name of a pod's service account.
pub const SERVICE_ACCOUNT: &str = "io.cilium.k8s.policy.serviceaccount";
const CLUSTER: &str = "io.cilium.k8s.policy.cluster";
/// The name of a cluster that is not part of a mesh.
pub const CLUSTER_NAME: &str = "default";

/// The namespace that a selector means where it names none.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// The policy's own (C21).
    Namespace(&'a str),
    /// Any (C22).
    Cluster,
}

/// The pods that are endpoints: those on the host network are their nodes.
pub fn endpoints(all: Vec<Peer>) -> Peer {
    let mut parts = vec![Peer::Pods, Peer::Not(Box::new(Peer::HostNetwork))];
    parts.extend(all);
    Peer::All(parts)
}

/// What is outside the cluster: addresses of no pod and no node.
pub fn outside(set: IpSet) -> Peer {
    let nodes = Peer::Nodes(Selector::everything());
    Peer::All(vec![Peer::Addresses(set), Peer::Not(Box::new(nodes))])
}

/// Everything in the cluster.
pub fn cluster() -> Peer {
    let mut all = vec![Peer::Pods, Peer::Nodes(Selector::everything())];
    all.extend(Entity::OPAQUE.map(Peer::Entity));
    Peer::AnyOf(all)
}

/// The subject of a policy.
pub fn subject(selector: &LabelSelector, scope: Scope) -> Peer {
    let mut all = Vec::new();
    let mut requirements = requirements(selector);
    if let Scope::Namespace(own) = scope {
        all.push(Peer::Namespace(own.to_owned()));
        // In `matchLabels` this spelling is overwritten; any other one is asked, too (C5).
        let key = format!("k8s:{NAMESPACE}");
        if selector.labels.iter().any(|label| label.key == key) {
            let written = |r: &Sourced| r.source == "k8s" && r.requirement.key == NAMESPACE;
            let at = requirements.iter().position(written);
            at.map(|at| requirements.remove(at));
        }
    }
    all.extend(requirements.iter().map(Sourced::of_pods));
    endpoints(all)
}

/// The pods of the local namespace or cluster, and further identities, that a peer selector matches.
pub fn peer(selector: &LabelSelector, scope: Scope) -> Peer {
    let requirements = requirements(selector);
    let mut all: Vec<Peer> = requirements.iter().map(Sourced::of_pods).collect();
    let reserved = requirements.iter().any(|r| r.source == "reserved");
    if reserved {
        let matches = |label: &str| requirements.iter().all(|r| r.of_identity(label));
        let mut found = vec![endpoints(all)];
        found.extend(matches("remote-node").then(Peer::remote_nodes));
        let opaque = Entity::OPAQUE.into_iter();
        let opaque = opaque.filter(|entity| matches(entity.word()));
        found.extend(opaque.map(Peer::Entity));
        let world = ["world", "world-ipv4", "world-ipv6"]
            .into_iter()
            .any(matches);
        found.extend(world.then(|| outside(IpSet::all())));
        return Peer::AnyOf(found);
    }
    let names_namespaces = requirements.iter().any(|r| {
        let key = &r.requirement.key;
        key == NAMESPACE || key.starts_with(NAMESPACE_LABELS)
    });
    if let Scope::Namespace(own) = scope
        && !names_namespaces
    {
        all.push(Peer::Namespace(own.to_owned()));
    }
    endpoints(all)
}

/// A selector of a NetworkPolicy as Cilium reads it (C27).
pub fn plain(selector: &LabelSelector) -> Vec<Peer> {
    let requirements = selector::lower(selector).requirements.into_iter();
    let sourced = requirements.map(|requirement| Sourced {
        source: "k8s".to_owned(),
        requirement,
    });
    sourced.map(|r| r.by_label()).collect()
}

/// The names of clusters that a selector compares with, other than the assumed one, and where (C26).
pub fn other_clusters(selector: &LabelSelector) -> Vec<(&str, Mark)> {
    let is_cluster = |key: &str| {
        let key = key
            .strip_prefix("k8s:")
            .or(key.strip_prefix("any:"))
            .unwrap_or(key);
        key == CLUSTER
    };
    let labels = selector
        .labels
        .iter()
        .filter(|label| is_cluster(&label.key));
    let labels = labels.map(|label| (label.value.as_str(), label.mark));
    let expressions = selector.expressions.iter();
    let expressions = expressions.filter(|expression| is_cluster(&expression.key.value));
    let values = expressions.flat_map(|expression| &expression.values);
    let values = values.map(|value| (value.value.as_str(), value.mark));
    let all = labels.chain(values);
    all.filter(|(name, _)| *name != CLUSTER_NAME).collect()
}

/// A requirement on a label of one source; `any` means every source.
struct Sourced {
    source: String,
    requirement: Requirement,
}

fn requirements(selector: &LabelSelector) -> Vec<Sourced> {
    let all = selector::lower(selector).requirements.into_iter();
    let sourced = all.map(|requirement| match requirement.key.split_once(':') {
        Some((source, key)) => Sourced {
            source: source.to_owned(),
            requirement: Requirement::new(key, requirement.op.clone()),
        },
        None => Sourced {
            source: "any".to_owned(),
            requirement,
        },
    });
    sourced.collect()
}

impl Sourced {
    /// The pods that it matches.
    fn of_pods(&self) -> Peer {
        let Requirement { key, op } = &self.requirement;
        if !matches!(self.source.as_str(), "any" | "k8s") {
            return fixed(op, None);
        }
        if key == NAMESPACE {
            return match op {
                LabelOp::In(names) if names.len() == 1 => {
                    Peer::AnyOf(names.iter().cloned().map(Peer::Namespace).collect())
                }
                op => namespaces(NAMESPACE_NAME_LABEL, op),
            };
        }
        if let Some(key) = key.strip_prefix(NAMESPACE_LABELS) {
            return namespaces(key, op);
        }
        match key.as_str() {
            SERVICE_ACCOUNT => service_accounts(op),
            CLUSTER => fixed(op, Some(CLUSTER_NAME)),
            _ => self.by_label(),
        }
    }

    fn by_label(&self) -> Peer {
        match is_identity_label(&self.requirement.key) {
            true => Peer::PodLabels(Selector {
                requirements: vec![self.requirement.clone()],
            }),
            false => fixed(&self.requirement.op, None),
        }
    }

    /// Whether an identity that has only this reserved label has it.
    fn of_identity(&self, label: &str) -> bool {
        let Requirement { key, op } = &self.requirement;
        let has = matches!(self.source.as_str(), "reserved" | "any") && key == label;
        op.matches(has.then_some(""))
    }
}

fn namespaces(key: &str, op: &LabelOp) -> Peer {
    Peer::NamespaceLabels(Selector {
        requirements: vec![Requirement::new(key, op.clone())],
    })
}

/// Every pod has a service account.
fn service_accounts(op: &LabelOp) -> Peer {
    let any = |names: &std::collections::BTreeSet<String>| {
        Peer::AnyOf(names.iter().cloned().map(Peer::ServiceAccount).collect())
    };
    match op {
        LabelOp::In(names) => any(names),
        LabelOp::NotIn(names) => Peer::Not(Box::new(any(names))),
        LabelOp::Exists => Peer::Pods,
        _ => Peer::Nothing,
    }
}

/// A condition on a label that all pods have with one value, or none has.
fn fixed(op: &LabelOp, value: Option<&str>) -> Peer {
    match op.matches(value) {
        true => Peer::Pods,
        false => Peer::Nothing,
    }
}

/// Whether Cilium itself gives pods a label with this key, so that a pod label of that name is not selected.
pub fn is_special(key: &str) -> bool {
    key.starts_with(NAMESPACE_LABELS) || [NAMESPACE, SERVICE_ACCOUNT, CLUSTER].contains(&key)
}
