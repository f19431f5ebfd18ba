//! Rules that are never asked, because earlier ones match all that they match.
//!
#![doc = include_str!("l25_shadowed_rule.md")]

use crate::cluster::Snapshot;
use crate::diag::{Diagnostic, Severity};
use crate::lint::cover::{Ports, covers, is_plain_beside, one_covers};
use crate::lint::ends::exact;
use crate::lint::{Input, Rule, witness};
use crate::policy::{self, Action, Combine, Direction, Match, Peer, Policy};

pub const RULE: Rule = Rule {
    code: "L25",
    name: "shadowed-rule",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l25_shadowed_rule.md"),
    check,
};

type Earlier<'a> = (&'a Policy, &'a policy::Rule);

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let snapshot = input.snapshot;
    let ordered = |policy: &Policy| {
        let tier = snapshot.tiers.get(policy.tier);
        tier.is_some_and(|tier| tier.combine == Combine::FirstMatch)
    };
    let policies = snapshot.policies.iter().zip(exact(input)).enumerate();
    let (places, policies): (Vec<usize>, Vec<&Policy>) = policies
        .filter(|(_, (policy, exact))| *exact && ordered(policy))
        .map(|(place, (policy, _))| (place, &**policy))
        .unzip();
    for (place, policy) in places.iter().zip(&policies) {
        for direction in Direction::BOTH {
            let before = earlier(snapshot, &policies, policy, direction);
            for (at, shadowed) in policy.rules(direction).iter().enumerate() {
                let own = policy.rules(direction).iter().take(at);
                let all: Vec<Earlier> = before
                    .iter()
                    .copied()
                    .chain(own.map(|rule| (*policy, rule)))
                    .filter(|(_, rule)| is_plain_beside(rule, shadowed))
                    .collect();
                if let Some(by) = shadows(&all, shadowed) {
                    // Of what both match a rule in between may pass some on.
                    let is_certain = !all.iter().any(|(_, rule)| rule.action == Action::Pass);
                    let witness =
                        is_certain.then(|| witness::matched(input, *place, direction, shadowed));
                    let witness = witness.flatten();
                    out.push(finding(rule, policy, shadowed, (by, witness)));
                }
            }
        }
    }
}

/// The rules of other policies that are asked before those of a policy, for all its subjects, and that decide.
fn earlier<'a>(
    snapshot: &Snapshot,
    all: &[&'a Policy],
    policy: &Policy,
    direction: Direction,
) -> Vec<Earlier<'a>> {
    let before = all.iter().filter(|other| {
        (other.tier, other.order) < (policy.tier, policy.order)
            && covers(&other.subject, &policy.subject)
    });
    let mut found = Vec::new();
    for other in before {
        let mut rules = other.rules(direction).iter();
        if other.tier == policy.tier {
            found.extend(rules.map(|rule| (*other, rule)));
        } else if !passes_before(snapshot, other, direction) {
            // What a rule passes on reaches the next tier, and no later rule of its own.
            let decides = rules
                .by_ref()
                .take_while(|rule| rule.action != Action::Pass);
            found.extend(decides.map(|rule| (*other, rule)));
        }
    }
    found
}

/// Whether a policy of the same tier may pass something on before the rules of this one are asked.
fn passes_before(snapshot: &Snapshot, policy: &Policy, direction: Direction) -> bool {
    let mut before = snapshot.policies.iter().filter(|other| {
        !std::ptr::eq(&***other, policy) && other.tier == policy.tier && other.order <= policy.order
    });
    before.any(|other| passes(other.rules(direction)))
}

fn passes(rules: &[policy::Rule]) -> bool {
    rules.iter().any(|rule| rule.action == Action::Pass)
}

/// The first of the earlier rules that together match all that a rule matches.
fn shadows<'a>(earlier: &[Earlier<'a>], rule: &policy::Rule) -> Option<Earlier<'a>> {
    let everything = Peer::Everything;
    let peers: Vec<&Peer> = match &rule.peers {
        Match::Any => vec![&everything],
        Match::Only(items) => items.iter().map(|item| &item.peer).collect(),
    };
    if matches!(&rule.ports, Match::Only(items) if items.is_empty()) {
        return None;
    }
    let mut first = None;
    for peer in peers {
        let mut ports = Ports::default();
        let matching = earlier.iter().filter(|(_, e)| one_covers(&e.peers, peer));
        for (policy, before) in matching {
            ports.add(&before.ports);
            first = first.or(Some((*policy, *before)));
        }
        if !ports.cover(&rule.ports) {
            return None;
        }
    }
    first
}

fn finding(
    rule: &Rule,
    policy: &Policy,
    at: &policy::Rule,
    ((other, before), witness): (Earlier, Option<String>),
) -> Diagnostic {
    let does = match before.action {
        Action::Accept => "accepts",
        Action::Deny => "denies",
        Action::Pass => "passes on",
    };
    let name = match &before.name {
        Some(name) => format!("rule `{name}`"),
        None => "the rule".to_owned(),
    };
    let message = format!(
        "this rule never decides: {name} at {}{} is asked before it and {does} all that it matches{}",
        before.span,
        if std::ptr::eq(other, policy) {
            String::new()
        } else {
            format!(" of {}", other.title())
        },
        witness.map_or_else(String::new, |witness| format!(", such as {witness}"))
    );
    rule.finding(message)
        .at(at.span.clone())
        .on(policy.title())
        .help("put the narrower rule first, or remove it")
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, all_of, of_code};

    fn policy(name: &str, priority: u32, rules: &str) -> String {
        format!(
            "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {{name: {name}}}\nspec:\n  priority: {priority}\n  subject: {{namespaces: {{}}}}\n  ingress:\n{rules}"
        )
    }

    #[test]
    fn rules_behind_wider_ones() {
        let deny = "  - {action: Deny, from: [{namespaces: {}}]}\n";
        let web = "  - {action: Allow, from: [{namespaces: {matchLabels: {app: web}}}], ports: [{portNumber: {port: 80}}]}\n";
        let found = |text: &str| of_code("L25", text);
        assert_eq!(found(&policy("a", 1, &format!("{deny}{web}"))), [10]);
        assert_eq!(found(&policy("a", 1, &format!("{web}{deny}"))), NONE);
        // With a connection of the input, if there is one.
        let pods = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: s, labels: {app: web}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: s}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: s}\n";
        let shadowed = policy("a", 1, &format!("{deny}{web}"));
        let found_with = all_of("L25", &format!("{shadowed}{pods}"));
        assert!(
            found_with[0]
                .message
                .ends_with(", such as `s/b` to `s/a` on TCP 80"),
            "{found_with:?}"
        );
        // Halves of the ports in two rules.
        let half = |from: u32, to: u32| {
            format!(
                "  - {{action: Deny, from: [{{namespaces: {{}}}}], ports: [{{portRange: {{start: {from}, end: {to}}}}}]}}\n"
            )
        };
        let halves = half(1, 90) + &half(91, 65535);
        assert_eq!(found(&policy("a", 1, &format!("{halves}{web}"))), [11]);
        let one = half(1, 79) + &half(81, 65535);
        assert_eq!(found(&policy("a", 1, &format!("{one}{web}"))), NONE);
        // In policies of their own.
        let two = |first, second| policy("a", first, deny) + &policy("b", second, web);
        assert_eq!(found(&two(1, 2)), [18]);
        assert_eq!(found(&two(2, 1)), NONE);
        assert_eq!(found(&two(1, 1)), NONE);
    }

    #[test]
    fn what_is_passed_on_reaches_the_next_tier() {
        let pass = "  - {action: Pass, from: [{namespaces: {matchLabels: {app: web}}}]}\n";
        let deny = "  - {action: Deny, from: [{namespaces: {}}]}\n";
        let baseline = format!(
            "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\nmetadata: {{name: default}}\nspec:\n  subject: {{namespaces: {{}}}}\n  ingress:\n{deny}"
        );
        let found = |text: &str| of_code("L25", &(text.to_owned() + &baseline));
        assert_eq!(found(&policy("a", 1, deny)), [17]);
        assert_eq!(found(&policy("a", 1, &format!("{pass}{deny}"))), NONE);
        assert_eq!(found(&policy("a", 1, &format!("{deny}{pass}"))), [10, 18]);
        assert_eq!(found(&(policy("a", 1, pass) + &policy("b", 2, deny))), NONE);
        assert_eq!(
            found(&(policy("a", 3, pass) + &policy("b", 2, deny))),
            [9, 26]
        );
    }
}
