//! A planned policy before it has a name: all are collected, then named together.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use crate::model::{NamespaceId, Settings, WorkloadId};
use crate::plan::context::Context;
use crate::plan::names;
use crate::policy::{Accounts, Beside, Direction, PlanPolicy, PlanRule, Role};
use crate::sets::Selector;

/// The label of generated policies.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "drawbridge");

/// Where the API's own reference puts a description of an object.
const DESCRIPTION: &str = "kubernetes.io/description";

#[derive(Debug)]
pub(crate) struct Draft {
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
    pub(super) accounts: Accounts,
    pub(super) workloads: Vec<WorkloadId>,
    pub(super) directions: Vec<Direction>,
    /// See [`PlanPolicy::isolates`].
    pub(super) isolates: bool,
    /// See [`PlanPolicy::isolated`].
    pub(super) isolated: bool,
    pub(super) rules: Vec<PlanRule>,
    /// The policy under the name that it got first.
    pub(super) planned: OnceLock<Arc<PlanPolicy>>,
}

/// Names and sorts.
pub(super) fn finish(
    context: &Context,
    drafts: &[Arc<Draft>],
    taken: &BTreeSet<(String, String)>,
) -> Vec<Arc<PlanPolicy>> {
    let wanted: Vec<(&str, &str, &str)> = drafts
        .iter()
        .map(|d| (context.namespace_name(d.namespace), &*d.stem, &*d.ends))
        .collect();
    let names = names::assign(&wanted, taken);
    let drafts = drafts.iter().zip(&names);
    let mut planned: Vec<Arc<PlanPolicy>> =
        drafts.map(|(d, name)| d.named(context, name)).collect();
    planned.sort_by(|a, b| a.order().cmp(&b.order()));
    planned
}

impl Draft {
    fn named(&self, context: &Context, name: &str) -> Arc<PlanPolicy> {
        let planned = self.planned.get_or_init(|| self.plan(context, name).into());
        match planned.name == name {
            true => Arc::clone(planned),
            false => Arc::new(self.plan(context, name)),
        }
    }

    fn plan(&self, context: &Context, name: &str) -> PlanPolicy {
        let settings = &context.document.settings;
        let mut labels = settings.labels.clone();
        labels.insert(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned());
        PlanPolicy {
            namespace: context.namespace_name(self.namespace).to_owned(),
            across: None,
            name: name.to_owned(),
            role: self.role,
            labels,
            annotations: annotations(settings, &self.description),
            comment: self.comment.clone(),
            subject: self.subject.clone(),
            accounts: self.accounts.clone(),
            workloads: self.workloads.iter().copied().map(Into::into).collect(),
            directions: self.directions.clone(),
            isolates: self.isolates,
            isolated: self.isolated,
            rules: self.rules.clone(),
            beside: Beside::default(),
        }
    }
}

fn annotations(settings: &Settings, description: &str) -> crate::sets::Labels {
    let mut annotations = settings.annotations.clone();
    if !description.is_empty() {
        annotations
            .entry(DESCRIPTION.to_owned())
            .or_insert_with(|| description.to_owned());
    }
    annotations
}
