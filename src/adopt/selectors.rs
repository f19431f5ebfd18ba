//! Workloads that policies select by other labels than the project does: `app=db`, where the project has
//! `app=db, tier=data`. A policy can isolate a workload only by the labels that the project selects it by.

use std::collections::BTreeMap;

use crate::load::imported;
use crate::model::{Document, Edit, End, Isolate, Item, PolicyId, Thing, WorkloadId};
use crate::plan::context::Context;
use crate::sets::{LabelSet, Labels, Selector};

/// The document with workloads selected as its policies do, where a policy selects just one workload; of
/// several selectors the widest. None if that is as before, or if policies are generated that rest on how
/// workloads are selected.
pub(super) fn as_in_policies(document: &Document, which: &[PolicyId]) -> Option<Document> {
    let isolates = document
        .workloads
        .iter()
        .any(|(_, w)| w.isolate != Isolate::None);
    if isolates || !document.flows.is_empty() {
        return None;
    }
    let imported = imported::imported(document);
    let context = Context::new(document, &imported);
    let mut found: BTreeMap<WorkloadId, (LabelSet, Selector)> = BTreeMap::new();
    let chosen = document.policies.ids().zip(&imported);
    let chosen = chosen.filter(|(id, _)| which.contains(id));
    for policy in chosen.flat_map(|(_, imported)| &imported.policies) {
        let Some((namespace, selector)) = policy.selected_pods() else {
            continue;
        };
        let Some(namespace) = document.namespace_named(namespace) else {
            continue;
        };
        let [id] = document.matching_in(namespace, &selector)[..] else {
            continue;
        };
        let set = LabelSet::from(&*selector);
        let wider = found
            .get(&id)
            .is_none_or(|(known, _)| known.is_subset(&set));
        if wider && !selector.matches(&Labels::new()) {
            found.insert(id, (set, selector.into_owned()));
        }
    }
    let mut changed = document.clone();
    for (id, (set, selector)) in found {
        let own = context.identity(id).map(LabelSet::from);
        if own.is_ok_and(|own| own.is_subset(&set) && set.is_subset(&own)) {
            continue;
        }
        if let Some(workload) = changed.workloads.get_mut(id) {
            workload.selector = Some(selector);
        }
    }
    (changed != *document).then_some(changed)
}

/// An edit of `changed` as one of `document`: it also sets the selectors of the workloads that it is about.
pub(super) fn with_selectors(document: &Document, changed: &Document, edit: Edit) -> Edit {
    let Edit::Batch(name, edits) = edit else {
        return edit;
    };
    let mut about: Vec<WorkloadId> = Vec::new();
    for edit in &edits {
        match edit {
            Edit::Add(Thing::Flow(flow)) => {
                about.extend(
                    [&flow.from, &flow.to]
                        .into_iter()
                        .filter_map(|end| match end {
                            End::Workload(id) => Some(*id),
                            _ => None,
                        }),
                );
            }
            Edit::Change(Item::Workload(id), _) => about.push(*id),
            _ => {}
        }
    }
    about.sort_unstable();
    about.dedup();
    let new = about.into_iter().filter_map(|id| {
        let (before, after) = (document.workloads.get(id)?, changed.workloads.get(id)?);
        let change = || Edit::Change(Item::Workload(id), Thing::Workload(after.clone()));
        (before != after).then(change)
    });
    Edit::Batch(name, new.chain(edits.iter().cloned()).collect())
}
