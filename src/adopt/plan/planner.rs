//! Draws what a policy selects and allows as ends and ports.

use ipnet::IpNet;

use super::{DrawnAs, Identities, Part, equal};
use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::model::dns::Resolver;
use crate::model::validate::united;
use crate::model::{FlowPort, NamespaceId, Network, WorkloadId};
use crate::plan::context::Context;
use crate::policy::{
    Accounts, Direction, Entity, Match, PlanNamespaces, PlanPeer, PortMatch, RaisedRule, Target,
};
use crate::sets::{LabelOp, LabelSet, Selector};

/// Draws the subject and the rules of a policy.
pub(super) struct Planner<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) known: &'a Identities,
    pub(super) namespace: NamespaceId,
    pub(super) resolver: Resolver,
    /// The dialect of the policy, if policies can be written in that.
    pub(super) target: Option<Target>,
}

impl Planner<'_> {
    /// The workloads of its namespace that a selector consists of. Those that run as one account may run as another.
    pub(super) fn workloads(&self, subject: &Selector, accounts: &Accounts) -> Vec<WorkloadId> {
        if !accounts.is_any() {
            return Vec::new();
        }
        let subject = LabelSet::from(subject);
        let all = self.known.0.get(&self.namespace).into_iter().flatten();
        let within: Vec<_> = all.filter(|(_, own)| own.is_subset(&subject)).collect();
        let union = LabelSet::union_of(within.iter().map(|(_, own)| own));
        match subject.is_subset(&union) {
            true => within.into_iter().map(|(id, _)| *id).collect(),
            false => Vec::new(),
        }
    }

    pub(super) fn rule(&self, rule: &RaisedRule) -> Vec<Part> {
        let (direction, ports) = (rule.direction, ports(&rule.ports));
        let (mut networks, mut names): (Vec<Network>, Vec<String>) = (Vec::new(), Vec::new());
        let mut ends = Vec::new();
        for peer in rule.peers.listed() {
            match peer {
                PlanPeer::Pods(namespaces, pods) => {
                    let (namespaces, any) = (self.namespaces(namespaces), Accounts::default());
                    ends.extend(self.pods(namespaces, pods.clone(), any));
                }
                PlanPeer::Accounts(namespaces, pods, accounts) => {
                    let namespaces = self.namespaces(namespaces);
                    ends.extend(self.pods(namespaces, pods.clone(), accounts.clone()));
                }
                PlanPeer::Block(network) | PlanPeer::Node(network) => {
                    let network = in_order(network);
                    if !networks.contains(&network) {
                        networks.push(network);
                    }
                }
                PlanPeer::Domain(name) => names.push(name.clone()),
                PlanPeer::Entity(entity) => ends.push(DrawnAs::Entity(*entity)),
            }
        }
        let dns = direction == Direction::Egress
            && names.is_empty()
            && self.is_dns(rule.peers.listed(), &networks, &ports);
        let has_names = ports.iter().any(|port| matches!(port, FlowPort::Named(..)));
        match rule.peers == Match::Any {
            // Blocks match no nodes there.
            true if self.target == Some(Target::Cilium) && !has_names => {
                ends.extend([Entity::Cluster, Entity::World].map(DrawnAs::Entity));
            }
            true => {
                ends.push(DrawnAs::AnyPod);
                networks = everywhere();
            }
            false => {}
        }
        // Ports of a rule for DNS that have nothing to do with that are drawn apart.
        let of_dns = |port: &FlowPort| dns && self.resolver.ports.contains(port);
        let (resolving, other): (Vec<FlowPort>, Vec<FlowPort>) =
            ports.into_iter().partition(of_dns);
        // An address has no port names: towards it they allow nothing.
        let mut numbered = other.clone();
        numbered
            .retain(|port| direction == Direction::Ingress || !matches!(port, FlowPort::Named(..)));
        let mut found = Vec::new();
        let mut add = |other: &DrawnAs, ports: &[FlowPort], dns| {
            if !ports.is_empty() {
                found.push(Part {
                    direction,
                    other: other.clone(),
                    ports: ports.to_vec(),
                    dns,
                });
            }
        };
        for end in &ends {
            add(end, &resolving, true);
            add(end, &other, false);
        }
        if !networks.is_empty() || !names.is_empty() {
            names.sort();
            names.dedup();
            let outside = DrawnAs::Outside { networks, names };
            add(&outside, &resolving, true);
            add(&outside, &numbered, false);
        }
        found
    }

    /// The rules with those in one that let names be resolved by pods and by a node-local cache: some policies have a rule
    /// for each. The rules of one policy add up, so rules with the same ports may share their peers.
    pub(super) fn with_dns_in_one(&self, rules: Vec<RaisedRule>) -> Vec<RaisedRule> {
        if self.resolver.networks.is_empty() {
            return rules;
        }
        let mut found: Vec<RaisedRule> = Vec::new();
        for rule in rules {
            let own = ports(&rule.ports);
            let resolves = rule.direction == Direction::Egress
                && self.resolver.ports.iter().all(|port| own.contains(port));
            let same = |known: &&mut RaisedRule| {
                known.direction == rule.direction && ports(&known.ports) == own
            };
            let known = found.iter_mut().find(same).filter(|_| resolves);
            match known.map(|known| &mut known.peers) {
                Some(Match::Only(all)) => match rule.peers {
                    Match::Only(more) => all.extend(more),
                    Match::Any => found.push(rule),
                },
                _ => found.push(rule),
            }
        }
        found
    }

    /// Whether a rule with these peers lets names be resolved as the project's DNS policies do, at least.
    fn is_dns(&self, peers: &[PlanPeer], networks: &[Network], ports: &[FlowPort]) -> bool {
        let resolver = &self.resolver;
        let mut pods = peers.iter().filter_map(|peer| match peer {
            PlanPeer::Pods(namespaces, labels) => Some((namespaces, labels)),
            PlanPeer::Accounts(..)
            | PlanPeer::Block(_)
            | PlanPeer::Node(_)
            | PlanPeer::Domain(_)
            | PlanPeer::Entity(_) => None,
        });
        let (Some((namespaces, labels)), None) = (pods.next(), pods.next()) else {
            return false;
        };
        let namespaces = self.namespaces(namespaces);
        resolver.ports.iter().all(|port| ports.contains(port))
            && networks.len() == resolver.networks.len()
            && networks.iter().all(|n| resolver.networks.contains(n))
            && equal(&namespaces, &resolver.namespaces)
            && equal(labels, &resolver.pods)
    }

    fn namespaces(&self, namespaces: &PlanNamespaces) -> Selector {
        match namespaces {
            PlanNamespaces::Own => self.own_namespace(),
            PlanNamespaces::Named(name) => Selector::label(NAMESPACE_NAME_LABEL, name),
            PlanNamespaces::Labelled(selector) => selector.clone(),
        }
    }

    pub(super) fn own_namespace(&self) -> Selector {
        let name = self.context.namespace_name(self.namespace);
        Selector::label(NAMESPACE_NAME_LABEL, name)
    }

    /// Pods by labels and service accounts, in namespaces by labels, as a workload or a namespace if they are just that;
    /// none if there can be no such pods.
    pub(super) fn pods(
        &self,
        namespaces: Selector,
        pods: Selector,
        accounts: Accounts,
    ) -> Option<DrawnAs> {
        let (within, labels) = (LabelSet::from(&namespaces), LabelSet::from(&pods));
        if within.is_empty() || labels.is_empty() {
            return None;
        }
        if !accounts.is_any() {
            return Some(DrawnAs::Pods {
                namespaces,
                pods,
                accounts,
            });
        }
        if within.is_all() && labels.is_all() {
            return Some(DrawnAs::AnyPod);
        }
        if let Some(namespace) = self.namespace_meant(&namespaces, &within) {
            if labels.is_all() {
                return Some(DrawnAs::AnyPodOf(namespace));
            }
            let workloads = self.known.0.get(&namespace).into_iter().flatten();
            let mut same = workloads
                .filter(|(_, own)| own.is_subset(&labels) && labels.is_subset(own))
                .map(|(id, _)| *id);
            if let Some(id) = same.next() {
                return Some(DrawnAs::Workload(id));
            }
        }
        Some(DrawnAs::Pods {
            namespaces,
            pods,
            accounts,
        })
    }

    fn namespace_meant(&self, selector: &Selector, within: &LabelSet) -> Option<NamespaceId> {
        let name = selector.requirements.iter().find_map(|r| match &r.op {
            LabelOp::In(values) if r.key == NAMESPACE_NAME_LABEL && values.len() == 1 => {
                values.first()
            }
            _ => None,
        })?;
        let named = LabelSet::from(&Selector::label(NAMESPACE_NAME_LABEL, name));
        let id = self.context.document.namespace_named(name)?;
        named.is_subset(within).then_some(id)
    }
}

/// Both address families.
fn everywhere() -> Vec<Network> {
    let all = ["0.0.0.0/0", "::/0"].into_iter();
    all.filter_map(|text| text.parse::<IpNet>().ok())
        .map(|cidr| Network {
            cidr,
            except: Vec::new(),
        })
        .collect()
}

/// The network with its exceptions sorted, each once.
fn in_order(network: &Network) -> Network {
    let mut network = network.clone();
    network.except.sort();
    network.except.dedup();
    network
}

fn ports(ports: &Match<PortMatch>) -> Vec<FlowPort> {
    let Match::Only(items) = ports else {
        return vec![FlowPort::Any];
    };
    let one = |item: &PortMatch| match item {
        PortMatch::Range {
            protocol,
            first,
            last,
        } => Some(FlowPort::Range(*protocol, *first, *last)),
        PortMatch::Named { protocol, name } => Some(FlowPort::Named((*protocol)?, name.clone())),
        PortMatch::FromNamed { .. } => None,
        PortMatch::AllPorts(protocol) => Some(FlowPort::All(*protocol)),
    };
    united(items.iter().filter_map(one).collect())
}
