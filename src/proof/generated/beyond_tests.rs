//! Flows that only some dialects can write: entities, HTTP rules and denials. Golden texts, read by a person, and what
//! the proof says about them.

use super::*;
use crate::model::fixture::Fixture;
use crate::model::{FlowId, Settings};
use crate::policy::{Entity, HttpRule};
use crate::proof::prove::prove;
use crate::proof::{Kind, Proof, State, Verdict};

/// A shop with the API server, everything outside, an HTTP flow and a denial.
fn shop(target: Target) -> Fixture {
    let mut fixture = Fixture::new();
    let web = fixture.workload("shop/web", "app=web");
    fixture.port(web, "http", 8080);
    fixture.workload("shop/catalog", "app=catalog");
    fixture.workload("ops/agent", "app=agent");
    for (name, entity) in [
        ("api-server", Entity::KubeApiserver),
        ("world", Entity::World),
    ] {
        fixture.external(name, &[], &[]);
        let id = fixture
            .document
            .externals
            .ids()
            .last()
            .expect("an external");
        let external = fixture.document.externals.get_mut(id).expect("it is there");
        external.entity = Some(entity);
    }
    fixture.external("metadata", &["169.254.169.254/32"], &[]);
    fixture.flow("ops/agent", "external/api-server", "TCP/6443");
    fixture.flow("external/world", "shop/web", "TCP/http");
    let http = fixture.flow("shop/web", "shop/catalog", "TCP/8080");
    let flow = fixture.document.flows.get_mut(http).expect("a flow");
    flow.http = ["GET /products/.*", "POST /carts"]
        .iter()
        .filter_map(|text| HttpRule::parse(text))
        .collect();
    let denial = fixture.flow("shop/*", "external/metadata", "any");
    fixture
        .document
        .flows
        .get_mut(denial)
        .expect("a flow")
        .denies = true;
    fixture.document.settings = Settings {
        dialects: vec![target],
        ..Settings::default()
    };
    fixture
}

fn proven(document: &Document) -> Proof {
    prove(document, &generate(document))
}

/// The texts of these policies.
fn texts(document: &Document, names: &[&str]) -> String {
    let generated = generate(document);
    let wanted = generated.policies.iter();
    let wanted = wanted.filter(|policy| names.contains(&policy.name.as_str()));
    wanted.map(|policy| policy.text.clone() + "---\n").collect()
}

#[test]
fn cilium_writes_entities_http_rules_and_denials() {
    let document = shop(Target::Cilium).document;
    let names = [
        "agent-to-api-server",
        "web-from-world",
        "web-to-catalog",
        "catalog-from-web",
        "any-pod-deny-to-metadata",
    ];
    insta::assert_snapshot!(texts(&document, &names), @r#"
    # agent may open connections to api-server
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata:
      name: agent-to-api-server
      namespace: ops
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      endpointSelector:
        matchLabels:
          app: agent
      egress:
      - toEntities:
        - kube-apiserver
        toPorts:
        - ports:
          - port: "6443"
            protocol: TCP
    ---
    # any pod of shop must not open connections to metadata
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata:
      name: any-pod-deny-to-metadata
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      endpointSelector: {}
      enableDefaultDeny:
        egress: false
      egressDeny:
      - toCIDR:
        - 169.254.169.254/32
    ---
    # catalog accepts connections from web
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata:
      name: catalog-from-web
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      endpointSelector:
        matchLabels:
          app: catalog
      ingress:
      - fromEndpoints:
        - matchLabels:
            app: web
        toPorts:
        - ports:
          - port: "8080"
            protocol: TCP
          rules:
            http:
            - method: GET
              path: "/products/.*"
            - method: POST
              path: "/carts"
    ---
    # web accepts connections from world
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata:
      name: web-from-world
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      endpointSelector:
        matchLabels:
          app: web
      ingress:
      - fromEntities:
        - world
        toPorts:
        - ports:
          - port: http
            protocol: TCP
    ---
    # web may open connections to catalog
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata:
      name: web-to-catalog
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      endpointSelector:
        matchLabels:
          app: web
      egress:
      - toEndpoints:
        - matchLabels:
            app: catalog
        toPorts:
        - ports:
          - port: "8080"
            protocol: TCP
    ---
    "#);
    let proof = proven(&document);
    let verdicts: Vec<Verdict> = proof.verdicts.values().copied().collect();
    assert_eq!(verdicts, [Verdict::Exact; 4], "{:?}", proof.findings);
}

#[test]
fn calico_writes_denials_before_what_allows() {
    let document = shop(Target::Calico).document;
    insta::assert_snapshot!(texts(&document, &["any-pod-deny-to-metadata"]), @r#"
    # any pod of shop must not open connections to metadata
    apiVersion: projectcalico.org/v3
    kind: NetworkPolicy
    metadata:
      name: any-pod-deny-to-metadata
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      order: 100
      selector: "all()"
      types:
      - Egress
      egress:
      - action: Deny
        destination:
          nets:
          - 169.254.169.254/32
    ---
    "#);
    let verdicts: Vec<Verdict> = proven(&document).verdicts.values().copied().collect();
    let lost = Verdict::CannotExpress;
    assert_eq!(verdicts, [lost, lost, lost, Verdict::Exact]);
}

#[test]
fn network_policies_have_none_of_them() {
    let document = shop(Target::Kubernetes).document;
    let why: Vec<String> = generate(&document)
        .losses
        .iter()
        .map(|loss| format!("{}: {}", loss.part, loss.why))
        .collect();
    insta::assert_snapshot!(why.join("\n"), @r"
    the flow: `api-server` has only the entity `kube-apiserver`, which NetworkPolicy cannot express
    the flow: NetworkPolicy has no HTTP rules
    the flow: NetworkPolicy cannot deny: what no policy allows is denied where one isolates
    ");
    let verdicts: Vec<Verdict> = proven(&document).verdicts.values().copied().collect();
    let lost = Verdict::CannotExpress;
    assert_eq!(verdicts, [lost, Verdict::Exact, lost, lost]);
}

#[test]
fn http_rules_that_something_else_makes_useless_are_too_wide() {
    let mut fixture = shop(Target::Cilium);
    fixture.flow("shop/*", "shop/catalog", "TCP/8000-9000");
    let proof = proven(&fixture.document);
    assert_eq!(proof.verdicts[&FlowId(2)], Verdict::TooWide);
    let messages: Vec<&str> = proof.findings.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "the HTTP rules of the flow web to catalog have no effect: CiliumNetworkPolicy shop/catalog-from-any-pod allows all requests"
        ]
    );
}

#[test]
fn a_denial_beats_what_other_flows_allow() {
    let mut fixture = shop(Target::Cilium);
    fixture.external("internal", &["169.254.0.0/16"], &[]);
    fixture.flow("shop/web", "external/internal", "TCP/80");
    let proof = proven(&fixture.document);
    assert!(proof.findings.is_empty(), "{:?}", proof.findings);
}

/// What a denial that is left out leaves open is too wide, and each answer says so.
#[test]
fn a_denial_that_cannot_be_written_is_too_wide_where_something_allows_it() {
    let mut fixture = shop(Target::Kubernetes);
    fixture.external("internal", &["169.254.0.0/16"], &[]);
    let opens = fixture.flow("shop/web", "external/internal", "TCP/80");
    let proof = proven(&fixture.document);
    assert_eq!(
        (proof.state, proof.verdicts[&FlowId(3)]),
        (State::TooWide, Verdict::TooWide)
    );
    assert_eq!(proof.verdicts[&opens], Verdict::TooWide);
    let finding = &proof.findings[0];
    insta::assert_snapshot!(finding.message, @"the egress of shop/web allows 169.254.169.254 on TCP 80, which the flow any pod of shop to metadata denies; the flow web to internal allows it");
    insta::assert_snapshot!(finding.help.as_deref().unwrap_or_default(), @"narrow the flow that allows it, or delete the one that denies it");
    assert_eq!(
        (&*finding.from, &*finding.to, &*finding.ports),
        ("shop/web", "169.254.169.254", "TCP 80")
    );
    // The denial is a loss all the same.
    let lost = proof.findings.iter().filter(|f| f.flows == [FlowId(3)]);
    assert!(
        lost.map(|f| f.kind).eq([Kind::CannotExpress]),
        "{:?}",
        proof.findings
    );
}

/// An imported policy, and a gate that nothing isolates, leave it open as well; half of a denial at which the other
/// gate refuses the connection does not.
#[test]
fn whatever_leaves_a_denial_open_is_named() {
    let message = |fixture: &Fixture| {
        let proof = proven(&fixture.document);
        let mut findings = proof.findings.iter();
        let finding = findings.find(|f| f.kind == Kind::TooWide && f.flows == [FlowId(0)]);
        finding.map(|f| format!("{}\n{}", f.message, f.help.as_deref().unwrap_or_default()))
    };
    let denying = || {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        fixture.workload("shop/db", "app=db");
        let denial = fixture.flow("shop/web", "shop/db", "TCP/5432");
        fixture
            .document
            .flows
            .get_mut(denial)
            .expect("a flow")
            .denies = true;
        fixture
    };
    let allow = |direction: &str, peer: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: old-{peer}, namespace: shop}}\nspec: \
             {{podSelector: {{}}, policyTypes: [{direction}], {}: [{{{peer}: [{{podSelector: {{}}}}]}}]}}\n",
            direction.to_lowercase()
        )
    };
    let mut fixture = denying();
    assert_eq!(message(&fixture), None);
    fixture.import(&allow("Egress", "to"), None);
    // Too wide, but not what is denied: the ingress of db still blocks it.
    assert_eq!(message(&fixture), None);
    fixture.import(&allow("Ingress", "from"), None);
    insta::assert_snapshot!(message(&fixture).expect("a finding"), @r"
    shop/db accepts shop/web on TCP 5432, which the flow web to db denies; shop/old-from allows it
    narrow the policy that allows it, or delete the flow that denies it
    ");
    let mut fixture = denying();
    fixture.document.settings.base = crate::model::Base::None;
    insta::assert_snapshot!(message(&fixture).expect("a finding"), @r"
    shop/db accepts shop/web on TCP 5432, which the flow web to db denies; no policy isolates there
    isolate these pods, or delete the flow that denies it
    ");
}

#[test]
fn http_rules_need_tcp_ports_and_regular_expressions() {
    let mut fixture = shop(Target::Cilium);
    let flow = fixture.document.flows.get_mut(FlowId(2)).expect("a flow");
    flow.ports = crate::model::validate::flow_ports("any").expect("ports");
    let losses = generate(&fixture.document).losses;
    assert_eq!(losses[0].why, "HTTP rules need TCP ports");
    let mut fixture = shop(Target::Cilium);
    let flow = fixture.document.flows.get_mut(FlowId(2)).expect("a flow");
    flow.http = HttpRule::parse("GET /(").into_iter().collect();
    let losses = generate(&fixture.document).losses;
    assert!(
        losses[0].why.starts_with("error parsing regexp"),
        "{}",
        losses[0].why
    );
}

#[test]
fn a_denial_has_no_http_rules() {
    let mut fixture = shop(Target::Cilium);
    let flow = fixture.document.flows.get_mut(FlowId(2)).expect("a flow");
    flow.denies = true;
    let generated = generate(&fixture.document);
    let why: Vec<&str> = generated.losses.iter().map(|l| l.why.as_str()).collect();
    assert_eq!(
        why,
        ["a flow that denies cannot have HTTP rules: it denies every request"]
    );
    assert!(!generated.text().contains("http:"), "{}", generated.text());
    let proof = prove(&fixture.document, &generated);
    assert_eq!(proof.verdicts[&FlowId(2)], Verdict::Invalid);
}

/// A domain name from a namespace without DNS, and from a workload of another one that may resolve names.
fn with_domain_names(imported: &str) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.workload("ops/agent", "app=agent");
    fixture.external("pay", &[], &["api.pay.example"]);
    fixture.flow("shop/web", "external/pay", "TCP/443");
    fixture.flow("ops/agent", "external/pay", "TCP/443");
    fixture.document.settings = Settings {
        dialects: vec![Target::Cilium],
        ..Settings::default()
    };
    let shop = fixture
        .document
        .namespace_named("shop")
        .expect("it is there");
    fixture
        .document
        .namespaces
        .get_mut(shop)
        .expect("it is there")
        .dns = Some(false);
    if !imported.is_empty() {
        fixture.document.policies.add(crate::model::ImportedPolicy {
            file: "dns.yaml".into(),
            text: imported.into(),
            replaces: None,
            unknown: crate::model::Unknown::new(),
        });
    }
    fixture
}

#[test]
fn cilium_needs_dns_for_domain_names() {
    let mut document = with_domain_names("").document;
    let proof = proven(&document);
    let generated = generate(&document);
    let losses: Vec<&str> = generated.losses.iter().map(|l| l.why.as_str()).collect();
    assert_eq!(
        losses,
        [
            "Cilium learns the addresses of domain names from DNS answers, and no policy lets these pods resolve names"
        ]
    );
    assert!(!generated.text().contains("name: web-to-pay"));
    assert!(generated.text().contains("name: agent-to-pay"));
    let verdicts: Vec<Verdict> = proof.verdicts.values().copied().collect();
    assert_eq!(verdicts, [Verdict::CannotExpress, Verdict::Exact]);
    // Other dialects learn no addresses.
    document.settings.dialects = vec![Target::Calico];
    let losses = generate(&document).losses;
    assert!(
        losses
            .iter()
            .all(|loss| !loss.why.contains("resolve names"))
    );
}

#[test]
fn imported_policies_make_domain_names_known_to_the_pods_that_they_select() {
    let policy = |app: &str, rules: &str| {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: dns, namespace: shop}}\nspec:\n  endpointSelector: {{matchLabels: {{app: {app}}}}}\n  egress:\n  - toPorts: [{{ports: [{{port: '53', protocol: UDP}}]{rules}}}]\n"
        )
    };
    let lost = |text: &str| generate(&with_domain_names(text).document).losses.len();
    let learning = ", rules: {dns: [{matchPattern: '*'}]}";
    assert_eq!(lost(&policy("web", learning)), 0);
    assert_eq!(lost(&policy("web", "")), 1);
    assert_eq!(lost(&policy("other", learning)), 1);
}
