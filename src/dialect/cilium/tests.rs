//! What the agent refuses, and what selectors mean.

use super::*;
use crate::cluster::Assumptions;
use crate::diag::Severity;
use crate::manifest::{self, Source};
use crate::policy::Direction;

const HEAD: &str =
    "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: x, namespace: a}\n";

fn object(text: &str) -> Object {
    let kinds = crate::dialect::kinds(Enforcer::Cilium);
    let mut read = manifest::read(&[Source::new("a.yaml", text)], &kinds);
    read.policies.pop().expect("a policy")
}

/// The errors of a policy: code, path and message.
fn refused(policy: &str) -> Vec<String> {
    let read = CiliumPolicies.read(&object(policy));
    let errors = read.diagnostics.into_iter();
    let errors = errors.filter(|d| d.severity == Severity::Error);
    errors
        .map(|d| format!("{} {}: {}", d.code, d.path.unwrap_or_default(), d.message))
        .collect()
}

/// The policy of a line of `refused.txt`.
fn written(line: &str) -> String {
    let (shape, text) = line.split_once(' ').expect("a shape and a text");
    let spec = |entry: &str| format!("spec: {{endpointSelector: {{}}, {entry}}}");
    let body = match shape {
        "object" => text[1..text.len() - 1].to_owned(),
        "spec" => format!("spec: {text}"),
        "port" => spec(&format!("ingress: [{{toPorts: [{{ports: [{text}]}}]}}]")),
        "rules" => spec(&format!("egress: [{{toPorts: [{text}]}}]")),
        "from" => spec(&format!("ingress: [{{fromEndpoints: [{text}]}}]")),
        list => spec(&format!("{list}: [{text}]")),
    };
    format!("{HEAD}{body}\n")
}

#[test]
fn refusals_say_what_to_do() {
    for (line, wanted) in [
        (
            "ingress {fromRequires: [{matchLabels: {app: x}}], fromEndpoints: [{}]}",
            "Cilium no longer supports `fromRequires` (C18): add its labels to each item of `fromEndpoints`",
        ),
        (
            "port {protocol: VRRP}",
            "write `port: \"0\"`: VRRP has no ports",
        ),
        (
            "port {protocol: TCP}",
            "write `port`, or `port: \"0\"` for all ports",
        ),
    ] {
        let read = CiliumPolicies.read(&object(&written(line)));
        let helps: Vec<_> = read
            .diagnostics
            .into_iter()
            .filter_map(|d| d.help)
            .collect();
        assert!(helps.iter().any(|help| help == wanted), "{line}: {helps:?}");
    }
}

#[test]
fn what_is_refused_is_refused_in_the_words_of_the_engine() {
    let lines = include_str!("refused.txt").lines();
    let lines: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let (cases, rest) = lines.as_chunks::<2>();
    assert!(cases.len() > 100 && rest.is_empty());
    let wrong = cases.iter().filter_map(|[line, want]| {
        let (found, want) = (refused(&written(line)), want.trim_start());
        let right = match want {
            "accepted" => found.is_empty(),
            _ => found.iter().any(|one| one.starts_with(want)),
        };
        (!right).then(|| format!("{line}\n  {want}\n{found:#?}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn more_than_forty_ports_are_refused() {
    let ports = vec!["{port: '80'}"; 41].join(", ");
    let found = refused(&written(&format!(
        "ingress {{toPorts: [{{ports: [{ports}]}}]}}"
    )));
    let want = "crd spec.ingress[0].toPorts[0].ports: Too many: 41: must have at most 40 items";
    assert!(found.iter().any(|one| one.starts_with(want)), "{found:?}");
}

fn lowered(spec: &str) -> Policy {
    let object = object(&format!("{HEAD}spec: {spec}\n"));
    let assumptions = Assumptions {
        enforcer: Enforcer::Cilium,
        ..Assumptions::default()
    };
    let context = Context::kubernetes(assumptions.settled());
    CiliumPolicies
        .read(&object)
        .lower(&object, &context)
        .pop()
        .expect("it is judged")
}

#[test]
fn isolation_follows_the_entries() {
    let isolates = |spec: &str, direction: Direction| {
        lowered(spec)
            .side(direction)
            .is_some_and(|side| side.isolates)
    };
    let [ingress, egress] = Direction::BOTH;
    let empty = "{endpointSelector: {}, ingress: [{}]}";
    assert!(isolates(empty, ingress) && !isolates(empty, egress));
    assert!(lowered(empty).rules(ingress).is_empty());
    let deny = "{endpointSelector: {}, enableDefaultDeny: {ingress: false}, ingressDeny: [{fromEndpoints: [{}]}]}";
    assert!(!isolates(deny, ingress));
    assert_eq!(lowered(deny).rules(ingress).len(), 1);
    let without = "{endpointSelector: {}, enableDefaultDeny: {egress: true}, ingress: [{}]}";
    assert!(!isolates(without, egress));
}

#[test]
fn rules_of_nodes_have_no_layer_seven_but_dns() {
    let refused = |list: &str, rules: &str| {
        let port = "ports: [{port: '80', protocol: TCP}]";
        let text = format!(
            "{HEAD}spec: {{nodeSelector: {{}}, {list}: [{{toPorts: [{{{port}, rules: {{{rules}}}}}]}}]}}\n"
        );
        let text = text.replace("kind: Cilium", "kind: CiliumClusterwide");
        refused(&text.replace(", namespace: a", ""))
    };
    assert_eq!(
        refused("ingress", "http: [{}]"),
        [
            "cilium spec.ingress[0].toPorts[0].rules: L7 policy is not supported on host ingress yet; this policy is not judged"
        ]
    );
    assert_eq!(
        refused("egress", "http: [{}]"),
        [
            "cilium spec.egress[0].toPorts[0].rules: L7 protocol HTTP is not supported on host egress yet; this policy is not judged"
        ]
    );
    assert!(refused("egress", "dns: [{matchPattern: '*'}]").is_empty());
    assert!(refused("ingress", "http: []").is_empty());
}

#[test]
fn names_of_other_clusters_are_reported() {
    let notes = |spec: &str| -> Vec<String> {
        let read = CiliumPolicies.read(&object(&format!("{HEAD}spec: {spec}\n")));
        let notes = read.diagnostics.into_iter().filter(|d| d.code == "C26");
        notes.map(|d| d.path.unwrap_or_default()).collect()
    };
    let key = "io.cilium.k8s.policy.cluster";
    let rest = "ingress: [{fromEndpoints: [{}]}]";
    for label in [
        key.to_owned(),
        format!("'k8s:{key}'"),
        format!("'any:{key}'"),
    ] {
        let subject = format!("{{endpointSelector: {{matchLabels: {{{label}: one}}}}, {rest}}}");
        assert_eq!(notes(&subject), ["spec.endpointSelector"], "{label}");
        assert_eq!(notes(&subject.replace(": one", ": default")), [""; 0]);
    }
    let peer = format!(
        "{{endpointSelector: {{}}, ingress: [{{fromEndpoints: [{{matchExpressions: [{{key: {key}, operator: NotIn, values: [default, one]}}]}}]}}]}}"
    );
    assert_eq!(notes(&peer), ["spec.ingress[0].fromEndpoints[0]"]);
    let any = peer.replace("NotIn, values: [default, one]", "Exists");
    assert_eq!(notes(&any), [""; 0]);
}
