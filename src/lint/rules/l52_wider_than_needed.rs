//! Rules that open more ports than the destination declares.
//!
#![doc = include_str!("l52_wider_than_needed.md")]

use crate::diag::{Diagnostic, Severity, Span};
use crate::lint::cover::numbers;
use crate::lint::ends::{few, labelled, workload_of};
use crate::lint::{Input, Rule};
use crate::policy::{self, Action, Direction, Match, Peer, Policy};
use crate::sets::PortSet;

pub const RULE: Rule = Rule {
    code: "L52",
    name: "wider-than-needed",
    severity: Severity::Info,
    qualifies_verdict: false,
    page: include_str!("l52_wider_than_needed.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for (at, policy) in input.snapshot.policies.iter().enumerate() {
        if picks_pods(&policy.subject) {
            for with in policy.rules(Direction::Ingress) {
                report(rule, input, policy, with, input.subjects(at), out);
            }
        }
        for with in policy.rules(Direction::Egress) {
            if let Match::Only(items) = &with.peers
                && items.iter().all(|item| picks_pods(&item.peer))
            {
                report(rule, input, policy, with, &input.peers_of(with), out);
            }
        }
    }
}

/// Whether labels of pods are part of it: what is for all pods is meant to be wide.
fn picks_pods(peer: &Peer) -> bool {
    labelled(peer).is_some_and(|parts| !parts.pods.is_everything())
}

fn report(
    rule: &Rule,
    input: &Input,
    policy: &Policy,
    with: &policy::Rule,
    pods: &[usize],
    out: &mut Vec<Diagnostic>,
) {
    if with.action != Action::Accept
        || matches!(&with.peers, Match::Only(items) if items.is_empty())
    {
        return;
    }
    let places: Vec<(&Span, PortSet)> = match &with.ports {
        Match::Any => vec![(&with.span, PortSet::all())],
        Match::Only(items) => {
            let wide = items.iter().filter_map(|item| {
                let ports = numbers(&item.port)?;
                let single = ports
                    .example()
                    .is_none_or(|(protocol, port)| ports == PortSet::single(protocol, port));
                (!single).then_some((&item.span, ports))
            });
            wide.collect()
        }
    };
    if places.is_empty() || pods.is_empty() {
        return;
    }
    let Some(declared) = declared(input, pods) else {
        return;
    };
    for (span, ports) in places {
        let needed = declared.intersection(&ports);
        if needed.is_empty() || needed == ports {
            continue;
        }
        out.push(finding(rule, input, policy, pods, &needed, span, with));
    }
}

/// The ports that the pods declare; none if one of them declares nothing.
fn declared(input: &Input, pods: &[usize]) -> Option<PortSet> {
    let mut all = PortSet::empty();
    for at in pods {
        let pod = input.snapshot.pods.get(*at)?;
        if pod.ports.is_empty() {
            return None;
        }
        let own = pod
            .ports
            .iter()
            .map(|p| PortSet::single(p.protocol, p.port));
        all = all.union(&own.collect());
    }
    Some(all)
}

fn finding(
    rule: &Rule,
    input: &Input,
    policy: &Policy,
    pods: &[usize],
    needed: &PortSet,
    span: &Span,
    with: &policy::Rule,
) -> Diagnostic {
    let pods = pods.iter().filter_map(|at| input.snapshot.pods.get(*at));
    let names: Vec<String> = pods.map(|pod| workload_of(input.snapshot, pod)).collect();
    let declare = if names.windows(2).all(|w| w.first() == w.last()) {
        "declares"
    } else {
        "declare"
    };
    let allows = match with.ports {
        Match::Any => "this rule allows every port",
        Match::Only(_) => "these are more ports than needed",
    };
    let message = format!("{allows}, and {} {declare} only {needed}", few(names));
    rule.finding(message)
        .at(span.clone())
        .on(policy.title())
        .help(format!("allow only {needed}"))
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, of_code};

    #[test]
    fn more_than_is_declared() {
        let found = |subject: &str, ports: &str, declared: &str| {
            let text = format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  podSelector: {subject}\n  ingress:\n  - from: [{{podSelector: {{}}}}]\n{ports}---\napiVersion: v1\nkind: Pod\nmetadata: {{name: db, namespace: s, labels: {{app: db}}}}\nspec: {{containers: [{{name: c{declared}}}]}}\n"
            );
            of_code("L52", &text)
        };
        let (db, port) = (
            "{matchLabels: {app: db}}",
            ", ports: [{containerPort: 5432}]",
        );
        let of = |item: &str| format!("    ports:\n    - {item}\n");
        assert_eq!(found(db, "", port), [7]);
        assert_eq!(found(db, &of("{protocol: TCP}"), port), [9]);
        assert_eq!(found(db, &of("{port: 5000, endPort: 6000}"), port), [9]);
        assert_eq!(found(db, &of("{port: 7000, endPort: 8000}"), port), NONE);
        assert_eq!(found(db, &of("{port: 5432}"), port), NONE);
        assert_eq!(found(db, "", ""), NONE);
        assert_eq!(found("{}", "", port), NONE);
    }
}
