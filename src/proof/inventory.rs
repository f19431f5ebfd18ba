//! What a project declares of a cluster, as manifests: its namespaces, workloads, nodes, address pools and
//! Services, without its flows
//! and policies.

use std::collections::BTreeSet;

use ipnet::IpNet;
use serde_json::{Map, Value, json};

use crate::cluster::{
    AddressPool, ContainerPort, Namespace, Node, Pod, Service, Snapshot, TargetPort, Workload,
};
use crate::intent::snapshot::snapshot;
use crate::model::Document;

/// Kind, namespace and name of what manifests declare.
type Declared<'a> = BTreeSet<(&'a str, &'a str, &'a str)>;

fn declared(known: &Snapshot) -> Declared<'_> {
    let namespaces = known.namespaces.iter().filter(|n| n.declared);
    let namespaces = namespaces.map(|n| ("Namespace", "", &*n.name));
    let nodes = known.nodes.iter().map(|n| ("Node", "", &*n.name));
    let pools = known.address_pools.iter();
    let pools = pools.map(|p| (&*p.kind, "", &*p.name));
    let workloads = known.workloads.iter();
    let workloads = workloads.map(|w| (&*w.kind, &*w.namespace, &*w.name));
    let services = known.services.iter();
    let services = services.map(|s| ("Service", &*s.namespace, &*s.name));
    let all = namespaces.chain(nodes).chain(pools).chain(workloads);
    all.chain(services).collect()
}

/// The manifests of what a project declares and other manifests, `known`, do not, one object a line; empty if there is
/// nothing.
pub fn inventory(document: &Document, known: &Snapshot) -> String {
    let declared = declared(known);
    let snapshot = snapshot(document, Vec::new(), Vec::new()).snapshot;
    let mut objects: Vec<Value> = Vec::new();
    let new = |n: &&Namespace| !declared.contains(&("Namespace", "", &*n.name));
    objects.extend(snapshot.namespaces.iter().filter(new).map(namespace));
    let new = |n: &&Node| !declared.contains(&("Node", "", &*n.name));
    objects.extend(snapshot.nodes.iter().filter(new).map(node));
    let new = |p: &&AddressPool| !declared.contains(&(&*p.kind, "", &*p.name));
    objects.extend(snapshot.address_pools.iter().filter(new).flat_map(pool));
    let new = |w: &&Workload| !declared.contains(&(&*w.kind, &*w.namespace, &*w.name));
    let bare = snapshot.workloads.iter().filter(|w| w.kind == "Pod");
    let bare = bare.map(|w| (w.namespace.clone(), w.name.clone()));
    let others = known.pods.iter().filter_map(|p| {
        let home = known.namespaces.get(p.namespace)?;
        Some((home.name.clone(), p.name.clone()))
    });
    let mut taken: BTreeSet<(String, String)> = bare.chain(others).collect();
    for workload in snapshot.workloads.iter().filter(new) {
        let pods = snapshot.pods.get(workload.pods.clone());
        let pods = pods.unwrap_or_default().iter();
        let unknown = |p: &&Pod| !declared.contains(&("Pod", &*workload.namespace, &*p.name));
        for pod in pods.filter(unknown) {
            let mut name = pod.name.clone();
            if !is_bare(workload, pod) {
                // Pods that stand for those of a workload may have the name of another pod.
                while !taken.insert((workload.namespace.clone(), name.clone())) {
                    name += "-x";
                }
            }
            objects.push(manifest_of(workload, pod, &name));
        }
    }
    let new = |s: &&Service| !declared.contains(&("Service", &*s.namespace, &*s.name));
    objects.extend(snapshot.services.iter().filter(new).map(service));
    let lines = objects.iter().map(|object| format!("---\n{object}\n"));
    lines.collect()
}

fn namespace(namespace: &Namespace) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": namespace.name, "labels": labels(&namespace.labels)},
    })
}

fn node(node: &Node) -> Value {
    let addresses = node.addresses.iter();
    let pod_cidrs = node.pod_cidrs.iter().map(IpNet::to_string);
    let addresses = addresses.map(|a| json!({"type": "InternalIP", "address": a.to_string()}));
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node.name, "labels": labels(&node.labels)},
        "spec": {"podCIDRs": pod_cidrs.collect::<Vec<_>>()},
        "status": {"addresses": addresses.collect::<Vec<_>>()},
    })
}

/// A pool of a kind that is read from manifests.
fn pool(pool: &AddressPool) -> Option<Value> {
    let cidrs: Vec<String> = pool.cidrs.iter().map(IpNet::to_string).collect();
    let (version, spec) = match pool.kind.as_str() {
        "CiliumNode" => ("cilium.io/v2", json!({"ipam": {"podCIDRs": cidrs}})),
        "CiliumPodIPPool" => ("cilium.io/v2alpha1", json!({"ipv4": {"cidrs": cidrs}})),
        "IPPool" => ("crd.projectcalico.org/v1", json!({"cidr": cidrs.first()?})),
        _ => return None,
    };
    let (kind, metadata) = (&pool.kind, json!({"name": pool.name}));
    Some(json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}))
}

/// Whether a pod is a workload by itself.
fn is_bare(workload: &Workload, pod: &Pod) -> bool {
    workload.kind == "Pod" && workload.name == pod.name
}

/// A pod with its workload as its owner: so it is read as that workload, of whatever kind.
fn manifest_of(workload: &Workload, pod: &Pod, name: &str) -> Value {
    let ports: Vec<Value> = pod.ports.iter().map(container_port).collect();
    let addresses = pod.addresses.iter().map(|a| json!({"ip": a.to_string()}));
    let mut metadata = json!({
        "name": name,
        "namespace": workload.namespace,
        "labels": labels(&pod.labels),
    });
    if !is_bare(workload, pod) {
        let owner = json!({"kind": workload.kind, "name": workload.name, "controller": true});
        metadata["ownerReferences"] = json!([owner]);
    }
    let dns_policy = match (workload.cluster_dns, pod.host_network) {
        (true, true) => "ClusterFirstWithHostNet",
        (true, false) => "ClusterFirst",
        (false, _) => "Default",
    };
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "hostNetwork": pod.host_network,
            "dnsPolicy": dns_policy,
            "serviceAccountName": &*pod.service_account,
            "nodeName": pod.node.as_deref().unwrap_or_default(),
            "containers": [{"name": "c", "ports": ports}],
        },
        "status": {"podIPs": addresses.collect::<Vec<_>>()},
    })
}

fn service(service: &Service) -> Value {
    let ports = service.ports.iter().map(|port| {
        json!({
            "name": port.name.as_deref().unwrap_or_default(),
            "port": port.port,
            "protocol": port.protocol.name(),
            "targetPort": match &port.target {
                TargetPort::Number(number) => json!(number),
                TargetPort::Name(name) => json!(name),
            },
        })
    });
    let mut spec = json!({
        "type": service.kind,
        "selector": labels(&service.selector),
        "ports": ports.collect::<Vec<_>>(),
    });
    if service.headless {
        spec["clusterIP"] = json!("None");
    }
    if let Some(name) = &service.external_name {
        spec["externalName"] = json!(name);
    }
    if service.keeps_client_address {
        spec["externalTrafficPolicy"] = json!("Local");
    }
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": service.name,
            "namespace": service.namespace,
            "labels": labels(&service.labels),
        },
        "spec": spec,
    })
}

fn container_port(port: &ContainerPort) -> Value {
    json!({
        "name": port.name.as_deref().unwrap_or_default(),
        "containerPort": port.port,
        "protocol": port.protocol.name(),
    })
}

fn labels(labels: &crate::sets::Labels) -> Map<String, Value> {
    let labels = labels.iter();
    labels.map(|(k, v)| (k.clone(), json!(v))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Settings, load};
    use crate::manifest::Source;
    use crate::model::arbitrary;
    use crate::model::fixture::Fixture;

    fn read(text: String) -> Snapshot {
        load(&[Source::new("p", text)], &Settings::default()).snapshot
    }

    #[test]
    fn workloads_of_any_kind_come_back() {
        let mut fixture = Fixture::new();
        let main = fixture.workload("monitoring/main", "app=prometheus");
        let mut changed = fixture
            .document
            .workloads
            .get(main)
            .cloned()
            .expect("drawn");
        changed.kind = "Prometheus".to_owned();
        fixture.document.workloads.put(main, changed);
        fixture.workload("shop/web", "app=web");
        let known = read("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}
---
{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: main, namespace: monitoring}}".to_owned());
        let found = read(inventory(&fixture.document, &known));
        let names = found.workloads.iter().map(|w| (&*w.kind, &*w.name));
        assert_eq!(names.collect::<Vec<_>>(), [("Prometheus", "main")]);
        assert_eq!(found.workloads[0].labels["app"], "prometheus");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn every_pod_and_service_comes_back(document in arbitrary::document()) {
            let drawn = snapshot(&document, Vec::new(), Vec::new()).snapshot;
            let found = read(inventory(&document, &Snapshot::default()));
            let pods = |s: &Snapshot| {
                let of = |p: &Pod| {
                    let workload = &s.workloads[p.workload];
                    let owner = (workload.namespace.clone(), workload.kind.clone(), workload.name.clone());
                    let on = (p.host_network, workload.cluster_dns);
                    (owner, p.labels.clone(), p.ports.clone(), on, p.addresses.clone())
                };
                let mut all: Vec<String> = s.pods.iter().map(of).map(|pod| format!("{pod:?}")).collect();
                all.sort();
                all
            };
            proptest::prop_assert_eq!(pods(&found), pods(&drawn));
            proptest::prop_assert_eq!(&found.nodes, &drawn.nodes);
            proptest::prop_assert_eq!(&found.address_pools, &drawn.address_pools);
            let services = |s: &Snapshot| {
                let of = |s: &Service| (s.namespace.clone(), s.name.clone(), s.selector.clone(), s.ports.clone(), s.headless);
                s.services.iter().map(of).collect::<Vec<_>>()
            };
            proptest::prop_assert_eq!(services(&found), services(&drawn));
        }
    }
}
