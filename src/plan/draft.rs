//! A planned policy before it has a name: all are collected, then named together.

use std::collections::BTreeSet;

use crate::model::{NamespaceId, Settings, WorkloadId};
use crate::plan::context::Context;
use crate::plan::names;
use crate::policy::{Direction, PlanPolicy, PlanRule, Role};
use crate::sets::Selector;

/// The label of generated policies.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "drawbridge");

/// Where the API's own reference puts a description of an object.
const DESCRIPTION: &str = "kubernetes.io/description";

pub(super) struct Draft {
    pub(super) namespace: NamespaceId,
    pub(super) role: Role,
    /// Its name, if it is unique.
    pub(super) stem: String,
    /// Identifies it within its namespace; hashed into its name where the stem is not unique.
    pub(super) ends: String,
    pub(super) comment: String,
    /// For the annotation; empty: none.
    pub(super) description: String,
    pub(super) subject: Selector,
    pub(super) workloads: Vec<WorkloadId>,
    pub(super) directions: Vec<Direction>,
    pub(super) rules: Vec<PlanRule>,
}

/// Names and sorts.
pub(super) fn finish(
    context: &Context,
    drafts: Vec<Draft>,
    taken: &BTreeSet<(String, String)>,
) -> Vec<PlanPolicy> {
    let wanted: Vec<(&str, String, String)> = drafts
        .iter()
        .map(|d| {
            (
                context.namespace_name(d.namespace),
                d.stem.clone(),
                d.ends.clone(),
            )
        })
        .collect();
    let names = names::assign(&wanted, taken);
    let mut planned: Vec<PlanPolicy> = drafts
        .into_iter()
        .zip(names)
        .map(|(draft, name)| draft.named(context, name))
        .collect();
    planned.sort_by_cached_key(PlanPolicy::order);
    planned
}

impl Draft {
    fn named(self, context: &Context, name: String) -> PlanPolicy {
        let settings = &context.document.settings;
        let mut labels = settings.labels.clone();
        labels.insert(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned());
        PlanPolicy {
            namespace: context.namespace_name(self.namespace).to_owned(),
            name,
            role: self.role,
            labels,
            annotations: annotations(settings, self.description),
            comment: self.comment,
            subject: self.subject,
            workloads: self.workloads.into_iter().map(Into::into).collect(),
            directions: self.directions,
            rules: self.rules,
        }
    }
}

fn annotations(settings: &Settings, description: String) -> crate::sets::Labels {
    let mut annotations = settings.annotations.clone();
    if !description.is_empty() {
        annotations
            .entry(DESCRIPTION.to_owned())
            .or_insert(description);
    }
    annotations
}
