//! Adopting random policies of each dialect changes nothing, for the pods of the input, for future ones and for nodes.

use drawbridge::adopt::adopt;
use drawbridge::analysis::changes::{Relation, changes, policy_relation};
use drawbridge::cluster::Enforcer;
use drawbridge::import::import;
use drawbridge::load::{Settings, load};
use drawbridge::manifest::Source;
use drawbridge::model::PolicyId;
use drawbridge::proof::loaded;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Pods with the labels and the port names that policies mention, one of them on the host network, and a node.
const CLUSTER: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {team: x}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: b, labels: {team: z}}}
---
{apiVersion: v1, kind: Node, metadata: {name: n}, status: {addresses: [{type: InternalIP, address: 192.168.5.7}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: w, namespace: a, labels: {app: w, tier: f}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: v, namespace: a, labels: {app: v, tier: f}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: u, namespace: b, labels: {app: u}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: t, namespace: b, labels: {app: t, tier: g}}, spec: {hostNetwork: true, containers: [{name: c, ports: [{name: http, containerPort: 9090}]}]}}
";

const SELECTORS: &[&str] = &[
    "{}",
    "{matchLabels: {app: w}}",
    "{matchLabels: {app: t}}",
    "{matchLabels: {tier: f}}",
    "{matchExpressions: [{key: app, operator: NotIn, values: [w, u]}]}",
    "{matchExpressions: [{key: tier, operator: DoesNotExist}]}",
];

/// A policy: its head, where its pods are selected, and its rules for both directions.
fn policy(
    head: &'static str,
    subjects: &'static [&'static str],
    ingress: &'static [&'static str],
    egress: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let rules = |of: &'static [&'static str]| vec(select(of), 0..3);
    (
        select(&["a", "b"][..]),
        select(subjects),
        rules(ingress),
        rules(egress),
        any::<u32>(),
    )
        .prop_map(move |(namespace, subject, ingress, egress, name)| {
            let rules = |key: &str, rules: Vec<&str>| match rules.is_empty() {
                true => String::new(),
                false => format!(", {key}: [{}]", rules.join(", ")),
            };
            let (ingress, egress) = (rules("ingress", ingress), rules("egress", egress));
            format!(
                "---\n{{{head}, metadata: {{name: p{name}, namespace: {namespace}}}, spec: {{{subject}{ingress}{egress}}}}}\n"
            )
        })
}

fn kubernetes() -> impl Strategy<Value = String> {
    const INGRESS: &[&str] = &[
        "{}",
        "{ports: [{port: 8080}]}",
        "{from: [{podSelector: {}}], ports: [{port: http}]}",
        "{from: [{podSelector: {matchLabels: {app: v}}}], ports: [{port: 8080}]}",
        "{from: [{namespaceSelector: {matchLabels: {team: x}}}]}",
        "{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}], ports: [{port: http}]}",
    ];
    const EGRESS: &[&str] = &[
        "{ports: [{port: http}]}",
        "{to: [{podSelector: {matchLabels: {app: w}}}], ports: [{port: http}]}",
        "{to: [{podSelector: {matchLabels: {app: w}}}], ports: [{port: 8080}]}",
        "{to: [{namespaceSelector: {}, podSelector: {matchLabels: {tier: g}}}]}",
        "{to: [{ipBlock: {cidr: 192.168.0.0/16}}]}",
    ];
    let subjects = select(SELECTORS);
    let of = policy(
        "apiVersion: networking.k8s.io/v1, kind: NetworkPolicy",
        &[
            "policyTypes: [Ingress]",
            "policyTypes: [Egress]",
            "policyTypes: [Ingress, Egress]",
        ],
        INGRESS,
        EGRESS,
    );
    (subjects, of).prop_map(|(subject, text)| {
        text.replace("spec: {", &format!("spec: {{podSelector: {subject}, "))
    })
}

fn cilium() -> impl Strategy<Value = String> {
    const SUBJECTS: &[&str] = &[
        "endpointSelector: {}",
        "endpointSelector: {matchLabels: {app: w}}",
        "endpointSelector: {matchLabels: {app: t}}, ingressDeny: [{fromEndpoints: [{}]}]",
        "endpointSelector: {matchLabels: {tier: f}}, enableDefaultDeny: {ingress: false}",
    ];
    const INGRESS: &[&str] = &[
        "{}",
        "{toPorts: [{ports: [{port: '8080', protocol: TCP}]}]}",
        "{fromEndpoints: [{}]}",
        "{fromEndpoints: [{matchLabels: {app: v}}], toPorts: [{ports: [{port: '8080', protocol: TCP}]}]}",
        "{fromEntities: [cluster]}",
        "{fromEntities: [remote-node], toPorts: [{ports: [{port: '53'}]}]}",
        "{fromCIDR: [0.0.0.0/0]}",
    ];
    const EGRESS: &[&str] = &[
        "{}",
        "{toPorts: [{ports: [{port: '8080', protocol: TCP}]}]}",
        "{toEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': a, app: w}}]}",
        "{toEntities: [all], toPorts: [{ports: [{port: '443', protocol: TCP}]}]}",
        "{toEntities: [world]}",
        "{toFQDNs: [{matchName: x.example}]}",
    ];
    policy(
        "apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy",
        SUBJECTS,
        INGRESS,
        EGRESS,
    )
}

fn calico() -> impl Strategy<Value = String> {
    const SUBJECTS: &[&str] = &[
        "selector: all()",
        "selector: app == 'w' && app == 'w'",
        "selector: app == 'q', order: 10",
        "selector: app == 'q', types: [Egress]",
        "selector: has(tier), order: 2000",
    ];
    const INGRESS: &[&str] = &[
        "{action: Allow}",
        "{action: Deny, source: {selector: app == 'v'}}",
        "{action: Allow, source: {selector: \"app in {'v', 'u'}\"}}",
        "{action: Allow, protocol: TCP, destination: {ports: [8080, http]}}",
        "{action: Pass}",
    ];
    const EGRESS: &[&str] = &[
        "{action: Allow}",
        "{action: Deny}",
        "{action: Allow, protocol: TCP, destination: {selector: app == 'w', ports: [http]}}",
        "{action: Allow, protocol: TCP, destination: {selector: app == 'w', ports: [8080]}}",
        "{action: Allow, destination: {nets: [0.0.0.0/0]}}",
    ];
    policy(
        "apiVersion: projectcalico.org/v3, kind: NetworkPolicy",
        SUBJECTS,
        INGRESS,
        EGRESS,
    )
}

/// An enforcer and policies that it implements.
fn input() -> impl Strategy<Value = (Enforcer, String)> {
    let enforcers = [Enforcer::Kubernetes, Enforcer::Cilium, Enforcer::Calico];
    let all = |texts: Vec<String>| texts.concat();
    prop_oneof![
        (
            select(enforcers.to_vec()),
            vec(kubernetes(), 1..4).prop_map(all)
        ),
        (Just(Enforcer::Cilium), vec(cilium(), 1..4).prop_map(all)),
        (Just(Enforcer::Calico), vec(calico(), 1..4).prop_map(all)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() })]
    #[test]
    fn adopted_policies_are_equivalent((enforcer, policies) in input()) {
        let settings = Settings { enforcer: Some(enforcer), ..Settings::default() };
        let text = format!("{CLUSTER}{policies}");
        let mut document = import(&load(&[Source::new("a.yaml", text)], &settings)).document;
        let before = loaded(&document).snapshot;
        let ids: Vec<PolicyId> = document.policies.ids().collect();
        if let Some(edit) = adopt(&document, &ids, &|| false).edit {
            prop_assert!(edit.apply(&mut document).is_ok(), "{policies}");
        }
        let after = loaded(&document).snapshot;
        let found = changes(&before, &after);
        prop_assert!(found.is_empty(), "{policies}{found:?}");
        prop_assert_eq!(policy_relation(&before, &after), Relation::Equal, "{}", policies);
    }
}
