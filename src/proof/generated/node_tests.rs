//! Flows from and to a node, which policies name by its addresses.

use super::*;
use crate::cluster::{Enforcer, HostNetwork};
use crate::model::fixture::Fixture;
use crate::policy::{Loss, Part};
use crate::proof::Verdict;
use crate::proof::prove::prove;

/// `web` and a node with two addresses, connected both ways.
fn with_node(target: Target) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.node("n1", &["192.0.2.7", "2001:db8::7"]);
    fixture.flow("shop/web", "node/n1", "TCP/10250");
    fixture.flow("node/n1", "shop/web", "TCP/8080");
    fixture.document.settings.dialects = vec![target];
    fixture
}

/// What is lost of which flow, and the verdicts of both.
fn outcome(fixture: &Fixture) -> (Vec<Loss>, [Verdict; 2]) {
    let generated = generate(&fixture.document);
    let proof = prove(&fixture.document, &generated);
    let wrong =
        |f: &&crate::proof::Finding| !f.kind.is_loss() && f.kind != crate::proof::Kind::Invalid;
    // Ingress that ClusterNetworkPolicy cannot express is not denied by it, either (A5).
    let ingress = fixture.document.settings.target().is_cluster_wide();
    assert!(
        ingress || proof.findings.iter().find(wrong).is_none(),
        "{:?}",
        proof.findings
    );
    let mut flows = fixture.document.flows.ids();
    let verdicts = [flows.next(), flows.next()].map(|id| proof.verdicts[&id.unwrap()]);
    (generated.losses, verdicts)
}

#[test]
fn a_node_is_its_addresses_where_blocks_match_nodes() {
    for host_network in [HostNetwork::Pods, HostNetwork::Nodes] {
        for target in [Target::Kubernetes, Target::Calico] {
            let mut fixture = with_node(target);
            fixture.document.settings.assumptions.host_network = host_network;
            let (losses, verdicts) = outcome(&fixture);
            assert_eq!(losses, [], "{target:?}");
            assert_eq!(verdicts, [Verdict::Exact; 2], "{target:?} {host_network:?}");
        }
    }
    let text = generate(&with_node(Target::Kubernetes).document).text();
    assert!(
        text.contains("name: web-from-n1") && text.contains("name: web-to-n1"),
        "{text}"
    );
    assert_eq!(text.matches("cidr: 192.0.2.7/32").count(), 2, "{text}");
    assert_eq!(text.matches("2001:db8::7/128").count(), 2, "{text}");
}

/// Neither blocks (C31) nor entities match one node.
#[test]
fn cilium_matches_no_single_node() {
    let (losses, verdicts) = outcome(&with_node(Target::Cilium));
    assert_eq!(verdicts, [Verdict::CannotExpress; 2]);
    let parts: Vec<&Part> = losses.iter().map(|loss| &loss.part).collect();
    let gates = [
        Part::Gate(Direction::Egress),
        Part::Gate(Direction::Ingress),
    ];
    assert!(gates.iter().all(|gate| parts.contains(&gate)), "{parts:?}");
    assert!(
        losses[0].why.contains("no single node"),
        "{}",
        losses[0].why
    );

    let mut under_cilium = with_node(Target::Kubernetes);
    under_cilium.document.settings.assumptions.enforcer = Enforcer::Cilium;
    let (losses, verdicts) = outcome(&under_cilium);
    assert_eq!(verdicts, [Verdict::CannotExpress; 2]);
    assert!(
        losses[0].why.contains("match no nodes under Cilium"),
        "{}",
        losses[0].why
    );
}

/// The same holds for pods on the network of a node, which blocks name in the same way.
#[test]
fn blocks_do_not_match_pods_on_the_host_network_under_cilium() {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    let agent = fixture.workload("shop/agent", "app=agent");
    let workload = fixture.document.workloads.get_mut(agent).unwrap();
    workload.host_network = true;
    workload.addresses = vec!["192.0.2.7".parse().unwrap()];
    fixture.flow("shop/web", "shop/agent", "TCP/80");
    fixture.document.settings.assumptions.enforcer = Enforcer::Cilium;
    let generated = generate(&fixture.document);
    assert!(
        generated.losses[0]
            .why
            .contains("match no nodes under Cilium")
    );
    let proof = prove(&fixture.document, &generated);
    assert!(proof.findings.iter().all(|finding| finding.kind.is_loss()));
}

/// A6 and A5: egress by networks, ingress not at all.
#[test]
fn cluster_wide_policies_name_a_node_in_egress_alone() {
    for target in [Target::AdminNetworkPolicy, Target::ClusterNetworkPolicy] {
        let (losses, verdicts) = outcome(&with_node(target));
        assert_eq!(verdicts[0], Verdict::Exact, "{target:?}");
        let parts: Vec<&Part> = losses.iter().map(|loss| &loss.part).collect();
        assert_eq!(parts, [&Part::Gate(Direction::Ingress)], "{target:?}");
        let text = generate(&with_node(target).document).text();
        assert!(text.contains("192.0.2.7/32"), "{text}");
    }
}

#[test]
fn a_node_without_addresses_and_a_flow_without_pods_are_refused_with_a_remedy() {
    let mut fixture = with_node(Target::Kubernetes);
    fixture.node("n2", &[]);
    let flow = fixture.flow("shop/web", "node/n2", "TCP/80");
    let generated = generate(&fixture.document);
    let [loss] = &generated.losses[..] else {
        panic!("{:?}", generated.losses)
    };
    assert_eq!(
        loss.message(),
        "the flow is left out: the node `n2` has no addresses"
    );
    assert!(loss.help.as_ref().unwrap().contains("add its `addresses`"));
    let proof = prove(&fixture.document, &generated);
    assert_eq!(proof.verdicts[&flow], Verdict::Invalid);
    fixture.document.flows.get_mut(flow).unwrap().ports = vec![crate::model::FlowPort::Named(
        crate::sets::Protocol::Tcp,
        "http".to_owned(),
    )];
    fixture.document.flows.get_mut(flow).unwrap().to = fixture.end("node/n1");
    let losses = generate(&fixture.document).losses;
    assert!(losses[0].why.contains("no port names"), "{losses:?}");
}
