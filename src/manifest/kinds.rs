//! The kinds of objects that are read.

use super::makers;
use crate::diag::edit_distance;
use crate::policy::{self, Reading};
use crate::yaml::{self, Object};

/// How an object is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Namespace,
    Node,
    /// An object of a network plugin that declares addresses of pods, by its kind.
    AddressPool(AddressPool),
    /// Cluster addresses of Services.
    ServiceCidr,
    Pod,
    /// Something with a pod template.
    Owner(Template),
    Service,
    /// The addresses behind a Service, in either of the two shapes.
    EndpointSlice,
    Endpoints,
    Ingress,
    /// An IngressClass or a GatewayClass.
    Class,
    Route,
    Gateway,
    /// A route of the Gateway API, by its kind.
    GatewayRoute(&'static str),
    ReferenceGrant,
    /// A policy of one of the kinds that the caller knows.
    Policy(policy::Kind),
    /// A policy of a kind that no server knows, where a known one is meant.
    Misspelt(policy::Kind),
    /// A network policy by its name, of a group that the caller does not know.
    OtherPolicy,
    /// An object from which a controller makes policies.
    PolicyMaker,
    /// Everything else.
    Unknown,
}

/// The kinds of address pools, which have their blocks in different fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddressPool {
    /// Cilium's view of a node.
    CiliumNode,
    /// The blocks that Cilium gives to nodes.
    CiliumPod,
    /// Calico's.
    Calico,
}

/// Where the template, the selector and the number of pods are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Template {
    /// `spec.template`, `spec.selector` a label selector, `spec.replicas`.
    Replicated,
    /// The same with a plain map for a selector.
    Controller,
    /// One pod on every node.
    Daemon,
    /// `spec.parallelism`, `spec.suspend`.
    Job,
    /// A job in `spec.jobTemplate`.
    CronJob,
    /// A kind that is known by its pod template only: `spec.template`, and what else it has of a workload.
    Other,
}

/// What an object is, by its group and kind; `policies` are the kinds of policies.
pub(super) fn of(object: &Object, policies: &[policy::Kind]) -> Kind {
    match (object.group(), object.kind.as_str()) {
        ("", "Namespace") => Kind::Namespace,
        ("", "Node") => Kind::Node,
        ("cilium.io", "CiliumNode") => Kind::AddressPool(AddressPool::CiliumNode),
        ("cilium.io", "CiliumPodIPPool") => Kind::AddressPool(AddressPool::CiliumPod),
        ("crd.projectcalico.org" | "projectcalico.org", "IPPool") => {
            Kind::AddressPool(AddressPool::Calico)
        }
        ("networking.k8s.io", "ServiceCIDR") => Kind::ServiceCidr,
        ("", "Pod") => Kind::Pod,
        ("", "ReplicationController") => Kind::Owner(Template::Controller),
        ("apps" | "extensions", "Deployment" | "ReplicaSet" | "StatefulSet") => {
            Kind::Owner(Template::Replicated)
        }
        ("apps" | "extensions", "DaemonSet") => Kind::Owner(Template::Daemon),
        ("batch", "Job") => Kind::Owner(Template::Job),
        ("batch", "CronJob") => Kind::Owner(Template::CronJob),
        ("", "Service") => Kind::Service,
        ("", "Endpoints") => Kind::Endpoints,
        ("discovery.k8s.io", "EndpointSlice") => Kind::EndpointSlice,
        ("networking.k8s.io" | "extensions", "Ingress") => Kind::Ingress,
        ("networking.k8s.io" | "extensions", "IngressClass")
        | ("gateway.networking.k8s.io", "GatewayClass") => Kind::Class,
        ("route.openshift.io", "Route") => Kind::Route,
        ("gateway.networking.k8s.io", "Gateway") => Kind::Gateway,
        ("gateway.networking.k8s.io", "HTTPRoute") => Kind::GatewayRoute("HTTPRoute"),
        ("gateway.networking.k8s.io", "GRPCRoute") => Kind::GatewayRoute("GRPCRoute"),
        ("gateway.networking.k8s.io", "TLSRoute") => Kind::GatewayRoute("TLSRoute"),
        ("gateway.networking.k8s.io", "TCPRoute") => Kind::GatewayRoute("TCPRoute"),
        ("gateway.networking.k8s.io", "UDPRoute") => Kind::GatewayRoute("UDPRoute"),
        ("gateway.networking.k8s.io", "ReferenceGrant") => Kind::ReferenceGrant,
        (group, name) => {
            let known = policies
                .iter()
                .find(|kind| kind.group == group && kind.name == name);
            match known {
                Some(kind) => Kind::Policy(*kind),
                None if has_pod_template(object) => Kind::Owner(Template::Other),
                None if makers::makes_policies(object, policies) => Kind::PolicyMaker,
                None => policy_like(object, policies),
            }
        }
    }
}

/// Whether `spec.template` is that of a pod: it has containers.
fn has_pod_template(object: &Object) -> bool {
    let mut node = Some(&object.node);
    for key in ["spec", "template", "spec", "containers"] {
        node = node.and_then(|node| node.get(key));
    }
    node.is_some_and(|containers| containers.items().is_some_and(|items| !items.is_empty()))
}

/// The kinds of workloads of Kubernetes itself.
pub(super) const WORKLOADS: [(&str, &str); 8] = [
    ("v1", "Pod"),
    ("v1", "ReplicationController"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
];

/// Whether a kind of workloads is one of Kubernetes itself.
pub fn is_of_kubernetes(kind: &str) -> bool {
    WORKLOADS.iter().any(|(_, known)| *known == kind)
}

/// The API group of a kind of workloads of Kubernetes itself.
pub(super) fn group_of_workload(kind: &str) -> &'static str {
    let known = WORKLOADS.into_iter().find(|(_, name)| *name == kind);
    known.map_or("", |(version, _)| yaml::group_of(version))
}

/// The apiVersion and kind of the workload that is meant by a kind which no server knows: almost its name, in a group
/// of Kubernetes itself.
pub(super) fn meant_workload(object: &Object) -> Option<(&'static str, &'static str)> {
    if object.group().contains('.') {
        return None;
    }
    let name = object.kind.to_ascii_lowercase();
    let far = |kind: &str| edit_distance(&name, &kind.to_ascii_lowercase());
    let near = WORKLOADS.into_iter().min_by_key(|(_, kind)| far(kind));
    near.filter(|(_, kind)| far(kind) <= 1 + usize::from(kind.len() > 6))
}

/// What the name of a kind says where the caller knows no such kind: a misspelt policy, one of another project,
/// or no policy.
fn policy_like(object: &Object, policies: &[policy::Kind]) -> Kind {
    let (group, name) = (object.group(), object.kind.to_ascii_lowercase());
    let singular = name.strip_suffix("ies").map(|stem| format!("{stem}y"));
    let name = singular.unwrap_or(name);
    if !["network", "pol"].iter().any(|part| name.contains(part)) {
        return Kind::Unknown;
    }
    let far = |kind: &policy::Kind| edit_distance(&name, &kind.name.to_ascii_lowercase());
    let reserved = !group.contains('.') || group.ends_with(".k8s.io");
    let meant = policies.iter().filter(|kind| {
        let official = reserved && kind.reading == Reading::Judged && kind.group.contains('.');
        far(kind) <= 2 && (official || edit_distance(group, kind.group) <= 2)
    });
    match meant.min_by_key(|kind| (far(kind), edit_distance(group, kind.group))) {
        Some(meant) => Kind::Misspelt(*meant),
        None if name.contains("networkpolicy") => Kind::OtherPolicy,
        None => Kind::Unknown,
    }
}

impl Kind {
    /// Whether something depends on its objects: they are read, or reported.
    pub fn matters(self) -> bool {
        match self {
            Self::Unknown => false,
            Self::Policy(kind) => kind.reading != Reading::ResourceOfOthers,
            _ => true,
        }
    }

    /// Whether its objects have a namespace.
    pub fn namespaced(self) -> bool {
        match self {
            Self::Namespace
            | Self::Node
            | Self::AddressPool(_)
            | Self::ServiceCidr
            | Self::Class
            | Self::OtherPolicy
            | Self::PolicyMaker => false,
            Self::Policy(kind) | Self::Misspelt(kind) => kind.namespaced,
            _ => true,
        }
    }
}
