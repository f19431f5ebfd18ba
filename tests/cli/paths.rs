//! `drawbridge paths`: reach in any number of hops.

use serde_json::Value;

use super::{MANIFESTS, POLICY, drawbridge, drawbridge_with, example};

/// The names along a way, and the ports of its hops.
fn way(path: &Value) -> String {
    let name = |end: &Value| match end["type"].as_str() {
        Some("workload") => end["name"].as_str().unwrap_or("?").to_owned(),
        Some("ip") => end["range"][0].as_str().unwrap_or("?").to_owned(),
        other => other.unwrap_or("?").to_owned(),
    };
    let hops = path["hops"].as_array().cloned().unwrap_or_default();
    let mut words: Vec<String> = hops.iter().map(|hop| name(&hop["src"])).collect();
    words.extend(hops.last().map(|hop| name(&hop["dst"])));
    words.join(" > ")
}

#[test]
fn paths_use_open_connections() {
    let both = format!("{MANIFESTS}---\n{POLICY}");
    let paths = |arguments: &[&str]| {
        drawbridge_with(&[&["paths", "-", "-o", "json"], arguments].concat(), &both)
    };
    // `db` accepts `web` only, and `web` accepts everything.
    let far = paths(&["--from", "203.0.113.7", "--to", "shop/db"]);
    assert_eq!(far.code, Some(0), "{}", far.err);
    let json = far.json();
    assert_eq!(json["format"], "drawbridge/paths/1");
    assert_eq!(
        (&json["reachable"], &json["verdict"]),
        (&true.into(), &"all".into())
    );
    assert_eq!(way(&json["paths"][0]), "203.0.113.7 > web > db");
    assert_eq!(json["paths"][0]["hops"][1]["conn"]["TCP"][0][0], 5432);

    let all = paths(&["--from", "shop/db"]).json();
    assert!(all["paths"].is_null());
    let layers = all["layers"].as_array().expect("layers");
    assert_eq!(layers.len(), 1, "{all}");
    assert_eq!(
        layers[0].as_array().map(Vec::len),
        Some(3),
        "web, IPv4, IPv6"
    );

    let text = drawbridge_with(
        &["paths", "-", "--from", "0.0.0.0/0", "--to", "shop/db"],
        &both,
    );
    assert!(
        text.out.starts_with("0.0.0.0/0 can reach shop/db\n"),
        "{}",
        text.out
    );
    assert!(
        text.out.contains("\nshop/db[StatefulSet]: 2 hops\n"),
        "{}",
        text.out
    );
}

#[test]
fn no_path_exits_with_one() {
    let shop = example("online-shop").to_string_lossy().into_owned();
    let out = drawbridge(&["paths", &shop, "--from", "data/*", "--to", "shop/*"]);
    assert_eq!(out.code, Some(1), "{}", out.out);
    assert!(out.out.contains("cannot reach"), "{}", out.out);

    let some = drawbridge(&[
        "paths",
        &shop,
        "--from",
        "external/Internet",
        "--to",
        "payments/*",
        "-o",
        "json",
    ]);
    assert_eq!(some.code, Some(0), "{}", some.err);
    let json = some.json();
    assert_eq!(json["verdict"], "some");
    let ways: Vec<String> = json["paths"]
        .as_array()
        .into_iter()
        .flatten()
        .map(way)
        .collect();
    assert!(
        ways.contains(&"0.0.0.0 > web > checkout > payments > ledger".to_owned()),
        "{ways:?}"
    );
    assert!(
        ways.contains(&String::new()),
        "no way to reconcile: {ways:?}"
    );
}

#[test]
fn the_ingress_controller_is_a_hop() {
    let web = "
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pods-only, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{namespaceSelector: {}}]}]}
";
    let all = format!("{MANIFESTS}---\n{POLICY}---{web}");
    let paths = [
        "paths",
        "-",
        "--from",
        "203.0.113.7",
        "--to",
        "shop/db",
        "-o",
        "json",
    ];
    let found = drawbridge_with(&paths, &all);
    let json = found.json();
    assert_eq!(
        way(&json["paths"][0]),
        "203.0.113.7 > ingress-controller > web > db",
        "{}",
        found.err
    );
    let without = all.replace("kind: Ingress", "kind: Nothing");
    assert_eq!(drawbridge_with(&paths, &without).code, Some(1));
}

#[test]
fn meaningless_queries_are_rejected() {
    for arguments in [
        &["--from", "shop/nobody"][..],
        &["--from", "10.0.0.0/8", "--to", "192.0.2.7"],
        &["--to", "shop/web"],
    ] {
        let answer = drawbridge_with(&[&["paths", "-"], arguments].concat(), MANIFESTS);
        assert_eq!(answer.code, Some(2), "{arguments:?}: {}", answer.out);
        assert!(answer.err.starts_with("error: "), "{}", answer.err);
    }
}

#[test]
fn a_node_reaches_its_pods() {
    let node = "---\n{apiVersion: v1, kind: Node, metadata: {name: one}, status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}}\n";
    let pod = "---\n{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop, labels: {app: db}}, spec: {nodeName: one}}\n";
    let all = format!("{MANIFESTS}---\n{POLICY}{node}{pod}");
    for from in ["node/one", "192.0.2.1", "192.0.2.0/24"] {
        let text = drawbridge_with(&["paths", "-", "--from", from, "--to", "shop/p"], &all);
        assert_eq!(text.code, Some(0), "{}", text.err);
        let hop = "192.0.2.1/32  =>  shop/p[Pod]  any";
        assert!(text.out.contains(hop), "{}", text.out);
    }
    let other = drawbridge_with(
        &[
            "paths",
            "-",
            "--from",
            "192.0.2.2",
            "--to",
            "shop/p",
            "-o",
            "json",
        ],
        &all,
    );
    assert_eq!(way(&other.json()["paths"][0]), "192.0.2.2 > web > p");
}

#[test]
fn an_unknown_ingress_controller_is_a_note() {
    let text = format!(
        "{MANIFESTS}---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: front, namespace: shop}}\nspec: {{defaultBackend: {{service: {{name: web, port: {{number: 80}}}}}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{selector: {{app: web}}, ports: [{{port: 80, targetPort: 8080}}]}}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: in, namespace: shop}}\nspec: {{podSelector: {{}}, ingress: [{{from: [{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: edge}}}}}}]}}]}}\n"
    );
    let ends = ["paths", "-", "--from", "203.0.113.7", "--to", "shop/web"];
    let answer = drawbridge_with(&ends, &text);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let note = "note: Ingress shop/front may open shop/web on TCP 8080: its ingress controller is not in the input";
    assert!(answer.out.contains(note), "{}", answer.out);
    let json = drawbridge_with(&[&ends[..], &["-o", "json"]].concat(), &text).json();
    assert_eq!(json["notes"].as_array().map(Vec::len), Some(1), "{json}");
    let open = drawbridge_with(&[&ends[..], &["-o", "json"]].concat(), MANIFESTS).json();
    assert_eq!(open["notes"], Value::Array(Vec::new()));
}
