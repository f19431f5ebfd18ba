//! NetworkPolicies of the Kubernetes API as they are written.

use ipnet::IpNet;

use super::{Input, words};
use crate::diag::{Diagnostic, Span};
use crate::policy::{Direction, Policy, Rule};
use crate::yaml::{Entry, Node, Object, Value};

/// A policy as it is written, and what it means.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    /// Its place among the policies of the snapshot.
    pub index: usize,
    /// What it means.
    pub policy: &'a Policy,
    /// Its text.
    pub object: &'a Object,
}

/// A rule as it is written, and what it means: none where its direction is ignored.
pub struct WrittenRule<'a> {
    /// The item of `ingress` or `egress`.
    pub node: &'a Node,
    /// What it means.
    pub rule: Option<&'a Rule>,
}

/// The key that holds the peers of a rule of a direction.
pub fn peers_key(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    }
}

/// An entry of a map, one whose value is null too.
pub fn entry<'a>(node: &'a Node, key: &str) -> Option<&'a Entry> {
    match &node.value {
        Value::Map(map) => map.entry(key),
        _ => None,
    }
}

/// The items of a list under a key; none if it is not written.
pub fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).and_then(Node::items).unwrap_or_default()
}

/// Whether a node is an empty map or has only empty ones: a selector of everything.
pub fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::Seq(items) => items.is_empty(),
        Value::Map(map) => map.entries.iter().all(|entry| is_empty(&entry.value)),
        _ => false,
    }
}

/// The policies of all kinds that are judged.
pub fn judged<'a>(input: &Input<'a>) -> impl Iterator<Item = Written<'a>> {
    let snapshot = input.snapshot;
    input.objects.iter().filter_map(move |written| {
        let index = written.index?;
        Some(Written {
            index,
            policy: snapshot.policies.get(index)?,
            object: &written.object,
        })
    })
}

/// The NetworkPolicies that are judged.
pub fn network_policies<'a>(input: &Input<'a>) -> impl Iterator<Item = Written<'a>> {
    judged(input).filter(|written| {
        let of_kubernetes = written.object.group() == "networking.k8s.io";
        of_kubernetes && written.object.kind == "NetworkPolicy"
    })
}

impl<'a> Written<'a> {
    /// `spec`.
    pub fn spec(&self) -> Option<&'a Node> {
        self.object.node.get("spec")
    }

    /// The entry of a key of `spec`, with a null value too.
    pub fn entry(&self, key: &str) -> Option<&'a Entry> {
        entry(self.spec()?, key)
    }

    /// The items of `policyTypes`.
    pub fn types(&self) -> &'a [Node] {
        self.spec().map_or(&[], |spec| items(spec, "policyTypes"))
    }

    /// The rules of a direction.
    pub fn rules(&self, direction: Direction) -> Vec<WrittenRule<'a>> {
        let nodes = self
            .spec()
            .map_or(&[][..], |spec| items(spec, direction.field()));
        let lowered = self.policy.rules(direction);
        let nodes = nodes.iter().enumerate();
        nodes
            .map(|(at, node)| WrittenRule {
                node,
                rule: lowered.get(at),
            })
            .collect()
    }

    /// The span of a node of it.
    pub fn span(&self, node: &Node) -> Span {
        self.object.span(node.mark)
    }

    /// Adds to a finding the policy that it is about, and a place in it.
    pub fn about(&self, finding: Diagnostic, at: Span) -> Diagnostic {
        finding.at(at).on(self.object.title())
    }

    /// Whether its name, or one of its comments, has one of these phrases, in any case.
    pub fn speaks_of(&self, phrases: &[&str]) -> bool {
        let comments = words::comments(self.object).into_iter();
        let mut all = comments
            .map(|comment| comment.text)
            .chain([self.object.name.as_str()]);
        all.any(|text| words::has_one_of(text, phrases))
    }
}

/// An address block of a rule as it is written.
pub struct Block<'a> {
    /// The policy that it is in.
    pub written: Written<'a>,
    /// The direction of its rule.
    pub direction: Direction,
    /// What its rule means.
    pub rule: &'a Rule,
    /// `cidr`.
    pub net: IpNet,
    /// Where `cidr` is written.
    pub node: &'a Node,
    /// `except`, each with its place.
    pub except: Vec<(IpNet, &'a Node)>,
}

/// The address blocks of the NetworkPolicies that are judged, without those of ignored directions.
pub fn blocks<'a>(input: &Input<'a>) -> impl Iterator<Item = Block<'a>> {
    network_policies(input).flat_map(|written| {
        let directions = Direction::BOTH.into_iter();
        directions.flat_map(move |direction| {
            let rules = written.rules(direction).into_iter();
            let judged = rules.filter_map(|one| Some((one.node, one.rule?)));
            judged.flat_map(move |(node, rule)| blocks_of(written, direction, node, rule))
        })
    })
}

fn blocks_of<'a>(
    written: Written<'a>,
    direction: Direction,
    node: &'a Node,
    rule: &'a Rule,
) -> impl Iterator<Item = Block<'a>> {
    let read = |node: &'a Node| Some((node.as_str()?.parse::<IpNet>().ok()?.trunc(), node));
    let peers = items(node, peers_key(direction)).iter();
    peers.filter_map(move |peer| {
        let block = peer.get("ipBlock")?;
        let (net, node) = read(block.get("cidr")?)?;
        Some(Block {
            written,
            direction,
            rule,
            net,
            node,
            except: items(block, "except").iter().filter_map(read).collect(),
        })
    })
}
