//! Pods of known programs, and pods with a role in the API.

use std::net::IpAddr;

use super::{Facts, Finding, tcp};
use crate::cluster::{ContainerPort, Snapshot};
use crate::manifest::{About, Fact};
use crate::policy::{Direction, Entity};
use crate::sets::{PortSet, Protocol};
use crate::suggest::Evidence;
use crate::suggest::catalogue::entries::{
    API_SERVER, INTERNET, KUBELET, NODE_METRICS, Need, PARTS, REPLICAS,
};
use crate::suggest::catalogue::place::Place;
use crate::suggest::catalogue::software::{SOFTWARE, Software, Target};
use crate::suggest::cluster::Cluster;

pub(super) fn findings(cluster: &Cluster, facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for at in 0..cluster.snapshot.workloads.len() {
        let own = || facts.of_workload(cluster, at);
        let images: Vec<&Fact> = own()
            .filter(|f| matches!(f.about, About::Image(_)))
            .collect();
        for (program, evidence) in programs(cluster, at, &images) {
            for target in program.needs {
                found.extend(of_target(cluster, at, *target, &evidence));
            }
        }
        for fact in own().filter(|fact| matches!(fact.about, About::ApiServer(_))) {
            let text = format!("variable {}", fact.value);
            let evidence = vec![Evidence::new(&fact.span, text)];
            found.push(to_api_server(cluster, at, evidence).with(Need::Likely));
        }
        if !has_token(cluster, facts, at) {
            continue;
        }
        for fact in facts
            .of_account(cluster, at)
            .filter(|fact| fact.about == About::Role)
        {
            let text = format!("{} of the service account {}", fact.value, fact.name);
            let evidence = vec![Evidence::new(&fact.span, text)];
            found.push(to_api_server(cluster, at, evidence).with(Need::Likely));
        }
    }
    found
}

/// Whether the pods of a workload get the token of their service account: what the pod says counts before what the account says.
fn has_token(cluster: &Cluster, facts: &Facts, at: usize) -> bool {
    let mut of_pods = facts.of_workload(cluster, at);
    let mut of_account = facts.of_account(cluster, at);
    of_pods
        .find(|fact| matches!(fact.about, About::Token(_)))
        .or_else(|| of_account.find(|fact| fact.about == About::AccountToken))
        .is_none_or(|fact| fact.value != "false")
}

/// The known programs of a workload: by its images, else by its labels.
fn programs(
    cluster: &Cluster,
    at: usize,
    images: &[&Fact],
) -> Vec<(&'static Software, Vec<Evidence>)> {
    let Some(workload) = cluster.snapshot.workloads.get(at) else {
        return Vec::new();
    };
    let by_image = |program: &Software| {
        let mut own = images.iter();
        let fact = own.find(|fact| program.has_image(&fact.value))?;
        let text = format!("image {} ({})", fact.value, program.name);
        Some(vec![Evidence::new(&fact.span, text)])
    };
    let by_label = |program: &Software| {
        let named = program.named_by(&workload.labels);
        let text = named.map(|(key, value)| format!("label {key}={value} ({})", program.name))?;
        let evidence = workload.span.as_ref().map(|span| Evidence::new(span, text));
        Some(evidence.into_iter().collect())
    };
    let found = |how: &dyn Fn(&Software) -> Option<Vec<Evidence>>| -> Vec<_> {
        let all = SOFTWARE.iter();
        all.filter_map(|program| Some((program, how(program)?)))
            .collect()
    };
    let shown = found(&by_image);
    // A label says of which program a pod is a part, an image which part it is.
    match shown.is_empty() {
        false => shown,
        true => found(&by_label),
    }
}

fn of_target(cluster: &Cluster, at: usize, target: Target, evidence: &[Evidence]) -> Vec<Finding> {
    let snapshot = cluster.snapshot;
    let out = (at, Direction::Egress);
    let evidence = evidence.to_vec();
    match target {
        Target::ApiServer => vec![to_api_server(cluster, at, evidence)],
        Target::Kubelets => nodes(snapshot)
            .map(|place| Finding::new(&KUBELET, out, place, tcp(&[10250]), evidence.clone()))
            .collect(),
        Target::NodeMetrics(ports) => nodes(snapshot)
            .map(|place| {
                let finding = Finding::new(&NODE_METRICS, out, place, tcp(ports), evidence.clone());
                finding.with(Need::Likely)
            })
            .collect(),
        Target::Internet(ports) => {
            let finding = Finding::new(&INTERNET, out, Place::internet(), tcp(ports), evidence);
            let mut finding = finding.with(Need::Likely);
            finding.one_port_suffices = true;
            vec![finding]
        }
        Target::Replicas(ports) => replicas(cluster, at, tcp(ports), &evidence),
        Target::Gossip(ports) => {
            let udp = ports.iter().map(|p| PortSet::single(Protocol::Udp, *p));
            let udp: PortSet = udp.collect();
            replicas(cluster, at, tcp(ports).union(&udp), &evidence)
        }
        Target::Part(name, ports) => part(cluster, at, (name, ports), &evidence),
    }
}

/// Names of ports between replicas.
const PEER_PORTS: [&str; 9] = [
    "transport",
    "cluster",
    "peer",
    "mesh",
    "gossip",
    "inter",
    "controller",
    "jgroups",
    "replication",
];

/// Connections of replicas to each other, where there are several: on the ports that the pods declare for it, else on `usual`
/// ones.
fn replicas(cluster: &Cluster, at: usize, usual: PortSet, evidence: &[Evidence]) -> Vec<Finding> {
    let workload = cluster.snapshot.workloads.get(at);
    let pods = workload.and_then(|w| cluster.snapshot.pods.get(w.pods.clone()));
    let Some([first, _, ..]) = pods else {
        return Vec::new();
    };
    let named = first.ports.iter().filter(|port| {
        let name = port.name.as_deref().unwrap_or_default();
        PEER_PORTS.iter().any(|part| name.contains(part))
    });
    let declared: PortSet = named.map(|p| PortSet::single(p.protocol, p.port)).collect();
    let is_usual = |port: &&ContainerPort| usual.contains(port.protocol, port.port);
    let also = first.ports.iter().filter(is_usual);
    let also: PortSet = also.map(|p| PortSet::single(p.protocol, p.port)).collect();
    let ports = match declared.is_empty() {
        true => usual.clone(),
        false => declared.union(&also),
    };
    let own = Place::Known(cluster.words(at));
    let one = |direction| {
        let (own, ports) = (own.clone(), ports.clone());
        let finding = Finding::new(&REPLICAS, (at, direction), own, ports, evidence.to_vec());
        finding.with(Need::Likely)
    };
    vec![one(Direction::Egress), one(Direction::Ingress)]
}

/// All nodes: those of the input by their addresses.
fn nodes(snapshot: &Snapshot) -> impl Iterator<Item = Place> {
    let addresses = snapshot
        .nodes
        .iter()
        .flat_map(|node| node.addresses.clone());
    let addresses: Vec<IpAddr> = addresses.collect();
    let others = Place::entity("nodes", Entity::RemoteNode, &addresses);
    let own = Place::entity("own-node", Entity::Host, &[]);
    // Addresses of all nodes are those of the own node, too.
    let count = if addresses.is_empty() { 2 } else { 1 };
    [others, own].into_iter().take(count)
}

/// Connections to another part of the same installation, where it is in the input.
fn part(
    cluster: &Cluster,
    at: usize,
    (name, ports): (&str, &[u16]),
    evidence: &[Evidence],
) -> Vec<Finding> {
    let all = &cluster.snapshot.workloads;
    let Some(own) = all.get(at) else {
        return Vec::new();
    };
    let is = |label: Option<&String>| label.is_some_and(|value| value == name);
    let same = all.iter().enumerate().filter(|(_, other)| {
        other.namespace == own.namespace && is(other.labels.get("app.kubernetes.io/name"))
    });
    same.flat_map(|(to, _)| {
        let ends = [(at, Direction::Egress, to), (to, Direction::Ingress, at)];
        ends.map(|(own, direction, other)| {
            let other = Place::Known(cluster.words(other));
            let ports = tcp(ports);
            Finding::new(&PARTS, (own, direction), other, ports, evidence.to_vec())
        })
    })
    .collect()
}

fn to_api_server(cluster: &Cluster, at: usize, evidence: Vec<Evidence>) -> Finding {
    let (place, ports) = api_server(cluster);
    let mut finding = Finding::new(
        &API_SERVER,
        (at, Direction::Egress),
        place,
        ports.clone().unwrap_or_else(|| tcp(&[443, 6443])),
        evidence,
    );
    // The port behind the Service is 6443 in most clusters of one's own, and 443 in those of clouds.
    finding.one_port_suffices = ports.is_none();
    finding
}

/// The API server, with its ports if the input has its endpoints.
pub(super) fn api_server(cluster: &Cluster) -> (Place, Option<PortSet>) {
    let service = cluster.service("default", "kubernetes");
    let endpoints = service.map_or(&[][..], |service| &service.endpoints);
    let addresses: Vec<IpAddr> = endpoints.iter().map(|e| e.address).collect();
    let ports = endpoints.iter().flat_map(|e| &e.ports);
    let ports: PortSet = ports.map(|p| PortSet::single(p.protocol, p.port)).collect();
    let place = Place::entity("kube-apiserver", Entity::KubeApiserver, &addresses);
    (place, (!ports.is_empty()).then_some(ports))
}
