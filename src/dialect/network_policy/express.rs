//! Splits a planned policy into a NetworkPolicy and the losses that NetworkPolicy cannot express. Never widens:
//! peers that cannot be expressed are omitted, and rules that have no peers left.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::write::{self, Comments};
use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::dialect::Text;
use crate::dialect::writing::{
    account_losses, deny_losses, http_losses, is_named, label_selector, object_meta, peer_losses,
    selector_losses, subject_losses, type_losses, world,
};
use crate::policy::{
    Direction, Entity, Loss, Match, Network, PlanNamespaces, PlanPeer, PlanPolicy, PlanRule,
    PortMatch, Resolution, Role,
};
use crate::sets::{Protocol, Selector};

/// Why no policy of the Admin tier becomes a NetworkPolicy.
pub(super) const NO_ORDER: &str =
    "a NetworkPolicy isolates the pods that it selects and allows, and cannot deny or pass";

/// Writes a planned policy. None: nothing of it can be expressed.
pub(crate) fn express(plan: &PlanPolicy, _: Resolution) -> (Option<Text>, Vec<Loss>) {
    if plan.role == Role::Deny {
        return (None, deny_losses(plan, "NetworkPolicy"));
    }
    let mut losses = Vec::new();
    let Some(subject) = label_selector(&plan.subject) else {
        for rule in &plan.rules {
            losses.extend(selector_losses(rule, &plan.subject));
        }
        return (None, losses);
    };
    if !plan.accounts.is_any() {
        losses.extend(subject_losses(plan, "NetworkPolicy"));
        return (None, losses);
    }
    let mut rules = Vec::new();
    for rule in &plan.rules {
        match http_losses(rule, "NetworkPolicy has no HTTP rules") {
            none if none.is_empty() => {
                let ports = with_numbers(rule, &mut losses);
                let peers = peers(rule, &mut losses);
                rules.extend(peers.zip(ports).map(|(peers, ports)| (rule, peers, ports)));
            }
            found => losses.extend(found),
        }
    }
    if rules.is_empty() && !plan.isolates {
        return (None, losses);
    }
    (Some(text(plan, subject, rules)), losses)
}

type Expressed<'a> = (&'a PlanRule, Match<NetworkPolicyPeer>, Match<PortMatch>);

fn text(plan: &PlanPolicy, subject: LabelSelector, rules: Vec<Expressed>) -> Text {
    let mut comments = Comments {
        head: vec![plan.comment.clone()],
        ..Comments::default()
    };
    let mut spec = NetworkPolicySpec {
        pod_selector: Some(subject),
        policy_types: Some((plan.directions.iter().map(|d| d.name().to_owned())).collect()),
        ..NetworkPolicySpec::default()
    };
    let (mut into, mut out) = (Vec::new(), Vec::new());
    for (rule, peers, ports) in rules {
        let ports = self::ports(&ports);
        // Without a list it is every pod and address (K7).
        let peers = match peers {
            Match::Any => None,
            Match::Only(peers) => Some(peers),
        };
        match rule.direction {
            Direction::Ingress => {
                into.push(&*rule.flows);
                comments.ingress.push(rule.comments.clone());
                let rule = NetworkPolicyIngressRule { from: peers, ports };
                spec.ingress.get_or_insert_default().push(rule);
            }
            Direction::Egress => {
                out.push(&*rule.flows);
                comments.egress.push(rule.comments.clone());
                let rule = NetworkPolicyEgressRule { to: peers, ports };
                spec.egress.get_or_insert_default().push(rule);
            }
        }
    }
    let policy = NetworkPolicy {
        metadata: object_meta(plan),
        spec: Some(spec),
    };
    Text::new(write::write(&policy, &comments), &[into, out].concat())
}

/// The ports of a rule that are no types of ICMP; none if there are none, because an empty list matches everything (K9).
fn with_numbers(rule: &PlanRule, losses: &mut Vec<Loss>) -> Option<Match<PortMatch>> {
    let Match::Only(listed) = &rule.ports else {
        return Some(Match::Any);
    };
    let (types, ports): (Vec<_>, Vec<_>) = listed.iter().cloned().partition(PortMatch::has_types);
    let lost = types.iter();
    losses.extend(lost.flat_map(|port| type_losses(rule, port, "NetworkPolicy")));
    (!ports.is_empty()).then_some(Match::Only(ports))
}

/// The peers of a rule that can be expressed; none if there are none, because an empty list matches
/// everything (K7).
fn peers(rule: &PlanRule, losses: &mut Vec<Loss>) -> Option<Match<NetworkPolicyPeer>> {
    let Match::Only(listed) = &rule.peers else {
        return Some(Match::Any);
    };
    losses.extend(peer_losses(rule, "NetworkPolicy", is_named));
    let mut peers = Vec::new();
    for planned in listed {
        match planned {
            PlanPeer::Entity(Entity::World) => peers.extend(world().iter().map(block)),
            PlanPeer::Block(network) | PlanPeer::Node(network) => peers.push(block(network)),
            PlanPeer::Domain(_) | PlanPeer::Entity(_) => {}
            PlanPeer::Accounts(..) => losses.extend(account_losses(rule, "NetworkPolicy")),
            PlanPeer::Pods(namespaces, pods) => match by_labels(namespaces, pods) {
                Ok(peer) => peers.push(peer),
                Err(selector) => losses.extend(selector_losses(rule, selector)),
            },
        }
    }
    (!peers.is_empty()).then_some(Match::Only(peers))
}

fn by_labels<'a>(
    namespaces: &'a PlanNamespaces,
    pods: &'a Selector,
) -> Result<NetworkPolicyPeer, &'a Selector> {
    let selector = |selector: &'a Selector| label_selector(selector).ok_or(selector);
    let namespace_selector = match namespaces {
        PlanNamespaces::Own => None,
        PlanNamespaces::Named(name) => Some(by_name(name)),
        PlanNamespaces::Labelled(namespaces) => Some(selector(namespaces)?),
    };
    // One item: both have to match (K22). Pods alone are those of the own namespace (K20).
    let needed = namespace_selector.is_none() || !pods.is_everything();
    Ok(NetworkPolicyPeer {
        pod_selector: needed.then(|| selector(pods)).transpose()?,
        namespace_selector,
        ..NetworkPolicyPeer::default()
    })
}

fn by_name(namespace: &str) -> LabelSelector {
    let label = (NAMESPACE_NAME_LABEL.to_owned(), namespace.to_owned());
    LabelSelector {
        match_labels: Some(BTreeMap::from([label])),
        match_expressions: None,
    }
}

fn block(network: &Network) -> NetworkPolicyPeer {
    let except: Vec<String> = network.except.iter().map(ToString::to_string).collect();
    NetworkPolicyPeer {
        ip_block: Some(IPBlock {
            cidr: network.cidr.to_string(),
            except: (!except.is_empty()).then_some(except),
        }),
        ..NetworkPolicyPeer::default()
    }
}

fn ports(ports: &Match<PortMatch>) -> Option<Vec<NetworkPolicyPort>> {
    let item = |protocol: Protocol, port, end: Option<u16>| NetworkPolicyPort {
        protocol: Some(protocol.name().to_owned()),
        port,
        end_port: end.map(i32::from),
    };
    let one = |port: &PortMatch| match port {
        PortMatch::AllPorts(protocol) => item(*protocol, None, None),
        PortMatch::Range {
            protocol,
            first,
            last,
        } => {
            let port = IntOrString::Int(i32::from(*first));
            item(*protocol, Some(port), (last > first).then_some(*last))
        }
        // A range cannot start at a name here: the named port alone.
        PortMatch::FromNamed { protocol, name, .. } => {
            item(*protocol, Some(IntOrString::String(name.clone())), None)
        }
        PortMatch::Named { protocol, name } => {
            let port = IntOrString::String(name.clone());
            item(protocol.unwrap_or(Protocol::Tcp), Some(port), None)
        }
    };
    match ports {
        Match::Any => None,
        Match::Only(ports) => Some(ports.iter().map(one).collect()),
    }
}
