//! AdminNetworkPolicies and ClusterNetworkPolicies of a document.

use super::generate;
use super::target_tests::{planned, shop, specs, why, written};
use crate::model::fixture::Fixture;
use crate::model::{Base, Style};
use crate::policy::Target;
use crate::proof::prove::{Kind, Proof, State, Verdict, prove};

const BOTH: [Target; 2] = [Target::AdminNetworkPolicy, Target::ClusterNetworkPolicy];

const CLUSTER: &str = r#"shop/deny-all:
  tier: Baseline
  priority: 1000
  subject:
    namespaces:
      matchLabels:
        kubernetes.io/metadata.name: shop
  ingress:
  - action: Deny
    from:
    - namespaces: {}
  egress:
  - action: Deny
    to:
    - namespaces: {}
    - networks:
      - 0.0.0.0/0
      - "::/0"
data/db-from-shop-cart:
  tier: Admin
  priority: 1000
  subject:
    pods:
      namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: data
      podSelector:
        matchLabels:
          app: db
  ingress:
  - action: Accept
    from:
    - pods:
        namespaceSelector:
          matchLabels:
            kubernetes.io/metadata.name: shop
        podSelector:
          matchLabels:
            app: cart
    protocols:
    - tcp:
        destinationPort:
          range:
            start: 8000
            end: 8010
    - udp:
        destinationPort:
          range:
            start: 1
            end: 65535
data/db-to-partner:
  tier: Admin
  priority: 1000
  subject:
    pods:
      namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: data
      podSelector:
        matchLabels:
          app: db
  egress:
  - action: Accept
    to:
    - networks:
      - 198.51.100.7/32
    - domainNames:
      - "*.example.org"
      - api.example.com
    protocols:
    - tcp:
        destinationPort:
          number: 443
shop/web-from-monitors:
  tier: Admin
  priority: 1000
  subject:
    pods:
      namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: shop
      podSelector:
        matchLabels:
          app: web
  ingress:
  - action: Accept
    from:
    - pods:
        namespaceSelector:
          matchLabels:
            team: ops
        podSelector:
          matchLabels:
            app: monitor
          matchExpressions:
          - key: tier
            operator: In
            values:
            - a
            - b
          - key: canary
            operator: DoesNotExist
"#;

const ADMIN: &str = r#"data/deny-all:
  priority: 99
  subject:
    namespaces:
      matchLabels:
        kubernetes.io/metadata.name: data
  ingress:
  - action: Deny
    from:
    - namespaces: {}
  egress:
  - action: Deny
    to:
    - namespaces: {}
    - networks:
      - 0.0.0.0/0
      - "::/0"
data/db-from-shop-cart:
  priority: 98
  subject:
    pods:
      namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: data
      podSelector:
        matchLabels:
          app: db
  ingress:
  - action: Allow
    from:
    - pods:
        namespaceSelector:
          matchLabels:
            kubernetes.io/metadata.name: shop
        podSelector:
          matchLabels:
            app: cart
    ports:
    - portRange:
        protocol: TCP
        start: 8000
        end: 8010
    - portRange:
        protocol: UDP
        start: 1
        end: 65535
"#;

fn proof(fixture: &mut Fixture, target: Target) -> Proof {
    fixture.document.settings.dialects = vec![target];
    prove(&fixture.document, &generate(&fixture.document))
}

#[test]
fn cluster_network_policies_of_flows() {
    let keys = [
        "shop/deny-all",
        "data/db-from-shop-cart",
        "data/db-to-partner",
        "shop/web-from-monitors",
    ];
    assert_eq!(specs(Target::ClusterNetworkPolicy, &keys), CLUSTER);
}

#[test]
fn admin_network_policies_of_flows() {
    let keys = ["data/deny-all", "data/db-from-shop-cart"];
    assert_eq!(specs(Target::AdminNetworkPolicy, &keys), ADMIN);
}

#[test]
fn what_cluster_wide_policies_cannot_express_is_lost() {
    for target in BOTH {
        let (_, losses) = written(target, &planned(&shop().document));
        let kind = target.kind();
        let name = format!(
            "the port `TCP/postgres`: a port name of {kind} means every protocol that a pod declares it for"
        );
        let office = format!(
            "the ingress rule of the flow: {kind} matches no ingress from outside the cluster or from nodes, so it neither allows nor denies that of `office`"
        );
        assert_eq!(why(&losses), [name.clone(), name, office]);
    }
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.external(
        "all",
        &["0.0.0.0/0", "::/1"],
        &["localhost", "a.example.com"],
    );
    fixture.flow("shop/web", "external/all", "TCP/443");
    let lost = |target| why(&written(target, &planned(&fixture.document)).1);
    let name =
        "the domain name `localhost`: `localhost` is not a domain name of two labels or more";
    assert_eq!(lost(Target::AdminNetworkPolicy), [name]);
    assert_eq!(
        lost(Target::ClusterNetworkPolicy),
        [
            "the network `0.0.0.0/0`: `networks` of ClusterNetworkPolicy match pods, too, and every pod is in `0.0.0.0/0`",
            name
        ]
    );
}

/// Isolation and flows of one policy are two objects of different tiers.
#[test]
fn a_policy_that_isolates_and_allows_becomes_two() {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    let db = fixture.workload("shop/db", "app=db");
    fixture.document.workloads.get_mut(db).unwrap().isolate = crate::model::Isolate::Ingress;
    fixture.document.settings.base = Base::None;
    fixture.document.settings.style = Style::PerWorkload;
    fixture.flow("shop/web", "shop/db", "TCP/5432");
    for target in BOTH {
        fixture.document.settings.dialects = vec![target];
        let generated = generate(&fixture.document);
        let [written] = &generated.policies[..] else {
            panic!("{}", generated.text());
        };
        let names = written
            .text
            .lines()
            .filter_map(|l| l.strip_prefix("  name: "));
        assert_eq!(
            names.collect::<Vec<_>>(),
            ["shop.db.allow", "shop.db.deny"],
            "{}",
            written.text
        );
    }
}

/// Egress can be closed in full; ingress stays open to what is no pod, and nothing else is wrong.
#[test]
fn only_ingress_from_outside_stays_open() {
    for target in BOTH {
        let mut fixture = shop();
        fixture.document.settings.base = Base::DenyEgress;
        fixture.document.settings.dns.allow = true;
        let of_egress = proof(&mut fixture, target);
        assert_eq!(
            of_egress.state,
            State::CannotExpress,
            "{:?}",
            of_egress.findings
        );
        let exact = of_egress
            .verdicts
            .values()
            .filter(|v| **v == Verdict::Exact);
        assert_eq!(exact.count(), 6);
        assert!(of_egress.isolation.values().all(|i| i.egress && !i.ingress));

        let mut fixture = shop();
        let of_both = proof(&mut fixture, target);
        assert_eq!(of_both.state, State::TooWide);
        let wide = of_both.findings.iter().filter(|f| f.kind == Kind::TooWide);
        for finding in wide {
            let start = format!("{} cannot deny the ingress of ", target.kind());
            assert!(finding.message.starts_with(&start), "{}", finding.message);
        }
        let exact = of_both.verdicts.values().filter(|v| **v == Verdict::Exact);
        assert_eq!(exact.count(), 5, "{:?}", of_both.verdicts);
        assert!(of_both.isolation.values().all(|i| i.egress && i.ingress));
    }
}

/// ClusterNetworkPolicy allows before and denies behind NetworkPolicies, which add to what is drawn and isolate.
#[test]
fn network_policies_add_to_cluster_network_policies() {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.workload("shop/db", "app=db");
    let flow = fixture.flow("shop/web", "shop/db", "TCP/5432");
    fixture.import(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: closed, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n",
        None,
    );
    // It denies what these policies cannot match.
    assert_eq!(
        proof(&mut fixture, Target::ClusterNetworkPolicy).state,
        State::Exact
    );
    fixture.import(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, namespace: shop}\nspec: {podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]}\n",
        None,
    );
    let wide = proof(&mut fixture, Target::ClusterNetworkPolicy);
    assert_eq!(wide.state, State::TooWide);
    assert!(wide.findings.iter().all(|f| f.policies == ["shop/open"]));
    assert_eq!(wide.verdicts[&flow], Verdict::Exact);
    // AdminNetworkPolicy denies before NetworkPolicies, so that they open nothing.
    let closed = proof(&mut fixture, Target::AdminNetworkPolicy);
    assert_eq!(closed.state, State::Exact, "{:?}", closed.findings);
}
