//! Which objects mean something here.

use crate::yaml::Object;

/// What an object is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Namespace,
    Node,
    Pod,
    /// Something with a pod template.
    Owner(Template),
    Service,
    Ingress,
    Route,
    Gateway,
    /// A route of the Gateway API, by its kind.
    GatewayRoute(&'static str),
    ReferenceGrant,
    NetworkPolicy,
    /// A policy of the whole cluster, judged too.
    ClusterPolicy,
    /// A policy of a dialect that is not judged.
    OtherPolicy,
    /// Everything else.
    Unknown,
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
}

/// What an object is, by its group and kind.
pub(super) fn of(object: &Object) -> Kind {
    match (object.group(), object.kind.as_str()) {
        ("", "Namespace") => Kind::Namespace,
        ("", "Node") => Kind::Node,
        ("", "Pod") => Kind::Pod,
        ("", "ReplicationController") => Kind::Owner(Template::Controller),
        ("apps" | "extensions", "Deployment" | "ReplicaSet" | "StatefulSet") => {
            Kind::Owner(Template::Replicated)
        }
        ("apps" | "extensions", "DaemonSet") => Kind::Owner(Template::Daemon),
        ("batch", "Job") => Kind::Owner(Template::Job),
        ("batch", "CronJob") => Kind::Owner(Template::CronJob),
        ("", "Service") => Kind::Service,
        ("networking.k8s.io" | "extensions", "Ingress") => Kind::Ingress,
        ("route.openshift.io", "Route") => Kind::Route,
        ("gateway.networking.k8s.io", "Gateway") => Kind::Gateway,
        ("gateway.networking.k8s.io", "HTTPRoute") => Kind::GatewayRoute("HTTPRoute"),
        ("gateway.networking.k8s.io", "GRPCRoute") => Kind::GatewayRoute("GRPCRoute"),
        ("gateway.networking.k8s.io", "TLSRoute") => Kind::GatewayRoute("TLSRoute"),
        ("gateway.networking.k8s.io", "TCPRoute") => Kind::GatewayRoute("TCPRoute"),
        ("gateway.networking.k8s.io", "UDPRoute") => Kind::GatewayRoute("UDPRoute"),
        ("gateway.networking.k8s.io", "ReferenceGrant") => Kind::ReferenceGrant,
        ("networking.k8s.io" | "extensions", "NetworkPolicy") => Kind::NetworkPolicy,
        (
            "policy.networking.k8s.io",
            "AdminNetworkPolicy" | "BaselineAdminNetworkPolicy" | "ClusterNetworkPolicy",
        ) => Kind::ClusterPolicy,
        ("cilium.io", "CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy")
        | (
            "projectcalico.org" | "crd.projectcalico.org",
            "NetworkPolicy"
            | "GlobalNetworkPolicy"
            | "StagedNetworkPolicy"
            | "StagedGlobalNetworkPolicy"
            | "StagedKubernetesNetworkPolicy",
        ) => Kind::OtherPolicy,
        _ => Kind::Unknown,
    }
}

impl Kind {
    /// Whether its objects live in a namespace.
    pub fn namespaced(self) -> bool {
        !matches!(self, Self::Namespace | Self::Node | Self::ClusterPolicy)
    }
}
