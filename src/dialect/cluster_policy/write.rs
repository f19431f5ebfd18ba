//! Writing a cluster-wide policy: a fixed order of keys, the lines of every rule recorded.

use ipnet::IpNet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::GROUP;
use super::api::{Api, Place};
use crate::dialect::writing::{Map, metadata, selector, texts};
use crate::policy::{Action, Direction, FlowKey};
use crate::sets::Protocol;
use crate::yaml::write::{self, Node, Output};

/// A policy to write.
pub struct Policy<'a> {
    pub api: &'a Api,
    pub kind: &'static str,
    pub metadata: ObjectMeta,
    /// Above it.
    pub comment: &'a str,
    pub place: Place,
    pub subject: &'a Peer,
    /// Ingress first.
    pub rules: &'a [Rule<'a>],
}

/// A rule.
#[derive(Clone)]
pub struct Rule<'a> {
    pub direction: Direction,
    pub action: Action,
    pub name: Option<&'a str>,
    /// Above it.
    pub comments: &'a [String],
    pub flows: &'a [FlowKey],
    /// Never empty.
    pub peers: Vec<Peer>,
    /// Empty: any.
    pub ports: Vec<Port>,
}

/// The other end, or a subject.
#[derive(Clone)]
pub enum Peer {
    /// All pods of namespaces.
    Namespaces(LabelSelector),
    /// Pods of namespaces.
    Pods(LabelSelector, LabelSelector),
    Networks(Vec<IpNet>),
    Domains(Vec<String>),
}

impl Peer {
    /// Whether it matches pods by labels.
    pub fn is_pods(&self) -> bool {
        matches!(self, Self::Namespaces(_) | Self::Pods(..))
    }
}

/// A destination port.
#[derive(Clone)]
pub enum Port {
    /// From a first to a last one.
    Range(Protocol, u16, u16),
    Named(String),
}

/// Writes a policy; the marks number its rules.
pub fn write(policy: &Policy) -> Output {
    let Place { tier, priority } = policy.place;
    let mut spec: Map = Vec::new();
    spec.extend(tier.map(|tier| ("tier".into(), Node::text(tier))));
    spec.extend(priority.map(|number| ("priority".into(), Node::Number(number.into()))));
    spec.push(("subject".into(), peer(policy.subject)));
    for (direction, key) in [
        (Direction::Ingress, "ingress"),
        (Direction::Egress, "egress"),
    ] {
        let rules = policy.rules.iter().enumerate();
        let rules = rules.filter(|(_, rule)| rule.direction == direction);
        let items: Vec<Node> = rules.map(|(at, one)| rule(policy.api, at, one)).collect();
        if !items.is_empty() {
            spec.push((key.into(), Node::List(items)));
        }
    }
    let version = format!("{GROUP}/{}", policy.api.version);
    let root = Node::Map(vec![
        ("apiVersion".into(), Node::text(version)),
        ("kind".into(), Node::text(policy.kind)),
        ("metadata".into(), metadata(&policy.metadata)),
        ("spec".into(), Node::Map(spec)),
    ]);
    write::write(&[policy.comment.to_owned()], &root)
}

fn rule(api: &Api, mark: usize, rule: &Rule) -> Node {
    let action = match rule.action {
        Action::Accept => api.allow,
        Action::Deny => "Deny",
        Action::Pass => "Pass",
    };
    let peers = Node::List(rule.peers.iter().map(peer).collect());
    let key = match rule.direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    };
    let mut map: Map = Vec::new();
    map.extend(rule.name.map(|name| ("name".into(), Node::text(name))));
    map.push(("action".into(), Node::text(action)));
    map.push((key.into(), peers));
    if !rule.ports.is_empty() {
        let (key, item): (_, fn(&Port) -> Node) = match api.protocols {
            true => ("protocols", protocol),
            false => ("ports", port),
        };
        let items = rule.ports.iter().map(item).collect();
        map.push((key.into(), Node::List(items)));
    }
    Node::Marked {
        mark,
        comments: rule.comments.to_vec(),
        item: Box::new(Node::Map(map)),
    }
}

fn peer(peer: &Peer) -> Node {
    match peer {
        Peer::Namespaces(namespaces) => one("namespaces", selector(namespaces)),
        Peer::Pods(namespaces, pods) => {
            let pods = vec![
                ("namespaceSelector".into(), selector(namespaces)),
                ("podSelector".into(), selector(pods)),
            ];
            one("pods", Node::Map(pods))
        }
        Peer::Networks(networks) => one("networks", texts(networks)),
        Peer::Domains(names) => one("domainNames", texts(names)),
    }
}

/// An item of `protocols` (v1alpha2), whose ranges have to have two ports or more.
fn protocol(port: &Port) -> Node {
    let (protocol, ports) = match port {
        Port::Named(name) => return one("destinationNamedPort", Node::text(name)),
        Port::Range(protocol, first, last) if first == last => {
            (protocol, one("number", Node::Number((*first).into())))
        }
        Port::Range(protocol, first, last) => (protocol, one("range", range(*first, *last, None))),
    };
    let key = protocol.name().to_ascii_lowercase();
    Node::Map(vec![(key.into(), one("destinationPort", ports))])
}

/// An item of `ports` (v1alpha1).
fn port(port: &Port) -> Node {
    match port {
        Port::Named(name) => one("namedPort", Node::text(name)),
        Port::Range(protocol, first, last) if first == last => {
            let number = vec![
                ("protocol".into(), Node::text(protocol.name())),
                ("port".into(), Node::Number((*first).into())),
            ];
            one("portNumber", Node::Map(number))
        }
        Port::Range(protocol, first, last) => {
            one("portRange", range(*first, *last, Some(*protocol)))
        }
    }
}

fn range(first: u16, last: u16, protocol: Option<Protocol>) -> Node {
    let mut map: Map = Vec::new();
    map.extend(protocol.map(|of| ("protocol".into(), Node::text(of.name()))));
    map.push(("start".into(), Node::Number(first.into())));
    map.push(("end".into(), Node::Number(last.into())));
    Node::Map(map)
}

fn one(key: &'static str, value: Node) -> Node {
    Node::Map(vec![(key.into(), value)])
}
