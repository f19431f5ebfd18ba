//! Writing a NetworkPolicy: a fixed order of keys, the API's own spelling, the lines of every rule recorded.

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::dialect::writing::{Map, metadata, selector, texts};
use crate::yaml::write::{self, Node, Output};

/// Comment lines of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comments {
    /// Above the policy.
    pub head: Vec<String>,
    /// Above each ingress rule, in order; may be shorter than the rules.
    pub ingress: Vec<Vec<String>>,
    /// Above each egress rule.
    pub egress: Vec<Vec<String>>,
}

/// Writes a policy; the marks number its rules, ingress first.
pub fn write(policy: &NetworkPolicy, comments: &Comments) -> Output {
    let spec = policy.spec.clone().unwrap_or_default();
    let ingress: Vec<_> = spec
        .ingress
        .unwrap_or_default()
        .into_iter()
        .map(|rule| ("from", rule.from, rule.ports))
        .collect();
    let egress: Vec<_> = spec
        .egress
        .unwrap_or_default()
        .into_iter()
        .map(|rule| ("to", rule.to, rule.ports))
        .collect();

    let mut body: Map = vec![(
        "podSelector".into(),
        selector(&spec.pod_selector.unwrap_or_default()),
    )];
    if let Some(types) = &spec.policy_types {
        body.push(("policyTypes".into(), texts(types)));
    }
    let first_egress = ingress.len();
    for (key, list, notes, first) in [
        ("ingress", &ingress, &comments.ingress, 0),
        ("egress", &egress, &comments.egress, first_egress),
    ] {
        if !list.is_empty() {
            body.push((key.into(), rules(list, notes, first)));
        }
    }

    let root = Node::Map(vec![
        ("apiVersion".into(), Node::text("networking.k8s.io/v1")),
        ("kind".into(), Node::text("NetworkPolicy")),
        ("metadata".into(), metadata(&policy.metadata)),
        ("spec".into(), Node::Map(body)),
    ]);
    write::write(&comments.head, &root)
}

type Rule = (
    &'static str,
    Option<Vec<NetworkPolicyPeer>>,
    Option<Vec<NetworkPolicyPort>>,
);

fn rules(rules: &[Rule], notes: &[Vec<String>], first: usize) -> Node {
    let item = |at: usize, (key, peers, ports): &Rule| {
        let mut map: Map = Vec::new();
        if let Some(peers) = peers {
            map.push(((*key).into(), Node::List(peers.iter().map(peer).collect())));
        }
        if let Some(ports) = ports {
            map.push(("ports".into(), Node::List(ports.iter().map(port).collect())));
        }
        Node::Marked {
            mark: first + at,
            comments: notes.get(at).cloned().unwrap_or_default(),
            item: Box::new(Node::Map(map)),
        }
    };
    Node::List(
        rules
            .iter()
            .enumerate()
            .map(|(at, rule)| item(at, rule))
            .collect(),
    )
}

fn peer(peer: &NetworkPolicyPeer) -> Node {
    let mut map: Map = Vec::new();
    if let Some(block) = &peer.ip_block {
        map.push(("ipBlock".into(), ip_block(block)));
    }
    if let Some(namespaces) = &peer.namespace_selector {
        map.push(("namespaceSelector".into(), selector(namespaces)));
    }
    if let Some(pods) = &peer.pod_selector {
        map.push(("podSelector".into(), selector(pods)));
    }
    Node::Map(map)
}

fn ip_block(block: &IPBlock) -> Node {
    let mut map: Map = vec![("cidr".into(), Node::text(&block.cidr))];
    if let Some(except) = &block.except {
        map.push(("except".into(), texts(except)));
    }
    Node::Map(map)
}

fn port(port: &NetworkPolicyPort) -> Node {
    let mut map: Map = Vec::new();
    if let Some(protocol) = &port.protocol {
        map.push(("protocol".into(), Node::text(protocol)));
    }
    match &port.port {
        Some(IntOrString::Int(number)) => {
            map.push(("port".into(), Node::Number(i64::from(*number))))
        }
        Some(IntOrString::String(name)) => map.push(("port".into(), Node::text(name))),
        None => {}
    }
    if let Some(end) = port.end_port {
        map.push(("endPort".into(), Node::Number(i64::from(end))));
    }
    Node::Map(map)
}
