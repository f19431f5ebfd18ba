//! Rules with the port of a Service, where the pods listen on another.
//!
#![doc = include_str!("l07_service_port.md")]

use crate::analysis::service_backends::targets;
use crate::diag::{Change, Diagnostic, Severity};
use crate::lint::written::network_policies;
use crate::lint::{Input, Rule, ports};
use crate::policy::{self, Direction, PortItem};
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
    service: String,
    pod: usize,
    /// The port of the pod.
    target: u16,
}

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for written in network_policies(input) {
        for direction in Direction::BOTH {
            for one in written.policy.rules(direction) {
                let Some(pods) = ports::destinations(input, written.index, direction, one) else {
                    continue;
                };
                for item in one.ports.listed() {
                    let place = (written.index, direction, one);
                    let Some((protocol, port)) = ports::single(item) else {
                        continue;
                    };
                    let Some(found) = mistaken(input, place, item, &pods) else {
                        continue;
                    };
                    let message = format!(
                        "{protocol} {port} is the port of Service `{}`; pods of {} listen on {}, which is what policies see",
                        found.service,
                        input.name_of(found.pod),
                        found.target
                    );
                    let help = format!("write port {}", found.target);
                    let at = (item.span.start, item.span.end);
                    let change = Change::SetNumber("port", found.target);
                    let finding = rule.finding(message).help(help).corrected(at, change);
                    out.push(written.about(finding, item.span.clone()));
                }
            }
        }
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
}
