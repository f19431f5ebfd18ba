//! What connects to pods beside other pods' needs: monitors that scrape them, and webhooks that the API server calls.

use super::TargetPort;
use crate::diag::Span;
use crate::sets::{Labels, Selector};

/// An object that makes something connect to pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// `KIND NAMESPACE/NAME`.
    pub title: String,
    /// Who connects.
    pub caller: Caller,
    /// The namespaces of the pods; none: any.
    pub namespaces: Option<Vec<String>>,
    /// Which pods.
    pub target: ClientTarget,
    /// Their ports: of the Service, where there is one, by name or number.
    pub ports: Vec<ClientPort>,
    /// Where it is written.
    pub span: Span,
}

/// Who connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Prometheus, or what stands for it.
    Monitoring,
    /// The API server.
    ApiServer,
}

/// Which pods are connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientTarget {
    /// Pods by their labels.
    Pods(Selector),
    /// The pods of Services by the Services' labels.
    Services(Selector),
    /// The pods of the Service of this name.
    Service(String),
}

/// A port that is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientPort {
    /// A port of the Service.
    OfService(TargetPort),
    /// A port of the pods.
    OfPod(TargetPort),
}

/// Values of labels by which pods that scrape metrics are known.
pub const SCRAPERS: [&str; 7] = [
    "prometheus",
    "prometheus-server",
    "vmagent",
    "victoria-metrics-agent",
    "grafana-agent",
    "alloy",
    "opentelemetry-collector",
];

/// Labels whose values name the program of a pod.
const NAME_LABELS: [&str; 3] = ["app.kubernetes.io/name", "app", "k8s-app"];

/// Values of component labels of what is deployed with Prometheus and does not scrape.
const HELPERS: [&str; 6] = [
    "alertmanager",
    "pushgateway",
    "node-exporter",
    "kube-state-metrics",
    "metrics",
    "operator",
];

/// Whether pods with these labels scrape metrics.
pub fn scrapes(labels: &Labels) -> bool {
    let mut names = NAME_LABELS.iter().filter_map(|key| labels.get(*key));
    let keys = ["app.kubernetes.io/component", "component"];
    let mut parts = keys.iter().filter_map(|key| labels.get(*key));
    names.any(|name| SCRAPERS.contains(&name.as_str()))
        && !parts.any(|part| HELPERS.contains(&part.as_str()))
}
