//! The assumptions of an answer, as every report writes them.

use serde_json::{Value, json};

use crate::cluster::{Assumptions, HostNetwork, PodAddresses};

/// `assuming enforcer=kubernetes, pod-addresses=unknown, host-network=pods`.
pub fn text(assumptions: Assumptions) -> String {
    let (pod_addresses, host_network) = words(assumptions);
    let enforcer = assumptions.enforcer.name();
    format!(
        "assuming enforcer={enforcer}, pod-addresses={pod_addresses}, host-network={host_network}"
    )
}

/// Those of both sides of a comparison, once where they are the same.
pub fn sides([old, new]: [Assumptions; 2]) -> String {
    match old == new {
        true => text(new),
        false => format!("old side {}; new side {}", text(old), text(new)),
    }
}

/// `{"enforcer": "kubernetes", "pod-addresses": "unknown", "host-network": "pods"}`.
pub fn json(assumptions: Assumptions) -> Value {
    let (pod_addresses, host_network) = words(assumptions);
    json!({
        "enforcer": assumptions.enforcer.name(),
        "pod-addresses": pod_addresses,
        "host-network": host_network,
    })
}

fn words(assumptions: Assumptions) -> (&'static str, &'static str) {
    let pod_addresses = match assumptions.pod_addresses {
        PodAddresses::Unknown => "unknown",
        PodAddresses::Outside => "outside",
        PodAddresses::Known => "known",
    };
    let host_network = match assumptions.host_network {
        HostNetwork::Pods => "pods",
        HostNetwork::Nodes => "nodes",
    };
    (pod_addresses, host_network)
}
