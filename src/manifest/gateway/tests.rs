use crate::manifest::{Manifests, Source, read};

const SHOP: &str = "---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: web}}
";

fn route(kind: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{name: r, namespace: shop}}\nspec: {spec}\n"
    )
}

fn load(text: &str) -> Manifests {
    read(
        &[Source::new("a.yaml", text)],
        &crate::dialect::kinds(crate::cluster::Enforcer::Kubernetes),
    )
}

fn backends(manifests: &Manifests) -> Vec<String> {
    let routes = manifests.snapshot.routes.iter();
    let name = |r: &crate::cluster::Route| format!("{}/{}", r.service_namespace, r.service);
    routes.map(name).collect()
}

fn lines(manifests: &Manifests) -> Vec<u32> {
    let diagnostics = manifests.diagnostics.iter();
    assert!(
        diagnostics.clone().all(|d| d.code == "W23"),
        "{:?}",
        manifests.diagnostics
    );
    diagnostics.map(|d| d.span.as_ref().unwrap().line).collect()
}

#[test]
fn every_kind_of_route_names_services() {
    for kind in ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"] {
        let text = route(
            kind,
            "{parentRefs: [{name: edge}], rules: [{backendRefs: [{name: a, port: 80}, {name: b, port: 80, weight: 0}, {kind: ServiceImport, group: x, name: c}]}, {backendRefs: [{name: a, port: 80}]}]}",
        );
        let manifests = load(&text);
        assert_eq!(backends(&manifests), ["shop/a"], "{kind}");
        assert_eq!(manifests.snapshot.routes[0].kind, kind);
        assert_eq!(lines(&manifests), [0; 0]);
    }
    let mirror = "{parentRefs: [{name: edge}], rules: [{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: m, port: 80}}}]}]}";
    assert_eq!(backends(&load(&route("HTTPRoute", mirror))), ["shop/m"]);
}

#[test]
fn backends_in_other_namespaces_need_a_grant() {
    let text = route(
        "HTTPRoute",
        "\n  parentRefs: [{name: edge}]\n  rules:\n  - backendRefs:\n    - {name: pay, namespace: money, port: 443}",
    );
    let grant = |version: &str, kind: &str, namespace: &str, name: &str| {
        format!(
            "{text}---\napiVersion: gateway.networking.k8s.io/{version}\nkind: ReferenceGrant\nmetadata: {{name: g, namespace: money}}\nspec: {{from: [{{group: gateway.networking.k8s.io, kind: {kind}, namespace: {namespace}}}], to: [{{group: \"\", kind: Service{name}}}]}}\n"
        )
    };
    for granted in [
        grant("v1beta1", "HTTPRoute", "shop", ""),
        grant("v1", "HTTPRoute", "shop", ", name: pay"),
    ] {
        let manifests = load(&granted);
        assert_eq!(backends(&manifests), ["money/pay"]);
        assert_eq!(lines(&manifests), [0; 0]);
    }
    for refused in [
        text.clone(),
        grant("v1", "GRPCRoute", "shop", ""),
        grant("v1", "HTTPRoute", "other", ""),
        grant("v1", "HTTPRoute", "shop", ", name: other"),
    ] {
        let manifests = load(&refused);
        assert_eq!(backends(&manifests), [""; 0]);
        assert_eq!(lines(&manifests), [9]);
    }
}

#[test]
fn a_known_gateway_determines_its_routes() {
    let spec = "\n  parentRefs:\n  - {name: edge, namespace: infra, sectionName: web}\n  rules: [{backendRefs: [{name: a, port: 80}]}]";
    let with = |listeners: &str| {
        format!(
            "{SHOP}{}---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: infra}}\nspec: {{listeners: [{listeners}]}}\n",
            route("HTTPRoute", spec)
        )
    };
    for taken in [
        "{name: web, allowedRoutes: {namespaces: {from: All}}}",
        "{name: web, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: web}}}}}",
    ] {
        assert_eq!(backends(&load(&with(taken))), ["shop/a"], "{taken}");
    }
    for refused in [
        "",
        "{name: web}",
        "{name: other, allowedRoutes: {namespaces: {from: All}}}",
        "{name: web, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: x}}}}}",
    ] {
        let manifests = load(&with(refused));
        assert_eq!(backends(&manifests), [""; 0], "{refused}");
        assert_eq!(lines(&manifests), [11]);
    }
}

#[test]
fn routes_without_a_gateway_or_a_port_are_ignored() {
    let mesh = "{parentRefs: [{kind: Service, group: \"\", name: a, port: 80}], rules: [{backendRefs: [{name: a, port: 80}]}]}";
    let alone = "{rules: [{backendRefs: [{name: a, port: 80}]}]}";
    let portless = "{parentRefs: [{name: edge}], rules: [{backendRefs: [{name: a}]}]}";
    for (spec, diagnostics) in [(mesh, vec![]), (alone, vec![2]), (portless, vec![5])] {
        let manifests = load(&route("HTTPRoute", spec));
        assert_eq!(backends(&manifests), [""; 0], "{spec}");
        assert_eq!(lines(&manifests), diagnostics, "{spec}");
    }
}
