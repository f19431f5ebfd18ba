//! Classes of connections, on the online shop and on small projects.

use std::collections::BTreeSet;

use super::*;
use crate::model::fixture::Fixture;
use crate::model::{Base, Words};
use crate::observe::fixture::{SHOP_FLOWS, compared, shop, table};

/// `shop/web > shop/api TCP 80: seen`.
fn lines(observed: &Observed, comparison: &Comparison) -> Vec<String> {
    let all = observed.connections.iter().zip(&comparison.connections);
    all.map(|(one, compared)| {
        let class = compared.class.map_or("uncertain", Class::name);
        let port = one.key.port.unwrap_or_default();
        format!("{} > {} {port}: {class}", one.source, one.destination)
    })
    .collect()
}

/// web to api is drawn, and an imported policy opens db to everyone in its namespace.
fn small() -> Fixture {
    let mut fixture = Fixture::new();
    for name in ["web", "api", "db"] {
        fixture.workload(&format!("shop/{name}"), &format!("app={name}"));
    }
    fixture.flow("shop/web", "shop/api", "TCP/80");
    fixture.document.settings.base = Base::DenyAll;
    fixture
}

#[test]
fn every_class_of_recorded_connections() {
    let mut fixture = small();
    fixture.import(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, namespace: shop}\n\
        spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [web, db]}]}, policyTypes: [Ingress, Egress], ingress: [{ports: [{port: 5432}]}], egress: [{ports: [{port: 5432}]}]}\n",
        None,
    );
    let rows = "shop/web,shop/api,TCP,80,3,forwarded\nshop/web,shop/db,TCP,5432,1,audited\nshop/db,shop/web,TCP,5432,1,dropped\n\
        shop/web,shop/api,TCP,81,1,forwarded\nshop/api,shop/db,TCP,5432,1,dropped\n";
    let (_, observed, found) = compared(&fixture.document, &table(rows));
    let wanted = [
        "shop/api > shop/db 5432: denied",
        "shop/db > shop/web 5432: undrawn-dropped",
        "shop/web > shop/api 80: seen",
        "shop/web > shop/api 81: cut",
        "shop/web > shop/db 5432: undrawn",
    ];
    assert_eq!(lines(&observed, &found), wanted);
    // Whoever drops it drops all of it.
    let rows = "shop/web,shop/api,TCP,80,3,dropped\n";
    let (_, observed, found) = compared(&fixture.document, &table(rows));
    assert_eq!(
        lines(&observed, &found),
        ["shop/web > shop/api 80: drawn-dropped"]
    );
    // NetworkPolicy cannot express a domain name.
    fixture.external("outside", &[], &["api.example.com"]);
    fixture.flow("shop/api", "external/outside", "TCP/443");
    for (verdict, class) in [("forwarded", "drawn-cut"), ("dropped", "blocked")] {
        let rows = format!("shop/api,api.example.com,TCP,443,3,{verdict}\n");
        let (_, observed, found) = compared(&fixture.document, &table(&rows));
        let wanted = format!("shop/api > api.example.com 443: {class}");
        assert_eq!(lines(&observed, &found), [wanted]);
    }
}

#[test]
fn flows_and_pairs_have_totals() {
    let mut fixture = small();
    let unseen = fixture.flow("shop/api", "shop/db", "TCP/5432");
    let muted = fixture.flow("shop/db", "shop/api", "TCP/1");
    fixture.document.flows.get_mut(muted).unwrap().muted = true;
    let recording = "source,destination,protocol,port,count,verdict,first,last\n\
        shop/web,shop/api,TCP,80,3,forwarded,2026-11-03T09:00:00Z,2026-11-04T09:00:00Z\n\
        shop/web,shop/api,TCP,80,2,dropped,2026-11-02T09:00:00Z,2026-11-02T10:00:00Z\n\
        shop/web,shop/api,TCP,99,1,forwarded,2026-11-01T09:00:00Z,2026-11-01T10:00:00Z\n\
        shop/web,shop/gone,TCP,80,1,forwarded,,\n";
    let (_, _, found) = compared(&fixture.document, recording);
    assert_eq!(found.never_seen().collect::<Vec<_>>(), [unseen]);
    assert!(!found.flows.contains_key(&muted));
    let drawn = found.flows.values().next().unwrap();
    assert_eq!(
        (drawn.forwarded, drawn.dropped, drawn.connections.len()),
        (3, 2, 1)
    );
    let text = |time: Option<Time>| super::super::time::text(time.unwrap());
    assert_eq!(text(drawn.first), "2026-11-02T09:00:00Z");
    assert_eq!(text(drawn.last), "2026-11-04T09:00:00Z");
    assert_eq!(found.pairs.len(), 2);
    let (ends, both) = found.pairs.iter().next().unwrap();
    assert!(matches!(
        ends,
        (ObservedEnd::Drawn(_), ObservedEnd::Drawn(_))
    ));
    assert_eq!(both.classes, BTreeSet::from([Class::Cut, Class::Seen]));
    assert_eq!(both.forwarded, 4);
    let missing = found.pairs.keys().next_back().unwrap();
    assert_eq!(missing.1, ObservedEnd::Missing("shop/gone".to_owned()));
}

#[test]
fn the_recording_of_the_shop_shows_its_exceptions() {
    let document = shop();
    let (_, observed, found) = compared(&document, SHOP_FLOWS);
    let lines = lines(&observed, &found);
    let exceptions: Vec<&str> = lines
        .iter()
        .map(String::as_str)
        .filter(|line| !line.ends_with(": seen"))
        .collect();
    let wanted = [
        "entity/host > shop/orders 8080: undrawn",
        "entity/host > shop/web 8443: undrawn",
        "shop/cart > data/postgres 5432: denied",
        // NetworkPolicy cannot express the domain name of this flow.
        "shop/checkout > api.stripe.com 443: drawn-cut",
        "shop/orders > hooks.slack.com 443: cut",
        "shop/web > shop/orders 8080: cut",
    ];
    assert_eq!(exceptions, wanted);
    let words = Words::new(&document);
    let unseen: Vec<String> = found
        .never_seen()
        .filter_map(|id| document.flows.get(id))
        .map(|flow| format!("{} > {}", words.of(&flow.from), words.of(&flow.to)))
        .collect();
    assert_eq!(unseen, ["payments/reconcile > data/kafka"]);
}

#[test]
fn what_nobody_used_is_open_and_unseen() {
    let mut fixture = small();
    fixture.document.settings.base = Base::None;
    fixture.import(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: db, namespace: shop}\n\
        spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 5432}, {port: 6432}]}]}\n",
        None,
    );
    let document = &fixture.document;
    let open = |rows: &str| {
        let (results, observed, found) = compared(document, &table(rows));
        let open = open_unseen(document, &results.in_force, &observed, &found, &|| false);
        open.into_iter()
            .map(|one| one.joined.ports.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(open(""), ["TCP 5432,6432"]);
    assert_eq!(
        open("shop/api,shop/db,TCP,5432,1,forwarded\n"),
        ["TCP 6432"]
    );
    let both = "shop/api,shop/db,TCP,5432,1,forwarded\nshop/api,shop/db,TCP,6432,1,dropped\n";
    assert!(open(both).is_empty());
}

#[test]
fn a_cluster_without_a_drawing_intends_nothing() {
    let (results, observed, _) = compared(
        &small().document,
        &table("shop/web,shop/api,TCP,80,1,forwarded\n"),
    );
    let found = compare(&results.in_force.cluster.snapshot, None, &observed, &|| {
        false
    })
    .unwrap();
    assert_eq!(found.connections[0].class, None);
    assert!(found.flows.is_empty());
    assert!(
        compare(&results.in_force.cluster.snapshot, None, &observed, &|| {
            true
        })
        .is_none()
    );
}

#[test]
fn names_of_classes_are_unique_and_in_order() {
    assert!(Class::ALL.is_sorted());
    let names: BTreeSet<_> = Class::ALL.iter().map(|class| class.name()).collect();
    let words: BTreeSet<_> = Class::ALL.iter().map(|class| class.words()).collect();
    assert_eq!((names.len(), words.len()), (10, 10));
}

#[test]
fn what_flows_of_selectors_names_and_entities_draw_is_seen() {
    let mut fixture = Fixture::new();
    fixture.workload("shop/api", "app=api");
    fixture.document.settings.base = Base::DenyAll;
    fixture
        .document
        .settings
        .show(crate::policy::Target::Cilium);
    fixture.external("stripe", &[], &["*.stripe.com"]);
    fixture.external("nodes", &[], &[]);
    let nodes = fixture.document.external_named("nodes").expect("it");
    fixture
        .document
        .externals
        .get_mut(nodes)
        .expect("it")
        .entity = Some(crate::policy::Entity::RemoteNode);
    fixture.flow("shop/*", "shop/api", "TCP/1");
    fixture.flow("*", "shop/api", "TCP/2");
    fixture.flow("shop/api", "external/stripe", "TCP/443");
    fixture.flow("external/nodes", "shop/api", "TCP/3");
    let pod = |space: &str, port: u16| {
        format!(
            r#"{{"flow":{{"time":"2026-11-03T09:00:00Z","verdict":"FORWARDED","is_reply":false,"IP":{{"source":"10.0.9.{}","destination":"10.0.0.2"}},"l4":{{"TCP":{{"source_port":4000{port},"destination_port":{port},"flags":{{"SYN":true}}}}}},"source":{{"namespace":"{space}","pod_name":"new","labels":["k8s:app=new"]}},"destination":{{"namespace":"shop","pod_name":"api-0","labels":["k8s:app=api"],"workloads":[{{"name":"api","kind":"Deployment"}}]}}}}}}"#,
            space.len()
        )
    };
    let recording = [pod("shop", 1), pod("other", 1), pod("other", 2)].join("\n");
    let (_, observed, found) = compared(&fixture.document, &recording);
    let wanted = [
        "other/new > shop/api 1: cut",
        "other/new > shop/api 2: seen",
        "shop/new > shop/api 1: seen",
    ];
    assert_eq!(lines(&observed, &found), wanted);
    let rows = "shop/api,api.stripe.com,TCP,443,1,forwarded\nshop/api,stripe.com,TCP,443,1,forwarded\nentity/remote-node,shop/api,TCP,3,1,forwarded\n";
    let (_, observed, found) = compared(&fixture.document, &table(rows));
    let wanted = [
        "entity/remote-node > shop/api 3: seen",
        "shop/api > api.stripe.com 443: seen",
        "shop/api > stripe.com 443: cut",
    ];
    assert_eq!(lines(&observed, &found), wanted);
}
