//! NetworkPolicies that read as if they deny something.
//!
#![doc = include_str!("l33_deny_intention.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::words::{comments, is_noun, words};
use crate::lint::{Input, Rule, witness};
use crate::policy::{self, Action, Direction, Match, Policy, PortMatch};
use crate::yaml::Object;

pub const RULE: Rule = Rule {
    code: "L33",
    name: "deny-intention",
    severity: Severity::Info,
    qualifies_verdict: false,
    page: include_str!("l33_deny_intention.md"),
    check,
};

/// Words beside which `deny` is about what the rules leave out.
const EXCEPTIONS: &[&str] = &[
    "allow",
    "allows",
    "allowed",
    "except",
    "but",
    "unless",
    "only",
    "other",
    "others",
    "permit",
    "rest",
    "everything",
    "otherwise",
    "default",
];

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    for (at, policy) in input.snapshot.policies.iter().enumerate() {
        if policy.kind != "NetworkPolicy" || !only_allows(policy) {
            continue;
        }
        let object = input.objects.iter().find(|o| o.index == Some(at));
        let named = denies(&policy.name).map(|word| format!("its name has the word `{word}`"));
        let noted = || object.and_then(|o| comment(&o.object));
        let Some(why) = named.or_else(noted) else {
            continue;
        };
        let witness = Direction::BOTH.iter().find_map(|direction| {
            let mut rules = policy.rules(*direction).iter().filter(|rule| !is_dns(rule));
            rules.find_map(|rule| witness::opened(input, at, *direction, rule, &|_| false))
        });
        let message = format!(
            "{why}, but its rules allow: what they match is let through{}, and everything else is denied",
            witness.map_or_else(String::new, |witness| format!(" ({witness})"))
        );
        let found = rule
            .finding(message)
            .at(policy.span.clone())
            .on(policy.title())
            .help("a NetworkPolicy has no rules that deny: allow what is wanted and leave out the rest, or rename it");
        out.push(found);
    }
}

/// Whether it has rules that allow something beside DNS, and none that denies.
fn only_allows(policy: &Policy) -> bool {
    let rules = || Direction::BOTH.iter().flat_map(|d| policy.rules(*d));
    rules().all(|rule| rule.action == Action::Accept) && rules().any(|rule| !is_dns(rule))
}

fn is_dns(rule: &policy::Rule) -> bool {
    let Match::Only(items) = &rule.ports else {
        return false;
    };
    items.iter().all(|item| match &item.port {
        PortMatch::Range { first, last, .. } => first == last && [53, 5353].contains(first),
        PortMatch::Named { name, .. } => name.starts_with("dns"),
        _ => false,
    })
}

/// The word `deny` or `block` in a text that is not about exceptions.
fn denies(text: &str) -> Option<String> {
    let words = words(text);
    if words.iter().any(|word| EXCEPTIONS.contains(&&**word)) {
        return None;
    }
    let at = words.iter().position(|w| w == "deny" || w == "block")?;
    (!is_noun(&words, at)).then(|| words[at].clone())
}

/// A comment on a line of its own that starts with one of these words.
fn comment(object: &Object) -> Option<String> {
    let alone = comments(object)
        .into_iter()
        .filter(|comment| comment.is_alone);
    alone.map(|comment| comment.text.trim()).find_map(|text| {
        let first = text.split_whitespace().next()?.to_ascii_lowercase();
        let word = denies(text)?;
        (first == word).then(|| format!("its comment says `{text}`"))
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::of_code;

    #[test]
    fn names_and_comments() {
        let found = |name: &str, comment: &str, rules: &str| {
            let text = format!(
                "{comment}\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: s}}\nspec: {{podSelector: {{}}, policyTypes: [Ingress, Egress], {rules}}}\n"
            );
            !of_code("L33", &text).is_empty()
        };
        let web = "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]";
        for (name, wanted) in [
            ("block-legacy", true),
            ("deny-web", true),
            ("blockchain", false),
            ("allow-ip-block", false),
            ("office-ip-block", false),
            ("block-storage", false),
            ("deny-all-except-web", false),
        ] {
            assert_eq!(found(name, "", web), wanted, "{name}");
        }
        assert!(!found("deny-all", "", "ingress: []"));
        assert!(!found(
            "deny-all",
            "",
            "egress: [{ports: [{port: 53, protocol: UDP}]}]"
        ));
        assert!(found("web", "# Block the web front", web));
        assert!(!found("web", "# The default deny is elsewhere", web));
    }
}
