//! Verdicts that follow from one rule of the APIs each, by name: `T..` are those that the references
//! list, `K..` and `A..` pin the rule of that number.

use drawbridge::cluster::Assumptions;
use drawbridge::engine::ask::{Verdict, ask, ends, ports};
use drawbridge::engine::load::load;
use drawbridge::manifest::Source;

const CLUSTER: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: s, labels: {team: a}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: o, labels: {team: b}}}
---
{apiVersion: v1, kind: Node, metadata: {name: n1}}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: s, labels: {app: p}}
spec: {nodeName: n1, containers: [{name: c, ports: [{name: web, containerPort: 8080}]}]}
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

/// Each line of `want`: `FROM > TO PORT allow|deny`.
fn hold(name: &str, policies: &str, want: &[&str]) {
    let text = format!("{CLUSTER}{policies}");
    let loaded = load(&[Source::new("vector.yaml", text)], Assumptions::default());
    let refused = loaded.policies.iter().filter(|p| p.index.is_none()).count();
    assert_eq!(refused, 0, "{name}: {:?}", loaded.diagnostics);
    for line in want {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [from, ">", to, port, verdict] = words.as_slice() else {
            panic!("{name}: {line}");
        };
        let end = |word: &str| ends(&loaded.snapshot, word).expect("an end");
        let port = ports(port).expect("a port");
        let answer = ask(&loaded.snapshot, &end(from), &end(to), &port);
        let right = match *verdict {
            "allow" => Verdict::All,
            _ => Verdict::None,
        };
        assert_eq!(answer.verdict, right, "{name}: {line}");
    }
}

macro_rules! vectors {
    ($($name:ident: $policies:expr => [$($want:literal),* $(,)?];)*) => {$(
        #[test]
        fn $name() {
            hold(stringify!($name), &$policies, &[$($want),*]);
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

    k2_without_a_spec_everything_is_isolated: np("null") =>
        ["o/r > s/p any deny", "s/p > o/r any allow"];
    k3_egress_rules_isolate_egress_too: np("{podSelector: {}, egress: [{to: [{podSelector: {}}]}]}") =>
        ["s/p > o/r any deny", "o/r > s/p any deny"];
    k6_a_null_rule_allows_all: np("{ingress: [null]}") => ["203.0.113.9 > s/p any allow"];
    k9_peer_and_port_of_one_rule: np("{ingress: [{from: [{podSelector: {matchLabels: {app: q}}}], ports: [{port: 1}]}, {from: [{namespaceSelector: {matchLabels: {team: b}}}], ports: [{port: 2}]}]}") =>
        ["s/q > s/p TCP/1 allow", "s/q > s/p TCP/2 deny", "o/r > s/p TCP/2 allow", "o/r > s/p TCP/1 deny"];
    k11_a_protocol_without_port: np("{ingress: [{ports: [{protocol: UDP}]}]}") =>
        ["o/r > s/p UDP allow", "o/r > s/p TCP deny"];
    k12_a_range_has_both_ends: np("{ingress: [{ports: [{port: 10, endPort: 12}]}]}") =>
        ["o/r > s/p TCP/10-12 allow", "o/r > s/p TCP/9 deny", "o/r > s/p TCP/13 deny"];
    k13_a_port_name_has_a_protocol: np("{ingress: [{ports: [{port: web, protocol: UDP}]}]}") =>
        ["o/r > s/q UDP/9090 allow", "o/r > s/p TCP/8080 deny"];
    k20_pods_alone_are_of_the_own_namespace: np("{ingress: [{from: [{podSelector: {}}]}]}") =>
        ["s/q > s/p any allow", "o/r > s/p any deny"];
    k22_both_selectors_in_one_item: np("{ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: r}}}]}]}") =>
        ["o/r > s/p any allow", "s/q > s/p any deny"];
    k23_two_items_are_either: np("{ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}, {podSelector: {matchLabels: {app: q}}}]}]}") =>
        ["o/r > s/p any allow", "s/q > s/p any allow", "s/six > s/p any deny"];
    k31_families_are_apart: np("{ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}") =>
        ["203.0.113.9 > s/p any allow", "2001:db8::1 > s/p any deny", "o/r > s/p any deny"];

    a1_rules_that_match_nothing_isolate_nothing: anp("a", 5, "ingress: [], egress: []") =>
        ["o/r > s/p any allow", "s/p > o/r any allow"];
    a2_gates_are_apart: cnp("egress: [{action: Accept, to: [{namespaces: {}}]}]") + &np("{ingress: []}") =>
        ["o/r > s/p any deny", "s/p > o/r any allow"];
    a3_the_lower_number_first: anp("z", 1, "ingress: [{action: Deny, from: [{namespaces: {}}]}]") + &anp("a", 2, "ingress: [{action: Allow, from: [{namespaces: {}}]}]") =>
        ["o/r > s/p any deny"];
    a3_ties_by_name: anp("z", 1, "ingress: [{action: Deny, from: [{namespaces: {}}]}]") + &anp("a", 1, "ingress: [{action: Allow, from: [{namespaces: {}}]}]") =>
        ["o/r > s/p any allow"];
    a5_host_network_is_no_pod: cnp("ingress: [{action: Deny, from: [{namespaces: {}}]}]") =>
        ["o/r > s/host any allow", "s/host > s/p any allow"];
    a6_narrow_networks_match_no_pod_of_unknown_address: cnp("egress: [{action: Deny, to: [{networks: [10.0.0.0/8]}]}]") =>
        ["s/p > s/q any allow", "s/p > 10.1.2.3 any deny", "s/p > 11.1.2.3 any allow"];
    a9_without_ports_every_protocol: anp("a", 5, "ingress: [{action: Deny, from: [{namespaces: {}}]}]") =>
        ["o/r > s/p any deny"];
    a10_a_port_name_means_what_the_pod_declares: anp("a", 5, "ingress: [{action: Deny, from: [{namespaces: {}}], ports: [{namedPort: web}]}]") =>
        ["o/r > s/p TCP/8080 deny", "o/r > s/q UDP/9090 deny", "o/r > s/q TCP/9090 allow"];
    a12_unknown_peers_fail_closed: cnp("ingress: [{action: Deny, from: [{moons: {}}]}]") =>
        ["o/r > s/p any deny", "203.0.113.9 > s/p any deny"];
    a12_and_never_allow: cnp("ingress: [{action: Accept, from: [{moons: {}}]}]") + &np("{ingress: []}") =>
        ["o/r > s/p any deny"];
}
