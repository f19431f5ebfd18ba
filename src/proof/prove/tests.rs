//! The proof of right policies, and of broken ones.

use std::sync::Arc;

use super::*;
use crate::cluster::PodAddresses;
use crate::model::fixture::Fixture;
use crate::model::{Base, ImportedPolicy, Isolate, Style, Unknown};
use crate::proof::generate;
use crate::sets::Selector;

fn shop() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    let checkout = fixture.workload("shop/checkout", "app=checkout");
    fixture.port(checkout, "grpc", 5050);
    fixture.workload("data/db", "app=db");
    fixture.external("stripe", &["198.51.100.0/24"], &[]);
    fixture.flow("shop/web", "shop/checkout", "TCP/grpc");
    fixture.flow("shop/checkout", "data/db", "TCP/5432");
    fixture.flow("shop/checkout", "external/stripe", "TCP/443");
    fixture
}

fn findings_text(proof: &Proof) -> String {
    let lines = proof.findings.iter().map(|f| {
        let flows: Vec<u32> = f.flows.iter().map(|f| f.0).collect();
        format!("{:?} {flows:?} {:?}: {}", f.kind, f.policies, f.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The proof after the text of one policy has been changed.
fn broken(fixture: &Fixture, policy: &str, change: impl Fn(&str) -> String) -> Proof {
    let mut generated = generate(&fixture.document);
    let full = |w: &crate::proof::Written| format!("{}/{}", w.namespace, w.name) == policy;
    let found = generated.policies.iter_mut().find(|w| full(w)).unwrap();
    let changed = change(&found.text);
    assert_ne!(changed, found.text, "nothing was broken");
    Arc::make_mut(found).text = changed;
    prove(&fixture.document, &generated)
}

#[test]
fn what_is_generated_is_exact_in_both_styles() {
    let mut fixture = shop();
    for style in [Style::PerFlow, Style::PerWorkload] {
        fixture.document.settings.style = style;
        let proof = prove(&fixture.document, &generate(&fixture.document));
        assert_eq!(findings_text(&proof), "");
        assert_eq!(proof.summary(), "Exact");
        assert!(proof.verdicts.values().all(|v| *v == Verdict::Exact));
    }
}

/// All addresses of a family are what is outside, and policies of Calico open pods with them, too (G22).
#[test]
fn all_addresses_are_not_every_pod() {
    let proof = |network: &str, address: &str, all_pods: bool| {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        let db = fixture.workload("data/db", "app=db");
        let db = fixture.document.workloads.get_mut(db).unwrap();
        db.addresses.extend(address.parse::<std::net::IpAddr>());
        fixture.external("net", &[network], &[]);
        fixture.flow("shop/web", "external/net", "TCP/443");
        if all_pods {
            fixture.flow("shop/web", "*", "TCP/443");
        }
        fixture.document.settings.dialects = vec![crate::policy::Target::Calico];
        fixture.document.settings.dns.allow = false;
        prove(&fixture.document, &generate(&fixture.document))
    };
    for address in ["", "10.0.0.5"] {
        let wide = proof("0.0.0.0/0", address, false);
        assert_eq!(wide.state, State::TooWide, "{address}");
        let text = findings_text(&wide);
        assert!(
            text.contains("allows data/db on TCP 443, but no flow is drawn"),
            "{text}"
        );
        assert_eq!(findings_text(&proof("0.0.0.0/0", address, true)), "");
        // Smaller networks mean the pods in them.
        assert_eq!(findings_text(&proof("10.0.0.0/8", address, false)), "");
        assert_eq!(findings_text(&proof("128.0.0.0/1", address, false)), "");
    }
}

#[test]
fn all_addresses_that_match_pods_say_what_to_do() {
    let proof = |network: &str| {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        fixture.external("net", &[network], &[]);
        fixture.flow("shop/web", "external/net", "TCP/443");
        fixture.document.settings.base = Base::DenyEgress;
        fixture.document.settings.assumptions.pod_addresses = PodAddresses::Known;
        fixture.document.settings.dns.allow = false;
        prove(&fixture.document, &generate(&fixture.document))
    };
    let wide = proof("0.0.0.0/0");
    let [finding] = wide.findings.as_slice() else {
        panic!("{}", findings_text(&wide));
    };
    // The ingress of pods is open.
    assert_eq!(
        finding.message,
        "shop/web can reach a future pod of shop on TCP 443, but no flow is drawn"
    );
    let help = finding.help.as_deref().unwrap_or_default();
    assert!(
        help.contains("except the pods' addresses in external `net`"),
        "{help}"
    );
    assert_eq!(findings_text(&proof("0.0.0.0/0 except 10.0.0.0/8")), "");
}

#[test]
fn a_deleted_rule_blocks_its_flow() {
    let proof = broken(&shop(), "data/db-from-shop-checkout", |text| {
        text.split("  ingress:").next().unwrap().to_owned()
    });
    insta::assert_snapshot!(findings_text(&proof), @r#"Blocked [1] ["data/db-from-shop-checkout"]: shop/checkout cannot reach data/db on TCP 5432: ingress to data/db is denied"#);
    assert_eq!(proof.verdicts[&FlowId(1)], Verdict::Blocked);
    assert_eq!(proof.verdicts[&FlowId(0)], Verdict::Exact);
    assert_eq!(proof.summary(), "1 blocked");
}

#[test]
fn a_changed_port_blocks_and_is_too_wide() {
    let proof = broken(&shop(), "shop/checkout-to-data-db", |text| {
        text.replace("5432", "5433")
    });
    insta::assert_snapshot!(findings_text(&proof), @r#"
    Blocked [1] ["shop/checkout-to-data-db"]: shop/checkout cannot reach data/db on TCP 5432: egress from shop/checkout is denied
    TooWide [1] ["shop/checkout-to-data-db"]: the egress of shop/checkout allows data/db on TCP 5433, but no flow is drawn; the ingress of data/db still blocks it
    "#);
    assert_eq!(proof.state, State::Blocked);
}

#[test]
fn a_widened_peer_is_too_wide() {
    let proof = broken(&shop(), "shop/checkout-from-web", |text| {
        let one = "    - podSelector:\n        matchLabels:\n          app: web\n";
        text.replace(one, "    - podSelector: {}\n")
    });
    insta::assert_snapshot!(findings_text(&proof), @r#"TooWide [0] ["shop/checkout-from-web"]: shop/checkout accepts shop/checkout on TCP 5050, but no flow is drawn; the egress of shop/checkout still blocks it"#);
    assert_eq!(proof.verdicts[&FlowId(0)], Verdict::TooWide);
    assert_eq!(proof.summary(), "1 too wide");
}

#[test]
fn a_missing_default_deny_is_too_wide() {
    let mut generated = generate(&shop().document);
    generated
        .policies
        .retain(|w| w.name != "deny-all" || w.namespace != "data");
    let proof = prove(&shop().document, &generated);
    insta::assert_snapshot!(findings_text(&proof), @"TooWide [] []: no policy isolates the ingress of any other pod of data: any other pod of data accepts data/db on any port, but no flow is drawn; the egress of data/db still blocks it");
}

#[test]
fn a_missing_dns_policy_is_blocked_without_a_flow() {
    let mut generated = generate(&shop().document);
    generated
        .policies
        .retain(|w| w.name != "allow-dns" || w.namespace != "shop");
    let proof = prove(&shop().document, &generated);
    insta::assert_snapshot!(findings_text(&proof), @"Blocked [] []: shop/checkout cannot resolve names: the DNS pods on TCP 53; UDP 53 is denied");
    let proof = broken(&shop(), "shop/allow-dns", |text| {
        text.replace("protocol: UDP", "protocol: TCP")
    });
    insta::assert_snapshot!(findings_text(&proof), @"Blocked [] []: shop/checkout cannot resolve names: the DNS pods on UDP 53 is denied");
}

#[test]
fn without_flows_there_is_nothing_to_prove() {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    let proof = prove(&fixture.document, &generate(&fixture.document));
    assert_eq!(proof.summary(), "Nothing to prove");
    assert_eq!(proof.isolation.len(), 1);
}

#[test]
fn open_by_choice_and_inexpressible() {
    let mut fixture = shop();
    fixture.document.settings.base = Base::None;
    let proof = prove(&fixture.document, &generate(&fixture.document));
    assert_eq!(proof.summary(), "Exact; 3 workloads left open by choice");
    let mut fixture = shop();
    fixture.external("api", &[], &["api.example.com"]);
    fixture.flow("shop/web", "external/api", "TCP/443");
    let proof = prove(&fixture.document, &generate(&fixture.document));
    assert_eq!(
        proof.summary(),
        "Exact, except 1 flow that NetworkPolicy cannot express"
    );
    assert_eq!(proof.verdicts[&FlowId(3)], Verdict::CannotExpress);
}

const ALLOW_22: &str = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ssh, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{podSelector: {}}]
    ports: [{port: 22}]
";

#[test]
fn extra_connections_are_attributed_to_the_imported_policy() {
    let mut fixture = shop();
    fixture.import(ALLOW_22, None);
    let proof = prove(&fixture.document, &generate(&fixture.document));
    insta::assert_snapshot!(findings_text(&proof), @r#"TooWide [] ["shop/ssh"]: shop/ssh lets every pod of shop reach shop/web on TCP 22; no flow is drawn; the egress of these still blocks it"#);
    assert_eq!(proof.summary(), "1 too wide");
}

#[test]
fn pods_that_an_imported_policy_isolates_need_rules() {
    let mut fixture = shop();
    fixture.document.settings.base = Base::None;
    let flow = fixture.flow("data/db", "shop/web", "TCP/80");
    fixture.import(
        &ALLOW_22
            .replace(
                "  - from: [{podSelector: {}}]\n    ports: [{port: 22}]\n",
                "",
            )
            .replace("ingress:", "policyTypes: [Ingress]"),
        None,
    );
    let generated = generate(&fixture.document);
    let names: Vec<&str> = generated.policies.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(names, ["web-from-data-db"]);
    let proof = prove(&fixture.document, &generated);
    assert_eq!(findings_text(&proof), "");
    assert_eq!(proof.verdicts[&flow], Verdict::Exact);
}

#[test]
fn a_replaced_policy_is_not_generated_and_its_copy_can_break_it() {
    let mut fixture = shop();
    let generated = generate(&fixture.document);
    let original = generated
        .policies
        .iter()
        .find(|w| w.name == "checkout-to-data-db")
        .unwrap();
    fixture.import(&original.text, Some("shop/checkout-to-data-db"));
    let copied = generate(&fixture.document);
    assert_eq!(copied.policies.len() + 1, generated.policies.len());
    assert_eq!(copied.replaced.len(), 1);
    assert_eq!(prove(&fixture.document, &copied).summary(), "Exact");

    let kept = fixture.document.policies.ids().next().unwrap();
    let text = original
        .text
        .replace("port: 5432", "port: 5432\n      endPort: 5439");
    fixture.document.policies.get_mut(kept).unwrap().text = text;
    let proof = prove(&fixture.document, &generate(&fixture.document));
    insta::assert_snapshot!(findings_text(&proof), @r#"TooWide [1] ["shop/checkout-to-data-db"]: shop/checkout-to-data-db lets shop/checkout reach data/db on TCP 5433-5439; no flow is drawn; the ingress of data/db still blocks it"#);
    assert_eq!(proof.verdicts[&FlowId(1)], Verdict::TooWide);
}

#[test]
fn an_isolated_unmanaged_namespace_blocks() {
    let mut fixture = shop();
    let data = fixture.namespace("data");
    fixture.document.namespaces.get_mut(data).unwrap().managed = false;
    fixture.import(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: closed, namespace: data}\nspec: {podSelector: {}}\n",
        None,
    );
    let proof = prove(&fixture.document, &generate(&fixture.document));
    insta::assert_snapshot!(findings_text(&proof), @r#"Blocked [1] ["data/closed"]: shop/checkout cannot reach data/db on TCP 5432: ingress to data/db is denied"#);
    assert!(
        proof.findings[0]
            .help
            .as_deref()
            .unwrap()
            .contains("its owner must allow")
    );
}

/// No peer is named with the ports of another.
#[test]
fn connections_of_an_imported_policy_are_named_with_their_own_ports() {
    let mut fixture = shop();
    fixture.import(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: out, namespace: shop}\nspec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: 443}]}, {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: data}}}], ports: [{port: 5, protocol: SCTP}]}]}\n",
        None,
    );
    let proof = prove(&fixture.document, &generate(&fixture.document));
    insta::assert_snapshot!(findings_text(&proof), @r#"TooWide [] ["shop/out"]: shop/out lets shop/web reach addresses outside on TCP 443 and every pod of data on SCTP 5; no flow is drawn"#);
}

/// Pods that are not in the document and that only a policy or a group selects have gates, too.
#[test]
fn gates_of_future_pods_are_compared() {
    let mut fixture = Fixture::new();
    fixture.workload("n0/web", "app=web");
    let role = |value: &str| Selector::label("role", value);
    fixture.group(
        "g",
        Selector::label("kubernetes.io/metadata.name", "n0"),
        role("batch"),
    );
    fixture.external("e", &["1.2.3.4/32"], &[]);
    let flow = fixture.flow("group/g", "external/e", "TCP/443");
    let exact = prove(&fixture.document, &generate(&fixture.document));
    assert_eq!(findings_text(&exact), "");
    let without = broken(&fixture, "n0/g-to-e", |text| {
        text.replace("role: batch", "role: none")
    });
    assert_eq!(
        without.verdicts[&flow],
        Verdict::Blocked,
        "{}",
        findings_text(&without)
    );
    fixture.import(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: stray, namespace: n0}\nspec: {podSelector: {matchLabels: {role: batch}}, policyTypes: [Egress], egress: [{}]}\n",
        None,
    );
    let wide = prove(&fixture.document, &generate(&fixture.document));
    assert_eq!(wide.state, State::TooWide);
    insta::assert_snapshot!(findings_text(&wide), @r#"TooWide [] ["n0/stray"]: n0/stray lets a future pod of n0 with app=web, role=batch, a future pod of n0 with role=batch reach the DNS pods on TCP 1-52,54-65535; UDP 1-52,54-65535; SCTP; other protocols, addresses outside on TCP 1-442,444-65535; UDP; SCTP; other protocols, addresses outside, every pod of n0 on any port and 1 more; no flow is drawn"#);
}

#[test]
fn isolation_by_a_group_is_proven_without_a_pod_of_it() {
    let mut fixture = Fixture::new();
    fixture.document.settings.base = Base::None;
    fixture.document.settings.dns.allow = false;
    fixture.workload("n0/web", "app=web");
    fixture.external("e", &["1.2.3.4/32"], &[]);
    fixture.group(
        "g",
        Selector::everything(),
        Selector::label("role", "batch"),
    );
    let group = fixture.document.groups.ids().next().unwrap();
    fixture.document.groups.get_mut(group).unwrap().isolate = Isolate::Both;
    fixture.flow("group/g", "external/e", "TCP/443");
    let exact = prove(&fixture.document, &generate(&fixture.document));
    assert_eq!(findings_text(&exact), "");
    let open = prove_against(&fixture.document, &Snapshot::default());
    assert_eq!(open.state, State::TooWide, "{}", findings_text(&open));
}

#[test]
fn blocks_of_one_external_are_the_same_together_and_apart() {
    let mut fixture = Fixture::new();
    fixture.workload("a/v", "app=v");
    let networks = ["203.0.113.0/24", "198.51.100.0/25", "198.51.100.128/25"];
    fixture.external("x", &networks, &[]);
    fixture.flow("a/v", "external/x", "TCP/443");
    fixture.document.settings.show(Target::Calico);
    let generated = generate(&fixture.document);
    let proof = prove(&fixture.document, &generated);
    assert_eq!(
        (proof.state, findings_text(&proof)),
        (State::Exact, String::new())
    );
}

#[test]
fn what_policies_open_of_a_project_without_flows_is_too_wide() {
    let mut fixture = Fixture::new();
    fixture.workload("a/w", "app=w");
    let prove_it = |fixture: &Fixture| prove(&fixture.document, &generate(&fixture.document)).state;
    assert_eq!(prove_it(&fixture), State::NothingToProve);
    fixture.document.policies.add(ImportedPolicy {
        file: "open.yaml".into(),
        text: "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, namespace: a}\nspec: {podSelector: {}, ingress: [{}]}\n".into(),
        replaces: None,
        unknown: Unknown::new(),
    });
    assert_eq!(prove_it(&fixture), State::TooWide);
    fixture.document.settings.base = Base::None;
    assert_eq!(prove_it(&fixture), State::NothingToProve);
}

#[test]
fn an_isolated_group_resolves_names() {
    let mut fixture = Fixture::new();
    fixture.document.settings.base = Base::None;
    fixture.workload("a/v", "app=v");
    fixture.workload("kube-system/dns", "k8s-app=kube-dns");
    fixture.group("g", Selector::everything(), Selector::label("app", "v"));
    let group = fixture.document.groups.ids().next().expect("it");
    fixture.document.groups.get_mut(group).expect("it").isolate = Isolate::Egress;
    fixture.flow("a/v", "a/v", "TCP/1");
    let generated = generate(&fixture.document);
    assert!(
        generated
            .policies
            .iter()
            .any(|p| p.name == "g-allow-dns" && p.namespace == "a")
    );
    assert_eq!(prove(&fixture.document, &generated).state, State::Exact);
}
