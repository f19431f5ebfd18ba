//! Random NetworkPolicies in other dialects and back.

use drawbridge::cluster::{Assumptions, HostNetwork, PodAddresses};
use drawbridge::convert::{Conversion, Reading, State, convert};
use drawbridge::load::{Loaded, Settings, load};
use drawbridge::manifest::Source;
use drawbridge::policy::Target;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Pods of two namespaces with the labels that selectors name, and addresses of both families: a pod without an IPv6
/// address has no IPv6 connections under Calico.
const PODS: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: ns-0, labels: {team: a}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: ns-1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: ns-0, labels: {app: web}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}]}]}, status: {podIPs: [{ip: 10.0.1.1}, {ip: '2001:db8::1'}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: ns-0, labels: {app: db, tier: x}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 80, protocol: UDP}]}]}, status: {podIPs: [{ip: 10.0.0.2}, {ip: '2001:db8::2'}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: c, namespace: ns-1, labels: {app: web, tier: y}}, status: {podIPs: [{ip: 10.0.1.3}, {ip: '2001:db8::3'}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: d, namespace: ns-1}, status: {podIPs: [{ip: 10.0.0.4}, {ip: '2001:db8::4'}]}}
";

fn selector() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        (
            select(&["app", "tier"][..]),
            select(&["web", "db", "x"][..])
        )
            .prop_map(|(key, value)| format!("{{key: {key}, operator: In, values: [{value}]}}")),
        (select(&["app", "tier"][..]), select(&["web", "db"][..])).prop_map(
            |(key, value)| format!("{{key: {key}, operator: NotIn, values: [{value}, y]}}")
        ),
        (
            select(&["app", "tier"][..]),
            select(&["Exists", "DoesNotExist"][..])
        )
            .prop_map(|(key, op)| format!("{{key: {key}, operator: {op}}}")),
    ];
    vec(one, 0..3).prop_map(|all| format!("{{matchExpressions: [{}]}}", all.join(", ")))
}

fn namespaces() -> impl Strategy<Value = String> {
    select(
        &[
            "{}",
            "{matchLabels: {kubernetes.io/metadata.name: ns-1}}",
            "{matchLabels: {team: a}}",
            "{matchExpressions: [{key: team, operator: DoesNotExist}]}",
            "{matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [ns-0]}]}",
        ][..],
    )
    .prop_map(str::to_owned)
}

fn peer(blocks: bool) -> BoxedStrategy<String> {
    let pods = prop_oneof![
        selector().prop_map(|pods| format!("{{podSelector: {pods}}}")),
        (namespaces(), option::of(selector())).prop_map(|(namespaces, pods)| match pods {
            Some(pods) => format!("{{namespaceSelector: {namespaces}, podSelector: {pods}}}"),
            None => format!("{{namespaceSelector: {namespaces}}}"),
        }),
    ];
    let block = select(
        &[
            "{ipBlock: {cidr: 0.0.0.0/0}}",
            "{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/24]}}",
            "{ipBlock: {cidr: 10.0.0.1/32}}",
            "{ipBlock: {cidr: '2001:db8::/32'}}",
        ][..],
    );
    match blocks {
        true => prop_oneof![3 => pods, 2 => block.prop_map(str::to_owned)].boxed(),
        false => pods.boxed(),
    }
}

fn ports() -> impl Strategy<Value = String> {
    let one = select(
        &[
            "{port: 80}",
            "{port: 80, endPort: 90}",
            "{port: 53, protocol: UDP}",
            "{protocol: SCTP}",
            "{port: http}",
            "{port: http, protocol: UDP}",
        ][..],
    );
    vec(one, 0..3).prop_map(|all| format!("ports: [{}]", all.join(", ")))
}

fn rules(key: &'static str, blocks: bool) -> impl Strategy<Value = String> {
    let peers = vec(peer(blocks), 0..3);
    let rule = (peers, ports())
        .prop_map(move |(peers, ports)| format!("{{{key}: [{}], {ports}}}", peers.join(", ")));
    vec(rule, 0..3).prop_map(|all| all.join(", "))
}

/// Cilium applies egress rules that `policyTypes` does not list, so all of them are listed.
fn policies(blocks: bool) -> impl Strategy<Value = String> {
    let one = (
        selector(),
        rules("from", blocks),
        option::of(rules("to", blocks)),
    );
    vec(one, 1..4).prop_map(|all| {
        let texts = all.into_iter().enumerate().map(|(at, (pods, from, to))| {
            let (types, to) = match to {
                Some(to) => ("Ingress, Egress", to),
                None => ("Ingress", String::new()),
            };
            format!(
                "---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p{at}, namespace: ns-{}}}, spec: {{podSelector: {pods}, policyTypes: [{types}], ingress: [{from}], egress: [{to}]}}}}\n",
                at % 2
            )
        });
        texts.collect()
    })
}

fn assuming(pod_addresses: PodAddresses) -> Assumptions {
    Assumptions {
        pod_addresses,
        host_network: HostNetwork::Nodes,
        ..Assumptions::default()
    }
}

fn read(policies: &str, assumptions: Assumptions) -> Loaded {
    let settings = Settings {
        enforcer: None,
        assumptions,
    };
    load(
        &[Source::new("a.yaml", format!("{PODS}{policies}"))],
        &settings,
    )
}

fn to(loaded: &Loaded, target: Target, assumptions: Assumptions) -> Conversion {
    let reading = Reading {
        assumptions,
        namespace: None,
    };
    convert(loaded, target, reading)
}

fn text(found: &Conversion) -> String {
    found
        .written()
        .map(|one| format!("---\n{}", one.text))
        .collect()
}

proptest! {
    #[test]
    fn network_policies_without_blocks_mean_the_same_everywhere(policies in policies(false)) {
        let assumptions = assuming(PodAddresses::Unknown);
        let loaded = read(&policies, assumptions);
        for target in [Target::Cilium, Target::Calico] {
            let there = to(&loaded, target, assumptions);
            prop_assert!(there.is_exact(), "{:?} {:?}\n{}", there.changes, there.relation, text(&there));
            let back = to(&read(&text(&there), assumptions), Target::Kubernetes, assumptions);
            prop_assert!(back.is_exact(), "{:?}\n{}", back.changes, text(&back));
            let again = read(&text(&back), assumptions);
            prop_assert_eq!(drawbridge::analysis::changes::changes(&loaded.snapshot, &again.snapshot), vec![]);
        }
    }

    #[test]
    fn blocks_are_converted_and_what_they_match_differently_is_listed(policies in policies(true)) {
        // Each enforcer settles whether blocks match pods.
        for (target, alike) in [
            (Target::Cilium, PodAddresses::Outside),
            (Target::Calico, PodAddresses::Known),
        ] {
            let loaded = read(&policies, assuming(alike));
            let there = to(&loaded, target, assuming(alike));
            prop_assert!(there.policies.iter().all(|one| one.state == State::Exact));
            prop_assert_eq!(&there.changes, &vec![], "{}", text(&there));
            let back = to(&read(&text(&there), assuming(alike)), Target::Kubernetes, assuming(alike));
            prop_assert_eq!(&back.changes, &vec![], "{}", text(&back));
            let again = read(&text(&back), assuming(alike));
            prop_assert_eq!(drawbridge::analysis::changes::changes(&loaded.snapshot, &again.snapshot), vec![]);
        }
        // Where it is assumed otherwise, the changes are those between the original and the written texts.
        let loaded = read(&policies, assuming(PodAddresses::Unknown));
        let there = to(&loaded, Target::Calico, assuming(PodAddresses::Unknown));
        let after = read(&text(&there), assuming(PodAddresses::Unknown));
        prop_assert_eq!(&there.changes, &drawbridge::analysis::changes::changes(&loaded.snapshot, &after.snapshot));
    }
}
