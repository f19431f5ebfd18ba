//! Policies in another dialect.

use super::*;

/// Workloads of three namespaces, with port names and labels.
const PODS: &str = "\
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: web}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: data, labels: {team: data}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: ops}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: api, namespace: shop, labels: {app: api}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 9090}, {name: dns, containerPort: 53, protocol: UDP}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: data, labels: {app: db}}, spec: {containers: [{name: c, ports: [{name: pg, containerPort: 5432}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: job, namespace: ops, labels: {app: job}}}
";

/// One policy for each kind of peer and port.
const EVERY_KIND: [(&str, &str); 14] = [
    (
        "nothing",
        "{podSelector: {}, policyTypes: [Ingress, Egress]}",
    ),
    (
        "everything",
        "{podSelector: {}, ingress: [{}], egress: [{}]}",
    ),
    (
        "any peer",
        "{podSelector: {}, ingress: [{ports: [{port: 8080}]}]}",
    ),
    (
        "own pods",
        "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]}",
    ),
    (
        "expressions",
        "{podSelector: {matchExpressions: [{key: app, operator: In, values: [web, api]}]}, ingress: [{from: [{podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}, {key: app, operator: NotIn, values: [x]}]}}]}]}",
    ),
    (
        "namespace",
        "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: data}}}]}]}",
    ),
    (
        "namespace labels",
        "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: data}}, podSelector: {matchLabels: {app: db}}}]}]}",
    ),
    (
        "every namespace",
        "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}",
    ),
    (
        "other namespaces",
        "{podSelector: {}, egress: [{to: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]}], policyTypes: [Egress]}",
    ),
    (
        "blocks",
        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}, {ipBlock: {cidr: 192.0.2.0/24}}, {ipBlock: {cidr: '2001:db8::/32'}}], ports: [{port: 443}]}], policyTypes: [Egress]}",
    ),
    (
        "several peers",
        "{podSelector: {}, ingress: [{from: [{podSelector: {}}, {namespaceSelector: {matchLabels: {team: data}}}, {ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 1}, {port: 2, protocol: UDP}]}]}",
    ),
    (
        "range",
        "{podSelector: {}, ingress: [{ports: [{port: 8000, endPort: 8090}, {port: 53, protocol: UDP}, {port: 7, protocol: SCTP}]}]}",
    ),
    (
        "protocol",
        "{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{protocol: UDP}]}]}",
    ),
    (
        "names",
        "{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: http}, {port: dns, protocol: UDP}]}]}",
    ),
];

fn network_policy(spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {spec}\n"
    )
}

/// The connections of a cluster with these policies, under the rules of Kubernetes.
fn list(policies: &str) -> Value {
    let input = format!("{PODS}---\n{policies}");
    let answer = drawbridge_with(
        &["list", "-", "-o", "json", "--enforcer", "kubernetes"],
        &input,
    );
    assert_eq!(answer.code, Some(0), "{}\n{policies}", answer.err);
    answer.json()["connections"].clone()
}

fn to(target: &str, policies: &str, more: &[&str]) -> Answer {
    let arguments = [&["convert", "-", "--to", target], more].concat();
    drawbridge_with(&arguments, &format!("{PODS}---\n{policies}"))
}

#[test]
fn there_and_back_keeps_every_kind_of_peer_and_port() {
    for (name, spec) in EVERY_KIND {
        let policy = network_policy(spec);
        for target in ["cilium", "calico"] {
            let there = to(target, &policy, &[]);
            // Calico matches pods by their addresses, which NetworkPolicy leaves to the plugin.
            let may_differ = target == "calico" && spec.contains("ipBlock");
            let is_whole = |err: &str| {
                err.contains("1 policy: 1 exact")
                    || may_differ && err.contains("1 policy: 1 with other connections")
            };
            assert!(is_whole(&there.err), "{name}: {}", there.err);
            assert!(
                !there.out.contains("networking.k8s.io/v1\n"),
                "{}",
                there.out
            );
            let back = to("kubernetes", &there.out, &[]);
            assert!(is_whole(&back.err), "{name}: {}", back.err);
            assert_eq!(
                list(&policy),
                list(&back.out),
                "{name}\n{}\n{}",
                there.out,
                back.out
            );
        }
    }
}

#[test]
fn nothing_changes_where_both_enforcers_agree() {
    for (name, spec) in EVERY_KIND {
        for target in ["cilium", "calico"] {
            let arguments = ["--assume", "host-network=nodes"];
            let answer = to(target, &network_policy(spec), &arguments);
            let has_block = spec.contains("ipBlock");
            assert!(
                answer.code == Some(0) || has_block,
                "{name} {target}: {}{}",
                answer.out,
                answer.err
            );
        }
    }
}

#[test]
fn cluster_wide_policies_deny_what_network_policies_isolate() {
    let egress = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 9090}]}]}";
    let ingress = "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}";
    for (target, kind) in [
        ("admin-network-policy", "AdminNetworkPolicy"),
        ("cluster-network-policy", "ClusterNetworkPolicy"),
    ] {
        let closed = to(target, &network_policy(egress), &[]);
        assert_eq!(closed.code, Some(0), "{}{}", closed.out, closed.err);
        for name in ["shop.p.allow", "shop.p.deny"] {
            let object = format!("kind: {kind}\nmetadata:\n  name: {name}\n");
            assert!(closed.out.contains(&object), "{}", closed.out);
        }
        assert_eq!(list(&network_policy(egress)), list(&closed.out));

        let open = to(target, &network_policy(ingress), &["--report", "json"]);
        assert_eq!(open.code, Some(1), "{}", open.err);
        let json = open.json();
        assert_eq!(json["policies"][0]["state"], "narrowed");
        let why = json["policies"][0]["why"].as_str().unwrap();
        let words = format!("{kind} matches no ingress from outside the cluster");
        assert!(why.starts_with(&words), "{why}");
        let changes = json["changes"].as_array().unwrap();
        assert!(!changes.is_empty());
        for change in changes {
            assert_eq!(change["dst"]["name"], "web", "{change}");
            assert!(change["src"]["name"].is_null(), "{change}");
        }
    }
}

#[test]
fn changes_are_listed_with_the_side_that_allows_them() {
    let spec = "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {pod-template-hash: a}}}]}]}";
    let pods = "{apiVersion: v1, kind: Pod, metadata: {name: new, namespace: shop, labels: {pod-template-hash: a}}}";
    let policy = format!("{pods}\n---\n{}", network_policy(spec));
    let answer = to("cilium", &policy, &["--report", "json"]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let json = answer.json();
    assert_eq!(json["format"], "drawbridge/convert/1");
    assert_eq!(json["assumptions"]["enforcer"], "cilium");
    assert_eq!(json["oldAssumptions"]["enforcer"], "kubernetes");
    let one = &json["policies"][0];
    assert_eq!(one["from"], "NetworkPolicy shop/p");
    assert_eq!(one["to"], "CiliumNetworkPolicy shop/p");
    assert_eq!(one["state"], "narrowed");
    assert_eq!(
        one["why"],
        "Cilium does not select pods by the label `pod-template-hash`"
    );
    let changes = json["changes"].as_array().unwrap();
    let removed = changes.iter().any(|change| {
        change["type"] == "removed"
            && change["src"]["name"] == "new"
            && change["dst"]["name"] == "web"
    });
    assert!(removed, "{json}");
}

#[test]
fn what_cannot_be_converted_is_reported_and_left_out() {
    let cilium = |name: &str, spec: &str| {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{endpointSelector: {{}}, {spec}}}\n"
        )
    };
    let policies = [
        cilium("deny", "ingressDeny: [{fromEntities: [cluster]}]"),
        cilium(
            "domain",
            "egress: [{toFQDNs: [{matchName: api.example.com}]}]",
        ),
        cilium("health", "ingress: [{fromEntities: [health]}]"),
        cilium("plain", "ingress: [{fromEndpoints: [{}]}]"),
    ];
    for (target, denial) in [
        ("kubernetes", "it has rules that deny"),
        (
            "calico",
            "nothing that it denies may be left out: `ingressDeny[0]` has only the entity `cluster`, which Calico cannot express",
        ),
    ] {
        let answer = to(target, &policies.join("---\n"), &[]);
        assert_eq!(answer.code, Some(1), "{}", answer.err);
        for words in [
            format!("CiliumNetworkPolicy shop/deny: left out\n  {denial}").as_str(),
            "CiliumNetworkPolicy shop/domain: a part is left out\n  `egress[0]` has only a domain name",
            "CiliumNetworkPolicy shop/health: a part is left out\n  `ingress[0]` is left out, and allows nothing: it has the entity `health`",
            "4 policies: 1 exact, 2 without a part, 1 left out",
        ] {
            assert!(answer.err.contains(words), "{words}\n{}", answer.err);
        }
        assert!(!answer.out.contains("name: deny"));
        // They isolate, and allow nothing.
        assert!(answer.out.contains("name: domain") && !answer.out.contains("egress:\n"));
        assert!(answer.out.contains("name: health"), "{}", answer.out);
    }
}

#[test]
fn files_of_others_are_not_replaced() {
    let folder = folder(&[]);
    let out = path(&folder, "out");
    let policy = network_policy(EVERY_KIND[3].1);
    let assume = ["--assume", "host-network=nodes", "-o", &out];
    let first = to("cilium", &policy, &assume);
    assert_eq!(first.code, Some(0), "{}{}", first.out, first.err);
    assert!(
        first.out.starts_with("1 policy: 1 exact\n"),
        "{}",
        first.out
    );
    let file = Path::new(&out).join("shop/p.yaml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("kind: CiliumNetworkPolicy"), "{text}");
    fs::write(&file, "mine\n").unwrap();
    let second = to("cilium", &policy, &assume);
    assert_eq!(second.code, Some(2));
    assert!(
        second.err.contains("was edited since the last export"),
        "{}",
        second.err
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine\n");
    let forced = to("cilium", &policy, &[&assume[..], &["--force"]].concat());
    assert_eq!(forced.code, Some(0), "{}", forced.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn staged_policies_are_named_and_not_converted() {
    let staged = "apiVersion: projectcalico.org/v3\nkind: StagedNetworkPolicy\nmetadata: {name: next, namespace: shop}\nspec: {selector: all(), types: [Ingress]}\n";
    let input = format!("{}---\n{staged}", network_policy(EVERY_KIND[3].1));
    let answer = to("kubernetes", &input, &[]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    for words in [
        "StagedNetworkPolicy shop/next: left out\n  it is staged, so it is not in force\n    help: promote it",
        "2 policies: 1 exact, 1 left out",
    ] {
        assert!(answer.err.contains(words), "{words}\n{}", answer.err);
    }
    assert!(!answer.out.contains("next"), "{}", answer.out);
}

#[test]
fn help_is_about_policies() {
    let cilium = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec:\n  endpointSelector: {}\n  ingress:\n  - icmps: [{fields: [{type: 8}]}]\n  - fromEndpoints: [{matchLabels: {io.cilium.k8s.policy.serviceaccount: robot}}]\n  egress:\n  - toCIDR: [0.0.0.0/0]\n  - toEntities: [cluster]\n  - toFQDNs: [{matchName: a.com}]\n";
    for target in [
        "kubernetes",
        "calico",
        "admin-network-policy",
        "cluster-network-policy",
    ] {
        let answer = to(target, cilium, &[]);
        assert!(answer.err.contains("help: "), "{target}: {}", answer.err);
        for word in ["flow", "draw", "the group", "external"] {
            let mut help = answer.err.lines().filter(|line| line.contains("help: "));
            assert!(
                help.all(|line| !line.contains(word)),
                "{target} {word}: {}",
                answer.err
            );
        }
    }
}

#[test]
fn projects_and_markdown() {
    let folder = folder(&[("p.drawbridge.yaml", SENSITIVE)]);
    let project = path(&folder, "p.drawbridge.yaml");
    let answer = drawbridge(&[
        "convert",
        &project,
        "--to",
        "calico",
        "--report",
        "md",
        "--assume",
        "host-network=nodes",
    ]);
    assert_eq!(
        answer
            .out
            .matches("apiVersion: projectcalico.org/v3")
            .count(),
        4,
        "{}",
        answer.out
    );
    assert!(answer.err.contains("4 policies: 4 exact"), "{}", answer.err);
    let none = drawbridge_with(&["convert", "-", "--to", "calico"], PODS);
    assert_eq!(none.code, Some(2));
    assert!(
        none.err.contains("no policy that can be converted"),
        "{}",
        none.err
    );
}

#[test]
fn conversions_into_one_folder_leave_each_other_alone() {
    let folder = tempfile::tempdir().unwrap();
    let policy = |name: &str, port: u16| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: shop}}\n\
             spec: {{podSelector: {{}}, ingress: [{{ports: [{{port: {port}}}]}}]}}\n"
        )
    };
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.yaml", &policy("a", 80));
    write("b.yaml", &policy("b", 80));
    let out = path(&folder, "out");
    let run = |name: &str| {
        let from = path(&folder, name);
        drawbridge(&["convert", &from, "--to", "cilium", "-o", &out])
    };
    run("a.yaml");
    let second = run("b.yaml");
    let file = |name: &str| folder.path().join("out/shop").join(name);
    assert!(
        file("a.yaml").exists() && file("b.yaml").exists(),
        "{}",
        second.err
    );
    // A policy that one input no longer has is deleted, and one of the other is not replaced.
    write("a.yaml", &policy("c", 80));
    run("a.yaml");
    assert!(!file("a.yaml").exists() && file("c.yaml").exists());
    write("a.yaml", &policy("b", 90));
    let refused = run("a.yaml");
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert!(
        refused.err.contains("was written for the project"),
        "{}",
        refused.err
    );
    assert!(file("b.yaml").exists() && file("c.yaml").exists());
}
