//! Writing a NetworkPolicy: a fixed order of keys, the API's own spelling, the lines of every rule recorded.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::sets::{LabelOp, Requirement, Selector};
use crate::yaml::write::{self, Node};

/// A written policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// One YAML document, without `---`.
    pub text: String,
    /// Lines of each ingress rule, in order.
    pub ingress: Vec<RangeInclusive<u32>>,
    /// Lines of each egress rule, in order.
    pub egress: Vec<RangeInclusive<u32>>,
}

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

/// Writes a policy.
pub fn write(policy: &NetworkPolicy, comments: &Comments) -> Text {
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
        body.push((
            "policyTypes".into(),
            Node::List(types.iter().map(Node::text).collect()),
        ));
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
        ("metadata".into(), Node::Map(metadata(policy))),
        ("spec".into(), Node::Map(body)),
    ]);
    let output = write::write(&comments.head, &root);
    let (ingress, egress) = output
        .marks
        .into_iter()
        .partition::<Vec<_>, _>(|(mark, _)| *mark < first_egress);
    Text {
        text: output.text,
        ingress: ingress.into_iter().map(|(_, lines)| lines).collect(),
        egress: egress.into_iter().map(|(_, lines)| lines).collect(),
    }
}

/// The API's form of a selector; none if the API's label selectors cannot express it.
pub fn label_selector(selector: &Selector) -> Option<LabelSelector> {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;
    let mut labels = std::collections::BTreeMap::new();
    let mut expressions = Vec::new();
    for Requirement { key, op } in &selector.requirements {
        let (operator, values) = match op {
            LabelOp::In(values) => match values.first() {
                Some(value) if values.len() == 1 && !labels.contains_key(key) => {
                    labels.insert(key.clone(), value.clone());
                    continue;
                }
                Some(_) => ("In", Some(values)),
                None => return None,
            },
            LabelOp::NotIn(values) if values.is_empty() => continue,
            LabelOp::NotIn(values) => ("NotIn", Some(values)),
            LabelOp::Exists => ("Exists", None),
            LabelOp::DoesNotExist => ("DoesNotExist", None),
            LabelOp::StartsWith(_) | LabelOp::EndsWith(_) | LabelOp::Contains(_) => return None,
        };
        expressions.push(LabelSelectorRequirement {
            key: key.clone(),
            operator: operator.to_owned(),
            values: values.map(|v| v.iter().cloned().collect()),
        });
    }
    Some(LabelSelector {
        match_labels: (!labels.is_empty()).then_some(labels),
        match_expressions: (!expressions.is_empty()).then_some(expressions),
    })
}

type Map = Vec<(Cow<'static, str>, Node)>;

fn metadata(policy: &NetworkPolicy) -> Map {
    let meta = &policy.metadata;
    let mut map: Map = Vec::new();
    for (key, value) in [("name", &meta.name), ("namespace", &meta.namespace)] {
        if let Some(value) = value {
            map.push((key.into(), Node::text(value)));
        }
    }
    for (key, value) in [("labels", &meta.labels), ("annotations", &meta.annotations)] {
        if let Some(value) = value {
            map.push((key.into(), Node::texts(value)));
        }
    }
    map
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
        map.push((
            "except".into(),
            Node::List(except.iter().map(Node::text).collect()),
        ));
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

fn selector(selector: &LabelSelector) -> Node {
    let mut map: Map = Vec::new();
    if let Some(labels) = &selector.match_labels {
        map.push(("matchLabels".into(), Node::texts(labels)));
    }
    if let Some(expressions) = &selector.match_expressions {
        let items = expressions.iter().map(|requirement| {
            let mut item: Map = vec![
                ("key".into(), Node::text(&requirement.key)),
                ("operator".into(), Node::text(&requirement.operator)),
            ];
            if let Some(values) = &requirement.values {
                item.push((
                    "values".into(),
                    Node::List(values.iter().map(Node::text).collect()),
                ));
            }
            Node::Map(item)
        });
        map.push(("matchExpressions".into(), Node::List(items.collect())));
    }
    Node::Map(map)
}
