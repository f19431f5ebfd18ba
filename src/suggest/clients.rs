//! From monitoring to the pods that it scrapes, and from the API server to the pods of webhooks.

use std::collections::BTreeMap;

use super::cluster::Cluster;
use super::{API_SERVER, Evidence, Piece, Strength};
use crate::analysis::service_backends::targets;
use crate::cluster::{
    Caller, Client, ClientPort, ClientTarget, Pod, Service, ServicePort, TargetPort, scrapes,
};
use crate::diag::Span;
use crate::sets::{Labels, PortSet, Protocol};

pub(super) fn pieces(cluster: &Cluster) -> Vec<Piece> {
    let scrapers = scrapers(cluster);
    let mut found = Vec::new();
    for client in &cluster.snapshot.clients {
        let from = match client.caller {
            Caller::Monitoring => scrapers.clone(),
            Caller::ApiServer => vec![API_SERVER.to_owned()],
        };
        let evidence = Evidence::new(&client.span, client.title.clone());
        for (to, ports) in targets_of(cluster, client) {
            push(&mut found, cluster, &from, to, &ports, &evidence);
        }
    }
    for (to, ports, span, text) in annotated(cluster) {
        if let Some(span) = span {
            let evidence = Evidence::new(span, text);
            push(&mut found, cluster, &scrapers, to, &ports, &evidence);
        }
    }
    found
}

fn push(
    found: &mut Vec<Piece>,
    cluster: &Cluster,
    from: &[String],
    to: usize,
    ports: &PortSet,
    evidence: &Evidence,
) {
    let to = cluster.words(to);
    let piece = |from: &String| Piece {
        from: from.clone(),
        to: to.clone(),
        ports: ports.clone(),
        guessed: false,
        strength: Strength::Strong,
        evidence: vec![evidence.clone()],
    };
    let others = from.iter().filter(|from| **from != to);
    found.extend(others.map(piece));
}

/// The workloads that scrape, as ends.
pub(super) fn scrapers(cluster: &Cluster) -> Vec<String> {
    let workloads = cluster.snapshot.workloads.iter().enumerate();
    let found = workloads.filter(|(_, workload)| scrapes(&workload.labels));
    found.map(|(at, _)| cluster.words(at)).collect()
}

/// The workloads that a monitor or a webhook makes something connect to, with their own ports.
pub(super) fn targets_of(cluster: &Cluster, client: &Client) -> BTreeMap<usize, PortSet> {
    let here = |namespace: &str| {
        let all = client.namespaces.as_ref();
        all.is_none_or(|all| all.iter().any(|name| name == namespace))
    };
    let mut found = BTreeMap::new();
    if let ClientTarget::Pods(labels) = &client.target {
        for pod in cluster.snapshot.pods.iter() {
            if here(cluster.namespace_of(pod)) && labels.matches(&pod.labels) {
                add(&mut found, pod, &client.ports, None);
            }
        }
        return found;
    }
    let services = cluster.snapshot.services.iter();
    for service in services.filter(|service| here(&service.namespace)) {
        let is_meant = match &client.target {
            ClientTarget::Services(labels) => labels.matches(&service.labels),
            ClientTarget::Service(name) => *name == service.name,
            ClientTarget::Pods(_) => false,
        };
        if is_meant {
            for (_, pod) in cluster.pods_of(service) {
                add(&mut found, pod, &client.ports, Some(service));
            }
        }
    }
    found
}

fn add(
    found: &mut BTreeMap<usize, PortSet>,
    pod: &Pod,
    wanted: &[ClientPort],
    service: Option<&Service>,
) {
    let one = |port: &ClientPort| match port {
        ClientPort::OfPod(TargetPort::Number(number)) => PortSet::single(Protocol::Tcp, *number),
        ClientPort::OfPod(TargetPort::Name(name)) => {
            let named = pod.ports.iter().filter(|p| p.name.as_ref() == Some(name));
            named.map(|p| PortSet::single(p.protocol, p.port)).collect()
        }
        ClientPort::OfService(port) => {
            let is_meant = |of: &&ServicePort| match port {
                TargetPort::Name(name) => of.name.as_ref() == Some(name),
                TargetPort::Number(number) => of.port == *number,
            };
            let all = service.into_iter().flat_map(|service| &service.ports);
            all.filter(is_meant)
                .map(|of| targets(of, pod, false))
                .collect()
        }
    };
    let ports: PortSet = wanted.iter().map(one).collect();
    if !ports.is_empty() {
        let entry = found.entry(pod.workload).or_insert_with(PortSet::empty);
        *entry = entry.union(&ports);
    }
}

pub(super) type Annotated<'a> = (usize, PortSet, Option<&'a Span>, String);

/// The workloads that annotations ask to scrape, on their pods or on a Service.
pub(super) fn annotated<'a>(cluster: &Cluster<'a>) -> Vec<Annotated<'a>> {
    let mut found = Vec::new();
    for (at, workload) in cluster.snapshot.workloads.iter().enumerate() {
        let pod = cluster.snapshot.pods.get(workload.pods.start);
        if let Some((ports, text)) = pod.and_then(|pod| scraped(&workload.annotations, pod)) {
            found.push((at, ports, workload.span.as_ref(), text));
        }
    }
    for service in cluster.snapshot.services.iter() {
        for (_, pod) in cluster.pods_of(service) {
            if let Some((ports, text)) = scraped(&service.annotations, pod) {
                found.push((pod.workload, ports, service.span.as_ref(), text));
            }
        }
    }
    found
}

/// The port that annotations ask to scrape: by default the first that the pod declares.
fn scraped(annotations: &Labels, pod: &Pod) -> Option<(PortSet, String)> {
    let wanted = annotations.get("prometheus.io/scrape")?;
    if wanted != "true" {
        return None;
    }
    let (port, text) = match annotations.get("prometheus.io/port") {
        Some(text) => (text.parse().ok()?, format!("prometheus.io/port={text}")),
        None => {
            let declared = pod.ports.iter().find(|p| p.protocol == Protocol::Tcp)?;
            (declared.port, "prometheus.io/scrape=true".to_owned())
        }
    };
    let ports = PortSet::single(Protocol::Tcp, port);
    (port > 0).then(|| (ports, format!("annotation {text}")))
}
