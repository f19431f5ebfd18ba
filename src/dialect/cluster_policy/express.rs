//! Splits a planned policy into cluster-wide policies and the losses that their API cannot express. Never widens: peers
//! that cannot be expressed are omitted, and rules that have no peers left.
//!
//! A planned policy isolates pods and allows, as a NetworkPolicy does; these policies isolate nothing (A1), and their
//! rules have an order. So it becomes policies that only allow and one that only denies, and all that allow come before
//! all that deny: among the written ones no order matters but that, and one priority for each of the two is enough.
//!
//! ClusterNetworkPolicy allows in the Admin tier and denies in the Baseline tier. Between the two are NetworkPolicies,
//! which add to what is drawn, and isolate in addition, exactly as they do beside generated NetworkPolicies. With both in
//! the Baseline tier, any NetworkPolicy that selects a pod would close every flow that is drawn for it; with both in the
//! Admin tier, it could open nothing. Each is the last of its tier, so that whatever an administrator puts there
//! comes first.
//!
//! `v1alpha1` has no Baseline tier but the one object `default`, whose one subject has to be isolated in the same directions
//! everywhere, and which a cluster may have for its own purposes. So AdminNetworkPolicy denies in the Admin tier, too: what
//! is isolated is decided there, and NetworkPolicies open nothing in addition. The priorities are the last two that
//! OVN-Kubernetes accepts, which has 0 to 99. Beside other policies that are as late, they are later ones; in the Baseline
//! tier, the one before theirs.
//!
//! A cluster-wide policy has no namespace: its name is `NAMESPACE.NAME.allow` or `NAMESPACE.NAME.deny`, which no two
//! planned policies share, as namespaces have no dots. The name of one for several namespaces has no namespace in it. Where
//! the rules of a planned policy deny, the policy that isolates its pods is `NAMESPACE.NAME.isolate`.
//!
//! Ingress rules match pods only (A5), so that nothing denies or allows ingress from outside the cluster.

mod ordered;
#[cfg(test)]
mod tests;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

pub(super) use ordered::{ordered_admin, ordered_cluster};

use super::api::{ADMIN, Api, CLUSTER, Place};
use super::read::domain_name;
use super::write::{Peer, Policy, Port, Rule, write};
use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::dialect::writing::{
    account_losses, http_losses, is_named, join, label_selector, losses, object_meta, peer_losses,
    selector_losses, subject_losses, type_losses, world,
};
use crate::dialect::{Expressed, Text};
use crate::policy::{
    Action, Direction, Entity, FlowKey, Loss, Match, Network, Part, PlanNamespaces, PlanPeer,
    PlanPolicy, PlanRule, PortMatch, Resolution, Role,
};
use crate::sets::{IpSet, Selector};

/// Most networks or domain names of one peer.
const MOST_NAMES: usize = 25;

/// Writes a planned policy as AdminNetworkPolicies. None: nothing of it can be expressed.
pub(super) fn admin(plan: &PlanPolicy, _: Resolution) -> Expressed {
    express(&ADMIN, plan)
}

/// The same as ClusterNetworkPolicies.
pub(super) fn cluster(plan: &PlanPolicy, _: Resolution) -> Expressed {
    express(&CLUSTER, plan)
}

fn express(api: &Api, plan: &PlanPolicy) -> Expressed {
    let mut lost = Vec::new();
    let own = match &plan.across {
        Some(namespaces) => label_selector(namespaces),
        None => Some(in_namespace(&plan.namespace)),
    };
    let Some(subject) = own.and_then(|own| pods(own, &plan.subject)) else {
        let rules = plan.rules.iter();
        lost.extend(rules.flat_map(|rule| selector_losses(rule, &plan.subject)));
        return (None, lost);
    };
    if !plan.accounts.is_any() {
        lost.extend(subject_losses(plan, api.kind));
        return (None, lost);
    }
    let mut rules = Vec::new();
    for rule in &plan.rules {
        let action = match plan.role {
            Role::Deny => Action::Deny,
            _ => Action::Accept,
        };
        let writing = Writing {
            api,
            kind: api.kind,
            namespace: &plan.namespace,
            action,
            name: None,
            // Meant for rules that allow (A8).
            has_names: action == Action::Accept,
            is_converted: false,
            rule,
        };
        match http_losses(rule, &format!("{} has no HTTP rules", api.kind)) {
            none if none.is_empty() => rules.extend(writing.rules(&mut lost)),
            found => lost.extend(found),
        }
    }
    let mut texts = of_rules(api, plan, &subject, &rules);
    if plan.isolates {
        let denials: Vec<Rule> = plan.directions.iter().map(|d| denial(*d)).collect();
        let end = match plan.role {
            Role::Deny => "isolate",
            _ => "deny",
        };
        let name = format!("{}.{end}", base_name(plan));
        texts.push(text(api, plan, api.denying, name, &subject, &denials));
    }
    (join(texts), lost)
}

/// What the names of the policies that a planned one becomes begin with.
fn base_name(plan: &PlanPolicy) -> String {
    match plan.across {
        Some(_) => plan.name.clone(),
        None => format!("{}.{}", plan.namespace, plan.name),
    }
}

/// The policies with the rules of a planned one: more than one only where there are more rules than one may have.
fn of_rules<'a>(api: &Api, plan: &PlanPolicy, subject: &Peer, rules: &[Rule<'a>]) -> Vec<Text> {
    let of = |direction| rules.iter().filter(move |rule| rule.direction == direction);
    let [ingress, egress] = Direction::BOTH.map(|d| of(d).cloned().collect::<Vec<Rule<'a>>>());
    let count = ingress.len().max(egress.len()).div_ceil(api.most);
    let (place, action) = match plan.role {
        Role::Deny => (api.overriding, "deny"),
        _ => (api.allowing, "allow"),
    };
    let one = |at: usize| {
        let parts = [&ingress, &egress].map(|rules| rules.chunks(api.most).nth(at));
        let rules: Vec<Rule> = parts.into_iter().flatten().flatten().cloned().collect();
        let mut name = format!("{}.{action}", base_name(plan));
        if at > 0 {
            name = format!("{name}-{}", at + 1);
        }
        text(api, plan, place, name, subject, &rules)
    };
    (0..count).map(one).collect()
}

fn text(
    api: &Api,
    plan: &PlanPolicy,
    place: Place,
    name: String,
    subject: &Peer,
    rules: &[Rule],
) -> Text {
    let mut metadata = object_meta(plan);
    (metadata.namespace, metadata.name) = (None, Some(name));
    let flows: Vec<&[FlowKey]> = rules.iter().map(|rule| rule.flows).collect();
    let policy = Policy {
        api,
        kind: api.kind,
        metadata,
        comment: &plan.comment,
        place: api.among(place, plan.beside),
        subject,
        rules,
    };
    Text::new(write(&policy), &flows)
}

/// Denies everything that can be matched in a direction.
fn denial(direction: Direction) -> Rule<'static> {
    Rule {
        direction,
        comments: &[],
        flows: &[],
        action: Action::Deny,
        name: None,
        peers: everything(direction),
        ports: Vec::new(),
    }
}

/// Every peer: all pods, and towards outside all addresses.
fn everything(direction: Direction) -> Vec<Peer> {
    let pods = Peer::Namespaces(LabelSelector::default());
    let all = [Ipv4Net::default().into(), Ipv6Net::default().into()];
    match direction {
        Direction::Ingress => vec![pods],
        Direction::Egress => vec![pods, Peer::Networks(all.to_vec())],
    }
}

/// The rules that a planned one becomes.
struct Writing<'a> {
    api: &'a Api,
    /// The kind that is written.
    kind: &'static str,
    /// What [`PlanNamespaces::Own`] is.
    namespace: &'a str,
    action: Action,
    /// The rule's own name.
    name: Option<&'a str>,
    /// Whether domain names may be written.
    has_names: bool,
    /// Whether the rule is that of a policy of the other version.
    is_converted: bool,
    rule: &'a PlanRule,
}

impl<'a> Writing<'a> {
    fn rules(&self, lost: &mut Vec<Loss>) -> Vec<Rule<'a>> {
        let peers = match &self.rule.peers {
            Match::Any => everything(self.rule.direction),
            Match::Only(listed) => self.peers(listed, lost),
        };
        let ports = match &self.rule.ports {
            Match::Any => None,
            Match::Only(ports) => Some(self.ports(ports, lost)),
        };
        let named = |ports: &[Port]| ports.iter().any(|port| matches!(port, Port::Named(_)));
        // Port names belong to pods, and the API accepts them with no other peers (A10).
        let groups = match ports {
            Some(ports) if named(&ports) => {
                let (pods, others) = peers.into_iter().partition(Peer::is_pods);
                let numbers = ports.iter().filter(|port| !matches!(port, Port::Named(_)));
                let numbers = Some(numbers.cloned().collect());
                vec![(pods, Some(ports)), (others, numbers)]
            }
            ports => vec![(peers, ports)],
        };
        let mut comments: &[String] = &self.rule.comments;
        let mut rules = Vec::new();
        for (peers, ports) in groups {
            let ports: Vec<Vec<Port>> = match ports {
                None => vec![Vec::new()],
                Some(ports) => ports.chunks(self.api.most).map(<[Port]>::to_vec).collect(),
            };
            for peers in peers.chunks(self.api.most) {
                rules.extend(ports.iter().map(|ports| Rule {
                    direction: self.rule.direction,
                    // Once, above the first.
                    comments: std::mem::take(&mut comments),
                    flows: &self.rule.flows,
                    action: self.action,
                    name: self.name,
                    peers: peers.to_vec(),
                    ports: ports.clone(),
                }));
            }
        }
        rules
    }

    /// The ports that can be expressed. A port name has no protocol here, so that one of TCP alone would be widened to
    /// pods that declare it for UDP (A10).
    fn ports(&self, listed: &[PortMatch], lost: &mut Vec<Loss>) -> Vec<Port> {
        let mut found = Vec::new();
        for port in listed {
            if port.has_types() {
                lost.extend(type_losses(self.rule, port, self.kind));
                continue;
            }
            found.push(match port {
                PortMatch::AllPorts(protocol) => Port::Range(*protocol, 1, u16::MAX),
                PortMatch::Range {
                    protocol,
                    first,
                    last,
                } => Port::Range(*protocol, *first, *last),
                PortMatch::Named {
                    protocol: None,
                    name,
                } => Port::Named(name.clone()),
                PortMatch::Named {
                    protocol: Some(protocol),
                    name,
                }
                | PortMatch::FromNamed { protocol, name, .. } => {
                    let why = format!(
                        "a port name of {} means every protocol that a pod declares it for",
                        self.kind
                    );
                    let part = Part::Port(format!("{}/{name}", protocol.name()));
                    lost.extend(losses(self.rule, &part, &why, "use the port number"));
                    continue;
                }
            });
        }
        found
    }

    fn peers(&self, listed: &[PlanPeer], lost: &mut Vec<Loss>) -> Vec<Peer> {
        let mut found = Vec::new();
        let (mut networks, mut names) = (Vec::new(), Vec::new());
        if self.rule.direction == Direction::Ingress {
            lost.extend(self.outside_losses(listed));
        } else {
            let is_lost = match self.has_names {
                false => is_named,
                true => |peer: &PlanPeer| is_named(peer) && !matches!(peer, PlanPeer::Domain(_)),
            };
            // A rule that allows may name domains (A8).
            let dialect = match self.action {
                Action::Deny => format!("a rule of {} that denies", self.kind),
                Action::Accept | Action::Pass => self.kind.to_owned(),
            };
            lost.extend(peer_losses(self.rule, &dialect, is_lost));
        }
        for peer in listed {
            match peer {
                PlanPeer::Pods(namespaces, selector) => match self.pods(namespaces, selector) {
                    Ok(peer) => found.push(peer),
                    Err(selector) => lost.extend(selector_losses(self.rule, selector)),
                },
                PlanPeer::Accounts(..) => lost.extend(account_losses(self.rule, self.kind)),
                _ if self.rule.direction == Direction::Ingress => {}
                PlanPeer::Entity(Entity::World) => {
                    for network in &world() {
                        match self.blocks(network) {
                            Ok(blocks) => networks.extend(blocks),
                            Err(losses) => lost.extend(losses),
                        }
                    }
                }
                PlanPeer::Entity(_) => {}
                PlanPeer::Domain(_) if !self.has_names => {}
                PlanPeer::Block(network) | PlanPeer::Node(network) => match self.blocks(network) {
                    Ok(blocks) => networks.extend(blocks),
                    Err(losses) => lost.extend(losses),
                },
                PlanPeer::Domain(text) => match domain_name(text) {
                    Some(name) => names.push(name),
                    None => lost.extend(losses(
                        self.rule,
                        &Part::Domain(text.clone()),
                        &format!("`{text}` is not a domain name of two labels or more"),
                        "write a name such as api.example.com, or *.example.com",
                    )),
                },
            }
        }
        // The API rejects duplicates.
        networks.sort_unstable();
        networks.dedup();
        names.sort_unstable();
        names.dedup();
        found.extend(
            networks
                .chunks(MOST_NAMES)
                .map(|n| Peer::Networks(n.to_vec())),
        );
        found.extend(names.chunks(MOST_NAMES).map(|n| Peer::Domains(n.to_vec())));
        found
    }

    fn pods<'s>(
        &self,
        namespaces: &'s PlanNamespaces,
        pods: &'s Selector,
    ) -> Result<Peer, &'s Selector> {
        let namespaces = match namespaces {
            PlanNamespaces::Own => in_namespace(self.namespace),
            PlanNamespaces::Named(name) => in_namespace(name),
            PlanNamespaces::Labelled(labels) => label_selector(labels).ok_or(labels)?,
        };
        self::pods(namespaces, pods).ok_or(pods)
    }

    /// The blocks of a network without its exceptions. Err: one of all addresses, which for certain is that of pods, too, in
    /// one version of the API (A6) and not in the other.
    fn blocks(&self, network: &Network) -> Result<Vec<IpNet>, Vec<Loss>> {
        let blocks = IpSet::block(network.cidr, &network.except).cidrs();
        let is_whole = blocks.iter().any(|block| block.prefix_len() == 0);
        if !is_whole || self.rule.peers.listed().iter().any(PlanPeer::is_all_pods) {
            return Ok(blocks);
        }
        let (kind, cidr) = (self.kind, network.cidr);
        let what = match (self.api.protocols, self.is_converted) {
            (true, _) => "match pods, too, and every pod is in",
            (false, true) => "need not match pods, and in the other version every pod is in",
            (false, false) => return Ok(blocks),
        };
        let why = format!("`networks` of {kind} {what} `{cidr}`");
        let help = match self.is_converted {
            true => "write `namespaces: {}` beside the networks",
            false => "except the addresses of pods, or allow all pods as well",
        };
        Err(losses(
            self.rule,
            &Part::Network(network.clone()),
            &why,
            help,
        ))
    }

    /// What is not pods, in an ingress rule (A5).
    fn outside_losses(&self, listed: &[PlanPeer]) -> Vec<Loss> {
        let pods = |peer: &PlanPeer| matches!(peer, PlanPeer::Pods(..) | PlanPeer::Accounts(..));
        if listed.iter().all(pods) {
            return Vec::new();
        }
        let (kind, other) = (self.kind, &self.rule.other);
        let why = format!(
            "{kind} matches no ingress from outside the cluster or from nodes, so it neither allows nor denies that of `{other}`"
        );
        let help = "write NetworkPolicy, Cilium or Calico instead, or add a NetworkPolicy for this ingress";
        losses(self.rule, &Part::Gate(Direction::Ingress), &why, help)
    }
}

/// The selector of the namespace of this name.
fn in_namespace(name: &str) -> LabelSelector {
    let label = (NAMESPACE_NAME_LABEL.to_owned(), name.to_owned());
    LabelSelector {
        match_labels: Some([label].into()),
        match_expressions: None,
    }
}

/// Pods by namespace and labels; none if the API's label selectors cannot express it.
fn pods(namespaces: LabelSelector, pods: &Selector) -> Option<Peer> {
    Some(match pods.is_everything() {
        true => Peer::Namespaces(namespaces),
        false => Peer::Pods(namespaces, label_selector(pods)?),
    })
}
