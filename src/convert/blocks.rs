//! Blocks of addresses that match pods and nodes after a conversion and do not before (C31, G22). A rule that allows one of
//! them would allow more, so it is left out.

use crate::cluster::{Assumptions, Enforcer, PodAddresses, Snapshot};
use crate::dialect;
use crate::policy::{Entity, Match, Network, PlanPeer, PlanRule, Target};
use crate::sets::IpSet;
use crate::yaml::Object;

use super::reason::Reason;

/// What to write instead of such a block.
const HELP: &str = "write the networks that are meant, without the addresses of pods and nodes";

/// Leaves out of rules that allow what would match more, and says why. `after`: what the new policies are read under.
pub(super) fn narrow(
    object: &Object,
    rules: &mut Vec<PlanRule>,
    cluster: &Snapshot,
    target: Target,
    after: Assumptions,
) -> Vec<Reason> {
    let before = assumptions_of(object, cluster.assumptions);
    if before.pod_addresses != PodAddresses::Outside || after.pod_addresses != PodAddresses::Known {
        return Vec::new();
    }
    let mut found = Vec::new();
    rules.retain_mut(|rule| {
        let Match::Only(peers) = &mut rule.peers else {
            return true;
        };
        let mut lost = Vec::new();
        peers.retain(|peer| match in_cluster(peer, cluster) {
            Some(why) => {
                lost.push((block_of(peer), why));
                false
            }
            None => true,
        });
        let without = match peers.is_empty() {
            true => ", which allows nothing without it",
            false => "",
        };
        found.extend(lost.into_iter().map(|(block, why)| Reason {
            why: format!(
                "{block} is left out of `{}`{without}: blocks of {} match pods and nodes, too, and {why}",
                rule.other,
                target.kind()
            ),
            help: Some(HELP.to_owned()),
        }));
        !peers.is_empty()
    });
    found
}

/// What a policy is read under: the enforcer of its dialect, if only one implements it.
fn assumptions_of(object: &Object, of_cluster: Assumptions) -> Assumptions {
    match dialect::enforcer_of(std::slice::from_ref(object)).0 {
        Enforcer::Kubernetes => of_cluster,
        enforcer => Assumptions {
            enforcer,
            ..of_cluster
        }
        .settled(),
    }
}

fn block_of(peer: &PlanPeer) -> String {
    match peer {
        PlanPeer::Block(network) => format!("`{}`", network.cidr),
        _ => "the entity `world`".to_owned(),
    }
}

/// Why a block may have the addresses of pods or nodes; none of another peer, or where it has none for certain. Pods whose
/// addresses are not known, or that do not exist yet, are taken to have private ones.
fn in_cluster(peer: &PlanPeer, cluster: &Snapshot) -> Option<String> {
    let block = match peer {
        PlanPeer::Block(network) => IpSet::block(network.cidr, &network.except),
        PlanPeer::Entity(Entity::World) => IpSet::all(),
        _ => return None,
    };
    let pods = cluster.pods.iter().map(|pod| {
        let namespace = cluster.namespaces.get(pod.namespace);
        let namespace = namespace.map_or("", |namespace| &namespace.name);
        (format!("{namespace}/{}", pod.name), &pod.addresses)
    });
    let nodes = cluster.nodes.iter();
    let nodes = nodes.map(|node| (node.name.clone(), &node.addresses));
    let known = pods.chain(nodes).find_map(|(name, addresses)| {
        let inside = addresses.iter().find(|address| block.contains(**address))?;
        Some(format!("`{name}` has the address `{inside}`"))
    });
    if known.is_some() {
        return known;
    }
    let mut pods = cluster.pods.iter().peekable();
    let all_known = pods.peek().is_some() && pods.all(|pod| !pod.addresses.is_empty());
    let outside = Network::outside().map(|network| IpSet::block(network.cidr, &network.except));
    let outside = outside
        .iter()
        .fold(IpSet::empty(), |all, one| all.union(one));
    let may = !all_known && !block.is_subset(&outside);
    may.then(|| "the addresses of pods are not all known".to_owned())
}
