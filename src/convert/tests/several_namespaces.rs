//! Policies of Cilium for the pods of several namespaces.

use super::*;

const PODS: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {env: prod}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: pay, labels: {env: prod}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: lab}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: pay, labels: {app: db}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: dev, namespace: lab, labels: {app: web}}}
---
";

const PROD: &str = "{matchLabels: {'k8s:io.cilium.k8s.namespace.labels.env': prod}}";

fn among_pods(target: Target, policies: &str) -> Conversion {
    let assumptions = as_under(PodAddresses::Unknown);
    conversion(target, &format!("{PODS}{policies}"), assumptions)
}

fn clusterwide(pods: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {{name: guard}}\nspec: {{endpointSelector: {pods}, {spec}}}\n"
    )
}

fn exact(target: Target, policies: &str) -> String {
    let found = among_pods(target, policies);
    let (changes, policies) = (&found.changes, &found.policies);
    assert!(found.is_exact(), "{target:?} {changes:?} {policies:#?}");
    let texts: Vec<&str> = found.written().map(|one| one.text.as_str()).collect();
    texts.join("---\n")
}

const TO_WEB: &str = "egress: [{toEndpoints: [{matchLabels: {app: web}}]}]";
const NOT_TO_LAB: &str = "egressDeny: [{toEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': lab}}], toPorts: [{ports: [{port: '22', protocol: TCP}]}]}]";

#[test]
fn they_are_global_in_calico_and_clusterwide_again_in_cilium() {
    let policy = clusterwide(PROD, &format!("{TO_WEB}, {NOT_TO_LAB}"));
    let written = exact(Target::Calico, &policy);
    assert_eq!(
        written.matches("kind: GlobalNetworkPolicy").count(),
        2,
        "{written}"
    );
    assert!(
        written.contains("namespaceSelector: \"env == 'prod'\""),
        "{written}"
    );
    assert!(!written.contains("namespace: "), "{written}");
    let back = exact(Target::Cilium, &written);
    assert_eq!(
        back.matches("kind: CiliumClusterwideNetworkPolicy").count(),
        2,
        "{back}"
    );
}

#[test]
fn they_select_by_the_labels_of_namespaces_in_cluster_wide_policies() {
    for target in [Target::AdminNetworkPolicy, Target::ClusterNetworkPolicy] {
        let written = exact(
            target,
            &clusterwide(PROD, &format!("{TO_WEB}, {NOT_TO_LAB}")),
        );
        for name in ["guard.allow", "guard.deny", "guard-deny.deny"] {
            assert!(written.contains(&format!("name: {name}\n")), "{written}");
        }
        // One that only denies comes back.
        let guard = format!("enableDefaultDeny: {{egress: false}}, {NOT_TO_LAB}");
        let written = exact(target, &clusterwide(PROD, &guard));
        let back = exact(Target::Cilium, &written);
        assert!(back.contains("egressDeny"), "{back}");
    }
}

#[test]
fn each_namespace_has_a_network_policy_and_future_ones_are_a_difference() {
    let policy = clusterwide(PROD, TO_WEB);
    let found = among_pods(Target::Kubernetes, &policy);
    let [one] = found.policies.as_slice() else {
        panic!("one policy")
    };
    let title = &one.written.as_ref().expect("written").title;
    assert_eq!(title, "NetworkPolicy pay/guard, NetworkPolicy shop/guard");
    assert_eq!(found.changes, []);
    assert_eq!(
        (one.state, found.relation),
        (State::Differs, Relation::Wider)
    );
    assert!(
        one.reasons[0]
            .why
            .contains("future pods of future namespaces"),
        "{}",
        one.reasons[0].why
    );
    // Those that it names are all that it can select.
    let named = "{matchExpressions: [{key: 'k8s:io.kubernetes.pod.namespace', operator: In, values: [pay, shop]}]}";
    exact(Target::Kubernetes, &clusterwide(named, TO_WEB));
}

#[test]
fn a_name_that_a_namespace_has_already_is_not_written_twice() {
    let own = "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: guard, namespace: pay}, spec: {podSelector: {}}}\n";
    let policy = clusterwide(PROD, TO_WEB);
    let found = among_pods(Target::Kubernetes, &format!("{own}{policy}"));
    let one = &found.policies[1];
    assert_eq!(one.state, State::CannotExpress);
    assert!(
        one.reasons[0]
            .why
            .starts_with("another policy is written as")
    );
}
