//! Rules that deny, to other dialects and back.

use super::*;

const PODS: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: dev, namespace: shop, labels: {app: web, env: dev}}}
---
";

/// Converts policies beside the pods. Addresses are those of no pods, as for Cilium.
fn among_pods(target: Target, policies: &str) -> Conversion {
    let assumptions = as_under(PodAddresses::Unknown);
    conversion(target, &format!("{PODS}{policies}"), assumptions)
}

fn cilium(name: &str, spec: &str) -> String {
    format!(
        "---\n{CNP}metadata: {{name: {name}, namespace: shop}}\nspec: {{endpointSelector: {{matchLabels: {{app: db}}}}, {spec}}}\n"
    )
}

fn text(found: &Conversion) -> String {
    let texts: Vec<&str> = found.written().map(|one| one.text.as_str()).collect();
    texts.join("---\n")
}

/// Asserts that nothing changes, and returns what is written.
fn exact(target: Target, policies: &str) -> String {
    let found = among_pods(target, policies);
    assert!(
        found.is_exact(),
        "{target:?} {:?} {:#?}\n{policies}",
        found.changes,
        found.policies
    );
    text(&found)
}

#[test]
fn what_cilium_denies_comes_first_in_calico() {
    // The second allows what the first denies.
    let both = [
        cilium(
            "db",
            "ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}], ingressDeny: [{fromEndpoints: [{matchLabels: {env: dev}}], toPorts: [{ports: [{port: '22', protocol: TCP}]}]}]",
        ),
        cilium("all", "ingress: [{fromEndpoints: [{}]}]"),
    ];
    let written = exact(Target::Calico, &both.concat());
    insta::assert_snapshot!(written, @r#"
    apiVersion: projectcalico.org/v3
    kind: NetworkPolicy
    metadata:
      name: db
      namespace: shop
    spec:
      selector: "app == 'db'"
      types:
      - Ingress
      ingress:
      - action: Allow
        source:
          selector: "app == 'web'"
    ---
    apiVersion: projectcalico.org/v3
    kind: NetworkPolicy
    metadata:
      name: db-deny
      namespace: shop
    spec:
      order: 100
      selector: "app == 'db'"
      types:
      - Ingress
      ingress:
      - action: Deny
        protocol: TCP
        source:
          selector: "env == 'dev'"
        destination:
          ports:
          - 22
    ---
    apiVersion: projectcalico.org/v3
    kind: NetworkPolicy
    metadata:
      name: all
      namespace: shop
    spec:
      selector: "app == 'db'"
      types:
      - Ingress
      ingress:
      - action: Allow
        source:
          selector: "all()"
    "#);
    let back = exact(Target::Cilium, &written);
    assert!(back.contains("ingressDeny"), "{back}");
    assert!(!back.contains("enableDefaultDeny"), "{back}");
}

#[test]
fn what_denies_and_does_not_isolate_passes_on_the_rest_in_calico() {
    let policy = cilium(
        "guard",
        "enableDefaultDeny: {egress: false}, egressDeny: [{toEndpoints: [{matchLabels: {env: dev}}]}]",
    );
    let written = exact(Target::Calico, &policy);
    assert!(written.contains("tier: kube-admin"), "{written}");
    let back = exact(Target::Cilium, &written);
    assert!(
        back.contains("enableDefaultDeny:\n    egress: false"),
        "{back}"
    );
}

#[test]
fn denials_are_those_of_the_admin_tier_in_cluster_wide_policies() {
    let guard = cilium(
        "guard",
        "enableDefaultDeny: {ingress: false}, ingressDeny: [{fromEndpoints: [{matchLabels: {env: dev}}]}]",
    );
    let open = cilium("open", "egress: [{toEndpoints: [{}]}]");
    for target in [Target::AdminNetworkPolicy, Target::ClusterNetworkPolicy] {
        let written = exact(target, &guard);
        assert!(written.contains("shop.guard.deny"), "{written}");
        let back = exact(Target::Cilium, &written);
        assert!(back.contains("ingressDeny"), "{back}");
        // One that isolates, too, and another that allows.
        let both = cilium(
            "db",
            "egressDeny: [{toEndpoints: [{matchLabels: {env: dev}}]}]",
        );
        let written = exact(target, &format!("{both}{open}"));
        for name in ["shop.db.deny", "shop.db.isolate", "shop.open.allow"] {
            assert!(written.contains(name), "{name}\n{written}");
        }
    }
}

#[test]
fn a_denial_that_matches_nothing_isolates_alone() {
    let isolates = cilium("db", "ingressDeny: [{}]");
    for target in [Target::Kubernetes, Target::Calico] {
        let written = exact(target, &isolates);
        assert!(!written.contains("Deny"), "{written}");
    }
    let nothing = cilium(
        "db",
        "enableDefaultDeny: {ingress: false}, ingressDeny: [{}]",
    );
    let (state, why) = why(Target::Calico, &nothing);
    assert_eq!(state, State::CannotExpress);
    assert_eq!(
        why,
        "it isolates no pods, and none of its rules matches anything"
    );
}

#[test]
fn a_policy_is_left_out_if_a_part_that_it_denies_is_lost() {
    let allow = "ingress: [{fromEndpoints: [{}]}], ";
    for (target, deny, want) in [
        (
            Target::Kubernetes,
            "ingressDeny: [{fromEndpoints: [{}]}]",
            "it has rules that deny",
        ),
        (
            Target::Calico,
            "ingressDeny: [{fromEntities: [cluster, world]}]",
            "nothing that it denies may be left out: the entity `cluster`: Calico has no entities",
        ),
        (
            Target::Calico,
            "egressDeny: [{toCIDRSet: [{cidrGroupRef: x}]}]",
            "`egressDeny[0]` denies, and it has groups of address blocks",
        ),
        (
            Target::ClusterNetworkPolicy,
            "egressDeny: [{toEndpoints: [{}], icmps: [{fields: [{type: 8}]}]}]",
            "nothing that it denies may be left out: the port `ICMP/8`: ClusterNetworkPolicy cannot express ICMP type 8",
        ),
    ] {
        let found = why(target, &cilium("db", &format!("{allow}{deny}")));
        assert_eq!(found, (State::CannotExpress, want.to_owned()), "{deny}");
    }
}

#[test]
fn what_calico_allows_before_it_denies_is_left_out_in_cilium() {
    let policy = |rules: &str| {
        format!(
            "---\n{CALICO}metadata: {{name: db, namespace: shop}}\nspec: {{selector: app == 'db', ingress: [{rules}]}}\n"
        )
    };
    let allow = "{action: Allow, source: {selector: app == 'web'}}";
    let deny = "{action: Deny, source: {selector: env == 'dev'}}";
    let written = exact(Target::Cilium, &policy(&format!("{deny}, {allow}")));
    assert!(written.contains("ingressDeny"), "{written}");
    let found = among_pods(Target::Cilium, &policy(&format!("{allow}, {deny}")));
    assert_eq!(found.policies[0].state, State::Narrowed);
    assert_eq!(
        found.policies[0].reasons[0].why,
        "`ingress[0]` is left out, and allows nothing: it allows before `ingress[1]` denies, and what denies would come first"
    );
    assert_eq!(found.relation, Relation::Narrower);
}

#[test]
fn a_denial_behind_a_policy_that_allows_is_a_difference_in_cilium() {
    let policy = |name: &str, order: u32, rule: &str| {
        format!(
            "---\n{CALICO}metadata: {{name: {name}, namespace: shop}}\nspec: {{order: {order}, selector: app == 'db', ingress: [{rule}]}}\n"
        )
    };
    let allow = policy(
        "allow",
        1,
        "{action: Allow, source: {selector: app == 'web'}}",
    );
    let deny = policy(
        "deny",
        2,
        "{action: Deny, source: {selector: env == 'dev'}}",
    );
    let found = among_pods(Target::Cilium, &format!("{allow}{deny}"));
    assert!(!found.is_equal());
    assert_eq!(found.relation, Relation::Narrower);
    let differs = |one: &Converted| one.state == State::Differs;
    assert!(found.policies.iter().any(differs), "{:#?}", found.policies);
}
