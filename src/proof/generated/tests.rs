//! Golden policies, read by a person.

use super::*;
use crate::cluster::HostNetwork;
use crate::model::fixture::Fixture;
use crate::model::{Base, End, Style};
use crate::sets::Selector;

/// The example of the first issue: sensitive to auth on TCP 80.
pub(crate) fn example() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.workload("default/sensitive", "app=sensitive");
    fixture.workload("default/auth", "app=auth");
    fixture.flow("default/sensitive", "default/auth", "TCP/80");
    fixture
}

/// What is left out: its flow, how bad that is, what, why and what to do.
fn losses(generated: &Generated) -> Vec<String> {
    let one = |loss: &Loss| {
        let help = loss.help.as_deref().unwrap_or_default();
        format!(
            "{} {:?}: {}: {}; {help}",
            loss.flow.0, loss.severity, loss.part, loss.why
        )
    };
    generated.losses.iter().map(one).collect()
}

fn names(generated: &Generated) -> Vec<String> {
    generated
        .policies
        .iter()
        .map(|p| format!("{}/{}", p.namespace, p.name))
        .collect()
}

/// As a project file has it: the words of externals that are declared.
#[test]
fn a_flow_between_two_externals_is_refused_as_such() {
    let mut fixture = example();
    for name in ["a", "b"] {
        let network = crate::model::Network {
            cidr: "10.0.0.0/8".parse().unwrap(),
            except: Vec::new(),
        };
        fixture
            .document
            .externals
            .add(crate::model::External::new(name, vec![network]));
    }
    let end = |name: &str| End::Missing(format!("external/{name}"));
    let ports = vec![crate::model::FlowPort::Any];
    let flow = crate::model::Flow::new(end("a"), end("b"), ports);
    fixture.document.flows.add(flow);
    let why = &losses(&generate(&fixture.document))[0];
    assert!(why.contains("both ends are externals or nodes"), "{why}");
}

#[test]
fn the_example_per_flow() {
    let generated = generate(&example().document);
    assert_eq!(generated.losses, []);
    assert_eq!(generated.diagnostics, []);
    insta::assert_snapshot!(generated.text(), @r#"
    # connections to and from pods of default need another policy that allows them
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: deny-all
      namespace: default
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector: {}
      policyTypes:
      - Ingress
      - Egress
    ---
    # pods of default may resolve names
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: allow-dns
      namespace: default
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector: {}
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
    # auth accepts connections from sensitive
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: auth-from-sensitive
      namespace: default
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: auth
      policyTypes:
      - Ingress
      ingress:
      - from:
        - podSelector:
            matchLabels:
              app: sensitive
        ports:
        - protocol: TCP
          port: 80
    ---
    # sensitive may open connections to auth
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: sensitive-to-auth
      namespace: default
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: sensitive
      policyTypes:
      - Egress
      egress:
      - to:
        - podSelector:
            matchLabels:
              app: auth
        ports:
        - protocol: TCP
          port: 80
    "#);
    let lines: Vec<_> = generated.policies.iter().map(|p| p.lines.clone()).collect();
    insta::assert_debug_snapshot!(lines, @r#"
    [
        [],
        [],
        [
            (
                16..=22,
                FlowId(
                    0,
                ),
            ),
        ],
        [
            (
                16..=22,
                FlowId(
                    0,
                ),
            ),
        ],
    ]
    "#);
}

#[test]
fn the_example_per_workload() {
    let mut fixture = example();
    fixture.document.settings.style = Style::PerWorkload;
    insta::assert_snapshot!(generate(&fixture.document).text(), @r#"
    # connections to and from pods of default need another policy that allows them
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: deny-all
      namespace: default
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector: {}
      policyTypes:
      - Ingress
      - Egress
    ---
    # pods of default may resolve names
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: allow-dns
      namespace: default
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector: {}
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
    # connections of auth
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: auth
      namespace: default
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: auth
      policyTypes:
      - Ingress
      ingress:
      - from:
        - podSelector:
            matchLabels:
              app: sensitive
        ports:
        - protocol: TCP
          port: 80
    ---
    # connections of sensitive
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: sensitive
      namespace: default
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: sensitive
      policyTypes:
      - Egress
      egress:
      - to:
        - podSelector:
            matchLabels:
              app: auth
        ports:
        - protocol: TCP
          port: 80
    "#);
}

#[test]
fn two_namespaces_with_ports_notes_labels_and_annotations() {
    let mut fixture = Fixture::new();
    let web = fixture.workload("shop/web", "app=web");
    fixture.workload(
        "data/db",
        "app.kubernetes.io/name=db, app.kubernetes.io/instance=main, version=3",
    );
    fixture.port(web, "http", 8080);
    let flow = fixture.flow(
        "shop/web",
        "data/db",
        "TCP/5432, TCP/5433, UDP/53, TCP/5434-5440",
    );
    fixture.document.flows.get_mut(flow).unwrap().note = "Orders: #1".into();
    fixture.flow("data/db", "shop/web", "TCP/http, SCTP");
    let settings = &mut fixture.document.settings;
    settings.labels.insert("team".into(), "on".into());
    settings.annotations.insert("owner".into(), "1_000".into());
    settings.dns.allow = false;
    insta::assert_snapshot!(generate(&fixture.document).text(), @r#"
    # connections to and from pods of data need another policy that allows them
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: deny-all
      namespace: data
      labels:
        app.kubernetes.io/managed-by: drawbridge
        team: "on"
      annotations:
        owner: "1_000"
    spec:
      podSelector: {}
      policyTypes:
      - Ingress
      - Egress
    ---
    # db accepts connections from shop/web
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: db-from-shop-web
      namespace: data
      labels:
        app.kubernetes.io/managed-by: drawbridge
        team: "on"
      annotations:
        kubernetes.io/description: "Orders: #1"
        owner: "1_000"
    spec:
      podSelector:
        matchLabels:
          app.kubernetes.io/instance: main
          app.kubernetes.io/name: db
      policyTypes:
      - Ingress
      ingress:
      - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: shop
          podSelector:
            matchLabels:
              app: web
        ports:
        - protocol: TCP
          port: 5432
          endPort: 5440
        - protocol: UDP
          port: 53
    ---
    # db may open connections to shop/web
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: db-to-shop-web
      namespace: data
      labels:
        app.kubernetes.io/managed-by: drawbridge
        team: "on"
      annotations:
        owner: "1_000"
    spec:
      podSelector:
        matchLabels:
          app.kubernetes.io/instance: main
          app.kubernetes.io/name: db
      policyTypes:
      - Egress
      egress:
      - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: shop
          podSelector:
            matchLabels:
              app: web
        ports:
        - protocol: TCP
          port: http
        - protocol: SCTP
    ---
    # connections to and from pods of shop need another policy that allows them
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: deny-all
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
        team: "on"
      annotations:
        owner: "1_000"
    spec:
      podSelector: {}
      policyTypes:
      - Ingress
      - Egress
    ---
    # web accepts connections from data/db
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: web-from-data-db
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
        team: "on"
      annotations:
        owner: "1_000"
    spec:
      podSelector:
        matchLabels:
          app: web
      policyTypes:
      - Ingress
      ingress:
      - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: data
          podSelector:
            matchLabels:
              app.kubernetes.io/instance: main
              app.kubernetes.io/name: db
        ports:
        - protocol: TCP
          port: http
        - protocol: SCTP
    ---
    # web may open connections to data/db
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: web-to-data-db
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
        team: "on"
      annotations:
        kubernetes.io/description: "Orders: #1"
        owner: "1_000"
    spec:
      podSelector:
        matchLabels:
          app: web
      policyTypes:
      - Egress
      egress:
      - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: data
          podSelector:
            matchLabels:
              app.kubernetes.io/instance: main
              app.kubernetes.io/name: db
        ports:
        - protocol: TCP
          port: 5432
          endPort: 5440
        - protocol: UDP
          port: 53
    "#);
}

#[test]
fn externals_groups_and_any_pod() {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.workload("monitoring/prometheus", "app=prometheus");
    fixture.external(
        "Internet",
        &["0.0.0.0/0 except 10.0.0.0/8", "::/0 except fc00::/7"],
        &[],
    );
    fixture.external("stripe", &["198.51.100.0/24"], &["api.stripe.com"]);
    let monitoring = Selector::label("kubernetes.io/metadata.name", "monitoring");
    fixture.group("scrapers", monitoring, Selector::label("app", "prometheus"));
    fixture.flow("external/Internet", "shop/web", "TCP/443");
    fixture.flow("shop/web", "external/stripe", "TCP/443");
    fixture.flow("group/scrapers", "shop/*", "TCP/9090");
    fixture.flow("*", "shop/web", "any");
    fixture.document.settings.dns.allow = false;
    let generated = generate(&fixture.document);
    insta::assert_snapshot!(generated.text(), @r#"
    # connections to and from pods of monitoring need another policy that allows them
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: deny-all
      namespace: monitoring
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector: {}
      policyTypes:
      - Ingress
      - Egress
    ---
    # any pod of monitoring may open connections to shop/web
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: any-pod-to-shop-web
      namespace: monitoring
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector: {}
      policyTypes:
      - Egress
      egress:
      - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: shop
          podSelector:
            matchLabels:
              app: web
    ---
    # group scrapers may open connections to any pod of shop
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: scrapers-to-shop-any-pod
      namespace: monitoring
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: prometheus
      policyTypes:
      - Egress
      egress:
      - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: shop
        ports:
        - protocol: TCP
          port: 9090
    ---
    # connections to and from pods of shop need another policy that allows them
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: deny-all
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector: {}
      policyTypes:
      - Ingress
      - Egress
    ---
    # any pod of shop accepts connections from group scrapers
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: any-pod-from-scrapers
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector: {}
      policyTypes:
      - Ingress
      ingress:
      - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: monitoring
          podSelector:
            matchLabels:
              app: prometheus
        ports:
        - protocol: TCP
          port: 9090
    ---
    # any pod of shop may open connections to web
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: any-pod-to-web
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector: {}
      policyTypes:
      - Egress
      egress:
      - to:
        - podSelector:
            matchLabels:
              app: web
    ---
    # web accepts connections from any pod of the cluster
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: web-from-cluster
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: web
      policyTypes:
      - Ingress
      ingress:
      - from:
        - namespaceSelector: {}
    ---
    # web accepts connections from Internet
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: web-from-internet
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: web
      policyTypes:
      - Ingress
      ingress:
      - from:
        - ipBlock:
            cidr: 0.0.0.0/0
            except:
            - 10.0.0.0/8
        - ipBlock:
            cidr: "::/0"
            except:
            - "fc00::/7"
        ports:
        - protocol: TCP
          port: 443
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
      - to:
        - ipBlock:
            cidr: 198.51.100.0/24
        ports:
        - protocol: TCP
          port: 443
    "#);
    assert_eq!(
        losses(&generated),
        [
            "1 Warning: the domain name `api.stripe.com`: NetworkPolicy has no domain names; use networks instead, or set `approximate: true` on the flow: allows all addresses outside the cluster on TCP 443",
        ]
    );
}

#[test]
fn a_half_is_written_only_where_its_subject_is_isolated() {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.workload("legacy/old", "app=old");
    fixture.workload("vendor/box", "app=box");
    fixture.flow("shop/web", "legacy/old", "TCP/80");
    fixture.flow("shop/web", "vendor/box", "TCP/80");
    fixture.flow("legacy/old", "vendor/box", "TCP/81");
    let legacy = fixture.namespace("legacy");
    fixture.document.namespaces.get_mut(legacy).unwrap().base = Some(Base::None);
    let vendor = fixture.namespace("vendor");
    fixture.document.namespaces.get_mut(vendor).unwrap().managed = false;
    let generated = generate(&fixture.document);
    assert_eq!(
        names(&generated),
        [
            "shop/deny-all",
            "shop/allow-dns",
            "shop/web-to-legacy-old",
            "shop/web-to-vendor-box"
        ]
    );
    let texts: Vec<String> = generated
        .diagnostics
        .iter()
        .map(ToString::to_string)
        .collect();
    insta::assert_snapshot!(texts.join("\n"), @"
    info: no policies are generated for `vendor`: it is not managed (unmanaged)
        help: its owner must allow `box` connections from `old` on TCP/81
    info: no policies are generated for `vendor`: it is not managed (unmanaged)
        help: its owner must allow `box` connections from `web` on TCP/80
    ");
}

#[test]
fn workloads_are_identified_or_left_out() {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.workload("shop/canary", "app=web, track=canary, version=2");
    fixture.workload("shop/twin-a", "app=twin, version=1");
    fixture.workload("shop/twin-b", "app=twin, version=2");
    fixture.workload("shop/bare", "");
    fixture.flow("shop/web", "shop/canary", "TCP/80");
    fixture.flow("shop/web", "shop/twin-a", "TCP/80");
    fixture.flow("shop/bare", "shop/web", "TCP/80");
    fixture.document.settings.dns.allow = false;
    let generated = generate(&fixture.document);
    let text: Vec<&str> = (generated.policies.iter().skip(1))
        .map(|p| p.text.as_str())
        .collect();
    insta::assert_snapshot!(text.join("---\n"), @r#"
    # canary accepts connections from web
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: canary-from-web
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: web
          track: canary
      policyTypes:
      - Ingress
      ingress:
      - from:
        - podSelector:
            matchLabels:
              app: web
            matchExpressions:
            - key: track
              operator: DoesNotExist
        ports:
        - protocol: TCP
          port: 80
    ---
    # web may open connections to canary
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: web-to-canary
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: web
        matchExpressions:
        - key: track
          operator: DoesNotExist
      policyTypes:
      - Egress
      egress:
      - to:
        - podSelector:
            matchLabels:
              app: web
              track: canary
        ports:
        - protocol: TCP
          port: 80
    "#);
    assert_eq!(
        losses(&generated),
        [
            "1 Warning: the flow: no label distinguishes `twin-a` from `twin-b`; add a label that only one of them has",
            "2 Warning: the flow: the pods of `bare` have no label that identifies it; add a label such as `app` to its pods",
        ]
    );
}

/// `web` and two workloads on the host network, one of them with addresses.
fn with_host_network() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    for name in ["agent", "lost"] {
        let id = fixture.workload(&format!("nodes/{name}"), &format!("app={name}"));
        fixture.document.workloads.get_mut(id).unwrap().host_network = true;
    }
    let agent = fixture.document.workloads.ids().nth(1).unwrap();
    fixture.document.workloads.get_mut(agent).unwrap().addresses =
        vec!["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()];
    fixture.flow("nodes/agent", "shop/web", "TCP/8080");
    fixture.flow("shop/web", "nodes/agent", "TCP/9100");
    fixture.flow("nodes/lost", "shop/web", "TCP/8081");
    fixture.document.settings.base = Base::DenyIngress;
    fixture
}

/// Like other pods, as the API's text has it; with a note that many plugins see it otherwise.
#[test]
fn host_network_pods_that_count_as_pods_are_selected_by_labels() {
    let generated = generate(&with_host_network().document);
    assert_eq!(losses(&generated), [""; 0]);
    let written: Vec<(String, Vec<&str>)> = (generated.policies.iter())
        .map(|p| {
            (
                p.key(),
                p.text.lines().filter(|l| l.contains(" app:")).collect(),
            )
        })
        .filter(|(_, labels): &(_, Vec<&str>)| !labels.is_empty())
        .collect();
    let written: Vec<String> = (written.iter())
        .map(|(key, labels)| {
            format!(
                "{key}: {}",
                labels
                    .iter()
                    .map(|l| l.trim())
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        })
        .collect();
    assert_eq!(
        written,
        [
            "nodes/agent-from-shop-web: app: agent, app: web",
            "shop/web-from-nodes-agent: app: web, app: agent",
            "shop/web-from-nodes-lost: app: web, app: lost",
        ]
    );
    let notes: Vec<String> = generated
        .diagnostics
        .iter()
        .map(|d| d.message.clone())
        .collect();
    let note = |name: &str| {
        format!(
            "`{name}` is on the host network: it is selected by labels like any pod, but most \
             network plugins treat such pods as their node"
        )
    };
    assert_eq!(notes, [note("agent"), note("lost")]);
}

#[test]
fn host_network_pods_that_count_as_nodes_are_written_by_their_addresses() {
    let mut fixture = with_host_network();
    fixture.document.settings.assumptions.host_network = HostNetwork::Nodes;
    let generated = generate(&fixture.document);
    insta::assert_snapshot!(generated.text(), @r#"
    # connections to pods of nodes need another policy that allows them
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: deny-ingress
      namespace: nodes
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector: {}
      policyTypes:
      - Ingress
    ---
    # connections to pods of shop need another policy that allows them
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: deny-ingress
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector: {}
      policyTypes:
      - Ingress
    ---
    # web accepts connections from nodes/agent
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: web-from-nodes-agent
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          app: web
      policyTypes:
      - Ingress
      ingress:
      - from:
        - ipBlock:
            cidr: 192.0.2.7/32
        - ipBlock:
            cidr: "2001:db8::7/128"
        ports:
        - protocol: TCP
          port: 8080
    "#);
    assert_eq!(
        losses(&generated),
        [
            "2 Warning: the flow: `lost` runs on the host network, where selectors do not apply; add the addresses of its nodes, or move it to the pod network",
        ]
    );
}

#[test]
fn port_names_resolve_only_at_pods_that_declare_them() {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    let db = fixture.workload("shop/db", "app=db");
    fixture.port(db, "sql", 5432);
    fixture.external("office", &["203.0.113.0/24"], &[]);
    fixture.flow("shop/web", "shop/db", "TCP/sql");
    fixture.flow("shop/web", "shop/db", "UDP/sql, TCP/80");
    fixture.flow("shop/db", "shop/web", "TCP/http");
    fixture.flow("shop/db", "external/office", "TCP/http");
    let generated = generate(&fixture.document);
    assert_eq!(
        names(&generated),
        [
            "shop/deny-all",
            "shop/allow-dns",
            "shop/db-from-web",
            "shop/web-to-db"
        ]
    );
    let inexpressible: Vec<String> = generated
        .losses
        .iter()
        .map(|u| format!("{}: {} {}", u.flow.0, u.part, u.why))
        .collect();
    insta::assert_snapshot!(inexpressible.join("\n"), @"
    1: the port `UDP/sql` `db` declares no UDP port with that name
    2: the port `TCP/http` `web` declares no TCP port with that name
    3: the port `TCP/http` addresses have no port names
    ");
}

#[test]
fn names_that_collide_or_are_too_long_carry_a_hash() {
    let mut fixture = Fixture::new();
    let long = "a-very-long-name-of-a-workload-that-goes-on";
    fixture.workload("shop/web", "app=web");
    fixture.workload(&format!("shop/{long}"), "app=long");
    fixture.workload("shop/a", "app=a");
    fixture.workload("shop/b-to-c", "app=b-to-c");
    fixture.workload("shop/a-to-b", "app=a-to-b");
    fixture.workload("shop/c", "app=c");
    fixture.flow(&format!("shop/{long}"), &format!("shop/{long}"), "TCP/1");
    fixture.flow("shop/a", "shop/b-to-c", "TCP/1");
    fixture.flow("shop/a-to-b", "shop/c", "TCP/1");
    insta::assert_snapshot!(names(&generate(&fixture.document)).join("\n"), @r#"
    shop/deny-all
    shop/allow-dns
    shop/a-to-b-to-c-be7ye
    shop/a-to-b-to-c-o84um
    shop/a-very-long-name-of-a-workload-that-goes-on-from-a-very-l-c62lo
    shop/a-very-long-name-of-a-workload-that-goes-on-to-a-very-lon-b52a3
    shop/b-to-c-from-a
    shop/c-from-a-to-b
    "#);
}

#[test]
fn an_isolated_dns_namespace_allows_all_clients() {
    let mut fixture = Fixture::new();
    fixture.workload("kube-system/coredns", "k8s-app=kube-dns");
    fixture.workload("shop/web", "app=web");
    let generated = generate(&fixture.document);
    let clients = generated
        .policies
        .iter()
        .find(|p| p.name == "allow-dns-clients")
        .unwrap();
    insta::assert_snapshot!(clients.text, @r#"
    # the DNS pods accept queries from all pods that may send them
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: allow-dns-clients
      namespace: kube-system
      labels:
        app.kubernetes.io/managed-by: drawbridge
    spec:
      podSelector:
        matchLabels:
          k8s-app: kube-dns
      policyTypes:
      - Ingress
      ingress:
      - from:
        - podSelector: {}
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: shop
        ports:
        - protocol: UDP
          port: 53
        - protocol: TCP
          port: 53
    "#);
    assert_eq!(generated.diagnostics[0].code, "system-namespace");
}

#[test]
fn muted_flows_and_flows_without_pods_generate_nothing() {
    let mut fixture = example();
    let muted = fixture.document.flows.ids().next().unwrap();
    fixture.document.flows.get_mut(muted).unwrap().muted = true;
    let ghost = fixture.flow("default/auth", "default/sensitive", "TCP/1");
    fixture.document.flows.get_mut(ghost).unwrap().to = End::Missing("shop/gone".into());
    let generated = generate(&fixture.document);
    assert_eq!(names(&generated), ["default/deny-all", "default/allow-dns"]);
    assert_eq!(generated.losses.len(), 1);
    assert_eq!(generated.losses[0].why, "there is no `shop/gone`");
}

#[test]
fn metadata_namespace_can_be_omitted() {
    let generated = generate(&example().document);
    let text = generated.policies[0].text_without_namespace();
    assert!(!text.contains("namespace: default"));
    assert_eq!(
        text.lines().count() + 1,
        generated.policies[0].text.lines().count()
    );
}
