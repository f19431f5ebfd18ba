//! Verdicts that follow from one rule of the APIs each, by name: `T..` are those of the references,
//! `K..` and `A..` test the rule of that number.

use drawbridge::analysis::Endpoint;
use drawbridge::cluster::{Assumptions, Enforcer, HostNetwork, PodAddresses, PortNames};
use drawbridge::load::{Settings, load};
use drawbridge::manifest::Source;
use drawbridge::query::explain::{Verdict, ask, ends, ports};

const CLUSTER: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: s, labels: {team: a}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: o, labels: {team: b}}}
---
{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {zone: a}}, status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: s, labels: {app: p}}
spec: {nodeName: n1, containers: [{name: c, ports: [{name: web, containerPort: 8080}]}]}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: q, namespace: s, labels: {app: q, env: prod}}
spec: {containers: [{name: c, ports: [{name: web, containerPort: 9090, protocol: UDP}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: six, namespace: s, labels: {app: six}}
spec: {containers: [{name: c}]}
status: {podIPs: [{ip: '2001:db8::6'}]}
---
apiVersion: v1
kind: Pod
metadata: {name: host, namespace: s, labels: {app: host}}
spec: {hostNetwork: true, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: r, namespace: o, labels: {app: r}}
spec: {containers: [{name: c}]}
---
";

/// A host-network pod on the node of `p`.
const AGENT: &str = "
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: o, labels: {app: agent}}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: c, ports: [{name: web, containerPort: 8080}]}]}
---
";

/// A NetworkPolicy of namespace `s`.
fn np(spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: np, namespace: s}}\nspec: {spec}\n---\n"
    )
}

/// An AdminNetworkPolicy on every pod.
fn anp(name: &str, priority: u32, rules: &str) -> String {
    format!(
        "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {{name: {name}}}\nspec: {{priority: {priority}, subject: {{namespaces: {{}}}}, {rules}}}\n---\n"
    )
}

fn banp(rules: &str) -> String {
    format!(
        "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\nmetadata: {{name: default}}\nspec: {{subject: {{namespaces: {{}}}}, {rules}}}\n---\n"
    )
}

/// A ClusterNetworkPolicy of the Admin tier on every pod.
fn cnp(rules: &str) -> String {
    format!(
        "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {{name: cnp}}\nspec: {{tier: Admin, priority: 5, subject: {{namespaces: {{}}}}, {rules}}}\n---\n"
    )
}

/// Pods with addresses: `p` has 10.0.0.1, as `status` says.
const KNOWN: Assumptions = Assumptions {
    enforcer: Enforcer::Kubernetes,
    port_names: PortNames::Running,
    pod_addresses: PodAddresses::Known,
    host_network: HostNetwork::Pods,
};
const OUTSIDE: Assumptions = Assumptions {
    enforcer: Enforcer::Kubernetes,
    port_names: PortNames::Running,
    pod_addresses: PodAddresses::Outside,
    host_network: HostNetwork::Pods,
};
const NODES: Assumptions = Assumptions {
    enforcer: Enforcer::Kubernetes,
    port_names: PortNames::Running,
    pod_addresses: PodAddresses::Unknown,
    host_network: HostNetwork::Nodes,
};
const DEFAULT: Assumptions = Assumptions {
    enforcer: Enforcer::Kubernetes,
    port_names: PortNames::Running,
    pod_addresses: PodAddresses::Unknown,
    host_network: HostNetwork::Pods,
};

/// Each line of `want`: `FROM > TO PORT allow|some|deny`, or `refused` where the API server rejects the
/// policy.
fn hold(name: &str, assumptions: Assumptions, policies: &str, want: &[&str]) {
    let text = format!("{CLUSTER}{policies}");
    let loaded = load(
        &[Source::new("vector.yaml", text)],
        &Settings::kubernetes(assumptions),
    );
    let refused = loaded.policies.iter().any(|p| p.index.is_none());
    let wanted = want.contains(&"refused");
    assert_eq!(refused, wanted, "{name}: {:?}", loaded.diagnostics);
    let want = want.iter().filter(|line| **line != "refused");
    for line in want {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [from, ">", to, port, verdict] = words.as_slice() else {
            panic!("{name}: {line}");
        };
        let end = |word: &str| match word.strip_prefix("domain:") {
            Some(domain) => vec![Endpoint::Domain(domain.to_owned())],
            None => ends(&loaded.snapshot, word).expect("an end"),
        };
        let port = ports(port).expect("a port");
        let answer = ask(&loaded.snapshot, &end(from), &end(to), &port.clone().into());
        let right = match *verdict {
            "allow" => Verdict::All,
            "some" => Verdict::Some,
            _ => Verdict::None,
        };
        assert_eq!(answer.verdict, right, "{name}: {line}");
    }
}

macro_rules! vectors {
    ($($name:ident $(under $assumptions:ident)?: $policies:expr => [$($want:literal),* $(,)?];)*) => {$(
        #[test]
        fn $name() {
            let assumptions = [$($assumptions,)? DEFAULT][0];
            hold(stringify!($name), assumptions, &$policies, &[$($want),*]);
        }
    )*};
}

vectors! {
    t1_isolates_ingress_alone: np("{podSelector: {}}") =>
        ["o/r > s/p TCP/80 deny", "s/p > o/r any allow"];
    t2_an_empty_egress_list_isolates_nothing: np("{podSelector: {}, egress: []}") =>
        ["s/p > o/r any allow", "o/r > s/p any deny"];
    t3_an_empty_egress_rule_allows_all: np("{podSelector: {}, egress: [{}]}") =>
        ["o/r > s/p any deny", "s/p > o/r any allow"];
    t4_rules_of_an_unlisted_direction: np("{podSelector: {}, policyTypes: [Egress], ingress: [{from: [{podSelector: {}}]}]}") =>
        ["o/r > s/p any allow"];
    t5_every_namespace_is_not_the_outside: np("{ingress: [{from: [{namespaceSelector: {}}]}]}") =>
        ["203.0.113.9 > s/p any deny", "o/r > s/p any allow"];
    t6_an_empty_port_item_is_all_of_tcp: np("{ingress: [{ports: [{}]}]}") =>
        ["o/r > s/p UDP/53 deny", "o/r > s/p TCP allow"];
    t7_a_named_port: np("{ingress: [{ports: [{port: web}]}]}") =>
        ["o/r > s/p TCP/8080 allow", "o/r > s/p TCP/80 deny"];
    t8_a_named_port_that_the_pod_lacks: np("{ingress: [{ports: [{port: web}]}]}") =>
        ["o/r > s/six TCP/8080 deny", "o/r > s/q TCP/9090 deny", "o/r > s/q UDP/9090 deny"];
    t9_an_exception_is_no_denial: np("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}, {from: [{ipBlock: {cidr: 10.1.2.0/24}}]}]}") =>
        ["10.1.2.3 > s/p any allow", "10.1.3.3 > s/p any deny", "10.2.0.1 > s/p any allow"];
    t10_not_in_selects_what_lacks_the_key: np("{podSelector: {matchExpressions: [{key: env, operator: NotIn, values: [prod]}]}}") =>
        ["o/r > s/p any deny", "o/r > s/q any allow"];
    t11_both_gates_count: np("{podSelector: {matchLabels: {app: q}}, ingress: []}") + &np("{podSelector: {matchLabels: {app: p}}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}").replace("name: np", "name: np2") =>
        ["s/p > s/q any deny", "s/p > s/six any allow", "s/p > o/r any deny"];
    t12_a_pod_reaches_itself: np("{policyTypes: [Ingress, Egress]}") =>
        ["s/p > s/p any allow", "s/p > s/q any deny"];
    t13_a_node_reaches_its_pods: np("{policyTypes: [Ingress, Egress]}") =>
        ["node/n1 > s/p any allow", "node/n1 > s/q any deny"];
    t14_pass_leaves_the_tier: anp("a", 5, "ingress: [{action: Pass, from: [{namespaces: {}}]}]") + &anp("b", 9, "ingress: [{action: Deny, from: [{namespaces: {}}]}]") + &np("{ingress: [{}]}") =>
        ["o/r > s/p any allow"];
    t15_passed_on_to_the_baseline: anp("a", 5, "ingress: [{action: Pass, from: [{namespaces: {}}]}]") + &banp("ingress: [{action: Deny, from: [{namespaces: {}}]}]") =>
        ["o/r > s/p any deny", "203.0.113.9 > s/p any allow"];
    t16_an_admin_allows_what_a_policy_denies: anp("a", 5, "ingress: [{action: Allow, from: [{namespaces: {}}]}]") + &np("{ingress: []}") =>
        ["o/r > s/p any allow", "203.0.113.9 > s/p any deny"];
    t17_the_baseline_follows_each_direction: np("{policyTypes: [Egress], egress: [{}]}") + &banp("ingress: [{action: Deny, from: [{namespaces: {}}]}]") =>
        ["o/r > s/p any deny"];
    t18_whole_networks_match_pods_of_their_family: cnp("egress: [{action: Deny, to: [{networks: [0.0.0.0/0]}]}]") =>
        ["s/p > s/q any deny", "s/p > s/six any allow", "s/p > 8.8.8.8 any deny", "s/p > 2001:db8::1 any allow"];
    t19_namespaces_are_pods_alone: cnp("ingress: [{action: Deny, from: [{namespaces: {}}]}]") =>
        ["203.0.113.9 > s/p any allow", "node/n1 > s/p any allow", "o/r > s/p any deny"];

    k1_subjects_are_of_the_own_namespace: np("{}") =>
        ["s/q > s/p any deny", "s/q > o/r any allow"];
    k1_without_a_namespace_it_is_default: np("{}").replace(", namespace: s", "") =>
        ["o/r > s/p any allow"];
    k2_null_selects_every_pod: np("{podSelector: null, ingress: []}") =>
        ["o/r > s/p any deny", "o/r > s/q any deny", "s/p > o/r any allow"];
    k2_without_a_spec_everything_is_isolated: np("null") =>
        ["o/r > s/p any deny", "s/p > o/r any allow"];
    k3_egress_rules_isolate_egress_too: np("{podSelector: {}, egress: [{to: [{podSelector: {}}]}]}") =>
        ["s/p > o/r any deny", "o/r > s/p any deny"];
    k4_egress_rules_without_the_type: np("{policyTypes: [Ingress], egress: [{to: [{podSelector: {}}]}]}") =>
        ["s/p > o/r any allow", "o/r > s/p any deny"];
    k5_a_listed_type_without_rules: np("{policyTypes: [Egress]}") =>
        ["s/p > o/r any deny", "s/p > 203.0.113.9 any deny", "o/r > s/p any allow"];
    k5_null_is_no_rule: np("{policyTypes: [Ingress, Egress], ingress: null, egress: []}") =>
        ["s/p > o/r any deny", "o/r > s/p any deny"];
    k6_an_empty_rule_allows_all: np("{ingress: [{}]}") =>
        ["203.0.113.9 > s/p any allow", "o/r > s/p any allow", "node/n1 > s/q any allow"];
    k6_a_null_rule_allows_all: np("{ingress: [null]}") => ["203.0.113.9 > s/p any allow"];
    k7_no_peers_are_all_peers: np("{ingress: [{from: [], ports: [{port: 1}]}], egress: [{to: null, ports: [{port: 2}]}]}") =>
        ["203.0.113.9 > s/p TCP/1 allow", "node/n1 > s/q TCP/1 allow", "o/r > s/p TCP/1 allow", "o/r > s/p TCP/2 deny",
         "s/p > 203.0.113.9 TCP/2 allow", "s/p > node/n1 TCP/2 allow", "s/p > 203.0.113.9 TCP/1 deny"];
    k8_no_ports_are_all_ports: np("{ingress: [{from: [{podSelector: {}}], ports: []}], egress: [{to: [{podSelector: {}}], ports: null}]}") =>
        ["s/q > s/p any allow", "o/r > s/p any deny", "s/p > o/r any deny"];
    k9_peer_and_port_of_one_rule: np("{ingress: [{from: [{podSelector: {matchLabels: {app: q}}}], ports: [{port: 1}]}, {from: [{namespaceSelector: {matchLabels: {team: b}}}], ports: [{port: 2}]}]}") =>
        ["s/q > s/p TCP/1 allow", "s/q > s/p TCP/2 deny", "o/r > s/p TCP/2 allow", "o/r > s/p TCP/1 deny"];
    k10_null_is_all_of_tcp: np("{ingress: [{ports: [null]}]}") =>
        ["o/r > s/p TCP allow", "o/r > s/p UDP deny", "o/r > s/p SCTP deny"];
    k10_a_null_port_is_none: np("{ingress: [{ports: [{protocol: SCTP, port: null}]}]}") =>
        ["o/r > s/p SCTP allow", "o/r > s/p TCP deny"];
    k11_a_protocol_without_port: np("{ingress: [{ports: [{protocol: UDP}]}]}") =>
        ["o/r > s/p UDP allow", "o/r > s/p TCP deny"];
    k12_a_range_has_both_ends: np("{ingress: [{ports: [{port: 10, endPort: 12}]}]}") =>
        ["o/r > s/p TCP/10-12 allow", "o/r > s/p TCP/9 deny", "o/r > s/p TCP/13 deny"];
    k13_a_port_name_has_a_protocol: np("{ingress: [{ports: [{port: web, protocol: UDP}]}]}") =>
        ["o/r > s/q UDP/9090 allow", "o/r > s/p TCP/8080 deny"];
    k20_pods_alone_are_of_the_own_namespace: np("{ingress: [{from: [{podSelector: {}}]}]}") =>
        ["s/q > s/p any allow", "o/r > s/p any deny"];
    k21_namespaces_alone_are_all_their_pods: np("{ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}]}]}") =>
        ["o/r > s/p any allow", "s/q > s/p any deny", "203.0.113.9 > s/p any deny"];
    k21_every_namespace_has_its_name: np("{ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: o}}}]}]}") =>
        ["o/r > s/p any allow", "s/q > s/p any deny"];
    k22_both_selectors_in_one_item: np("{ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: r}}}]}]}") =>
        ["o/r > s/p any allow", "s/q > s/p any deny"];
    k23_two_items_are_either: np("{ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}, {podSelector: {matchLabels: {app: q}}}]}]}") =>
        ["o/r > s/p any allow", "s/q > s/p any allow", "s/six > s/p any deny"];
    k24_an_empty_pod_selector_stays_at_home: np("{policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}") =>
        ["s/p > s/q any allow", "s/p > o/r any deny", "s/p > 203.0.113.9 any deny"];
    k25_no_node_and_no_outside_in_all_namespaces: np("{policyTypes: [Ingress, Egress], ingress: [{from: [{namespaceSelector: {}}]}], egress: [{to: [{namespaceSelector: {}}]}]}") =>
        ["node/n1 > s/q any deny", "s/q > node/n1 any deny", "2001:db8::1 > s/p any deny", "s/p > 203.0.113.9 any deny", "s/p > o/r any allow"];
    k26_a_block_without_its_exceptions: np("{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.2.0.0/16]}}]}]}") =>
        ["s/q > 10.0.255.255 any allow", "s/q > 10.1.0.0 any deny", "s/q > 10.2.255.255 any deny", "s/q > 10.3.0.0 any allow", "s/q > 11.0.0.0 any deny"];
    k26_a_block_names_nodes_by_address: np("{ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}") =>
        ["node/n1 > s/q any allow", "o/r > s/q any deny"];
    k27_null_is_no_peer: np("{ingress: [{from: [{podSelector: null}]}]}") =>
        ["refused", "o/r > s/p any allow"];
    k28_an_empty_peer: np("{ingress: [{from: [{}]}]}") => ["refused", "o/r > s/p any allow"];
    k28_a_null_peer: np("{ingress: [{from: [null]}]}") => ["refused", "o/r > s/p any allow"];
    k30_another_policy_allows_the_exception: np("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]}") + &np("{ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/16}}]}]}").replace("name: np", "name: np2") =>
        ["10.1.2.3 > s/p any allow", "11.1.2.3 > s/p any deny"];
    k31_families_are_apart: np("{ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}") =>
        ["203.0.113.9 > s/p any allow", "2001:db8::1 > s/p any deny", "o/r > s/p any deny"];

    k31_six_is_not_four: np("{ingress: [{from: [{ipBlock: {cidr: '::/0'}}]}]}") =>
        ["203.0.113.9 > s/p any deny", "2001:db8::1 > s/p any allow"];
    k32_blocks_and_pods_of_unknown_address: np("{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}") =>
        ["s/q > s/p any deny", "s/q > 10.0.0.1 any deny"];
    k32_blocks_and_pods_of_known_address under KNOWN: np("{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}") =>
        ["s/q > s/p any allow", "s/q > s/six any deny", "s/q > o/r any deny"];
    k32_blocks_are_of_the_outside under OUTSIDE: np("{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}") =>
        ["s/q > s/p any deny", "s/q > 10.0.0.1 any deny"];
    k33_host_bits_count_for_nothing: np("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.5/8}}]}]}") =>
        ["10.9.9.9 > s/p any allow", "11.0.0.5 > s/p any deny"];
    host_network_pods_are_pods: np("{podSelector: {matchLabels: {app: host}}}") =>
        ["o/r > s/host any deny"];
    host_network_pods_are_nodes under NODES: np("{podSelector: {matchLabels: {app: host}}}") =>
        ["o/r > s/host any allow"];

    a1_rules_that_match_nothing_isolate_nothing: anp("a", 5, "ingress: [], egress: []") =>
        ["o/r > s/p any allow", "s/p > o/r any allow"];
    a2_gates_are_apart: cnp("egress: [{action: Accept, to: [{namespaces: {}}]}]") + &np("{ingress: []}") =>
        ["o/r > s/p any deny", "s/p > o/r any allow"];
    a3_the_lower_number_first: anp("z", 1, "ingress: [{action: Deny, from: [{namespaces: {}}]}]") + &anp("a", 2, "ingress: [{action: Allow, from: [{namespaces: {}}]}]") =>
        ["o/r > s/p any deny"];
    a3_ties_by_name: anp("z", 1, "ingress: [{action: Deny, from: [{namespaces: {}}]}]") + &anp("a", 1, "ingress: [{action: Allow, from: [{namespaces: {}}]}]") =>
        ["o/r > s/p any allow"];
    a4_a_policy_of_the_other_direction_decides_nothing: np("{policyTypes: [Ingress], ingress: [{}]}") + &banp("egress: [{action: Deny, to: [{namespaces: {}}]}]") =>
        ["s/p > o/r any deny", "s/p > 203.0.113.9 any allow"];
    a4_a_policy_of_this_direction_is_final: np("{policyTypes: [Ingress], ingress: [{}]}") + &banp("ingress: [{action: Deny, from: [{namespaces: {}}]}]") =>
        ["o/r > s/p any allow", "s/p > o/r any deny"];
    a5_host_network_is_no_subject: cnp("egress: [{action: Deny, to: [{namespaces: {}}]}]") =>
        ["s/host > s/p any allow", "s/q > s/p any deny", "s/q > s/host any allow"];
    a5_host_network_is_no_pod: cnp("ingress: [{action: Deny, from: [{namespaces: {}}]}]") =>
        ["o/r > s/host any allow", "s/host > s/p any allow"];
    a6_narrow_networks_match_no_pod_of_unknown_address: cnp("egress: [{action: Deny, to: [{networks: [10.0.0.0/8]}]}]") =>
        ["s/p > s/q any allow", "s/p > 10.1.2.3 any deny", "s/p > 11.1.2.3 any allow"];
    a6_networks_match_pods_in_them under KNOWN: cnp("egress: [{action: Deny, to: [{networks: [10.0.0.0/8]}]}]") =>
        ["s/q > s/p any deny", "s/q > s/six any allow", "s/q > o/r any allow"];
    a6_networks_match_nodes_in_them: cnp("egress: [{action: Deny, to: [{networks: [192.0.2.0/24]}]}]") =>
        ["s/p > node/n1 any deny", "s/p > o/r any allow"];
    a6_a_pass_for_pods_before_everything: cnp("egress: [{action: Pass, to: [{namespaces: {}}]}, {action: Deny, to: [{networks: [0.0.0.0/0, '::/0']}]}]") =>
        ["s/p > o/r any allow", "s/p > 8.8.8.8 any deny", "s/p > 2001:db8::1 any deny"];
    a7_nodes_by_label: cnp("egress: [{action: Deny, to: [{nodes: {matchLabels: {zone: a}}}]}]") =>
        ["s/q > node/n1 any deny", "s/q > 192.0.2.1 any deny", "s/q > 192.0.2.2 any allow", "s/q > o/r any allow"];
    a7_no_label_no_node: cnp("egress: [{action: Deny, to: [{nodes: {matchLabels: {zone: b}}}]}]") =>
        ["s/q > node/n1 any allow"];
    a8_domain_names_are_destinations: cnp("egress: [{action: Accept, to: [{domainNames: [api.example.com]}]}, {action: Deny, to: [{networks: [0.0.0.0/0]}]}]") + &np("{policyTypes: [Egress]}") =>
        ["s/p > domain:api.example.com any allow", "s/p > domain:www.example.com any deny", "s/p > 203.0.113.9 any deny"];
    a8_a_star_has_every_name_below: cnp("egress: [{action: Accept, to: [{domainNames: ['*.example.com']}]}, {action: Deny, to: [{networks: [0.0.0.0/0]}]}]") + &np("{policyTypes: [Egress]}") =>
        ["s/p > domain:api.example.com any allow", "s/p > domain:a.b.Example.com. any allow", "s/p > domain:example.com any deny", "s/p > domain:api.example.org any deny", "s/p > domain:*.example.com any allow"];
    a9_without_ports_every_protocol: anp("a", 5, "ingress: [{action: Deny, from: [{namespaces: {}}]}]") =>
        ["o/r > s/p any deny"];
    a9_ports_are_either: anp("a", 5, "ingress: [{action: Deny, from: [{namespaces: {}}], ports: [{portNumber: {port: 80}}, {portRange: {protocol: UDP, start: 5, end: 6}}]}]") =>
        ["o/r > s/p TCP/80 deny", "o/r > s/p UDP/5-6 deny", "o/r > s/p UDP/80 allow", "o/r > s/p TCP/5 allow"];
    a9_an_empty_list_is_refused: cnp("ingress: [{action: Deny, from: [{namespaces: {}}], protocols: []}]") =>
        ["refused", "o/r > s/p any allow"];
    a10_a_named_destination_port: cnp("ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{destinationNamedPort: web}]}]") =>
        ["o/r > s/p TCP/8080 deny", "o/r > s/p TCP/9090 allow", "o/r > s/q UDP/9090 deny"];
    a11_a_pod_reaches_itself: cnp("egress: [{action: Deny, to: [{namespaces: {}}]}], ingress: [{action: Deny, from: [{namespaces: {}}]}]") =>
        ["s/p > s/p any allow", "s/p > s/q any deny"];
    a10_a_port_name_means_what_the_pod_declares: anp("a", 5, "ingress: [{action: Deny, from: [{namespaces: {}}], ports: [{namedPort: web}]}]") =>
        ["o/r > s/p TCP/8080 deny", "o/r > s/q UDP/9090 deny", "o/r > s/q TCP/9090 allow"];
    a12_unknown_peers_fail_closed: cnp("ingress: [{action: Deny, from: [{moons: {}}]}]") =>
        ["o/r > s/p any deny", "203.0.113.9 > s/p any deny"];
    a12_an_unknown_pass_is_a_denial: cnp("egress: [{action: Pass, to: [{moons: {}}]}]") =>
        ["s/p > o/r any deny", "s/p > 203.0.113.9 any deny"];
    a12_and_never_allow: cnp("ingress: [{action: Accept, from: [{moons: {}}]}]") + &np("{ingress: []}") =>
        ["o/r > s/p any deny"];
    a12_one_unknown_peer_closes_an_accept: cnp("ingress: [{action: Accept, from: [{namespaces: {}}, {moons: {}}]}]") + &np("{ingress: []}") =>
        ["o/r > s/p any deny"];
    a12_and_makes_a_denial_whole: cnp("ingress: [{action: Deny, from: [{namespaces: {matchLabels: {team: b}}}, {moons: {}}], protocols: [{tcp: {destinationPort: {number: 80}}}]}]") =>
        ["o/r > s/p any deny", "s/q > s/p UDP/53 deny", "203.0.113.9 > s/p any deny"];
    a10_names_and_addresses_are_judged_apart: cnp("egress: [{action: Deny, to: [{networks: [203.0.113.0/24]}, {namespaces: {}}], protocols: [{destinationNamedPort: web}]}]") =>
        ["s/q > s/p TCP/8080 deny", "s/q > 203.0.113.9 any allow"];
    p2_the_own_node_by_its_address_too: np("{}") =>
        ["node/n1 > s/p any allow", "192.0.2.1 > s/p any allow", "192.0.2.1 > s/q any deny", "192.0.2.2 > s/p any deny"];
    p2_a_host_network_pod_comes_in_as_its_node under NODES: AGENT.to_owned() + &np("{}") =>
        ["o/agent > s/p any allow", "o/agent > s/q any deny", "s/p > s/q any deny"];
    p4_a_host_network_pod_is_its_nodes_address under NODES: AGENT.to_owned() + &np("{egress: [{to: [{ipBlock: {cidr: 192.0.2.1/32}}]}]}") =>
        ["s/p > o/agent TCP/8080 allow", "s/p > node/n1 any allow", "s/p > s/host any deny", "s/p > o/r any deny"];
    p4_some_node_is_somewhere under NODES: np("{egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}") =>
        ["s/p > s/host any allow", "s/p > o/r any deny"];
    a7_a_host_network_pod_is_among_the_nodes under NODES: AGENT.to_owned() + &cnp("egress: [{action: Deny, to: [{nodes: {matchLabels: {zone: a}}}]}]") =>
        ["s/p > o/agent any deny", "s/p > 192.0.2.1 any deny", "s/p > s/host any allow", "s/p > o/r any allow"];
    a6_a_whole_network_has_the_nodes_of_its_family under NODES: AGENT.replace("n1", "n6") + "{apiVersion: v1, kind: Node, metadata: {name: n6}, status: {addresses: [{address: '2001:db8::6'}]}}\n---\n" + &cnp("egress: [{action: Deny, to: [{networks: [0.0.0.0/0]}]}]") =>
        ["s/p > o/agent any allow", "s/p > s/host any deny", "s/p > o/r any deny"];
    nodes_declare_no_port_names under NODES: AGENT.to_owned() + &np("{egress: [{ports: [{port: web}]}]}") =>
        ["s/q > s/p TCP/8080 deny", "s/p > o/agent TCP/8080 deny", "s/p > node/n1 TCP/8080 deny"];
    a_node_is_each_of_its_addresses: "{apiVersion: v1, kind: Node, metadata: {name: n2}, status: {addresses: [{address: 192.0.2.8}, {address: 198.51.100.8}]}}\n---\n".to_owned() + &np("{egress: [{to: [{ipBlock: {cidr: 198.51.100.8/32}}]}]}") =>
        ["s/p > 198.51.100.8 any allow", "s/p > 192.0.2.8 any deny", "s/p > node/n2 any some"];
    k32_an_address_is_its_pod_where_known under KNOWN: np("{policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: p}}}]}]}") =>
        ["s/q > s/p any allow", "s/q > 10.0.0.1 any allow", "s/q > 10.0.0.2 any deny"];
}
