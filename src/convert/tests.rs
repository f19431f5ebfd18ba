//! What becomes of single policies.

mod blocks;
mod causes;
mod cluster;
mod denials;
mod places;
mod several_namespaces;

use super::*;
use crate::cluster::{HostNetwork, PodAddresses};
use crate::load::{Settings, load};

const NP: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n";
const CNP: &str = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n";
const CALICO: &str = "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\n";

fn conversion(target: Target, text: &str, assumptions: Assumptions) -> Conversion {
    let settings = Settings {
        enforcer: None,
        assumptions,
    };
    let loaded = load(&[Source::new("a.yaml", text)], &settings);
    let reading = Reading {
        assumptions,
        namespace: None,
    };
    convert(&loaded, target, reading)
}

fn converted_to(target: Target, text: &str) -> Vec<Converted> {
    conversion(target, text, Assumptions::default()).policies
}

/// Why the one policy of a text is not written in full.
fn why(target: Target, text: &str) -> (State, String) {
    let [one] = &*converted_to(target, text) else {
        panic!("one policy: {text}")
    };
    let why: Vec<&str> = one.reasons.iter().map(|r| r.why.as_str()).collect();
    (one.state, why.join("; "))
}

#[test]
fn comments_labels_and_annotations_are_kept() {
    let text = format!(
        "# The database.\n#\n# Owner: data\n{NP}metadata:\n  name: db\n  namespace: s\n  labels: {{team: data}}\n  annotations:\n    note: x\n    kubectl.kubernetes.io/last-applied-configuration: '{{}}'\nspec:\n  podSelector: {{}}\n  # For all pods\n  ingress:\n  # Backups\n  # at night\n  - from: [{{podSelector: {{}}}}]\n    ports: [{{port: 80}}]\n  - from: [{{podSelector: {{matchLabels: {{a: b}}}}}}]\n"
    );
    let all = converted_to(Target::Cilium, &text);
    insta::assert_snapshot!(all[0].written.as_ref().unwrap().text, @r##"
    # The database.
    #
    # Owner: data
    # For all pods
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata:
      name: db
      namespace: s
      labels:
        team: data
      annotations:
        note: x
    spec:
      endpointSelector: {}
      ingress:
      # Backups
      # at night
      - fromEndpoints:
        - {}
        toPorts:
        - ports:
          - port: "80"
            protocol: TCP
      - fromEndpoints:
        - matchLabels:
            a: b
    "##);
}

#[test]
fn policies_of_the_dialect_keep_their_text() {
    let own = format!(
        "{CNP}metadata: {{name: a, namespace: s}}\nspec: {{endpointSelector: {{}}, ingressDeny: [{{fromEntities: [world]}}]}} # kept\n"
    );
    let other = format!("{NP}metadata: {{name: a, namespace: s}}\nspec: {{podSelector: {{}}}}\n");
    let all = converted_to(Target::Cilium, &format!("---\n{other}---\n{own}"));
    assert_eq!(all[1].written.as_ref().unwrap().text, own);
    assert_eq!(all[1].state, State::Exact);
    // The name is taken.
    assert_eq!(all[0].state, State::CannotExpress);
    assert_eq!(
        all[0].reasons[0].why,
        "another policy is written as CiliumNetworkPolicy s/a"
    );
}

/// Where one rule is left out, the policy stays.
fn state_of(why: &str) -> State {
    match why.contains(" is left out") {
        true => State::Narrowed,
        false => State::CannotExpress,
    }
}

#[test]
fn a_rule_that_allows_is_left_out_alone_and_the_pods_stay_isolated() {
    let text = format!(
        "{CNP}metadata: {{name: a, namespace: s}}\nspec:\n  endpointSelector: {{}}\n  ingress:\n  - toPorts: [{{ports: [{{port: '80', protocol: TCP}}], rules: {{http: [{{method: GET}}]}}}}]\n  - fromEndpoints: [{{matchLabels: {{app: web}}}}]\n  egress:\n  - toServices: [{{k8sService: {{serviceName: x}}}}]\n"
    );
    let all = converted_to(Target::Kubernetes, &text);
    assert_eq!(all[0].state, State::Narrowed);
    assert_eq!(all[0].reasons.len(), 2);
    insta::assert_snapshot!(all[0].written.as_ref().unwrap().text, @"
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: a
      namespace: s
    spec:
      podSelector: {}
      policyTypes:
      - Ingress
      - Egress
      ingress:
      - from:
        - podSelector:
            matchLabels:
              app: web
    ");
}

#[test]
fn what_cilium_adds_to_network_policies_is_left_out_with_the_reason() {
    let meta = "metadata: {name: a, namespace: s}\n";
    for (spec, want) in [
        (
            "endpointSelector: {}, ingress: [{fromEntities: [health]}]",
            "`ingress[0]` is left out, and allows nothing: it has the entity `health`",
        ),
        (
            "endpointSelector: {}, egress: [{toServices: [{k8sService: {serviceName: x}}]}]",
            "`egress[0]` is left out, and allows nothing: it has `toServices`",
        ),
        (
            "endpointSelector: {}, egress: [{toCIDRSet: [{cidrGroupRef: x}]}]",
            "`egress[0]` is left out, and allows nothing: it has groups of address blocks",
        ),
        (
            "endpointSelector: {}, egress: [{toFQDNs: [{matchPattern: '*.x.io'}]}]",
            "`egress[0]` is left out, and allows nothing: it has the pattern `*.x.io` of domain names",
        ),
        (
            "endpointSelector: {matchLabels: {'reserved:init': ''}}, ingress: [{}]",
            "it selects by `reserved:init`, which is no label of pods",
        ),
        (
            "endpointSelector: {}, ingress: [{fromEndpoints: [{matchExpressions: [{key: io.cilium.k8s.policy.serviceaccount, operator: NotIn, values: [x]}]}]}]",
            "`ingress[0]` is left out, and allows nothing: it selects by `io.cilium.k8s.policy.serviceaccount`, which is no label of pods in Cilium",
        ),
        (
            "endpointSelector: {matchExpressions: [{key: k8s:io.kubernetes.pod.namespace, operator: Exists}]}, ingress: [{}]",
            "it selects its pods by their namespace, too",
        ),
        (
            "endpointSelector: {}, enableDefaultDeny: {ingress: false}, ingress: [{fromEndpoints: [{}]}]",
            "it allows and does not isolate: Ingress is not denied by default",
        ),
        (
            "endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: http, endPort: 90, protocol: TCP}]}]}]",
            "`ingress[0]` is left out, and allows nothing: it has a range of ports that starts at `http`",
        ),
        (
            "endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: '0', protocol: VRRP}]}]}]",
            "`ingress[0]` is left out, and allows nothing: it has a protocol without ports",
        ),
        (
            "endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{method: GET}]}}]}]",
            "`ingress[0]` is left out, and allows nothing: it has `http`, a condition beyond addresses and ports",
        ),
        (
            "endpointSelector: {}, egress: [{toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchPattern: '*.x'}]}}]}]",
            "`egress[0]` is left out, and allows nothing: it has `dns`, a condition beyond addresses and ports",
        ),
        (
            "endpointSelector: {}, ingress: [{fromEndpoints: [{}], authentication: {mode: required}}]",
            "`ingress[0]` is left out, and allows nothing: it has `authentication`, a condition beyond addresses and ports",
        ),
    ] {
        for target in [Target::Kubernetes, Target::Calico] {
            let found = why(target, &format!("{CNP}{meta}spec: {{{spec}}}\n"));
            assert_eq!(found, (state_of(want), want.to_owned()), "{spec}");
        }
    }
    let entity = why(
        Target::Kubernetes,
        &format!(
            "{CNP}{meta}spec: {{endpointSelector: {{}}, ingress: [{{fromEntities: [cluster]}}]}}\n"
        ),
    );
    let only = "`ingress[0]` has only the entity `cluster`, which NetworkPolicy cannot express";
    assert_eq!(entity, (State::Narrowed, only.to_owned()));
    let specs = format!(
        "{CNP}{meta}specs: [{{endpointSelector: {{}}, ingress: [{{}}]}}, {{endpointSelector: {{}}, egress: [{{}}]}}]\n"
    );
    assert_eq!(
        why(Target::Calico, &specs).1,
        "it has several `specs`, each with its own pods"
    );
    let wide = "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: a}\nspec: {endpointSelector: {}, ingress: [{}]}\n";
    assert_eq!(
        why(Target::Kubernetes, wide).1,
        "it is for the pods of several namespaces, and the input has none that its selector matches"
    );
}

#[test]
fn what_calico_adds_to_network_policies_is_left_out_with_the_reason() {
    let meta = "metadata: {name: a, namespace: s}\n";
    for (spec, want) in [
        ("ingress: [{action: Log}]", "it has rules that log"),
        (
            "ingress: [{action: Pass}]",
            "it has rules that pass to the next tier",
        ),
        (
            "tier: security, ingress: [{action: Allow}]",
            "it is in the tier `security`",
        ),
        (
            "ingress: [{action: Allow, protocol: ICMP, icmp: {type: 8, code: 0}}]",
            "`ingress[0]` is left out, and allows nothing: it has codes of ICMP types",
        ),
        (
            "ingress: [{action: Allow, protocol: UDPLite}]",
            "`ingress[0]` is left out, and allows nothing: it has the protocol 136, which has no ports",
        ),
        (
            "ingress: [{action: Allow, notProtocol: TCP}]",
            "`ingress[0]` is left out, and allows nothing: it has `notProtocol`",
        ),
        (
            "ingress: [{action: Allow, ipVersion: 4}]",
            "`ingress[0]` is left out, and allows nothing: it has `ipVersion`",
        ),
        (
            "ingress: [{action: Allow, protocol: TCP, source: {ports: [80]}}]",
            "`ingress[0]` is left out, and allows nothing: it has source ports",
        ),
        (
            "ingress: [{action: Allow, protocol: TCP, destination: {notPorts: [80]}}]",
            "`ingress[0]` is left out, and allows nothing: it has `notPorts`",
        ),
        (
            "ingress: [{action: Allow, source: {notSelector: has(a)}}]",
            "`ingress[0]` is left out, and allows nothing: it has `notSelector`",
        ),
        (
            "ingress: [{action: Allow, source: {notNets: [10.0.0.0/8]}}]",
            "`ingress[0]` is left out, and allows nothing: it has `notNets` without `nets`",
        ),
        (
            "ingress: [{action: Allow, source: {selector: has(a), nets: [10.0.0.0/8]}}]",
            "`ingress[0]` is left out, and allows nothing: it selects by labels and addresses at once",
        ),
        (
            "ingress: [{action: Allow, source: {serviceAccounts: {selector: has(x)}}}]",
            "`ingress[0]` is left out, and allows nothing: it selects service accounts by their labels",
        ),
        (
            "egress: [{action: Allow, destination: {services: {name: x}}}]",
            "`egress[0]` is left out, and allows nothing: it has `services`",
        ),
        (
            "ingress: [{action: Allow, destination: {selector: has(a)}}]",
            "`ingress[0]` is left out, and allows nothing: it has rules for a part of its own pods",
        ),
        (
            "ingress: [{action: Allow, source: {namespaceSelector: global()}}]",
            "`ingress[0]` is left out, and allows nothing: it selects what is in no namespace",
        ),
        (
            "selector: has(a) || has(b)",
            "it has the selector `has(a) || has(b)`, which is no list of requirements",
        ),
        (
            "selector: \"projectcalico.org/orchestrator == 'k8s'\"",
            "it selects by `projectcalico.org/orchestrator`, which is no label of pods",
        ),
        (
            "serviceAccountSelector: has(a)",
            "it selects service accounts by their labels",
        ),
    ] {
        for target in [Target::Kubernetes, Target::Cilium] {
            let found = why(target, &format!("{CALICO}{meta}spec: {{{spec}}}\n"));
            assert_eq!(found, (state_of(want), want.to_owned()), "{spec}");
        }
    }
    let global = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: a}\nspec: {ingress: [{action: Allow}]}\n";
    assert_eq!(
        why(Target::Kubernetes, global).1,
        "it is for the pods of all namespaces"
    );
    let text = format!("{CALICO}{meta}spec: {{selector: \"a starts with 'b'\"}}\n");
    let want = "the selector `a starts with b` of its pods cannot be expressed";
    assert_eq!(
        why(Target::Kubernetes, &text),
        (State::CannotExpress, want.to_owned())
    );
}

#[test]
fn what_a_dialect_lacks_is_a_part_that_is_left_out() {
    let domain = format!(
        "{CNP}metadata: {{name: a, namespace: s}}\nspec:\n  endpointSelector: {{}}\n  egress:\n  - toFQDNs: [{{matchName: x.io}}]\n  - toCIDR: [10.0.0.0/8]\n"
    );
    let want = "`egress[0]` has only a domain name, which NetworkPolicy cannot express";
    assert_eq!(
        why(Target::Kubernetes, &domain),
        (State::Narrowed, want.to_owned())
    );
    assert_eq!(why(Target::Calico, &domain).0, State::Narrowed);
    let label = format!(
        "{NP}metadata: {{name: a, namespace: s}}\nspec: {{podSelector: {{}}, ingress: [{{from: [{{podSelector: {{matchLabels: {{pod-template-hash: x}}}}}}]}}]}}\n"
    );
    let want = "Cilium does not select pods by the label `pod-template-hash`";
    assert_eq!(
        why(Target::Cilium, &label),
        (State::Narrowed, want.to_owned())
    );
    let dots =
        format!("{NP}metadata: {{name: a.b.c, namespace: s}}\nspec: {{podSelector: {{}}}}\n");
    let all = converted_to(Target::Calico, &dots);
    assert_eq!(all[0].state, State::Exact);
    assert_eq!(
        all[0].written.as_ref().unwrap().title,
        "NetworkPolicy.projectcalico.org s/a-b-c"
    );
}

#[test]
fn several_dialects_are_told_apart_by_their_groups() {
    let text = format!("{CALICO}metadata: {{name: a, namespace: s}}\nspec: {{}}\n");
    let all = converted_to(Target::Kubernetes, &text);
    assert_eq!(all[0].from, "NetworkPolicy.projectcalico.org s/a");
    assert_eq!(all[0].written.as_ref().unwrap().title, "NetworkPolicy s/a");
}

/// What blocks match under an enforcer, assumed of the API too.
fn as_under(pod_addresses: PodAddresses) -> Assumptions {
    Assumptions {
        pod_addresses,
        host_network: HostNetwork::Nodes,
        ..Assumptions::default()
    }
}

#[test]
fn forms_that_only_cilium_has_are_converted() {
    let pods = "{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: s, labels: {app: x}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}]}]}}\n---\n";
    for spec in [
        "ingress: [{}]",
        "ingress: [{fromEndpoints: []}]",
        "ingress: [{fromEntities: [all]}]",
        "ingress: [{fromEntities: [world]}]",
        "ingress: [{fromEndpoints: [{matchLabels: {'any:app': x}}]}]",
        "ingress: [{fromEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': t}}]}]",
        "ingress: [{fromEndpoints: [{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: Exists}]}]}]",
        "ingress: [{fromEndpoints: [{matchLabels: {'k8s:io.cilium.k8s.namespace.labels.team': t, app: x}}]}]",
        "ingress: [{toPorts: [{ports: [{port: '80'}, {port: '0', protocol: UDP}]}]}]",
        "ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: http}]}]}]",
        "ingress: [{fromEndpoints: [{}], toPorts: [{ports: []}]}]",
        "egress: [{toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}], toPorts: [{ports: [{port: '80', endPort: 90, protocol: TCP}]}]}]",
        "egress: [{toEndpoints: [{}], toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchPattern: '*'}]}}]}]",
    ] {
        let text = format!(
            "{pods}{CNP}metadata: {{name: a, namespace: s}}\nspec: {{endpointSelector: {{matchLabels: {{'k8s:io.kubernetes.pod.namespace': other}}}}, {spec}}}\n"
        );
        let found = conversion(Target::Kubernetes, &text, as_under(PodAddresses::Outside));
        assert!(
            found.is_exact(),
            "{spec}: {:?} {:?}",
            found.policies,
            found.changes
        );
    }
}

#[test]
fn forms_that_only_calico_has_are_converted() {
    let pods = "{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: s, labels: {app: x}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}]}]}}\n---\n";
    for spec in [
        "{}",
        "{egress: [{action: Allow}]}",
        "{selector: \"app == 'x' && (has(a) && !has(b)) && c not in {'d', 'e'}\", ingress: [{action: Allow, source: {serviceAccounts: {}}}]}",
        "{selector: \"!app == 'y' && !(a in {'b'}) && all()\", order: 10, types: [Ingress, Egress]}",
        "{ingress: [{action: Allow, source: {namespaceSelector: \"projectcalico.org/name == 't'\"}}]}",
        "{ingress: [{action: Allow, source: {namespaceSelector: all(), selector: has(a)}}]}",
        "{ingress: [{action: Allow, destination: {ports: [http]}}]}",
        "{ingress: [{action: Allow, protocol: 6, destination: {ports: [80, '90:99', http]}}]}",
        "{egress: [{action: Allow, protocol: UDP, destination: {nets: [10.0.0.0/8, 192.0.2.0/24], notNets: [10.1.0.0/16]}}]}",
    ] {
        let text = format!("{pods}{CALICO}metadata: {{name: a, namespace: s}}\nspec: {spec}\n");
        let found = conversion(Target::Kubernetes, &text, as_under(PodAddresses::Known));
        // Under Calico a rule with IPv4 blocks is for pods that have IPv4 addresses, which future pods may lack.
        let known_pods_only = spec.contains("nets");
        assert!(
            found.changes.is_empty() && (found.is_exact() || known_pods_only),
            "{spec}: {:?} {:?}",
            found.policies,
            found.changes
        );
    }
}

#[test]
fn other_objects_that_written_policies_match_count() {
    let pod =
        "{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: s, labels: {app: x}}}\n---\n";
    let set = "{apiVersion: projectcalico.org/v3, kind: NetworkSet, metadata: {name: n, namespace: s, labels: {app: y}}, spec: {nets: [192.0.2.0/24]}}\n---\n";
    let policy = format!(
        "{NP}metadata: {{name: a, namespace: s}}\nspec: {{podSelector: {{}}, ingress: [{{from: [{{podSelector: {{matchLabels: {{app: y}}}}}}]}}]}}\n"
    );
    let assumptions = as_under(PodAddresses::Known);
    let plain = conversion(Target::Calico, &format!("{pod}{policy}"), assumptions);
    assert!(plain.is_exact(), "{:?}", plain.changes);
    let with_set = conversion(Target::Calico, &format!("{pod}{set}{policy}"), assumptions);
    assert_eq!(with_set.changes.len(), 1, "{:?}", with_set.changes);
    assert!(!with_set.changes[0].opened().is_empty());
}

#[test]
fn types_of_icmp_are_converted_where_the_dialect_has_them() {
    let pod =
        "{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: s, labels: {app: x}}}\n---\n";
    let cilium = format!(
        "{pod}{CNP}metadata: {{name: a, namespace: s}}\nspec: {{endpointSelector: {{}}, ingress: [{{fromEndpoints: [{{}}], icmps: [{{fields: [{{type: EchoRequest}}, {{family: IPv6, type: EchoRequest}}]}}]}}]}}\n"
    );
    let calico = format!(
        "{pod}{CALICO}metadata: {{name: a, namespace: s}}\nspec: {{ingress: [{{action: Allow, protocol: ICMP, icmp: {{type: 8}}, source: {{selector: all()}}}}, {{action: Allow, protocol: ICMPv6, source: {{selector: all()}}}}]}}\n"
    );
    let assumptions = as_under(PodAddresses::Unknown);
    let there = conversion(Target::Calico, &cilium, assumptions);
    assert!(there.is_exact(), "{:?} {:?}", there.policies, there.changes);
    insta::assert_snapshot!(there.policies[0].written.as_ref().unwrap().text, @r##"
    apiVersion: projectcalico.org/v3
    kind: NetworkPolicy
    metadata:
      name: a
      namespace: s
    spec:
      selector: "all()"
      types:
      - Ingress
      ingress:
      - action: Allow
        protocol: ICMP
        icmp:
          type: 8
        source:
          selector: "all()"
      - action: Allow
        protocol: ICMPv6
        icmp:
          type: 128
        source:
          selector: "all()"
    "##);
    let back = conversion(Target::Cilium, &calico, assumptions);
    assert!(back.is_exact(), "{:?} {:?}", back.policies, back.changes);
    let why = why(Target::Kubernetes, &cilium);
    let want = "the port `ICMP/8`: NetworkPolicy cannot express ICMP type 8; the port `ICMPv6/128`: NetworkPolicy cannot express ICMPv6 type 128";
    assert_eq!(why, (State::Narrowed, want.to_owned()));
}

#[test]
fn service_accounts_are_converted_between_cilium_and_calico_and_lost_in_network_policy() {
    let pods = "{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: s, labels: {app: x}}, spec: {serviceAccountName: robot, containers: [{name: c}]}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: y, namespace: s, labels: {app: x}}, spec: {containers: [{name: c}]}}\n---\n";
    let spec = "{selector: app == 'x', serviceAccountSelector: \"projectcalico.org/name in {'robot', 'default'}\", ingress: [{action: Allow, protocol: TCP, source: {serviceAccounts: {names: [robot]}}, destination: {ports: [80]}}]}";
    let text = format!("{pods}{CALICO}metadata: {{name: a, namespace: s}}\nspec: {spec}\n");
    let found = conversion(Target::Cilium, &text, as_under(PodAddresses::Known));
    assert!(
        found.changes.is_empty() && found.is_exact(),
        "{:?}",
        found.policies
    );
    let lost = conversion(Target::Kubernetes, &text, as_under(PodAddresses::Known));
    assert!(!lost.is_exact());
    let reasons: Vec<String> = lost
        .policies
        .iter()
        .flat_map(|p| p.reasons.iter().map(|reason| reason.why.clone()))
        .collect();
    assert_eq!(
        reasons,
        ["NetworkPolicy does not select pods by service account"]
    );
}

#[test]
fn a_description_is_a_comment_of_the_new_policy() {
    let text = format!(
        "# The web pods.\n{CNP}metadata: {{name: web, namespace: a}}\nspec:\n  description: only their own namespace\n  endpointSelector: {{matchLabels: {{app: web}}}}\n  ingress: [{{fromEndpoints: [{{}}]}}]\n"
    );
    for target in [Target::Kubernetes, Target::Calico] {
        let all = converted_to(target, &text);
        let text = &all[0].written.as_ref().unwrap().text;
        assert!(
            text.starts_with("# The web pods.\n# only their own namespace\n"),
            "{text}"
        );
    }
}

#[test]
fn names_that_calico_refuses_are_written_with_hyphens() {
    let text = "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: shop.web-to-db.allow}\nspec: {tier: Admin, priority: 5, subject: {namespaces: {matchLabels: {a: b}}}, ingress: [{action: Accept, from: [{namespaces: {matchLabels: {a: b}}}]}]}\n";
    let all = converted_to(Target::Calico, text);
    let [one] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!((one.state, &one.reasons), (State::Exact, &Vec::new()));
    let written = one.written.as_ref().unwrap();
    assert_eq!(written.title, "GlobalNetworkPolicy shop-web-to-db-allow");
    assert_eq!(one.renamed.as_deref(), Some("shop-web-to-db-allow"));
}

#[test]
fn addresses_of_domain_names_are_learnt_in_cilium() {
    let out = "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: out}\nspec: {tier: Admin, priority: 5, subject: {namespaces: {}}, egress: [{action: Accept, to: [{domainNames: [a.com]}]}]}\n";
    let dns = format!(
        "---\n{NP}metadata: {{name: dns, namespace: s}}\nspec: {{podSelector: {{}}, policyTypes: [Egress], egress: [{{to: [{{namespaceSelector: {{}}}}], ports: [{{port: 53, protocol: UDP}}, {{port: 53}}]}}]}}\n"
    );
    let both = converted_to(Target::Cilium, &format!("{out}{dns}"));
    let states: Vec<State> = both.iter().map(|one| one.state).collect();
    assert_eq!(states, [State::Exact; 2], "{both:?}");
    let texts: String = both
        .iter()
        .filter_map(|one| Some(one.written.as_ref()?.text.as_str()))
        .collect();
    assert!(texts.contains("matchPattern: \"*\""), "{texts}");
    let (state, why) = why(Target::Cilium, out);
    assert_eq!(state, State::Narrowed);
    assert_eq!(
        why,
        "no policy for the namespace makes the addresses of `a.com` known, so that the rule allows nothing"
    );
}

/// What denies comes first in Cilium, whichever policy it is in.
#[test]
fn a_policy_with_other_connections_is_not_exact() {
    let pods = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: s, labels: {app: web}}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: s, labels: {app: db}}}\n---\n";
    let admin = |name: &str, priority: u8, rule: &str| {
        format!(
            "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {{name: {name}}}\nspec: {{tier: Admin, priority: {priority}, subject: {{pods: {{namespaceSelector: {{}}, podSelector: {{matchLabels: {{app: db}}}}}}}}, ingress: [{rule}]}}\n---\n"
        )
    };
    let allow = admin(
        "allow",
        1,
        "{action: Accept, from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}]}",
    );
    let deny = admin("deny", 2, "{action: Deny, from: [{namespaces: {}}]}");
    let found = conversion(
        Target::Cilium,
        &format!("{pods}{allow}{deny}"),
        Assumptions::default(),
    );
    assert!(!found.is_equal());
    for one in &found.policies {
        assert_eq!(one.state, State::Differs, "{one:?}");
        let [reason] = one.reasons.as_slice() else {
            panic!("{one:?}")
        };
        assert_eq!(
            reason.why,
            "its rules are written in full, but ingress to s/db from s/web on any is now denied"
        );
    }
    let alone = conversion(
        Target::Cilium,
        &format!("{pods}{deny}"),
        Assumptions::default(),
    );
    assert_eq!(
        alone.policies[0].state,
        State::Exact,
        "{:?}",
        alone.policies
    );
}

/// Without pods the difference is at the gates of future ones: the Baseline tier matches no ingress from outside (A5).
#[test]
fn a_policy_with_other_connections_of_future_pods_is_not_exact() {
    let text = format!(
        "{NP}metadata: {{name: scrape, namespace: s}}\nspec: {{podSelector: {{}}, policyTypes: [Ingress], ingress: [{{from: [{{namespaceSelector: {{}}}}], ports: [{{port: 8080}}]}}]}}\n"
    );
    let found = conversion(Target::ClusterNetworkPolicy, &text, Assumptions::default());
    assert_eq!(found.relation, Relation::Wider);
    let [one] = found.policies.as_slice() else {
        panic!("{:?}", found.policies)
    };
    assert_eq!(one.state, State::Differs);
    let [reason] = one.reasons.as_slice() else {
        panic!("{one:?}")
    };
    assert_eq!(
        reason.why,
        "its rules are written in full, but ingress to future pods of s from `0.0.0.0/0` on any is now allowed"
    );
    let same = conversion(Target::Calico, &text, as_under(PodAddresses::Known));
    assert_eq!(same.policies[0].state, State::Exact, "{:?}", same.policies);
}

#[test]
fn policies_without_a_common_form_are_not_blamed_on_the_dialect() {
    let text = "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: all}\nspecs: [{endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]}, {endpointSelector: {}, egress: [{}]}]\n";
    for target in [Target::Calico, Target::AdminNetworkPolicy] {
        let all = converted_to(target, text);
        assert_eq!(all[0].state, State::CannotExpress);
        let [reason] = all[0].reasons.as_slice() else {
            panic!("{all:?}")
        };
        let help = reason.help.as_deref().unwrap_or_default();
        assert!(help.contains("not converted to any dialect"), "{help}");
    }
}
