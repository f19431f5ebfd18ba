//! Services as ends of questions, and who serves routes.

use crate::cli::{Answer, drawbridge_with};

const SHOP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {app: client}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.7, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: client, namespace: shop}
spec:
  podSelector: {matchLabels: {app: client}}
  policyTypes: [Egress]
  egress: [{ports: [{port: 8080}]}]
";

fn explain(to: &str, port: &str) -> Answer {
    let ends = ["--from", "shop/client", "--to", to, "--port", port];
    let arguments = [&["explain", "-o", "json", "-"][..], &ends].concat();
    drawbridge_with(&arguments, SHOP)
}

#[test]
fn a_service_is_asked_about_by_name_and_by_address() {
    for to in ["service/shop/web", "10.96.0.7"] {
        let answer = explain(to, "TCP/80");
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        let json = answer.json();
        assert_eq!(json["connections"][0]["port"], "TCP/8080", "{json}");
        let note = &json["diagnostics"][0];
        assert_eq!(note["code"], "service");
        let said = "leads to TCP 8080 of `shop/web`";
        assert!(
            note["message"].as_str().is_some_and(|m| m.contains(said)),
            "{note}"
        );
    }
    let none = explain("service/shop/web", "TCP/81");
    assert_eq!(none.code, Some(2));
    assert!(
        none.err.contains("use one of its ports: TCP/80"),
        "{}",
        none.err
    );
    let pods = explain("shop/web", "TCP/80");
    assert_eq!(pods.code, Some(1));
    assert!(pods.err.contains("ask about TCP/8080"), "{}", pods.err);
}

#[test]
fn connections_to_a_service_are_those_to_its_targets() {
    let of = |arguments: &[&str]| {
        let arguments = [&["list", "-o", "json", "-"][..], arguments].concat();
        drawbridge_with(&arguments, SHOP).connections()
    };
    let through = ["client > web TCP 8080-8080"];
    assert_eq!(of(&["--to", "service/shop/web"]), through);
    assert_eq!(of(&["--to", "10.96.0.7", "--port", "TCP/80"]), through);
}

/// Asks about connections of `shop/client` of [`SHOP`] with more manifests, as JSON.
fn ask_with(more: &str, command: &[&str]) -> Answer {
    let text = format!("{SHOP}---\n{more}");
    let arguments = [&[command[0], "-o", "json", "-"][..], &command[1..]].concat();
    drawbridge_with(&arguments, &text)
}

fn messages(answer: &Answer, code: &str) -> Vec<String> {
    let json = answer.json();
    let all = json["diagnostics"].as_array().cloned().unwrap_or_default();
    let own = all.into_iter().filter(|d| d["code"] == code);
    own.map(|d| d["message"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn addresses_in_a_pod_cidr_are_of_pods() {
    let node = "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24, \"fd00:1::/64\"]}}";
    let both = |address: &str| {
        let ends = ["--from", "shop/client", "--to", address];
        [
            ask_with(
                node,
                &[&["explain"][..], &ends, &["--port", "TCP/8080"]].concat(),
            ),
            ask_with(node, &[&["list"][..], &ends].concat()),
        ]
    };
    for address in ["10.244.1.9", "fd00:1::9", "10.244.0.0/16"] {
        for answer in both(address) {
            let found = messages(&answer, "pod-cidr");
            assert_eq!(found.len(), 1, "{address}: {}", answer.err);
            assert!(found[0].contains("the pod CIDR of node `n1`"), "{found:?}");
            assert_eq!(answer.code, Some(0), "{}", answer.err);
        }
    }
    for answer in both("10.244.2.9") {
        assert_eq!(messages(&answer, "pod-cidr"), [""; 0]);
    }
    let text = format!("{SHOP}---\n{node}");
    let ends = [
        "--from",
        "10.244.1.9",
        "--to",
        "shop/web",
        "--port",
        "TCP/8080",
    ];
    let answer = drawbridge_with(&[&["explain", "-"][..], &ends].concat(), &text);
    let why = "egress from 10.244.1.9: allowed (the address of a pod that is not known, by the pod CIDR of node n1; its policies are not judged)";
    assert!(answer.out.contains(why), "{}", answer.out);
    // A pod that has the address is that pod.
    let known = format!(
        "{node}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: known, namespace: shop}}, status: {{podIP: 10.244.1.9}}}}"
    );
    let ends = [
        "--from",
        "shop/client",
        "--to",
        "10.244.1.9",
        "--port",
        "TCP/8080",
    ];
    let answer = ask_with(&known, &[&["explain"][..], &ends].concat());
    assert_eq!(messages(&answer, "pod-cidr"), [""; 0]);
}

#[test]
fn endpoints_without_addresses_are_reported() {
    let slice = |family: &str, address: &str| {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: far, namespace: shop}}, spec: {{ports: [{{port: 443}}]}}}}\n---\n{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{name: far-1, namespace: shop, labels: {{kubernetes.io/service-name: far}}}}, addressType: {family}, ports: [{{port: 8443}}], endpoints: [{{addresses: [\"{address}\"]}}]}}"
        )
    };
    let by_name = ask_with(&slice("FQDN", "db.example.com"), &["list"]);
    let found = messages(&by_name, "domain-endpoints");
    assert!(found[0].contains("`db.example.com`"), "{found:?}");
    assert_eq!(by_name.code, Some(0));
    let ends = [
        "--from",
        "shop/client",
        "--to",
        "service/shop/far",
        "--port",
        "TCP/443",
    ];
    let explain = ask_with(
        &slice("FQDN", "db.example.com"),
        &[&["explain"][..], &ends].concat(),
    );
    assert_eq!(explain.code, Some(2));
    let why = "the endpoints of Service `shop/far` are domain names, as `db.example.com` is";
    assert!(explain.err.contains(why), "{}", explain.err);
    let wrong = ask_with(&slice("IPv4", "db.example.com"), &["list"]);
    let found = messages(&wrong, "left-out-value");
    assert!(found[0].contains("is not an IP address"), "{found:?}");
    assert_eq!(wrong.code, Some(2));
    let fine = ask_with(&slice("IPv4", "192.0.2.1"), &["list"]);
    assert_eq!(messages(&fine, "domain-endpoints"), [""; 0]);
}

#[test]
fn a_load_balancer_is_found_by_its_host_name() {
    let balancer = |kind: &str| {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: public, namespace: shop}}, spec: {{type: {kind}, selector: {{app: web}}, ports: [{{port: 443, targetPort: http}}]}}, status: {{loadBalancer: {{ingress: [{{hostname: a1.elb.example.com}}]}}}}}}"
        )
    };
    let ends = [
        "--from",
        "shop/client",
        "--to",
        "A1.elb.example.com.",
        "--port",
        "TCP/443",
    ];
    let explain = [&["explain"][..], &ends].concat();
    let answer = ask_with(&balancer("LoadBalancer"), &explain);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert_eq!(answer.json()["connections"][0]["port"], "TCP/8080");
    let other = ask_with(&balancer("ClusterIP"), &explain);
    assert_eq!(other.code, Some(2));
    assert!(
        other.err.contains("a domain name is an end only if"),
        "{}",
        other.err
    );
}

#[test]
fn a_domain_name_has_some_address() {
    let external = |rule: &str| {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: bank, namespace: shop}}, spec: {{type: ExternalName, externalName: bank.example}}}}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: teller, namespace: shop, labels: {{app: teller}}}}}}\n---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: teller, namespace: shop}}, spec: {{podSelector: {{matchLabels: {{app: teller}}}}, policyTypes: [Egress], egress: [{{to: [{rule}]}}]}}}}"
        )
    };
    for (rule, verdict, listed) in [
        (
            "{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: \"::/0\"}}",
            "all",
            2,
        ),
        ("{ipBlock: {cidr: 198.51.100.0/24}}", "some", 1),
        ("{podSelector: {}}", "none", 0),
    ] {
        for to in ["service/shop/bank", "bank.example"] {
            let ends = ["--from", "shop/teller", "--to", to];
            let explain = [&["explain"][..], &ends, &["--port", "TCP/443"]].concat();
            let answer = ask_with(&external(rule), &explain);
            assert_eq!(answer.json()["verdict"], verdict, "{rule} {}", answer.out);
            let list = ask_with(&external(rule), &[&["list"][..], &ends].concat());
            let found = list.json()["connections"].as_array().map(Vec::len);
            assert_eq!(found, Some(listed), "{rule} {}", list.out);
            let notes = messages(&list, "service");
            assert!(notes[0].contains("addresses are not known"), "{notes:?}");
        }
    }
}

/// A rule for the address of a Service matches before its translation, or not: every answer says that it depends.
#[test]
fn a_rule_for_the_address_of_a_service_depends_on_the_plugin() {
    let text = "\
apiVersion: v1
kind: Pod
metadata: {name: cl, namespace: a, labels: {app: cl}}
---
apiVersion: v1
kind: Service
metadata: {name: legacy, namespace: a}
spec: {clusterIP: 10.96.0.12, ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: legacy, namespace: a}
subsets: [{addresses: [{ip: 203.0.113.10}], ports: [{port: 80}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cl, namespace: a}
spec:
  podSelector: {matchLabels: {app: cl}}
  policyTypes: [Egress]
  egress:
  - to: [{ipBlock: {cidr: BLOCK}}]
    ports: [{port: 80}]
";
    let explain = [
        "explain",
        "-",
        "--from",
        "a/cl",
        "--to",
        "10.96.0.12",
        "--port",
        "TCP/80",
    ];
    let questions: [&[&str]; 5] = [
        &["list", "-"],
        &["list", "-", "--to", "10.96.0.12"],
        &["list", "-", "--to", "10.96.0.0/16"],
        &["list", "-", "--to", "service/a/legacy"],
        &explain,
    ];
    let note = "NetworkPolicy a/cl has a rule for addresses with 10.96.0.12, its address: whether that matches \
                connections to the Service depends on the plugin";
    for question in questions {
        for (block, depends) in [
            ("10.96.0.12/32", true),
            ("10.0.0.0/8", true),
            ("0.0.0.0/0", false),
            ("203.0.113.10/32", false),
        ] {
            let answer = drawbridge_with(question, &text.replace("BLOCK", block));
            assert_eq!(
                answer.err.contains(note),
                depends,
                "{question:?} {block}: {}",
                answer.err
            );
        }
    }
    let elsewhere = ["list", "-", "--to", "10.97.0.0/16"];
    let answer = drawbridge_with(&elsewhere, &text.replace("BLOCK", "10.96.0.12/32"));
    assert!(!answer.err.contains(note), "{}", answer.err);
}
