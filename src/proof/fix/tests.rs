//! Every fix that is offered is tried here once more, from the outside.

use super::*;
use crate::model::fixture::Fixture;
use crate::proof::generate;
use crate::query::check;

fn shop() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    let checkout = fixture.workload("shop/checkout", "app=checkout");
    fixture.port(checkout, "grpc", 5050);
    fixture.workload("data/db", "app=db");
    fixture.flow("shop/web", "shop/checkout", "TCP/grpc");
    fixture.flow("shop/checkout", "data/db", "TCP/5432");
    fixture
}

/// The fixes of each finding by title, after trying every one of them.
fn findings_text(document: &Document) -> String {
    let results = check(document);
    let mut lines = Vec::new();
    for finding in &results.proof.findings {
        lines.push(format!("{:?}: {}", finding.kind, finding.message));
        for fix in fixes(
            &results.document,
            &results.generated,
            &results.proof,
            finding,
        ) {
            let mut after = document.clone();
            fix.edit.apply(&mut after).unwrap();
            let proof = check(&after).proof;
            let about = |f: &&Finding| f.about() == finding.about();
            assert!(!proof.findings.iter().any(|f| about(&f)), "{}", fix.title);
            assert!(
                proof.findings.len() < results.proof.findings.len(),
                "{}",
                fix.title
            );
            lines.push(format!("  {}", fix.title));
        }
    }
    lines.join("\n")
}

/// An imported copy of a generated policy, with its text changed.
fn by_hand(fixture: &mut Fixture, name: &str, change: impl Fn(&str) -> String) {
    let generated = generate(&fixture.document);
    let full =
        |w: &&std::sync::Arc<crate::proof::Written>| format!("{}/{}", w.namespace, w.name) == name;
    let text = &generated.policies.iter().find(full).unwrap().text;
    let changed = change(text);
    assert_ne!(changed, *text);
    fixture.import(&changed, Some(name));
}

#[test]
fn a_wrong_port_is_corrected_in_the_text() {
    let mut fixture = shop();
    by_hand(&mut fixture, "shop/checkout-to-data-db", |t| {
        t.replace("5432", "5433 # by hand")
    });
    insta::assert_snapshot!(findings_text(&fixture.document), @"
    Blocked: shop/checkout cannot reach data/db on TCP 5432: egress from shop/checkout is denied
      Change `port: 5433` to `port: 5432`
      Restore generated checkout-to-data-db
    TooWide: shop/checkout-to-data-db lets shop/checkout reach data/db on TCP 5433; no flow is drawn; the ingress of data/db still blocks it
      Change `port: 5433` to `port: 5432`
      Restore generated checkout-to-data-db
      Draw shop/checkout to data/db on TCP/5433
    ");
    let results = check(&fixture.document);
    let fix = &fixes(
        &results.document,
        &results.generated,
        &results.proof,
        &results.proof.findings[0],
    )[0];
    fix.edit.apply(&mut fixture.document).unwrap();
    let text = &fixture.document.policies.iter().next().unwrap().1.text;
    assert!(text.contains("port: 5432 # by hand\n"), "{text}");
}

#[test]
fn a_typo_in_a_selector_is_corrected_in_the_text() {
    let broken = |from: &str, to: &str| {
        let mut fixture = shop();
        by_hand(&mut fixture, "shop/checkout-to-data-db", |t| {
            t.replacen(from, to, 1)
        });
        findings_text(&fixture.document)
    };
    insta::assert_snapshot!(broken("app: checkout", "app: 'checkot'"), @"
    Blocked: shop/checkout cannot reach data/db on TCP 5432: egress from shop/checkout is denied
      Change `app: checkot` to `app: checkout`
      Restore generated checkout-to-data-db
    TooWide: shop/checkout-to-data-db lets a future pod of shop with app=checkot reach data/db on TCP 5432; no flow is drawn; the ingress of data/db still blocks it
      Change `app: checkot` to `app: checkout`
      Draw shop/* to data/db on TCP/5432
      Restore generated checkout-to-data-db
    ");
    insta::assert_snapshot!(broken("app: db", "ap: db"), @"
    Blocked: shop/checkout cannot reach data/db on TCP 5432: egress from shop/checkout is denied
      Change `ap` to `app`
      Restore generated checkout-to-data-db
    TooWide: shop/checkout-to-data-db lets shop/checkout reach a future pod of data with ap=db on TCP 5432; drawn: db; the ingress of a future pod of data with ap=db still blocks it
      Change `ap` to `app`
      Draw shop/checkout to data/* on TCP/5432
      Restore generated checkout-to-data-db
    ");
}

#[test]
fn a_deleted_rule_and_a_widened_selector_are_restored() {
    let mut fixture = shop();
    by_hand(&mut fixture, "data/db-from-shop-checkout", |t| {
        t.split("  ingress:").next().unwrap().to_owned()
    });
    insta::assert_snapshot!(findings_text(&fixture.document), @"
    Blocked: shop/checkout cannot reach data/db on TCP 5432: ingress to data/db is denied
      Restore generated db-from-shop-checkout
    ");
    let mut fixture = shop();
    by_hand(&mut fixture, "shop/checkout-from-web", |t| {
        t.replace(
            "    - podSelector:\n        matchLabels:\n          app: web\n",
            "    - podSelector: {}\n",
        )
    });
    insta::assert_snapshot!(findings_text(&fixture.document), @"
    TooWide: shop/checkout-from-web lets every pod of shop reach shop/checkout on TCP 5050; no flow is drawn; the egress of these still blocks it
      Draw shop/* to shop/checkout on TCP/5050
      Restore generated checkout-from-web
    ");
}

const PG_OPEN: &str = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pg-open, namespace: data}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}
      podSelector: {matchLabels: {app: web}}
    ports: [{port: 5432}]
";

#[test]
fn extra_connections_of_an_imported_policy_are_drawn_or_removed() {
    let mut fixture = shop();
    fixture.import(PG_OPEN, None);
    insta::assert_snapshot!(findings_text(&fixture.document), @"
    TooWide: data/pg-open lets shop/web reach data/db on TCP 5432; drawn: checkout; the egress of shop/web still blocks it
      Draw shop/web to data/db on TCP/5432
      Remove pg-open from the project
    ");
    let mut fixture = shop();
    fixture.import(
        &PG_OPEN.replace("podSelector: {matchLabels: {app: web}}", "podSelector: {}"),
        None,
    );
    insta::assert_snapshot!(findings_text(&fixture.document), @"
    TooWide: data/pg-open lets every pod of shop reach data/db on TCP 5432; drawn: checkout; the egress of these still blocks it
      Draw shop/* to data/db on TCP/5432
      Remove pg-open from the project
    ");
    let mut fixture = shop();
    fixture.import(&PG_OPEN.replace("app: web", "app: chekout"), None);
    insta::assert_snapshot!(findings_text(&fixture.document), @"
    TooWide: data/pg-open lets a future pod of shop with app=chekout reach data/db on TCP 5432; drawn: checkout; the egress of a future pod of shop with app=chekout still blocks it
      Change `app: chekout` to `app: checkout`
      Draw shop/* to data/db on TCP/5432
      Remove pg-open from the project
    ");
}

#[test]
fn a_weaker_default_deny_is_restored_or_accepted() {
    let mut fixture = shop();
    let data = fixture.namespace("data");
    fixture.document.namespaces.get_mut(data).unwrap().dns = Some(false);
    by_hand(&mut fixture, "data/deny-all", |t| {
        t.replace("  - Egress\n", "")
    });
    insta::assert_snapshot!(findings_text(&fixture.document), @"
    TooWide: no policy isolates the egress of data/db: the egress of data/db allows shop/checkout on any port, but no flow is drawn; the ingress of shop/checkout still blocks it
      Restore generated deny-all
      Allow all egress in data
    ");
    let mut fixture = shop();
    by_hand(&mut fixture, "shop/allow-dns", |t| {
        t.replace("protocol: UDP", "protocol: SCTP")
    });
    insta::assert_snapshot!(findings_text(&fixture.document), @"
    Blocked: shop/checkout cannot resolve names: the DNS pods on UDP 53 is denied
      Change `protocol: SCTP` to `protocol: UDP`
      Restore generated allow-dns
      Turn DNS off for shop
    TooWide: shop/allow-dns lets any other pod of shop, shop/checkout, shop/web reach the DNS pods on SCTP 53; no flow is drawn
      Change `protocol: SCTP` to `protocol: UDP`
      Restore generated allow-dns
      Change `protocol: SCTP` to `protocol: TCP`
    ");
}

#[test]
fn inexpressible_flows_get_labels_and_port_numbers() {
    let mut fixture = shop();
    fixture.workload("shop/bare", "");
    fixture.flow("shop/bare", "shop/checkout", "TCP/5050");
    fixture.flow("shop/web", "data/db", "TCP/pg");
    let checkout = fixture.document.workloads.ids().nth(1).unwrap();
    fixture.port(checkout, "metrics", 9090);
    fixture.flow("data/db", "shop/checkout", "TCP/metric");
    insta::assert_snapshot!(findings_text(&fixture.document), @"
    Invalid: the port `TCP/metric` is left out: `checkout` declares no TCP port with that name
      Replace TCP/metric with TCP/9090
    Invalid: the port `TCP/pg` is left out: `db` declares no TCP port with that name
    CannotExpress: the flow is left out: the pods of `bare` have no label that identifies it
      Add the label app=bare to bare
    ");
}

#[test]
fn an_unmanaged_namespace_has_help_only() {
    let mut fixture = shop();
    let data = fixture.namespace("data");
    fixture.document.namespaces.get_mut(data).unwrap().managed = false;
    fixture.import(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: closed, namespace: data}\nspec: {podSelector: {}}\n",
        None,
    );
    insta::assert_snapshot!(findings_text(&fixture.document), @"Blocked: shop/checkout cannot reach data/db on TCP 5432: ingress to data/db is denied");
}

/// A wider form resolves what cannot be expressed, and is reported instead.
#[test]
fn a_wider_form_is_offered_where_the_dialect_cannot_express_a_flow() {
    let mut fixture = shop();
    fixture.external("bank", &[], &["bank.example.com"]);
    let flow = fixture.flow("shop/checkout", "external/bank", "TCP/443");
    let results = check(&fixture.document);
    let [finding] = &results.proof.findings[..] else {
        panic!("{:?}", results.proof.findings);
    };
    let found = fixes(
        &results.document,
        &results.generated,
        &results.proof,
        finding,
    );
    let titles: Vec<&str> = found.iter().map(|fix| fix.title.as_str()).collect();
    let title = "Approximate: allow all addresses outside the cluster on TCP 443";
    assert_eq!(titles, [title]);
    found[0].edit.apply(&mut fixture.document).unwrap();
    assert!(fixture.document.flows.get(flow).unwrap().approximate);
    let proof = check(&fixture.document).proof;
    assert_eq!(proof.state, crate::proof::State::Approximated);
    assert_eq!(
        proof.summary(),
        "Exact, except 1 flow approximated: more is allowed"
    );
}
