//! A NetworkPolicy as written, with source positions.

use crate::dialect::metadata::{self, Metadata};
use crate::dialect::selector::{self, LabelSelector};
use crate::yaml::decode::{
    Decoded, IntOrString, Spanned, deep, field, int_or_string, int32, list_field, map, spanned,
    string,
};
use crate::yaml::{Mark, Node, Object};

/// The whole policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkPolicy {
    /// `metadata`.
    pub metadata: Metadata,
    /// `spec.podSelector`; missing, null and `{}` are the same (K2).
    pub pod_selector: LabelSelector,
    /// `spec.policyTypes`.
    pub policy_types: Vec<Spanned<String>>,
    /// The position of `spec.policyTypes`.
    pub policy_types_mark: Mark,
    /// `spec.ingress`.
    pub ingress: Vec<Rule>,
    /// `spec.egress`.
    pub egress: Vec<Rule>,
}

/// One rule of either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `from` or `to`; empty: everything (K7).
    pub peers: Vec<Peer>,
    /// `ports`; empty: everything (K8).
    pub ports: Vec<Port>,
    /// Its position.
    pub mark: Mark,
}

/// One peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// `podSelector`; a null is none (K27).
    pub pod_selector: Option<LabelSelector>,
    /// `namespaceSelector`.
    pub namespace_selector: Option<LabelSelector>,
    /// `ipBlock`.
    pub ip_block: Option<IpBlock>,
    /// Its position.
    pub mark: Mark,
}

/// `ipBlock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpBlock {
    /// `cidr`; empty if missing.
    pub cidr: Spanned<String>,
    /// `except`.
    pub except: Vec<Spanned<String>>,
}

/// One port item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// `protocol`.
    pub protocol: Option<Spanned<String>>,
    /// `port`.
    pub port: Option<Spanned<IntOrString>>,
    /// `endPort`.
    pub end_port: Option<Spanned<i32>>,
    /// Its position.
    pub mark: Mark,
}

/// Decodes an object; the first wrong type refuses it (V22).
pub fn parse(object: &Object) -> Decoded<NetworkPolicy> {
    let node = &object.node;
    let spec = |key| {
        let found = node.get("spec").and_then(|spec| spec.get(key));
        found.map_or(node.mark, |n| n.mark)
    };
    let rules = |key: &'static str, peers: &'static str| {
        field(node, "spec", |spec| {
            list_field(map(spec)?, key, |node| rule(node, peers))
        })
    };
    let policy_types = field(node, "spec", |spec| {
        list_field(spec, "policyTypes", spanned(string))
    })?;
    Ok(NetworkPolicy {
        metadata: metadata::read(node)?,
        pod_selector: deep(node, &["spec", "podSelector"], selector::parse)?.unwrap_or_default(),
        policy_types: policy_types.unwrap_or_default(),
        policy_types_mark: spec("policyTypes"),
        ingress: rules("ingress", "from")?.unwrap_or_default(),
        egress: rules("egress", "to")?.unwrap_or_default(),
    })
}

fn rule(node: &Node, peers: &str) -> Decoded<Rule> {
    Ok(Rule {
        peers: list_field(node, peers, peer)?,
        ports: list_field(node, "ports", port)?,
        mark: node.mark,
    })
}

fn peer(node: &Node) -> Decoded<Peer> {
    Ok(Peer {
        pod_selector: field(node, "podSelector", selector::parse)?,
        namespace_selector: field(node, "namespaceSelector", selector::parse)?,
        ip_block: field(node, "ipBlock", ip_block)?,
        mark: node.mark,
    })
}

fn ip_block(node: &Node) -> Decoded<IpBlock> {
    let missing = Spanned {
        value: String::new(),
        mark: node.mark,
    };
    Ok(IpBlock {
        cidr: field(node, "cidr", spanned(string))?.unwrap_or(missing),
        except: list_field(node, "except", spanned(string))?,
    })
}

fn port(node: &Node) -> Decoded<Port> {
    Ok(Port {
        protocol: field(node, "protocol", spanned(string))?,
        port: field(node, "port", spanned(int_or_string))?,
        end_port: field(node, "endPort", spanned(int32))?,
        mark: node.mark,
    })
}
