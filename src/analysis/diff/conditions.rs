//! What two clusters allow under conditions that the analysis does not model, such as HTTP rules: whether the conditions
//! are the same, as they are written.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::{Relation, policy_relation};
use super::policies::changed_policies;
use crate::cluster::Snapshot;
use crate::policy::{Condition, Direction, Policy, Rule};

/// With more conditions than these, each that a changed policy has counts as different.
const MOST: usize = 32;

/// A kind of condition that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConditionChange {
    /// The kind.
    pub condition: Condition,
    /// The policies of either side that have it, as `KIND NAMESPACE/NAME`.
    pub policies: BTreeSet<String>,
}

/// Conditions as they are written, any one of which is enough.
type Written<'a> = (&'a [Condition], &'a str);

/// The conditions under which one side allows connections that the other does not allow under the same ones.
pub fn condition_changes(old: &Snapshot, new: &Snapshot) -> Vec<ConditionChange> {
    if !old.has_conditions() && !new.has_conditions() {
        return Vec::new();
    }
    let read_alike = old.tiers == new.tiers && old.assumptions == new.assumptions;
    let policies: Vec<&Policy> = match read_alike {
        true => changed_policies(&old.policies, &new.policies),
        false => {
            let all = old.policies.iter().chain(&new.policies);
            all.map(|policy| &**policy).collect()
        }
    };
    let mut found: BTreeMap<Written, BTreeSet<String>> = BTreeMap::new();
    for policy in policies {
        let rules = Direction::BOTH.into_iter().flat_map(|d| policy.rules(d));
        for rule in rules.filter(|rule| rule.allows_if(|_| true)) {
            for one in &rule.met_by {
                let key = (rule.conditions.as_slice(), one.as_str());
                found.entry(key).or_default().insert(policy.title());
            }
        }
    }
    let many = found.len() > MOST;
    let under = |side: &Snapshot, (conditions, one): Written| {
        side.without_rules(|rule: &Rule| {
            rule.allows_if(|_| true)
                && (rule.conditions != conditions || rule.met_by.iter().all(|other| other != one))
        })
    };
    found.retain(|key, _| {
        many || policy_relation(&under(old, *key), &under(new, *key)) != Relation::Equal
    });
    let mut by_kind: BTreeMap<Condition, BTreeSet<String>> = BTreeMap::new();
    for ((conditions, _), policies) in found {
        for condition in conditions {
            let of_kind = by_kind.entry(*condition).or_default();
            of_kind.extend(policies.iter().cloned());
        }
    }
    let all = by_kind.into_iter();
    all.map(|(condition, policies)| ConditionChange {
        condition,
        policies,
    })
    .collect()
}
