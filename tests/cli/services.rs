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
