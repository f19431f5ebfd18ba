//! Lowers these policies (A1-A12).

use super::read::{self, ClusterPolicy, Pods};
use super::shape::Kind;
use crate::cluster::{Assumptions, Enforcer, HostNetwork, PodAddresses};
use crate::dialect::refusal::Refusals;
use crate::dialect::{Context, cidr, selector};
use crate::policy::{Action, Match, Peer, PeerItem, Policy, PortItem, Rule, Side, order};
use crate::sets::{DomainPattern, IpSet};
use crate::yaml::{Mark, Object};

/// Lowers a policy that the API server accepts.
pub fn lower(object: &Object, policy: &ClusterPolicy, context: &Context) -> Policy {
    let lowering = Lowering {
        object,
        kind: policy.kind,
        assumptions: context.assumptions,
    };
    // A subject is not isolated from connections that no rule matches (A1).
    let side = |rules: &[read::Rule]| {
        (!rules.is_empty()).then(|| Side {
            isolates: false,
            rules: rules.iter().map(|rule| lowering.rule(rule)).collect(),
        })
    };
    Policy {
        kind: match policy.kind {
            Kind::Admin => "AdminNetworkPolicy",
            Kind::Baseline => "BaselineAdminNetworkPolicy",
            Kind::Cluster => "ClusterNetworkPolicy",
        },
        name: object.name.clone(),
        namespace: None,
        tier: match policy.baseline {
            true => context.tiers.baseline,
            false => context.tiers.admin,
        },
        order: order(Some(f64::from(policy.priority))),
        tie: match context.assumptions.enforcer {
            Enforcer::Calico => format!("{}//ClusterNetworkPolicy", object.name),
            _ => object.name.clone(),
        },
        subject: lowering.pods(&policy.subject),
        ingress: side(&policy.ingress),
        egress: side(&policy.egress),
        span: object.whole(),
    }
}

/// A rule with an unknown peer fails closed as a whole: it accepts nothing, or denies everything
/// (A12).
fn closed(rule: Rule) -> Rule {
    let accepts = rule.action == Action::Accept;
    Rule {
        action: if accepts { rule.action } else { Action::Deny },
        peers: if accepts {
            Match::Only(Vec::new())
        } else {
            Match::Any
        },
        ports: Match::Any,
        ..rule
    }
}

struct Lowering<'a> {
    object: &'a Object,
    kind: Kind,
    assumptions: Assumptions,
}

impl Lowering<'_> {
    fn rule(&self, rule: &read::Rule) -> Rule {
        let item = |(peer, mark): &(read::Peer, Mark)| PeerItem {
            peer: self.peer(peer),
            span: self.object.span(*mark),
        };
        let ports = rule.ports.as_ref().map(|ports| {
            let item = |(port, mark): &(crate::policy::PortMatch, Mark)| PortItem {
                port: port.clone(),
                span: self.object.span(*mark),
            };
            Match::Only(ports.iter().map(item).collect())
        });
        let plain = Rule {
            name: rule.name.clone(),
            action: rule.action,
            subject: None,
            peers: Match::Only(rule.peers.iter().map(item).collect()),
            ports: ports.unwrap_or(Match::Any),
            conditions: Vec::new(),
            met_by: Vec::new(),
            index: 0,
            except: Vec::new(),
            span: self.object.span(rule.mark),
        };
        let unknown = |(peer, _): &(read::Peer, Mark)| matches!(peer, read::Peer::Unknown);
        match rule.peers.iter().any(unknown) {
            true => closed(plain),
            false => plain,
        }
    }

    fn peer(&self, peer: &read::Peer) -> Peer {
        match peer {
            read::Peer::Pods(pods) => self.pods(pods),
            read::Peer::Networks(networks) => {
                let blocks = networks.iter().filter_map(|text| cidr::parse(text).ok());
                let blocks: Vec<_> = blocks.map(|block| block.net).collect();
                let all = blocks.iter().map(|net| IpSet::net(*net));
                let all = all.fold(IpSet::empty(), |all, net| all.union(&net));
                let mut any: Vec<Peer> = blocks.into_iter().flat_map(|b| self.block(b)).collect();
                // Whatever address a domain name has, it is in all of them.
                if all == IpSet::all() {
                    any.push(Peer::Not(Box::new(Peer::Pods)));
                }
                Peer::AnyOf(any)
            }
            read::Peer::Nodes(nodes) => {
                let labels = self.labels(nodes);
                labels.map_or(Peer::Nothing, |labels| self.assumptions.nodes(labels))
            }
            read::Peer::Domains(names) => {
                let patterns = names.iter().map(|name| DomainPattern::subdomains(name));
                Peer::AnyOf(patterns.map(Peer::Domain).collect())
            }
            read::Peer::Unknown => Peer::Nothing,
        }
    }

    /// Pods, but never those of the host network (A5).
    fn pods(&self, pods: &Pods) -> Peer {
        let mut all = vec![Peer::Pods, Peer::Not(Box::new(Peer::HostNetwork))];
        for (written, leaf) in [
            (&pods.namespaces, Peer::NamespaceLabels as fn(_) -> Peer),
            (&pods.pods, Peer::PodLabels as fn(_) -> Peer),
        ] {
            if let Some(written) = written {
                all.push(self.labels(written).map_or(Peer::Nothing, leaf));
            }
        }
        Peer::All(all)
    }

    /// The schema accepts selectors that selector parsers refuse; these match nothing.
    fn labels(&self, written: &selector::LabelSelector) -> Option<crate::sets::Selector> {
        let mut refusals = Refusals::new(self.object);
        selector::validate(written, "", &mut refusals);
        refusals.found.is_empty().then(|| selector::lower(written))
    }

    /// `networks` (A6), under each value of the assumption `pod-addresses`.
    fn block(&self, net: ipnet::IpNet) -> Vec<Peer> {
        let block = self.assumptions.block(IpSet::net(net));
        let whole = self.kind == Kind::Cluster && net.prefix_len() == 0;
        if !whole || self.assumptions.pod_addresses != PodAddresses::Unknown {
            return vec![block];
        }
        let of_family = match net {
            ipnet::IpNet::V4(_) => Peer::PodsIpv4,
            ipnet::IpNet::V6(_) => Peer::PodsIpv6,
        };
        let pods = match self.assumptions.host_network {
            HostNetwork::Pods => of_family,
            // Host-network pods judged as their node have the node's addresses, which the block matches.
            HostNetwork::Nodes => {
                Peer::All(vec![of_family, Peer::Not(Box::new(Peer::HostNetwork))])
            }
        };
        vec![block, pods]
    }
}
