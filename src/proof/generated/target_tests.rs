//! Plans in other dialects than NetworkPolicy: golden texts, read by a person, and what they mean when read back.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::analysis::compare;
use crate::cluster::{Enforcer, Snapshot};
use crate::diag::Severity;
use crate::intent::snapshot::with_stand_ins;
use crate::load::{Loaded, Settings, load};
use crate::manifest::Source;
use crate::model::fixture::Fixture;
use crate::model::validate::selector;
use crate::model::{FlowPort, Style};
use crate::policy::{Entity, FlowKey, Match, PlanPeer, Role};
use crate::proof::prove::laws::{drawing, random};
use crate::sets::Protocol;

/// The texts of a plan, and their losses.
pub(super) fn written(
    target: Target,
    policies: &[Arc<PlanPolicy>],
) -> (Vec<dialect::Text>, Vec<Loss>) {
    let domains = DomainNames::of(&Document::default(), &[], policies);
    let (mut texts, mut losses) = (Vec::new(), Vec::new());
    for planned in policies {
        let resolution = domains.resolution(planned);
        let (text, lost) = dialect::write(target, planned, resolution);
        texts.extend(text);
        losses.extend(lost);
    }
    (texts, losses)
}

pub(super) fn planned(document: &Document) -> Vec<Arc<PlanPolicy>> {
    plan(document, &imported::imported(document)).policies
}

/// One policy, `NAMESPACE/NAME`.
fn text(target: Target, key: &str) -> String {
    let policies = planned(&shop().document);
    let domains = DomainNames::of(&Document::default(), &[], &policies);
    let planned = policies.iter().find(|planned| planned.full_name() == key);
    let planned = planned.unwrap_or_else(|| panic!("no policy is called {key}"));
    let resolution = domains.resolution(planned);
    dialect::write(target, planned, resolution).0.unwrap().text
}

/// What stands in the `spec` of each of these policies.
pub(super) fn specs(target: Target, keys: &[&str]) -> String {
    let one = |key: &&str| {
        let text = text(target, key);
        let (_, spec) = text.split_once("spec:\n").unwrap();
        format!("{key}:\n{spec}")
    };
    keys.iter().map(one).collect()
}

pub(super) fn why(losses: &[Loss]) -> Vec<String> {
    let one = |loss: &Loss| format!("{}: {}", loss.part, loss.why);
    losses.iter().map(one).collect()
}

/// Everything that a flow can have.
pub(super) fn shop() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.workload("shop/cart", "app=cart");
    let db = fixture.workload("data/db", "app=db");
    fixture.port(db, "postgres", 5432);
    let pods = selector("app=monitor, tier in (a, b), !canary").unwrap();
    fixture.group("monitors", selector("team=ops").unwrap(), pods);
    fixture.group(
        "others",
        selector("!team").unwrap(),
        selector("app!=web").unwrap(),
    );
    let networks = [
        "10.0.0.0/8 except 10.1.0.0/16",
        "203.0.113.0/24",
        "2001:db8::/32",
    ];
    fixture.external("office", &networks, &[]);
    let names = ["api.example.com", "*.example.org."];
    fixture.external("partner", &["198.51.100.7/32"], &names);
    fixture.flow("shop/web", "shop/cart", "TCP/7070");
    fixture.flow("shop/cart", "data/db", "TCP/postgres, TCP/8000-8010, UDP");
    fixture.flow("group/monitors", "shop/web", "any");
    fixture.flow("group/others", "shop/web", "TCP/9090");
    fixture.flow("external/office", "shop/web", "TCP/443, UDP/443");
    fixture.flow("data/db", "external/partner", "TCP/443");
    fixture.flow("*", "shop/cart", "TCP/80");
    fixture
}

#[test]
fn lines_are_those_of_the_rules() {
    let mut fixture = shop();
    for style in [Style::PerFlow, Style::PerWorkload] {
        fixture.document.settings.style = style;
        let policies = planned(&fixture.document);
        for target in Target::ALL {
            let (texts, _) = written(target, &policies);
            let flows: BTreeSet<_> = texts.iter().flat_map(flows_of_lines).collect();
            // Ingress from an external is beyond cluster-wide policies.
            let expressed = 7 - usize::from(target.is_cluster_wide());
            assert_eq!(flows.len(), expressed, "{}", target.name());
        }
    }
}

/// The flows of the lines of a text; they are whole rules.
fn flows_of_lines(text: &dialect::Text) -> Vec<FlowKey> {
    let lines: Vec<&str> = text.text.lines().collect();
    let starts = |line: &str| line.starts_with("  - ") || line.starts_with("  # ");
    for (range, _) in &text.lines {
        let (first, last) = (*range.start() as usize, *range.end() as usize);
        assert!(lines[first - 1].starts_with("  - "), "{}", text.text);
        let next = lines.get(last).copied().unwrap_or("  egress:");
        let ends = ["  egress:", "---"].contains(&next);
        assert!(starts(next) || ends, "{}", text.text);
    }
    text.lines.iter().map(|(_, flow)| *flow).collect()
}

#[test]
fn cilium_isolates_with_empty_rules() {
    insta::assert_snapshot!(text(Target::Cilium, "shop/deny-all"), @r#"
    # connections to and from pods of shop need another policy that allows them
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata:
      name: deny-all
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      endpointSelector: {}
      ingress:
      - {}
      egress:
      - {}
    "#);
}

#[test]
fn cilium_reads_dns_answers_where_rules_name_domains() {
    let both = ["data/allow-dns", "shop/allow-dns"];
    insta::assert_snapshot!(specs(Target::Cilium, &both), @r#"
    data/allow-dns:
      endpointSelector: {}
      egress:
      - toEndpoints:
        - matchLabels:
            "k8s:io.kubernetes.pod.namespace": kube-system
            "k8s:k8s-app": kube-dns
        toPorts:
        - ports:
          - port: "53"
            protocol: UDP
          - port: "53"
            protocol: TCP
          rules:
            dns:
            - matchPattern: "*"
    shop/allow-dns:
      endpointSelector: {}
      egress:
      - toEndpoints:
        - matchLabels:
            "k8s:io.kubernetes.pod.namespace": kube-system
            "k8s:k8s-app": kube-dns
        toPorts:
        - ports:
          - port: "53"
            protocol: UDP
          - port: "53"
            protocol: TCP
    "#);
}

/// Peers and ports of every kind.
const FLOWS: [&str; 5] = [
    "shop/cart-from-cluster",
    "shop/cart-to-data-db",
    "shop/web-from-monitors",
    "shop/web-from-others",
    "shop/web-from-office",
];

#[test]
fn cilium_policies_of_flows() {
    let keys = [&["shop/cart-from-web"], &FLOWS[..], &["data/db-to-partner"]].concat();
    insta::assert_snapshot!(specs(Target::Cilium, &keys), @r#"
    shop/cart-from-web:
      endpointSelector:
        matchLabels:
          app: cart
      ingress:
      - fromEndpoints:
        - matchLabels:
            app: web
        toPorts:
        - ports:
          - port: "7070"
            protocol: TCP
    shop/cart-from-cluster:
      endpointSelector:
        matchLabels:
          app: cart
      ingress:
      - fromEndpoints:
        - matchExpressions:
          - key: "k8s:io.kubernetes.pod.namespace"
            operator: Exists
        toPorts:
        - ports:
          - port: "80"
            protocol: TCP
    shop/cart-to-data-db:
      endpointSelector:
        matchLabels:
          app: cart
      egress:
      - toEndpoints:
        - matchLabels:
            "k8s:app": db
            "k8s:io.kubernetes.pod.namespace": data
        toPorts:
        - ports:
          - port: "8000"
            endPort: 8010
            protocol: TCP
          - port: postgres
            protocol: TCP
          - port: "0"
            protocol: UDP
    shop/web-from-monitors:
      endpointSelector:
        matchLabels:
          app: web
      ingress:
      - fromEndpoints:
        - matchLabels:
            "k8s:app": monitor
            "k8s:io.cilium.k8s.namespace.labels.team": ops
          matchExpressions:
          - key: "k8s:tier"
            operator: In
            values:
            - a
            - b
          - key: "k8s:canary"
            operator: DoesNotExist
    shop/web-from-others:
      endpointSelector:
        matchLabels:
          app: web
      ingress:
      - fromEndpoints:
        - matchExpressions:
          - key: "k8s:io.kubernetes.pod.namespace"
            operator: Exists
          - key: "k8s:io.cilium.k8s.namespace.labels.team"
            operator: DoesNotExist
          - key: "k8s:app"
            operator: NotIn
            values:
            - web
        toPorts:
        - ports:
          - port: "9090"
            protocol: TCP
    shop/web-from-office:
      endpointSelector:
        matchLabels:
          app: web
      ingress:
      - fromCIDRSet:
        - cidr: 10.0.0.0/8
          except:
          - 10.1.0.0/16
        - cidr: 203.0.113.0/24
        - cidr: "2001:db8::/32"
        toPorts:
        - ports:
          - port: "443"
            protocol: TCP
          - port: "443"
            protocol: UDP
    data/db-to-partner:
      endpointSelector:
        matchLabels:
          app: db
      egress:
      - toCIDR:
        - 198.51.100.7/32
        toPorts:
        - ports:
          - port: "443"
            protocol: TCP
      - toFQDNs:
        - matchName: api.example.com
        - matchPattern: "**.example.org"
        toPorts:
        - ports:
          - port: "443"
            protocol: TCP
    "#);
}

#[test]
fn calico_isolates_without_rules() {
    insta::assert_snapshot!(text(Target::Calico, "shop/deny-all"), @r#"
    # connections to and from pods of shop need another policy that allows them
    apiVersion: projectcalico.org/v3
    kind: NetworkPolicy
    metadata:
      name: deny-all
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      selector: "all()"
      types:
      - Ingress
      - Egress
    "#);
}

#[test]
fn calico_policies_of_flows() {
    let keys = [
        &["shop/allow-dns", "shop/cart-from-web"],
        &FLOWS[..],
        &["data/db-to-partner"],
    ]
    .concat();
    insta::assert_snapshot!(specs(Target::Calico, &keys), @r#"
    shop/allow-dns:
      selector: "all()"
      types:
      - Egress
      egress:
      - action: Allow
        protocol: UDP
        destination:
          namespaceSelector: "kubernetes.io/metadata.name == 'kube-system'"
          selector: "k8s-app == 'kube-dns'"
          ports:
          - 53
      - action: Allow
        protocol: TCP
        destination:
          namespaceSelector: "kubernetes.io/metadata.name == 'kube-system'"
          selector: "k8s-app == 'kube-dns'"
          ports:
          - 53
    shop/cart-from-web:
      selector: "app == 'cart'"
      types:
      - Ingress
      ingress:
      - action: Allow
        protocol: TCP
        source:
          selector: "app == 'web'"
        destination:
          ports:
          - 7070
    shop/cart-from-cluster:
      selector: "app == 'cart'"
      types:
      - Ingress
      ingress:
      - action: Allow
        protocol: TCP
        source:
          namespaceSelector: "all()"
        destination:
          ports:
          - 80
    shop/cart-to-data-db:
      selector: "app == 'cart'"
      types:
      - Egress
      egress:
      - action: Allow
        protocol: TCP
        destination:
          namespaceSelector: "kubernetes.io/metadata.name == 'data'"
          selector: "app == 'db'"
          ports:
          - "8000:8010"
          - postgres
      - action: Allow
        protocol: UDP
        destination:
          namespaceSelector: "kubernetes.io/metadata.name == 'data'"
          selector: "app == 'db'"
    shop/web-from-monitors:
      selector: "app == 'web'"
      types:
      - Ingress
      ingress:
      - action: Allow
        source:
          namespaceSelector: "team == 'ops'"
          selector: "app == 'monitor' && tier in {'a', 'b'} && !has(canary)"
    shop/web-from-others:
      selector: "app == 'web'"
      types:
      - Ingress
      ingress:
      - action: Allow
        protocol: TCP
        source:
          namespaceSelector: "has(kubernetes.io/metadata.name) && !has(team)"
          selector: "app != 'web'"
        destination:
          ports:
          - 9090
    shop/web-from-office:
      selector: "app == 'web'"
      types:
      - Ingress
      ingress:
      - action: Allow
        protocol: TCP
        source:
          nets:
          - 10.0.0.0/8
          notNets:
          - 10.1.0.0/16
        destination:
          ports:
          - 443
      - action: Allow
        protocol: UDP
        source:
          nets:
          - 10.0.0.0/8
          notNets:
          - 10.1.0.0/16
        destination:
          ports:
          - 443
      - action: Allow
        protocol: TCP
        source:
          nets:
          - 203.0.113.0/24
        destination:
          ports:
          - 443
      - action: Allow
        protocol: UDP
        source:
          nets:
          - 203.0.113.0/24
        destination:
          ports:
          - 443
      - action: Allow
        protocol: TCP
        source:
          nets:
          - "2001:db8::/32"
        destination:
          ports:
          - 443
      - action: Allow
        protocol: UDP
        source:
          nets:
          - "2001:db8::/32"
        destination:
          ports:
          - 443
    data/db-to-partner:
      selector: "app == 'db'"
      types:
      - Egress
      egress:
      - action: Allow
        protocol: TCP
        destination:
          nets:
          - 198.51.100.7/32
          ports:
          - 443
    "#);
    let (_, losses) = written(Target::Calico, &planned(&shop().document));
    assert_eq!(
        why(&losses),
        [
            "the domain name `api.example.com`: Calico has no domain names",
            "the domain name `*.example.org.`: Calico has no domain names",
        ]
    );
}

#[test]
fn what_cilium_cannot_express_is_lost() {
    let mut fixture = Fixture::new();
    fixture.workload("a/web", "app=web");
    let all = || selector("").unwrap();
    fixture.group(
        "pods",
        all(),
        selector("app=x, !pod-template-hash").unwrap(),
    );
    let long = format!("{}=x", "k".repeat(40));
    fixture.group("spaces", selector(&long).unwrap(), all());
    fixture.external("names", &[], &["api.example.com", "a b"]);
    for (from, to) in [
        ("group/pods", "a/web"),
        ("group/spaces", "a/web"),
        ("external/names", "a/web"),
        ("a/web", "external/names"),
    ] {
        fixture.flow(from, to, "TCP/80");
    }
    let (texts, losses) = written(Target::Cilium, &planned(&fixture.document));
    assert_eq!(
        why(&losses),
        [
            "the egress rule of the flow: Cilium does not select pods by the label `pod-template-hash`",
            "the flow: `names` has only a domain name, which an ingress rule of Cilium cannot express",
            "the ingress rule of the flow: Cilium does not select pods by the label `pod-template-hash`",
            "the ingress rule of the flow: the namespace label `kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk` is too long for a selector of Cilium",
            "the domain name `a b`: `a b` is not a domain name",
        ]
    );
    // The rest is written.
    assert!(
        texts
            .iter()
            .any(|text| text.text.contains("matchName: api.example.com"))
    );
    assert!(
        texts
            .iter()
            .all(|text| !text.text.contains("pod-template-hash"))
    );
}

fn read(texts: &[dialect::Text]) -> Loaded {
    let texts: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
    let source = Source::new("p.yaml", texts.join("---\n"));
    let settings = Settings {
        enforcer: Some(Enforcer::Cilium),
        ..Settings::default()
    };
    load(&[source], &settings)
}

/// The pods of a document under these policies.
fn under(document: &Document, policies: &Loaded) -> Snapshot {
    let mut snapshot = with_stand_ins(document).snapshot;
    snapshot.tiers.clone_from(&policies.snapshot.tiers);
    snapshot.policies.clone_from(&policies.snapshot.policies);
    snapshot.assumptions = policies.snapshot.assumptions;
    snapshot
}

/// The plan without what one of the two dialects cannot express.
fn of_both(policies: Vec<Arc<PlanPolicy>>) -> Vec<Arc<PlanPolicy>> {
    let one = |planned: Arc<PlanPolicy>| {
        let mut planned = PlanPolicy::clone(&planned);
        if planned.role == Role::Deny || !planned.accounts.is_any() {
            return None;
        }
        planned.rules.retain(|rule| rule.http.is_empty());
        for rule in &mut planned.rules {
            if let Match::Only(peers) = &mut rule.peers {
                peers.retain(|peer| match peer {
                    PlanPeer::Entity(entity) => *entity == Entity::World,
                    PlanPeer::Domain(_) | PlanPeer::Node(_) | PlanPeer::Accounts(..) => false,
                    PlanPeer::Pods(..) | PlanPeer::Block(_) => true,
                });
            }
        }
        planned
            .rules
            .retain(|rule| rule.peers != Match::Only(Vec::new()));
        (planned.isolates || !planned.rules.is_empty()).then(|| Arc::new(planned))
    };
    policies.into_iter().filter_map(one).collect()
}

/// What is wrong with the texts of a plan in Cilium's dialect.
fn faults_in_cilium(document: &Document) -> Vec<String> {
    let policies = planned(document);
    let (texts, _) = written(Target::Cilium, &policies);
    let loaded = read(&texts);
    let serious = |d: &&Diagnostic| d.severity <= Severity::Warning && d.code != "W4";
    let mut faults: Vec<String> = loaded
        .diagnostics
        .iter()
        .filter(serious)
        .map(|d| d.to_string())
        .collect();
    if loaded.snapshot.policies.len() != texts.len() {
        faults.push("a policy is refused".to_owned());
    }
    let policies = of_both(policies);
    let both = [Target::Kubernetes, Target::Cilium].map(|target| written(target, &policies));
    let [plain, cilium] = both.map(|(texts, losses)| {
        faults.extend(why(&losses));
        under(document, &read(&texts))
    });
    faults.extend(compare(&plain, &cilium).iter().map(|d| format!("{d:?}")));
    faults
}

#[test]
fn cilium_policies_mean_the_same_as_network_policies() {
    assert_eq!(faults_in_cilium(&shop().document), [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn cilium_policies_of_random_documents_mean_the_same(random in random()) {
        let mut document = drawing(&random).document;
        // NetworkPolicy has no types of ICMP.
        for id in document.flows.ids().collect::<Vec<_>>() {
            let flow = document.flows.get_mut(id).expect("the flow");
            flow.ports.retain(|port| !matches!(port, FlowPort::Range(Protocol::Icmp | Protocol::Icmp6, ..) | FlowPort::All(Protocol::Icmp | Protocol::Icmp6)));
            if flow.ports.is_empty() {
                document.flows.remove(id);
            }
        }
        let faults = faults_in_cilium(&document);
        prop_assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

#[test]
fn types_of_icmp_are_written_where_the_dialect_has_them() {
    use crate::proof::{State, prove};
    let mut fixture = Fixture::new();
    fixture.workload("default/sensitive", "app=sensitive");
    fixture.workload("default/auth", "app=auth");
    fixture.flow(
        "default/sensitive",
        "default/auth",
        "TCP/80, ICMP/8, ICMPv6/128",
    );
    for target in Target::ALL {
        fixture.document.settings.dialects = vec![target];
        let generated = generate(&fixture.document);
        let proof = prove(&fixture.document, &generated);
        let text = generated.text();
        assert!(text.contains("80"), "{text}");
        match target.has_icmp_types() {
            true => {
                assert_eq!(generated.losses, []);
                assert_eq!(proof.state, State::Exact, "{target:?}");
            }
            false => {
                let lost = generated.losses.iter();
                let lost: Vec<String> = lost.map(|l| format!("{}: {}", l.part, l.why)).collect();
                let kind = target.kind();
                assert_eq!(
                    lost,
                    [
                        format!("the port `ICMP/8`: {kind} cannot express ICMP type 8"),
                        format!("the port `ICMPv6/128`: {kind} cannot express ICMPv6 type 128"),
                    ]
                );
                // The others deny no ingress from outside.
                if target == Target::Kubernetes {
                    assert_eq!(proof.state, State::CannotExpress);
                }
                assert!(!text.to_lowercase().contains("icmp"), "{text}");
            }
        }
        let ingress = |text: &str| {
            let all = text
                .split("---\n")
                .filter(|part| part.contains("Ingress") || part.contains("ingress:"));
            all.last().unwrap_or_default().to_owned()
        };
        if target == Target::Cilium {
            insta::assert_snapshot!(ingress(&text), @r##"
            # auth accepts connections from sensitive
            apiVersion: cilium.io/v2
            kind: CiliumNetworkPolicy
            metadata:
              name: auth-from-sensitive
              namespace: default
              labels:
                app.kubernetes.io/managed-by: drawbridge
            spec:
              endpointSelector:
                matchLabels:
                  app: auth
              ingress:
              - fromEndpoints:
                - matchLabels:
                    app: sensitive
                toPorts:
                - ports:
                  - port: "80"
                    protocol: TCP
              - fromEndpoints:
                - matchLabels:
                    app: sensitive
                icmps:
                - fields:
                  - family: IPv4
                    type: 8
                  - family: IPv6
                    type: 128
            "##);
        }
    }
}
