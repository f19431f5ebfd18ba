//! Port names where the peer declares no ports.
//!
#![doc = include_str!("l08_unmatched_named_port.md")]

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::cluster::ContainerPort;
use crate::diag::{Diagnostic, Severity};
use crate::lint::ends::{few, workload_of};
use crate::lint::ports::destinations;
use crate::lint::{Input, Rule};
use crate::policy::{self, Direction, Match, Peer, Policy, PortItem, PortMatch};
use crate::sets::Protocol;

pub const RULE: Rule = Rule {
    code: "L08",
    name: "unmatched-named-port",
    severity: Severity::Warning,
    qualifies_verdict: true,
    page: include_str!("l08_unmatched_named_port.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let policies = naming(&input.snapshot.policies);
    undeclared(rule, input, &policies, out);
    for (_, policy) in policies {
        let rules = policy.egress.iter().flat_map(|side| &side.rules);
        for written in rules.filter(|written| names_outside(written)) {
            let Match::Only(items) = &written.ports else {
                continue;
            };
            for item in items {
                if let PortMatch::Named { name, .. } | PortMatch::FromNamed { name, .. } =
                    &item.port
                {
                    let message = format!(
                        "the port name `{name}` matches nothing at an address, a node or a domain name: only pods declare names"
                    );
                    let found = rule
                        .finding(message)
                        .at(item.span.clone())
                        .on(policy.title())
                        .help("write the port's number, in a rule for these peers");
                    out.push(found);
                }
            }
        }
    }
}

/// The policies with port names, which few have, by their places. For cluster-wide ones the dialect reports all of this
/// itself (A10).
fn naming(policies: &[Arc<Policy>]) -> Vec<(usize, &Policy)> {
    let names = |rule: &policy::Rule| match &rule.ports {
        Match::Any => false,
        Match::Only(items) => items.iter().any(|item| {
            matches!(
                item.port,
                PortMatch::Named { .. } | PortMatch::FromNamed { .. }
            )
        }),
    };
    let has_names = |policy: &Policy| {
        let sides = policy.ingress.iter().chain(&policy.egress);
        policy.namespace.is_some() && sides.flat_map(|side| &side.rules).any(names)
    };
    let all = policies.par_iter().with_min_len(1024).enumerate();
    let found = all.filter(|(_, policy)| has_names(policy));
    found.map(|(at, policy)| (at, &**policy)).collect()
}

/// Port names that none of the pods that a rule is about declares, or only some of them.
fn undeclared(
    rule: &Rule,
    input: &Input,
    policies: &[(usize, &Policy)],
    out: &mut Vec<Diagnostic>,
) {
    for &(at, policy) in policies {
        for direction in Direction::BOTH {
            for written in policy.rules(direction) {
                let Match::Only(items) = &written.ports else {
                    continue;
                };
                // Most rules name no port, and which pods one is about is much work.
                let named = by_item(items);
                if named.is_empty() {
                    continue;
                }
                let Some(pods) = destinations(input, at, direction, written) else {
                    continue;
                };
                for (name, own) in named {
                    let found = of_pods(rule, input, &pods, (&own, name));
                    let found = found.or_else(|| match direction {
                        Direction::Egress => contradicted(rule, input, &pods, (&own, name)),
                        Direction::Ingress => None,
                    });
                    let span = own.first().map(|(item, _)| item.span.clone());
                    let found = found.map(|found| found.on(policy.title()));
                    out.extend(found.zip(span).map(|(found, span)| found.at(span)));
                }
            }
        }
    }
}

/// A port name with the items that it was lowered to, one for each protocol.
type Named<'a> = (&'a str, Vec<(&'a PortItem, Option<Protocol>)>);

/// The port names of a rule as they are written: an item of any protocol is one for each.
fn by_item(items: &[PortItem]) -> Vec<Named<'_>> {
    let mut found: Vec<Named> = Vec::new();
    for item in items {
        let (name, protocol) = match &item.port {
            PortMatch::Named { protocol, name } => (name.as_str(), *protocol),
            PortMatch::FromNamed { protocol, name, .. } => (name.as_str(), Some(*protocol)),
            _ => continue,
        };
        let place = |(known, own): &&mut Named| {
            *known == name
                && own
                    .first()
                    .is_some_and(|(first, _)| first.span == item.span)
        };
        match found.iter_mut().find(place) {
            Some((_, own)) => own.push((item, protocol)),
            None => found.push((name, vec![(item, protocol)])),
        }
    }
    found
}

/// What is wrong with a port name at these pods.
fn of_pods(
    rule: &Rule,
    input: &Input,
    pods: &[usize],
    (own, name): (&[(&PortItem, Option<Protocol>)], &str),
) -> Option<Diagnostic> {
    let snapshot = input.snapshot;
    let declares = |at: &&usize| {
        let pod = input.pod(**at);
        let of = |pod, protocol| !snapshot.ports_named(pod, protocol, name).is_empty();
        pod.is_some_and(|pod| own.iter().any(|(_, protocol)| of(pod, *protocol)))
    };
    let bearers = pods.iter().filter(declares).count();
    let first = pods.iter().find(|at| !declares(at))?;
    let of = match own {
        [(_, Some(protocol))] => format!(" for {protocol}"),
        _ => String::new(),
    };
    let all = declared(input, pods);
    let message = match bearers {
        0 => format!(
            "pods of {} declare no port `{name}`{of}, so it matches nothing: they declare {all}",
            few(pods
                .iter()
                .filter_map(|at| Some(workload_of(snapshot, input.pod(*at)?))))
        ),
        _ => format!(
            "pods of {} declare no port `{name}`{of}, so it matches nothing there",
            input.name_of(*first)
        ),
    };
    let severity = match bearers {
        0 => Severity::Error,
        _ => Severity::Warning,
    };
    let help = "declare the name in the ports of the containers, or write the port's number";
    Some(Diagnostic::new(severity, rule.code, message).help(help))
}

/// A port name that pods with the same labels declare with different numbers, where that matters (C40).
fn contradicted(
    rule: &Rule,
    input: &Input,
    pods: &[usize],
    (own, name): (&[(&PortItem, Option<Protocol>)], &str),
) -> Option<Diagnostic> {
    let assumptions = input.snapshot.assumptions;
    let is_ambiguous = |at: &&usize| {
        let pod = input.pod(**at);
        let of = |protocol: Option<Protocol>| {
            let mut all = Protocol::ALL.into_iter();
            pod.is_some_and(|pod| {
                all.any(|one| {
                    protocol.is_none_or(|of| of == one) && assumptions.is_ambiguous(pod, name, one)
                })
            })
        };
        own.iter().any(|(_, protocol)| of(*protocol))
    };
    let ambiguous: Vec<&usize> = pods.iter().filter(is_ambiguous).collect();
    let workloads = ambiguous.iter();
    let workloads = workloads.filter_map(|at| Some(workload_of(input.snapshot, input.pod(**at)?)));
    let severity = match ambiguous.len() {
        0 => return None,
        some if some == pods.len() => Severity::Error,
        _ => Severity::Warning,
    };
    let message = format!(
        "pods of {} have the same labels and declare the port `{name}` with different numbers, so it matches none of them in an egress rule (C40)",
        few(workloads)
    );
    let help = "declare one number in all of them, or write the ports' numbers";
    Some(Diagnostic::new(severity, rule.code, message).help(help))
}

/// The first port names of pods, each with its port: `` `web` (TCP 8080) ``.
fn declared(input: &Input, pods: &[usize]) -> String {
    const SHOWN: usize = 5;
    let ports = pods.iter().filter_map(|at| input.pod(*at));
    let ports = ports.flat_map(|pod| pod.ports.iter());
    let named = |port: &ContainerPort| {
        let name = port.name.as_ref()?;
        Some(format!("`{name}` ({} {})", port.protocol, port.port))
    };
    let all: BTreeSet<String> = ports.filter_map(named).collect();
    let shown: Vec<&str> = all.iter().take(SHOWN).map(String::as_str).collect();
    match shown.is_empty() {
        true => "no port names".to_owned(),
        false if all.len() > SHOWN => format!("{} and others", shown.join(", ")),
        false => shown.join(", "),
    }
}

/// Whether a rule names peers that are no pods.
fn names_outside(rule: &policy::Rule) -> bool {
    let Match::Only(items) = &rule.peers else {
        return false;
    };
    items.iter().any(|item| {
        item.peer.has_leaf(|leaf| {
            matches!(leaf, Peer::Addresses(_) | Peer::Nodes(_))
                || matches!(leaf, Peer::Domain(_) | Peer::Entity(_))
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::diag::Severity;
    use crate::lint::tests::lines;

    #[test]
    fn port_names_towards_addresses() {
        let policy = |direction: &str, peers: &str, port: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  {direction}:\n  - ports:\n    - port: {port}\n{peers}"
            )
        };
        let block = "    to: [{ipBlock: {cidr: 10.0.0.0/8}}]\n";
        assert_eq!(lines("L08", &policy("egress", block, "http")), [7]);
        assert!(lines("L08", &policy("egress", block, "80")).is_empty());
        assert!(lines("L08", &policy("egress", "", "http")).is_empty());
        let from = block.replace("to:", "from:");
        assert!(lines("L08", &policy("ingress", &from, "http")).is_empty());
    }

    /// Cilium knows pods by their labels.
    #[test]
    fn port_names_with_different_numbers_at_pods_of_the_same_labels() {
        let pod = |name: &str, labels: &str, port: u16| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: s, labels: {{app: db{labels}}}}}\nspec: {{containers: [{{name: c, ports: [{{name: sql, containerPort: {port}}}]}}]}}\n---\n"
            )
        };
        let found = |labels: &str, second: u16, direction: &str| {
            let pods = pod("a", "", 5432) + &pod("b", labels, second);
            let text = format!(
                "{pods}apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec: {{endpointSelector: {{}}, {direction}Endpoints: [{{}}], toPorts: [{{ports: [{{port: sql, protocol: TCP}}]}}]}}]}}\n"
            );
            let all = crate::lint::tests::all_of("L08", &text).into_iter();
            all.map(|d| d.severity).collect::<Vec<_>>()
        };
        let egress = "egress: [{to";
        assert_eq!(found("", 5433, egress), [Severity::Error]);
        assert_eq!(
            found(", pod-template-hash: x", 5433, egress),
            [Severity::Error]
        );
        assert_eq!(found("", 5432, egress), []);
        assert_eq!(found(", tier: two", 5433, egress), []);
        assert_eq!(found("", 5433, "ingress: [{from"), []);
    }

    #[test]
    fn port_names_that_pods_do_not_declare() {
        let pod = |name: &str, port: &str| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: s, labels: {{app: {name}}}}}\nspec: {{containers: [{{name: c, ports: [{port}]}}]}}\n---\n"
            )
        };
        let policy = |selector: &str, port: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  podSelector: {selector}\n  ingress:\n  - ports:\n    - {port}\n"
            )
        };
        let pods = pod("web", "{name: http, containerPort: 8080}")
            + &pod("dns", "{name: dns, containerPort: 53, protocol: UDP}");
        let severities = |selector: &str, port: &str| {
            let text = format!("{pods}{}", policy(selector, port));
            let all = crate::lint::tests::all_of("L08", &text).into_iter();
            all.map(|d| d.severity).collect::<Vec<_>>()
        };
        let (web, dns) = ("{matchLabels: {app: web}}", "{matchLabels: {app: dns}}");
        assert_eq!(severities(web, "port: http"), []);
        assert_eq!(severities(web, "port: metrics"), [Severity::Error]);
        // Without a protocol it is TCP.
        assert_eq!(severities(dns, "port: dns"), [Severity::Error]);
        assert_eq!(severities(dns, "{port: dns, protocol: UDP}"), []);
        assert_eq!(severities("{}", "port: http"), [Severity::Warning]);
        assert_eq!(severities("{matchLabels: {app: gone}}", "port: http"), []);
    }
}
