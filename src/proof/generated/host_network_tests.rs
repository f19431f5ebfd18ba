//! Workloads of which only some pods are on the host network, where these count as nodes.

use super::*;
use crate::cluster::HostNetwork;
use crate::model::fixture::Fixture;
use crate::model::{FlowId, Pod};
use crate::policy::Part;
use crate::proof::prove::prove;
use crate::proof::{Kind, Verdict};

/// `mixed` has a pod on the host network and one that is not: one of them is as the workload says.
fn mixed(workload_on_host: bool, target: Target) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    let mixed = fixture.workload("shop/mixed", "app=mixed");
    let workload = fixture.document.workloads.get_mut(mixed).unwrap();
    workload.host_network = workload_on_host;
    let pod = |name: &str, host_network| Pod {
        name: name.to_owned(),
        host_network,
        ..Pod::default()
    };
    workload.pods = vec![pod("like", None), pod("other", Some(!workload_on_host))];
    fixture.document.settings.dialects = vec![target];
    fixture.document.settings.assumptions.host_network = HostNetwork::Nodes;
    fixture
}

/// Of a workload whose pods are partly nodes that part is a loss, and the rest is written: in every dialect, whichever
/// end it is.
#[test]
fn pods_on_the_host_network_are_a_loss_of_their_own() {
    for (target, on_host) in Target::ALL
        .into_iter()
        .flat_map(|t| [(t, false), (t, true)])
    {
        for (from, to) in [("shop/web", "shop/mixed"), ("shop/mixed", "shop/web")] {
            let mut fixture = mixed(on_host, target);
            fixture.flow(from, to, "TCP/80");
            let generated = generate(&fixture.document);
            let parts: Vec<&Part> = generated.losses.iter().map(|l| &l.part).collect();
            let key = WorkloadId(1).into();
            let part = Part::HostNetwork(key, "mixed".to_owned());
            assert_eq!(parts, [&part], "{target:?} {on_host} {from}");
            let proof = prove(&fixture.document, &generated);
            assert_eq!(proof.verdicts[&FlowId(0)], Verdict::CannotExpress);
            let other = |f: &&crate::proof::Finding| !f.kind.is_loss() && !f.open;
            assert_eq!(
                proof.findings.iter().find(other),
                None,
                "{target:?} {on_host}"
            );
            assert!(generated.text().contains("mixed"), "{}", generated.text());
        }
    }
}

/// The help can be followed: with a workload of their own and its addresses both flows are exact.
#[test]
fn pods_on_the_host_network_are_reached_as_a_workload_of_their_own() {
    let mut fixture = mixed(false, Target::Kubernetes);
    fixture.flow("shop/web", "shop/mixed", "TCP/80");
    let proof = prove(&fixture.document, &generate(&fixture.document));
    let lost: Vec<String> = (proof.findings.iter())
        .map(|f| {
            format!(
                "{:?}: {}; {}",
                f.kind,
                f.message,
                f.help.as_deref().unwrap_or_default()
            )
        })
        .collect();
    insta::assert_snapshot!(lost.join("\n"), @"CannotExpress: the part for the pods of `mixed` on the host network is left out: selectors do not apply there; make these pods a workload of their own with the addresses of its nodes, or move them to the pod network");
    assert!(proof.findings.iter().all(|f| f.kind == Kind::CannotExpress));

    let mixed = fixture.document.workloads.get_mut(WorkloadId(1)).unwrap();
    mixed.pods.pop();
    let hosts = fixture.workload("shop/hosts", "app=hosts");
    let workload = fixture.document.workloads.get_mut(hosts).unwrap();
    workload.host_network = true;
    workload.addresses = vec!["10.0.0.7".parse().unwrap()];
    fixture.flow("shop/web", "shop/hosts", "TCP/80");
    let proof = prove(&fixture.document, &generate(&fixture.document));
    assert!(proof.findings.is_empty(), "{:?}", proof.findings);
}
