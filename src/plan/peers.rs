//! The peers and the ports of a rule, in the order in which they are written.

use std::net::IpAddr;

use ipnet::IpNet;

use super::refusal::Refusal;
use crate::cluster::Enforcer;
use crate::diag::Severity;
use crate::model::{End, External, FlowPort, NamespaceId, Network, Settings};
use crate::plan::context::Context;
use crate::policy::{
    ADD_ADDRESSES, ADD_NETWORKS, Entity, Match, PlanNamespaces, PlanPeer, PortMatch, Target,
};
use crate::sets::{PortSet, Protocol, Selector};

/// The peers of a rule in a policy of the namespace `own`; never empty.
pub(super) fn peers(
    context: &Context,
    end: &End,
    own: NamespaceId,
) -> Result<Vec<PlanPeer>, Refusal> {
    let document = context.document;
    let all = Selector::everything;
    match end {
        End::AnyPod => Ok(vec![PlanPeer::Pods(PlanNamespaces::Labelled(all()), all())]),
        End::AnyPodOf(id) => Ok(vec![PlanPeer::Pods(namespace(context, *id, own), all())]),
        End::Group(id) => {
            let group = document.groups.get(*id).ok_or_else(Refusal::missing)?;
            let namespaces = PlanNamespaces::Labelled(group.namespaces.clone());
            let (pods, accounts) = (group.pods.clone(), group.accounts.clone());
            Ok(vec![PlanPeer::pods(namespaces, pods, accounts)])
        }
        End::Workload(id) => {
            let workload = document.workloads.get(*id).ok_or_else(Refusal::missing)?;
            if !context.selectable(workload) && !workload.addresses.is_empty() {
                return at_nodes(&workload.addresses, &document.settings);
            }
            match context.identity(*id) {
                Ok(selector) => Ok(vec![PlanPeer::Pods(
                    namespace(context, workload.namespace, own),
                    selector.clone(),
                )]),
                Err(why) => Err(Refusal::unselectable(document, *id, why)),
            }
        }
        End::External(id) => {
            let row = document.externals.get(*id).ok_or_else(Refusal::missing)?;
            external(row, &document.settings)
        }
        End::Node(id) => {
            let row = document.nodes.get(*id).ok_or_else(Refusal::missing)?;
            let node = &row.node;
            if node.addresses.is_empty() {
                return Err(Refusal(
                    Severity::Error,
                    format!("the node `{}` has no addresses", node.name),
                    ADD_ADDRESSES.to_owned(),
                ));
            }
            at_nodes(&node.addresses, &document.settings)
        }
        End::Missing(_) => Err(Refusal::missing()),
    }
}

/// Nodes by their addresses, which blocks of NetworkPolicy do not match under Cilium (C31).
fn at_nodes(addresses: &[IpAddr], settings: &Settings) -> Result<Vec<PlanPeer>, Refusal> {
    let blocks_match = settings.judged().enforcer != Enforcer::Cilium;
    if !blocks_match && settings.target() == Target::Kubernetes {
        return Err(Refusal(
            Severity::Warning,
            "blocks of NetworkPolicy match no nodes under Cilium".to_owned(),
            "write Cilium policies, with an external that is the entity `remote-node`".to_owned(),
        ));
    }
    let addresses = addresses.iter().copied();
    Ok(addresses.map(single).map(PlanPeer::Node).collect())
}

/// A namespace as policies of the namespace `own` name it.
pub(super) fn namespace(context: &Context, id: NamespaceId, own: NamespaceId) -> PlanNamespaces {
    match id == own {
        true => PlanNamespaces::Own,
        false => PlanNamespaces::Named(context.namespace_name(id).to_owned()),
    }
}

fn external(external: &External, settings: &Settings) -> Result<Vec<PlanPeer>, Refusal> {
    // Blocks of all addresses match nothing but what is outside the cluster.
    let outside = settings.judged().blocks_are_outside();
    let networks = external.networks.iter();
    let networks = networks
        .filter_map(|n| n.canonical().ok())
        .map(PlanPeer::Block);
    let names = external.domain_names.iter().cloned().map(PlanPeer::Domain);
    let entity = external.entity.filter(|e| outside || *e != Entity::World);
    let entity = entity.map(PlanPeer::Entity);
    let peers: Vec<PlanPeer> = networks.chain(names).chain(entity).collect();
    if !peers.is_empty() {
        return Ok(peers);
    }
    let name = &external.name;
    if external.entity.is_some() {
        return Err(Refusal(
            Severity::Warning,
            WORLD_HAS_PODS.to_owned(),
            world_help(settings).to_owned(),
        ));
    }
    let why = match external.networks.is_empty() {
        true => format!("`{name}` has no networks"),
        false => format!("no network of `{name}` is valid"),
    };
    let help = ADD_NETWORKS.to_owned();
    Err(Refusal(Severity::Error, why, help))
}

/// Why what is outside cannot be told apart by addresses.
pub(super) const WORLD_HAS_PODS: &str =
    "a block of all addresses also matches pods, so it is more than everything outside the cluster";
/// What to do about it.
pub(super) fn world_help(settings: &Settings) -> &'static str {
    match settings.target().is_cluster_wide() {
        false => "use an external with the networks that are outside",
        // They match no ingress from networks (A5).
        true => {
            "for egress, use an external with the networks that are outside; for ingress, write NetworkPolicy, Cilium or Calico"
        }
    }
}

fn single(address: IpAddr) -> Network {
    Network {
        cidr: IpNet::from(address),
        except: Vec::new(),
    }
}

/// Ports united: overlapping and touching ranges become one, names that a whole protocol covers go.
pub(super) fn ports(ports: &[FlowPort]) -> Match<PortMatch> {
    if ports.contains(&FlowPort::Any) {
        return Match::Any;
    }
    let numbers: PortSet = ports.iter().filter_map(FlowPort::numbers).collect();
    let mut items = Vec::new();
    for protocol in Protocol::ALL {
        if numbers.has_all_of(protocol) {
            items.push(PortMatch::AllPorts(protocol));
            continue;
        }
        let ranges = numbers.ranges(protocol);
        items.extend(ranges.map(|(first, last)| PortMatch::Range {
            protocol,
            first,
            last,
        }));
        let mut names: Vec<&String> = ports
            .iter()
            .filter_map(|port| match port {
                FlowPort::Named(of, name) if *of == protocol => Some(name),
                _ => None,
            })
            .collect();
        names.sort();
        names.dedup();
        items.extend(names.into_iter().map(|name| PortMatch::Named {
            protocol: Some(protocol),
            name: name.clone(),
        }));
    }
    // As they are drawn, because not every dialect has them.
    items.extend(ports.iter().filter_map(types));
    Match::Only(items)
}

fn types(port: &FlowPort) -> Option<PortMatch> {
    match port {
        FlowPort::All(protocol) if protocol.has_types() => Some(PortMatch::AllPorts(*protocol)),
        FlowPort::Range(protocol, first, last) if protocol.has_types() => Some(PortMatch::Range {
            protocol: *protocol,
            first: *first,
            last: *last,
        }),
        _ => None,
    }
}

/// The same in the order given: in DNS policies UDP comes first.
pub(super) fn ports_in_order(listed: &[FlowPort]) -> Match<PortMatch> {
    let mut items = Vec::new();
    for port in listed {
        match ports(std::slice::from_ref(port)) {
            Match::Any => return Match::Any,
            Match::Only(one) => items.extend(one),
        }
    }
    Match::Only(items)
}
