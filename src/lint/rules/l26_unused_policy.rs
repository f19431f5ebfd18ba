//! Policies that others make needless.
//!
#![doc = include_str!("l26_unused_policy.md")]

use super::l27_duplicate::is_alike;
use crate::analysis::changes::{Relation, policy_relation};
use crate::cluster::Snapshot;
use crate::diag::{Diagnostic, Severity, Span};
use crate::lint::cover::{covers, rule_covers};
use crate::lint::ends::exact;
use crate::lint::{Input, Rule};
use crate::policy::{self, Action, Direction, Match, Policy, Side};
use crate::sets::hash::{HashMap, HashMapExt};

pub const RULE: Rule = Rule {
    code: "L26",
    name: "unused-policy",
    severity: Severity::Info,
    qualifies_verdict: false,
    page: include_str!("l26_unused_policy.md"),
    check,
};

/// Among no more policies than these, those that only several others together make needless are found, too: each
/// is compared with the whole input.
const MOST_COMPARED: usize = 24;

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let all = &input.snapshot.policies;
    let exact = exact(input);
    let mut near: HashMap<Option<&str>, Vec<usize>> = HashMap::new();
    for (at, policy) in all.iter().enumerate() {
        near.entry(policy.namespace.as_deref())
            .or_default()
            .push(at);
    }
    // Of an object with several policies, which cannot be removed one by one, none is looked at.
    let mut of_object: HashMap<&Span, usize> = HashMap::new();
    for policy in all {
        *of_object.entry(&policy.span).or_default() += 1;
    }
    let mut kept = vec![true; all.len()];
    // Of two that make each other needless the first stays.
    for (at, policy) in all.iter().enumerate().rev() {
        let own = policy.namespace.as_deref();
        let wide = near.get(&None).filter(|_| own.is_some());
        let others = near.get(&own).into_iter().chain(wide).flatten();
        let others: Vec<&Policy> = others
            .filter(|other| **other != at && kept.get(**other) == Some(&true))
            .filter(|other| exact.get(**other) == Some(&true))
            .filter_map(|other| all.get(*other).map(|p| &**p))
            .collect();
        let alone = of_object.get(&policy.span) == Some(&1);
        let known = alone && exact.get(at) == Some(&true);
        if !known || !is_candidate(policy) || others.iter().any(|other| is_alike(other, policy)) {
            continue;
        }
        let by = covering(policy, &others);
        let needless = by.is_some()
            || (!others.is_empty()
                && all.len() <= MOST_COMPARED
                && !opens(policy)
                && exact.iter().all(|exact| *exact))
                && changes_nothing(input.snapshot, at, &kept);
        if needless {
            out.push(finding(rule, policy, by));
            if let Some(kept) = kept.get_mut(at) {
                *kept = false;
            }
        }
    }
}

fn finding(rule: &Rule, policy: &Policy, by: Option<&Policy>) -> Diagnostic {
    let by = match by {
        Some(by) => format!(
            "{} ({}) already isolates all pods that it selects and allows all that it allows",
            by.title(),
            by.span
        ),
        None => "other policies together already isolate all pods that it selects and allow all that it allows".to_owned(),
    };
    let message = format!("removing it changes nothing: {by}; so it is for pods that may come");
    let found = rule.finding(message).at(policy.span.clone());
    found
        .on(policy.title())
        .help("remove it, or narrow the other policy if that is wider than meant")
}

/// Policies that only allow, and isolate. One without rules for all pods of its namespace is a default deny: the
/// base that others are written for.
fn is_candidate(policy: &Policy) -> bool {
    let sides = || policy.ingress.iter().chain(&policy.egress);
    let pods = policy.selected_pods();
    let is_base = sides().all(|side| side.rules.is_empty())
        && pods.is_none_or(|(_, labels)| labels.is_everything());
    let only_allows = |side: &Side| {
        let accepts = |rule: &policy::Rule| rule.action == Action::Accept;
        side.isolates && side.rules.iter().all(accepts)
    };
    sides().next().is_some() && !is_base && sides().all(only_allows)
}

/// Whether it allows everything in a direction: without it nothing is isolated, which may be no better.
fn opens(policy: &Policy) -> bool {
    let sides = policy.ingress.iter().chain(&policy.egress);
    let everything = |rule: &policy::Rule| rule.peers == Match::Any && rule.ports == Match::Any;
    sides.flat_map(|side| &side.rules).any(everything)
}

/// A policy that takes in another one as it is written.
fn covering<'a>(policy: &Policy, others: &[&'a Policy]) -> Option<&'a Policy> {
    let inside = |outer: &Side, inner: &Side| {
        let takes_in = |rule: &policy::Rule| {
            let mut all = outer.rules.iter();
            all.any(|other| other.action == Action::Accept && rule_covers(other, rule))
        };
        outer.isolates && inner.rules.iter().all(takes_in)
    };
    let found = others.iter().find(|other| {
        let may = other.namespace.is_none() || other.namespace == policy.namespace;
        let sides = Direction::BOTH.iter().all(|direction| {
            match (other.side(*direction), policy.side(*direction)) {
                (_, None) => true,
                (Some(outer), Some(inner)) => inside(outer, inner),
                (None, Some(_)) => false,
            }
        });
        may && sides
            && (other.tier, other.order) == (policy.tier, policy.order)
            && covers(&other.subject, &policy.subject)
    });
    found.copied()
}

/// Whether all is as before without a policy, among those that are kept.
fn changes_nothing(snapshot: &Snapshot, at: usize, kept: &[bool]) -> bool {
    let under = |left_out: Option<usize>| {
        let all = snapshot.policies.iter().zip(kept).enumerate();
        let policies = all.filter(|(place, (_, kept))| **kept && Some(*place) != left_out);
        Snapshot {
            policies: policies.map(|(_, (policy, _))| policy.clone()).collect(),
            ..snapshot.clone()
        }
    };
    policy_relation(&under(None), &under(Some(at))) == Relation::Equal
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, of_code};

    fn policy(name: &str, pods: &str, rest: &str) -> String {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: s}}\nspec: {{podSelector: {{{pods}}}, policyTypes: [Ingress], {rest}}}\n"
        )
    }

    #[test]
    fn policies_inside_others() {
        let web = "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]";
        let all = "ingress: [{from: [{podSelector: {}}]}]";
        let api = "matchLabels: {app: api}";
        let found = |texts: [String; 2]| of_code("L26", &texts.concat());
        assert_eq!(found([policy("a", api, web), policy("b", "", all)]), [2]);
        assert_eq!(found([policy("a", "", all), policy("b", api, web)]), [7]);
        assert_eq!(found([policy("a", "", web), policy("b", api, all)]), NONE);
        // A default deny, and what it is the base of.
        assert_eq!(found([policy("a", "", ""), policy("b", api, web)]), NONE);
        assert_eq!(found([policy("a", "", ""), policy("b", "", web)]), NONE);
        // A deny for some pods beside one for all.
        assert_eq!(found([policy("a", "", ""), policy("b", api, "")]), [7]);
    }

    #[test]
    fn an_object_with_several_policies_is_not_called_needless_by_itself() {
        let one = "{endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]}";
        let text = |specs: &str| {
            format!(
                "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: s}}\n{specs}\n"
            )
        };
        let two = text(&format!("specs: [{one}, {one}]"));
        assert_eq!(of_code("L26", &two), NONE);
    }

    #[test]
    fn policies_inside_several_others() {
        let one = |name: &str, app: &str, from: &str| {
            let pods = format!("matchExpressions: [{{key: app, operator: In, values: [{app}]}}]");
            policy(name, &pods, &format!("ingress: [{from}]"))
        };
        let text = one("a", "x", "{}")
            + &one("b", "y", "{}")
            + &one("c", "'x', y", "{ports: [{port: 80}]}");
        assert_eq!(of_code("L26", &text), [12]);
    }
}
