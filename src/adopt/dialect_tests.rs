//! What becomes of policies of Cilium and of Calico.

use super::tests::{adopted, flows};
use crate::cluster::Enforcer;
use crate::model::fixture::Fixture;
use crate::model::{Base, Document};
use crate::policy::{Direction, Target};
use crate::proof::generate;

/// A namespace `shop` with base none, in which `web`, `db` and `api` run, under an enforcer, as after an import.
fn shop(enforcer: Enforcer) -> Fixture {
    let mut fixture = Fixture::new();
    for name in ["web", "db", "api"] {
        fixture.workload(&format!("shop/{name}"), &format!("app={name}"));
    }
    fixture.document.settings.base = Base::None;
    fixture.document.settings.assumptions.enforcer = enforcer;
    fixture
}

fn cilium(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )
}

fn clusterwide(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

fn calico(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )
}

fn global(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

/// The flows of a project with these policies under an enforcer, and why policies stay.
fn of(enforcer: Enforcer, policies: &[String]) -> (Document, Vec<String>, Vec<String>) {
    let mut fixture = shop(enforcer);
    for text in policies {
        fixture.import(text, None);
    }
    let (after, remaining) = adopted(&fixture.document);
    let flows = flows(&after);
    (after, flows, remaining)
}

const DNS: &str = "toEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: kube-system, k8s:k8s-app: kube-dns}}], toPorts: [{ports: [{port: '53', protocol: UDP}, {port: '53', protocol: TCP}], rules: {dns: [{matchPattern: '*'}]}}]";

#[test]
fn a_namespace_of_cilium_becomes_flows_and_writes_cilium() {
    let (after, flows, remaining) = of(
        Enforcer::Cilium,
        &[
            cilium(
                "deny",
                "{endpointSelector: {}, ingress: [{}], egress: [{}]}",
            ),
            cilium(
                "db",
                "{endpointSelector: {matchLabels: {app: db}}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: [{port: '5432', protocol: TCP}]}]}]}",
            ),
            cilium(
                "web",
                "{endpointSelector: {matchLabels: {app: web}}, egress: [{toEndpoints: [{matchLabels: {app: db}}], toPorts: [{ports: [{port: '5432', protocol: TCP}]}]}, {toFQDNs: [{matchName: api.stripe.com}, {matchName: b.example}], toPorts: [{ports: [{port: '443', protocol: TCP}]}]}, {toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}], toPorts: [{ports: [{port: '80', endPort: 90, protocol: TCP}]}]}]}",
            ),
            cilium(
                "dns",
                &format!("{{endpointSelector: {{}}, egress: [{{{DNS}}}]}}"),
            ),
        ],
    );
    assert_eq!(remaining, [""; 0]);
    assert_eq!(
        flows,
        [
            "shop/web > external/10.0.0.0/8 except 10.1.0.0/16 TCP/80-90",
            "shop/web > external/api.stripe.com and 1 more TCP/443",
            "shop/web > shop/db TCP/5432",
        ]
    );
    assert_eq!(after.settings.dialects, [Target::Cilium]);
    assert_eq!(after.settings.assumptions.enforcer, Enforcer::Cilium);
    let shop = after.namespace_named("shop").unwrap();
    assert_eq!(after.base_of(shop), Base::DenyAll);
    assert!(after.dns_of(shop));
    let text = generate(&after).text();
    assert!(text.contains("kind: CiliumNetworkPolicy"), "{text}");
    // The names are still learnt.
    assert!(text.contains("matchPattern: \"*\""), "{text}");
}

#[test]
fn the_rest_of_a_dns_rule_is_a_flow() {
    let any = DNS.replace(
        "{port: '53', protocol: UDP}, {port: '53', protocol: TCP}",
        "{port: '53'}, {port: '5353', protocol: UDP}",
    );
    let deny = "{endpointSelector: {}, ingress: [{}], egress: [{}]}";
    let dns = format!("{{endpointSelector: {{}}, egress: [{{{any}}}]}}");
    let (after, flows, remaining) = of(
        Enforcer::Cilium,
        &[cilium("deny", deny), cilium("dns", &dns)],
    );
    assert_eq!(remaining, [""; 0]);
    assert!(after.dns_of(after.namespace_named("shop").unwrap()));
    assert_eq!(
        flows,
        ["shop/* > group/k8s-app=kube-dns in kube-system UDP/5353, SCTP/53"]
    );
}

/// A rule with `rules.dns` is more than an allowed port where names depend on it.
#[test]
fn dns_rules_stay_where_names_would_no_longer_be_learnt() {
    let names = "toFQDNs: [{matchName: a.example}]";
    let deny = "{endpointSelector: {}, egress: [{}]}";
    let of_web = |rule: &str| {
        let spec = format!("{{endpointSelector: {{matchLabels: {{app: web}}}}, egress: [{rule}]}}");
        of(
            Enforcer::Cilium,
            &[cilium("deny", deny), cilium("web", &spec)],
        )
    };
    // DNS of one workload among others is a flow.
    let (_, flows, remaining) = of_web(&format!("{{{DNS}}}"));
    assert_eq!(remaining, [""; 0]);
    assert_eq!(
        flows,
        ["shop/web > group/k8s-app=kube-dns in kube-system TCP/53, UDP/53"]
    );
    let (_, flows, remaining) = of_web(&format!("{{{DNS}}}, {{{names}}}"));
    assert_eq!(flows, [""; 0]);
    assert_eq!(
        remaining,
        [
            "web: its DNS rules also make the addresses of domain names known, which only the DNS setting of a namespace with such flows does"
        ]
    );
}

#[test]
fn clusterwide_policies_of_one_namespace_are_adopted() {
    let (after, flows, remaining) = of(
        Enforcer::Cilium,
        &[
            clusterwide(
                "db",
                "{endpointSelector: {matchLabels: {k8s:io.kubernetes.pod.namespace: shop, app: db}}, ingress: [{fromEndpoints: [{matchLabels: {role: client}}], toPorts: [{ports: [{port: '1', protocol: TCP}]}]}]}",
            ),
            clusterwide(
                "all",
                "{endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]}",
            ),
        ],
    );
    assert_eq!(remaining, ["all: it is for the pods of all namespaces"]);
    assert_eq!(
        flows,
        ["group/role=client in any namespace > shop/db TCP/1"]
    );
    assert_eq!(after.settings.dialects, [Target::Cilium]);
}

#[test]
fn what_flows_cannot_express_of_cilium_stays_with_a_reason() {
    let rule = |rule: &str| format!("{{endpointSelector: {{matchLabels: {{app: db}}}}, {rule}}}");
    let (after, _, remaining) = of(
        Enforcer::Cilium,
        &[
            cilium("deny", &rule("ingressDeny: [{fromEndpoints: [{}]}]")),
            cilium("entity", &rule("ingress: [{fromEntities: [health]}]")),
            cilium(
                "http",
                &rule("ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{path: /}]}}]}]"),
            ),
            cilium("pattern", &rule("egress: [{toFQDNs: [{matchPattern: '*.x.io'}]}]")),
            "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: other, namespace: shop}\nspec: {}\n".to_owned(),
            "apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: group}\nspec: {externalCIDRs: [10.0.0.0/8]}\n".to_owned(),
        ],
    );
    assert_eq!(
        remaining,
        [
            "deny: it has rules that deny",
            "entity: it has the entity `health`",
            "http: it has `http`, a condition beyond addresses and ports",
            "pattern: it has the pattern `*.x.io` of domain names",
            "other: the enforcer `cilium` does not implement NetworkPolicy",
            "group: it is no policy: policies name this CiliumCIDRGroup",
        ]
    );
    assert_eq!(after.settings.dialects, [Target::Kubernetes]);
}

#[test]
fn entities_become_externals() {
    let (after, flows, remaining) = of(
        Enforcer::Cilium,
        &[
            cilium(
                "deny",
                "{endpointSelector: {}, ingress: [{}], egress: [{}]}",
            ),
            cilium(
                "web",
                "{endpointSelector: {matchLabels: {app: web}}, ingress: [{fromEntities: [ingress], toPorts: [{ports: [{port: '80', protocol: TCP}]}]}]}",
            ),
            cilium(
                "db",
                "{endpointSelector: {matchLabels: {app: db}}, egress: [{toEntities: [kube-apiserver], toPorts: [{ports: [{port: '443', protocol: TCP}]}]}]}",
            ),
        ],
    );
    assert_eq!(remaining, [""; 0]);
    assert_eq!(
        flows,
        [
            "external/ingress > shop/web TCP/80",
            "shop/db > external/kube-apiserver TCP/443",
        ]
    );
    assert_eq!(after.settings.dialects, [Target::Cilium]);
}

#[test]
fn a_namespace_of_calico_becomes_flows_and_writes_calico() {
    let (after, flows, remaining) = of(
        Enforcer::Calico,
        &[
            calico("deny", "{types: [Ingress, Egress]}"),
            calico(
                "db",
                "{selector: app == 'db', ingress: [{action: Allow, protocol: TCP, source: {selector: app == 'web'}, destination: {ports: [5432]}}]}",
            ),
            global(
                "web",
                "{namespaceSelector: projectcalico.org/name == 'shop', selector: app == 'web', types: [Egress], egress: [{action: Allow, protocol: TCP, destination: {selector: app == 'db' && projectcalico.org/namespace == 'shop', ports: [5432]}}, {action: Allow, destination: {nets: [10.0.0.0/8], notNets: [10.1.0.0/16]}}]}",
            ),
            global(
                "dns",
                "{selector: projectcalico.org/namespace == 'shop', types: [Egress], egress: [{action: Allow, protocol: UDP, destination: {namespaceSelector: kubernetes.io/metadata.name == 'kube-system', selector: k8s-app == 'kube-dns', ports: [53]}}, {action: Allow, protocol: TCP, destination: {namespaceSelector: kubernetes.io/metadata.name == 'kube-system', selector: k8s-app == 'kube-dns', ports: [53]}}]}",
            ),
        ],
    );
    assert_eq!(remaining, [""; 0]);
    assert_eq!(
        flows,
        [
            "shop/web > external/10.0.0.0/8 except 10.1.0.0/16 any",
            "shop/web > shop/db TCP/5432",
        ]
    );
    assert_eq!(after.settings.dialects, [Target::Calico]);
    assert!(after.dns_of(after.namespace_named("shop").unwrap()));
    let text = generate(&after).text();
    assert!(text.contains("apiVersion: projectcalico.org/v3"), "{text}");
}

#[test]
fn what_flows_cannot_express_of_calico_stays_with_a_reason() {
    let (after, _, remaining) = of(
        Enforcer::Calico,
        &[
            calico(
                "deny",
                "{order: 1, ingress: [{action: Deny, protocol: TCP}, {action: Allow}]}",
            ),
            calico(
                "after",
                "{selector: app == 'db', ingress: [{action: Allow, source: {selector: app == 'web'}}]}",
            ),
            global(
                "all",
                "{namespaceSelector: all(), ingress: [{action: Allow}]}",
            ),
            global(
                "team",
                "{namespaceSelector: team == 'a', ingress: [{action: Allow}]}",
            ),
            calico("tier", "{tier: security, ingress: [{action: Allow}]}"),
        ],
    );
    assert_eq!(
        remaining,
        [
            "deny: it has rules that deny",
            "all: it is for the pods of all namespaces",
            "team: it is for the pods of all namespaces with `team=a`, future ones too",
            "tier: it is in the tier `security`",
        ]
    );
    assert_eq!(after.settings.dialects, [Target::Calico]);
}

#[test]
fn a_project_of_several_dialects_shows_the_adopted_one_first() {
    let mut fixture = shop(Enforcer::Cilium);
    fixture.document.settings.dialects = vec![Target::Kubernetes, Target::Cilium];
    fixture.import(
        &cilium("deny", "{endpointSelector: {}, ingress: [{}]}"),
        None,
    );
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(
        after.settings.dialects,
        [Target::Cilium, Target::Kubernetes]
    );
    // NetworkPolicies leave the dialect as it is.
    let mut fixture = shop(Enforcer::Cilium);
    fixture.import("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\nspec: {podSelector: {}}\n", None);
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(after.settings.dialects, [Target::Kubernetes]);
}

#[test]
fn service_accounts_become_groups() {
    let as_cilium = cilium(
        "db",
        "{endpointSelector: {matchLabels: {app: db}}, ingress: [{fromEndpoints: [{matchLabels: {app: web, io.cilium.k8s.policy.serviceaccount: robot}}], toPorts: [{ports: [{port: '5432', protocol: TCP}]}]}]}",
    );
    let as_calico = calico(
        "db",
        "{selector: app == 'db', ingress: [{action: Allow, protocol: TCP, source: {selector: app == 'web', serviceAccounts: {names: [robot]}}, destination: {ports: [5432]}}]}",
    );
    for (enforcer, text) in [(Enforcer::Cilium, as_cilium), (Enforcer::Calico, as_calico)] {
        let (after, flows, remaining) = of(enforcer, &[text]);
        assert_eq!(remaining, [""; 0], "{enforcer:?}");
        assert_eq!(
            flows,
            ["group/app=web as robot in shop > shop/db TCP/5432"],
            "{enforcer:?}"
        );
        let group = after.groups.iter().next().unwrap().1;
        assert_eq!(group.accounts.to_string(), "robot");
    }
}

#[test]
fn a_subject_by_service_account_is_isolated_by_a_group() {
    let as_cilium = cilium(
        "robots",
        "{endpointSelector: {matchLabels: {io.cilium.k8s.policy.serviceaccount: robot}}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]}",
    );
    let as_calico = calico(
        "robots",
        "{serviceAccountSelector: projectcalico.org/name == 'robot', ingress: [{action: Allow, source: {selector: app == 'web'}}]}",
    );
    for (enforcer, text) in [(Enforcer::Cilium, as_cilium), (Enforcer::Calico, as_calico)] {
        let (after, flows, remaining) = of(enforcer, &[text]);
        assert_eq!(remaining, [""; 0], "{enforcer:?}");
        assert_eq!(
            flows,
            ["shop/web > group/any pod as robot in shop any"],
            "{enforcer:?}"
        );
        let group = after.groups.iter().next().unwrap().1;
        assert_eq!(group.isolate, crate::model::Isolate::Ingress);
    }
}

/// A flow would be written at both gates, and the condition at the other one would have no effect any more.
#[test]
fn a_flow_does_not_open_the_gate_of_a_rule_with_a_condition() {
    let opens = |text: &str| {
        format!(
            "{{endpointSelector: {{matchLabels: {{app: web}}}}, egress: [{{toEndpoints: [{{matchLabels: {{app: db}}}}], toPorts: [{text}]}}]}}"
        )
    };
    let accepts = |text: &str| {
        format!(
            "{{endpointSelector: {{matchLabels: {{app: db}}}}, ingress: [{{fromEndpoints: [{{matchLabels: {{app: web}}}}], {text}}}]}}"
        )
    };
    let of_calico = |subject: &str, side: &str, other: &str, rule: &str| {
        let direction = side.to_lowercase();
        format!(
            "{{selector: \"app == '{subject}'\", types: [{side}], {direction}: [{{action: Allow, {rule}, {other}}}]}}"
        )
    };
    let port = "{ports: [{port: '80', protocol: TCP}]";
    let http = ", rules: {http: [{method: GET, path: /x}]}}";
    let sni = ", serverNames: [a.example]}";
    let authentication = "authentication: {mode: required}, ";
    let egress = || cilium("web", &opens(&format!("{port}}}")));
    let ingress =
        |more: &str, end: &str| cilium("db", &accepts(&format!("{more}toPorts: [{port}{end}]")));
    let source = |ports: &str| {
        format!("source: {{selector: \"app == 'web'\"{ports}}}, destination: {{ports: [80]}}")
    };
    let tcp_out = of_calico(
        "web",
        "Egress",
        "destination: {selector: \"app == 'db'\", ports: [80]}",
        "protocol: TCP",
    );
    let tcp_in = of_calico("db", "Ingress", &source(", ports: [1000]"), "protocol: TCP");
    let icmp_out = of_calico(
        "web",
        "Egress",
        "destination: {selector: \"app == 'db'\"}",
        "protocol: ICMP, icmp: {type: 3}",
    );
    let icmp_in = of_calico(
        "db",
        "Ingress",
        "source: {selector: \"app == 'web'\"}",
        "protocol: ICMP, icmp: {type: 3, code: 4}",
    );
    let cases = [
        (Enforcer::Cilium, egress(), ingress("", http), "TCP/80"),
        (Enforcer::Cilium, egress(), ingress("", sni), "TCP/80"),
        (
            Enforcer::Cilium,
            egress(),
            ingress(authentication, "}"),
            "TCP/80",
        ),
        (
            Enforcer::Calico,
            calico("web", &tcp_out),
            calico("db", &tcp_in),
            "TCP/80",
        ),
        (
            Enforcer::Calico,
            calico("web", &icmp_out),
            calico("db", &icmp_in),
            "ICMP/3",
        ),
    ];
    for (enforcer, plain, conditional, ports) in cases {
        let (after, flows, remaining) = of(enforcer, &[plain, conditional.clone()]);
        assert_eq!(remaining.len(), 1, "{remaining:?}");
        assert_eq!(
            flows,
            [format!("shop/web > shop/db {ports}")],
            "{conditional}"
        );
        let halves: Vec<_> = after.flows.iter().map(|(_, flow)| flow.half).collect();
        assert_eq!(halves, [Some(Direction::Egress)], "{conditional}");
        let written = generate(&after).text();
        assert!(!written.contains("ingress:"), "{written}");
    }
}

/// Nobody connects from a domain name (C35), and a flow to every address is one to every name.
#[test]
fn domain_names_of_other_policies_do_not_keep_a_policy() {
    let names = cilium(
        "names",
        "{endpointSelector: {matchLabels: {app: web}}, egress: [{toFQDNs: [{matchPattern: '*.x.io'}]}]}",
    );
    let open = cilium(
        "open",
        "{endpointSelector: {matchLabels: {app: db}}, ingress: [{fromEntities: [all], toPorts: [{ports: [{port: '1', protocol: TCP}]}]}], egress: [{toEntities: [world], toPorts: [{ports: [{port: '443', protocol: TCP}]}]}]}",
    );
    let (_, with_flows, _) = of(Enforcer::Cilium, std::slice::from_ref(&open));
    let (_, flows, remaining) = of(Enforcer::Cilium, &[names, open]);
    assert_eq!(flows, with_flows);
    assert_eq!(
        remaining,
        ["names: it has the pattern `*.x.io` of domain names"]
    );
}

#[test]
fn any_peer_is_a_node_too_where_blocks_match_no_nodes() {
    let any = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: any, namespace: shop}\nspec: {podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 8080}]}]}\n";
    for (enforcer, stays) in [(Enforcer::Cilium, 1), (Enforcer::Calico, 0)] {
        let (_, _, remaining) = of(enforcer, &[any.to_owned()]);
        assert_eq!(remaining.len(), stays, "{remaining:?}");
        let nodes = "could no longer accept connections from nodes that are not in the project";
        assert!(
            remaining.iter().all(|why| why.contains(nodes)),
            "{remaining:?}"
        );
    }
    // A dialect that names nodes expresses it.
    let rule = "{endpointSelector: {matchLabels: {app: web}}, ingress: [{toPorts: [{ports: [{port: '8080', protocol: TCP}]}]}]}";
    let (_, flows, remaining) = of(Enforcer::Cilium, &[cilium("any", rule)]);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(
        flows,
        [
            "external/cluster > shop/web TCP/8080",
            "external/world > shop/web TCP/8080"
        ]
    );
}

#[test]
fn what_is_allowed_before_a_denial_stays_before_it_for_future_pods() {
    // Whatever is adopted, nothing changes for pods with this label.
    of(
        Enforcer::Calico,
        &[
            calico(
                "deny",
                "{selector: \"app == 'w'\", egress: [{action: Deny}]}",
            ),
            calico(
                "allow",
                "{selector: \"app == 'w'\", order: 10, egress: [{action: Allow}]}",
            ),
        ],
    );
}

#[test]
fn a_pod_that_counts_as_its_node_hides_no_future_pods() {
    for enforcer in [Enforcer::Cilium, Enforcer::Calico] {
        let mut fixture = shop(enforcer);
        let ids: Vec<_> = fixture.document.workloads.ids().collect();
        for id in ids {
            fixture.document.workloads.get_mut(id).unwrap().host_network = true;
        }
        let of = |name: &str, spec: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
            )
        };
        let one = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}";
        let two = "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}";
        fixture.import(&of("one", one), None);
        fixture.import(&of("two", two), None);
        adopted(&fixture.document);
    }
}

#[test]
fn a_condition_written_twice_is_one() {
    let twice = calico(
        "twice",
        "{selector: \"app == 'web' && app == 'web'\", ingress: [{action: Allow, source: {selector: \"app == 'db' && app == 'db'\"}}]}",
    );
    let (_, flows, remaining) = of(Enforcer::Calico, &[twice]);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(flows, ["shop/db > shop/web any"]);
}
