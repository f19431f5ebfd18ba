//! `drawbridge list`: formats and filters.

use super::{
    Answer, MANIFESTS, POLICY, SENSITIVE, drawbridge, drawbridge_with, example, folder, path,
};

fn cluster() -> String {
    format!("{MANIFESTS}---\n{POLICY}")
}

fn list(arguments: &[&str]) -> Answer {
    drawbridge_with(&[&["list", "-"], arguments].concat(), &cluster())
}

#[test]
fn tables_and_graphs_contain_the_same_connections() {
    let csv = list(&["-o", "csv"]);
    assert_eq!(csv.code, Some(0), "{}", csv.err);
    let lines: Vec<&str> = csv.out.lines().collect();
    assert_eq!(lines[0], "src,dst,ports");
    assert!(lines.contains(&"shop/web[Deployment],shop/db[StatefulSet],TCP 5432"));
    assert!(lines.contains(&"0.0.0.0/0,shop/web[Deployment],any"));
    let count = lines.len() - 1;

    let json = list(&["-o", "json"]).json();
    assert_eq!(json["connections"].as_array().map(Vec::len), Some(count));

    let md = list(&["-o", "md"]);
    let row = r"| shop/web\[Deployment] | shop/db\[StatefulSet] | TCP 5432 |";
    assert!(md.out.lines().any(|line| line == row), "{}", md.out);
    assert!(
        md.out
            .starts_with("| From | To | Ports |\n| --- | --- | --- |\n")
    );
    assert!(
        md.out
            .contains(&format!("\n\n{count} connections; assuming"))
    );

    let dot = list(&["-o", "dot"]);
    let edge = r#"  "shop/web[Deployment]" -> "shop/db[StatefulSet]" [label="TCP 5432"];"#;
    assert!(dot.out.lines().any(|line| line == edge), "{}", dot.out);
    assert_eq!(dot.out.matches(" -> ").count(), count);
    assert_eq!(dot.out.matches("subgraph \"cluster_shop\"").count(), 1);
    assert!(
        dot.out
            .contains(r#"    "shop/db[StatefulSet]" [label="db\nStatefulSet"];"#)
    );
}

#[test]
fn a_graph_shows_the_allowed_connections() {
    let svg = list(&["-o", "svg"]);
    assert_eq!(svg.code, Some(0), "{}", svg.err);
    for text in [
        "<svg ",
        ">web</text>",
        ">db</text>",
        ">Outside</text>",
        ">TCP 5432</text>",
    ] {
        assert!(svg.out.contains(text), "no {text} in {}", svg.out);
    }
    // Only what is queried: `web` is open to everything, and its arrows to outside are omitted.
    let some = list(&["-o", "svg", "--from", "shop/web", "--to", "shop/db"]);
    assert!(some.out.contains(">TCP 5432</text>") && !some.out.contains(">Outside</text>"));

    let project = example("online-shop").to_string_lossy().into_owned();
    let drawn = drawbridge(&["list", &project, "-o", "svg"]);
    assert!(drawn.out.contains(">Office VPN</text>"), "{}", drawn.err);
    assert!(drawn.out.contains(">deny all</text>"));
}

#[test]
fn a_graph_that_is_too_large_is_rejected() {
    let pod =
        |n| format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p{n}, namespace: s}}}}\n---\n");
    let many: String = (0..50).map(pod).collect();
    let answer = drawbridge_with(&["list", "-", "-o", "svg"], &many);
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("--from"), "{}", answer.err);
    let few = drawbridge_with(&["list", "-", "-o", "svg", "--from", "s/p1"], &many);
    assert_eq!(few.code, Some(0), "{}", few.err);
}

#[test]
fn names_are_escaped_in_every_format() {
    let nasty = r#"
apiVersion: v1
kind: Pod
metadata: {name: "a\"|,<b>\\\n`x`", namespace: shop}
"#;
    let both = format!("{}---{nasty}", cluster());
    let of = |format| drawbridge_with(&["list", "-", "-o", format, "--to", "shop/web"], &both).out;
    let md = of("md");
    let row = r#"| shop/a"\|,\<b\>\\ \`x\`\[Pod] | shop/web\[Deployment] | any |"#;
    assert!(md.lines().any(|line| line == row), "{md}");
    let csv = of("csv");
    let field = "\"shop/a\"\"|,<b>\\\n`x`[Pod]\",shop/web[Deployment],any\n";
    assert!(csv.contains(field), "{csv}");
    let dot = of("dot");
    let edge = r#"  "shop/a\"|,<b>\\\n`x`[Pod]" -> "shop/web[Deployment]" [label="any"];"#;
    assert!(dot.lines().any(|line| line == edge), "{dot}");
    let svg = of("svg");
    assert!(svg.contains("&lt;b&gt;") && !svg.contains("<b>"), "{svg}");
}

#[test]
fn filters_restrict_the_list() {
    let rows = |arguments: &[&str]| -> Vec<String> {
        let answer = list(&[&["-o", "csv"], arguments].concat());
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        answer.out.lines().skip(1).map(str::to_owned).collect()
    };
    let inside = "shop/web[Deployment],shop/db[StatefulSet],TCP 5432";
    assert_eq!(rows(&["--from", "shop/web", "--to", "shop/db"]), [inside]);
    assert_eq!(rows(&["--to", "shop/db"]), [inside]);
    assert_eq!(
        rows(&["--from", "shop/web", "--port", "TCP/5000-6000"]),
        [
            inside,
            "shop/web[Deployment],0.0.0.0/0,TCP 5000-6000",
            "shop/web[Deployment],::/0,TCP 5000-6000"
        ]
    );
    assert_eq!(rows(&["--to", "shop/db", "--port", "UDP"]), [""; 0]);
    // A port name is resolved by the destination; outside nothing has port names.
    assert_eq!(
        rows(&["--port", "TCP/http"]),
        [
            "shop/db[StatefulSet],shop/web[Deployment],TCP 8080",
            "0.0.0.0/0,shop/web[Deployment],TCP 8080",
            "::/0,shop/web[Deployment],TCP 8080"
        ]
    );
    // Addresses are restricted to the query.
    assert_eq!(
        rows(&["--from", "10.0.0.0/8"]),
        ["10.0.0.0/8,shop/web[Deployment],any"]
    );
    assert_eq!(
        rows(&["--from", "shop/*", "--to", "192.0.2.7"]),
        [
            "shop/db[StatefulSet],192.0.2.7/32,any",
            "shop/web[Deployment],192.0.2.7/32,any"
        ]
    );
    for wrong in [&["--from", "shop/nobody"][..], &["--port", "TCP/0"]] {
        let answer = list(wrong);
        assert_eq!(answer.code, Some(2), "{}", answer.out);
        assert!(answer.err.starts_with("error: "), "{}", answer.err);
    }
}

#[test]
fn every_format_applies_filters() {
    for format in ["txt", "json", "csv", "md", "dot", "svg"] {
        let answer = list(&["-o", format, "--from", "shop/web", "--to", "shop/db"]);
        assert_eq!(answer.code, Some(0), "{format}: {}", answer.err);
        assert!(answer.out.contains("5432"), "{format}: {}", answer.out);
        assert!(!answer.out.contains("0.0.0.0"), "{format}: {}", answer.out);
    }
}

#[test]
fn names_of_project_objects_are_ends() {
    let text = format!(
        "{SENSITIVE}- {{from: external/office, to: demo/auth, ports: [TCP/443]}}\nexternals:\n- {{name: office, networks: [{{cidr: 198.51.100.0/24, except: [198.51.100.9/32]}}]}}\ngroups:\n- {{name: all, namespaces: {{}}, pods: {{matchLabels: {{app: auth}}}}}}\n"
    );
    let folder = folder(&[("p.drawbridge.yaml", &text)]);
    let project = path(&folder, "p.drawbridge.yaml");
    let office = drawbridge(&[
        "list",
        &project,
        "-o",
        "csv",
        "--from",
        "external/office",
        "--to",
        "group/all",
    ]);
    assert_eq!(office.code, Some(0), "{}", office.err);
    let want = ["198.51.100.0-198.51.100.8", "198.51.100.10-198.51.100.255"];
    let rows: Vec<&str> = office.out.lines().skip(1).collect();
    assert_eq!(
        rows,
        want.map(|from| format!("{from},demo/auth[Deployment],TCP 443"))
    );
    let why = drawbridge(&[
        "explain",
        &project,
        "--from",
        "external/office",
        "--to",
        "demo/auth",
        "--port",
        "TCP/443",
    ]);
    assert_eq!(why.code, Some(0), "{}{}", why.out, why.err);
    let typo = drawbridge(&["list", &project, "--from", "external/ofice"]);
    assert_eq!(typo.code, Some(2));
    assert!(typo.err.contains("did you mean `office`"), "{}", typo.err);
}

#[test]
fn a_service_resolves_the_named_port_of_a_pod_treated_as_a_node() {
    let served = "
{apiVersion: v1, kind: Pod, metadata: {name: h, namespace: a, labels: {app: h}},
 spec: {hostNetwork: true, containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: s, namespace: a},
 spec: {selector: {app: h}, ports: [{port: 80, targetPort: http}]}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: a},
 spec: {defaultBackend: {service: {name: s, port: {number: 80}}}}}
";
    for host_network in ["host-network=pods", "host-network=nodes"] {
        let text = drawbridge_with(&["list", "-", "--assume", host_network], served);
        let line = "{ingress-controller}  =>  a/h[Pod]   TCP 8080";
        assert!(text.out.lines().any(|l| l == line), "{}", text.out);
    }
}

#[test]
fn connections_are_summed_up_by_namespace() {
    let text = list(&["--by", "namespace"]);
    assert_eq!(text.code, Some(0), "{}", text.err);
    let all = list(&["-o", "json"]).json();
    let all = all["connections"].as_array().map_or(0, Vec::len);
    let json = list(&["--by", "namespace", "-o", "json"]).json();
    let rows = json["namespaces"].as_array().expect("rows").clone();
    let count = |row: &serde_json::Value| row["connections"].as_u64().expect("a count");
    assert_eq!(rows.iter().map(count).sum::<u64>(), all as u64);
    let within = |row: &&serde_json::Value| {
        row["src"]["namespace"] == "shop" && row["dst"]["namespace"] == "shop"
    };
    assert_eq!(rows.iter().filter(within).count(), 1, "{rows:?}");
    assert!(text.out.contains("shop     =>  shop"), "{}", text.out);
    let csv = list(&["--by", "namespace", "-o", "csv"]);
    assert_eq!(csv.out.lines().count(), rows.len() + 1);
    let md = list(&["--by", "namespace", "-o", "md"]);
    assert!(md.out.starts_with("| From | To | Ports | Connections |\n"));
    let dot = list(&["--by", "namespace", "-o", "dot"]);
    assert_eq!(dot.code, Some(2));
    assert!(dot.err.contains("txt, json, csv or md"), "{}", dot.err);
}
