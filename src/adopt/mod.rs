//! Adopts imported policies: turns them into flows, groups, externals, default denies, isolation of workloads
//! and groups, and DNS settings whose generated policies are proven equivalent before the old ones are dropped.
//!
//! A policy opens one gate, a flow two: where the other gate is not open already, the flow has that one gate.
//!
//! All imported policies are tried together. Those that cause a difference stay imported and the rest is
//! tried again, until old and new agree at every gate, for future pods too. The policies that were
//! taken out are then tried again in halves, so that only those that cannot be adopted beside the
//! others stay imported.
//!
//! Last, groups isolate the pods of policies that select something else than whole workloads.

mod cover;
#[cfg(test)]
mod dialect_tests;
#[cfg(test)]
mod laws;
mod names;
mod plan;
mod selectors;
#[cfg(test)]
mod tests;
mod trial;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Document, Edit, FlowId, Item, PolicyId};
use crate::plan::context::Context;
use crate::proof::cache::Cache;
use cover::Covers;
use plan::Plan;
use trial::{Old, Trial};

/// How often old and new are compared while dropped policies are tried again: less often where one
/// comparison takes long.
fn trials(plans: usize) -> usize {
    (3200 / plans.max(1)).clamp(4, 64)
}

/// The result of adopting.
#[derive(Clone, Debug, PartialEq)]
pub struct Adopted {
    /// The change of the document, as one undo step; none where nothing can be adopted.
    pub edit: Option<Edit>,
    /// The policies that it drops, in id order.
    pub adopted: Vec<PolicyId>,
    /// How many flows it draws or widens.
    pub flows: usize,
    /// The policies that stay, in id order, each with the reason: lower case, no full stop.
    pub remaining: Vec<(PolicyId, String)>,
}

/// Which plans are adopted, by their place.
type Chosen = BTreeSet<usize>;

/// Parts of plans: the plan's place, and its own in the plan.
type Parts = BTreeSet<(usize, usize)>;

/// Computes which of these imported policies the document can express exactly, and the edit. The result
/// depends on the document alone. Once `stop` returns true, no more is adopted.
pub fn adopt(document: &Document, which: &[PolicyId], stop: &dyn Fn() -> bool) -> Adopted {
    let cache = &RefCell::default();
    let mut adopted = adopt_once(cache, document, which, stop);
    let mut after = document.clone();
    let mut edits: Vec<Edit> = adopted.edit.iter().cloned().collect();
    if let Some(edit) = edits.last()
        && edit.apply(&mut after).is_err()
    {
        return adopted;
    }
    let mut by_group = adopted.edit.is_none();
    // What is adopted may make room for more.
    while !adopted.remaining.is_empty() {
        let left: Vec<PolicyId> = adopted.remaining.iter().map(|(id, _)| *id).collect();
        let more = match by_group {
            false => adopt_once(cache, &after, &left, stop),
            true => adopt_as_selected(cache, &after, &left, true, stop),
        };
        let Some(edit) = more.edit.filter(|edit| edit.apply(&mut after).is_ok()) else {
            if by_group {
                break;
            }
            by_group = true;
            continue;
        };
        edits.push(edit);
        adopted.adopted.extend(more.adopted);
        adopted.flows += more.flows;
        adopted.remaining = more.remaining;
    }
    if edits.len() > 1 {
        let name = trial::name(adopted.adopted.len());
        adopted.edit = Some(Edit::Batch(name, edits));
        adopted.adopted.sort_unstable();
    } else {
        adopted.edit = edits.pop();
    }
    adopted
}

/// The same, without asking again for what the result leaves.
fn adopt_once(
    cache: &RefCell<Cache>,
    document: &Document,
    which: &[PolicyId],
    stop: &dyn Fn() -> bool,
) -> Adopted {
    let plain = adopt_as_selected(cache, document, which, false, stop);
    if plain.remaining.is_empty() || stop() {
        return plain;
    }
    let Some(changed) = selectors::as_in_policies(document, which) else {
        return plain;
    };
    let adopted = adopt_as_selected(cache, &changed, which, false, stop);
    if adopted.adopted.len() <= plain.adopted.len() {
        return plain;
    }
    let with_selectors = |edit| selectors::with_selectors(document, &changed, edit);
    Adopted {
        edit: adopted.edit.map(with_selectors),
        ..adopted
    }
}

/// The same, with every workload selected as it is in the document; `by_group`: groups may isolate pods.
fn adopt_as_selected(
    cache: &RefCell<Cache>,
    document: &Document,
    which: &[PolicyId],
    by_group: bool,
    stop: &dyn Fn() -> bool,
) -> Adopted {
    let imported = cache.borrow_mut().imported(document);
    let context = Context::new(document, &imported);
    let wanted: BTreeSet<PolicyId> = which.iter().copied().collect();
    let identities = plan::Identities::new(&context);
    let mut plans = Vec::new();
    let mut reasons = BTreeMap::new();
    for id in wanted
        .into_iter()
        .filter(|id| document.policies.contains(*id))
    {
        match plan::plan(&context, &identities, id, by_group) {
            Ok(plan) => plans.push(plan),
            Err(reason) => _ = reasons.insert(id, reason),
        }
    }
    let attempt = Attempt {
        covers: Covers::new(&context, &plans),
        old: Old::new(cache, &context, &plans),
        context: &context,
        plans: &plans,
        halves: RefCell::default(),
        stop,
    };
    let (chosen, why) = attempt.choose();
    // Each trial compares what is different from the last one; what is adopted is compared as a whole.
    attempt.old.forget();
    let (proven, nothing) = (attempt.trial(&chosen), Chosen::new());
    let (chosen, trial) = match proven.is_exact() {
        true => (&chosen, proven),
        false => (&nothing, attempt.trial(&nothing)),
    };
    for (at, plan) in plans
        .iter()
        .enumerate()
        .filter(|(at, _)| !chosen.contains(at))
    {
        let why = why.get(&at).cloned();
        reasons.insert(
            plan.id,
            why.unwrap_or_else(|| "flows cannot express it exactly".to_owned()),
        );
    }
    let flows = trial.new_flows().len();
    let adopted: Vec<PolicyId> = chosen.iter().map(|at| plans[*at].id).collect();
    Adopted {
        edit: (!adopted.is_empty()).then(|| trial.into_edit()),
        flows,
        adopted,
        remaining: reasons.into_iter().collect(),
    }
}

struct Attempt<'a> {
    context: &'a Context<'a>,
    plans: &'a [Plan],
    covers: Covers,
    old: Old<'a>,
    /// The parts that become flows with one gate, found while trying.
    halves: RefCell<Parts>,
    stop: &'a dyn Fn() -> bool,
}

impl Attempt<'_> {
    /// Tries a choice; parts that would open a gate of others as well become flows with one gate.
    fn trial<'a>(&'a self, chosen: &'a Chosen) -> Trial<'a> {
        loop {
            let halves = self.halves.borrow().clone();
            let trial = Trial::new(self.context, self.plans, &self.old, chosen, halves);
            let more = trial.opening_others();
            if more.is_empty() || (self.stop)() {
                return trial;
            }
            self.halves.borrow_mut().extend(more);
        }
    }

    /// The largest choice found, and why each other plan is not in it.
    fn choose(&self) -> (Chosen, BTreeMap<usize, String>) {
        let mut chosen: Chosen = (0..self.plans.len()).collect();
        let mut why = BTreeMap::new();
        loop {
            if (self.stop)() {
                return (Chosen::new(), why);
            }
            why.extend(self.covers.settle(self.context, self.plans, &mut chosen));
            let blamed = match chosen.is_empty() {
                true => BTreeMap::new(),
                false => self.trial(&chosen).blamed(),
            };
            if blamed.is_empty() {
                break;
            }
            chosen.retain(|at| !blamed.contains_key(at));
            why.extend(blamed);
        }
        let out: Vec<usize> = (0..self.plans.len())
            .filter(|at| !chosen.contains(at))
            .collect();
        let mut left = trials(self.plans.len());
        self.try_again(&out, &mut chosen, &mut why, &mut left);
        (chosen, why)
    }

    /// Adds plans that can be adopted to the chosen ones: all at once, else by bisection.
    fn try_again(
        &self,
        out: &[usize],
        chosen: &mut Chosen,
        why: &mut BTreeMap<usize, String>,
        left: &mut usize,
    ) {
        if out.is_empty() || *left == 0 || (self.stop)() {
            return;
        }
        let more: Chosen = chosen.iter().chain(out).copied().collect();
        let mut settled = more.clone();
        let uncovered = self.covers.settle(self.context, self.plans, &mut settled);
        if uncovered.is_empty() {
            *left -= 1;
            let trial = self.trial(&more);
            if trial.is_exact() {
                *chosen = more;
                return;
            }
            if let [only] = out {
                let reason = trial.blamed().into_values().next();
                why.extend(reason.map(|reason| (*only, reason)));
            }
        }
        if let (first, second @ [_, ..]) = out.split_at(out.len() / 2)
            && !first.is_empty()
        {
            self.try_again(first, chosen, why, left);
            self.try_again(second, chosen, why, left);
        }
    }
}

impl Adopted {
    /// `3 policies became 5 flows; 2 stay imported`.
    pub fn summary(&self) -> String {
        let some = |count: usize, one: &str, more: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {more}"),
        };
        let done = match (self.adopted.len(), self.flows) {
            (0, _) => "No policy can be adopted".to_owned(),
            (count, 0) => {
                format!(
                    "{} merged into the project",
                    some(count, "policy", "policies")
                )
            }
            (count, flows) => format!(
                "{} became {}",
                some(count, "policy", "policies"),
                some(flows, "flow", "flows")
            ),
        };
        match self.remaining.len() {
            0 => done,
            1 => format!("{done}; 1 stays imported"),
            remaining => format!("{done}; {remaining} stay imported"),
        }
    }
}

fn remove(policies: impl Iterator<Item = PolicyId>) -> Edit {
    Edit::Remove(policies.map(Item::Policy).collect())
}

type Flows = BTreeSet<FlowId>;
