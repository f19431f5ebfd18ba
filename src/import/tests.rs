use super::*;
use crate::load::{Settings, load};
use crate::manifest::Source;
use crate::model::Words;
use crate::proof::State;
use crate::proof::generate;
use crate::proof::prove;

const SHOP: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web, chart: web-1.2}}
  template:
    metadata:
      labels: {app: web, chart: web-1.2}
      annotations: {prometheus.io/scrape: "true", prometheus.io/port: "9102"}
    spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
"#;

fn read(text: &str) -> Loaded {
    load(&[Source::new("shop.yaml", text)], &Settings::default())
}

#[test]
fn workloads_services_and_offers_are_imported() {
    let imported = import(&read(SHOP));
    let mut document = imported.document;
    let (_, web) = document.workloads.iter().next().unwrap();
    assert_eq!(web.selector.as_ref().unwrap().to_string(), "app=web");
    assert_eq!(document.services.len(), 1);
    assert!(document.policies.is_empty());
    for offer in &imported.offers {
        offer.edit.apply(&mut document).unwrap();
    }
    let words = Words::new(&document);
    let flows: Vec<String> = document
        .flows
        .iter()
        .map(|(_, f)| {
            format!(
                "{} to {} on {}",
                words.of(&f.from),
                words.of(&f.to),
                f.ports[0]
            )
        })
        .collect();
    assert_eq!(
        flows,
        [
            "group/ingress-nginx to shop/web on TCP/8080",
            "group/prometheus to shop/web on TCP/9102"
        ]
    );
    assert_eq!(prove(&document, &generate(&document)).state, State::Exact);
}

#[test]
fn gateway_backends_are_offered_once() {
    let route = |kind: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{name: web, namespace: shop}}\nspec: {{parentRefs: [{{name: edge}}], rules: [{{backendRefs: [{{name: web, port: 80}}]}}]}}\n"
        )
    };
    let text = format!("{SHOP}{}{}", route("HTTPRoute"), route("GRPCRoute"));
    let imported = import(&read(&text));
    let offers = imported.offers.iter();
    let offers: Vec<_> = offers
        .map(|o| (o.title.as_str(), o.detail.as_str()))
        .collect();
    assert_eq!(
        offers[1],
        (
            "Allow Gateways to reach the backends of their routes",
            "shop/web on TCP/8080"
        )
    );
    let mut document = imported.document;
    imported.offers[1].edit.apply(&mut document).unwrap();
    assert_eq!(prove(&document, &generate(&document)).state, State::Exact);
}

#[test]
fn policies_are_imported_but_generated_ones_are_recognised() {
    let policy = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: old, namespace: shop}\nspec: {podSelector: {}}\n";
    let imported = import(&read(&format!("{SHOP}{policy}")));
    assert_eq!(imported.document.policies.len(), 1);
    let shop = imported.document.namespace_named("shop").unwrap();
    assert_eq!(imported.document.base_of(shop), Base::None);
    let codes: Vec<_> = imported.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["base-none", "not-imported"]);

    let imported = import(&read(SHOP));
    let mut document = imported.document;
    assert!(
        generate(&document).policies.is_empty(),
        "what is open stays open"
    );
    let deny = imported.offers.last().unwrap();
    assert_eq!(
        (&*deny.title, &*deny.detail),
        ("Deny all that is not drawn", "shop")
    );
    deny.edit.apply(&mut document).unwrap();
    let own = generate(&document).text();
    let again = import(&read(&format!("{SHOP}---\n{own}")));
    assert!(
        again.document.policies.is_empty(),
        "base and DNS are written anew"
    );
    assert_eq!(again.document.base_of(shop), Base::DenyAll);
    // Without the default deny itself, DNS alone is no reason to close the namespace.
    let dns = generate(&document)
        .policies
        .into_iter()
        .find(|w| w.name == "allow-dns")
        .unwrap();
    let only_dns = import(&read(&format!("{SHOP}---\n{}", dns.text)));
    assert_eq!(only_dns.document.policies.len(), 1);
    assert_eq!(only_dns.document.base_of(shop), Base::None);

    import(&read(SHOP)).offers[0]
        .edit
        .apply(&mut document)
        .unwrap();
    let written = generate(&document).text();
    let beside = import_beside(&read(&written), &document);
    assert!(
        beside.document.policies.is_empty(),
        "the project writes them itself"
    );
}

#[test]
fn what_comes_from_outside_is_named_as_not_imported() {
    let service = |kind: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Service, metadata: {{name: {kind}, namespace: shop}}, spec: {{type: {kind}, externalName: example.com, selector: {{app: web}}, ports: [{{port: 80}}]}}}}\n"
        )
    };
    let kinds = ["NodePort", "LoadBalancer", "ExternalName", "ClusterIP"];
    let services: String = kinds.map(service).concat();
    let found = import(&read(&format!("{SHOP}{services}"))).diagnostics;
    let told: Vec<_> = found.iter().filter(|d| d.code == "not-imported").collect();
    let [ingress, external, balancer, node] = &*told else {
        panic!("{found:?}")
    };
    for (found, part) in [
        (ingress, "Ingress `shop/web` not imported"),
        (
            external,
            "type ExternalName of Service `shop/ExternalName` not imported",
        ),
        (balancer, "type LoadBalancer of"),
        (node, "type NodePort of"),
    ] {
        assert!(found.message.contains(part), "{found}");
    }
    assert!(node.help.as_deref().unwrap().contains("draw a flow"));
}

#[test]
fn replicas_that_differ_are_named() {
    let pod = |name: &str, color: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: s, labels: {{app: w, color: {color}, pod-template-hash: {name}}}, ownerReferences: [{{kind: ReplicaSet, name: r, controller: true}}]}}}}\n---\n"
        )
    };
    let told = |second: &str| {
        let found = import(&read(&(pod("a", "red") + &pod("b", second)))).diagnostics;
        let mut told = found.into_iter().filter(|d| d.code == "not-imported");
        told.next().map(|d| d.message)
    };
    assert_eq!(told("red"), None);
    let message = told("blue").unwrap();
    assert!(
        message.contains("`s/r` differ in label `color`"),
        "{message}"
    );
}
