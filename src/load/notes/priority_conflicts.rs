//! Policies of equal priority that conflict (A3).

use crate::analysis::priority_conflicts::{self, PriorityConflict, RuleAt};
use crate::analysis::{Direction, Endpoint};
use crate::cluster::Snapshot;
use crate::diag::{Diagnostic, Span};
use crate::policy::{self, Action, Policy};

pub(super) fn priority_conflicts(snapshot: &Snapshot, out: &mut Vec<Diagnostic>) {
    let found = priority_conflicts::priority_conflicts(snapshot);
    out.extend(
        found
            .iter()
            .filter_map(|conflict| diagnostic(snapshot, conflict)),
    );
}

fn diagnostic(snapshot: &Snapshot, conflict: &PriorityConflict) -> Option<Diagnostic> {
    let (first, place, action) = rule(snapshot, conflict, conflict.first)?;
    let (second, other_place, other_action) = rule(snapshot, conflict, conflict.second)?;
    let tier = snapshot.tiers.get(first.tier)?;
    let (own, other) = (
        end(snapshot, &Endpoint::Pod(conflict.own)),
        end(snapshot, &conflict.other),
    );
    let connection = match conflict.direction {
        Direction::Ingress => format!("{other} to {own}"),
        Direction::Egress => format!("{own} to {other}"),
    };
    let port = conflict
        .port
        .map(|(protocol, port)| format!(" on {} {port}", protocol.name()));
    let message = format!(
        "it has the same priority {} of tier {} as {} ({}), and they conflict: for {connection}{}, the rule at {place} {}, the one at {other_place} {}; the API leaves undefined which one decides, so `{}` decides, the first by name",
        policy::written_order(first.order),
        tier.name,
        first.title(),
        first.span,
        port.unwrap_or_default(),
        word(action),
        word(other_action),
        first.name,
    );
    let diagnostic = Diagnostic::warning("A3", message)
        .at(second.span.clone())
        .on(second.title())
        .path("spec.priority")
        .help("give them different priorities");
    Some(diagnostic)
}

fn rule<'a>(
    snapshot: &'a Snapshot,
    conflict: &PriorityConflict,
    (policy, rule): RuleAt,
) -> Option<(&'a Policy, &'a Span, Action)> {
    let policy = snapshot.policies.get(policy)?;
    let rule = policy.side(conflict.direction)?.rules.get(rule)?;
    Some((policy, &rule.span, rule.action))
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Accept => "accepts it",
        Action::Deny => "denies it",
        Action::Pass => "passes it on",
    }
}

fn end(snapshot: &Snapshot, end: &Endpoint) -> String {
    let pod = |at: usize| {
        let pod = snapshot.pods.get(at)?;
        let workload = snapshot.workloads.get(pod.workload)?;
        Some(format!("`{}/{}`", workload.namespace, workload.name))
    };
    match end {
        Endpoint::Pod(at) => pod(*at).unwrap_or_default(),
        Endpoint::Node(at) | Endpoint::NodeAddress(at, _) => match snapshot.nodes.get(*at) {
            Some(node) => format!("node `{}`", node.name),
            None => "a node".to_owned(),
        },
        Endpoint::Address(address) => format!("`{address}`"),
        Endpoint::Domain(name) => format!("`{name}`"),
        Endpoint::Entity(entity) => entity.description().to_owned(),
        Endpoint::NewPod(_) => "a future pod".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::Diagnostic;
    use crate::load::{Settings, load};
    use crate::manifest::Source;

    const PODS: &str = "
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: s, labels: {app: p}}
spec: {containers: [{name: c, ports: [{name: web, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: r, namespace: o, labels: {app: r}}
";

    /// An AdminNetworkPolicy on every pod with one rule of ingress.
    fn rule(name: &str, priority: u32, action: &str, rest: &str) -> String {
        policy(
            name,
            priority,
            "{namespaces: {}}",
            &format!("{{action: {action}, {rest}}}"),
        )
    }

    fn policy(name: &str, priority: u32, subject: &str, rules: &str) -> String {
        format!(
            "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {{name: {name}}}\nspec:\n  priority: {priority}\n  subject: {subject}\n  ingress:\n  - {}\n",
            rules.replace("}; {", "}\n  - {")
        )
    }

    fn diagnostic(policies: &[String]) -> Vec<Diagnostic> {
        let text = format!("{PODS}{}", policies.concat());
        let loaded = load(&[Source::new("a.yaml", text)], &Settings::default());
        assert_eq!(loaded.snapshot.policies.len(), policies.len());
        let diagnostic = loaded.diagnostics.into_iter();
        diagnostic.filter(|d| d.code == "A3").collect()
    }

    const ALL: &str = "from: [{namespaces: {}}]";

    #[test]
    fn names_both_and_a_connection() {
        let found = diagnostic(&[rule("z", 5, "Deny", ALL), rule("b", 5, "Allow", ALL)]);
        let texts: Vec<_> = found.iter().map(Diagnostic::to_string).collect();
        insta::assert_snapshot!(texts.join("\n"), @"
        a.yaml:11:1: warning: AdminNetworkPolicy z: spec.priority: it has the same priority 5 of tier Admin as AdminNetworkPolicy b (a.yaml:20:1), and they conflict: for `s/p` to `o/r` on TCP 1, the rule at a.yaml:27:5 accepts it, the one at a.yaml:18:5 denies it; the API leaves undefined which one decides, so `b` decides, the first by name (A3)
            help: give them different priorities
        ");
    }

    #[test]
    fn the_connection_has_two_ends() {
        let pod = |name: &str| {
            format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: s}}\n")
        };
        let rules = rule("z", 5, "Deny", ALL) + &rule("b", 5, "Allow", ALL);
        let text = pod("p") + &pod("q") + &rules;
        let loaded = load(&[Source::new("a.yaml", text)], &Settings::default());
        let mut diagnostic = loaded.diagnostics.iter();
        let found = diagnostic.find(|d| d.code == "A3").unwrap();
        assert!(found.message.contains("for `s/q` to `s/p`"), "{found}");
    }

    #[test]
    fn only_overlapping_rules_with_different_actions_conflict() {
        let at = |ports: &str| format!("{ALL}, ports: [{ports}]");
        let b = rule("b", 5, "Allow", &at("{portRange: {start: 80, end: 90}}"));
        for apart in [
            rule("z", 6, "Deny", ALL),
            rule("z", 5, "Allow", ALL),
            rule("z", 5, "Deny", &at("{portNumber: {port: 91}}")),
            rule(
                "z",
                5,
                "Deny",
                &at("{portNumber: {port: 80, protocol: UDP}}"),
            ),
            rule("z", 5, "Deny", &at("{namedPort: web}")),
            rule(
                "z",
                5,
                "Deny",
                "from: [{namespaces: {matchLabels: {a: b}}}]",
            ),
            policy(
                "z",
                5,
                "{namespaces: {matchLabels: {a: b}}}",
                &format!("{{action: Deny, {ALL}}}"),
            ),
        ] {
            assert_eq!(diagnostic(&[b.clone(), apart.clone()]), [], "{apart}");
        }
        for meeting in [
            rule("z", 5, "Pass", ALL),
            rule("z", 5, "Deny", &at("{portNumber: {port: 90}}")),
        ] {
            assert_eq!(
                diagnostic(&[b.clone(), meeting.clone()]).len(),
                1,
                "{meeting}"
            );
        }
        let named = rule("n", 5, "Deny", &at("{namedPort: web}"));
        let number = rule("m", 5, "Allow", &at("{portNumber: {port: 8080}}"));
        assert_eq!(diagnostic(&[named, number]).len(), 1);
    }

    #[test]
    fn connections_decided_by_higher_priorities_do_not_conflict() {
        let at = |port: u16| format!("{ALL}, ports: [{{portNumber: {{port: {port}}}}}]");
        let conflict = [
            rule("b", 5, "Allow", &at(80)),
            rule("z", 5, "Deny", &at(80)),
        ];
        let with = |first: String| diagnostic(&[vec![first], conflict.to_vec()].concat());
        assert_eq!(with(rule("a", 4, "Pass", &at(80))), []);
        assert_eq!(with(rule("a", 4, "Pass", &at(81))).len(), 1);
        let own = format!("{{action: Allow, {}}}; {{action: Deny, {ALL}}}", at(80));
        let both = [
            policy("b", 5, "{namespaces: {}}", &own),
            rule("z", 5, "Allow", &at(80)),
        ];
        assert_eq!(diagnostic(&both), []);
    }
}
