//! Turns a NetworkPolicy into rules as they are planned.

use super::lower::{any_if_empty, applies, port_match};
use super::parse::{IpBlock, NetworkPolicy, Peer, Rule};
use crate::dialect::{cidr, selector};
use crate::policy::{
    Accounts, Direction, Network, PlanNamespaces, PlanPeer, RaisedPolicy, RaisedRule,
};
use crate::yaml::Object;

/// Raises a policy that the API server accepts. Err: an address block cannot be read.
pub fn raise(object: &Object, policy: &NetworkPolicy) -> Result<RaisedPolicy, String> {
    let isolates = Direction::BOTH.into_iter();
    let isolates: Vec<Direction> = isolates.filter(|d| applies(policy, *d)).collect();
    let mut raised = Vec::new();
    for &direction in &isolates {
        let rules = match direction {
            Direction::Ingress => &policy.ingress,
            Direction::Egress => &policy.egress,
        };
        for (index, rule) in rules.iter().enumerate() {
            raised.push(raise_rule(direction, index, rule)?);
        }
    }
    Ok(RaisedPolicy {
        namespace: object.namespace_or_default().to_owned(),
        subject: selector::lower(&policy.pod_selector),
        accounts: Accounts::default(),
        isolates,
        rules: raised,
        across: None,
        denials: Vec::new(),
        unraised: Vec::new(),
    })
}

fn raise_rule(direction: Direction, index: usize, rule: &Rule) -> Result<RaisedRule, String> {
    let peers: Result<Vec<PlanPeer>, String> = rule.peers.iter().map(peer).collect();
    let ports = rule.ports.iter().filter_map(port_match).collect();
    Ok(RaisedRule {
        direction,
        list: direction.field(),
        index,
        peers: any_if_empty(rule.peers.is_empty(), peers?),
        ports: any_if_empty(rule.ports.is_empty(), ports),
    })
}

/// The peer of an item (K20-K26).
fn peer(peer: &Peer) -> Result<PlanPeer, String> {
    if let Some(block) = &peer.ip_block {
        let invalid = || format!("`{}` is not an address block", block.cidr.value);
        return network(block).map(PlanPeer::Block).ok_or_else(invalid);
    }
    let namespaces = match &peer.namespace_selector {
        Some(selector) => PlanNamespaces::Labelled(selector::lower(selector)),
        None => PlanNamespaces::Own,
    };
    let pods = peer.pod_selector.as_ref().map(selector::lower);
    Ok(PlanPeer::Pods(namespaces, pods.unwrap_or_default()))
}

fn network(block: &IpBlock) -> Option<Network> {
    let net = |text: &str| cidr::parse(text).ok().map(|block| block.net);
    let except = block.except.iter().map(|hole| net(&hole.value));
    Some(Network {
        cidr: net(&block.cidr.value)?,
        except: except.collect::<Option<_>>()?,
    })
}
