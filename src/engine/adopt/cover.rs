//! Isolation: a policy can only be dropped where a base, or a policy that stays, isolates its subject.

use std::collections::{BTreeMap, BTreeSet};

use super::Chosen;
use super::plan::Plan;
use crate::engine::ground::Ground;
use crate::engine::kept::side;
use crate::model::{Base, NamespaceId, PolicyId};
use crate::policy::{Direction, Peer};
use crate::sets::{LabelSet, Selector};

/// Whom every kept policy isolates.
pub(super) struct Covers {
    /// The distinct subjects.
    subjects: Vec<LabelSet>,
    /// For each plan its subject.
    of_plan: Vec<usize>,
    /// What is kept in any case: namespace, direction and subject.
    others: Vec<(NamespaceId, Direction, usize)>,
}

impl Covers {
    pub(super) fn new(ground: &Ground, plans: &[Plan]) -> Self {
        let mut subjects: Vec<LabelSet> = Vec::new();
        let mut place = |selector: &Selector| {
            let set = LabelSet::from(selector);
            let same = |known: &LabelSet| known.is_subset(&set) && set.is_subset(known);
            let found = subjects.iter().position(same);
            found.unwrap_or_else(|| {
                subjects.push(set.clone());
                subjects.len() - 1
            })
        };
        let of_plan = plans.iter().map(|plan| place(&plan.subject)).collect();
        let planned: BTreeSet<PolicyId> = plans.iter().map(|plan| plan.id).collect();
        let kept = ground.document.policies.ids().zip(&ground.kept);
        let mut others = Vec::new();
        for policy in kept
            .filter(|(id, _)| !planned.contains(id))
            .flat_map(|(_, kept)| &kept.policies)
        {
            let Some((namespace, selector)) = subject(&policy.subject) else {
                continue;
            };
            let Some(namespace) = ground.document.namespace_named(namespace) else {
                continue;
            };
            let at = place(selector);
            for direction in Direction::BOTH {
                if side(policy, direction).is_some_and(|s| s.isolates) {
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

    /// Takes plans out until every subject of what is left is isolated without it; gives those taken
    /// out, with the reason. Of several that would do, the one that allows least is taken out.
    pub(super) fn settle(
        &self,
        ground: &Ground,
        plans: &[Plan],
        chosen: &mut Chosen,
    ) -> BTreeMap<usize, String> {
        let mut out = BTreeMap::new();
        while let Some((at, open)) = self.first_to_stay(ground, plans, chosen) {
            chosen.remove(&at);
            out.insert(at, reason(&plans[at], &open));
        }
        out
    }

    /// The next plan that must stay kept, and the directions for which it must.
    fn first_to_stay(
        &self,
        ground: &Ground,
        plans: &[Plan],
        chosen: &Chosen,
    ) -> Option<(usize, Vec<Direction>)> {
        let open = |at: usize| -> Vec<Direction> {
            let isolates = plans[at].isolates.iter().copied();
            isolates
                .filter(|d| !self.covered(ground, plans, chosen, at, *d))
                .collect()
        };
        let uncovered: Vec<(usize, Vec<Direction>)> = chosen
            .iter()
            .map(|at| (*at, open(*at)))
            .filter(|(_, open)| !open.is_empty())
            .collect();
        // What covers most stays: then the others can go.
        let covers = |at: usize| {
            let plan = &plans[at];
            uncovered
                .iter()
                .filter(|(other, open)| {
                    plans[*other].namespace == plan.namespace
                        && open.iter().any(|d| plan.isolates.contains(d))
                        && self.within(self.of_plan[*other], self.of_plan[at])
                })
                .count()
        };
        let best = uncovered.iter().max_by_key(|(at, _)| {
            let parts = std::cmp::Reverse(plans[*at].parts.len());
            (covers(*at), parts, std::cmp::Reverse(*at))
        });
        best.cloned()
    }

    fn covered(
        &self,
        ground: &Ground,
        plans: &[Plan],
        chosen: &Chosen,
        at: usize,
        direction: Direction,
    ) -> bool {
        let (plan, subject) = (&plans[at], self.of_plan[at]);
        let base = base_after(ground, plans, chosen, plan.namespace);
        let by_base = match base {
            Base::DenyAll => true,
            Base::DenyIngress => direction == Direction::Ingress,
            Base::None => false,
        };
        let by_other = self.others.iter().any(|(namespace, d, other)| {
            *namespace == plan.namespace && *d == direction && self.within(subject, *other)
        });
        let by_kept = plans.iter().enumerate().any(|(other, kept)| {
            !chosen.contains(&other)
                && kept.namespace == plan.namespace
                && kept.isolates.contains(&direction)
                && self.within(subject, self.of_plan[other])
        });
        by_base || by_other || by_kept
    }

    fn within(&self, inner: usize, outer: usize) -> bool {
        match (self.subjects.get(inner), self.subjects.get(outer)) {
            (Some(a), Some(b)) => inner == outer || a.is_subset(b),
            _ => false,
        }
    }
}

/// The base of a namespace when the chosen plans are part of the drawing: what it closes already, and
/// what a plan isolates for every pod.
pub(super) fn base_after(
    ground: &Ground,
    plans: &[Plan],
    chosen: &Chosen,
    namespace: NamespaceId,
) -> Base {
    let closes = |direction| {
        ground.base_closes(namespace, direction)
            || chosen.iter().map(|at| &plans[*at]).any(|plan| {
                plan.namespace == namespace
                    && plan.isolates.contains(&direction)
                    && plan.subject.is_everything()
            })
    };
    match (closes(Direction::Ingress), closes(Direction::Egress)) {
        (true, true) => Base::DenyAll,
        (true, false) => Base::DenyIngress,
        (false, _) => Base::None,
    }
}

/// Namespace and labels of a lowered NetworkPolicy's subject.
fn subject(peer: &Peer) -> Option<(&str, &Selector)> {
    let Peer::All(parts) = peer else { return None };
    let namespace = parts.iter().find_map(|part| match part {
        Peer::Namespace(name) => Some(name.as_str()),
        _ => None,
    })?;
    let labels = parts.iter().find_map(|part| match part {
        Peer::PodLabels(selector) => Some(selector),
        _ => None,
    })?;
    Some((namespace, labels))
}

fn reason(plan: &Plan, open: &[Direction]) -> String {
    let whom = match plan.subject.is_everything() {
        true => "every pod".to_owned(),
        false => format!("`{}`", plan.subject),
    };
    let what = match open {
        [Direction::Ingress] => format!("ingress of {whom}"),
        [Direction::Egress] => format!("egress of {whom}"),
        _ => whom,
    };
    format!("it isolates only {what}, which no base says")
}
