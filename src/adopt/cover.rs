//! Isolation: a policy can be dropped only where a default deny, the workloads themselves, a group, or a
//! policy that stays isolate its subject.

use std::collections::{BTreeMap, BTreeSet};

use super::Chosen;
use super::plan::{Plan, closes};
use crate::model::{Base, NamespaceId, PolicyId};
use crate::plan::context::Context;
use crate::policy::{Accounts, Direction};
use crate::sets::{LabelSet, Selector};

/// What every imported policy isolates.
pub(super) struct Covers {
    /// The distinct subjects: their labels and their service accounts.
    subjects: Vec<(LabelSet, Accounts)>,
    /// For each plan its subject.
    of_plan: Vec<usize>,
    /// What stays imported in any case: namespace, direction and subject.
    others: Vec<(NamespaceId, Direction, usize)>,
}

impl Covers {
    pub(super) fn new(context: &Context, plans: &[Plan]) -> Self {
        let mut subjects: Vec<(LabelSet, Accounts)> = Vec::new();
        let mut place = |selector: &Selector, accounts: &Accounts| {
            let set = LabelSet::from(selector);
            let same = |(known, of): &(LabelSet, Accounts)| {
                of == accounts && known.is_subset(&set) && set.is_subset(known)
            };
            let found = subjects.iter().position(same);
            found.unwrap_or_else(|| {
                subjects.push((set.clone(), accounts.clone()));
                subjects.len() - 1
            })
        };
        let of_plan = plans.iter();
        let of_plan = of_plan.map(|plan| place(&plan.subject, &plan.accounts));
        let of_plan = of_plan.collect();
        let planned: BTreeSet<PolicyId> = plans.iter().map(|plan| plan.id).collect();
        let imported = context.document.policies.ids().zip(context.imported);
        let mut others = Vec::new();
        for policy in imported
            .filter(|(id, _)| !planned.contains(id))
            .flat_map(|(_, imported)| &imported.policies)
        {
            let Some((namespace, selector)) = policy.selected_pods() else {
                continue;
            };
            let Some(namespace) = context.document.namespace_named(namespace) else {
                continue;
            };
            let at = place(&selector, &Accounts::default());
            for direction in Direction::BOTH {
                if policy.side(direction).is_some_and(|s| s.isolates) {
                    others.push((namespace, direction, at));
                }
            }
        }
        Self {
            subjects,
            of_plan,
            others,
        }
    }

    /// Removes plans until every subject of the rest is isolated without them; returns the removed ones, with
    /// the reason. Of several candidates, the one that allows least is removed.
    pub(super) fn settle(
        &self,
        context: &Context,
        plans: &[Plan],
        chosen: &mut Chosen,
    ) -> BTreeMap<usize, String> {
        let mut out = BTreeMap::new();
        loop {
            let stay = self.to_stay(context, plans, chosen);
            if stay.is_empty() {
                return out;
            }
            for (at, open) in stay {
                chosen.remove(&at);
                out.insert(at, reason(&plans[at], &open));
            }
        }
    }

    /// Plans that must stay imported, with the directions that nothing else would isolate.
    fn to_stay(
        &self,
        context: &Context,
        plans: &[Plan],
        chosen: &Chosen,
    ) -> Vec<(usize, Vec<Direction>)> {
        let mut by_namespace: BTreeMap<NamespaceId, Vec<usize>> = BTreeMap::new();
        for (at, plan) in plans.iter().enumerate() {
            by_namespace.entry(plan.namespace).or_default().push(at);
        }
        let mut stay = Vec::new();
        for (namespace, here) in by_namespace {
            let base = base_after(context, plans, chosen, namespace);
            let mut open: Vec<(usize, Vec<Direction>)> = Vec::new();
            for at in here.iter().filter(|at| chosen.contains(at)) {
                let mut directions = plans[*at].isolates.clone();
                directions.retain(|d| {
                    !closes(base, *d)
                        && !plans[*at].isolates_workloads(base, *d)
                        && !plans[*at].isolates_group(base, *d)
                        && !self.stays(plans, chosen, &here, *at, *d)
                });
                if !directions.is_empty() {
                    open.push((*at, directions));
                }
            }
            let needed = |(at, directions): &&(usize, Vec<Direction>)| {
                let by_other = |d: &Direction| {
                    let mut others = open.iter().filter(|(_, open)| open.contains(d));
                    others.any(|(other, _)| self.goes_before(plans, *other, *at))
                };
                !directions.iter().all(by_other)
            };
            stay.extend(open.iter().filter(needed).cloned());
        }
        stay
    }

    /// Whether the one isolates all that the other does and allows less, so that it stays instead.
    fn goes_before(&self, plans: &[Plan], one: usize, other: usize) -> bool {
        let (inner, outer) = (self.of_plan[other], self.of_plan[one]);
        let key = |at: usize| (plans[at].parts.len(), at);
        match inner == outer {
            true => key(one) < key(other),
            false => self.within(inner, outer),
        }
    }

    /// Whether a policy that stays imported isolates the subject of a plan.
    fn stays(
        &self,
        plans: &[Plan],
        chosen: &Chosen,
        here: &[usize],
        at: usize,
        direction: Direction,
    ) -> bool {
        let (plan, subject) = (&plans[at], self.of_plan[at]);
        let planned = here.iter().any(|other| {
            !chosen.contains(other)
                && plans[*other].isolates.contains(&direction)
                && self.within(subject, self.of_plan[*other])
        });
        planned
            || self.others.iter().any(|(namespace, d, other)| {
                *namespace == plan.namespace && *d == direction && self.within(subject, *other)
            })
    }

    fn within(&self, inner: usize, outer: usize) -> bool {
        match (self.subjects.get(inner), self.subjects.get(outer)) {
            (Some((a, own)), Some((b, of))) => {
                inner == outer || (a.is_subset(b) && own.is_within(of))
            }
            _ => false,
        }
    }
}

/// The default deny of a namespace once the chosen plans are adopted: what it isolates already, and what a
/// plan isolates for every pod.
pub(super) fn base_after(
    context: &Context,
    plans: &[Plan],
    chosen: &Chosen,
    namespace: NamespaceId,
) -> Base {
    let closes = |direction| {
        context.default_denies(namespace, direction)
            || chosen.iter().map(|at| &plans[*at]).any(|plan| {
                plan.namespace == namespace
                    && plan.isolates.contains(&direction)
                    && plan.selects_all()
            })
    };
    match (closes(Direction::Ingress), closes(Direction::Egress)) {
        (true, true) => Base::DenyAll,
        (true, false) => Base::DenyIngress,
        (false, true) => Base::DenyEgress,
        (false, false) => Base::None,
    }
}

fn reason(plan: &Plan, open: &[Direction]) -> String {
    let pods = match plan.subject.is_everything() {
        true => "every pod".to_owned(),
        false => format!("`{}`", plan.subject),
    };
    let whom = match plan.accounts.is_any() {
        true => pods,
        false => format!("{pods} with service account {}", plan.accounts),
    };
    let what = match open {
        [Direction::Ingress] => format!("ingress of {whom}"),
        [Direction::Egress] => format!("egress of {whom}"),
        _ => whom,
    };
    format!("it isolates only {what}, and these are not the pods of whole workloads")
}
