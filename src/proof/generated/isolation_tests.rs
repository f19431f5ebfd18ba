//! Workloads that isolate themselves, namespaces that deny egress, and flows with one gate.

use super::*;
use crate::model::fixture::Fixture;
use crate::model::{Base, Isolate, Style};
use crate::policy::Direction;
use crate::proof::{State, Verdict, fixes, prove};

/// The namespace `shop` without a default deny, in which `cache` isolates itself.
fn shop(isolate: Isolate) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.document.settings.base = Base::None;
    fixture.workload("shop/web", "app=web");
    let cache = fixture.workload("shop/cache", "app=cache");
    fixture.document.workloads.get_mut(cache).unwrap().isolate = isolate;
    fixture.flow("shop/web", "shop/cache", "TCP/6379");
    fixture
}

fn names(document: &Document) -> Vec<String> {
    let generated = generate(document);
    let proof = prove(document, &generated);
    assert_eq!(proof.state, State::Exact, "{:?}", proof.findings);
    generated.policies.iter().map(|w| w.key()).collect()
}

#[test]
fn isolation_of_a_workload_is_a_policy_of_its_own() {
    let names = |isolate| names(&shop(isolate).document);
    assert_eq!(names(Isolate::None), [""; 0]);
    assert_eq!(
        names(Isolate::Ingress),
        ["shop/cache-deny-ingress", "shop/cache-from-web"]
    );
    assert_eq!(
        names(Isolate::Egress),
        ["shop/cache-allow-dns", "shop/cache-deny-egress"]
    );
    assert_eq!(
        names(Isolate::Both),
        [
            "shop/cache-allow-dns",
            "shop/cache-deny-all",
            "shop/cache-from-web"
        ]
    );
    let generated = generate(&shop(Isolate::Both).document);
    let text: Vec<&str> = (generated.policies[..2].iter())
        .map(|w| w.text.as_str())
        .collect();
    insta::assert_snapshot!(text.join("---\n"), @r"
    # cache may resolve names
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: cache-allow-dns
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: cache
      policyTypes:
      - Egress
      egress:
      - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: kube-system
          podSelector:
            matchLabels:
              k8s-app: kube-dns
        ports:
        - protocol: UDP
          port: 53
        - protocol: TCP
          port: 53
    ---
    # connections to and from cache need another policy that allows them
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: cache-deny-all
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: cache
      policyTypes:
      - Ingress
      - Egress
    ");
}

#[test]
fn isolation_of_a_workload_is_part_of_its_one_policy() {
    let mut fixture = shop(Isolate::Both);
    fixture.document.settings.style = Style::PerWorkload;
    assert_eq!(
        names(&fixture.document),
        ["shop/cache-allow-dns", "shop/cache"]
    );
    fixture.document.flows = Default::default();
    fixture.flow("shop/web", "shop/web", "TCP/1");
    assert_eq!(
        names(&fixture.document),
        ["shop/cache-allow-dns", "shop/cache"]
    );
    let cache = generate(&fixture.document).policies[1].text.clone();
    assert!(cache.contains("  - Ingress\n  - Egress\n"), "{cache}");
    assert!(!cache.contains("ingress:") && !cache.contains("egress:"));
}

#[test]
fn a_default_deny_makes_the_isolation_of_a_workload_needless() {
    let mut fixture = shop(Isolate::Both);
    fixture.document.settings.base = Base::DenyEgress;
    assert_eq!(
        names(&fixture.document),
        [
            "shop/deny-egress",
            "shop/allow-dns",
            "shop/cache-deny-ingress",
            "shop/cache-from-web",
            "shop/web-to-cache"
        ]
    );
    fixture.document.settings.base = Base::DenyAll;
    assert!(!names(&fixture.document).contains(&"shop/cache-deny-ingress".to_owned()));
    let shop = fixture.namespace("shop");
    fixture.document.namespaces.get_mut(shop).unwrap().managed = false;
    assert_eq!(generate(&fixture.document).policies.len(), 0);
}

#[test]
fn dns_pods_that_isolate_themselves_answer() {
    let mut fixture = shop(Isolate::None);
    let dns = fixture.workload("kube-system/dns", "k8s-app=kube-dns");
    let system = fixture.namespace("kube-system");
    fixture.document.namespaces.get_mut(system).unwrap().dns = Some(false);
    fixture.document.workloads.get_mut(dns).unwrap().isolate = Isolate::Ingress;
    assert_eq!(
        names(&fixture.document),
        [
            "kube-system/dns-allow-dns-clients",
            "kube-system/dns-deny-ingress"
        ]
    );
}

#[test]
fn a_workload_that_no_selector_identifies_is_reported() {
    let mut fixture = shop(Isolate::None);
    let bare = fixture.workload("shop/bare", "");
    fixture.document.workloads.get_mut(bare).unwrap().isolate = Isolate::Ingress;
    let generated = generate(&fixture.document);
    let texts = generated.diagnostics.iter().map(ToString::to_string);
    assert_eq!(
        texts.collect::<Vec<_>>(),
        [
            "warning: `bare` is not isolated: the pods of `bare` have no label that identifies it (not-isolated)\n    help: add a label such as `app` to its pods"
        ]
    );
    let proof = prove(&fixture.document, &generated);
    let finding = &proof.findings[0];
    assert!(
        (finding.message).starts_with("no policy isolates the ingress of shop/bare: "),
        "{}",
        finding.message
    );
    assert_eq!(
        finding.help.as_deref(),
        Some("give the workload a label that identifies it")
    );
    let fixes = fixes(&fixture.document, &generated, &proof, finding);
    let titles: Vec<&str> = fixes.iter().map(|fix| fix.title.as_str()).collect();
    assert_eq!(titles, ["Allow all ingress of bare"]);
}

#[test]
fn a_flow_with_one_gate_opens_no_other() {
    let mut fixture = Fixture::new();
    fixture.document.settings.dns.allow = false;
    fixture.workload("shop/web", "app=web");
    fixture.workload("shop/db", "app=db");
    fixture.external("office", &["10.0.0.0/8"], &[]);
    let id = fixture.flow("shop/web", "shop/db", "TCP/5432");
    let mut with = |half| {
        fixture.document.flows.get_mut(id).unwrap().half = half;
        names(&fixture.document)
    };
    assert_eq!(
        with(None),
        ["shop/deny-all", "shop/db-from-web", "shop/web-to-db"]
    );
    assert_eq!(
        with(Some(Direction::Ingress)),
        ["shop/deny-all", "shop/db-from-web"]
    );
    assert_eq!(
        with(Some(Direction::Egress)),
        ["shop/deny-all", "shop/web-to-db"]
    );
    let flow = fixture.flow("external/office", "shop/db", "TCP/1");
    fixture.document.flows.get_mut(flow).unwrap().half = Some(Direction::Egress);
    let generated = generate(&fixture.document);
    assert_eq!(
        generated.losses[0].why,
        "it opens only the gate of `office`, and no policy applies there"
    );
    let proof = prove(&fixture.document, &generated);
    assert_eq!(proof.verdicts[&flow], Verdict::Invalid);
}
