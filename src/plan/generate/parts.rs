//! The parts of a NetworkPolicy as the API's own types.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::dialect::network_policy::write::label_selector;
use crate::model::{FlowPort, NamespaceId, Network};
use crate::plan::context::Context;
use crate::plan::expressibility::Far;
use crate::sets::{PortSet, Protocol, Selector};

/// One rule of either direction.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) peers: Vec<NetworkPolicyPeer>,
    /// None: every port and protocol.
    pub(super) ports: Option<Vec<NetworkPolicyPort>>,
}

impl Rule {
    /// None where a list is empty: to the API an empty list means everything (K7, K8).
    pub(super) fn new(
        peers: Vec<NetworkPolicyPeer>,
        ports: Option<Vec<NetworkPolicyPort>>,
    ) -> Option<Self> {
        let nothing = peers.is_empty() || ports.as_ref().is_some_and(Vec::is_empty);
        (!nothing).then_some(Self { peers, ports })
    }
}

impl From<Rule> for NetworkPolicyIngressRule {
    fn from(rule: Rule) -> Self {
        Self {
            from: Some(rule.peers),
            ports: rule.ports,
        }
    }
}

impl From<Rule> for NetworkPolicyEgressRule {
    fn from(rule: Rule) -> Self {
        Self {
            to: Some(rule.peers),
            ports: rule.ports,
        }
    }
}

/// The peers of a rule in a policy of this namespace.
pub(super) fn peers(context: &Context, far: &Far, own: NamespaceId) -> Vec<NetworkPolicyPeer> {
    match far {
        Far::Named(namespace, pods) if *namespace == own => vec![NetworkPolicyPeer {
            pod_selector: Some(pods.map(selector).unwrap_or_default()),
            ..NetworkPolicyPeer::default()
        }],
        Far::Named(namespace, pods) => vec![NetworkPolicyPeer {
            namespace_selector: Some(by_name(context.namespace_name(*namespace))),
            pod_selector: pods.map(selector),
            ..NetworkPolicyPeer::default()
        }],
        Far::Labelled(namespaces, pods) => vec![labelled(namespaces, pods)],
        Far::Addresses(networks) => networks.iter().map(block).collect(),
    }
}

/// Pods by labels in namespaces by labels: one item, so that both must hold (K22).
pub(super) fn labelled(namespaces: &Selector, pods: &Selector) -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        namespace_selector: Some(selector(namespaces)),
        pod_selector: (!pods.is_everything()).then(|| selector(pods)),
        ..NetworkPolicyPeer::default()
    }
}

pub(super) fn by_name(namespace: &str) -> LabelSelector {
    LabelSelector {
        match_labels: Some(BTreeMap::from([(
            NAMESPACE_NAME_LABEL.to_owned(),
            namespace.to_owned(),
        )])),
        match_expressions: None,
    }
}

pub(super) fn block(network: &Network) -> NetworkPolicyPeer {
    let except: Vec<String> = network.except.iter().map(ToString::to_string).collect();
    NetworkPolicyPeer {
        ip_block: Some(IPBlock {
            cidr: network.cidr.to_string(),
            except: (!except.is_empty()).then_some(except),
        }),
        ..NetworkPolicyPeer::default()
    }
}

/// `say` has refused every selector that the API cannot hold.
pub(super) fn selector(selector: &Selector) -> LabelSelector {
    label_selector(selector).unwrap_or_else(|| by_name(""))
}

/// Ports united: overlapping and touching ranges become one, names that a whole protocol covers go.
pub(super) fn ports(ports: &[FlowPort]) -> Option<Vec<NetworkPolicyPort>> {
    if ports.contains(&FlowPort::Any) {
        return None;
    }
    let numbers: PortSet = ports.iter().filter_map(FlowPort::numbers).collect();
    let mut items = Vec::new();
    for protocol in Protocol::ALL {
        if numbers.has_all_of(protocol) {
            items.push(item(protocol, None, None));
            continue;
        }
        for (first, last) in numbers.ranges(protocol) {
            let port = IntOrString::Int(i32::from(first));
            items.push(item(protocol, Some(port), (last > first).then_some(last)));
        }
        let mut names: Vec<&String> = ports
            .iter()
            .filter_map(|port| match port {
                FlowPort::Named(of, name) if *of == protocol => Some(name),
                _ => None,
            })
            .collect();
        names.sort();
        names.dedup();
        let named = |name: &String| item(protocol, Some(IntOrString::String(name.clone())), None);
        items.extend(names.into_iter().map(named));
    }
    Some(items)
}

/// The same in the order given: in DNS policies UDP stands first.
pub(super) fn ports_in_order(listed: &[FlowPort]) -> Option<Vec<NetworkPolicyPort>> {
    let each: Option<Vec<_>> = listed
        .iter()
        .map(|port| ports(std::slice::from_ref(port)))
        .collect();
    each.map(|items| items.into_iter().flatten().collect())
}

fn item(protocol: Protocol, port: Option<IntOrString>, end: Option<u16>) -> NetworkPolicyPort {
    NetworkPolicyPort {
        protocol: Some(protocol.name().to_owned()),
        port,
        end_port: end.map(i32::from),
    }
}
