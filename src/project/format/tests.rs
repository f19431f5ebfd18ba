//! Projects as people write them, and as they are written back.

use proptest::prelude::*;

use super::{in_place, read, save, write};
use crate::model::arbitrary;
use crate::model::validate::invariants;
use crate::model::{Base, DnsProfile, Document, End, Flow, Invariant, NodeRef, Service, Workload};

const SHOP: &str = r#"
format: drawbridge/1
name: online-shop
settings:
  dialects: [kubernetes]
  style: per-flow
  base: deny-all
  dns: {allow: true, profile: kubernetes}
  enforcer: kubernetes
  assume: {pod-addresses: unknown}
namespaces:
- {name: shop, labels: {team: web}}
- {name: payments}
- {name: legacy, base: none, dns: false}
- {name: vendor, managed: false}
workloads:
- {name: web, namespace: shop, kind: Deployment, labels: {app: web, tier: front}, selector: {app: web}, ports: [{name: http, port: 8080, protocol: TCP}]}
- {name: checkout, namespace: shop, labels: {version: 1.10, on: on}}
- {name: ledger, namespace: payments, kind: StatefulSet}
- {name: ledger, namespace: payments, kind: Job}
services:
- {name: web, namespace: shop, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
externals:
- {name: office, networks: [{cidr: 198.51.100.0/24, except: [198.51.100.9/32], since: 2024}]}
- {name: stripe, domainNames: [api.stripe.com]}
groups:
- {name: scrapers, namespaces: {matchLabels: {kubernetes.io/metadata.name: monitoring}}, pods: {matchLabels: {app: prometheus}}}
flows:
- {from: shop/web, to: shop/checkout, ports: [TCP/5050], note: Place order}
- {from: external/office, to: shop/web, ports: [TCP/http, UDP/4000-4010], colour: red}
- {from: group/scrapers, to: "shop/*", ports: [TCP/9090], muted: true}
- {from: "*", to: "payments/ledger[Job]", ports: [any]}
- {from: shop/chekout, to: "payments/ledger[StatefulSet]", ports: [TCP]}
policies:
- {file: k8s/old.yaml, text: "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n", replaces: shop/web-to-checkout}
invariants:
- {name: nobody outside reaches ledger, deny: {from: external/office, to: "payments/ledger[Job]", hops: any, since: 2024}}
- {allow: {from: shop/web, to: shop/checkout, ports: [TCP/5050]}, name: orders come in, colour: red}
- {name: only its own, deny: {to: "legacy/*", except: ["legacy/*", shop/gone], ports: [any], hops: 1}}
layout: {shop/web: [120, 40.5], "shop/*": [0, 0], node/gone: [1, 2]}
ignore: [{reason: public, rule: L17, in: shop/web}, {rule: no-default-deny, until: 2030}]
recordings: [{sha256: 9f86d081, file: ../flows.jsonl.gz}, {file: old.csv}]
"#;

#[test]
fn service_accounts_of_groups_are_read_and_checked() {
    let groups = |rows: &str| format!("format: drawbridge/1\ngroups:\n{rows}");
    let text = groups(
        "- {name: a, pods: {matchLabels: {app: a}, serviceAccounts: [robot, default]}}   # ours\n- {name: b, pods: {}}\n",
    );
    let (document, found) = read(&text, "p.yaml").expect("it is a project");
    assert_eq!(found, []);
    let all = document.groups.iter().map(|(_, group)| group);
    let accounts: Vec<String> = all.map(|group| group.accounts.to_string()).collect();
    assert_eq!(accounts, ["default or robot", ""]);
    // Their order is no change.
    let mut changed = document.clone();
    let other = changed.groups.ids().last().expect("the other group");
    changed.groups.get_mut(other).expect("it").name = "c".to_owned();
    let saved = save(&text, &changed);
    let kept = "serviceAccounts: [robot, default]}}   # ours";
    assert!(saved.contains(kept) && saved.contains("name: c"), "{saved}");
    for (row, want) in [
        (
            "- {name: c, namespaces: {serviceAccounts: [x]}}\n",
            "unknown field `serviceAccounts` in a selector",
        ),
        (
            "- {name: d, pods: {serviceAccounts: [Not A Name]}}\n",
            "`Not A Name` contains `N`",
        ),
    ] {
        let found = match read(&groups(row), "p.yaml") {
            Ok((_, found)) | Err(found) => found,
        };
        let found: Vec<String> = found.into_iter().map(|found| found.message).collect();
        assert_eq!(found, [want]);
    }
}

#[test]
fn a_handwritten_project_is_read() {
    let (document, found) = read(SHOP, "shop.drawbridge.yaml").expect("it is a project");
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(found.join("\n"), @"
    shop.drawbridge.yaml:24:80: warning: unknown field `since` (unknown-field)
        help: it is kept, and has no effect in this version
    shop.drawbridge.yaml:30:75: warning: unknown field `colour` (unknown-field)
        help: it is kept, and has no effect in this version
    shop.drawbridge.yaml:33:10: error: no workload of `shop` has the name `chekout` (missing-end)
        help: did you mean `checkout`?
    shop.drawbridge.yaml:37:110: error: unknown field `since` (unknown-field)
        help: remove it: the invariant is judged without it
    shop.drawbridge.yaml:38:89: warning: unknown field `colour` (unknown-field)
        help: it is kept, and has no effect in this version
    shop.drawbridge.yaml:39:55: error: no workload of `shop` has the name `gone` (missing-end)
        help: declare it, or remove the reference
    shop.drawbridge.yaml:41:77: warning: unknown field `until` (unknown-field)
        help: it is kept, and has no effect in this version
    ");
    assert!(invariants(&document).is_empty());
    insta::assert_snapshot!(write(&document), @r#"
    format: drawbridge/1
    name: online-shop
    namespaces:
    - {name: shop, labels: {team: web}}
    - {name: payments}
    - {name: legacy, base: none, dns: false}
    - {name: vendor, managed: false}
    workloads:
    - {name: web, namespace: shop, labels: {app: web, tier: front}, selector: {app: web}, ports: [{name: http, port: 8080}]}
    - {name: checkout, namespace: shop, labels: {"true": "on", version: "1.10"}}
    - {name: ledger, namespace: payments, kind: StatefulSet}
    - {name: ledger, namespace: payments, kind: Job}
    services:
    - {name: web, namespace: shop, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
    externals:
    - {name: office, networks: [{cidr: 198.51.100.0/24, except: [198.51.100.9/32], since: 2024}]}
    - {name: stripe, domainNames: [api.stripe.com]}
    groups:
    - name: scrapers
      namespaces: {matchLabels: {kubernetes.io/metadata.name: monitoring}}
      pods: {matchLabels: {app: prometheus}}
    flows:
    - {from: shop/web, to: shop/checkout, ports: [TCP/5050], note: Place order}
    - {from: external/office, to: shop/web, ports: [TCP/http, UDP/4000-4010], colour: red}
    - {from: group/scrapers, to: "shop/*", ports: [TCP/9090], muted: true}
    - {from: "*", to: "payments/ledger[Job]", ports: [any]}
    - {from: shop/chekout, to: "payments/ledger[StatefulSet]", ports: [TCP]}
    policies:
    - file: k8s/old.yaml
      replaces: shop/web-to-checkout
      text: |
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
    invariants:
    - name: nobody outside reaches ledger
      deny: {from: external/office, to: "payments/ledger[Job]", hops: any, since: 2024}
    - {name: orders come in, allow: {from: shop/web, to: shop/checkout, ports: [TCP/5050]}, colour: red}
    - {name: only its own, deny: {except: ["legacy/*", shop/gone], to: "legacy/*", ports: [any]}}
    layout:
      "shop/*": [0, 0]
      shop/web: [120, 40.5]
      node/gone: [1, 2]
    ignore:
    - {rule: L17, in: shop/web, reason: public}
    - {rule: no-default-deny, until: 2030}
    recordings:
    - {file: "../flows.jsonl.gz", sha256: "9f86d081"}
    - {file: old.csv}
    "#);
    assert_eq!(again(&document), document);
}

fn again(document: &Document) -> Document {
    let text = write(document);
    match read(&text, "again") {
        Ok((document, _)) => document,
        Err(found) => panic!("{found:#?}\n{text}"),
    }
}

fn refused(text: &str) -> String {
    let found = read(text, "p.drawbridge.yaml").expect_err("it is refused");
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    found.join("\n")
}

#[test]
fn a_partly_unreadable_project_is_rejected_with_its_position() {
    insta::assert_snapshot!(refused("format: drawbridge/2\nname: x\n"), @r##"
    p.drawbridge.yaml:1:9: error: the project was written by a newer Drawbridge (format `drawbridge/2`) (project-format)
        help: update Drawbridge; this version reads `drawbridge/1`
    "##);
    insta::assert_snapshot!(refused("name: x\n"), @"
    p.drawbridge.yaml:1:1: error: the file is not a Drawbridge project (project-format)
        help: start a project with `format: drawbridge/1`
    ");
    insta::assert_snapshot!(refused(""), @r##"
    p.drawbridge.yaml:1:1: error: the file is empty (project-format)
        help: start it with `format: drawbridge/1`
    "##);
    insta::assert_snapshot!(refused("format: drawbridge/1\nname: [\n"), @"
    p.drawbridge.yaml:3:1: error: invalid YAML: did not find expected node content while parsing a flow node (project-format)
        help: correct the YAML
    ");
    insta::assert_snapshot!(refused("format: drawbridge/1\n---\nformat: drawbridge/1\n"), @"
    p.drawbridge.yaml:3:1: error: a project is one YAML document, but another starts here (project-format)
        help: move it to a file of its own
    ");
    insta::assert_snapshot!(refused(
        "format: drawbridge/1
settings: {style: per-pod, dns: yes}
namespaces:
- {name: a, name: b}
workloads:
- {name: w, namespace: a, ports: [{port: 70000}, {name: x}], selector: {matchLabels: {a: b}, matchFoo: 1}}
externals:
- {name: e, networks: [{cidr: 10.0.0.1/8}, {cidr: x}]}
flows:
- {from: a/w, to: a/w, ports: [tcp/80]}
- {from: a/w, to: a/w, ports: TCP/80}
- just text
"
    ), @"
    p.drawbridge.yaml:2:19: error: unknown value `per-pod` (project-format)
        help: write per-flow or per-workload
    p.drawbridge.yaml:2:33: error: expected a map, not a boolean (project-format)
        help: see the project format in the documentation
    p.drawbridge.yaml:4:13: error: duplicate key `name` (project-format)
        help: remove one of them
    p.drawbridge.yaml:6:94: error: unknown field `matchFoo` in a selector (project-format)
        help: write matchLabels and matchExpressions
    p.drawbridge.yaml:8:31: error: `10.0.0.1/8` has host bits set (project-format)
        help: write 10.0.0.0/8, or 10.0.0.1 for the single address
    p.drawbridge.yaml:8:51: error: `x` is not an address block (project-format)
        help: write one such as 10.0.0.0/8 or 2001:db8::/32
    p.drawbridge.yaml:10:32: error: `tcp/80` is not a port (project-format)
        help: write TCP/80, UDP/4000-4010, TCP/http, ICMP/8, TCP or any
    p.drawbridge.yaml:11:31: error: expected a list, not a string (project-format)
        help: see the project format in the documentation
    p.drawbridge.yaml:12:3: error: expected a map, not a string (project-format)
        help: see the project format in the documentation
    ");
}

#[test]
fn an_item_may_override_what_it_merges() {
    let text = "format: drawbridge/1
namespaces: [{name: a}]
workloads:
- &d {name: w, namespace: a, labels: {app: w}}
- {<<: *d, name: v}
";
    let (document, found) = read(text, "p").expect("it is a project");
    assert_eq!(found, []);
    let names: Vec<&str> = document.workloads.iter().map(|(_, w)| &*w.name).collect();
    assert_eq!(names, ["w", "v"]);
}

#[test]
fn invalid_values_are_preserved_and_reported() {
    let text = "format: drawbridge/1
namespaces: [{name: A_b}]
workloads: [{name: web, namespace: nowhere, labels: {a: x y}}, {name: web, namespace: nowhere}]
externals: [{name: e}, {name: e}]
flows:
- {from: external/e, to: external/e-2, ports: [any]}
- {from: nowhere/web, to: nowhere/wbe}
";
    let (document, found) = read(text, "p").expect("it is a project");
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(found.join("\n"), @"
    p:2:14: error: `A_b` contains `A` (invalid-value)
        help: use lowercase letters, digits and `-`
    p:3:13: warning: the namespace `nowhere` is not declared (undeclared-namespace)
        help: add it to `namespaces`
    p:3:13: error: the label value `x y` contains a space (invalid-value)
        help: use letters, digits, `-`, `_` and `.`
    p:3:64: error: duplicate Deployment `web`; the second is now `web-2` (twin)
        help: give each its own name
    p:4:24: error: duplicate external `e`; the second is now `e-2` (twin)
        help: give each its own name
    p:6:3: error: policies cannot control traffic between two externals (external-flow)
        help: start or end the flow at a workload, a namespace or a group
    p:7:27: error: no workload of `nowhere` has the name `wbe` (missing-end)
        help: did you mean `web`?
    p:7:3: warning: the flow has no ports, so it allows nothing (no-ports)
        help: add `ports: [TCP/80]` or `ports: [any]`
    ");
    assert!(invariants(&document).is_empty());
    assert_eq!(again(&document), document);
}

#[test]
fn every_setting_round_trips() {
    let text = "format: drawbridge/1
settings:
  style: per-workload
  base: deny-ingress
  dns: {allow: false, ttl: 5, profile: {namespaces: {}, pods: {matchLabels: {k: v}}, ports: [UDP/53], more: [1, {x: null}]}}
  assume: {pod-addresses: known, host-network: nodes, moon: full}
  labels: {team: 'yes'}
  annotations: {note: '1_000'}
";
    let (document, found) = read(text, "p").expect("it is a project");
    let unknown: Vec<&str> = found.iter().map(|d| &*d.message).collect();
    let fields = ["more", "ttl", "moon"].map(|field| format!("unknown field `{field}`"));
    assert_eq!(unknown, fields, "kept, and reported");
    assert_eq!(document.settings.base, Base::DenyIngress);
    assert!(matches!(
        document.settings.dns.profile,
        DnsProfile::Custom { .. }
    ));
    insta::assert_snapshot!(write(&document), @r##"
    format: drawbridge/1
    settings:
      style: per-workload
      base: deny-ingress
      dns:
        allow: false
        profile: {namespaces: {}, pods: {matchLabels: {k: v}}, ports: [UDP/53], more: [1, {x: null}]}
        ttl: 5
      assume: {pod-addresses: known, host-network: nodes, moon: full}
      labels: {team: "yes"}
      annotations: {note: "1_000"}
    "##);
    assert_eq!(again(&document), document);
}

#[test]
fn the_examples_have_no_diagnostics_and_are_written_deterministically() {
    for (name, text) in [
        (
            "shop",
            include_str!("../../../assets/examples/online-shop.drawbridge.yaml"),
        ),
        (
            "platform",
            include_str!("../../../assets/examples/platform.drawbridge.yaml"),
        ),
    ] {
        let (document, found) = read(text, name).expect("it is a project");
        assert_eq!(found, [], "{name}");
        assert!(
            document
                .flows
                .iter()
                .all(|(_, f)| !matches!(f.from, End::Missing(_)))
        );
        assert_eq!(again(&document), document, "{name}");
    }
}

/// The same Document with ids from 0 without gaps, in the same order.
pub(super) fn renumbered(document: &Document) -> Document {
    use std::collections::BTreeMap;
    fn ranks<K: Ord>(ids: impl Iterator<Item = K>) -> BTreeMap<K, u32> {
        ids.zip(0..).collect()
    }
    let namespaces = ranks(document.namespaces.ids());
    let workloads = ranks(document.workloads.ids());
    let externals = ranks(document.externals.ids());
    let groups = ranks(document.groups.ids());
    let nodes = ranks(document.nodes.ids());
    let node = |node: NodeRef| match node {
        NodeRef::Namespace(id) => NodeRef::Namespace(namespaces[&id].into()),
        NodeRef::Workload(id) => NodeRef::Workload(workloads[&id].into()),
        NodeRef::External(id) => NodeRef::External(externals[&id].into()),
        NodeRef::Group(id) => NodeRef::Group(groups[&id].into()),
        NodeRef::Node(id) => NodeRef::Node(nodes[&id].into()),
        NodeRef::AnyPod => NodeRef::AnyPod,
    };
    let end = |end: &End| end.node().map_or(end.clone(), |n| node(n).into());
    let mut new = Document {
        name: document.name.clone(),
        settings: document.settings.clone(),
        ignore: document.ignore.clone(),
        recordings: document.recordings.clone(),
        routes: document.routes.clone(),
        address_pools: document.address_pools.clone(),
        unknown: document.unknown.clone(),
        ..Document::default()
    };
    for (_, row) in document.namespaces.iter() {
        new.namespaces.add(row.clone());
    }
    for (_, row) in document.nodes.iter() {
        new.nodes.add(row.clone());
    }
    for (_, row) in document.workloads.iter() {
        let namespace = namespaces[&row.namespace].into();
        new.workloads.add(Workload {
            namespace,
            ..row.clone()
        });
    }
    for (_, row) in document.services.iter() {
        let namespace = namespaces[&row.namespace].into();
        new.services.add(Service {
            namespace,
            ..row.clone()
        });
    }
    for (_, row) in document.externals.iter() {
        new.externals.add(row.clone());
    }
    for (_, row) in document.groups.iter() {
        new.groups.add(row.clone());
    }
    for (_, row) in document.invariants.iter() {
        new.invariants.add(Invariant {
            from: row.from.as_ref().map(end),
            to: row.to.as_ref().map(end),
            except: row.except.iter().map(end).collect(),
            ..row.clone()
        });
    }
    for (_, row) in document.flows.iter() {
        let (from, to) = (end(&row.from), end(&row.to));
        new.flows.add(Flow {
            from,
            to,
            ..row.clone()
        });
    }
    for (_, row) in document.policies.iter() {
        new.policies.add(row.clone());
    }
    let collapsed = document.collapsed.as_ref();
    new.collapsed = collapsed
        .map(|ids| std::sync::Arc::new(ids.iter().map(|id| namespaces[id].into()).collect()));
    let places = document.layout.iter().map(|(n, at)| (node(*n), *at));
    new.layout = std::sync::Arc::new(places.collect());
    new
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_document_round_trips(document in arbitrary::document()) {
        let text = write(&document);
        let read = read(&text, "p");
        prop_assert!(read.is_ok(), "{:#?}\n{}", read, text);
        let found = read.expect("just checked").0;
        prop_assert_eq!(&found, &renumbered(&document), "{}", text);
        prop_assert_eq!(write(&found), text);
    }

    #[test]
    fn no_text_panics(text in "(?s).{0,60}", tail in "([a-z]{1,9}: [\\[{]?[a-z/*{}:, -]{0,9}[\\]}]?\n){0,5}") {
        let _ = read(&text, "p");
        let _ = read(&format!("format: drawbridge/1\n{tail}"), "p");
    }
}

#[test]
fn strings_are_strings_to_every_reader() {
    let mut document = Document::default();
    for text in arbitrary::NASTY {
        document
            .settings
            .labels
            .insert(format!("k{text}"), (*text).to_owned());
    }
    let text = write(&document);
    let other: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
    for nasty in arbitrary::NASTY {
        let value = &other["settings"]["labels"][format!("k{nasty}")];
        assert_eq!(value.as_str(), Some(*nasty), "{text}");
    }
}

#[test]
fn a_misspelt_field_is_an_error_with_the_field_that_is_meant() {
    let text = "format: drawbridge/1
externals: [{name: x, networks: [{cidr: 10.0.0.0/8, excpet: [10.1.0.0/16]}]}]
namespaces: [{name: n, bas: none}]
flows:
- {from: n/*, to: external/x, ports: [TCP/81], mutd: true, later: 1}
";
    let (_, found) = read(text, "p").expect("it is a project");
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected = [
        ("error: unknown field `excpet`", "did you mean `except`?"),
        ("error: unknown field `bas`", "did you mean `base`?"),
        ("error: unknown field `mutd`", "did you mean `muted`?"),
        (
            "warning: unknown field `later`",
            "has no effect in this version",
        ),
    ];
    for (message, help) in expected {
        assert!(
            lines
                .iter()
                .any(|d| d.contains(message) && d.contains(help)),
            "{message}: {lines:?}"
        );
    }
}

#[test]
fn what_a_cluster_has_is_read_and_written() {
    let text = r#"format: drawbridge/1
namespaces:
- {name: shop}
workloads:
- name: web
  namespace: shop
  labels: {app: web}
  pods: [{name: web-a}, {name: web-b, labels: {app: web, color: blue}, ports: [], hostNetwork: true, node: n1}]
- {name: agent, namespace: shop, hostNetwork: true, clusterDNS: true}
services:
- {name: lb, namespace: shop, type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80}]}
- {name: mail, namespace: shop, type: ExternalName, externalName: mail.example.com}
- {name: peers, namespace: shop, clusterIP: None, selector: {app: web}}
routes:
- {kind: Ingress, name: shop, namespace: shop, service: lb, port: 80, controller: k8s.io/ingress-nginx}
- {kind: HTTPRoute, name: api, namespace: edge, service: shop/lb, port: http, protocol: TCP, gateways: [edge/main], colour: red}
nodes:
- {name: n1, labels: {zone: a}, addresses: [10.0.0.1], podCIDRs: [10.244.0.0/24]}
addressPools:
- {kind: IPPool, name: default, networks: [10.245.0.0/16]}
"#;
    let (document, found) = read(text, "p").expect("it is a project");
    assert_eq!(found.len(), 1, "the unknown field: {found:?}");
    let (wide, written) = (
        text.replace("\n  ", " "),
        write(&document).replace("\n  ", " "),
    );
    assert_eq!(
        written.split_whitespace().count(),
        wide.split_whitespace().count(),
        "{written}"
    );
    assert_eq!(again(&document), document);
    let saved = super::save(text, &document);
    assert_eq!(saved, text);
    // One of them changes, and all else keeps its bytes.
    let mut changed = document.clone();
    std::sync::Arc::make_mut(&mut changed.routes)[0]
        .backend
        .service = "peers".into();
    let saved = super::save(text, &changed);
    assert_eq!(saved, text.replace("service: lb,", "service: peers,"));

    for (wrong, message) in [
        (
            "routes: [{kind: Egress, name: a, namespace: b, service: c}]",
            "unknown value `Egress`",
        ),
        (
            "routes: [{kind: HTTPRoute, name: a, namespace: b, service: c, gateways: [d]}]",
            "`d` is not a Gateway",
        ),
        (
            "nodes: [{name: a, addresses: [b]}]",
            "`b` is not an address",
        ),
        (
            "services: [{name: a, namespace: b, clusterIP: 10.0.0.1}]",
            "unknown value `10.0.0.1`",
        ),
    ] {
        let found = read(&format!("format: drawbridge/1\n{wrong}\n"), "p").expect_err(wrong);
        assert!(found.iter().any(|d| d.message == message), "{found:?}");
    }
    let twice = read("format: drawbridge/1\nnodes: [{name: a}, {name: a}]\n", "p");
    assert_eq!(twice.expect("it is read").1[0].code, "twin");
}

#[test]
fn a_wrong_number_is_quoted() {
    insta::assert_snapshot!(refused(
        "format: drawbridge/1
namespaces: [{name: a}]
workloads:
- {name: w, namespace: a, replicas: -1}
- {name: v, namespace: a, replicas: many}
flows:
- {from: a/w, to: a/v, ports: [TCP/-1, TCP/80-, TCP/, TCP/0]}
"
    ), @"
    p.drawbridge.yaml:4:37: error: `-1` is not a number from 0 to 4294967295 (project-format)
        help: write a number from 0 to 4294967295
    p.drawbridge.yaml:5:37: error: `many` is not a number from 0 to 4294967295 (project-format)
        help: write a number from 0 to 4294967295
    p.drawbridge.yaml:7:32: error: `-1` is not a port number (project-format)
        help: write a number from 1 to 65535
    p.drawbridge.yaml:7:40: error: `80-` is not a port number (project-format)
        help: write a number from 1 to 65535
    p.drawbridge.yaml:7:49: error: `TCP/` is not a port (project-format)
        help: write TCP/80, UDP/4000-4010, TCP/http, ICMP/8, TCP or any
    p.drawbridge.yaml:7:55: error: `0` is not a port number (project-format)
        help: write a number from 1 to 65535
    ");
}

#[test]
fn imported_policies_are_read_at_their_places() {
    let policy = |indent: &str| {
        let lines = ["kind: NetworkPolicy", "", "metadata: {name: a}"];
        lines.map(|line| match line {
            "" => String::new(),
            line => format!("{indent}{line}"),
        })
    };
    let text = format!(
        "format: drawbridge/1\nnamespaces: []\npolicies:\n- file: a.yaml\n  text: |\n{}\n- file: b.yaml\n  text: 'kind: X'\n- file: c.yaml\n  text: |\n    ---\n    kind: Y\n",
        policy("    ").join("\n")
    );
    let (document, _) = read(&text, "p.yaml").expect("a project");
    let placed = in_place(&document, "p.yaml", &text);
    let policies: Vec<_> = placed.policies.iter().map(|(_, policy)| policy).collect();
    let lines: Vec<&str> = text.lines().collect();
    // Line by line as in the file, with the columns.
    let first: Vec<&str> = policies[0].text.lines().collect();
    assert_eq!(policies[0].file, "p.yaml");
    assert_eq!(first[..5], [""; 5]);
    assert_eq!(first[5..8], lines[5..8]);
    // A text that is no block stays; one of several documents is not indented.
    assert_eq!(
        (&*policies[1].file, &*policies[1].text),
        ("b.yaml", "kind: X")
    );
    let third: Vec<&str> = policies[2].text.lines().collect();
    assert_eq!((third[12], third[13]), ("---", "kind: Y"));
    assert_eq!(lines[13].trim(), "kind: Y");
}

#[test]
fn a_flow_accepts_its_wider_form_only_where_that_is_written() {
    let text = "format: drawbridge/1\nnamespaces: [{name: shop}]\nexternals: [{name: bank, domainNames: [bank.example.com]}]\nflows:\n- {from: shop/*, to: external/bank, ports: [TCP/443], approximate: true}\n- {from: shop/*, to: external/bank, ports: [TCP/80]}\n";
    let (document, diagnostics) = read(text, "p").expect("a project");
    assert_eq!(diagnostics, []);
    let accepted: Vec<bool> = (document.flows.iter())
        .map(|(_, flow)| flow.approximate)
        .collect();
    assert_eq!(accepted, [true, false]);
    let written = super::write(&document);
    assert_eq!(written.matches("approximate: true").count(), 1, "{written}");
    assert_eq!(written.matches("approximate").count(), 1, "{written}");
    let wrong = text.replace("approximate: true", "approximate: often");
    let refused = read(&wrong, "p");
    let refused = format!("{refused:?}");
    assert!(refused.contains("expected true or false"), "{refused}");
}
