use super::*;
use crate::model::fixture::Fixture;
use crate::model::{Edit, End, FlowPort, Pod, Thing};
use crate::policy::HttpRule;
use crate::query::check;
use crate::query::drawn::DrawnConnections;
use crate::sets::Protocol;

fn asked(fixture: &Fixture, from: &str, to: &str, port: &str) -> Why {
    let results = check(&fixture.document);
    let drawn = DrawnConnections::new(&results.document, &results.generated, &results.in_force);
    let question = Question {
        from: from.into(),
        to: to.into(),
        port: port.into(),
    };
    why(&results, &drawn, &question).expect("an answer")
}

fn shop() -> Fixture {
    let mut fixture = Fixture::new();
    for (words, labels) in [
        ("shop/web", "app=web"),
        ("shop/cart", "app=cart"),
        ("data/postgres", "app=postgres"),
    ] {
        fixture.workload(words, labels);
    }
    fixture.flow("shop/web", "data/postgres", "TCP/5432");
    fixture
}

const OPEN: &str = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: pg-open
  namespace: data
spec:
  podSelector:
    matchLabels: {app: postgres}
  ingress:
  - from:
    - namespaceSelector: {}
    ports:
    - port: 5432
  - from:
    - podSelector:
        matchLabels: {tier: web}
      namespaceSelector: {}
    ports:
    - port: 9187
";

/// As `line number, text`, of what is marked.
fn marked(gate: &Gate) -> Vec<(u32, String)> {
    let excerpt = gate.excerpt.as_ref().expect("an excerpt");
    let lines = (excerpt.first..).zip(excerpt.lines.clone());
    lines
        .filter(|(at, _)| excerpt.marked.contains(at))
        .collect()
}

fn steps(gate: &Gate) -> Vec<&str> {
    gate.steps.iter().map(|step| step.text.as_str()).collect()
}

#[test]
fn a_drawn_connection_names_the_rule_of_both_gates_and_its_line() {
    let why = asked(&shop(), "shop/web", "data/postgres", "TCP/5432");
    assert_eq!(why.verdict, PairVerdict::Drawn);
    assert_eq!(why.port, "TCP 5432");
    let [egress, ingress] = &why.gates;
    assert_eq!(egress.title, "Egress from web: allowed");
    assert_eq!(
        steps(egress),
        [
            "its egress is isolated by deny-all and 2 more",
            "allowed by rule 1 of web-to-data-postgres"
        ]
    );
    assert_eq!(ingress.title, "Ingress to postgres: allowed");
    let text: String = marked(ingress).into_iter().map(|(_, line)| line).collect();
    assert!(text.contains("namespaceSelector"), "{text}");
    let source = ingress.steps.last().and_then(|step| step.source.clone());
    let source = source.expect("its place");
    assert_eq!(source.policy, "data/postgres-from-shop-web");
    let excerpt = ingress.excerpt.as_ref().expect("an excerpt");
    assert_eq!(excerpt.source, source);
    assert!(why.fixes.is_empty());
}

#[test]
fn what_a_flow_allows_in_a_wider_form_is_approximated() {
    let mut fixture = shop();
    fixture.external("bank", &[], &["bank.example.com"]);
    let names = fixture.flow("shop/web", "external/bank", "TCP/443");
    let requests = fixture.flow("shop/web", "shop/cart", "TCP/80");
    for id in [names, requests] {
        let flow = fixture.document.flows.get_mut(id).expect("a flow");
        flow.approximate = true;
    }
    let flow = fixture.document.flows.get_mut(requests).expect("a flow");
    flow.http = HttpRule::parse("GET /a").into_iter().collect();
    for (to, port, flow) in [
        ("external/bank", "TCP/443", names),
        ("1.1.1.1", "TCP/443", names),
        ("shop/cart", "TCP/80", requests),
    ] {
        let why = asked(&fixture, "shop/web", to, port);
        assert_eq!(why.verdict, PairVerdict::Approximated, "{to}");
        assert_eq!(why.flows, [flow], "{to}");
    }
    let private = asked(&fixture, "shop/web", "10.0.0.1", "TCP/443");
    assert_eq!(private.verdict, PairVerdict::Denied);
    let drawn = asked(&fixture, "shop/web", "data/postgres", "TCP/5432");
    assert_eq!(drawn.verdict, PairVerdict::Drawn);
}

#[test]
fn an_imported_rule_that_allows_the_connection_is_named() {
    let mut fixture = shop();
    fixture.import(OPEN, None);
    let why = asked(&fixture, "shop/cart", "data/postgres", "TCP/5432");
    // Its egress stays closed: nothing lets cart out.
    assert_eq!(why.verdict, PairVerdict::Denied);
    assert!(!why.gates[0].allowed && why.gates[1].allowed);
    let [_, ingress] = &why.gates;
    assert_eq!(
        steps(ingress).last().copied(),
        Some("allowed by rule 1 of pg-open")
    );
    assert_eq!(
        marked(ingress),
        [(11, "    - namespaceSelector: {}".to_owned())]
    );
    let source = ingress.steps.last().and_then(|step| step.source.clone());
    assert_eq!(source.and_then(|s| s.file), Some("kept.yaml".into()));
}

#[test]
fn a_denial_names_the_missing_label_and_offers_it_as_a_fix() {
    let mut fixture = shop();
    fixture.import(OPEN, None);
    let why = asked(&fixture, "shop/cart", "data/postgres", "TCP/9187");
    assert_eq!(why.verdict, PairVerdict::Denied);
    let ingress = &why.gates[1];
    assert!(
        steps(ingress).contains(&"closest: rule 2 of pg-open; the pod needs tier=web"),
        "{:?}",
        steps(ingress)
    );
    assert_eq!(
        marked(ingress)[0],
        (15, "    - podSelector:".to_owned()),
        "the nearest rule is shown"
    );
    let titles =
        |why: &Why| -> Vec<String> { why.fixes.iter().map(|fix| fix.title.clone()).collect() };
    assert_eq!(
        titles(&why),
        ["Draw this flow"],
        "with the label the egress of cart would still block it"
    );
    fixture.document.settings.base = crate::model::Base::DenyIngress;
    let why = asked(&fixture, "shop/cart", "data/postgres", "TCP/9187");
    assert_eq!(titles(&why), ["Draw this flow", "Add tier=web to cart"]);
    let mut document = fixture.document.clone();
    why.fixes[1].edit.apply(&mut document).expect("it applies");
    let results = check(&document);
    let drawn = DrawnConnections::new(&results.document, &results.generated, &results.in_force);
    let question = Question {
        from: "shop/cart".into(),
        to: "data/postgres".into(),
        port: "TCP/9187".into(),
    };
    let after = super::why(&results, &drawn, &question).expect("an answer");
    assert!(after.gates[1].allowed, "the gate that closed is open now");
}

#[test]
fn drawing_the_flow_allows_the_connection() {
    let fixture = shop();
    let why = asked(&fixture, "shop/cart", "data/postgres", "TCP/5432");
    assert_eq!(why.verdict, PairVerdict::Denied);
    let mut document = fixture.document.clone();
    let fix = why.fixes.first().expect("a fix");
    assert!(matches!(&fix.edit, Edit::Add(Thing::Flow(f))
        if f.ports == [FlowPort::Range(Protocol::Tcp, 5432, 5432)]));
    fix.edit.apply(&mut document).expect("it applies");
    let after = asked(
        &Fixture { document },
        "shop/cart",
        "data/postgres",
        "TCP/5432",
    );
    assert_eq!(after.verdict, PairVerdict::Drawn);
}

#[test]
fn without_flows_nothing_is_too_wide() {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.workload("data/postgres", "app=postgres");
    fixture.import(OPEN, None);
    for namespace in fixture.document.namespaces.ids().collect::<Vec<_>>() {
        fixture
            .document
            .namespaces
            .get_mut(namespace)
            .expect("it is there")
            .base = Some(crate::model::Base::None);
    }
    let why = asked(&fixture, "shop/web", "data/postgres", "TCP/5432");
    assert_eq!(why.verdict, PairVerdict::Open);
    assert_eq!(why.more, "This project has no flows");
    let denied = asked(&fixture, "shop/web", "data/postgres", "TCP/22");
    assert_eq!(denied.verdict, PairVerdict::Denied);
}

#[test]
fn a_set_is_answered_by_its_worst_connection_and_another_one() {
    let mut fixture = shop();
    fixture.import(OPEN, None);
    let why = asked(&fixture, "shop/*", "data/postgres", "TCP/5432");
    assert_eq!(why.verdict, PairVerdict::Drawn);
    let (question, verdict) = why.other.expect("another one");
    assert_eq!(verdict, PairVerdict::Denied);
    assert_eq!(question.from, "shop/cart");
}

#[test]
fn unknown_names_are_rejected() {
    let results = check(&shop().document);
    let drawn = DrawnConnections::default();
    for (from, to, port) in [
        ("shop/nobody", "shop/web", "TCP/1"),
        ("shop/web", "nowhere", "TCP/1"),
        ("shop/web", "shop/cart", "TCP/http/x"),
        ("", "", ""),
    ] {
        let question = Question {
            from: from.into(),
            to: to.into(),
            port: port.into(),
        };
        assert!(why(&results, &drawn, &question).is_err(), "{question:?}");
    }
}

#[test]
fn an_address_is_of_the_external_with_the_narrowest_block_around_it() {
    let mut fixture = shop();
    fixture.external("wide", &["10.0.0.0/8", "192.168.1.1/32"], &[]);
    fixture.external("narrow", &["10.0.0.0/16"], &[]);
    let narrow = fixture
        .document
        .external_named("narrow")
        .map(NodeRef::External);
    let answer = asked(&fixture, "10.0.0.5", "shop/web", "TCP/80");
    assert_eq!(answer.from.node, narrow);
}

/// A node is asked about by its name or by its address, and is named either way.
#[test]
fn a_node_is_named_where_a_flow_uses_it() {
    let mut fixture = shop();
    fixture.node("n1", &["10.0.0.7"]);
    fixture.node("n2", &["10.0.0.8"]);
    fixture.external("wide", &["10.0.0.0/8"], &[]);
    fixture.flow("node/n1", "shop/web", "TCP/80");
    let node = |name: &str| fixture.document.node_named(name).map(NodeRef::Node);
    for (from, verdict) in [
        ("node/n1", PairVerdict::Drawn),
        ("10.0.0.7", PairVerdict::Drawn),
        ("node/n2", PairVerdict::Denied),
    ] {
        let answer = asked(&fixture, from, "shop/web", "TCP/80");
        assert_eq!(answer.verdict, verdict, "{from}");
        let name = if from == "node/n2" { "n2" } else { "n1" };
        assert_eq!(answer.from.node, node(name), "{from}");
    }
    let back = asked(&fixture, "shop/web", "node/n1", "TCP/80");
    assert_eq!(back.verdict, PairVerdict::Denied);
}

/// P2: a node reaches its own pods, drawn or not, and only these.
#[test]
fn a_node_reaches_its_own_pods_without_a_flow() {
    let mut fixture = shop();
    fixture.node("n1", &["10.0.0.7"]);
    fixture.node("n2", &["10.0.0.8"]);
    let cart = fixture.end("shop/cart");
    let End::Workload(id) = cart else {
        panic!("{cart:?}")
    };
    let cart = fixture.document.workloads.get_mut(id).unwrap();
    cart.pods = vec![Pod {
        name: "cart-0".to_owned(),
        node: Some("n1".to_owned()),
        ..Pod::default()
    }];
    for (from, verdict) in [
        ("node/n1", PairVerdict::Open),
        ("node/n2", PairVerdict::Denied),
    ] {
        let answer = asked(&fixture, from, "shop/cart", "TCP/80");
        assert_eq!(answer.verdict, verdict, "{from}");
    }
}
