//! Writing a CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy: a fixed order of keys, the lines of every rule recorded.

use ipnet::IpNet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use crate::dialect::writing::{Map, metadata, selector, texts};
use crate::policy::{Direction, Entity, FlowKey, HttpRule, Network, PortMatch};
use crate::sets::Protocol;
use crate::yaml::write::{self, Node, Output};

/// A policy to write.
pub struct Policy<'a> {
    pub metadata: ObjectMeta,
    /// Above it.
    pub comment: &'a str,
    pub subject: LabelSelector,
    /// Those that it isolates; those of its rules are among them.
    pub directions: &'a [Direction],
    /// Whether it isolates at all.
    pub isolates: bool,
    pub rules: &'a [Rule<'a>],
}

/// One item of `ingress` or `egress`.
pub struct Rule<'a> {
    pub direction: Direction,
    pub denies: bool,
    /// Above it.
    pub comments: &'a [String],
    pub flows: &'a [FlowKey],
    pub peers: Peers,
    /// Empty: any port.
    pub ports: Vec<Ports>,
    /// The types of ICMP, instead of ports, in items of what fits.
    pub icmps: Vec<Vec<(Protocol, u16)>>,
}

/// Peers of one kind; never empty.
#[derive(Clone)]
pub enum Peers {
    /// What is in the cluster, and what is outside.
    Everything,
    Endpoints(Vec<LabelSelector>),
    Blocks(Vec<IpNet>),
    /// Blocks of which some have exceptions.
    BlocksWithout(Vec<Network>),
    Entities(Vec<Entity>),
    /// Destinations only.
    Names(Vec<Name>),
}

/// Domain names.
#[derive(Clone)]
pub enum Name {
    Exact(String),
    Pattern(String),
}

/// One item of `toPorts`.
#[derive(Clone)]
pub struct Ports {
    pub ports: Vec<PortMatch>,
    /// Whether the answers to DNS queries are read.
    pub dns: bool,
    /// The HTTP requests that are allowed; empty: no filter.
    pub http: Vec<HttpRule>,
}

/// Writes a policy; the marks number its rules.
pub fn write(policy: &Policy) -> Output {
    let mut spec: Map = vec![("endpointSelector".into(), selector(&policy.subject))];
    if !policy.isolates {
        let isolates = |direction: &Direction| {
            let key = direction.name().to_ascii_lowercase();
            (key.into(), Node::Bool(false))
        };
        let isolates = policy.directions.iter().map(isolates).collect();
        spec.push(("enableDefaultDeny".into(), Node::Map(isolates)));
    }
    for direction in policy.directions {
        let is_empty = (policy.rules.iter()).all(|rule| rule.direction != *direction);
        for (denies, key) in keys(*direction) {
            let rules = policy.rules.iter().enumerate();
            let rules =
                rules.filter(|(_, rule)| (rule.direction, rule.denies) == (*direction, denies));
            let mut items: Vec<Node> = rules.map(|(at, rule)| marked(at, rule)).collect();
            if is_empty && !denies && policy.isolates {
                // Isolates, and allows nothing (C6, C7).
                items.push(Node::Map(Vec::new()));
            }
            if !items.is_empty() {
                spec.push((key.into(), Node::List(items)));
            }
        }
    }
    let kind = match policy.metadata.namespace {
        Some(_) => "CiliumNetworkPolicy",
        None => "CiliumClusterwideNetworkPolicy",
    };
    let root = Node::Map(vec![
        ("apiVersion".into(), Node::text("cilium.io/v2")),
        ("kind".into(), Node::text(kind)),
        ("metadata".into(), metadata(&policy.metadata)),
        ("spec".into(), Node::Map(spec)),
    ]);
    write::write(&[policy.comment.to_owned()], &root)
}

/// The fields with the rules of a direction, each with whether they deny.
fn keys(direction: Direction) -> [(bool, &'static str); 2] {
    match direction {
        Direction::Ingress => [(false, "ingress"), (true, "ingressDeny")],
        Direction::Egress => [(false, "egress"), (true, "egressDeny")],
    }
}

fn marked(mark: usize, rule: &Rule) -> Node {
    let mut map = vec![peers(rule)];
    if !rule.ports.is_empty() {
        let ports = rule.ports.iter().map(port_rule).collect();
        map.push(("toPorts".into(), Node::List(ports)));
    }
    if !rule.icmps.is_empty() {
        let icmps = rule.icmps.iter().map(|types| icmp(types)).collect();
        map.push(("icmps".into(), Node::List(icmps)));
    }
    Node::Marked {
        mark,
        comments: rule.comments.to_vec(),
        item: Box::new(Node::Map(map)),
    }
}

/// An item of `icmps`.
fn icmp(types: &[(Protocol, u16)]) -> Node {
    let field = |(protocol, number): &(Protocol, u16)| {
        let family = match protocol {
            Protocol::Icmp6 => "IPv6",
            _ => "IPv4",
        };
        Node::Map(vec![
            ("family".into(), Node::text(family)),
            ("type".into(), Node::Number((*number).into())),
        ])
    };
    let fields = types.iter().map(field).collect();
    Node::Map(vec![("fields".into(), Node::List(fields))])
}

fn peers(rule: &Rule) -> (std::borrow::Cow<'static, str>, Node) {
    let (kind, list) = match &rule.peers {
        Peers::Everything => ("Entities", texts(["all"])),
        Peers::Endpoints(all) => ("Endpoints", Node::List(all.iter().map(selector).collect())),
        Peers::Entities(all) => ("Entities", texts(all.iter().map(|entity| entity.word()))),
        Peers::Blocks(all) => ("CIDR", texts(all)),
        Peers::BlocksWithout(all) => ("CIDRSet", Node::List(all.iter().map(block).collect())),
        Peers::Names(all) => ("FQDNs", Node::List(all.iter().map(name).collect())),
    };
    let to = match rule.direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    };
    (format!("{to}{kind}").into(), list)
}

fn block(network: &Network) -> Node {
    let mut map: Map = vec![("cidr".into(), Node::text(network.cidr.to_string()))];
    if !network.except.is_empty() {
        map.push(("except".into(), texts(&network.except)));
    }
    Node::Map(map)
}

fn name(name: &Name) -> Node {
    let (key, text) = match name {
        Name::Exact(text) => ("matchName", text),
        Name::Pattern(text) => ("matchPattern", text),
    };
    Node::Map(vec![(key.into(), Node::text(text))])
}

fn port_rule(item: &Ports) -> Node {
    let mut map: Map = vec![(
        "ports".into(),
        Node::List(item.ports.iter().map(port).collect()),
    )];
    if item.dns {
        let every = Node::Map(vec![("matchPattern".into(), Node::text("*"))]);
        let rules = Node::Map(vec![("dns".into(), Node::List(vec![every]))]);
        map.push(("rules".into(), rules));
    }
    if !item.http.is_empty() {
        let http = Node::List(item.http.iter().map(http_rule).collect());
        map.push(("rules".into(), Node::Map(vec![("http".into(), http)])));
    }
    Node::Map(map)
}

fn http_rule(rule: &HttpRule) -> Node {
    let parts = [("method", &rule.method), ("path", &rule.path)];
    let parts = parts.into_iter();
    let parts = parts.filter_map(|(key, text)| Some((key.into(), Node::text(text.as_ref()?))));
    Node::Map(parts.collect())
}

/// A port, which is a text; 0 means all of the protocol (C40).
fn port(port: &PortMatch) -> Node {
    let (number, end, protocol) = match port {
        PortMatch::AllPorts(protocol) => ("0".to_owned(), None, protocol.name()),
        PortMatch::Range {
            protocol,
            first,
            last,
        } => {
            let end = (last > first).then_some(*last);
            (first.to_string(), end, protocol.name())
        }
        PortMatch::Named { protocol, name } => {
            let protocol = protocol.map_or("ANY", |protocol| protocol.name());
            (name.clone(), None, protocol)
        }
        PortMatch::FromNamed {
            protocol,
            name,
            last,
        } => (name.clone(), Some(*last), protocol.name()),
    };
    let mut map: Map = vec![("port".into(), Node::text(number))];
    if let Some(end) = end {
        map.push(("endPort".into(), Node::Number(i64::from(end))));
    }
    map.push(("protocol".into(), Node::text(protocol)));
    Node::Map(map)
}
