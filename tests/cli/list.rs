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

/// So many pods of namespace `s`.
fn pods(count: usize) -> String {
    let pod =
        |n| format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p{n}, namespace: s}}}}\n---\n");
    (0..count).map(pod).collect()
}

/// Every pod of `s` accepts TCP 80 alone.
const SOME_PORTS: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: http, namespace: s}
spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}]}
";

#[test]
fn open_pods_are_drawn_through_one_node() {
    let open = pods(6);
    let graph = drawbridge_with(&["list", "-", "-o", "dot", "--to", "s/*"], &open).out;
    let between = |line: &&str| line.contains(" -> ") && !line.contains("/0\" -> ");
    let arrows: Vec<&str> = graph.lines().filter(between).collect();
    let arrow =
        |n| format!("  \"s/p{n}[Pod]\" -> \"{{All open pods}}\" [label=\"any\", dir=both];");
    let want: Vec<String> = (0..6).map(arrow).collect();
    assert_eq!(arrows, want, "{graph}");
    let image = drawbridge_with(&["list", "-", "-o", "svg"], &pods(50));
    assert_eq!(image.code, Some(0), "{}", image.err);
    assert!(image.out.contains(">All open pods</text>"));

    // A pod that is not open keeps its own arrows, and of filtered ones only these count.
    let closed = format!(
        "{open}{{apiVersion: v1, kind: Pod, metadata: {{name: db, namespace: t}}}}\n---\n{}",
        SOME_PORTS.replace("namespace: s", "namespace: t")
    );
    let graph = drawbridge_with(&["list", "-", "-o", "dot", "--port", "TCP/80"], &closed).out;
    let to_db = |n| format!("  \"s/p{n}[Pod]\" -> \"t/db[Pod]\" [label=\"TCP 80\"];");
    for line in [
        to_db(1),
        "  \"t/db[Pod]\" -> \"{All open pods}\" [label=\"TCP 80\"];".into(),
        "  \"s/p1[Pod]\" -> \"{All open pods}\" [label=\"TCP 80\", dir=both];".into(),
    ] {
        assert!(graph.lines().any(|l| l == line), "no {line} in {graph}");
    }
    assert!(!graph.contains("\"s/p1[Pod]\" -> \"s/p2[Pod]\""), "{graph}");
}

const REPLICAS: &str = "
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: shop},
 spec: {replicas: 3, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop},
 spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: open, namespace: other},
 spec: {replicas: 2, selector: {matchLabels: {app: open}}, template: {metadata: {labels: {app: open}}}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: one, namespace: shop}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny, namespace: shop},
 spec: {podSelector: {}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db, namespace: shop},
 spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}], ports: [{port: 5432}]}]}}
";

#[test]
fn restricted_connections_between_replicas_are_listed_apart() {
    let text = drawbridge_with(&["list", "-"], REPLICAS);
    let part = "
Among replicas of one workload, where policies restrict it:
shop/db[StatefulSet]  =>  shop/db[StatefulSet]  TCP 5432
shop/web[Deployment]  =>  shop/web[Deployment]  denied

";
    assert!(text.out.contains(part), "{}", text.out);
    let json = drawbridge_with(&["list", "-", "-o", "json"], REPLICAS).json();
    let lines = json["connections"].as_array().expect("a list");
    assert!(lines.iter().all(|line| line["src"] != line["dst"]));
    let apart = json["amongReplicas"].as_array().expect("a list");
    assert_eq!(apart.len(), 2);
    assert_eq!(apart[0]["workload"]["name"], "db");
    assert_eq!(apart[0]["conn"]["TCP"], serde_json::json!([[5432, 5432]]));
    assert_eq!(apart[1]["conn"]["TCP"], serde_json::json!([]));
    // On the ports of the filter nothing is restricted.
    let filter = ["list", "-", "--port", "TCP/5432", "--from", "shop/db"];
    let text = drawbridge_with(&filter, REPLICAS).out;
    assert!(!text.contains("Among replicas"), "{text}");
    let md = drawbridge_with(&["list", "-", "-o", "md", "--to", "shop/db"], REPLICAS).out;
    let row = r"| shop/db\[StatefulSet] | shop/db\[StatefulSet] | TCP 5432 |";
    assert!(md.lines().any(|line| line == row), "{md}");
}

const DOMAINS: &str = "
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: open, namespace: other}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny, namespace: shop},
 spec: {podSelector: {}, policyTypes: [Egress]}}
---
{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: api},
 spec: {tier: Admin, priority: 5, subject: {namespaces: {}}, egress: [
  {action: Accept, to: [{domainNames: ['*.example.com']}], protocols: [{tcp: {destinationPort: {number: 443}}}]},
  {action: Accept, to: [{domainNames: [api.example.com]}], protocols: [{tcp: {destinationPort: {number: 80}}}]}]}}
";

/// Whatever address a name has, a denial of all of them comes first; written for each family in a rule of its own, too.
#[test]
fn names_are_denied_with_every_address() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: c}]}\n---\n";
    let accepted = |denials: &str| {
        let policy = format!(
            "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {{name: names}}\nspec:\n  tier: Admin\n  priority: 7\n  subject: {{namespaces: {{}}}}\n  egress:\n  - {{action: Accept, to: [{{domainNames: [a.example]}}], protocols: [{{tcp: {{destinationPort: {{number: 443}}}}}}]}}\n{denials}  - {{action: Accept, to: [{{domainNames: [b.example]}}], protocols: [{{tcp: {{destinationPort: {{number: 80}}}}}}]}}\n"
        );
        let baseline = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: closed, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Egress]}\n";
        let input = format!("{pod}{policy}{baseline}");
        let answer = drawbridge_with(&["list", "-", "-o", "json"], &input).json();
        let names = answer["domainNames"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        names
            .iter()
            .map(|one| format!("{} {}", one["name"], one["conn"]["TCP"]))
            .collect::<Vec<_>>()
    };
    let deny = |net: &str| format!("  - {{action: Deny, to: [{{networks: [\"{net}\"]}}]}}\n");
    let a = r#""a.example" [[443,443]]"#;
    let b = r#""b.example" [[80,80]]"#;
    assert_eq!(accepted(""), [a, b]);
    assert_eq!(accepted(&deny("0.0.0.0/0")), [a, b]);
    assert_eq!(accepted(&deny("::/0")), [a, b]);
    assert_eq!(accepted(&(deny("0.0.0.0/0") + &deny("::/0"))), [a]);
    assert_eq!(accepted(&deny("10.0.0.0/8")), [a, b]);
}

#[test]
fn accepted_domain_names_are_listed() {
    let text = drawbridge_with(&["list", "-"], DOMAINS);
    let part = "
Domain names that policies accept:
shop/web[Pod]  =>  *.example.com    TCP 443
shop/web[Pod]  =>  api.example.com  TCP 80,443

";
    assert!(text.out.contains(part), "{}{}", text.out, text.err);
    let json = drawbridge_with(&["list", "-", "-o", "json"], DOMAINS).json();
    let names = json["domainNames"].as_array().expect("a list");
    assert_eq!(names.len(), 2);
    assert_eq!(names[0]["src"]["name"], "web");
    assert_eq!(names[0]["name"], "*.example.com");
    assert_eq!(names[0]["conn"]["TCP"], serde_json::json!([[443, 443]]));
    let rows = |more: &[&str]| {
        let answer = drawbridge_with(&[&["list", "-", "-o", "csv"], more].concat(), DOMAINS);
        let named = |line: &&str| line.contains("example.com");
        answer
            .out
            .lines()
            .filter(named)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        rows(&["--port", "TCP/80"]),
        ["shop/web[Pod],api.example.com,TCP 80"]
    );
    assert_eq!(rows(&["--from", "other/open"]), [""; 0]);
    assert_eq!(rows(&["--to", "shop/web"]), [""; 0]);
    for format in ["dot", "svg"] {
        let graph = drawbridge_with(&["list", "-", "-o", format], DOMAINS).out;
        assert!(graph.contains("*.example.com"), "{graph}");
    }
    let summed = drawbridge_with(&["list", "-", "--by", "namespace", "-o", "csv"], DOMAINS).out;
    let row = "shop,domain names,\"TCP 80,443\",2";
    assert!(summed.lines().any(|line| line == row), "{summed}");
    let exposed = drawbridge_with(&["exposure", "-"], DOMAINS);
    let part = "
shop/web[Pod] egress: denied for future pods
    domain name *.example.com: TCP 443
    domain name api.example.com: TCP 80,443
";
    assert!(exposed.out.contains(part), "{}", exposed.out);
    let json = drawbridge_with(&["exposure", "-", "-o", "json"], DOMAINS).json();
    let lines = json["exposure"].as_array().expect("a list");
    let named = lines
        .iter()
        .filter(|line| line["to"]["type"] == "domain-name");
    let named: Vec<_> = named.map(|line| &line["to"]["name"]).collect();
    assert_eq!(named, ["*.example.com", "api.example.com"]);
}

#[test]
fn a_graph_that_is_too_large_is_rejected() {
    let many = pods(50) + SOME_PORTS;
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
