use super::ClusterPolicies;
use crate::cluster::{Assumptions, Enforcer, PodAddresses, PortNames};
use crate::diag::Severity;
use crate::dialect::{self, Context, Dialect};
use crate::manifest::{self, Source};
use crate::policy::{Action, Match, Policy};

fn object(text: &str) -> crate::yaml::Object {
    let read = manifest::read(
        &[Source::new("p.yaml", text)],
        &dialect::kinds(crate::cluster::Enforcer::Kubernetes),
    );
    read.policies.into_iter().next().expect("a policy")
}

/// The policy, and the codes and paths of its diagnostics.
fn judge(text: &str) -> (Option<Policy>, Vec<(Severity, String)>) {
    let object = object(text);
    let read = ClusterPolicies.read(&object);
    let diagnostics = read.diagnostics.iter();
    let diagnostics = diagnostics.map(|d| (d.severity, d.path.clone().unwrap_or_default()));
    let context = Context::kubernetes(Assumptions::default());
    (read.lower(&object, &context).pop(), diagnostics.collect())
}

fn admin(rule: &str) -> String {
    format!(
        "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {{name: a}}\nspec:\n  priority: 7\n  subject: {{namespaces: {{}}}}\n  egress:\n  - {rule}\n"
    )
}

fn cluster(rule: &str) -> String {
    format!(
        "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {{name: c}}\nspec:\n  tier: Baseline\n  priority: 7\n  subject: {{pods: {{podSelector: {{}}}}}}\n  egress:\n  - {rule}\n"
    )
}

fn refused(text: &str) -> Vec<String> {
    let (policy, diagnostics) = judge(text);
    assert!(policy.is_none(), "{text}");
    let errors = diagnostics.into_iter().filter(|t| t.0 == Severity::Error);
    errors.map(|t| t.1).collect()
}

#[test]
fn tiers_order_and_no_isolation() {
    let (policy, diagnostics) = judge(&admin("{action: Allow, to: [{namespaces: {}}]}"));
    let policy = policy.expect("judged");
    assert_eq!(diagnostics, []);
    assert_eq!(
        (policy.tier, policy.order),
        (0, crate::policy::order(Some(7.0)))
    );
    let side = policy.egress.expect("egress");
    assert!(!side.isolates && policy.ingress.is_none());
    assert_eq!(side.rules[0].ports, Match::Any);
    let (policy, diagnostics) = judge(&cluster("{action: Accept, to: [{namespaces: {}}]}"));
    assert_eq!(diagnostics, []);
    assert_eq!(policy.map(|p| p.tier), Some(2));
}

#[test]
fn networks_with_a_key_say_how_they_are_written() {
    let rule = "{action: Deny, to: [{networks: [{cidr: 10.0.0.0/8}]}]}";
    let read = ClusterPolicies.read(&object(&admin(rule)));
    let helps: Vec<_> = read
        .diagnostics
        .into_iter()
        .filter_map(|d| d.help)
        .collect();
    assert_eq!(helps, ["write the network itself: `- 10.0.0.0/8`"]);
}

#[test]
fn policies_that_the_schemas_reject_are_rejected() {
    let path = "spec.egress[0]";
    for (rule, want) in [
        ("{action: Accept, to: [{namespaces: {}}]}", ".action"),
        ("{to: [{namespaces: {}}]}", ".action"),
        ("{action: Deny}", ".to"),
        ("{action: Deny, to: []}", ".to"),
        ("{action: Deny, to: null}", ".to"),
        ("{action: Deny, to: [{}]}", ".to[0]"),
        (
            "{action: Deny, to: [{namespaces: {}, networks: [10.0.0.0/8]}]}",
            ".to[0]",
        ),
        (
            "{action: Deny, to: [{networks: [10.0.0.0]}]}",
            ".to[0].networks[0]",
        ),
        (
            "{action: Deny, to: [{networks: [10.0.0.0/8, 10.0.0.0/8]}]}",
            ".to[0].networks[1]",
        ),
        (
            "{action: Deny, to: [{domainNames: [com]}]}",
            ".to[0].domainNames[0]",
        ),
        (
            "{action: Deny, to: [{domainNames: [a-.example.com]}]}",
            ".to[0].domainNames[0]",
        ),
        (
            "{action: Deny, to: [{networks: ['0064:ff9b:0000:0000:0000:0000:192.000.002.001/128']}]}",
            ".to[0].networks[0]",
        ),
        (
            "{action: Deny, to: [{namespaces: {}}], ports: [{portNumber: {port: 0}}]}",
            ".ports[0].portNumber.port",
        ),
        (
            "{action: Deny, to: [{namespaces: {}}], ports: [{portRange: {start: 1}}]}",
            ".ports[0].portRange.end",
        ),
        (
            "{action: Deny, to: [{namespaces: {}}], ports: [{}]}",
            ".ports[0]",
        ),
    ] {
        assert_eq!(refused(&admin(rule)), [format!("{path}{want}")], "{rule}");
    }
    for (rule, want) in [
        ("{action: Allow, to: [{namespaces: {}}]}", ".action"),
        ("{action: Deny, to: [{}]}", ".to[0]"),
        (
            "{action: Deny, to: [{namespaces: {}}], protocols: []}",
            ".protocols",
        ),
        (
            "{action: Deny, to: [{namespaces: {}}], protocols: [{tcp: {}}]}",
            ".protocols[0].tcp",
        ),
        (
            "{action: Deny, to: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {range: {start: 5, end: 5}}}}]}",
            ".protocols[0].tcp.destinationPort.range",
        ),
    ] {
        assert_eq!(refused(&cluster(rule)), [format!("{path}{want}")], "{rule}");
    }
    let spec = admin("{action: Deny, to: [{namespaces: {}}]}");
    let wrong = |from: &str, to: &str| refused(&spec.replace(from, to));
    assert_eq!(wrong("priority: 7", "priority: 1001"), ["spec.priority"]);
    assert_eq!(wrong("  priority: 7\n", ""), ["spec.priority"]);
    assert_eq!(
        wrong("{namespaces: {}}\n  egress", "{}\n  egress"),
        ["spec.subject"]
    );
    assert_eq!(wrong("v1alpha1", "v1alpha9"), ["apiVersion"]);
    let base = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\nmetadata: {name: mine}\nspec: {subject: {namespaces: {}}}\n";
    assert_eq!(refused(base), ["metadata.name"]);
    let (policy, diagnostics) = judge(&spec.replace("{name: a}", "{name: a, namespace: A.b}"));
    assert_eq!((policy.is_some(), diagnostics), (true, vec![]));
    for (metadata, path) in [
        ("{name: A_b}", "metadata.name"),
        ("{name: a, labels: {a: x y}}", "metadata.labels"),
        ("{name: a, annotations: {a b: x}}", "metadata.annotations"),
        ("{name: a, labels: {a: 5}}", "metadata.labels.a"),
    ] {
        let text = spec.replace("{name: a}", metadata);
        let (policy, diagnostics) = judge(&text);
        assert_eq!(diagnostics, [(Severity::Error, path.to_owned())]);
        // Labels do not change what a policy means, but what cannot be decoded is no policy.
        assert_eq!(policy.is_some(), !metadata.contains('5'), "{metadata}");
    }
}

#[test]
fn fields_without_effect_are_reported() {
    for rule in [
        "{action: Deny, to: [{namespaces: {}}], ports: [{portRange: {start: 9, end: 1}}]}",
        "{action: Deny, to: [{namespaces: {}}], ports: [{portNumber: {protocol: ICMP, port: 9}}]}",
    ] {
        let (policy, diagnostics) = judge(&admin(rule));
        assert!(policy.is_some(), "{rule}");
        assert_eq!(
            diagnostics.iter().map(|t| t.0).collect::<Vec<_>>(),
            [Severity::Warning]
        );
    }
}

#[test]
fn unknown_peers_fail_closed() {
    for (action, want, peers) in [
        ("Accept", Action::Accept, Match::Only(vec![])),
        ("Deny", Action::Deny, Match::Any),
        ("Pass", Action::Deny, Match::Any),
    ] {
        let rule = format!(
            "{{action: {action}, to: [{{namespaces: {{}}}}, {{moons: {{}}}}], protocols: [{{tcp: {{destinationPort: {{number: 80}}}}}}]}}"
        );
        let (policy, _) = judge(&cluster(&rule));
        let side = policy.and_then(|p| p.egress).expect("judged");
        let rule = &side.rules[0];
        assert_eq!(
            (rule.action, &rule.peers, &rule.ports),
            (want, &peers, &Match::Any)
        );
    }
}

#[test]
fn invalid_selectors_match_nothing_and_are_reported() {
    for (selector, path) in [
        ("{key: a, operator: Gt, values: [x]}", ".operator"),
        ("{key: a, operator: In, values: []}", ".values"),
        ("{key: a, operator: In, values: ['x y']}", ".values[0]"),
    ] {
        let peers = format!("namespaces: {{matchExpressions: [{selector}]}}");
        let (policy, diagnostics) = judge(&admin(&format!("{{action: Deny, to: [{{{peers}}}]}}")));
        let side = policy.and_then(|p| p.egress).expect("judged");
        let found = format!("{:?}", side.rules[0].peers);
        assert!(found.contains("Nothing"), "{found}");
        let path = format!("spec.egress[0].to[0].namespaces.matchExpressions[0]{path}");
        assert_eq!(diagnostics, [(Severity::Warning, path)]);
    }
    let subject = "subject: {namespaces: {matchLabels: {a: 'x y'}}}";
    let rule = admin("{action: Deny, to: [{namespaces: {}}]}");
    let (policy, diagnostics) = judge(&rule.replace("subject: {namespaces: {}}", subject));
    assert!(policy.is_some());
    let path = "spec.subject.namespaces.matchLabels";
    assert_eq!(diagnostics, [(Severity::Warning, path.to_owned())]);
}

#[test]
fn nodes_of_both_versions_are_addresses_of_nodes() {
    for text in [
        admin("{action: Deny, to: [{nodes: {matchLabels: {zone: a}}}]}"),
        cluster("{action: Deny, to: [{nodes: {matchLabels: {zone: a}}}]}"),
    ] {
        let (policy, diagnostics) = judge(&text);
        let side = policy.and_then(|p| p.egress).expect("judged");
        let peers = format!("{:?}", side.rules[0].peers);
        assert!(peers.contains("Nodes"), "{peers}");
        assert_eq!(diagnostics, []);
    }
}

/// Each kind has the fields of its version and direction; the others are reported where they are written.
#[test]
fn fields_of_other_kinds_and_directions_are_unknown() {
    let unknown = |text: &str| -> Vec<String> {
        let read = ClusterPolicies.read(&object(text));
        let unknown = read.diagnostics.into_iter().filter(|d| d.code == "V23");
        unknown.filter_map(|d| d.path).collect()
    };
    let baseline = |text: String| {
        let text = text.replace("AdminNetworkPolicy", "BaselineAdminNetworkPolicy");
        text.replace("name: a}", "name: default}")
    };
    let ports = "ports: [{portNumber: {port: 80}}]";
    let protocols = "protocols: [{tcp: {destinationPort: {number: 80}}}]";
    let with = |part: &str| format!("{{action: Deny, to: [{{namespaces: {{}}}}], {part}}}");
    let names = "{action: Deny, to: [{domainNames: [a.example.com]}]}";
    let ingress = |text: String| text.replace("egress:", "ingress:");
    let from = "{action: Deny, from: [{namespaces: {}}]}";
    for (text, want) in [
        (cluster(&with(ports)), vec!["spec.egress[0].ports"]),
        (cluster(&with(protocols)), vec![]),
        (admin(&with(protocols)), vec!["spec.egress[0].protocols"]),
        (admin(&with(ports)), vec![]),
        (
            admin(&with(ports)).replace("  priority", "  tier: Admin\n  priority"),
            vec!["spec.tier"],
        ),
        (baseline(admin(&with(ports))), vec!["spec.priority"]),
        (
            baseline(admin(names)),
            vec!["spec.priority", "spec.egress[0].to[0].domainNames"],
        ),
        (admin(names), vec![]),
        (ingress(admin(&with(ports))), vec!["spec.ingress[0].to"]),
        (ingress(cluster(from)), vec![]),
        (cluster(from), vec!["spec.egress[0].from"]),
        (
            ingress(cluster("{action: Deny, from: [{networks: [10.0.0.0/8]}]}")),
            vec!["spec.ingress[0].from[0].networks"],
        ),
    ] {
        assert_eq!(unknown(&text), want, "{text}");
    }
}

#[test]
fn whole_networks_match_pods_with_unknown_addresses() {
    let rule = "{action: Deny, to: [{networks: [0.0.0.0/0]}]}";
    let pods = |text: &str, pod_addresses| {
        let assumptions = Assumptions {
            enforcer: Enforcer::Kubernetes,
            port_names: PortNames::Running,
            pod_addresses,
            ..Assumptions::default()
        };
        let object = object(text);
        let policies = ClusterPolicies
            .read(&object)
            .lower(&object, &Context::kubernetes(assumptions));
        let policy = policies.first().expect("judged");
        format!("{:?}", policy.egress).contains("PodsIpv4")
    };
    assert!(pods(&cluster(rule), PodAddresses::Unknown));
    assert!(!pods(&cluster(rule), PodAddresses::Outside));
    assert!(!pods(&admin(rule), PodAddresses::Unknown));
    let narrow = "{action: Deny, to: [{networks: [10.0.0.0/8]}]}";
    assert!(!pods(&cluster(narrow), PodAddresses::Unknown));
}

#[test]
fn names_of_ports_and_domains() {
    let under = "{action: Accept, to: [{domainNames: [_dmarc.example.com, a_b.example.com., '*.example.com']}]}";
    assert_eq!(
        refused(&cluster(under)),
        ["spec.egress[0].to[0].domainNames[0]"]
    );
    let long = format!(
        "{{action: Accept, to: [{{domainNames: [{}.example.com]}}]}}",
        "a".repeat(70)
    );
    assert_eq!(judge(&cluster(&long)).1, []);
    let rule = "{action: Deny, to: [{namespaces: {}}, {networks: [10.0.0.0/8]}], protocols: [{destinationNamedPort: web}]}";
    let (policy, diagnostics) = judge(&cluster(rule));
    assert!(policy.is_some(), "only some servers refuse it");
    assert_eq!(
        diagnostics,
        [(Severity::Error, "spec.egress[0]".to_owned())]
    );
}

#[test]
fn lists_of_ports_are_not_empty() {
    for text in [
        admin("{action: Deny, to: [{namespaces: {}}], ports: []}"),
        cluster("{action: Deny, to: [{namespaces: {}}], protocols: []}"),
    ] {
        let key = if text.contains("protocols") {
            "protocols"
        } else {
            "ports"
        };
        assert_eq!(refused(&text), [format!("spec.egress[0].{key}")]);
    }
}
