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
use crate::policy::{self, Action, Direction, Match, Peer, PeerItem, Policy, Side};
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
        let known = alone && exact.get(at) == Some(&true) && may_select(input, at, policy);
        if !known || !is_candidate(policy) || others.iter().any(|other| is_alike(other, policy)) {
            continue;
        }
        let by = covering(policy, &others);
        let needless = by.is_some()
            || (!others.is_empty()
                && all.len() <= MOST_COMPARED
                && is_isolated_by_others(input, at, &kept)
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

/// Whether it selects pods; of an input without pods, whether it may. What selects none has findings of its own (L01).
fn may_select(input: &Input, at: usize, policy: &Policy) -> bool {
    match input.snapshot.pods.is_empty() {
        true => !covers(&Peer::Nothing, &policy.subject),
        false => !input.subjects(at).is_empty(),
    }
}

/// Whether others isolate each of its pods as it does; of an input without pods, whether it may matter that it isolates.
/// What allows everything, and alone isolates, changes nothing either, but not because of others.
fn is_isolated_by_others(input: &Input, at: usize, kept: &[bool]) -> bool {
    let all = &input.snapshot.policies;
    let Some(policy) = all.get(at) else {
        return false;
    };
    if input.snapshot.pods.is_empty() {
        return !opens(policy);
    }
    let others = |direction: Direction| {
        let others = all.iter().zip(kept).enumerate();
        let others = others.filter(move |(other, (_, kept))| **kept && *other != at);
        others.filter(move |(_, (p, _))| p.side(direction).is_some_and(|side| side.isolates))
    };
    let mut directions = Direction::BOTH.into_iter();
    directions.all(|direction| {
        let is_isolated = |pod: &usize| {
            others(direction).any(|(other, _)| input.subjects(other).binary_search(pod).is_ok())
        };
        policy.side(direction).is_none() || input.subjects(at).iter().all(is_isolated)
    })
}

/// Whether it allows everything in a direction: without it nothing is isolated, which may be no better.
fn opens(policy: &Policy) -> bool {
    let sides = policy.ingress.iter().chain(&policy.egress);
    let everyone = |peers: &Match<PeerItem>| match peers {
        Match::Any => true,
        Match::Only(items) => items.iter().any(|item| item.peer == Peer::Everything),
    };
    let everything = |rule: &policy::Rule| everyone(&rule.peers) && rule.ports == Match::Any;
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
    fn policies_without_pods_and_those_that_open_everything_are_left_to_other_rules() {
        let pod = |name: &str| {
            format!(
                "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: s, labels: {{app: {name}}}}}\nspec: {{containers: [{{name: c}}]}}\n"
            )
        };
        let all = policy("a", "", "ingress: [{from: [{podSelector: {}}]}]");
        let api = policy("b", "matchLabels: {app: api}", "ingress: [{}]");
        let inside = api.replace("[{}]", "[{from: [{podSelector: {}}]}]");
        assert_eq!(of_code("L26", &(all.clone() + &inside + &pod("api"))), [7]);
        assert_eq!(of_code("L26", &(all.clone() + &inside + &pod("web"))), NONE);
        // Without it nothing isolates `api`, which is no better.
        let web = policy("a", "matchLabels: {app: web}", "ingress: [{}]");
        let text = web + &api + &pod("web") + &pod("api");
        assert_eq!(of_code("L26", &text), NONE);
        let cilium = |name: &str, labels: &str, egress: &str| {
            format!(
                "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: {name}, namespace: s}}\nspec: {{endpointSelector: {{matchLabels: {{{labels}}}}}, egress: [{egress}]}}\n"
            )
        };
        let here = cilium("a", "app: web", "{toEndpoints: [{matchLabels: {app: db}}]}");
        let open = cilium("b", "app: api", "{toEntities: [all]}");
        let text = here.clone() + &open + &pod("web");
        assert_eq!(of_code("L26", &text), NONE);
        assert_eq!(of_code("L26", &(here.clone() + &open)), NONE);
        // Its pods are those of another cluster.
        let far = "app: web, io.cilium.k8s.policy.cluster: far";
        let far = cilium("c", far, "{toEndpoints: [{matchLabels: {app: db}}]}");
        assert_eq!(of_code("L26", &(here.clone() + &far + &pod("web"))), NONE);
        assert_eq!(of_code("L26", &(here + &far)), NONE);
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
