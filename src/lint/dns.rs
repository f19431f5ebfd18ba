//! Which pods answer DNS, and which rules let others ask them.

use std::net::IpAddr;

use super::{Input, ports};
use crate::analysis::oracle::peer_matches;
use crate::analysis::service_backends::targets;
use crate::analysis::{Endpoint, NewPod};
use crate::cluster::{DNS_NAMESPACES, NAMESPACE_NAME_LABEL, Namespace, Pod, Service, USUAL_DNS};
use crate::policy::{Action, Direction, Match, Peer, PortItem, PortMatch, Rule};
use crate::sets::{Labels, PortSet, Protocol};

/// The ports that DNS pods listen on where the input does not have them.
const USUAL: [u16; 2] = [53, 5353];

/// The DNS of the cluster, as far as the input shows it.
pub struct Dns {
    /// The pods, one of each workload.
    pub pods: Vec<usize>,
    /// Addresses of its Services.
    addresses: Vec<IpAddr>,
    /// Whether the input has NodeLocal DNSCache.
    pub node_local: bool,
}

fn is_dns(pod: &Pod) -> bool {
    let value = |key: &str| pod.labels.get(key).map(String::as_str);
    let named = |key| matches!(value(key), Some("kube-dns" | "coredns"));
    named("k8s-app")
        || named("app.kubernetes.io/name")
        || value("dns.operator.openshift.io/daemonset-dns").is_some()
}

/// Whether a pod looks names up in the cluster's DNS (D5).
pub fn asks(input: &Input, pod: usize) -> bool {
    input.workload_of(pod).is_some_and(|w| w.cluster_dns)
}

impl Dns {
    /// Finds it in the input.
    pub fn new(input: &Input) -> Self {
        let snapshot = input.snapshot;
        let in_place = |pod: &Pod| {
            let namespace = snapshot.namespaces.get(pod.namespace);
            namespace.is_some_and(|n| DNS_NAMESPACES.contains(&n.name.as_str()))
        };
        let all = snapshot.pods.iter().enumerate();
        let pods = all.filter(|(_, pod)| in_place(pod) && is_dns(pod));
        let pods: Vec<usize> = pods.map(|(at, _)| at).collect();
        let pods = input.one_of_each(&pods);
        let services = pods.iter().flat_map(|pod| input.services_of(*pod));
        let node_local = snapshot.workloads.iter().any(|w| {
            let label = w.labels.get("k8s-app").map(String::as_str);
            w.name == "node-local-dns" || label == Some("node-local-dns")
        });
        Self {
            addresses: services.flat_map(Service::all_addresses).collect(),
            pods,
            node_local,
        }
    }

    /// The ports that the pods listen on; none: unknown.
    pub fn listens_on(&self, input: &Input) -> PortSet {
        let of_pod = |pod: &usize| -> PortSet {
            let Some(own) = input.pod(*pod) else {
                return PortSet::empty();
            };
            let services = input.services_of(*pod).flat_map(|s| &s.ports);
            let targeted = services.filter(|p| p.port == 53);
            targeted.map(|p| targets(p, own, false)).collect()
        };
        self.pods.iter().map(of_pod).collect()
    }

    /// Whether a rule may let its subjects ask DNS with a protocol; none: with either.
    pub fn is_asked(&self, input: &Input, rule: &Rule, protocol: Option<Protocol>) -> bool {
        let wanted = |own: Protocol| protocol.is_none_or(|only| only == own);
        let listens = self.listens_on(input);
        let covers = |item: &PortItem| match &item.port {
            PortMatch::AllPorts(own) => wanted(*own),
            PortMatch::Range {
                protocol: own,
                first,
                last,
            } => {
                let usual = USUAL.iter().any(|port| (first..=last).contains(&port));
                let own_ports = PortSet::range(*own, *first, *last);
                wanted(*own) && (usual || own_ports.intersects(&listens))
            }
            PortMatch::Named { protocol: own, .. } => own.is_none_or(wanted),
            PortMatch::FromNamed { protocol: own, .. } => wanted(*own),
        };
        let at_port = match &rule.ports {
            Match::Any => true,
            Match::Only(items) => items.iter().any(covers),
        };
        at_port && rule.action == Action::Accept && self.is_peer(input, rule)
    }

    /// Whether the peers of a rule may include DNS.
    pub fn is_peer(&self, input: &Input, rule: &Rule) -> bool {
        let Match::Only(items) = &rule.peers else {
            return true;
        };
        let by_port = ports::are_of_dns(rule);
        items
            .iter()
            .any(|item| self.may_be(input, &item.peer, by_port))
    }

    fn may_be(&self, input: &Input, peer: &Peer, by_port: bool) -> bool {
        let pods = input.pods(peer);
        if self.pods.iter().any(|pod| pods.binary_search(pod).is_ok()) {
            return true;
        }
        if self.pods.is_empty() && matches_usual_pods(input, peer) {
            return true;
        }
        if ports::names_outside(peer) {
            return by_port || self.has_address(peer);
        }
        self.selects_namespace(input, peer)
    }

    /// Whether a peer includes an address of the DNS Service, or a usual one where it is not known.
    fn has_address(&self, peer: &Peer) -> bool {
        let usual = [USUAL_DNS];
        let wanted = match self.addresses.is_empty() {
            true => &usual[..],
            false => &self.addresses,
        };
        peer.has_leaf(
            |leaf| matches!(leaf, Peer::Addresses(set) if wanted.iter().any(|a| set.contains(*a))),
        )
    }

    /// Whether a peer selects a namespace whose DNS pods are not in the input.
    fn selects_namespace(&self, input: &Input, peer: &Peer) -> bool {
        DNS_NAMESPACES.iter().any(|name| {
            let has_pods = self.pods.iter().any(|pod| {
                let namespace = input.pod(*pod).map(|pod| pod.namespace);
                let namespace = namespace.and_then(|at| input.snapshot.namespaces.get(at));
                namespace.is_some_and(|n| n.name == *name)
            });
            let mut namespaces = input.snapshot.namespaces.iter();
            let known = namespaces.find(|n| n.name == *name && n.declared);
            !has_pods && may_select(peer, name, known)
        })
    }
}

/// Whether the namespace part of a peer may select a namespace; its labels are unknown if it is not declared.
fn may_select(peer: &Peer, name: &str, known: Option<&Namespace>) -> bool {
    match peer {
        Peer::All(all) => all.iter().all(|part| may_select(part, name, known)),
        Peer::AnyOf(any) => any.iter().any(|part| may_select(part, name, known)),
        Peer::Namespace(wanted) => wanted == name,
        Peer::NamespaceLabels(selector) => match known {
            Some(namespace) => selector.matches(&namespace.labels),
            None => {
                let by_name = |r: &&crate::sets::Requirement| r.key == NAMESPACE_NAME_LABEL;
                let mut asked = selector.requirements.iter().filter(by_name);
                asked.all(|r| r.op.matches(Some(name)))
            }
        },
        _ => true,
    }
}

/// Whether a peer matches the DNS pods of most clusters, which are not in the input.
fn matches_usual_pods(input: &Input, peer: &Peer) -> bool {
    let snapshot = input.snapshot;
    let label = |key: &str, value: &str| Labels::from([(key.to_owned(), value.to_owned())]);
    let pod = NewPod {
        labels: label("k8s-app", "kube-dns"),
        namespace: snapshot
            .namespaces
            .iter()
            .position(|n| n.name == "kube-system"),
        namespace_labels: label(NAMESPACE_NAME_LABEL, "kube-system"),
        service_account: None,
    };
    peer_matches(snapshot, peer, &Endpoint::NewPod(pod))
}

/// The rules that let a pod out, each with its policy.
pub fn egress_rules<'a>(
    input: &Input<'a>,
    policies: &[usize],
) -> impl Iterator<Item = (usize, &'a Rule)> {
    let snapshot = input.snapshot;
    policies.iter().flat_map(move |at| {
        let rules = snapshot
            .policies
            .get(*at)
            .map(|p| p.rules(Direction::Egress));
        let allowing = rules.unwrap_or_default().iter();
        allowing
            .filter(|rule| rule.action == Action::Accept)
            .map(|rule| (*at, rule))
    })
}
