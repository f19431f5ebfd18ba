//! Splits a planned policy into a NetworkPolicy and the losses that NetworkPolicy cannot express. Never widens:
//! peers that cannot be expressed are omitted, and rules that have no peers left.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::write::{self, Comments, label_selector};
use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::diag::Severity;
use crate::dialect::Text;
use crate::policy::{
    Direction, FlowKey, Loss, Match, Network, Part, PlanNamespaces, PlanPeer, PlanPolicy, PlanRule,
    PortMatch,
};
use crate::sets::{Protocol, Selector};

/// Writes a planned policy. None: nothing of it can be expressed.
pub(crate) fn express(plan: &PlanPolicy) -> (Option<Text>, Vec<Loss>) {
    let mut losses = Vec::new();
    let Some(subject) = label_selector(&plan.subject) else {
        for rule in &plan.rules {
            losses.extend(selector_losses(rule, &plan.subject));
        }
        return (None, losses);
    };
    let mut rules = Vec::new();
    for rule in &plan.rules {
        rules.extend(peers(rule, &mut losses).map(|peers| (rule, peers)));
    }
    if rules.is_empty() && !plan.isolates {
        return (None, losses);
    }
    (Some(text(plan, subject, rules)), losses)
}

type Expressed<'a> = (&'a PlanRule, Vec<NetworkPolicyPeer>);

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
    for (rule, peers) in rules {
        let ports = ports(&rule.ports);
        match rule.direction {
            Direction::Ingress => {
                into.push(&rule.flows);
                comments.ingress.push(rule.comments.clone());
                let rule = NetworkPolicyIngressRule {
                    from: Some(peers),
                    ports,
                };
                spec.ingress.get_or_insert_default().push(rule);
            }
            Direction::Egress => {
                out.push(&rule.flows);
                comments.egress.push(rule.comments.clone());
                let rule = NetworkPolicyEgressRule {
                    to: Some(peers),
                    ports,
                };
                spec.egress.get_or_insert_default().push(rule);
            }
        }
    }
    let policy = NetworkPolicy {
        metadata: metadata(plan),
        spec: Some(spec),
    };
    let written = write::write(&policy, &comments);
    let ingress = written.ingress.into_iter().zip(into);
    let egress = written.egress.into_iter().zip(out);
    let each = |(range, flows): (RangeInclusive<u32>, &Vec<FlowKey>)| {
        let flows: Vec<_> = flows.iter().map(|flow| (range.clone(), *flow)).collect();
        flows
    };
    Text {
        text: written.text,
        lines: ingress.chain(egress).flat_map(each).collect(),
    }
}

fn metadata(plan: &PlanPolicy) -> ObjectMeta {
    ObjectMeta {
        name: Some(plan.name.clone()),
        namespace: Some(plan.namespace.clone()),
        labels: Some(plan.labels.clone()),
        annotations: (!plan.annotations.is_empty()).then(|| plan.annotations.clone()),
        ..ObjectMeta::default()
    }
}

/// The peers of a rule that can be expressed; none if there are none, because an empty list matches
/// everything (K7).
fn peers(rule: &PlanRule, losses: &mut Vec<Loss>) -> Option<Vec<NetworkPolicyPeer>> {
    let names_alone = (rule.peers.iter()).all(|peer| matches!(peer, PlanPeer::Domain(_)));
    if names_alone {
        let other = &rule.other;
        let why = format!("`{other}` has only a domain name, which NetworkPolicy cannot express");
        let help = "add its networks";
        losses.extend(each_flow(rule, &Part::Flow, &why, help));
        return None;
    }
    let mut peers = Vec::new();
    for planned in &rule.peers {
        match planned {
            PlanPeer::Block(network) => peers.push(block(network)),
            PlanPeer::Domain(name) => {
                let part = Part::Domain(name.clone());
                let help = "use externals with networks instead";
                let why = "NetworkPolicy has no domain names";
                losses.extend(each_flow(rule, &part, why, help));
            }
            PlanPeer::Pods(namespaces, pods) => match by_labels(namespaces, pods) {
                Ok(peer) => peers.push(peer),
                Err(selector) => losses.extend(selector_losses(rule, selector)),
            },
        }
    }
    (!peers.is_empty()).then_some(peers)
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

fn selector_losses(rule: &PlanRule, selector: &Selector) -> Vec<Loss> {
    let why = format!(
        "the selector `{selector}` of `{}` is not valid in the API",
        rule.other
    );
    each_flow(rule, &Part::Gate(rule.direction), &why, "use exact values").collect()
}

fn each_flow<'a>(
    rule: &'a PlanRule,
    part: &'a Part,
    why: &'a str,
    help: &'a str,
) -> impl Iterator<Item = Loss> + 'a {
    rule.flows.iter().map(|flow| Loss {
        flow: *flow,
        part: part.clone(),
        severity: Severity::Warning,
        why: why.to_owned(),
        help: Some(help.to_owned()),
    })
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
