//! Pods, and what has a pod template.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::kinds::{self, Kind, Template};
use super::values::address;
use crate::cluster::ContainerPort;
use crate::diag::{Diagnostic, Span};
use crate::policy::current_group;
use crate::sets::{LabelOp, Labels, Protocol, Requirement, Selector};
use crate::yaml::decode::{
    self, Decoded, TypeError, boolean, deep, field, int32, list_field, map, string, strings,
};
use crate::yaml::{self, Node, Object};

/// A controlling owner, which is in the same namespace.
#[derive(Clone, Debug)]
pub(super) struct OwnerRef {
    pub group: String,
    pub kind: String,
    pub name: String,
}

/// What a pod is made of.
#[derive(Clone, Debug)]
pub(super) struct PodTemplate {
    pub labels: Arc<Labels>,
    pub annotations: Labels,
    /// Whether `dnsPolicy` makes its pods look names up in the cluster's DNS.
    pub cluster_dns: bool,
    /// The container ports with a `hostPort`.
    pub host_ports: Vec<(Protocol, u16)>,
    /// `dnsConfig.nameservers`, which may be the cluster's as well.
    pub nameservers: Vec<IpAddr>,
    pub ports: Arc<[ContainerPort]>,
    /// How many of these are of sidecars.
    pub sidecar_ports: usize,
    /// Of init containers that end.
    pub init_ports: Arc<[ContainerPort]>,
    pub host_network: bool,
    pub service_account: Arc<str>,
    pub node: Option<Arc<str>>,
}

/// A Pod object.
#[derive(Clone, Debug)]
pub(super) struct PodObject {
    pub template: PodTemplate,
    pub addresses: Vec<IpAddr>,
    pub owner: Option<OwnerRef>,
    pub span: Span,
}

/// An object with a pod template.
#[derive(Clone, Debug)]
pub(super) struct OwnerObject {
    pub template: PodTemplate,
    pub selector: Option<Selector>,
    pub labels: Labels,
    pub replicas: Option<u32>,
    pub owner: Option<OwnerRef>,
    pub span: Span,
}

pub(super) fn pod(object: &Object) -> Decoded<PodObject> {
    let node = &object.node;
    let status = field(node, "status", addresses)?;
    Ok(PodObject {
        template: template(node)?,
        addresses: status.unwrap_or_default(),
        owner: owner(node)?,
        span: object.whole(),
    })
}

pub(super) fn owner_object(object: &Object, kind: Template) -> Decoded<OwnerObject> {
    let node = &object.node;
    let job: &[&str] = match kind {
        Template::CronJob => &["spec", "jobTemplate", "spec"],
        _ => &["spec"],
    };
    let inner = |rest: &'static str| -> Vec<&str> { job.iter().copied().chain([rest]).collect() };
    let selector = match kind {
        Template::Controller => deep(node, &["spec", "selector"], strings)?
            .map(|labels| Selector::match_labels(&labels)),
        Template::Replicated | Template::Daemon => deep(node, &["spec", "selector"], selector)?,
        Template::Other => any_selector(node),
        Template::Job | Template::CronJob => None,
    };
    let replicas = match kind {
        Template::Replicated | Template::Controller => deep(node, &["spec", "replicas"], int32)?,
        Template::Daemon => None,
        Template::Other => deep(node, &["spec", "replicas"], int32).ok().flatten(),
        Template::Job | Template::CronJob => {
            let own = deep(node, &["spec", "suspend"], boolean)?;
            let inner_suspend = deep(node, &inner("suspend"), boolean)?;
            if own == Some(true) || inner_suspend == Some(true) {
                Some(0)
            } else {
                Some(deep(node, &inner("parallelism"), int32)?.unwrap_or(1))
            }
        }
    };
    let template = deep(node, &inner("template"), template)?;
    let own = deep(node, &["metadata", "labels"], strings)?.into_iter();
    // Those of its jobs do not reach the pods either (W10).
    let of_jobs = match kind {
        Template::CronJob => deep(
            node,
            &["spec", "jobTemplate", "metadata", "labels"],
            strings,
        )?,
        _ => None,
    };
    Ok(OwnerObject {
        template: template.unwrap_or_else(PodTemplate::empty),
        selector,
        labels: own.chain(of_jobs).flatten().collect(),
        replicas: replicas.map(|n| u32::try_from(n).unwrap_or(0)),
        owner: owner(node)?,
        span: object.whole(),
    })
}

/// The selector of a kind that is not known: a label selector, or a map of labels.
fn any_selector(node: &Node) -> Option<Selector> {
    let found = node.get("spec")?.get("selector")?;
    if found.get("matchLabels").is_some() || found.get("matchExpressions").is_some() {
        return selector(found).ok();
    }
    let labels = strings(found).ok().filter(|labels| !labels.is_empty())?;
    Some(Selector::match_labels(&labels))
}

/// A selector that does not match the labels of its own template, which the API server refuses (W13).
pub(super) fn selector_mismatch(object: &Object, kind: Kind) -> Option<Diagnostic> {
    let node = &object.node;
    let selector = match kind {
        Kind::Owner(Template::Replicated | Template::Daemon) => {
            selector(node.get("spec")?.get("selector")?).ok()?
        }
        Kind::Owner(Template::Controller) => {
            let labels = strings(node.get("spec")?.get("selector")?).ok()?;
            Selector::match_labels(&labels)
        }
        _ => return None,
    };
    let template = node.get("spec")?.get("template")?;
    let labels = deep(template, &["metadata", "labels"], strings).ok()?;
    if selector.matches(&labels.unwrap_or_default()) {
        return None;
    }
    let message = "`selector` does not match template `labels`";
    let problem = Diagnostic::error("W13", message)
        .path("spec.template.metadata.labels")
        .help("give the template the labels that `spec.selector` requires");
    Some(object.about(problem, template.mark))
}

impl PodTemplate {
    fn empty() -> Self {
        Self {
            labels: Arc::default(),
            annotations: Labels::new(),
            cluster_dns: true,
            host_ports: Vec::new(),
            nameservers: Vec::new(),
            ports: Arc::default(),
            sidecar_ports: 0,
            init_ports: Arc::default(),
            host_network: false,
            service_account: "default".into(),
            node: None,
        }
    }
}

/// Reads `metadata` and `spec` of a Pod or a pod template. The labels of the object that owns the
/// template do not reach its pods (W10).
fn template(node: &Node) -> Decoded<PodTemplate> {
    let labels = deep(node, &["metadata", "labels"], strings)?;
    let annotations = deep(node, &["metadata", "annotations"], strings)?;
    let host_network = deep(node, &["spec", "hostNetwork"], boolean)?;
    let service_account = deep(node, &["spec", "serviceAccountName"], string)?;
    let node_name = deep(node, &["spec", "nodeName"], string)?;
    let dns = deep(node, &["spec", "dnsPolicy"], string).ok().flatten();
    let [containers, sidecars] = field(node, "spec", ports)?.unwrap_or_default();
    Ok(PodTemplate {
        labels: Arc::new(labels.unwrap_or_default()),
        annotations: annotations.unwrap_or_default(),
        cluster_dns: match dns.as_deref() {
            None | Some("ClusterFirst" | "") => host_network != Some(true),
            Some(other) => other == "ClusterFirstWithHostNet",
        },
        host_ports: field(node, "spec", host_ports)?.unwrap_or_default(),
        nameservers: nameservers(node),
        sidecar_ports: sidecars.len(),
        ports: [containers, sidecars].concat().into(),
        init_ports: (field(node, "spec", |spec| of_init(spec, false))?.unwrap_or_default()).into(),
        host_network: host_network.unwrap_or(false),
        service_account: service_account
            .filter(|name| !name.is_empty())
            .map_or_else(|| "default".into(), Into::into),
        node: node_name.filter(|name| !name.is_empty()).map(Into::into),
    })
}

/// `spec.dnsConfig.nameservers` that are addresses.
fn nameservers(node: &Node) -> Vec<IpAddr> {
    let all = deep(node, &["spec", "dnsConfig", "nameservers"], |all| {
        decode::list(all, string)
    });
    let all = all.ok().flatten().unwrap_or_default();
    all.iter().filter_map(|text| address(text)).collect()
}

/// The ports of containers, and of init containers that go on running (W12).
fn ports(spec: &Node) -> Decoded<[Vec<ContainerPort>; 2]> {
    let containers = list_field(spec, "containers", |node| {
        listed_ports(node, "containerPort")
    })?;
    let sidecars = of_init(spec, true)?;
    Ok([containers.into_iter().flatten().collect(), sidecars])
}

/// The ports of containers that are ports of their node, too.
fn host_ports(spec: &Node) -> Decoded<Vec<(Protocol, u16)>> {
    let published = |port: &Node| {
        let on_host = field(port, "hostPort", int32)?.is_some_and(|port| port > 0);
        let number = field(port, "containerPort", int32)?.unwrap_or(0);
        let number = u16::try_from(number).ok().filter(|n| on_host && *n > 0);
        Ok(protocol(port)?.zip(number))
    };
    let of_container = |container: &Node| list_field(container, "ports", published);
    let all = list_field(spec, "containers", of_container)?.into_iter();
    Ok(all.flatten().flatten().collect())
}

/// The ports of init containers that go on running, or of those that end.
fn of_init(spec: &Node, running: bool) -> Decoded<Vec<ContainerPort>> {
    let all = list_field(spec, "initContainers", |node| {
        let always = field(node, "restartPolicy", string)?.as_deref() == Some("Always");
        let ports = listed_ports(node, "containerPort")?;
        Ok(if always == running { ports } else { Vec::new() })
    })?;
    Ok(all.into_iter().flatten().collect())
}

/// The list `ports` of a container or an endpoint, whose numbers are under `key`; without those that are no port
/// numbers.
pub(super) fn listed_ports(node: &Node, key: &str) -> Decoded<Vec<ContainerPort>> {
    let ports = list_field(node, "ports", |port| {
        let name = field(port, "name", string)?.filter(|name| !name.is_empty());
        let number = field(port, key, int32)?.unwrap_or(0);
        let protocol = protocol(port)?;
        let number = u16::try_from(number).ok().filter(|n| *n > 0);
        Ok(number.zip(protocol).map(|(port, protocol)| ContainerPort {
            name,
            port,
            protocol,
        }))
    })?;
    Ok(ports.into_iter().flatten().collect())
}

/// `protocol`, TCP if absent; none if it is no protocol that policies know.
pub(super) fn protocol(node: &Node) -> Decoded<Option<Protocol>> {
    let text = field(node, "protocol", string)?;
    Ok(match text.as_deref() {
        None | Some("") => Some(Protocol::Tcp),
        Some(name) => Protocol::parse(name),
    })
}

fn addresses(status: &Node) -> Decoded<Vec<IpAddr>> {
    let many = list_field(status, "podIPs", |ip| field(ip, "ip", string))?;
    let one = field(status, "podIP", string)?;
    let mut texts: Vec<String> = many.into_iter().flatten().collect();
    if texts.is_empty() {
        texts.extend(one);
    }
    Ok(texts.iter().filter_map(|text| address(text)).collect())
}

/// The controlling owner; nodes own static pods and do not count. An owner without kind only groups its
/// pods, and one without apiVersion is of Kubernetes itself.
fn owner(node: &Node) -> Decoded<Option<OwnerRef>> {
    let owners = deep(node, &["metadata", "ownerReferences"], |list| {
        decode::list(list, |owner| {
            let controller = field(owner, "controller", boolean)?.unwrap_or(false);
            let kind = field(owner, "kind", string)?.filter(|kind| !kind.is_empty());
            let kind = kind.unwrap_or_else(|| "Pod".into());
            let name = field(owner, "name", string)?.unwrap_or_default();
            let version = field(owner, "apiVersion", string)?;
            let counts = controller && kind != "Node" && !name.is_empty();
            let group = match &version {
                Some(version) => yaml::group_of(version),
                None => kinds::group_of_workload(&kind),
            };
            let group = current_group(group, &kind).to_owned();
            Ok(counts.then_some(OwnerRef { group, kind, name }))
        })
    })?;
    Ok(owners.unwrap_or_default().into_iter().flatten().next())
}

/// A label selector. What the API server would refuse in it selects nothing.
pub(super) fn selector(node: &Node) -> Decoded<Selector> {
    let labels = field(node, "matchLabels", strings)?.unwrap_or_default();
    let mut selector = Selector::match_labels(&labels);
    let expressions = list_field(map(node)?, "matchExpressions", expression)?;
    selector.requirements.extend(expressions);
    Ok(selector)
}

fn expression(node: &Node) -> Decoded<Requirement> {
    let key = field(node, "key", string)?.unwrap_or_default();
    let operator = field(node, "operator", string)?.unwrap_or_default();
    let values: BTreeSet<String> = list_field(node, "values", string)?.into_iter().collect();
    let op = match operator.as_str() {
        "In" => LabelOp::In(values),
        "NotIn" => LabelOp::NotIn(values),
        "Exists" => LabelOp::Exists,
        "DoesNotExist" => LabelOp::DoesNotExist,
        _ => return Err(TypeError::wanted("a selector with a known operator", node)),
    };
    Ok(Requirement { key, op })
}
