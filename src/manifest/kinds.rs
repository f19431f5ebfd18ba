//! The kinds of objects that are read.

use crate::policy;
use crate::yaml::Object;

/// How an object is used.
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
    /// A policy of one of the kinds that the caller knows.
    Policy(policy::Kind),
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

/// What an object is, by its group and kind; `policies` are the kinds of policies.
pub(super) fn of(object: &Object, policies: &[policy::Kind]) -> Kind {
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
        (group, name) => {
            let known = policies
                .iter()
                .find(|kind| kind.group == group && kind.name == name);
            known.map_or(Kind::Unknown, |kind| Kind::Policy(*kind))
        }
    }
}

impl Kind {
    /// Whether its objects have a namespace.
    pub fn namespaced(self) -> bool {
        match self {
            Self::Namespace | Self::Node => false,
            Self::Policy(kind) => kind.namespaced,
            _ => true,
        }
    }
}
