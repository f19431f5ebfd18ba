//! Writing a Calico NetworkPolicy or GlobalNetworkPolicy: a fixed order of keys, the lines of every rule recorded.

use ipnet::IpNet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::dialect::writing::{Map, metadata, texts};
use crate::policy::{Action, Direction, FlowKey};
use crate::sets::Protocol;
use crate::yaml::write::{self, Node, Output};

/// A policy to write.
pub struct Policy<'a> {
    pub metadata: ObjectMeta,
    /// Above it.
    pub comment: &'a str,
    /// None: the default one.
    pub tier: Option<&'static str>,
    /// None: behind all that have one.
    pub order: Option<i64>,
    /// The selector of the namespaces of its pods, if it is a GlobalNetworkPolicy.
    pub namespaces: Option<String>,
    /// The selector of its pods.
    pub subject: String,
    /// The selector of their service accounts; none: any.
    pub accounts: Option<String>,
    /// Those that it isolates; those of its rules are among them.
    pub directions: &'a [Direction],
    pub rules: &'a [Rule<'a>],
}

/// A rule.
pub struct Rule<'a> {
    pub direction: Direction,
    pub action: Action,
    /// Above it.
    pub comments: &'a [String],
    pub flows: &'a [FlowKey],
    pub peer: Entity,
    /// None: any, but of named ports that of the container port.
    pub protocol: Option<Protocol>,
    /// Empty: any.
    pub ports: Vec<Port>,
    /// The type of ICMP; none: any.
    pub icmp: Option<u16>,
}

/// The other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entity {
    /// Without criteria.
    Everything,
    /// Selectors, of which at least one is given, and the names of service accounts; none: any.
    Labels {
        pods: Option<String>,
        namespaces: Option<String>,
        accounts: Vec<String>,
    },
    /// Blocks of one address family, and exceptions from all of them.
    Blocks(Vec<IpNet>, Vec<IpNet>),
}

/// A destination port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    Number(u16),
    /// A range or a name.
    Text(String),
}

/// Writes a policy; the marks number its rules.
pub fn write(policy: &Policy) -> Output {
    let types = policy.directions.iter().map(|direction| direction.name());
    let mut spec: Map = Vec::new();
    spec.extend(policy.tier.map(|tier| ("tier".into(), Node::text(tier))));
    spec.extend((policy.order).map(|order| ("order".into(), Node::Number(order))));
    let namespaces = policy.namespaces.as_ref();
    spec.extend(namespaces.map(|text| ("namespaceSelector".into(), Node::text(text))));
    spec.push(("selector".into(), Node::text(&policy.subject)));
    let accounts = policy.accounts.as_ref();
    spec.extend(accounts.map(|text| ("serviceAccountSelector".into(), Node::text(text))));
    spec.push(("types".into(), texts(types)));
    for direction in policy.directions {
        let rules = policy.rules.iter().enumerate();
        let rules = rules.filter(|(_, rule)| rule.direction == *direction);
        let items: Vec<Node> = rules.map(|(at, rule)| marked(at, rule)).collect();
        let key = match direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        };
        if !items.is_empty() {
            spec.push((key.into(), Node::List(items)));
        }
    }
    let kind = match policy.namespaces {
        Some(_) => "GlobalNetworkPolicy",
        None => "NetworkPolicy",
    };
    let root = Node::Map(vec![
        ("apiVersion".into(), Node::text("projectcalico.org/v3")),
        ("kind".into(), Node::text(kind)),
        ("metadata".into(), metadata(&policy.metadata)),
        ("spec".into(), Node::Map(spec)),
    ]);
    write::write(&[policy.comment.to_owned()], &root)
}

fn marked(mark: usize, rule: &Rule) -> Node {
    let action = match rule.action {
        Action::Accept => "Allow",
        Action::Deny => "Deny",
        Action::Pass => "Pass",
    };
    let mut map: Map = vec![("action".into(), Node::text(action))];
    if let Some(protocol) = rule.protocol {
        map.push(("protocol".into(), Node::text(protocol.name())));
    }
    if let Some(number) = rule.icmp {
        let of_type: Map = vec![("type".into(), Node::Number(number.into()))];
        map.push(("icmp".into(), Node::Map(of_type)));
    }
    let mut peer = entity(&rule.peer);
    let ports = rule.ports.iter().map(port).collect();
    let ports: Map = vec![("ports".into(), Node::List(ports))];
    let any_port = rule.ports.is_empty();
    match rule.direction {
        Direction::Ingress => {
            if !peer.is_empty() {
                map.push(("source".into(), Node::Map(peer)));
            }
            if !any_port {
                map.push(("destination".into(), Node::Map(ports)));
            }
        }
        Direction::Egress => {
            if !any_port {
                peer.extend(ports);
            }
            if !peer.is_empty() {
                map.push(("destination".into(), Node::Map(peer)));
            }
        }
    }
    Node::Marked {
        mark,
        comments: rule.comments.to_vec(),
        item: Box::new(Node::Map(map)),
    }
}

fn entity(entity: &Entity) -> Map {
    match entity {
        Entity::Everything => Map::new(),
        Entity::Labels {
            pods,
            namespaces,
            accounts,
        } => {
            let keys = [("namespaceSelector", namespaces), ("selector", pods)];
            let given = keys.into_iter().filter_map(|(key, text)| {
                let text = text.as_ref()?;
                Some((key.into(), Node::text(text)))
            });
            let mut map: Map = given.collect();
            if !accounts.is_empty() {
                let names: Map = vec![("names".into(), texts(accounts))];
                map.push(("serviceAccounts".into(), Node::Map(names)));
            }
            map
        }
        Entity::Blocks(nets, except) => {
            let mut map: Map = vec![("nets".into(), texts(nets))];
            if !except.is_empty() {
                map.push(("notNets".into(), texts(except)));
            }
            map
        }
    }
}

fn port(port: &Port) -> Node {
    match port {
        Port::Number(number) => Node::Number(i64::from(*number)),
        Port::Text(text) => Node::text(text),
    }
}
