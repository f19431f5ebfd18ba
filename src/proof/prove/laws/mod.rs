//! For random documents: the generated policies match the document, and no verdict is wrong.

mod evaluated;
mod plain;
pub(crate) mod random;

use proptest::prelude::*;

use super::*;
use crate::cluster::PodAddresses;
use crate::model::Isolate;
use crate::proof::generate;
pub(crate) use evaluated::alter;
pub(crate) use random::{Random, drawing, drawing_in, random, random_with_rules, target};

/// DNS that needs no policy is not required because a port name of a flow might resolve to it.
#[test]
fn a_port_name_does_not_demand_dns() {
    let document = drawing(&Random {
        settings: (false, 0, false, 0, 0, false),
        namespaces: vec![
            (1, 1, false, false),
            (0, 0, false, false),
            (0, 0, false, false),
        ],
        workloads: vec![
            (0, 13, 0, false, false, 0),
            (0, 29, 0, false, false, 0),
            (0, 149, 0, false, false, 0),
            (324, 146, 0, false, false, 0),
            (0, 3, 0, false, false, 0),
            (0, 67, 0, false, true, 0),
        ],
        externals: vec![],
        groups: vec![(0, 0, 0)],
        flows: vec![(679, 764, 167, false, 0)],
        kept: Some((0, true)),
        opens: false,
        accounts: None,
    })
    .document;
    let proof = prove(&document, &generate(&document));
    let blocked = |f: &&super::Finding| f.kind == Kind::Blocked;
    assert_eq!(proof.findings.iter().find(blocked), None);
}

/// A range of addresses that is closed by mistake is about every flow with some of them.
#[test]
fn a_part_of_a_range_belongs_to_its_flow() {
    let mut fixture = crate::model::fixture::Fixture::new();
    fixture.workload("a/w", "app=w");
    fixture.external("e", &["10.0.0.0/8"], &[]);
    let flow = fixture.flow("external/e", "a/w", "TCP/80");
    fixture.document.settings.base = crate::model::Base::None;
    fixture.import(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x, namespace: a}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n",
        Some("a/w-from-e"),
    );
    let mut generated = generate(&fixture.document);
    generated.replaced.clear();
    let mut without = fixture.document.clone();
    without.policies = crate::model::Table::default();
    let real = InForce::read(&fixture.document, &generated);
    let proof = prove_against(&without, &real.cluster.snapshot);
    assert_eq!(proof.verdicts[&flow], Verdict::Blocked);
}

/// A port name of a workload that counts as its node means the port that the workload declares, although no policy can
/// say so: what closes it is about the flow.
#[test]
fn a_port_name_at_a_node_is_a_port() {
    use crate::cluster::HostNetwork;

    let closed = |target: Target, ports: &str| {
        let mut fixture = crate::model::fixture::Fixture::new();
        fixture.workload("a/w", "app=w");
        let agent = fixture.workload("a/agent", "app=agent");
        fixture.port(agent, "http", 9100);
        fixture
            .document
            .workloads
            .get_mut(agent)
            .unwrap()
            .host_network = true;
        let flow = fixture.flow("a/w", "a/agent", ports);
        fixture.document.settings.base = crate::model::Base::None;
        fixture.document.settings.dialects = vec![target];
        fixture.document.settings.assumptions.host_network = HostNetwork::Nodes;
        let drawn = fixture.document.clone();
        fixture.import(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x, namespace: a}\nspec: {podSelector: {}, policyTypes: [Egress]}\n",
            None,
        );
        let real = InForce::read(&fixture.document, &generate(&drawn));
        prove_against(&drawn, &real.cluster.snapshot).verdicts[&flow]
    };
    for target in Target::ALL {
        assert_eq!(closed(target, "TCP/http"), Verdict::Blocked, "{target:?}");
        assert_eq!(closed(target, "TCP/other"), Verdict::Exact, "{target:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn generated_policies_match_the_document(random in random(), target in target()) {
        let mut document = drawing_in(&random, target).document;
        // The addresses of future pods are opaque: blocks, which these dialects never match pods by, are not recognised
        // there.
        if target.is_cluster_wide() {
            document.settings.assumptions.pod_addresses = PodAddresses::Outside;
        }
        let generated = generate(&document);
        let proof = prove(&document, &generated);
        // Workloads that are to be isolated and that no selector identifies stay open and get no DNS policy, and
        // what isolates a workload, or opens one that is isolated by less than its namespace, isolates and opens pods
        // that are not drawn and have its labels, too: all rightly reported.
        let not_isolated = generated.diagnostics.iter().any(|d| d.code == "not-isolated");
        let isolates = document.workloads.iter().any(|(_, w)| w.isolate != Isolate::None)
            || document.groups.iter().any(|(_, g)| g.isolate != Isolate::None)
            || !document.policies.is_empty();
        let unmanaged = document.namespaces.iter().any(|(_, n)| !n.managed);
        let right = |f: &&Finding| {
            let undrawn = f.kind.is_difference() && f.workload.is_none();
            // A flow to addresses may be named, too, where they may be those of a resolver's future pods.
            let dns = f.kind == Kind::Blocked && f.ports.contains("53");
            // Sources that are no pods are beyond these dialects. Of a finding the message is about pods where it is
            // about any, so that others do not excuse them.
            let outside = target.is_cluster_wide()
                && f.open
                && f.message.contains("from outside the cluster or from nodes");
            // DNS at a port name is not written: it has no protocol there.
            let named = f.kind == Kind::Blocked
                && f.help.as_ref().is_some_and(|help| help.contains("DNS profile port numbers"));
            // HTTP rules are filtered only where a policy isolates.
            let requests = f.message.starts_with("the HTTP rules ");
            // Nothing is written for a namespace that is not managed, nor for a workload without labels: where its
            // isolation would have denied, nothing does.
            // Host-network sources and addresses are no pods for these dialects.
            let is_from = |id| crate::model::Words::new(&document).of(&crate::model::End::Workload(id)) == f.from;
            let mut hosts = document.workloads.iter().filter(|(_, w)| w.host_network);
            let has_nodes = hosts.any(|(id, _)| is_from(id));
            let beyond = has_nodes || f.message.contains(", which the flow e");
            let left_out = f.flows.iter().any(|id| {
                let denies = document.flows.get(*id).is_some_and(|flow| flow.denies);
                denies && generated.losses.iter().any(|loss| loss.flow == (*id).into())
            });
            let is_lost =
                unmanaged || not_isolated || left_out || target.is_cluster_wide() && beyond;
            let denial = f.message.contains(", which the flow ") && is_lost;
            outside || named || requests || denial || not_isolated && (f.open || f.flows.is_empty() || dns) || undrawn && isolates
        };
        let reported = proof.findings.iter().filter(right).count() > 0;
        let wrong: Vec<String> = proof
            .findings
            .iter()
            .filter(|f| f.kind.is_difference() && !right(f))
            .map(|f| f.message.clone())
            .collect();
        prop_assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), generated.text());
        prop_assert!(proof.diagnostics.is_empty(), "{:?}", proof.diagnostics);
        prop_assert!(reported || proof.state <= State::Invalid);
        if generated.losses.is_empty() && !reported && !document.flows.is_empty() {
            let wider = !generated.approximations.is_empty();
            let state = if wider { State::Approximated } else { State::Exact };
            prop_assert_eq!(proof.state, state);
        }
    }

    #[test]
    fn written_texts_deserialize_as_api_objects(random in random()) {
        use k8s_openapi::api::networking::v1::NetworkPolicy;
        let generated = generate(&drawing(&random).document);
        let mut names = std::collections::BTreeSet::new();
        for written in &generated.policies {
            prop_assert!(names.insert((&written.namespace, &written.name)));
            let typed: NetworkPolicy = serde_yaml::from_str(&written.text).unwrap();
            let all: serde_json::Value = serde_yaml::from_str(&written.text).unwrap();
            prop_assert_eq!(serde_json::to_value(&typed).unwrap(), all, "a field was lost");
            let count = written.text.lines().count() as u32;
            for (range, flow) in &written.lines {
                prop_assert!(*range.end() <= count && written.flows.contains(flow));
                let first = written.text.lines().nth(*range.start() as usize - 1).unwrap();
                prop_assert!(first.starts_with("  - "), "{first}");
            }
        }
    }

    #[test]
    fn the_order_of_flows_does_not_matter(random in random()) {
        let mut turned = random.clone();
        turned.flows.reverse();
        prop_assert_eq!(generate(&drawing(&random).document).text(), generate(&drawing(&turned).document).text());
    }
}
