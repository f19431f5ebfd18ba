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

/// The errors of a policy with this `spec`: path and message.
fn refused(spec: &str) -> Vec<String> {
    let object = object(&format!("{HEAD}spec: {spec}\n"));
    let read = CiliumPolicies.read(&object);
    let errors = read
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error);
    errors
        .map(|d| format!("{}: {}", d.path.as_deref().unwrap_or_default(), d.message))
        .collect()
}

/// A spec with one ingress rule.
fn ingress(rule: &str) -> String {
    format!("{{endpointSelector: {{}}, ingress: [{{{rule}}}]}}")
}

#[test]
fn what_the_agent_refuses_is_refused_in_its_words() {
    let egress = |rule: &str| format!("{{endpointSelector: {{}}, egress: [{{{rule}}}]}}");
    let ports = |ports: &str| ingress(&format!("toPorts: [{{ports: [{ports}]}}]"));
    for (spec, path, message) in [
        (
            "{endpointSelector: {}}".to_owned(),
            "spec",
            "rule must have at least one of",
        ),
        (
            "{endpointSelector: {}, ingress: []}".to_owned(),
            "spec",
            "rule must have at least one of",
        ),
        (
            "{ingress: [{}]}".to_owned(),
            "spec",
            "rule must have one of EndpointSelector or NodeSelector",
        ),
        (
            "{nodeSelector: {}, ingress: [{}]}".to_owned(),
            "spec.nodeSelector",
            "rule cannot have NodeSelector",
        ),
        (
            ingress("fromEndpoints: [{}], fromCIDR: [10.0.0.0/8]"),
            "spec.ingress[0].fromCIDR",
            "combining FromEndpoints and FromCIDR is not supported yet",
        ),
        (
            egress("toCIDRSet: [{cidr: 10.0.0.0/8}], toEntities: [world]"),
            "spec.egress[0].toEntities",
            "combining ToCIDRSet and ToEntities is not supported yet",
        ),
        (
            ingress("fromNodes: [{}]"),
            "spec.ingress[0].fromNodes[0]",
            "FromNodes/ToNodes rules can only",
        ),
        (
            ingress("fromEntities: [internet]"),
            "spec.ingress[0].fromEntities[0]",
            "Unsupported value: \"internet\": supported values: \"all\"",
        ),
        (
            ingress("fromCIDR: [10.0.0.1]"),
            "spec.ingress[0].fromCIDR[0]",
            "Invalid value: \"10.0.0.1\": spec.ingress[0].fromCIDR[0] in body must be of type cidr",
        ),
        (
            ingress("fromCIDR: [010.0.0.0/8]"),
            "spec.ingress[0].fromCIDR[0]",
            "unable to parse CIDR: ParseAddr(\"010.0.0.0/8\"): IPv4 field has octet with leading zero",
        ),
        (
            ingress("fromCIDRSet: [{}]"),
            "spec.ingress[0].fromCIDRSet[0]",
            "one of cidr, cidrGroupRef",
        ),
        (
            ingress("fromCIDRSet: [{cidr: 10.0.0.0/8, except: [11.0.0.0/8]}]"),
            "spec.ingress[0].fromCIDRSet[0].except[0]",
            "allow CIDR prefix 10.0.0.0/8 does not contain exclude CIDR prefix 11.0.0.0/8",
        ),
        (
            ports("{}"),
            "spec.ingress[0].toPorts[0].ports[0]",
            "port must be specified",
        ),
        (
            ports("{port: '70000'}"),
            "spec.ingress[0].toPorts[0].ports[0].port",
            "unable to parse port: strconv.ParseUint: parsing \"70000\": value out of range",
        ),
        (
            ports("{port: 80}"),
            "spec.ingress[0].toPorts[0].ports[0].port",
            "Invalid value: \"number\"",
        ),
        (
            ingress("toPorts: [{ports: [{port: '80'}], rules: {http: [{}]}}]"),
            "spec.ingress[0].toPorts[0].rules",
            "L7 rules can only apply to TCP (not ANY) except for DNS rules",
        ),
        (
            ingress("toPorts: [{ports: [{port: '80'}]}], icmps: [{fields: [{type: 8}]}]"),
            "spec.ingress[0].icmps",
            "the ICMPs block may only be present without ToPorts",
        ),
        (
            egress("toFQDNs: [{matchName: a.b, matchPattern: c.d}]"),
            "spec.egress[0].toFQDNs[0]",
            "only one of MatchName or MatchPattern is allowed",
        ),
        (
            ingress("fromEndpoints: [{matchLabels: {'k8s:a:b': c}}]"),
            "spec.ingress[0].fromEndpoints[0]",
            "invalid label selector: Invalid value: \"k8s:a:b\"",
        ),
    ] {
        let refused = refused(&spec);
        let wanted = format!("{path}: {message}");
        assert!(
            refused.iter().any(|r| r.starts_with(&wanted)),
            "{spec}: {refused:#?}"
        );
    }
    assert_eq!(
        refused(&ingress(
            "fromEndpoints: [{}], toPorts: [{ports: [{port: http, protocol: TCP}]}]"
        )),
        [""; 0]
    );
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
