//! Policies as they are written.

use ipnet::IpNet;

use super::{Input, words};
use crate::diag::{Diagnostic, Span};
use crate::policy::{Action, Direction, Match, Policy, Rule};
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
        finding.at(at).on(self.policy.title())
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

/// The address blocks of policies of Cilium and Calico that are judged, in rules that allow.
pub fn blocks_of_enforcers<'a>(input: &Input<'a>) -> impl Iterator<Item = Block<'a>> {
    judged(input).flat_map(|written| {
        let group = written.object.group();
        let of_cilium = group == "cilium.io";
        let of_calico = group.ends_with("projectcalico.org");
        let rules = rule_nodes(written.object).into_iter();
        rules
            .filter(move |_| of_cilium || of_calico)
            .flat_map(move |(direction, node)| {
                let found = match of_cilium {
                    true => nets_of_cilium(node, direction),
                    false => nets_of_calico(node, direction),
                };
                found.into_iter().filter_map(move |(net, at, except)| {
                    Some(Block {
                        written,
                        direction,
                        rule: lowered(written.policy, direction, node, at)?,
                        net,
                        node: at,
                        except,
                    })
                })
            })
    })
}

/// The rules of `spec` and of each of `specs`.
fn rule_nodes(object: &Object) -> Vec<(Direction, &Node)> {
    let specs = object.node.get("spec").into_iter();
    let specs = specs.chain(items(&object.node, "specs"));
    let rules = specs.flat_map(|spec| {
        let directions = Direction::BOTH.into_iter();
        directions.flat_map(|direction| {
            let rules = items(spec, direction.field()).iter();
            rules.map(move |rule| (direction, rule))
        })
    });
    rules.collect()
}

/// The meaning of a rule that allows, with a peer that is written at a node if there is one.
fn lowered<'a>(
    policy: &'a Policy,
    direction: Direction,
    node: &Node,
    at: &Node,
) -> Option<&'a Rule> {
    let inside = |span: &Span, of: &Node| {
        let bytes = of.mark.bytes();
        bytes.start <= span.start as usize && (span.start as usize) < bytes.end
    };
    let rules = policy.rules(direction).iter();
    let rules: Vec<&Rule> = rules
        .filter(|rule| rule.action == Action::Accept && inside(&rule.span, node))
        .collect();
    let has_peer = |rule: &&Rule| match &rule.peers {
        Match::Any => false,
        Match::Only(items) => items.iter().any(|item| inside(&item.span, at)),
    };
    let with_peer = rules.iter().copied().find(has_peer);
    with_peer.or(rules.first().copied())
}

/// A block, where it is written, and its exceptions.
type Net<'a> = (IpNet, &'a Node, Vec<(IpNet, &'a Node)>);

fn net(node: &Node) -> Option<(IpNet, &Node)> {
    Some((node.as_str()?.parse::<IpNet>().ok()?.trunc(), node))
}

fn nets_of_cilium(rule: &Node, direction: Direction) -> Vec<Net<'_>> {
    let key = peers_key(direction);
    let single = items(rule, &format!("{key}CIDR")).iter();
    let single = single.filter_map(|item| net(item).map(|(net, node)| (net, node, Vec::new())));
    let sets = items(rule, &format!("{key}CIDRSet")).iter();
    let sets = sets.filter_map(|item| {
        let (of, node) = net(item.get("cidr")?)?;
        let except = items(item, "except").iter().filter_map(net);
        Some((of, node, except.collect()))
    });
    single.chain(sets).collect()
}

fn nets_of_calico(rule: &Node, direction: Direction) -> Vec<Net<'_>> {
    let peers = match direction {
        Direction::Ingress => "source",
        Direction::Egress => "destination",
    };
    let Some(peers) = rule.get(peers) else {
        return Vec::new();
    };
    let except: Vec<_> = items(peers, "notNets").iter().filter_map(net).collect();
    let nets = items(peers, "nets").iter().filter_map(net);
    nets.map(|(net, node)| (net, node, except.clone()))
        .collect()
}
