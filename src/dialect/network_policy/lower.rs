//! Lowers a NetworkPolicy (K1-K33).

use super::parse::{self, IpBlock, NetworkPolicy};
use crate::cluster::{Enforcer, HostNetwork};
use crate::dialect::cilium::selector as identities;
use crate::dialect::selector::LabelSelector;
use crate::dialect::{Context, cidr, selector};
use crate::policy::{
    Action, Direction, Match, Peer, PeerItem, Policy, PortItem, PortMatch, Rule, Side, order,
};
use crate::sets::{IpSet, Protocol};
use crate::yaml::Object;
use crate::yaml::decode::IntOrString;

/// Lowers a policy that the API server accepts.
pub fn lower(object: &Object, policy: &NetworkPolicy, context: &Context) -> Policy {
    let lowering = Lowering {
        object,
        context,
        namespace: object.namespace_or_default(),
    };
    let cilium = context.assumptions.enforcer == Enforcer::Cilium;
    let side = |direction, rules: &[parse::Rule]| {
        // Cilium applies rules of directions that `policyTypes` does not list, too.
        let applies = applies(policy, direction) || cilium && !rules.is_empty();
        applies.then(|| Side {
            isolates: true,
            rules: rules.iter().map(|rule| lowering.rule(rule)).collect(),
        })
    };
    Policy {
        kind: "NetworkPolicy",
        name: object.name.clone(),
        namespace: Some(lowering.namespace.to_owned()),
        tier: context.tiers.network_policy,
        // Only Calico asks in which order (G2).
        order: order(Some(1000.0)),
        tie: format!(
            "{}/{}/KubernetesNetworkPolicy",
            object.name, lowering.namespace
        ),
        subject: {
            let mut all = vec![Peer::Namespace(lowering.namespace.to_owned())];
            all.extend(lowering.labels(&policy.pod_selector));
            lowering.pods(all)
        },
        ingress: side(Direction::Ingress, &policy.ingress),
        egress: side(Direction::Egress, &policy.egress),
        span: object.whole(),
    }
}

/// Whether the policy applies to a direction (K3); rules of another one are ignored (K4).
pub(super) fn applies(policy: &NetworkPolicy, direction: Direction) -> bool {
    let types = &policy.policy_types;
    if types.is_empty() {
        direction == Direction::Ingress || !policy.egress.is_empty()
    } else {
        types.iter().any(|t| t.value == direction.name())
    }
}

struct Lowering<'a> {
    object: &'a Object,
    context: &'a Context<'a>,
    namespace: &'a str,
}

impl Lowering<'_> {
    fn rule(&self, rule: &parse::Rule) -> Rule {
        let peers = rule.peers.iter().map(|peer| PeerItem {
            peer: self.peer(peer),
            span: self.object.span(peer.mark),
        });
        let ports = rule.ports.iter().filter_map(|port| {
            Some(PortItem {
                port: port_match(port)?,
                span: self.object.span(port.mark),
            })
        });
        Rule {
            name: None,
            action: Action::Accept,
            subject: None,
            peers: any_if_empty(rule.peers.is_empty(), peers.collect()),
            ports: any_if_empty(rule.ports.is_empty(), ports.collect()),
            conditions: Vec::new(),
            met_by: Vec::new(),
            index: 0,
            except: Vec::new(),
            span: self.object.span(rule.mark),
        }
    }

    /// The pods and addresses of a peer (K20-K26).
    fn peer(&self, peer: &parse::Peer) -> Peer {
        if let Some(block) = &peer.ip_block {
            return self.block(block);
        }
        let mut all = vec![match &peer.namespace_selector {
            Some(namespaces) => Peer::NamespaceLabels(selector::lower(namespaces)),
            None => Peer::Namespace(self.namespace.to_owned()),
        }];
        if let Some(pods) = &peer.pod_selector {
            all.extend(self.labels(pods));
        }
        self.pods(all)
    }

    /// Pods by their labels; under Cilium by those that are identity labels (C27).
    fn labels(&self, pods: &LabelSelector) -> Vec<Peer> {
        match self.context.assumptions.enforcer {
            Enforcer::Cilium => identities::plain(pods),
            _ => vec![Peer::PodLabels(selector::lower(pods))],
        }
    }

    /// All of these; host-network pods only under the assumption `host-network=pods`.
    fn pods(&self, mut all: Vec<Peer>) -> Peer {
        if self.context.assumptions.host_network == HostNetwork::Nodes {
            all.push(Peer::Not(Box::new(Peer::HostNetwork)));
        }
        Peer::All(all)
    }

    /// Addresses outside, and those of pods where the assumptions include them (K32).
    fn block(&self, block: &IpBlock) -> Peer {
        let Ok(outer) = cidr::parse(&block.cidr.value) else {
            return Peer::Nothing;
        };
        let except = block.except.iter();
        let except: Vec<_> = except
            .filter_map(|text| cidr::parse(&text.value).ok())
            .map(|block| block.net)
            .collect();
        let set = IpSet::block(outer.net, &except);
        self.context.assumptions.block(set)
    }
}

pub(super) fn any_if_empty<T>(empty: bool, items: Vec<T>) -> Match<T> {
    if empty {
        Match::Any
    } else {
        Match::Only(items)
    }
}

/// The ports of an item (K10-K13).
pub(super) fn port_match(port: &parse::Port) -> Option<PortMatch> {
    let protocol = match &port.protocol {
        None => Protocol::Tcp,
        Some(text) => Protocol::parse(&text.value)?,
    };
    let number = |n: i32| u16::try_from(n).ok();
    Some(match port.port.as_ref().map(|p| &p.value) {
        None => PortMatch::AllPorts(protocol),
        Some(IntOrString::Int(first)) => PortMatch::Range {
            protocol,
            first: number(*first)?,
            last: number(port.end_port.as_ref().map_or(*first, |end| end.value))?,
        },
        Some(IntOrString::String(name)) => PortMatch::Named {
            protocol: Some(protocol),
            name: name.clone(),
        },
    })
}
