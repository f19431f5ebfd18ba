//! Flows that a dialect cannot express, and that the user accepts in a wider form: what is written, and that the proof calls
//! that approximated, and everything beyond it too wide.

use std::collections::BTreeSet;

use super::*;
use crate::model::fixture::Fixture;
use crate::model::{Base, Style};
use crate::policy::{HttpRule, Part};
use crate::proof::{Finding, Kind, Proof, State, Verdict, prove};

const REQUESTS: &str = "any request on TCP 8080, drawn: GET /products/.*, POST /carts";
const NAMES: &str =
    "all addresses outside the cluster on TCP 443, drawn: api.stripe.com, *.stripe.network";

/// Two flows: one for some requests, and one to domain names.
fn shop(target: Target) -> (Fixture, [FlowId; 2]) {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.workload("shop/catalog", "app=catalog");
    fixture.external("stripe", &[], &["api.stripe.com", "*.stripe.network"]);
    let http = fixture.flow("shop/web", "shop/catalog", "TCP/8080");
    let names = fixture.flow("shop/web", "external/stripe", "TCP/443");
    let flow = fixture.document.flows.get_mut(http).expect("a flow");
    flow.http = ["GET /products/.*", "POST /carts"]
        .iter()
        .filter_map(|text| HttpRule::parse(text))
        .collect();
    for id in [http, names] {
        let flow = fixture.document.flows.get_mut(id).expect("a flow");
        flow.approximate = true;
    }
    fixture.document.settings.dialects = vec![target];
    (fixture, [http, names])
}

fn proven(document: &Document) -> Proof {
    prove(document, &generate(document))
}

fn messages(all: &[Approximation]) -> Vec<(u32, String)> {
    let one = |one: &Approximation| (one.flow.0, one.message());
    all.iter().map(one).collect()
}

#[test]
fn requests_become_ports_and_names_become_addresses_outside() {
    let (fixture, _) = shop(Target::Kubernetes);
    let generated = generate(&fixture.document);
    let texts = ["catalog-from-web", "web-to-stripe"].map(|name| {
        let mut policies = generated.policies.iter();
        let policy = policies.find(|policy| policy.name == name);
        policy.expect("it is written").text.clone()
    });
    insta::assert_snapshot!(texts.join("---\n"), @r#"
    # catalog accepts connections from web
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: catalog-from-web
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: catalog
      policyTypes:
      - Ingress
      ingress:
      # Approximation: allows any request on TCP 8080, drawn: GET /products/.*, POST /carts
      - from:
        - podSelector:
            matchLabels:
              app: web
        ports:
        - protocol: TCP
          port: 8080
    ---
    # web may open connections to stripe
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: web-to-stripe
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: web
      policyTypes:
      - Egress
      egress:
      # Approximation: allows all addresses outside the cluster on TCP 443, drawn: api.stripe.com, *.stripe.network
      - to:
        - ipBlock:
            cidr: 0.0.0.0/0
            except:
            - 10.0.0.0/8
            - 172.16.0.0/12
            - 192.168.0.0/16
            - 169.254.0.0/16
        - ipBlock:
            cidr: "::/0"
            except:
            - "fc00::/7"
            - "fe80::/10"
        ports:
        - protocol: TCP
          port: 443
    "#);
}

#[test]
fn each_dialect_approximates_what_it_cannot_express() {
    for (target, expected) in [
        (Target::Kubernetes, vec![REQUESTS, NAMES]),
        (Target::Calico, vec![REQUESTS, NAMES]),
        (Target::AdminNetworkPolicy, vec![REQUESTS]),
        (Target::ClusterNetworkPolicy, vec![REQUESTS]),
        (Target::Cilium, vec![]),
    ] {
        for style in [Style::PerFlow, Style::PerWorkload] {
            let (mut fixture, flows) = shop(target);
            fixture.document.settings.style = style;
            let generated = generate(&fixture.document);
            assert_eq!(generated.losses, [], "{target:?}");
            let found = messages(&generated.approximations);
            let all = expected.iter().zip(flows);
            let all: Vec<_> = all
                .map(|(words, flow)| (flow.0, format!("approximated: allows {words}")))
                .collect();
            assert_eq!(found, all, "{target:?}");
            for words in &expected {
                let comment = format!("# Approximation: allows {words}");
                assert!(generated.text().contains(&comment), "{}", generated.text());
            }
            let proof = prove(&fixture.document, &generated);
            // These dialects deny nothing that comes from outside (A5), whatever is approximated.
            let outside = |f: &&Finding| target.is_cluster_wide() && f.kind == Kind::TooWide;
            let findings: BTreeSet<_> = (proof.findings.iter())
                .filter(|f| !outside(f))
                .map(|f| (f.kind, f.message.clone()))
                .collect();
            let said = expected.iter();
            let said: BTreeSet<_> = said
                .map(|words| (Kind::Approximated, format!("allows more: {words}")))
                .collect();
            assert_eq!(findings, said, "{target:?}");
            let verdicts = flows.map(|flow| proof.verdicts[&flow]);
            let verdict = |at| match expected.len() > at {
                true => Verdict::Approximated,
                false => Verdict::Exact,
            };
            assert_eq!(verdicts, [verdict(0), verdict(1)], "{target:?}");
            let state = match expected.is_empty() {
                _ if target.is_cluster_wide() => State::TooWide,
                true => State::Exact,
                false => State::Approximated,
            };
            assert_eq!(proof.state, state, "{target:?}");
        }
    }
}

#[test]
fn without_the_key_nothing_is_wider_and_the_form_is_offered() {
    let (mut fixture, flows) = shop(Target::Kubernetes);
    for id in flows {
        fixture.document.flows.get_mut(id).expect("it").approximate = false;
    }
    let generated = generate(&fixture.document);
    assert_eq!(generated.approximations, []);
    let help: BTreeSet<&str> = (generated.losses.iter())
        .filter_map(|loss| loss.help.as_deref())
        .collect();
    let expected = [
        "add its networks, or set `approximate: true` on the flow: allows all addresses outside the cluster on TCP 443",
        "remove the HTTP rules, or write for Cilium, or set `approximate: true` on the flow: allows any request on TCP 8080",
    ];
    assert_eq!(help, expected.into());
    assert!(!generated.text().contains("port: 8080"));
    assert_eq!(proven(&fixture.document).state, State::CannotExpress);
}

/// Networks of the external stay as they are; entities are left out and reported.
#[test]
fn only_the_names_of_an_external_are_approximated() {
    let (mut fixture, [_, names]) = shop(Target::Kubernetes);
    let id = fixture.document.externals.ids().next().expect("it");
    let external = fixture.document.externals.get_mut(id).expect("it");
    external.networks = crate::model::validate::networks("10.9.0.0/16").expect("a network");
    external.entity = Some(crate::policy::Entity::KubeApiserver);
    let generated = generate(&fixture.document);
    let parts: Vec<&Part> = generated.losses.iter().map(|loss| &loss.part).collect();
    assert_eq!(parts, [&Part::Entity(crate::policy::Entity::KubeApiserver)]);
    assert!(generated.text().contains("cidr: 10.9.0.0/16"));
    let proof = prove(&fixture.document, &generated);
    assert_eq!(proof.verdicts[&names], Verdict::CannotExpress);
    let of_flow = proof.findings.iter().filter(|f| f.flow == Some(names));
    let kinds: Vec<Kind> = of_flow.map(|f| f.kind).collect();
    assert_eq!(kinds, [Kind::CannotExpress, Kind::Approximated]);
}

/// The proof does not believe the generator: what that does not report is approximated all the same.
#[test]
fn the_proof_finds_approximations_by_itself() {
    let (fixture, flows) = shop(Target::Calico);
    let mut generated = generate(&fixture.document);
    generated.approximations.clear();
    let proof = prove(&fixture.document, &generated);
    assert_eq!(proof.state, State::Approximated);
    assert!(
        flows
            .iter()
            .all(|flow| proof.verdicts[flow] == Verdict::Approximated)
    );
}

/// Written by hand in place of the generated policy: a network more, a port more, or an exception more.
#[test]
fn what_is_beyond_the_form_is_too_wide_and_what_is_short_of_it_blocked() {
    for (old, new, expected) in [
        ("- 10.0.0.0/8\n", "- 10.0.0.0/9\n", Verdict::TooWide),
        ("port: 443", "port: 444", Verdict::Blocked),
        ("- 10.0.0.0/8\n", "- 8.0.0.0/6\n", Verdict::Blocked),
    ] {
        let (mut fixture, [_, names]) = shop(Target::Kubernetes);
        let generated = generate(&fixture.document);
        let mut policies = generated.policies.iter();
        let policy = policies.find(|policy| policy.name == "web-to-stripe");
        let text = policy.expect("it is written").text.clone();
        assert!(text.contains(old), "{text}");
        fixture.import(&text.replace(old, new), Some("shop/web-to-stripe"));
        let proof = proven(&fixture.document);
        let of_flow = proof.verdicts[&names];
        // Addresses that no flow leads to are about none.
        let wider = proof.findings.iter().any(|f| f.kind == Kind::TooWide);
        match expected {
            Verdict::TooWide => assert!(wider && proof.state == State::TooWide, "{new}"),
            _ => assert_eq!(of_flow, expected, "{new}"),
        }
    }
}

/// Where nothing isolates the ends, no form is written, and the verdicts are those of the same flows without the key.
#[test]
fn a_form_that_is_not_needed_is_not_written() {
    let (mut fixture, flows) = shop(Target::Kubernetes);
    fixture.document.settings.base = Base::None;
    for approximate in [true, false] {
        for id in flows {
            let flow = fixture.document.flows.get_mut(id).expect("a flow");
            flow.approximate = approximate;
        }
        let generated = generate(&fixture.document);
        assert_eq!(generated.approximations, []);
        let verdicts = prove(&fixture.document, &generated).verdicts;
        let verdicts = flows.map(|id| verdicts[&id]);
        // Nothing filters requests there.
        assert_eq!(verdicts, [Verdict::TooWide, Verdict::Exact]);
    }
}

/// One gate that is isolated is enough: requests are filtered there.
#[test]
fn a_form_at_one_gate_is_approximated() {
    for base in [Base::DenyIngress, Base::DenyEgress] {
        let (mut fixture, [http, _]) = shop(Target::Kubernetes);
        fixture.document.settings.base = base;
        let generated = generate(&fixture.document);
        let mut written = generated.approximations.iter();
        assert!(written.any(|one| one.flow == http.into()), "{base:?}");
        let proof = prove(&fixture.document, &generated);
        assert_eq!(proof.verdicts[&http], Verdict::Approximated, "{base:?}");
    }
}

/// Future pods alone may be the sources.
#[test]
fn a_form_for_future_pods_is_approximated() {
    let (mut fixture, _) = shop(Target::Kubernetes);
    fixture.namespace("later");
    let flow = fixture.flow("later/*", "external/stripe", "TCP/443");
    fixture
        .document
        .flows
        .get_mut(flow)
        .expect("it")
        .approximate = true;
    let proof = proven(&fixture.document);
    assert_eq!(proof.verdicts[&flow], Verdict::Approximated);
}

/// No dialect has domain names as sources, and addresses are not taken for them.
#[test]
fn names_of_sources_are_never_approximated() {
    for target in [Target::Kubernetes, Target::Calico] {
        let (mut fixture, _) = shop(target);
        let id = fixture.flow("external/stripe", "shop/catalog", "TCP/8080");
        let flow = fixture.document.flows.get_mut(id).expect("a flow");
        flow.approximate = true;
        flow.http = HttpRule::parse("GET /").into_iter().collect();
        let generated = generate(&fixture.document);
        let mut written = generated.approximations.iter();
        let names = |one: &&Approximation| one.form.wider == crate::policy::Wider::AnyAddress;
        assert!(!written.any(|one| one.flow == id.into() && names(&one)));
        let proof = prove(&fixture.document, &generated);
        assert_eq!(proof.verdicts[&id], Verdict::CannotExpress, "{target:?}");
        assert_eq!(proof.state, State::CannotExpress, "{target:?}");
    }
}

/// What denies more would block what is drawn.
#[test]
fn denials_are_never_approximated() {
    let (mut fixture, [_, names]) = shop(Target::Calico);
    fixture.document.flows.get_mut(names).expect("it").denies = true;
    let generated = generate(&fixture.document);
    assert_eq!(generated.approximations.len(), 1);
    let lost: Vec<Option<&str>> = (generated.losses.iter())
        .map(|loss| loss.help.as_deref())
        .collect();
    assert_eq!(lost, [Some("add its networks")]);
}

/// Flows between the same ends of which one is accepted in a wider form stay apart.
#[test]
fn only_the_flow_that_accepts_it_is_approximated() {
    let (mut fixture, [_, names]) = shop(Target::Kubernetes);
    let exact = fixture.flow("shop/web", "external/stripe", "TCP/8443");
    let proof = proven(&fixture.document);
    assert_eq!(proof.verdicts[&names], Verdict::Approximated);
    assert_eq!(proof.verdicts[&exact], Verdict::CannotExpress);
    let text = generate(&fixture.document).text();
    assert!(!text.contains("8443"), "{text}");
}
