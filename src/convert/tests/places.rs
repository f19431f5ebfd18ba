//! Places among policies that keep their text, names of rules and of policies.

use super::*;

const PODS: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: s, labels: {app: web}}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: s, labels: {app: db}}}\n---\n";

fn ingress_from_web() -> String {
    format!(
        "{NP}metadata: {{name: np, namespace: s}}\nspec: {{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{{from: [{{podSelector: {{matchLabels: {{app: web}}}}}}]}}]}}\n---\n"
    )
}

#[test]
fn a_network_policy_keeps_its_order_beside_policies_of_calico() {
    let calico = |name: &str, order: u32, rule: &str| {
        format!(
            "{CALICO}metadata: {{name: {name}, namespace: s}}\nspec: {{order: {order}, selector: app == 'db', types: [Ingress], ingress: [{rule}]}}\n---\n"
        )
    };
    for (order, action) in [(900, "Deny"), (1100, "Deny"), (1100, "Allow")] {
        let other = calico(
            "other",
            order,
            &format!("{{action: {action}, source: {{selector: all()}}}}"),
        );
        let text = format!("{PODS}{}{other}", ingress_from_web());
        let found = conversion(Target::Calico, &text, Assumptions::default());
        assert!(found.is_exact(), "{order} {action}: {:?}", found.policies);
        assert!(found.written().any(|one| one.text.contains("order: 1000")));
    }
    let alone = conversion(Target::Calico, &ingress_from_web(), Assumptions::default());
    assert!(alone.written().all(|one| !one.text.contains("order:")));
}

fn priorities(target: Target, text: &str) -> Vec<String> {
    let found = conversion(target, text, Assumptions::default());
    let np = found
        .policies
        .iter()
        .find(|one| one.from == "NetworkPolicy s/np");
    let written = np.and_then(|one| one.written.as_ref()).expect("written");
    let lines = written.text.lines().map(str::trim);
    let lines = lines.filter(|line| line.starts_with("priority: "));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_network_policy_stays_behind_admin_policies_and_before_baseline_ones() {
    let admin = |priority: u32| {
        format!(
            "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {{name: guard}}\nspec: {{priority: {priority}, subject: {{namespaces: {{}}}}, egress: [{{action: Deny, to: [{{nodes: {{}}}}]}}]}}\n---\n"
        )
    };
    for (priority, want) in [
        (5, ["priority: 98", "priority: 99"]),
        (98, ["priority: 99", "priority: 100"]),
        (500, ["priority: 501", "priority: 502"]),
        (1000, ["priority: 999", "priority: 1000"]),
    ] {
        let text = format!("{PODS}{}{}", admin(priority), ingress_from_web());
        assert_eq!(
            priorities(Target::AdminNetworkPolicy, &text),
            want,
            "{priority}"
        );
    }
    let baseline = "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: open}\nspec: {tier: Baseline, priority: 10, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{namespaces: {}}]}]}\n---\n";
    let text = format!("{PODS}{baseline}{}", ingress_from_web());
    let found = priorities(Target::ClusterNetworkPolicy, &text);
    assert_eq!(found, ["priority: 1000", "priority: 9"]);
}

#[test]
fn names_of_rules_are_comments_where_there_is_no_field_for_them() {
    let text = "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: guard}\nspec:\n  tier: Admin\n  priority: 10\n  subject: {namespaces: {}}\n  ingress:\n  # SSH\n  - {name: ticket-4711, action: Deny, from: [{namespaces: {matchLabels: {team: blue}}}]} # soon\n";
    for target in [Target::Cilium, Target::Calico] {
        let all = converted_to(target, text);
        let text = &all[0].written.as_ref().expect("written").text;
        let comments = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("# "));
        assert_eq!(
            comments.collect::<Vec<_>>(),
            ["SSH", "soon", "ticket-4711"],
            "{text}"
        );
    }
    let all = converted_to(Target::AdminNetworkPolicy, text);
    let text = &all[0].written.as_ref().expect("written").text;
    assert!(
        text.contains("name: ticket-4711") && !text.contains("# ticket"),
        "{text}"
    );
}

#[test]
fn comments_of_rules_that_are_left_out_are_counted() {
    let text = format!(
        "{CNP}metadata: {{name: a, namespace: s}}\nspec:\n  endpointSelector: {{}} # all pods\n  egress:\n  # the shop\n  - toFQDNs: [{{matchName: x.io}}] # only HTTPS\n  - toEndpoints: [{{}}]\n"
    );
    let all = converted_to(Target::Calico, &text);
    let why: Vec<&str> = all[0].reasons.iter().map(|one| one.why.as_str()).collect();
    assert_eq!(
        why.last(),
        Some(&"2 comments are left out with their rules")
    );
    let text = &all[0].written.as_ref().expect("the rest").text;
    assert!(text.starts_with("# all pods\n"), "{text}");
}

#[test]
fn a_name_that_the_dialect_accepts_comes_before_one_that_it_does_not() {
    let policy = |name: &str| {
        format!("{NP}metadata: {{name: {name}, namespace: s}}\nspec: {{podSelector: {{}}}}\n---\n")
    };
    let text = policy("a.b.c") + &policy("a-b-c") + &policy("a.b-c.d");
    let found = conversion(Target::Calico, &text, as_under(PodAddresses::Known));
    let names: Vec<&str> = found.written().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["a-b-c-2", "a-b-c", "a-b-c-d"]);
    let renamed: Vec<Option<&str>> = found
        .policies
        .iter()
        .map(|one| one.renamed.as_deref())
        .collect();
    assert_eq!(renamed, [Some("a-b-c-2"), None, Some("a-b-c-d")]);
}
