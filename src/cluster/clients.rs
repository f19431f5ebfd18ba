//! What connects to pods beside other pods' needs: monitors that scrape them, and webhooks that the API server calls.

use super::TargetPort;
use crate::diag::Span;
use crate::sets::Selector;

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
