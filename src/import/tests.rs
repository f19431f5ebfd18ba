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
    assert_eq!(codes, ["base-none"]);

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

/// A project as its manifests are asked: written, read again, and with its policies in force.
fn in_force(text: &str) -> (Loaded, Loaded) {
    let manifests = read(text);
    let written = crate::project::format::write(&import(&manifests).document);
    let (document, found) = crate::project::format::read(&written, "p").unwrap();
    assert_eq!(found, [], "{written}");
    (manifests, crate::proof::loaded(&document))
}

#[test]
fn what_comes_from_outside_is_part_of_the_project() {
    let service = |kind: &str, more: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Service, metadata: {{name: {}, namespace: shop, labels: {{a: b}}}}, spec: {{type: {kind}, {more}, ports: [{{port: 80}}]}}}}\n",
            kind.to_lowercase()
        )
    };
    let text = [
        SHOP,
        &service("NodePort", "selector: {app: web}"),
        &service("LoadBalancer", "selector: {app: web}, externalTrafficPolicy: Local"),
        &service("ExternalName", "externalName: example.com"),
        "---\n{apiVersion: v1, kind: Service, metadata: {name: none, namespace: shop}, spec: {clusterIP: None, selector: {app: web}}}\n",
        "---\n{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {zone: a}}, status: {addresses: [{type: InternalIP, address: 10.0.0.1}]}}\n",
        "---\n{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: edge}, spec: {controller: k8s.io/ingress-nginx}}\n",
        "---\n{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: other, namespace: shop}, spec: {ingressClassName: edge, defaultBackend: {service: {name: nodeport, port: {number: 80}}}}}\n",
    ]
    .concat();
    let (manifests, project) = in_force(&text);
    let (manifests, project) = (manifests.snapshot, project.snapshot);
    let services = manifests.services.iter().map(|service| cluster::Service {
        span: None,
        ..service.clone()
    });
    assert_eq!(*project.services, services.collect::<Vec<_>>());
    let routes = manifests.routes.iter().map(|route| cluster::Route {
        span: None,
        ..route.clone()
    });
    assert_eq!(project.routes, routes.collect::<Vec<_>>());
    assert_eq!(
        project.routes[0].served_by.controller.as_deref(),
        Some("k8s.io/ingress-nginx")
    );
    assert_eq!(project.nodes, manifests.nodes);
    assert_eq!(project.nodes.len(), 1);
    let found = import(&read(&text)).diagnostics;
    assert!(found.iter().all(|d| d.code != "not-imported"), "{found:?}");
}

#[test]
fn addresses_of_services_are_named_as_not_imported() {
    let service = "---\n{apiVersion: v1, kind: Service, metadata: {name: x, namespace: shop}, spec: {selector: {app: web}, externalIPs: [192.0.2.1]}}\n";
    let found = import(&read(&format!("{SHOP}{service}"))).diagnostics;
    let told: Vec<_> = found.iter().filter(|d| d.code == "not-imported").collect();
    let [told] = &*told else { panic!("{found:?}") };
    assert!(
        told.message
            .contains("addresses of Service `shop/x` not imported"),
        "{told}"
    );
}

#[test]
fn pods_that_differ_are_part_of_the_project() {
    let pod = |name: &str, color: &str, port: u16| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: s, labels: {{app: w, color: {color}, pod-template-hash: {name}}}, ownerReferences: [{{kind: ReplicaSet, name: r, controller: true}}]}}, spec: {{containers: [{{name: c, ports: [{{name: http, containerPort: {port}}}]}}]}}}}\n---\n"
        )
    };
    let policy = |key: &str, value: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p, namespace: s}}, spec: {{podSelector: {{matchLabels: {{{key}: {value}}}}}, ingress: [{{ports: [{{port: http}}]}}]}}}}\n"
        )
    };
    let pods = |text: &str| {
        let document = import(&read(text)).document;
        let (_, workload) = document.workloads.iter().next().unwrap();
        workload.pods.clone()
    };
    let alike = pod("a", "red", 80) + &pod("b", "red", 80);
    assert_eq!(pods(&alike), []);
    assert_eq!(pods(&(alike.clone() + &policy("app", "w"))), []);
    let colors = pod("a", "red", 80) + &pod("b", "blue", 80) + &policy("color", "blue");
    let ports = pod("a", "red", 80) + &pod("b", "red", 81) + &policy("app", "w");
    let hashes = alike + &policy("pod-template-hash", "b");
    for text in [colors, ports, hashes] {
        let own = pods(&text);
        assert_eq!(own.len(), 2, "{text}");
        // The first pod is the workload's.
        let first = crate::model::Pod {
            name: "a".to_owned(),
            ..Default::default()
        };
        assert_eq!(own[0], first);
        let (manifests, project) = in_force(&text);
        let found = crate::analysis::changes::changes(&manifests.snapshot, &project.snapshot);
        assert!(found.is_empty(), "{text} {found:?}");
    }
}

/// What the node of a pod opens to it is never denied, and a pod on the host network counts as its node.
#[test]
fn address_pools_and_the_dns_of_workloads_are_imported() {
    let loaded = load(&[Source::new(
        "a.yaml",
        "
{apiVersion: projectcalico.org/v3, kind: IPPool, metadata: {name: pods}, spec: {cidr: 10.2.0.0/16}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: s}, spec: {dnsPolicy: Default, containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: s}, spec: {hostNetwork: true, containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: c, namespace: s}, spec: {hostNetwork: true, dnsPolicy: ClusterFirstWithHostNet, containers: [{name: c}]}}
",
    )], &Settings::default());
    let document = import(&loaded).document;
    let pool = &document.address_pools[0].pool;
    assert_eq!((&*pool.kind, &*pool.name), ("IPPool", "pods"));
    let dns = document.workloads.iter().map(|(_, w)| w.cluster_dns);
    assert_eq!(dns.collect::<Vec<_>>(), [Some(false), None, Some(true)]);
    let again = crate::proof::loaded(&document).snapshot;
    assert_eq!(again.address_pools, loaded.snapshot.address_pools);
    let asks = |s: &Snapshot| {
        s.workloads
            .iter()
            .map(|w| w.cluster_dns)
            .collect::<Vec<_>>()
    };
    assert_eq!(asks(&again), asks(&loaded.snapshot));
}

#[test]
fn pods_on_the_nodes_of_host_network_pods_keep_their_node() {
    let pod = |name: &str, more: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: s, labels: {{app: {name}}}}}, spec: {{{more}, containers: [{{name: c}}]}}}}\n---\n"
        )
    };
    let isolated = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: s}\nspec: {endpointSelector: {}, ingress: [{}], egress: [{}]}\n";
    let text = pod("agent", "hostNetwork: true, nodeName: n1")
        + &pod("here", "nodeName: n1")
        + &pod("there", "nodeName: n2")
        + isolated;
    let (manifests, project) = in_force(&text);
    let found = crate::analysis::changes::changes(&manifests.snapshot, &project.snapshot);
    assert!(found.is_empty(), "{found:?}");
    let document = import(&manifests).document;
    let nodes = document.workloads.iter().map(|(_, workload)| {
        let pods = workload.pods.iter();
        let nodes: Vec<&str> = pods.filter_map(|pod| pod.node.as_deref()).collect();
        (workload.name.as_str(), nodes)
    });
    let mut nodes: Vec<_> = nodes.collect();
    nodes.sort_unstable();
    assert_eq!(
        nodes,
        [
            ("agent", vec!["n1"]),
            ("here", vec!["n1"]),
            ("there", vec![])
        ]
    );
}
