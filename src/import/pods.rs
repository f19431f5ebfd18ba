//! Pods of one workload that differ: each of them with what it has in place of the workload's.

use std::collections::HashSet;
use std::net::IpAddr;

use super::Ids;
use crate::cluster::{self, ContainerPort, HostNetwork, Snapshot, UNKNOWN_VALUE};
use crate::load::Loaded;
use crate::model::naming::is_stable;
use crate::model::{Document, Pod, Unknown, Workload};
use crate::sets::Labels;

/// Adds the pods of workloads where they differ from each other, or from the workload, in what policies depend on.
pub(super) fn keep_different(document: &mut Document, loaded: &Loaded, ids: &Ids) {
    let snapshot = &loaded.snapshot;
    let hosts = hosts(&loaded.snapshot);
    for workload in snapshot.workloads.iter() {
        let pods = snapshot.pods.get(workload.pods.clone()).unwrap_or(&[]);
        let home = ids.get(&workload.namespace).copied();
        let id =
            home.and_then(|home| document.workload_named(home, &workload.name, &workload.kind));
        let Some(row) = id.and_then(|id| document.workloads.get_mut(id)) else {
            continue;
        };
        let pods: Vec<Pod> = pods
            .iter()
            .map(|pod| own(pod, row, (loaded, &hosts)))
            .collect();
        let differs = |pod: &Pod| {
            let alike = Pod {
                name: pod.name.clone(),
                addresses: pod.addresses.clone(),
                ..Pod::default()
            };
            *pod != alike
        };
        if pods.iter().any(differs) {
            row.pods = pods;
        }
    }
}

/// The nodes that host-network pods count as: what these open to pods on their node is never denied (P2).
fn hosts(snapshot: &Snapshot) -> HashSet<&str> {
    if snapshot.assumptions.host_network == HostNetwork::Pods {
        return HashSet::new();
    }
    let hosts = snapshot.pods.iter().filter(|pod| pod.host_network);
    hosts.filter_map(|pod| pod.node.as_deref()).collect()
}

/// A pod, without what it has in common with its workload. Its node counts where it is on the network of that, and where
/// such pods are on it.
fn own(pod: &cluster::Pod, workload: &Workload, (loaded, hosts): (&Loaded, &HashSet<&str>)) -> Pod {
    let labels = kept(&pod.labels, loaded);
    let account = Some(&*pod.service_account).filter(|name| *name != "default");
    let changed = account != workload.service_account.as_deref();
    let ports: Vec<ContainerPort> = pod.ports.to_vec();
    let addresses: Vec<IpAddr> = pod.addresses.clone();
    let on_node = pod.host_network && loaded.snapshot.node_of(pod).is_some();
    Pod {
        name: pod.name.clone(),
        labels: (labels != kept(&workload.labels, loaded)).then_some(labels),
        ports: (ports != workload.ports).then_some(ports),
        service_account: changed.then(|| pod.service_account.to_string()),
        host_network: (pod.host_network != workload.host_network).then_some(pod.host_network),
        addresses: (addresses != workload.addresses).then_some(addresses),
        node: (pod.node.as_deref())
            .filter(|node| on_node || hosts.contains(node))
            .map(str::to_owned),
        unknown: Unknown::new(),
    }
}

/// Labels without those that change from release to release, unless policies may name them.
fn kept(labels: &Labels, loaded: &Loaded) -> Labels {
    let named = |key: &str| {
        let mut policies = loaded.policies.iter();
        is_stable(key) || policies.any(|policy| policy.object.text.contains(key))
    };
    let labels = labels.iter().filter(|(_, value)| *value != UNKNOWN_VALUE);
    let labels = labels.filter(|(key, _)| named(key));
    labels.map(|(k, v)| (k.clone(), v.clone())).collect()
}
