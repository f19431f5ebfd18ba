//! Rules with the port of a Service, where the pods listen on another.
//!
#![doc = include_str!("l07_service_port.md")]

use std::collections::BTreeSet;

use crate::analysis::service_backends::targets;
use crate::diag::{Change, Diagnostic, Severity};
use crate::lint::ends::few;
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

/// A port of a pod behind a Service port that a rule has instead.
struct Behind {
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
                let pods = ports::destinations(input, at, direction, one);
                let only_pods = pods.is_some();
                let pods = pods.unwrap_or_else(|| ports::named_pods(input, one));
                for item in one.ports.listed() {
                    let found = mistaken(input, (at, direction, one), item, &pods);
                    let found = finding(rule, input, policy, item, &found);
                    out.extend(found.map(|(found, target)| match target {
                        Some(target) if only_pods => corrected(found, policy, item, target),
                        _ => found,
                    }));
                }
            }
        }
    }
}

/// The finding about a port, and what to write in its place, if that is one port; none if nothing is behind it.
fn finding(
    rule: &Rule,
    input: &Input,
    policy: &Policy,
    item: &PortItem,
    found: &[Behind],
) -> Option<(Diagnostic, Option<u16>)> {
    let (protocol, port) = ports::single(item)?;
    let first = found.first()?;
    let each = found.iter();
    let listen = each.map(|one| format!("{} listen on {}", input.name_of(one.pod), one.target));
    let message = format!(
        "{protocol} {port} is the port of Service {}; pods of {}, which is what policies see",
        few(found.iter().map(|one| one.service.clone())),
        listen.collect::<Vec<_>>().join(", of ")
    );
    let targets: BTreeSet<u16> = found.iter().map(|one| one.target).collect();
    let help = match targets.len() {
        1 => format!("write port {}", first.target),
        _ => {
            let targets: Vec<String> = targets.iter().map(u16::to_string).collect();
            format!("write each of the ports {}", targets.join(", "))
        }
    };
    let finding = rule.finding(message).help(help);
    let finding = finding.at(item.span.clone()).on(policy.title());
    Some((finding, (targets.len() == 1).then_some(first.target)))
}

/// The finding with its correction. In other kinds the port is a text, or an item of a list.
fn corrected(found: Diagnostic, policy: &Policy, item: &PortItem, target: u16) -> Diagnostic {
    let place = (item.span.start, item.span.end);
    match policy.kind {
        "NetworkPolicy" => found.corrected(place, Change::SetNumber("port", target)),
        _ => found,
    }
}

/// The ports behind a port that none of some pods listens on, each once, without those that are open all the same.
fn mistaken(
    input: &Input,
    (policy, direction, rule): (usize, Direction, &policy::Rule),
    item: &PortItem,
    pods: &[usize],
) -> Vec<Behind> {
    let Some((protocol, port)) = ports::single(item) else {
        return Vec::new();
    };
    let in_use = |pod: &usize| ports::in_use(input, *pod).contains(protocol, port);
    if pods.iter().any(in_use) {
        return Vec::new();
    }
    let is_closed = |found: &Behind| {
        // The pod whose policies decide.
        let own = match direction {
            Direction::Ingress => Some(found.pod),
            Direction::Egress => input.subjects(policy).first().copied(),
        };
        let probe = (protocol, found.target);
        own.is_some_and(|own| {
            !ports::is_open_to_same(input, own, direction, rule, found.pod, probe)
        })
    };
    let mut found: Vec<Behind> = Vec::new();
    for one in pods
        .iter()
        .filter_map(|pod| behind(input, *pod, protocol, port))
    {
        if found.iter().all(|known| known.target != one.target) && is_closed(&one) {
            found.push(one);
        }
    }
    found
}

/// The pod's port behind a port of a Service that selects it.
fn behind(input: &Input, pod: usize, protocol: Protocol, port: u16) -> Option<Behind> {
    let own = input.pod(pod)?;
    input.services_of(pod).find_map(|service| {
        let mut ports = service.ports.iter();
        let known = ports.find(|p| p.protocol == protocol && p.port == port)?;
        let (target, _) = targets(known, own, false).ranges(protocol).next()?;
        Some(Behind {
            service: service.name.clone(),
            pod,
            target,
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{all_of, codes_of, example, lines};

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
        let beside = egress.replace("{}}]", "{}}, {ipBlock: {cidr: 192.0.2.0/24}}]");
        let found = all_of("L07", &beside);
        assert_eq!(found.len(), 1);
        assert!(found[0].correction.is_none() && all_of("L07", &egress)[0].correction.is_some());
        let other = "---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {containers: [{name: c, ports: [{containerPort: 9090}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{port: 80, targetPort: 9090}]}
";
        let all = example.replace(
            "podSelector: {matchLabels: {app: web}}\n",
            "podSelector: {}\n",
        );
        let found = all_of("L07", &format!("{all}{other}"));
        assert_eq!(found.len(), 1);
        assert!(
            found[0]
                .message
                .contains("of `shop/api` listen on 9090, of `shop/web` listen on 8080"),
            "{}",
            found[0].message
        );
        assert_eq!(
            found[0].help.as_deref(),
            Some("write each of the ports 8080, 9090")
        );
        assert!(found[0].correction.is_none());
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
