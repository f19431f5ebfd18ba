//! Policies that isolate pods in a direction that they have no rules for.
//!
#![doc = include_str!("l16_unintended_isolation.md")]

use crate::diag::{Diagnostic, Severity, Span};
use crate::lint::written::{Written, network_policies};
use crate::lint::{Input, Rule};
use crate::policy::Direction;

pub const RULE: Rule = Rule {
    code: "L16",
    name: "unintended-isolation",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l16_unintended_isolation.md"),
    check,
};

/// Phrases of names and comments that show that isolation is meant.
const MEANT: &[&str] = &[
    "deny",
    "denies",
    "denied",
    "denying",
    "disallow",
    "disallows",
    "disallowed",
    "isolate",
    "isolates",
    "isolated",
    "isolating",
    "isolation",
    "block",
    "blocks",
    "blocked",
    "blocking",
    "restrict",
    "restricts",
    "restricted",
    "restricting",
    "lock down",
    "locks down",
    "locked down",
    "locked",
    "lockdown",
    "close",
    "closes",
    "closed",
    "forbid",
    "forbids",
    "forbidden",
    "prohibit",
    "prohibits",
    "prohibited",
    "prevent",
    "prevents",
    "prevented",
    "drop",
    "drops",
    "dropped",
    "reject",
    "rejects",
    "rejected",
    "nothing",
    "nobody",
    "no one",
    "no ingress",
    "no egress",
    "no inbound",
    "no outbound",
    "no incoming",
    "no outgoing",
    "no traffic",
    "no connections",
    "no access",
    "ingress none",
    "egress none",
];

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for written in network_policies(input) {
        for direction in Direction::BOTH {
            let other = direction.other();
            let isolates = (written.policy.side(direction)).is_some_and(|side| side.isolates);
            // What is written, even an empty list, is meant.
            let silent = written.entry(direction.field()).is_none();
            if !isolates || !silent || written.rules(other).is_empty() {
                continue;
            }
            let listed = (written.types().iter()).find(|t| t.as_str() == Some(direction.name()));
            if listed.is_some() && written.speaks_of(MEANT) {
                continue;
            }
            let Some(pod) = isolated_by_it_alone(input, &written, direction) else {
                continue;
            };
            let at = match listed {
                Some(node) => written.span(node),
                None => key_span(&written, other),
            };
            if listed.is_some() && direction == Direction::Ingress && !accepts(input, &written) {
                continue;
            }
            out.push(finding(rule, input, &written, direction, pod, at));
        }
    }
}

/// Whether a pod of the policy declares ports, or a Service leads to it. Where none does, there is nothing that a listed
/// Ingress could deny by mistake.
fn accepts(input: &Input, written: &Written) -> bool {
    let mut pods = input.subjects(written.index).iter();
    pods.any(|at| {
        let declares = input.pod(*at).is_some_and(|pod| !pod.ports.is_empty());
        declares || input.services_of(*at).next().is_some()
    })
}

fn key_span(written: &Written, direction: Direction) -> Span {
    let key = written.entry(direction.field());
    key.map_or_else(
        || written.object.whole(),
        |entry| written.object.span(entry.mark),
    )
}

/// A pod that no other policy isolates.
fn isolated_by_it_alone(input: &Input, written: &Written, direction: Direction) -> Option<usize> {
    let policies = input.snapshot.policies.iter().enumerate();
    let others = policies.filter(|(at, policy)| {
        *at != written.index && policy.side(direction).is_some_and(|side| side.isolates)
    });
    let others: Vec<&[usize]> = others.map(|(at, _)| input.subjects(at)).collect();
    let alone = |pod: &usize| others.iter().all(|pods| pods.binary_search(pod).is_err());
    input.subjects(written.index).iter().copied().find(alone)
}

fn finding(
    rule: &Rule,
    input: &Input,
    written: &Written,
    direction: Direction,
    pod: usize,
    at: Span,
) -> Diagnostic {
    let key = direction.field();
    let (name, other) = (direction.name(), direction.other().name());
    let who = input.name_of(pod);
    let (message, help) = match written.types().is_empty() {
        true => (
            format!(
                "without `policyTypes` the policy applies to {name}, too: it denies all {key} of {who}, which no other policy isolates"
            ),
            format!("write `policyTypes: [{other}]`, or `{key}: []` if that is meant"),
        ),
        false => (
            format!(
                "`policyTypes` lists {name}, but the policy has no {key} rules: it denies all {key} of {who}, which no other policy isolates"
            ),
            format!("remove {name} from `policyTypes`, or write `{key}: []` if that is meant"),
        ),
    };
    written.about(rule.finding(message).help(help), at)
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{example, lines};

    #[test]
    fn isolation_that_nobody_asked_for() {
        let example = example(include_str!("l16_unintended_isolation.md"));
        assert_eq!(lines("L16", example), [11]);
        let worker = example.replace("  egress:", "  policyTypes: [Egress, Ingress]\n  egress:");
        let listens = "{name: render, ports: [{containerPort: 8080}]}]";
        let types = worker.replace("{name: render}]", listens);
        assert_eq!(lines("L16", &types), [11]);
        let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: r, namespace: studio}\nspec: {selector: {app: render}, ports: [{port: 80}]}\n";
        assert_eq!(lines("L16", &format!("{worker}{service}")), [11]);
        let default_deny = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: d, namespace: studio}\nspec: {podSelector: {}}\n";
        for fine in [
            worker,
            example.replace("  egress:", "  policyTypes: [Egress]\n  egress:"),
            example.replace("  egress:", "  ingress: []\n  egress:"),
            types.replace("name: render-egress", "name: render-deny"),
            types.replace("name: render-egress", "name: disallowIngress"),
            types.replace("name: render-egress", "name: render-no-ingress"),
            types.replace("  egress:", "  # nothing connects to it\n  egress:"),
            types.replace("  egress:", "  # ingress: none\n  egress:"),
            types.replace("Ingress]", "Ingress] # Ingress is denied"),
            types.replace("apiVersion: net", "# ingress is blocked\napiVersion: net"),
            format!("{example}{default_deny}"),
        ] {
            assert!(lines("L16", &fine).is_empty(), "{fine}");
        }
        for other in [
            types.replace("name: render-egress", "name: clock-sync"),
            types.replace("name: render-egress", "name: blockchain"),
            types.replace("name: render-egress", "name: locker"),
            types.replace("  egress:", "  annotations: a#deny\n  egress:"),
            format!("{types}# deny rules are elsewhere\n"),
        ] {
            assert_eq!(lines("L16", &other).len(), 1, "{other}");
        }
    }
}
