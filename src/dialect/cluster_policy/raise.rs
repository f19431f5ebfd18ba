//! Turns a cluster-wide policy into rules as they are planned, in their order.

use super::read::{self, ClusterPolicy, Peer, Pods};
use super::shape::Kind;
use crate::dialect::refusal::Refusals;
use crate::dialect::writing::world;
use crate::dialect::{cidr, selector};
use crate::policy::{
    Action, Direction, Match, Network, OrderedRule, Place, PlanNamespaces, PlanPeer, PortMatch,
    RaisedOrdered, RaisedRule,
};
use crate::sets::Selector;
use crate::yaml::Object;

/// Raises a policy that the API server accepts.
pub fn raise(object: &Object, policy: &ClusterPolicy) -> Result<RaisedOrdered, String> {
    let (namespaces, pods) = selectors(object, &policy.subject)?;
    let mut rules = Vec::new();
    for direction in Direction::BOTH {
        let written = match direction {
            Direction::Ingress => &policy.ingress,
            Direction::Egress => &policy.egress,
        };
        for (index, written) in written.iter().enumerate() {
            let rule = RaisedRule {
                direction,
                list: direction.field(),
                index,
                peers: Match::Only(peers(object, policy.kind, written)?),
                ports: ports(written),
            };
            rules.push(OrderedRule {
                action: written.action,
                name: written.name.clone(),
                rule,
            });
        }
    }
    Ok(RaisedOrdered {
        place: Place {
            baseline: policy.baseline,
            priority: policy.priority,
        },
        namespaces,
        pods,
        rules,
    })
}

fn peers(object: &Object, kind: Kind, rule: &read::Rule) -> Result<Vec<PlanPeer>, String> {
    let mut found = Vec::new();
    for (peer, _) in &rule.peers {
        match peer {
            Peer::Pods(written) => {
                let (namespaces, pods) = selectors(object, written)?;
                found.push(PlanPeer::Pods(PlanNamespaces::Labelled(namespaces), pods));
            }
            Peer::Networks(networks) => {
                for text in networks {
                    let block = cidr::parse(text).map_err(|why| format!("`{text}` {why}"))?;
                    let network = Network {
                        cidr: block.net,
                        except: Vec::new(),
                    };
                    found.push(PlanPeer::Block(network.canonical()?));
                }
            }
            Peer::Domains(names) => found.extend(names.iter().cloned().map(PlanPeer::Domain)),
            Peer::Nodes(_) => return Err("it has nodes".to_owned()),
            // It fails closed, so that what is meant is not known (A12).
            Peer::Unknown => return Err("it has a peer of an unknown kind".to_owned()),
        }
    }
    // All addresses of v1alpha2 are those of pods, too (A6), which other dialects have to name. Where the addresses of pods
    // are outside of all blocks, a rule that does not deny would match more.
    let denied = kind == Kind::Cluster && rule.action == Action::Deny;
    if denied && has_all_addresses(&found) && !found.iter().any(PlanPeer::is_all_pods) {
        let all = PlanNamespaces::Labelled(Selector::everything());
        found.push(PlanPeer::Pods(all, Selector::everything()));
    }
    Ok(found)
}

/// Whether the blocks of both families are whole.
fn has_all_addresses(peers: &[PlanPeer]) -> bool {
    let blocks = world().map(PlanPeer::Block);
    blocks.iter().all(|block| peers.contains(block))
}

/// The selectors of namespaces and of pods; the schema accepts some that match nothing.
fn selectors(object: &Object, pods: &Pods) -> Result<(Selector, Selector), String> {
    let one = |written: &Option<selector::LabelSelector>| {
        let Some(written) = written else {
            return Ok(Selector::everything());
        };
        let mut refusals = Refusals::new(object);
        selector::validate(written, "", &mut refusals);
        match refusals.found.is_empty() {
            true => Ok(selector::lower(written)),
            false => Err("it has an invalid selector, which matches nothing".to_owned()),
        }
    };
    Ok((one(&pods.namespaces)?, one(&pods.pods)?))
}

/// The ports of a rule, without those that match nothing.
fn ports(rule: &read::Rule) -> Match<PortMatch> {
    let Some(written) = &rule.ports else {
        return Match::Any;
    };
    let some =
        |port: &PortMatch| !matches!(port, PortMatch::Range { first, last, .. } if first > last);
    let ports = written.iter().map(|(port, _)| port.clone());
    Match::Only(ports.filter(some).collect())
}
