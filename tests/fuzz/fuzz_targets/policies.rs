//! Any `spec` of any policy kind is read and judged without a panic; a policy is refused with a reason,
//! and the fast analysis says what the plain evaluator says.
#![no_main]

mod laws;

use drawbridge::analysis::{Party, Endpoint, connections, explain, exposure};
use drawbridge::cluster::{Assumptions, HostNetwork, PodAddresses};
use drawbridge::load;
use drawbridge::manifest::Source;
use drawbridge::sets::{PortSet, Protocol};
use libfuzzer_sys::fuzz_target;

const CLUSTER: &str = include_str!("cluster.yaml");

const KINDS: [&str; 9] = [
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: a}\nspec:\n",
    "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: p}\nspec:\n  priority: 5\n",
    "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\nmetadata: {name: default}\nspec:\n",
    "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: p}\nspec:\n  tier: Admin\n  priority: 5\n",
    "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: p}\nspec:\n  tier: Baseline\n  priority: 5\n",
    "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: a}\nspec:\n",
    "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: p}\nspec:\n",
    "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: p, namespace: a}\nspec:\n",
    "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: p}\nspec:\n",
];

/// Probed; the analysis has its own cuts.
const PORTS: [u16; 6] = [1, 53, 80, 443, 8080, 65535];

fuzz_target!(|input: (u8, &str)| {
    let (choice, spec) = input;
    let (kind, more) = (usize::from(choice) % KINDS.len(), usize::from(choice) / KINDS.len());
    let head = KINDS[kind];
    // The enforcer is that of the policy; one of its own settles the assumptions.
    let assumptions = Assumptions {
        pod_addresses: [PodAddresses::Unknown, PodAddresses::Outside, PodAddresses::Known][more % 3],
        host_network: [HostNetwork::Pods, HostNetwork::Nodes][more / 3 % 2],
        ..Assumptions::default()
    };
    let settings = load::Settings {
        enforcer: None,
        assumptions,
    };
    let text = format!("{head}  {}\n", spec.replace('\n', "\n  "));
    let sources = [Source::new("cluster.yaml", CLUSTER), Source::new("fuzz.yaml", text.as_str())];
    let loaded = load::load(&sources, &settings);
    laws::all_in(&format!("{CLUSTER}{text}"), &loaded.diagnostics);
    if loaded.policies.iter().any(|p| p.index.is_none()) {
        assert!(laws::any_error(&loaded.diagnostics), "refused without a reason:\n{text}");
    }
    let snapshot = &loaded.snapshot;
    if snapshot.policies.len() > 8 || snapshot.pods.len() != 5 {
        return;
    }
    exposure::exposure(snapshot);
    let listed = connections(snapshot);
    // Each workload of the cluster is one pod at the same index.
    for from in 0..snapshot.pods.len() {
        for to in (0..snapshot.pods.len()).filter(|to| *to != from) {
            let ends = (Party::Workload(from), Party::Workload(to));
            let ports = listed.iter().find(|c| (c.src, c.dst) == ends);
            let ports = ports.map_or_else(PortSet::empty, |c| c.ports.clone());
            for protocol in Protocol::ALL {
                for port in PORTS {
                    let plain = explain(snapshot, &Endpoint::Pod(from), &Endpoint::Pod(to), protocol, port);
                    assert_eq!(
                        ports.contains(protocol, port),
                        plain.allowed,
                        "{from} to {to} at {protocol:?} {port}:\n{text}"
                    );
                }
            }
        }
    }
});
