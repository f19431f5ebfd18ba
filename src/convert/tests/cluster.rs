//! Policies of the whole cluster, whose rules hold in order.

use super::*;

const ANP: &str = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\n";
const CLUSTER: &str = "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n";

#[test]
fn cluster_wide_policies_keep_their_tier_and_order_in_calico() {
    let text = format!(
        "{ANP}metadata: {{name: guard, labels: {{team: sec}}}}\nspec:\n  priority: 7\n  subject: {{namespaces: {{matchLabels: {{env: prod}}}}}}\n  ingress:\n  # Scrapes\n  - action: Allow\n    from: [{{pods: {{namespaceSelector: {{matchLabels: {{team: mon}}}}, podSelector: {{matchLabels: {{app: p}}}}}}}}]\n    ports: [{{portNumber: {{port: 9090}}}}, {{namedPort: web}}]\n  - {{action: Pass, from: [{{namespaces: {{matchExpressions: [{{key: env, operator: DoesNotExist}}]}}}}]}}\n  - {{action: Deny, from: [{{namespaces: {{}}}}]}}\n  egress:\n  - {{action: Deny, to: [{{networks: [169.254.169.254/32, 'fd00::/8']}}]}}\n"
    );
    // Calico matches pods by their addresses (G22), and so may the enforcer of the original (A6).
    let all = conversion(Target::Calico, &text, as_under(PodAddresses::Known)).policies;
    assert_eq!((all[0].state, &all[0].reasons), (State::Exact, &vec![]));
    let all = converted_to(Target::Calico, &text);
    assert_eq!(all[0].state, State::Differs);
    let why = &all[0].reasons[0].why;
    assert!(why.contains("egress from future pods"), "{why}");
    insta::assert_snapshot!(all[0].written.as_ref().unwrap().text, @r##"
    apiVersion: projectcalico.org/v3
    kind: GlobalNetworkPolicy
    metadata:
      name: guard
      labels:
        team: sec
    spec:
      tier: kube-admin
      order: 7
      namespaceSelector: "env == 'prod'"
      selector: "all()"
      types:
      - Ingress
      - Egress
      ingress:
      # Scrapes
      - action: Allow
        protocol: TCP
        source:
          namespaceSelector: "team == 'mon'"
          selector: "app == 'p'"
        destination:
          ports:
          - 9090
      - action: Allow
        source:
          namespaceSelector: "team == 'mon'"
          selector: "app == 'p'"
        destination:
          ports:
          - web
      - action: Pass
        source:
          namespaceSelector: "has(kubernetes.io/metadata.name) && !has(env)"
      - action: Deny
        source:
          namespaceSelector: "all()"
      egress:
      - action: Deny
        destination:
          nets:
          - 169.254.169.254/32
      - action: Deny
        destination:
          nets:
          - "fd00::/8"
    "##);
    let base = format!(
        "{CLUSTER}metadata: {{name: base}}\nspec: {{tier: Baseline, priority: 3, subject: {{pods: {{podSelector: {{matchLabels: {{a: b}}}}}}}}, egress: [{{action: Accept, to: [{{namespaces: {{}}}}], protocols: [{{udp: {{destinationPort: {{range: {{start: 1, end: 9}}}}}}}}]}}]}}\n"
    );
    let all = converted_to(Target::Calico, &base);
    insta::assert_snapshot!(all[0].written.as_ref().unwrap().text, @r##"
    apiVersion: projectcalico.org/v3
    kind: GlobalNetworkPolicy
    metadata:
      name: base
    spec:
      tier: kube-baseline
      order: 3
      namespaceSelector: "all()"
      selector: "a == 'b'"
      types:
      - Egress
      egress:
      - action: Allow
        protocol: UDP
        destination:
          namespaceSelector: "all()"
          ports:
          - "1:9"
    "##);
}

#[test]
fn cluster_wide_policies_isolate_nothing_in_cilium() {
    let text = format!(
        "{CLUSTER}metadata: {{name: guard}}\nspec:\n  tier: Admin\n  priority: 7\n  subject: {{namespaces: {{}}}}\n  ingress:\n  - {{action: Deny, from: [{{namespaces: {{matchLabels: {{env: dev}}}}}}]}}\n  - {{action: Accept, from: [{{namespaces: {{matchLabels: {{team: mon}}}}}}], protocols: [{{tcp: {{destinationPort: {{number: 80}}}}}}]}}\n  egress:\n  - {{action: Deny, to: [{{networks: [169.254.169.254/32]}}]}}\n"
    );
    let all = converted_to(Target::Cilium, &text);
    assert_eq!((all[0].state, all[0].reasons.len()), (State::Exact, 0));
    insta::assert_snapshot!(all[0].written.as_ref().unwrap().text, @r##"
    apiVersion: cilium.io/v2
    kind: CiliumClusterwideNetworkPolicy
    metadata:
      name: guard
    spec:
      endpointSelector:
        matchExpressions:
        - key: "k8s:io.kubernetes.pod.namespace"
          operator: Exists
      enableDefaultDeny:
        ingress: false
        egress: false
      ingress:
      - fromEndpoints:
        - matchLabels:
            "k8s:io.cilium.k8s.namespace.labels.team": mon
        toPorts:
        - ports:
          - port: "80"
            protocol: TCP
      ingressDeny:
      - fromEndpoints:
        - matchLabels:
            "k8s:io.cilium.k8s.namespace.labels.env": dev
      egressDeny:
      - toCIDR:
        - 169.254.169.254/32
    "##);
}

#[test]
fn what_cluster_wide_policies_cannot_keep_is_left_out_with_the_reason() {
    let policy = |tier: &str, rules: &str| {
        format!(
            "{CLUSTER}metadata: {{name: a}}\nspec: {{tier: {tier}, priority: 7, subject: {{namespaces: {{}}}}, {rules}}}\n"
        )
    };
    let pods = "to: [{namespaces: {}}]";
    let name = "to: [{namespaces: {}}, {domainNames: [x.example.com]}]";
    for (target, tier, rules, state, want) in [
        (
            Target::Kubernetes,
            "Admin",
            format!("egress: [{{action: Deny, {pods}}}]"),
            State::CannotExpress,
            "a NetworkPolicy isolates the pods that it selects and allows, and cannot deny or pass",
        ),
        (
            Target::AdminNetworkPolicy,
            "Baseline",
            format!("egress: [{{action: Accept, {name}}}]"),
            State::Narrowed,
            "the domain name `x.example.com`: BaselineAdminNetworkPolicy has no domain names",
        ),
        (
            Target::AdminNetworkPolicy,
            "Admin",
            "egress: [{action: Accept, to: [{networks: [0.0.0.0/0]}]}]".to_owned(),
            State::CannotExpress,
            "the network `0.0.0.0/0`: `networks` of AdminNetworkPolicy need not match pods, and in the other version every pod is in `0.0.0.0/0`",
        ),
        (
            Target::Calico,
            "Admin",
            "egress: []".to_owned(),
            State::CannotExpress,
            "it has no rules, so it has no effect",
        ),
        (
            Target::Cilium,
            "Baseline",
            format!("egress: [{{action: Deny, {pods}}}]"),
            State::CannotExpress,
            "it holds only where no other policy isolates the pods, and every policy of Cilium holds beside all others",
        ),
        (
            Target::Cilium,
            "Admin",
            format!("egress: [{{action: Pass, {pods}}}]"),
            State::CannotExpress,
            "it has rules that pass, which Cilium does not have",
        ),
        (
            Target::Cilium,
            "Admin",
            format!("egress: [{{action: Accept, {name}}}, {{action: Deny, {pods}}}]"),
            State::Narrowed,
            "`egress[0]` allows before `egress[1]` denies, and in Cilium what denies comes first; no policy for the namespace makes the addresses of `x.example.com` known, so that the rule allows nothing",
        ),
        (
            Target::Cilium,
            "Admin",
            format!("egress: [{{action: Deny, {name}}}]"),
            State::CannotExpress,
            "`egress[0]` does not allow, so that nothing of it may be left out: a rule of Cilium that denies has no domain names",
        ),
        (
            Target::Calico,
            "Admin",
            format!("egress: [{{action: Accept, {name}}}]"),
            State::Narrowed,
            "the domain name `x.example.com`: Calico has no domain names",
        ),
        (
            Target::Calico,
            "Baseline",
            format!("egress: [{{action: Pass, {name}}}]"),
            State::CannotExpress,
            "`egress[0]` does not allow, so that nothing of it may be left out: Calico has no domain names",
        ),
        (
            Target::Calico,
            "Admin",
            "egress: [{action: Accept, to: [{nodes: {}}]}]".to_owned(),
            State::CannotExpress,
            "it has nodes",
        ),
        (
            Target::Calico,
            "Admin",
            "egress: [{action: Accept, to: [{moons: {}}]}]".to_owned(),
            State::CannotExpress,
            "it has a peer of an unknown kind",
        ),
    ] {
        let found = why(target, &policy(tier, &rules));
        assert_eq!(found, (state, want.to_owned()), "{target:?} {rules}");
    }
}

/// A policy of v1alpha1 in v1alpha2 keeps its name, priority, order, comments and the names of its rules; and back.
#[test]
fn the_two_versions_are_converted_to_each_other() {
    let text = format!(
        "# Owner: sec\n{ANP}metadata: {{name: guard, labels: {{team: sec}}}}\nspec:\n  priority: 7\n  subject: {{namespaces: {{matchLabels: {{env: prod}}}}}}\n  ingress:\n  # Scrapes\n  - name: metrics\n    action: Allow\n    from: [{{pods: {{namespaceSelector: {{matchLabels: {{team: mon}}}}, podSelector: {{matchLabels: {{app: p}}}}}}}}]\n    ports: [{{portNumber: {{port: 9090}}}}, {{portRange: {{protocol: UDP, start: 1, end: 9}}}}, {{namedPort: web}}]\n  - {{action: Pass, from: [{{namespaces: {{}}}}]}}\n  egress:\n  - {{action: Deny, to: [{{networks: [169.254.169.254/32]}}, {{domainNames: ['*.example.com']}}]}}\n"
    );
    let there = converted_to(Target::ClusterNetworkPolicy, &text);
    assert_eq!(
        (there[0].state, &there[0].reasons[..]),
        (State::Exact, &[][..])
    );
    let there = &there[0].written.as_ref().unwrap().text;
    insta::assert_snapshot!(there, @r##"
    # Owner: sec
    apiVersion: policy.networking.k8s.io/v1alpha2
    kind: ClusterNetworkPolicy
    metadata:
      name: guard
      labels:
        team: sec
    spec:
      tier: Admin
      priority: 7
      subject:
        namespaces:
          matchLabels:
            env: prod
      ingress:
      # Scrapes
      - name: metrics
        action: Accept
        from:
        - pods:
            namespaceSelector:
              matchLabels:
                team: mon
            podSelector:
              matchLabels:
                app: p
        protocols:
        - tcp:
            destinationPort:
              number: 9090
        - udp:
            destinationPort:
              range:
                start: 1
                end: 9
        - destinationNamedPort: web
      - action: Pass
        from:
        - namespaces: {}
      egress:
      - action: Deny
        to:
        - networks:
          - 169.254.169.254/32
        - domainNames:
          - "*.example.com"
    "##);
    let back = converted_to(Target::AdminNetworkPolicy, there);
    assert_eq!(
        (back[0].state, &back[0].reasons[..]),
        (State::Exact, &[][..])
    );
    insta::assert_snapshot!(back[0].written.as_ref().unwrap().text, @r##"
    # Owner: sec
    apiVersion: policy.networking.k8s.io/v1alpha1
    kind: AdminNetworkPolicy
    metadata:
      name: guard
      labels:
        team: sec
    spec:
      priority: 7
      subject:
        namespaces:
          matchLabels:
            env: prod
      ingress:
      # Scrapes
      - name: metrics
        action: Allow
        from:
        - pods:
            namespaceSelector:
              matchLabels:
                team: mon
            podSelector:
              matchLabels:
                app: p
        ports:
        - portNumber:
            protocol: TCP
            port: 9090
        - portRange:
            protocol: UDP
            start: 1
            end: 9
        - namedPort: web
      - action: Pass
        from:
        - namespaces: {}
      egress:
      - action: Deny
        to:
        - networks:
          - 169.254.169.254/32
        - domainNames:
          - "*.example.com"
    "##);
}

const PODS: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 80, protocol: UDP}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: far, namespace: other, labels: {app: web}}}
---
";

const BANP: &str = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\nmetadata: {name: default}\n";

fn among_pods(target: Target, policies: &str) -> Conversion {
    conversion(
        target,
        &format!("{PODS}{policies}"),
        as_under(PodAddresses::Unknown),
    )
}

#[test]
fn the_baseline_is_one_object_in_v1alpha1() {
    let text = format!(
        "{BANP}spec: {{subject: {{namespaces: {{}}}}, ingress: [{{name: dns, action: Allow, from: [{{namespaces: {{matchLabels: {{a: b}}}}}}]}}, {{action: Deny, from: [{{namespaces: {{}}}}]}}], egress: [{{action: Deny, to: [{{namespaces: {{}}}}, {{networks: [0.0.0.0/0, '::/0']}}]}}]}}\n"
    );
    let there = among_pods(Target::ClusterNetworkPolicy, &text);
    assert!(there.is_exact(), "{:?} {:?}", there.policies, there.changes);
    let there = &there.policies[0].written.as_ref().unwrap().text;
    insta::assert_snapshot!(there, @r##"
    apiVersion: policy.networking.k8s.io/v1alpha2
    kind: ClusterNetworkPolicy
    metadata:
      name: default
    spec:
      tier: Baseline
      priority: 0
      subject:
        namespaces: {}
      ingress:
      - name: dns
        action: Accept
        from:
        - namespaces:
            matchLabels:
              a: b
      - action: Deny
        from:
        - namespaces: {}
      egress:
      - action: Deny
        to:
        - namespaces: {}
        - networks:
          - 0.0.0.0/0
          - "::/0"
    "##);
    // All addresses of v1alpha2 are those of pods, too. What passes behind the last tier is allowed.
    let named = there
        .replace("name: default", "name: base")
        .replace(
            "  - name: dns\n    action: Accept",
            "  - name: dns\n    action: Pass",
        )
        .replace("    - namespaces: {}\n    - networks", "    - networks");
    let back = among_pods(Target::AdminNetworkPolicy, &named);
    assert!(back.is_exact(), "{:?} {:?}", back.policies, back.changes);
    let back = &back.policies[0].written.as_ref().unwrap().text;
    insta::assert_snapshot!(back, @r##"
    apiVersion: policy.networking.k8s.io/v1alpha1
    kind: BaselineAdminNetworkPolicy
    metadata:
      name: default
    spec:
      subject:
        namespaces: {}
      ingress:
      - name: dns
        action: Allow
        from:
        - namespaces:
            matchLabels:
              a: b
      - action: Deny
        from:
        - namespaces: {}
      egress:
      - action: Deny
        to:
        - namespaces: {}
        - networks:
          - 0.0.0.0/0
          - "::/0"
    "##);
    // There is no second one.
    let second = named.replace("name: base", "name: second");
    let found = among_pods(Target::AdminNetworkPolicy, &format!("{named}---\n{second}"));
    assert_eq!(found.policies[1].state, State::CannotExpress);
    assert_eq!(
        found.policies[1].reasons[0].why,
        "another policy is written as BaselineAdminNetworkPolicy default"
    );
}

#[test]
fn more_rules_than_the_other_version_has_are_refused() {
    let rule = "{action: Deny, from: [{namespaces: {}}]}";
    let rules = [rule; 26].join(", ");
    let text = format!(
        "{ANP}metadata: {{name: a}}\nspec: {{priority: 7, subject: {{namespaces: {{}}}}, ingress: [{rules}]}}\n"
    );
    let want = "it has 26 ingress rules, and ClusterNetworkPolicy has at most 25";
    assert_eq!(
        why(Target::ClusterNetworkPolicy, &text),
        (State::CannotExpress, want.to_owned())
    );
}

/// A Baseline policy of one namespace: the rules of `egress`, behind them one that denies everything.
fn baseline(name: &str, pods: &str, egress: &str) -> String {
    format!(
        "---\n{CLUSTER}metadata: {{name: {name}}}\nspec: {{tier: Baseline, priority: 7, subject: {{pods: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: shop}}}}, podSelector: {pods}}}}}, egress: [{egress}{{action: Deny, to: [{{networks: [0.0.0.0/0, '::/0']}}]}}]}}\n"
    )
}

const WEB: &str = "{matchLabels: {app: web}}";
const ALLOWS: &str = "{action: Accept, to: [{namespaces: {matchLabels: {kubernetes.io/metadata.name: other}}}], protocols: [{destinationNamedPort: http}]}, ";

#[test]
fn a_baseline_that_denies_becomes_a_network_policy() {
    let found = among_pods(Target::Kubernetes, &baseline("base", WEB, ALLOWS));
    assert!(found.is_exact(), "{:?} {:?}", found.policies, found.changes);
    insta::assert_snapshot!(found.policies[0].written.as_ref().unwrap().text, @r##"
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: base
      namespace: shop
    spec:
      podSelector:
        matchLabels:
          app: web
      policyTypes:
      - Egress
      egress:
      - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: other
        ports:
        - protocol: TCP
          port: http
        - protocol: UDP
          port: http
        - protocol: SCTP
          port: http
    "##);
}

#[test]
fn a_baseline_of_several_namespaces_becomes_a_policy_for_each() {
    let text = baseline("base", WEB, ALLOWS).replace(
        "matchLabels: {kubernetes.io/metadata.name: shop}",
        "matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [shop, other]}]",
    );
    let found = among_pods(Target::Kubernetes, &text);
    assert!(found.is_exact(), "{:?} {:?}", found.policies, found.changes);
    let written = found.policies[0].written.as_ref().unwrap();
    assert_eq!(
        written.title,
        "NetworkPolicy other/base, NetworkPolicy shop/base"
    );
    // The name is taken in the second.
    let own = format!(
        "---\n{NP}metadata: {{name: base, namespace: shop}}\nspec: {{podSelector: {{matchLabels: {{app: db}}}}}}\n"
    );
    let found = among_pods(Target::Kubernetes, &format!("{text}{own}"));
    let refused = found
        .policies
        .iter()
        .find(|one| one.state == State::CannotExpress)
        .unwrap();
    assert!(
        refused.reasons[0]
            .why
            .starts_with("another policy is written as "),
        "{refused:?}"
    );
}

/// NetworkPolicies add to each other, so that what a baseline allows would be allowed to pods for which it does not hold.
#[test]
fn a_baseline_that_allows_is_refused_beside_policies_of_the_same_pods() {
    let policy = |pods: &str| {
        format!(
            "---\n{NP}metadata: {{name: own, namespace: shop}}\nspec: {{podSelector: {pods}, policyTypes: [Egress]}}\n"
        )
    };
    let state = |policies: String| {
        let found = among_pods(Target::Kubernetes, &policies);
        for change in &found.changes {
            assert!(
                change.opened().is_empty()
                    || found
                        .policies
                        .iter()
                        .any(|one| one.state == State::CannotExpress),
                "{change:?}"
            );
        }
        (found.policies.last().unwrap().clone(), found.is_exact())
    };
    let (one, _) = state(policy("{}") + &baseline("base", WEB, ALLOWS));
    assert_eq!(one.state, State::CannotExpress);
    assert_eq!(
        one.reasons[0].why,
        "`NetworkPolicy shop/own` may select the same pods for egress, and NetworkPolicies would allow what either allows"
    );
    // Other pods, or nothing that could be added.
    let (_, exact) = state(policy("{matchLabels: {app: db}}") + &baseline("base", WEB, ALLOWS));
    assert!(exact);
    let (_, exact) = state(policy("{}") + &baseline("base", WEB, ""));
    assert!(exact);
    // Of two of the tier, the order decides.
    let (one, _) = state(baseline("base", "{}", "") + &baseline("more", WEB, ALLOWS));
    assert_eq!(one.state, State::CannotExpress);
}

#[test]
fn what_a_network_policy_cannot_keep_of_a_baseline_is_the_reason() {
    let policy = |subject: &str, rules: &str| {
        format!("{BANP}spec: {{subject: {{namespaces: {subject}}}, {rules}}}\n")
    };
    let shop = "{matchLabels: {kubernetes.io/metadata.name: shop}}";
    let deny = "{action: Deny, from: [{namespaces: {}}]}";
    for (subject, rules, state, want) in [
        (
            "{}",
            format!("ingress: [{deny}]"),
            State::CannotExpress,
            "it is for the pods of all namespaces",
        ),
        (
            shop,
            format!("ingress: [{deny}]"),
            State::Narrowed,
            "`ingress[0]` denies pods alone, and a NetworkPolicy denies ingress from nodes and from outside the cluster, too",
        ),
        (
            shop,
            "egress: [{action: Deny, to: [{namespaces: {}}]}]".to_owned(),
            State::CannotExpress,
            "no rule of its `egress` denies all pods and all addresses at all ports, and it allows what no rule matches",
        ),
        (
            shop,
            format!(
                "ingress: [{{action: Deny, from: [{{namespaces: {{matchLabels: {{a: b}}}}}}]}}, {{action: Allow, from: [{{namespaces: {{}}}}]}}, {deny}]"
            ),
            State::CannotExpress,
            "`ingress[0]` denies before `ingress[1]` allows, and a NetworkPolicy cannot deny a part of what it allows",
        ),
    ] {
        let found = why(Target::Kubernetes, &policy(subject, &rules));
        assert_eq!(found, (state, want.to_owned()), "{rules}");
    }
    // It allows less.
    let found = among_pods(
        Target::Kubernetes,
        &policy(shop, &format!("ingress: [{deny}]")),
    );
    assert!(
        found
            .changes
            .iter()
            .all(|change| change.opened().is_empty())
    );
    assert!(!found.changes.is_empty());
}

/// What is allowed towards every address is allowed towards a name, but not where a rule denies the name.
#[test]
fn a_denied_domain_name_that_is_left_out_is_a_difference() {
    for action in ["Deny", "Accept"] {
        let text = format!(
            "{CLUSTER}metadata: {{name: names}}\nspec: {{tier: Admin, priority: 1, subject: {{namespaces: {{}}}}, egress: [{{action: {action}, to: [{{domainNames: [a.com]}}]}}]}}\n"
        );
        let found = conversion(Target::Kubernetes, &text, Assumptions::default());
        assert_eq!(found.policies[0].state, State::CannotExpress);
        let relation = match action {
            "Deny" => Relation::Wider,
            _ => Relation::Equal,
        };
        assert_eq!(found.relation, relation, "{action}");
    }
}
