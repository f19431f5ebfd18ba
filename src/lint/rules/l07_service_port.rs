//! Rules with the port of a Service, where the pods listen on another.
//!
#![doc = include_str!("l07_service_port.md")]

use crate::analysis::service_backends::targets;
use crate::diag::{Change, Diagnostic, Severity};
use crate::lint::{Input, Rule, ports};
use crate::policy::{self, Action, Direction, Policy, PortItem};
use crate::sets::Protocol;

pub const RULE: Rule = Rule {
    code: "L07",
    name: "service-port",
    severity: Severity::Error,
    qualifies_verdict: false,
    page: include_str!("l07_service_port.md"),
    check,
};

/// A Service port that a rule has instead of the pod's.
struct Mistaken {
    /// The port that is written.
    written: (Protocol, u16),
    service: String,
    pod: usize,
    /// The port of the pod.
    target: u16,
}

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for (at, policy) in input.snapshot.policies.iter().enumerate() {
        for direction in Direction::BOTH {
            let rules = policy.rules(direction).iter();
            for one in rules.filter(|one| one.action == Action::Accept) {
                let Some(pods) = ports::destinations(input, at, direction, one) else {
                    continue;
                };
                for item in one.ports.listed() {
                    let found = mistaken(input, (at, direction, one), item, &pods);
                    out.extend(found.map(|found| finding(rule, input, policy, item, &found)));
                }
            }
        }
    }
}

fn finding(
    rule: &Rule,
    input: &Input,
    policy: &Policy,
    item: &PortItem,
    found: &Mistaken,
) -> Diagnostic {
    let (protocol, port) = found.written;
    let message = format!(
        "{protocol} {port} is the port of Service `{}`; pods of {} listen on {}, which is what policies see",
        found.service,
        input.name_of(found.pod),
        found.target
    );
    let help = format!("write port {}", found.target);
    let finding = rule.finding(message).help(help);
    let finding = finding.at(item.span.clone()).on(policy.title());
    // In other kinds it is a text, or an item of a list.
    match policy.kind {
        "NetworkPolicy" => {
            let change = Change::SetNumber("port", found.target);
            finding.corrected((item.span.start, item.span.end), change)
        }
        _ => finding,
    }
}

fn mistaken(
    input: &Input,
    (policy, direction, rule): (usize, Direction, &policy::Rule),
    item: &PortItem,
    pods: &[usize],
) -> Option<Mistaken> {
    let (protocol, port) = ports::single(item)?;
    let in_use = |pod: &usize| ports::is_in_use(input, *pod, protocol, port);
    if pods.iter().any(in_use) {
        return None;
    }
    let found = pods
        .iter()
        .find_map(|pod| behind(input, *pod, protocol, port))?;
    // The pod whose policies decide.
    let own = match direction {
        Direction::Ingress => found.pod,
        Direction::Egress => *input.subjects(policy).first()?,
    };
    let probe = (protocol, found.target);
    let open = ports::is_open_to_same(input, own, direction, rule, found.pod, probe);
    (!open).then_some(found)
}

/// The pod's port behind a port of a Service that selects it.
fn behind(input: &Input, pod: usize, protocol: Protocol, port: u16) -> Option<Mistaken> {
    let own = input.pod(pod)?;
    input.services_of(pod).find_map(|service| {
        let mut ports = service.ports.iter();
        let known = ports.find(|p| p.protocol == protocol && p.port == port)?;
        let (target, _) = targets(known, own, false).ranges(protocol).next()?;
        Some(Mistaken {
            written: (protocol, port),
            service: service.name.clone(),
            pod,
            target,
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{codes_of, example, lines};

    #[test]
    fn ports_of_services_are_not_those_of_pods() {
        let example = example(include_str!("l07_service_port.md"));
        assert_eq!(lines("L07", example), [23]);
        for fine in [
            example.replace("- {port: 80}", "- {port: 8080}"),
            example.replace("- {port: 80}", "- {port: 80}\n    - {port: 8080}"),
            example.replace("targetPort: 8080", "targetPort: 80"),
            example.replace("containerPort: 8080", "containerPort: 80"),
            example.replace("- {port: 80}", "- {port: 81}"),
            example.replace("- {port: 80}", "- {port: 80, protocol: UDP}"),
        ] {
            assert!(!codes_of(&fine).contains(&"L07"), "{fine}");
        }
        let egress = example
            .replace("ingress:", "egress:")
            .replace("from: [{podSelector: {}}]", "to: [{podSelector: {}}]");
        assert_eq!(lines("L07", &egress), [23]);
    }

    #[test]
    fn policies_of_every_dialect_see_the_ports_of_pods() {
        let example = example(include_str!("l07_service_port.md"));
        let head = example
            .split("---\napiVersion: networking.k8s.io")
            .next()
            .unwrap();
        let cilium = |port: &str| {
            format!(
                "{head}---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec:\n  endpointSelector: {{}}\n  egress: [{{toEndpoints: [{{}}], toPorts: [{{ports: [{{port: '{port}'}}]}}]}}]\n"
            )
        };
        let calico = |action: &str, port: u16| {
            format!(
                "{head}---\napiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec:\n  ingress: [{{action: {action}, protocol: TCP, destination: {{ports: [{port}]}}}}]\n"
            )
        };
        assert_eq!(lines("L07", &cilium("80")).len(), 1, "{}", cilium("80"));
        assert_eq!(lines("L07", &calico("Allow", 80)).len(), 1);
        for fine in [cilium("8080"), calico("Allow", 8080), calico("Deny", 80)] {
            assert!(!codes_of(&fine).contains(&"L07"), "{fine}");
        }
    }
}
