//! Nodes that only a recording names: it says that they are nodes, and nothing of their labels.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::analysis::Endpoint;
use crate::analysis::oracle::GateTrace;
use crate::cluster::{Node, Snapshot};
use crate::observe::connection::{Connection, Seen};
use crate::observe::reference::Reference;
use crate::policy::Peer;
use crate::sets::Labels;

/// The name of nodes that only the recording has: no manifest can give it.
const RECORDED: &str = "";

/// The reserved labels of nodes.
const NODES: [&str; 2] = ["host", "remote-node"];

/// The snapshot with a node at each address that the recording calls one, unless manifests have something there. Where no
/// node is known at all and another one than the pod's own is recorded without its address, that is one, too.
pub(in crate::observe) fn with_recorded<'a>(
    snapshot: &'a Snapshot,
    connections: &[Connection],
) -> Cow<'a, Snapshot> {
    let mut addresses: BTreeSet<IpAddr> = BTreeSet::new();
    let mut is_any = false;
    for Connection { key, sums, .. } in connections {
        let ends = [
            (&key.source, &sums.source_addresses, &sums.seen_sources),
            (&key.destination, &sums.addresses, &sums.seen_destinations),
        ];
        for (end, at, seen) in ends {
            if matches!(end, Reference::Entity("host" | "remote-node")) {
                is_any |= at.is_empty() && *end == Reference::Entity("remote-node");
                addresses.extend(at);
            }
            // The API server may be one, too.
            let is_node = |seen: &&Seen| NODES.iter().any(|node| seen.reserved.contains(node));
            for seen in seen.iter().filter(is_node) {
                is_any |= seen.address.is_none() && seen.reserved.contains("remote-node");
                addresses.extend(seen.address);
            }
        }
    }
    let pods = snapshot.pods.iter().flat_map(|pod| &pod.addresses);
    let nodes = snapshot.nodes.iter().flat_map(|node| &node.addresses);
    for known in pods.chain(nodes) {
        addresses.remove(known);
    }
    let node = |addresses: Vec<IpAddr>| Node {
        name: RECORDED.to_owned(),
        labels: Labels::new(),
        addresses,
        pod_cidrs: Vec::new(),
    };
    let mut new: Vec<Node> = addresses.into_iter().map(|one| node(vec![one])).collect();
    if is_any && new.is_empty() && snapshot.nodes.is_empty() {
        new.push(node(Vec::new()));
    }
    match new.is_empty() {
        true => Cow::Borrowed(snapshot),
        false => {
            let mut snapshot = snapshot.clone();
            snapshot.nodes.extend(new);
            Cow::Owned(snapshot)
        }
    }
}

/// A label of nodes that a policy of a gate selects by, if the gate's other end is a node whose labels are not known.
pub(super) fn unknown_label(
    snapshot: &Snapshot,
    gate: &GateTrace,
    peer: &[Endpoint],
) -> Option<String> {
    let is_recorded = |end: &Endpoint| {
        let (Endpoint::Node(at) | Endpoint::NodeAddress(at, _)) = end else {
            return false;
        };
        let node = snapshot.nodes.get(*at);
        node.is_some_and(|node| node.name == RECORDED)
    };
    if !peer.iter().any(is_recorded) {
        return None;
    }
    let mut found = None;
    let policies = gate.tiers.iter().flat_map(|tier| &tier.policies);
    for policy in policies.filter_map(|of| snapshot.policies.get(of.policy)) {
        policy.leaves(&mut |peer| {
            if let Peer::Nodes(selector) = peer
                && let Some(requirement) = selector.requirements.first()
            {
                let (title, key) = (policy.title(), &requirement.key);
                found.get_or_insert(format!(
                    "{title} selects nodes by `{key}`, which records do not have"
                ));
            }
        });
    }
    found
}
