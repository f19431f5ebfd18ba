//! What policies would do to ends that manifests do not have: nodes, entities, pods known by their labels; and ICMP.

use crate::load::{self, load};
use crate::manifest::Source;
use crate::observe::classes::compare;
use crate::observe::fixture::table;
use crate::observe::{Reader, workloads_of};

const PODS: &str = "
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: cart, namespace: shop}, spec: {selector: {matchLabels: {app: cart}}, template: {metadata: {labels: {app: cart}}}}}
---
";

/// `shop/web > shop/cart: deny`, and why where it is uncertain.
fn judged(policies: &str, recording: &str) -> Vec<String> {
    let text = format!("{PODS}{policies}");
    let loaded = load(
        &[Source::new("all.yaml", &text)],
        &load::Settings::default(),
    );
    let snapshot = &loaded.snapshot;
    let mut reader = Reader::default();
    reader.read("flows", &mut recording.as_bytes());
    let observed = reader.finish(&workloads_of(snapshot));
    let found = compare(snapshot, None, &observed, &|| false).expect("never stopped");
    let all = observed.connections.iter().zip(&found.connections);
    all.map(|(one, compared)| {
        let replay = &compared.replay;
        let why = match replay.verdict {
            super::Verdict::Uncertain => format!("; {}", replay.why),
            _ => String::new(),
        };
        let verdict = replay.verdict.name();
        format!("{} > {}: {verdict}{why}", one.source, one.destination)
    })
    .collect()
}

/// A record to the pods of cart, or from those of web: the other end is an address with labels.
fn record(from: (&str, &str), to: (&str, &str), layer: &str) -> String {
    let end = |(_, fields): (&str, &str)| match fields {
        "web" | "cart" => format!(
            r#"{{"namespace":"shop","pod_name":"{fields}-0","labels":["k8s:app={fields}"],"workloads":[{{"name":"{fields}","kind":"Deployment"}}]}}"#
        ),
        fields => format!("{{{fields}}}"),
    };
    format!(
        r#"{{"flow":{{"time":"2026-11-03T09:00:00Z","verdict":"FORWARDED","is_reply":false,"IP":{{"source":"{}","destination":"{}"}},"l4":{{{layer}}},"source":{},"destination":{}}}}}"#,
        from.0,
        to.0,
        end(from),
        end(to)
    )
}

fn tcp(port: u16) -> String {
    format!(r#""TCP":{{"source_port":40000,"destination_port":{port},"flags":{{"SYN":true}}}}"#)
}

const CART: (&str, &str) = ("10.0.1.9", "cart");
const WEB: (&str, &str) = ("10.0.1.8", "web");

#[test]
fn pods_without_a_name_are_judged_by_their_labels() {
    let np = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: cart, namespace: shop}, spec: {podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: x}}, podSelector: {matchLabels: {app: q}}}]}]}}";
    let cidr = "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: cart, namespace: shop}, spec: {endpointSelector: {matchLabels: {app: cart}}, ingress: [{fromCIDR: [10.50.0.0/16]}]}}";
    let unnamed = r#""identity":30000,"namespace":"x","labels":["k8s:app=q"]"#;
    let by_label = r#""identity":30000,"labels":["k8s:app=q","k8s:io.kubernetes.pod.namespace=x"]"#;
    for fields in [unnamed, by_label] {
        let one = record(("10.50.0.3", fields), CART, &tcp(80));
        assert_eq!(judged(np, &one), ["10.50.0.3 > shop/cart: allow"]);
        assert_eq!(judged(cidr, &one), ["10.50.0.3 > shop/cart: deny"]);
    }
    let masked = record(("10.50.0.3", r#""identity":30000"#), CART, &tcp(80));
    assert_eq!(
        judged(cidr, &masked),
        [
            "10.50.0.3 > shop/cart: uncertain; `10.50.0.3` is a pod, and neither its name nor its labels are recorded"
        ]
    );
}

#[test]
fn nodes_that_the_recorder_names_are_nodes() {
    let nodes = |selector: &str| {
        format!(
            "{{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {{name: a}}, spec: {{tier: Admin, priority: 10, subject: {{namespaces: {{}}}}, egress: [{{action: Deny, to: [{{nodes: {selector}}}], protocols: [{{tcp: {{destinationPort: {{number: 10250}}}}}}]}}]}}}}"
        )
    };
    let to = |entity: &str, port: u16| {
        let labels = format!(r#""labels":["reserved:{entity}"]"#);
        record(WEB, ("10.0.0.2", &labels), &tcp(port))
    };
    let known = "\n---\n{apiVersion: v1, kind: Node, metadata: {name: n9}, status: {addresses: [{type: InternalIP, address: 10.0.0.9}]}}";
    for more in ["", known] {
        let policies = format!("{}{more}", nodes("{}"));
        for entity in ["remote-node", "host"] {
            let wanted = format!("shop/web > entity/{entity}: deny");
            assert_eq!(judged(&policies, &to(entity, 10250)), [wanted]);
        }
        let other = judged(&policies, &to("remote-node", 9100));
        assert_eq!(other, ["shop/web > entity/remote-node: allow"]);
    }
    let selected = nodes("{matchLabels: {role: db}}");
    assert_eq!(
        judged(&selected, &to("remote-node", 10250)),
        [
            "shop/web > entity/remote-node: uncertain; ClusterNetworkPolicy a selects nodes by `role`, which records do not have"
        ]
    );
}

#[test]
fn entities_that_are_not_modelled_are_uncertain_and_no_addresses() {
    let of_cilium = "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: cart, namespace: shop}, spec: {endpointSelector: {matchLabels: {app: cart}}, ingress: [{fromCIDR: [0.0.0.0/0]}]}}";
    let of_kubernetes = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: cart, namespace: shop}, spec: {podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}}";
    for policy in [of_cilium, of_kubernetes] {
        for (entity, why) in [
            (
                "health",
                "what policies allow `entity/health` is not judged",
            ),
            ("init", "the pods of `entity/init` are not recorded"),
            (
                "unmanaged",
                "the pods of `entity/unmanaged` are not recorded",
            ),
        ] {
            let labels = format!(r#""labels":["reserved:{entity}"]"#);
            let from = record(("10.0.0.2", &labels), CART, &tcp(80));
            let wanted = format!("entity/{entity} > shop/cart: uncertain; {why}");
            assert_eq!(judged(policy, &from), [wanted]);
            let to = record(WEB, ("10.0.0.2", &labels), &tcp(80));
            let wanted = format!("shop/web > entity/{entity}: uncertain; {why}");
            assert_eq!(judged(policy, &to), [wanted]);
        }
    }
}

#[test]
fn a_node_reaches_its_own_pod_whatever_its_name() {
    let policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: all, namespace: shop}, spec: {podSelector: {}}}";
    let host = ("10.0.0.2", r#""labels":["reserved:host"]"#);
    let unnamed = r#""labels":["k8s:app=cart","k8s:io.kubernetes.pod.namespace=shop"]"#;
    let to_pod = judged(policy, &record(host, ("10.1.0.7", unnamed), &tcp(80)));
    assert_eq!(to_pod, ["entity/host > 10.1.0.7: allow"]);
    let other = ("10.0.0.2", r#""labels":["reserved:remote-node"]"#);
    let from_other = judged(policy, &record(other, ("10.1.0.7", unnamed), &tcp(80)));
    assert_eq!(from_other, ["entity/remote-node > 10.1.0.7: deny"]);
}

#[test]
fn other_nodes_need_no_manifest_under_cilium() {
    let policy = "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: cart, namespace: shop}, spec: {endpointSelector: {matchLabels: {app: cart}}, ingress: [{fromEntities: [remote-node], toPorts: [{ports: [{port: '9443', protocol: TCP}]}]}]}}";
    let from = ("10.0.0.2", r#""labels":["reserved:remote-node"]"#);
    let both = [9443, 80].map(|port| judged(policy, &record(from, CART, &tcp(port))));
    let wanted = ["allow", "deny"].map(|is| vec![format!("entity/remote-node > shop/cart: {is}")]);
    assert_eq!(both, wanted);
    let table = table("entity/remote-node,shop/cart,TCP,9443,1,forwarded\n");
    assert_eq!(judged(policy, &table), wanted[0]);
}

#[test]
fn icmp_is_decided_where_the_enforcer_defines_it() {
    let ping = record(WEB, CART, r#""ICMPv4":{"type":8}"#);
    let cilium = "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: cart, namespace: shop}, spec: {endpointSelector: {matchLabels: {app: cart}}, ingress: [{icmps: [{fields: [{type: TYPE, family: IPv4}]}]}]}}";
    let calico = |rule: &str| {
        format!(
            "{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: g}}, spec: {{selector: app == 'cart', types: [Ingress], ingress: [{{action: Allow, {rule}}}]}}}}"
        )
    };
    let np = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: cart, namespace: shop}, spec: {podSelector: {}}}";
    let cases = [
        (cilium.replace("TYPE", "8"), "allow"),
        (cilium.replace("TYPE", "5"), "deny"),
        (calico("protocol: ICMP, icmp: {type: 8}"), "allow"),
        (calico("protocol: TCP"), "deny"),
        (
            np.to_owned(),
            "uncertain; the API of Kubernetes leaves ICMP to the network plugin",
        ),
    ];
    for (policies, is) in cases {
        let wanted = format!("shop/web > shop/cart: {is}");
        assert_eq!(judged(&policies, &ping), [wanted], "{policies}");
    }
}

#[test]
fn labels_that_calico_records_are_those_of_pods() {
    let by = |peer: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: cart, namespace: shop}}, spec: {{podSelector: {{matchLabels: {{app: cart}}}}, ingress: [{{from: [{peer}]}}]}}}}"
        )
    };
    let goldmane = r#"{"Key":{"source_name":"q-7c9d8b6f5d-*","source_namespace":"x","source_type":1,"dest_name":"cart-7c9d8b6f5d-*","dest_namespace":"shop","dest_type":1,"dest_port":80,"proto":"tcp","reporter":1,"action":1},"start_time":1793696400,"end_time":1793696415,"source_labels":["app=q","tier=a"],"num_connections_started":3}"#;
    let whisker = r#"{"items":[{"source_name":"q-7c9d8b6f5d-*","source_namespace":"x","source_labels":"app=q | tier=a","dest_name":"cart-7c9d8b6f5d-*","dest_namespace":"shop","protocol":"tcp","dest_port":80,"reporter":"Src","action":"Allow","start_time":"2026-11-03T09:00:00Z","end_time":"2026-11-03T09:00:15Z"}]}"#;
    for recording in [goldmane, whisker] {
        let pods = |label: &str| {
            by(&format!(
                "{{namespaceSelector: {{}}, podSelector: {{matchLabels: {{{label}}}}}}}"
            ))
        };
        assert_eq!(
            judged(&pods("tier: a"), recording),
            ["x/q > shop/cart: allow"]
        );
        assert_eq!(
            judged(&pods("tier: b"), recording),
            ["x/q > shop/cart: deny"]
        );
        // The labels of its namespace are not recorded.
        let of_namespace = by("{namespaceSelector: {matchLabels: {team: a}}}");
        assert_eq!(
            judged(&of_namespace, recording),
            [
                "x/q > shop/cart: uncertain; NetworkPolicy shop/cart selects by `team`, which records do not have"
            ]
        );
    }
}

#[test]
fn network_sets_of_the_input_have_their_networks() {
    let policies = "---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: blocked, labels: {role: bad}}
spec: {nets: [203.0.113.0/24]}
---
apiVersion: projectcalico.org/v3
kind: NetworkSet
metadata: {name: partners, namespace: shop, labels: {role: partner}}
spec: {nets: [192.0.2.0/24]}
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: cart, namespace: shop}
spec:
  selector: app == 'cart'
  ingress:
  - {action: Allow, protocol: TCP, source: {selector: role == 'partner'}, destination: {ports: [8080]}}
";
    let from = |name: &str, namespace: &str| {
        format!(
            r#"{{"Key":{{"source_name":"{name}","source_namespace":"{namespace}","source_type":3,"dest_name":"cart-7c9d8b6f5d-*","dest_namespace":"shop","dest_type":1,"dest_port":8080,"proto":"tcp","reporter":2,"action":1}},"start_time":1793696400,"end_time":1793696415,"num_connections_started":1}}"#
        )
    };
    let recording = [
        from("blocked", "-"),
        from("partners", "shop"),
        from("other", "shop"),
    ];
    assert_eq!(
        judged(policies, &recording.join("\n")),
        [
            "networkset/blocked > shop/cart: deny",
            "networkset/shop/other > shop/cart: uncertain; `networkset/shop/other` has no address in the record",
            "networkset/shop/partners > shop/cart: allow",
        ]
    );
}

/// A policy of Cilium for the pods of cart, or a part of one.
fn cilium(rules: &str) -> String {
    format!(
        "{{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {{name: p, namespace: shop}}, spec: {{endpointSelector: {{}}, {rules}}}}}"
    )
}

const NEW: &str =
    r#""namespace":"x","pod_name":"q-0","labels":["k8s:app=q","k8s:io.kubernetes.pod.namespace=x""#;

#[test]
fn service_accounts_are_those_of_the_record_if_it_has_them() {
    let from = |account: &str| {
        cilium(&format!(
            "ingress: [{{fromEndpoints: [{{matchLabels: {{io.kubernetes.pod.namespace: x, io.cilium.k8s.policy.serviceaccount: {account}}}}}]}}]"
        ))
    };
    let with = format!(r#"{NEW},"k8s:io.cilium.k8s.policy.serviceaccount=robot"]"#);
    let with = record(("10.0.0.9", &with), CART, &tcp(80));
    assert_eq!(judged(&from("robot"), &with), ["x/q > shop/cart: allow"]);
    assert_eq!(judged(&from("other"), &with), ["x/q > shop/cart: deny"]);
    // A filter of labels left it out.
    let without = record(("10.0.0.9", &format!("{NEW}]")), CART, &tcp(80));
    assert_eq!(
        judged(&from("robot"), &without),
        [
            "x/q > shop/cart: uncertain; CiliumNetworkPolicy shop/p selects by service account, which records do not have"
        ]
    );

    let goldmane = r#"{"Key":{"source_name":"q-7c9d8b6f5d-*","source_namespace":"x","source_type":1,"dest_name":"cart-7c9d8b6f5d-*","dest_namespace":"shop","dest_type":1,"dest_port":80,"proto":"tcp","reporter":1,"action":1},"start_time":1793696400,"end_time":1793696415,"source_labels":["app=q"],"num_connections_started":3}"#;
    let calico = |source: &str, more: &str| {
        format!(
            "{{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {{name: p, namespace: shop}}, spec: {{selector: app == 'cart', types: [Ingress], ingress: [{{action: Allow, source: {{{source}}}}}{more}]}}}}"
        )
    };
    let account = "serviceAccounts: {names: [robot]}, namespaceSelector: all()";
    assert_eq!(
        judged(&calico(account, ""), goldmane),
        [
            "x/q > shop/cart: uncertain; NetworkPolicy.projectcalico.org shop/p selects by service account, which records do not have"
        ]
    );
    // Whatever it runs as, another rule allows it.
    let allowed = judged(&calico(account, ", {action: Allow}"), goldmane);
    assert_eq!(allowed, ["x/q > shop/cart: allow"]);
    let by_label = calico(
        "namespaceSelector: all(), selector: projectcalico.org/serviceaccount == 'robot'",
        "",
    );
    assert!(judged(&by_label, goldmane)[0].contains("shop/p selects by service account"));
}

#[test]
fn every_name_of_an_address_counts() {
    let world = r#""labels":["reserved:world"]"#;
    let two = record(WEB, ("203.0.113.7", world), &tcp(443)).replace(
        r#""destination":{"labels""#,
        r#""destination_names":["a.cdn.example","z.api.example."],"destination":{"labels""#,
    );
    for (name, is) in [
        ("a.cdn.example", "allow"),
        ("z.api.example", "allow"),
        ("b.api.example", "deny"),
    ] {
        let policy = cilium(&format!("egress: [{{toFQDNs: [{{matchName: {name}}}]}}]"));
        let wanted = format!("shop/web > a.cdn.example: {is}");
        assert_eq!(judged(&policy, &two), [wanted]);
    }
    // The names that the pod was told, the latest of which is shown.
    let answer = |second: u32, name: &str| {
        record(("10.0.0.53", r#""labels":["reserved:unmanaged"]"#), WEB, r#""UDP":{"source_port":53,"destination_port":41000}"#)
            .replace(r#""is_reply":false"#, &format!(r#""is_reply":true,"Type":"L7","l7":{{"type":"RESPONSE","dns":{{"query":"{name}.","ips":["203.0.113.7"]}}}}"#))
            .replace("09:00:00Z", &format!("08:59:{second:02}Z"))
    };
    let told = [
        answer(1, "old.example"),
        answer(2, "new.example"),
        record(WEB, ("203.0.113.7", world), &tcp(443)),
    ];
    let policy = cilium("egress: [{toFQDNs: [{matchName: old.example}]}]");
    let all = judged(&policy, &told.join("\n"));
    assert!(
        all.contains(&"shop/web > new.example: allow".to_owned()),
        "{all:?}"
    );
    // A rule that denies the address does so whatever its names.
    let denied = cilium(
        "egress: [{toFQDNs: [{matchName: old.example}]}], egressDeny: [{toCIDR: [203.0.113.0/24]}]",
    );
    let all = judged(&denied, &told.join("\n"));
    assert!(
        all.contains(&"shop/web > new.example: deny".to_owned()),
        "{all:?}"
    );
}

#[test]
fn rules_in_an_order_see_the_name_and_the_address_together() {
    let policy = |rules: &str| {
        format!(
            "{{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {{name: a}}, spec: {{tier: Admin, priority: 10, subject: {{namespaces: {{}}}}, egress: [{rules}]}}}}"
        )
    };
    let by_name = "{action: Accept, to: [{domainNames: [a.example]}]}";
    let by_address = "{action: Deny, to: [{networks: ['0.0.0.0/0']}]}";
    let one = record(
        WEB,
        ("203.0.113.7", r#""labels":["reserved:world"]"#),
        &tcp(443),
    )
    .replace(
        r#""destination":{"labels""#,
        r#""destination_names":["a.example"],"destination":{"labels""#,
    );
    for (rules, is) in [
        (format!("{by_name}, {by_address}"), "allow"),
        (format!("{by_address}, {by_name}"), "deny"),
    ] {
        let wanted = format!("shop/web > a.example: {is}");
        assert_eq!(judged(&policy(&rules), &one), [wanted]);
    }
}

#[test]
fn an_entity_is_matched_by_any_of_its_labels_and_by_its_address() {
    let to = |labels: &str, port: u16| record(WEB, ("203.0.113.7", labels), &tcp(port));
    let outside = r#""labels":["reserved:kube-apiserver","reserved:world"]"#;
    let inside = r#""labels":["reserved:kube-apiserver","reserved:remote-node"]"#;
    let own = r#""labels":["reserved:host","reserved:kube-apiserver"]"#;
    for (rule, labels, is) in [
        ("toEntities: [kube-apiserver]", outside, "allow"),
        ("toEntities: [world]", outside, "allow"),
        ("toCIDR: [203.0.113.0/24]", outside, "allow"),
        ("toCIDR: [198.51.100.0/24]", outside, "deny"),
        ("toEntities: [remote-node]", outside, "deny"),
        ("toEntities: [kube-apiserver]", inside, "allow"),
        ("toEntities: [remote-node]", inside, "allow"),
        ("toEntities: [world]", inside, "deny"),
        // Blocks do not match nodes (C31).
        ("toCIDR: [203.0.113.0/24]", inside, "deny"),
        ("toEntities: [host]", own, "allow"),
        ("toEntities: [remote-node]", own, "deny"),
    ] {
        let policy = cilium(&format!("egress: [{{{rule}}}]"));
        let wanted = format!("shop/web > entity/kube-apiserver: {is}");
        assert_eq!(
            judged(&policy, &to(labels, 443)),
            [wanted],
            "{rule} {labels}"
        );
    }
    let from = record(("10.0.0.2", inside), CART, &tcp(9443));
    let policy = cilium("ingress: [{fromEntities: [remote-node]}]");
    let wanted = "entity/kube-apiserver > shop/cart: allow";
    assert_eq!(judged(&policy, &from), [wanted]);
}

#[test]
fn a_name_without_an_address_may_have_any() {
    let table = table("shop/web,a.example,TCP,443,1,forwarded\n");
    let np = |to: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: e, namespace: shop}}, spec: {{podSelector: {{}}, policyTypes: [Egress], egress: [{to}]}}}}"
        )
    };
    let unknown = "uncertain; the record has no address, and the policies allow some";
    for (policy, is) in [
        (np("{ports: [{port: 443}]}"), "allow"),
        (
            np("{to: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}]}"),
            "allow",
        ),
        (np("{to: [{ipBlock: {cidr: 203.0.113.0/24}}]}"), unknown),
        (np("{to: [{podSelector: {}}]}"), "deny"),
        (cilium("egress: [{toEntities: [world]}]"), "allow"),
        (cilium("egress: [{toCIDR: [203.0.113.0/24]}]"), unknown),
        (
            cilium("egress: [{toFQDNs: [{matchName: a.example}]}]"),
            "allow",
        ),
        (
            cilium("egress: [{toFQDNs: [{matchName: b.example}]}]"),
            "deny",
        ),
    ] {
        let wanted = format!("shop/web > a.example: {is}");
        assert_eq!(judged(&policy, &table), [wanted], "{policy}");
    }
}

#[test]
fn named_ports_of_pods_without_manifests_are_unknown() {
    let np = |ports: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p, namespace: x}}, spec: {{podSelector: {{}}, policyTypes: [Ingress], ingress: [{{ports: [{ports}]}}]}}}}"
        )
    };
    let to = record(WEB, ("10.0.0.2", &format!("{NEW}]")), &tcp(8080));
    for (ports, is) in [
        (
            "{port: http}",
            "uncertain; NetworkPolicy x/p names port `http`, and the record does not name the ports of the pod",
        ),
        ("{port: http}, {port: 8080}", "allow"),
        ("{port: http, protocol: UDP}", "deny"),
        ("{port: 80}", "deny"),
    ] {
        let wanted = format!("shop/web > x/q: {is}");
        assert_eq!(judged(&np(ports), &to), [wanted], "{ports}");
    }
    // The source's policies deny it, whatever the port is called.
    let closed = "\n---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: e, namespace: shop}, spec: {podSelector: {}, policyTypes: [Egress]}}";
    let policies = format!("{}{closed}", np("{port: http}"));
    assert_eq!(judged(&policies, &to), ["shop/web > x/q: deny"]);
}

#[test]
fn a_pod_is_judged_by_its_best_description() {
    let np = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: x}, spec: {podSelector: {matchLabels: {app: q}}, policyTypes: [Ingress]}}";
    let to = |labels: &str, source: &str| {
        let pod = format!(r#""namespace":"x","pod_name":"q-0","labels":[{labels}]"#);
        record((source, "web"), ("10.0.0.2", &pod), &tcp(80))
    };
    let init = to(r#""reserved:init""#, "10.0.1.8");
    let unknown =
        "shop/web > x/q: uncertain; `x/q` is not in the manifests, and its labels are not recorded";
    assert_eq!(judged(np, &init), [unknown]);
    let masked = to("", "10.0.1.8");
    assert_eq!(judged(np, &masked), [unknown]);
    for first in [init, masked] {
        // In another record of the same connection, of one like it, and of another one.
        let later = to(r#""k8s:app=q""#, "10.0.1.8").replace("09:00:00Z", "09:00:05Z");
        let like = to(r#""k8s:app=q""#, "10.0.1.7");
        let other = like.replace(":80,", ":81,");
        for more in [later, like, other] {
            let all = judged(np, &format!("{first}\n{more}"));
            assert!(all.iter().all(|one| one.ends_with("x/q: deny")), "{all:?}");
        }
    }
}

#[test]
fn what_changes_nothing_is_not_uncertain() {
    let np = |namespace: &str, from: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p, namespace: {namespace}}}, spec: {{podSelector: {{}}, policyTypes: [Ingress], ingress: [{from}]}}}}\n---\n"
        )
    };
    let by_hash =
        "{from: [{namespaceSelector: {}, podSelector: {matchLabels: {pod-template-hash: abc}}}]}";
    let from = record(("10.0.0.2", &format!("{NEW}]")), CART, &tcp(80));
    let unknown = "x/q > shop/cart: uncertain; NetworkPolicy shop/p selects by `pod-template-hash`, which records do not have";
    assert_eq!(judged(&np("shop", by_hash), &from), [unknown]);
    let elsewhere = format!("{}{}", np("zzz", by_hash), np("shop", ""));
    assert_eq!(judged(&elsewhere, &from), ["x/q > shop/cart: deny"]);
    let all = np("shop", &format!("{by_hash}, {{}}"));
    assert_eq!(judged(&all, &from), ["x/q > shop/cart: allow"]);

    // ICMP of an unknown type.
    let ping = table("shop/web,shop/cart,ICMP,,1,forwarded\n");
    let calico = |rules: &str| {
        format!(
            "{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: g}}, spec: {{selector: app == 'cart', types: [Ingress], ingress: [{rules}]}}}}"
        )
    };
    for (rules, is) in [
        ("", "deny"),
        ("{action: Allow}", "allow"),
        ("{action: Allow, protocol: ICMP}", "allow"),
        ("{action: Allow, protocol: TCP}", "deny"),
        (
            "{action: Allow, protocol: ICMP, icmp: {type: 8}}",
            "uncertain; the type of ICMP is not recorded",
        ),
    ] {
        let wanted = format!("shop/web > shop/cart: {is}");
        assert_eq!(judged(&calico(rules), &ping), [wanted], "{rules}");
    }
}
