//! Random NetworkPolicies in other dialects and back.

use drawbridge::analysis::Party;
use drawbridge::analysis::changes::{Change, changes};
use drawbridge::cluster::{Assumptions, HostNetwork, PodAddresses};
use drawbridge::convert::{Conversion, Reading, State, convert};
use drawbridge::load::{Loaded, Settings, load};
use drawbridge::manifest::Source;
use drawbridge::policy::Target;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Pods of two namespaces with the labels that selectors name, and addresses of both families.
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

/// Under Calico two pods connect by IPv4 if they can, and a pod without IPv6 addresses has no such connections, so that
/// IPv6 blocks mean something else than for the API.
const IPV4: &[&str] = &[
    "{ipBlock: {cidr: 0.0.0.0/0}}",
    "{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/24]}}",
    "{ipBlock: {cidr: 10.0.0.1/32}}",
];
const BOTH: &[&str] = &[
    "{ipBlock: {cidr: 0.0.0.0/0}}",
    "{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/24]}}",
    "{ipBlock: {cidr: '2001:db8::/32'}}",
];

fn peer(blocks: &'static [&'static str]) -> BoxedStrategy<String> {
    let pods = prop_oneof![
        selector().prop_map(|pods| format!("{{podSelector: {pods}}}")),
        (namespaces(), option::of(selector())).prop_map(|(namespaces, pods)| match pods {
            Some(pods) => format!("{{namespaceSelector: {namespaces}, podSelector: {pods}}}"),
            None => format!("{{namespaceSelector: {namespaces}}}"),
        }),
    ];
    match blocks.is_empty() {
        false => prop_oneof![3 => pods, 2 => select(blocks).prop_map(str::to_owned)].boxed(),
        true => pods.boxed(),
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

fn rules(key: &'static str, blocks: &'static [&'static str]) -> impl Strategy<Value = String> {
    let peers = vec(peer(blocks), 0..3);
    let rule = (peers, ports())
        .prop_map(move |(peers, ports)| format!("{{{key}: [{}], {ports}}}", peers.join(", ")));
    vec(rule, 0..3).prop_map(|all| all.join(", "))
}

/// Cilium applies egress rules that `policyTypes` does not list, so all of them are listed.
fn policies(blocks: &'static [&'static str]) -> impl Strategy<Value = String> {
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

/// Rules of a ClusterNetworkPolicy with these actions. Networks are those that a rule of Calico and the API match alike.
fn ordered_rules(
    key: &'static str,
    actions: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let pods = (namespaces(), selector()).prop_map(|(namespaces, pods)| {
        format!("{{pods: {{namespaceSelector: {namespaces}, podSelector: {pods}}}}}")
    });
    let network = select(&["{networks: [10.0.0.0/24]}", "{networks: [192.0.2.0/24]}"][..]);
    let peer = match key {
        "to" => prop_oneof![3 => pods, 1 => network.prop_map(str::to_owned)].boxed(),
        _ => pods.boxed(),
    };
    let ports = select(
        &[
            "",
            ", protocols: [{tcp: {destinationPort: {number: 80}}}]",
            ", protocols: [{tcp: {destinationPort: {range: {start: 80, end: 90}}}}, {udp: {destinationPort: {number: 53}}}]",
        ][..],
    );
    let rule = (select(actions), vec(peer, 1..3), ports).prop_map(move |(action, peers, ports)| {
        format!("{{action: {action}, {key}: [{}]{ports}}}", peers.join(", "))
    });
    vec(rule, 0..3).prop_map(|all| all.join(", "))
}

/// Cluster-wide policies of these tiers with these actions, no two with one priority.
fn cluster_policies(
    tiers: &'static [&'static str],
    actions: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let one = (
        select(tiers),
        namespaces(),
        selector(),
        ordered_rules("from", actions),
        ordered_rules("to", actions),
    );
    vec(one, 1..4).prop_map(|all| {
        let texts = all.into_iter().enumerate();
        let texts = texts.map(|(at, (tier, namespaces, pods, from, to))| format!(
            "---\n{{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {{name: c{at}}}, spec: {{tier: {tier}, priority: {}, subject: {{pods: {{namespaceSelector: {namespaces}, podSelector: {pods}}}}}, ingress: [{from}], egress: [{to}]}}}}\n",
            900 - at
        ));
        texts.collect()
    })
}

/// Baseline policies of one namespace that deny egress behind their rules.
fn baselines() -> impl Strategy<Value = String> {
    let one = (
        select(&["ns-0", "ns-1"][..]),
        selector(),
        ordered_rules("to", &["Accept", "Accept", "Deny", "Pass"]),
    );
    vec(one, 1..3).prop_map(|all| {
        let texts = all.into_iter().enumerate();
        let texts = texts.map(|(at, (namespace, pods, to))| {
            let to = if to.is_empty() { to } else { to + ", " };
            format!(
                "---\n{{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {{name: b{at}}}, spec: {{tier: Baseline, priority: {at}, subject: {{pods: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}, podSelector: {pods}}}}}, egress: [{to}{{action: Deny, to: [{{networks: [0.0.0.0/0, '::/0']}}]}}]}}}}\n"
            )
        });
        texts.collect()
    })
}

/// Policies of Cilium that deny, of one namespace or of several; some of them isolate.
fn denials() -> impl Strategy<Value = String> {
    let namespaces = select(&["ns-0", "ns-1", "ns-0, ns-1"][..]);
    let ports = select(
        &[
            "",
            ", toPorts: [{ports: [{port: '80', protocol: TCP}, {port: '53', protocol: UDP}]}]",
        ][..],
    );
    // `y` is a boolean to the schema of Cilium.
    let selector = || selector().prop_map(|text| text.replace(", y]", ", z]"));
    let one = (
        any::<[bool; 3]>(),
        namespaces,
        selector(),
        selector(),
        ports,
    );
    vec(one, 1..4).prop_map(|all| {
        let texts = all.into_iter().enumerate();
        let texts = texts.map(|(at, ([is_ingress, isolates, is_wide], namespaces, pods, peers, ports))| {
            let (direction, end) = if is_ingress { ("ingress", "from") } else { ("egress", "to") };
            let (kind, place, pods) = match is_wide {
                true => (
                    "CiliumClusterwideNetworkPolicy",
                    String::new(),
                    pods.replacen(
                        '[',
                        &format!("[{{key: 'k8s:io.kubernetes.pod.namespace', operator: In, values: [{namespaces}]}}, "),
                        1,
                    ),
                ),
                false => ("CiliumNetworkPolicy", format!(", namespace: ns-{}", at % 2), pods),
            };
            format!(
                "---\n{{apiVersion: cilium.io/v2, kind: {kind}, metadata: {{name: d{at}{place}}}, spec: {{endpointSelector: {pods}, enableDefaultDeny: {{{direction}: {isolates}}}, {direction}Deny: [{{{end}Endpoints: [{peers}]{ports}}}]}}}}\n"
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

/// Whether all of each policy is written. What it means may differ all the same.
fn in_full(found: &Conversion) -> bool {
    let mut all = found.policies.iter();
    all.all(|one| matches!(one.state, State::Exact | State::Differs))
}

/// Converts there and back, and returns what changes at each step and in all.
fn there_and_back(policies: &str, target: Target, assumptions: Assumptions) -> [Vec<Change>; 3] {
    let loaded = read(policies, assumptions);
    let there = to(&loaded, target, assumptions);
    assert!(in_full(&there));
    let back = to(
        &read(&text(&there), assumptions),
        Target::Kubernetes,
        assumptions,
    );
    assert!(in_full(&back));
    let again = read(&text(&back), assumptions);
    let whole = changes(&loaded.snapshot, &again.snapshot);
    [there.changes, back.changes, whole]
}

proptest! {
    #[test]
    fn policies_without_blocks_mean_the_same_everywhere(policies in policies(&[])) {
        let assumptions = assuming(PodAddresses::Unknown);
        let loaded = read(&policies, assumptions);
        for target in [Target::Cilium, Target::Calico] {
            let there = to(&loaded, target, assumptions);
            prop_assert!(there.is_exact(), "{:?} {:?}\n{}", there.changes, there.relation, text(&there));
            let changes = there_and_back(&policies, target, assumptions);
            prop_assert_eq!(changes, [vec![], vec![], vec![]]);
        }
    }

    #[test]
    fn denials_of_cilium_mean_the_same_in_calico_and_back(denials in denials(), others in policies(&[])) {
        let assumptions = assuming(PodAddresses::Unknown);
        let loaded = read(&format!("{denials}{others}"), assumptions);
        let there = to(&loaded, Target::Calico, assumptions);
        prop_assert!(there.is_exact(), "{:?} {:?}\n{}", there.changes, there.policies, text(&there));
        let back = to(&read(&text(&there), assumptions), Target::Cilium, assumptions);
        prop_assert!(back.is_exact(), "{:?} {:?}\n{}", back.changes, back.policies, text(&back));
        prop_assert_eq!(changes(&loaded.snapshot, &back.after), vec![]);
    }

    #[test]
    fn blocks_mean_the_same_where_they_match_the_same_pods(
        of_calico in policies(IPV4),
        of_cilium in policies(BOTH),
    ) {
        for (policies, target, pod_addresses) in [
            (of_calico, Target::Calico, PodAddresses::Known),
            (of_cilium, Target::Cilium, PodAddresses::Outside),
        ] {
            let changes = there_and_back(&policies, target, assuming(pod_addresses));
            prop_assert_eq!(changes, [vec![], vec![], vec![]], "{:?}", target);
        }
    }

    /// They match pods alone as sources, so that only ingress from outside opens. They have no port name of one protocol.
    #[test]
    fn cluster_wide_policies_open_ingress_from_outside_alone(policies in policies(&[])) {
        let assumptions = assuming(PodAddresses::Unknown);
        let loaded = read(&policies.replace("port: http", "port: 81"), assumptions);
        for target in [Target::AdminNetworkPolicy, Target::ClusterNetworkPolicy] {
            let there = to(&loaded, target, assumptions);
            prop_assert!(in_full(&there));
            for change in &there.changes {
                let from_pods = matches!(change.src, Party::Workload(_));
                prop_assert!(!from_pods && change.closed().is_empty(), "{change:?}\n{}", text(&there));
            }
            let after = read(&text(&there), assumptions);
            prop_assert_eq!(&there.changes, &changes(&loaded.snapshot, &after.snapshot));
        }
    }

    /// Policies without rules have no effect, and no form.
    #[test]
    fn cluster_wide_policies_mean_the_same_in_calico(
        ordered in cluster_policies(&["Admin", "Baseline"], &["Accept", "Deny", "Pass"]),
        others in policies(&[]),
    ) {
        let assumptions = assuming(PodAddresses::Known);
        let loaded = read(&format!("{ordered}{others}"), assumptions);
        let there = to(&loaded, Target::Calico, assumptions);
        for one in &there.policies {
            let is_empty = one.reasons.iter().any(|reason| reason.why.starts_with("it has no rules"));
            prop_assert!(one.state == State::Exact || is_empty, "{one:?}");
        }
        prop_assert_eq!(&there.changes, &vec![], "{}", text(&there));
    }

    /// Each version of the API has all that the other has, and one text for it.
    #[test]
    fn the_two_versions_of_cluster_wide_policies_mean_the_same(
        ordered in cluster_policies(&["Admin"], &["Accept", "Deny", "Pass"]),
    ) {
        let assumptions = assuming(PodAddresses::Unknown);
        let loaded = read(&ordered, assumptions);
        let old = to(&loaded, Target::AdminNetworkPolicy, assumptions);
        let new = to(&read(&text(&old), assumptions), Target::ClusterNetworkPolicy, assumptions);
        for one in old.policies.iter().chain(&new.policies) {
            let is_empty = one.reasons.iter().any(|reason| reason.why.starts_with("it has no rules"));
            prop_assert!(one.state == State::Exact || is_empty, "{one:?}");
        }
        prop_assert_eq!([&old.changes, &new.changes], [&vec![], &vec![]], "{}", text(&old));
        let again = to(&read(&text(&new), assumptions), Target::AdminNetworkPolicy, assumptions);
        prop_assert_eq!(text(&again), text(&old));
    }

    /// What a baseline allows it allows only where no NetworkPolicy selects the pods.
    #[test]
    fn baseline_policies_that_become_network_policies_change_nothing(
        baselines in baselines(),
        others in policies(&[]),
    ) {
        let assumptions = assuming(PodAddresses::Unknown);
        let loaded = read(&format!("{baselines}{others}"), assumptions);
        let there = to(&loaded, Target::Kubernetes, assumptions);
        if in_full(&there) {
            prop_assert!(there.is_equal(), "{:?} {:?}\n{}", there.changes, there.relation, text(&there));
        }
    }

    /// What Cilium cannot order it denies: nothing opens, and nothing changes where all is said to be exact.
    #[test]
    fn cluster_wide_policies_open_nothing_in_cilium(
        ordered in cluster_policies(&["Admin"], &["Accept", "Deny"]),
        others in policies(&[]),
    ) {
        let assumptions = assuming(PodAddresses::Outside);
        let loaded = read(&format!("{ordered}{others}"), assumptions);
        let there = to(&loaded, Target::Cilium, assumptions);
        for change in &there.changes {
            prop_assert!(change.opened().is_empty(), "{change:?}\n{}", text(&there));
        }
        // The order across policies is in no policy of its own.
        if ordered.matches("kind: ").count() == 1 && in_full(&there) {
            prop_assert_eq!(&there.changes, &vec![], "{}", text(&there));
        }
    }

    #[test]
    fn changes_are_those_between_the_original_and_the_written_texts(policies in policies(BOTH)) {
        let assumptions = Assumptions::default();
        let loaded = read(&policies, assumptions);
        for target in [Target::Cilium, Target::Calico] {
            let there = to(&loaded, target, assumptions);
            let after = read(&text(&there), assumptions);
            prop_assert_eq!(&there.changes, &changes(&loaded.snapshot, &after.snapshot));
        }
    }
}
