//! What Calico refuses and accepts, and what is read of it.

use super::policy::{CalicoPolicy, Ip, Number};
use super::selector::Expression;
use super::*;
use crate::diag::{Diagnostic, Severity};
use crate::manifest::{self, Source};
use crate::sets::Protocol;

/// What Calico's validation refuses, one a line: kind, spec, path and the start of the message.
const REFUSED: &str = include_str!("refused.txt");
/// What it accepts, one a line: kind and spec.
const ACCEPTED: &str = include_str!("accepted.txt");

fn object(text: &str) -> Object {
    let kinds = crate::dialect::kinds(Enforcer::Calico);
    let mut read = manifest::read(&[Source::new("a.yaml", text)], &kinds);
    read.policies.pop().expect("a policy")
}

fn of_kind(kind: &str, metadata: &str, spec: &str) -> Object {
    object(&format!(
        "{{apiVersion: projectcalico.org/v3, kind: {kind}, metadata: {metadata}, spec: {spec}}}"
    ))
}

/// The errors of an object: path and message.
fn refused(object: &Object) -> Vec<String> {
    let read = match crate::dialect::is_resource(object) {
        true => CalicoPolicies.resource(object, &mut Resources::default()),
        false => CalicoPolicies.read(object).diagnostics,
    };
    let errors = read.iter().filter(|d| d.severity == Severity::Error);
    let text = |d: &Diagnostic| format!("{}: {}", d.path.as_deref().unwrap_or_default(), d.message);
    errors.map(text).collect()
}

fn metadata(kind: &str) -> &'static str {
    match kind {
        "NetworkPolicy" | "NetworkSet" => "{name: p, namespace: ns-a}",
        _ => "{name: p}",
    }
}

#[test]
fn what_calico_refuses_is_refused_for_its_reason() {
    let mut lines = 0;
    for line in REFUSED.lines() {
        let mut cells = line.splitn(4, '\t');
        let mut cell = || cells.next().expect("four cells");
        let (kind, spec, path, message) = (cell(), cell(), cell(), cell());
        let found = refused(&of_kind(kind, metadata(kind), spec));
        let wanted = format!("{path}: {message}");
        assert!(
            found.iter().any(|f| f.starts_with(&wanted)),
            "{kind} {spec}: {found:#?}"
        );
        lines += 1;
    }
    assert!(lines >= 90, "{lines}");
}

#[test]
fn what_calico_accepts_is_accepted() {
    for line in ACCEPTED.lines() {
        let (kind, spec) = line.split_once('\t').expect("two cells");
        let found = refused(&of_kind(kind, metadata(kind), spec));
        assert_eq!(found, [""; 0], "{kind} {spec}");
    }
}

#[test]
fn lists_and_selectors_have_limits() {
    let nets = vec!["10.0.0.0/8"; 257].join(", ");
    let rules = vec!["{action: Deny}"; 1025].join(", ");
    let selector = vec!["has(a)"; 110].join(" || ");
    for (spec, wanted) in [
        (
            format!("{{egress: [{{action: Deny, source: {{nets: [{nets}]}}}}]}}"),
            "spec.egress[0].source.nets: Too many: 257: must have at most 256 items",
        ),
        (
            format!("{{ingress: [{rules}]}}"),
            "spec.ingress: Too many: 1025: must have at most 1024 items",
        ),
        (
            format!("{{selector: {selector}}}"),
            "spec.selector: Too long: may not be more than 1024 bytes",
        ),
    ] {
        let found = refused(&of_kind("GlobalNetworkPolicy", "{name: p}", &spec));
        assert!(
            matches!(found.as_slice(), [one] if one.starts_with(wanted)),
            "{found:?}"
        );
    }
}

#[test]
fn names_have_at_most_one_dot() {
    for (kind, name, accepted) in [
        ("NetworkPolicy", "sec.x", true),
        ("NetworkPolicy", "knp.default.x", true),
        ("NetworkPolicy", "a.b.c", false),
        ("NetworkPolicy", "Abc", false),
        ("GlobalNetworkPolicy", "a.b", true),
        ("GlobalNetworkPolicy", "a.b.c", false),
        ("GlobalNetworkPolicy", "knp.default.x", false),
        ("Tier", "a", true),
        ("Tier", "a.b", false),
    ] {
        let found = refused(&of_kind(kind, &format!("{{name: {name}}}"), "{}"));
        assert_eq!(found.is_empty(), accepted, "{kind} {name}: {found:?}");
        assert!(found.iter().all(|f| f.starts_with("metadata.name: ")));
    }
}

fn read(kind: &str, spec: &str) -> (CalicoPolicy, Vec<Diagnostic>) {
    let (policy, diagnostics) = read::policy(&of_kind(kind, metadata(kind), spec));
    (policy.expect("a policy"), diagnostics)
}

#[test]
fn types_follow_the_rules() {
    let rule = "[{action: Allow}]";
    for (spec, served, stored) in [
        ("{}".to_owned(), [true, false], [true, true]),
        ("{types: []}".to_owned(), [true, false], [true, true]),
        (format!("{{ingress: {rule}}}"), [true, false], [true, true]),
        (format!("{{egress: {rule}}}"), [false, true], [true, true]),
        (
            format!("{{ingress: {rule}, egress: {rule}}}"),
            [true, true],
            [true, true],
        ),
        (
            format!("{{types: [Egress], ingress: {rule}}}"),
            [false, true],
            [false, true],
        ),
    ] {
        let (policy, _) = read("NetworkPolicy", &spec);
        assert_eq!(policy.types, served, "{spec}");
        let raw = object(&format!(
            "{{apiVersion: crd.projectcalico.org/v1, kind: NetworkPolicy, metadata: {{name: p, namespace: a}}, spec: {spec}}}"
        ));
        let (policy, diagnostics) = read::policy(&raw);
        assert_eq!(policy.map(|p| p.types), Some(stored), "{spec}");
        assert_eq!(diagnostics, [], "{spec}");
    }
}

#[test]
fn all_fields_are_read() {
    let (policy, diagnostics) = read(
        "GlobalNetworkPolicy",
        "{tier: sec, order: -1.5, selector: all(), namespaceSelector: has(a), serviceAccountSelector: has(b), \
         egress: [{action: Pass, protocol: '6', notProtocol: ICMP, ipVersion: 4, \
         source: {notSelector: has(c), serviceAccounts: {names: [x], selector: has(d)}}, \
         destination: {nets: [10.0.0.0/8], notNets: [10.1.0.0/16], namespaceSelector: global(), ports: [80, '90:99', http], notPorts: [91]}}, \
         {action: Log, destination: {services: {name: s, namespace: ns}}}]}",
    );
    assert_eq!(diagnostics, []);
    assert_eq!((policy.tier.as_str(), policy.order), ("sec", Some(-1.5)));
    let has = |key: &str| Some(Expression::Has(key.to_owned()));
    assert_eq!(policy.selector, Some(Expression::All));
    assert_eq!(policy.namespace_selector, has("a"));
    assert_eq!(policy.service_account_selector, has("b"));
    let [ingress, egress] = &policy.rules;
    assert!(ingress.is_empty());
    let (pass, log) = (&egress[0], &egress[1]);
    assert_eq!(pass.action, policy::Action::Pass);
    assert_eq!(pass.protocol, Some(Ip::Ports(Protocol::Tcp)));
    assert_eq!(pass.not_protocol, Some(Ip::Ports(Protocol::Icmp)));
    assert_eq!(pass.version, Some(4));
    assert_eq!(pass.source.not_selector, has("c"));
    let accounts = pass.source.service_accounts.clone().unwrap_or_default();
    assert_eq!(
        (accounts.names, accounts.selector),
        (vec!["x".to_owned()], has("d"))
    );
    let peer = &pass.destination;
    assert_eq!(peer.nets, ["10.0.0.0/8".parse().unwrap()]);
    assert_eq!(peer.not_nets, ["10.1.0.0/16".parse().unwrap()]);
    assert_eq!(peer.namespace_selector, Some(Expression::Global));
    let numbers: Vec<_> = peer.ports.iter().map(|p| p.number.clone()).collect();
    let named = Number::Named("http".to_owned());
    assert_eq!(
        numbers,
        [Number::Range(80, 80), Number::Range(90, 99), named]
    );
    assert_eq!(peer.not_ports[0].number, Number::Range(91, 91));
    assert_eq!(log.action, policy::Action::Log);
    assert_eq!(
        log.destination.service,
        Some(("ns".to_owned(), "s".to_owned()))
    );
    assert!(log.source.mark.is_none() && log.destination.mark.is_some());
}

#[test]
fn what_is_not_modelled_is_noted() {
    for (kind, spec, severity, code, path) in [
        (
            "NetworkPolicy",
            "{ingress: [{action: Allow, http: {methods: [GET]}}]}",
            Severity::Info,
            "calico-condition",
            "spec.ingress[0].http",
        ),
        (
            "NetworkPolicy",
            "{ingress: [{action: Allow, protocol: ICMP, icmp: {type: 8, code: 0}}]}",
            Severity::Info,
            "calico-condition",
            "spec.ingress[0].icmp",
        ),
        (
            "NetworkPolicy",
            "{egress: [{action: Allow, protocol: TCP, source: {ports: [80]}}]}",
            Severity::Info,
            "calico-condition",
            "spec.egress[0].source.ports",
        ),
        (
            "GlobalNetworkPolicy",
            "{applyOnForward: true}",
            Severity::Warning,
            "calico-host",
            "spec.applyOnForward",
        ),
        (
            "GlobalNetworkPolicy",
            "{applyOnForward: true, preDNAT: true}",
            Severity::Warning,
            "calico-host",
            "spec.preDNAT",
        ),
        (
            "GlobalNetworkPolicy",
            "{applyOnForward: true, doNotTrack: true}",
            Severity::Warning,
            "calico-host",
            "spec.doNotTrack",
        ),
    ] {
        let (policy, diagnostics) = read(kind, spec);
        let found: Vec<_> = diagnostics
            .iter()
            .map(|d| (d.severity, d.code, d.path.as_deref()))
            .collect();
        assert_eq!(found, [(severity, code, Some(path))], "{spec}");
        // What forwards also applies to pods.
        let host = code == "calico-host" && path != "spec.applyOnForward";
        assert_eq!(policy.host, host, "{spec}");
    }
}

#[test]
fn blank_selectors_that_drop_a_policy_are_refused() {
    for (kind, spec, path) in [
        ("NetworkPolicy", "{selector: '  '}", "spec.selector"),
        (
            "NetworkPolicy",
            "{ingress: [{action: Allow, source: {selector: ' '}}]}",
            "spec.ingress[0].source.selector",
        ),
        (
            "GlobalNetworkPolicy",
            "{selector: ' ', namespaceSelector: has(a)}",
            "spec.selector",
        ),
    ] {
        let found = refused(&of_kind(kind, metadata(kind), spec));
        let wanted = format!(
            "{path}: a blank selector passes Calico's validation, but Felix drops the whole policy"
        );
        assert!(
            matches!(found.as_slice(), [one] if one.starts_with(&wanted)),
            "{spec}: {found:?}"
        );
    }
    assert_eq!(
        read("GlobalNetworkPolicy", "{selector: '  '}").0.selector,
        Some(Expression::All)
    );
    assert_eq!(read("NetworkPolicy", "{selector: ''}").0.selector, None);
}

#[test]
fn network_sets_have_addresses_of_both_families() {
    let set = of_kind(
        "NetworkSet",
        "{name: s, namespace: a, labels: {k: v}}",
        "{nets: [10.0.0.1, 10.1.2.3/8, 'fd00::/8', '::1']}",
    );
    let (found, diagnostics) = resource::address_set(&set);
    let found = found.expect("a set");
    assert_eq!(diagnostics, []);
    let nets: Vec<String> = found.nets.iter().map(ToString::to_string).collect();
    assert_eq!(nets, ["10.0.0.1/32", "10.0.0.0/8", "fd00::/8", "::1/128"]);
    assert_eq!(
        (found.namespace.as_deref(), found.name.as_str()),
        (Some("a"), "s")
    );
    assert_eq!(found.labels.get("k").map(String::as_str), Some("v"));
    let host = of_kind(
        "HostEndpoint",
        "{name: h}",
        "{node: node-1, expectedIPs: [192.0.2.1]}",
    );
    let (found, _) = resource::address_set(&host);
    assert_eq!(
        found.map(|set| (set.namespace, set.nets.len())),
        Some((None, 1))
    );
    let label = "{name: s, labels: {projectcalico.org/namespace: x}}";
    let (found, diagnostics) = resource::address_set(&of_kind("GlobalNetworkSet", label, "{}"));
    assert!(found.is_none() && diagnostics.len() == 1, "{diagnostics:?}");
    let domains = of_kind(
        "GlobalNetworkSet",
        "{name: s}",
        "{allowedEgressDomains: [x.com], nets: [10.0.0.1]}",
    );
    let (found, diagnostics) = resource::address_set(&domains);
    assert!(found.is_some() && diagnostics[0].code == "calico-condition");
}

#[test]
fn tiers_are_read() {
    let tier = |name: &str, spec: &str| {
        resource::tier(&of_kind("Tier", &format!("{{name: {name}}}"), spec)).0
    };
    let read = tier("a", "{order: 10, defaultAction: Pass}").expect("a tier");
    assert_eq!((read.order, read.passes), (Some(10.0), true));
    assert_eq!(
        tier("a", "{}").map(|t| (t.order, t.passes)),
        Some((None, false))
    );
    assert!(tier("default", "{order: 1000000, defaultAction: Deny}").is_some());
    assert!(tier("adminnetworkpolicy", "{order: 5}").is_some());
    for (name, spec) in [
        ("default", "{order: 10}"),
        ("default", "{order: 1000000, defaultAction: Pass}"),
        ("kube-admin", "{order: 1000, defaultAction: Deny}"),
        ("kube-admin", "{order: 5, defaultAction: Pass}"),
        ("kube-baseline", "{order: 5, defaultAction: Pass}"),
        ("a", "{defaultAction: Allow}"),
        ("a", "{defaultAction: Log}"),
    ] {
        assert_eq!(tier(name, spec), None, "{name} {spec}");
    }
}

#[test]
fn unknown_fields_are_dropped() {
    let found = refused(&of_kind(
        "NetworkPolicy",
        metadata("NetworkPolicy"),
        "{namespaceSelector: all()}",
    ));
    assert!(
        found[0].starts_with("spec.namespaceSelector: unknown field"),
        "{found:?}"
    );
    assert!(!found[0].ends_with("not judged"));
}
