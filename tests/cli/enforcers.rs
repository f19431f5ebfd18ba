//! `list --compare-enforcers`: which connections depend on the enforcer, and why.

use super::{drawbridge, drawbridge_with, folder, path};

const PODS: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web, pod-template-hash: abc}}\nspec: {containers: [{name: c, image: i}]}\nstatus: {podIPs: [{ip: 10.0.0.5}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: db, namespace: shop, labels: {app: db}}\nspec: {containers: [{name: c, image: i, ports: [{containerPort: 5432}]}]}\nstatus: {podIPs: [{ip: 10.0.0.6}]}\n---\n";

fn policy(spec: &str) -> String {
    format!(
        "{PODS}apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {spec}\n"
    )
}

/// The answer as JSON and the exit code.
fn compare(text: &str, enforcers: &str) -> (serde_json::Value, Option<i32>) {
    let made = folder(&[("a.yaml", text)]);
    let file = path(&made, "a.yaml");
    let answer = drawbridge(&[
        "list",
        &file,
        "-o",
        "json",
        "--compare-enforcers",
        enforcers,
    ]);
    (answer.json(), answer.code)
}

#[test]
fn connections_that_depend_on_the_enforcer_have_reasons() {
    let cilium = format!(
        "{PODS}apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {{endpointSelector: {{matchLabels: {{app: db}}}}, ingress: [{{}}]}}\n"
    );
    for (text, enforcers, from, conn, reason) in [
        (
            policy(
                "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24}}]}]}",
            ),
            "kubernetes,calico",
            "web",
            [false, true],
            "calico matches pods by their addresses (K32, G22)",
        ),
        (
            policy(
                "{podSelector: {matchLabels: {app: db}}, policyTypes: [Egress], ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}], egress: [{}]}",
            ),
            "calico,cilium",
            "web",
            [true, false],
            "cilium applies rules of NetworkPolicy shop/p in a direction that `policyTypes` does not list (K4)",
        ),
        (
            policy("{podSelector: {matchLabels: {pod-template-hash: abc}}, policyTypes: [Egress]}"),
            "kubernetes,cilium",
            "web",
            [false, true],
            "kubernetes selects other pods with NetworkPolicy shop/p than cilium, which does not see all labels (C0)",
        ),
        (
            cilium,
            "kubernetes,cilium",
            "web",
            [true, false],
            "kubernetes does not enforce CiliumNetworkPolicy shop/p",
        ),
    ] {
        let (answer, code) = compare(&text, enforcers);
        assert_eq!(code, Some(1), "{answer}");
        let all = answer["differences"].as_array().unwrap();
        let found = all.iter().find(|one| one["src"]["name"] == from).unwrap();
        let all = enforcers
            .split(',')
            .map(|name| found["conn"][name]["all"] == true);
        assert_eq!(all.collect::<Vec<_>>(), conn, "{answer}");
        assert_eq!(found["reasons"][0], reason, "{answer}");
    }
}

/// A pod's own node always reaches it (P2); no block of Cilium is a node's (C31).
#[test]
fn nodes_differ_but_for_a_pods_own() {
    let node = |name: &str, last: u8| {
        format!(
            "apiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nstatus: {{addresses: [{{type: InternalIP, address: 192.0.2.{last}}}]}}\n---\n"
        )
    };
    let text = policy(
        "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}",
    );
    let text = text.replace("spec: {containers", "spec: {nodeName: n1, containers");
    let text = node("n1", 7) + &node("n2", 8) + &text;
    let (answer, code) = compare(&text, "kubernetes,cilium");
    assert_eq!(code, Some(1), "{answer}");
    let differences = answer["differences"].as_array().unwrap();
    let [one] = &differences[..] else {
        panic!("{answer}")
    };
    let range = serde_json::json!(["192.0.2.8", "192.0.2.8"]);
    assert_eq!(one["src"]["range"], range, "{answer}");
    assert_eq!(
        one["reasons"][0],
        "cilium matches no node by its address (C31)"
    );
}

#[test]
fn port_names_with_two_numbers_differ_under_cilium() {
    let db = |name: &str, port: u16| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop, labels: {{app: sql, pod-template-hash: {name}}}}}\nspec: {{containers: [{{name: c, image: i, ports: [{{name: sql, containerPort: {port}}}]}}]}}\n---\n"
        )
    };
    let spec = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}], ports: [{port: sql}]}]}";
    let text = |second| db("one", 5432) + &db("two", second) + &policy(spec);
    assert_eq!(compare(&text(5432), "kubernetes,cilium").1, Some(0));
    let (answer, code) = compare(&text(5433), "kubernetes,cilium");
    assert_eq!(code, Some(1), "{answer}");
    let reason = answer["differences"][0]["reasons"][0].as_str().unwrap();
    assert!(
        reason.contains("`sql`") && reason.ends_with("(C40)"),
        "{reason}"
    );
    let made = folder(&[("a.yaml", &text(5433))]);
    let answer = drawbridge(&[
        "explain",
        &path(&made, "a.yaml"),
        "--enforcer",
        "cilium",
        "--from",
        "shop/web",
        "--to",
        "shop/one",
        "--port",
        "TCP/5432",
    ]);
    assert_eq!(answer.code, Some(1), "{}{}", answer.out, answer.err);
    let why = "pods with the same labels declare `sql` with different numbers, so the name matches none of them (C40)";
    assert!(answer.out.contains(why), "{}", answer.out);
}

/// Where nothing denies by default, requests are not filtered (C6).
#[test]
fn http_rules_count_where_something_isolates() {
    let rule = |isolates: bool| {
        let text = format!(
            "{PODS}apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {{endpointSelector: {{}}, enableDefaultDeny: {{ingress: {isolates}}}, ingress: [{{fromEndpoints: [{{}}], toPorts: [{{ports: [{{port: '80', protocol: TCP}}], rules: {{http: [{{path: /}}]}}}}]}}]}}\n"
        );
        let made = folder(&[("a.yaml", &text)]);
        let file = path(&made, "a.yaml");
        let ends = ["--from", "shop/web", "--to", "shop/db", "--port", "TCP/80"];
        let answer = drawbridge(&[&["explain", &file][..], &ends].concat());
        assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
        assert!(answer.out.contains("rule 1 of"), "{}", answer.out);
        answer.out.contains("with an HTTP rule")
    };
    assert!(rule(true));
    assert!(!rule(false));
}

#[test]
fn the_same_under_all_enforcers_is_fine() {
    let text = policy(
        "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]}",
    );
    let (answer, code) = compare(&text, "kubernetes,cilium,calico");
    assert_eq!(
        (code, &answer["differences"]),
        (Some(0), &serde_json::json!([]))
    );
}

#[test]
fn standard_input_is_read_once() {
    let text = policy("{podSelector: {}, ingress: [{}]}");
    let answer = drawbridge_with(
        &[
            "list",
            "-",
            "--compare-enforcers",
            "kubernetes,cilium,calico",
        ],
        &text,
    );
    assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
}

#[test]
fn a_project_is_judged_under_the_enforcer_of_its_dialect() {
    let project = "format: drawbridge/1\nsettings: {dialects: [cilium]}\nnamespaces: [{name: a}]\nworkloads: [{name: w, namespace: a, labels: {app: w}}]\n";
    let made = folder(&[("p.drawbridge.yaml", project)]);
    let file = path(&made, "p.drawbridge.yaml");
    assert_eq!(
        drawbridge(&["list", &file, "--enforcer", "cilium"]).code,
        Some(0)
    );
    for other in [
        &["list", &file, "--enforcer", "calico"][..],
        &["list", &file, "--compare-enforcers", "cilium,kubernetes"],
    ] {
        let answer = drawbridge(other);
        assert_eq!(answer.code, Some(2), "{}", answer.out);
        assert_eq!(
            answer.err.matches("(enforcer)").count(),
            1,
            "{}",
            answer.err
        );
    }
}

#[test]
fn the_policies_of_a_project_are_those_that_it_generates_under_every_enforcer() {
    let project = "format: drawbridge/1\nnamespaces: [{name: a}]\nworkloads:\n- {name: w, namespace: a, labels: {app: w}}\n- {name: n, namespace: a, labels: {app: n}, hostNetwork: true}\nflows: [{from: a/w, to: a/n, ports: [TCP/80]}]\n";
    let made = folder(&[("p.drawbridge.yaml", project)]);
    let file = path(&made, "p.drawbridge.yaml");
    let answer = drawbridge(&["list", &file, "--compare-enforcers", "kubernetes,cilium"]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let reason = "because cilium takes pods on the host network for their nodes";
    assert!(answer.out.contains(reason), "{}", answer.out);
    assert!(!answer.out.contains("does not enforce"), "{}", answer.out);
}

/// Two pods without addresses, and a policy with a block for the ingress of one.
fn block(cidr: &str) -> String {
    let pod = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: a, labels: {{app: {name}}}}}\n---\n"
        )
    };
    format!(
        "{}{}apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: np, namespace: a}}\n\
         spec: {{podSelector: {{matchLabels: {{app: p}}}}, ingress: [{{from: [{{ipBlock: {{cidr: {cidr}}}}}]}}]}}\n",
        pod("p"),
        pod("q")
    )
}

#[test]
fn unknown_addresses_of_pods_are_reported_where_blocks_match_pods() {
    let words = "whether 10.0.0.0/8 matches pods depends on their addresses under calico";
    let compare = ["list", "-", "--compare-enforcers", "kubernetes,calico"];
    for question in [
        &compare[..],
        &["list", "-", "--enforcer", "calico"],
        &[
            "explain",
            "-",
            "--enforcer",
            "calico",
            "--from",
            "a/q",
            "--to",
            "a/p",
            "--port",
            "TCP/1",
        ],
    ] {
        let answer = drawbridge_with(question, &block("10.0.0.0/8"));
        assert!(answer.err.contains(words), "{question:?}: {}", answer.err);
        if question[0] == "explain" {
            let near = "its address is not known, so 10.0.0.0/8 is judged not to match it";
            assert!(answer.out.contains(near), "{}", answer.out);
        }
    }
    let reasons = drawbridge_with(&compare, &block("0.0.0.0/0")).out;
    let because = "  because calico matches pods by their addresses (K32, G22)\n";
    assert!(reasons.contains(because), "{reasons}");
}

#[test]
fn rules_after_a_pass_are_not_reached() {
    let policy = |name: &str, priority: u32, action: &str| {
        format!(
            "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {{name: {name}}}\nspec: {{priority: {priority}, subject: {{namespaces: {{}}}}, ingress: [{{action: {action}, from: [{{namespaces: {{}}}}]}}]}}\n"
        )
    };
    let pod = |name: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop}}, spec: {{containers: [{{name: c}}]}}}}\n"
        )
    };
    let text = pod("a") + &pod("b") + &policy("first", 1, "Pass") + &policy("second", 2, "Deny");
    let ends = ["--from", "shop/a", "--to", "shop/b", "--port", "TCP/80"];
    let asked: Vec<&str> = ["explain", "-"].into_iter().chain(ends).collect();
    let answer = drawbridge_with(&asked, &text);
    assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
    let lines = |part: &str| {
        answer
            .out
            .lines()
            .filter(|line| line.contains(part))
            .count()
    };
    assert_eq!(lines("matches: pass to the next tier"), 1, "{}", answer.out);
    let unreached = "is not reached: an earlier rule of the tier matches (it would deny)";
    assert_eq!(lines(unreached), 1, "{}", answer.out);
    assert_eq!(lines("matches: deny"), 0, "{}", answer.out);
}
