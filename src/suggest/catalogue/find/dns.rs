//! Pods that resolve names.

use super::Finding;
use crate::model::FlowPort;
use crate::model::dns::{Resolver, likely_profile};
use crate::policy::Direction;
use crate::sets::PortSet;
use crate::suggest::catalogue::entries::DNS;
use crate::suggest::catalogue::place::{Place, selects};
use crate::suggest::cluster::Cluster;

pub(super) fn findings(cluster: &Cluster) -> Vec<Finding> {
    let snapshot = cluster.snapshot;
    let profile = likely_profile(snapshot);
    let resolver = Resolver::of(&profile);
    let mut places = vec![Place::group(
        "cluster-dns",
        resolver.namespaces.clone(),
        resolver.pods.clone(),
    )];
    if !resolver.networks.is_empty() {
        let addresses: Vec<_> = resolver.networks.iter().map(|n| n.cidr.addr()).collect();
        places.push(Place::addresses("node-local-dns", &addresses));
    }
    let ports = resolver.ports.iter().filter_map(FlowPort::numbers);
    let ports: PortSet = ports.collect();
    let is_dns = |at: &usize| {
        let workload = snapshot.workloads.get(*at);
        workload.is_some_and(|w| {
            let (namespaces, pods) = (&resolver.namespaces, &resolver.pods);
            selects(snapshot, namespaces, pods, w.pods.start)
        })
    };
    let each = snapshot.workloads.iter().enumerate();
    let resolving = each.filter(|(at, workload)| workload.cluster_dns && !is_dns(at));
    let resolving = resolving.flat_map(|(at, _)| places.iter().map(move |place| (at, place)));
    resolving
        .map(|(at, place)| {
            let own = (at, Direction::Egress);
            Finding {
                other_ports: &[53, 5353, 8053],
                ..Finding::new(&DNS, own, place.clone(), ports.clone(), Vec::new())
            }
        })
        .collect()
}
