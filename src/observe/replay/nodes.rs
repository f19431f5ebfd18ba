//! Nodes that only a recording names: it says that they are nodes, and nothing of their labels.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::analysis::Endpoint;
use crate::cluster::{Node, Snapshot};
use crate::observe::connection::Connection;
use crate::observe::reference::Reference;
use crate::policy::Peer;
use crate::sets::Labels;

/// The name of nodes that only the recording has: no manifest can give it.
const RECORDED: &str = "";

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
            (&key.source, &sums.source_addresses),
            (&key.destination, &sums.addresses),
        ];
        for (end, seen) in ends {
            if matches!(end, Reference::Entity("host" | "remote-node")) {
                is_any |= seen.is_empty() && *end == Reference::Entity("remote-node");
                addresses.extend(seen);
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

/// A label of nodes that policies select by, if one of the ends is a node whose labels are not known.
pub(super) fn unknown_label(snapshot: &Snapshot, ends: &[Endpoint]) -> Option<String> {
    let is_recorded = |end: &Endpoint| {
        let (Endpoint::Node(at) | Endpoint::NodeAddress(at, _)) = end else {
            return false;
        };
        let node = snapshot.nodes.get(*at);
        node.is_some_and(|node| node.name == RECORDED)
    };
    if !ends.iter().any(is_recorded) {
        return None;
    }
    let mut found = None;
    for policy in &snapshot.policies {
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
