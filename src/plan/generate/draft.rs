//! A policy before it has a name: collected, named all together, then written.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::parts::Rule;
use super::{Role, Written};
use crate::dialect::network_policy::write::{self, Comments};
use crate::model::{FlowId, NamespaceId, Settings, WorkloadId};
use crate::plan::context::Context;
use crate::plan::names;
use crate::policy::Direction;

/// The label that says who wrote a policy.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "drawbridge");

/// Where the API's own reference puts a description of an object.
const DESCRIPTION: &str = "kubernetes.io/description";

pub(super) struct Draft {
    pub(super) namespace: NamespaceId,
    pub(super) role: Role,
    /// Its name, if nobody else wants it.
    pub(super) stem: String,
    /// What makes it different from every other one of its namespace.
    pub(super) ends: String,
    pub(super) comment: String,
    /// For the annotation; empty: none.
    pub(super) description: String,
    pub(super) subject: LabelSelector,
    pub(super) workloads: Vec<WorkloadId>,
    pub(super) types: Vec<Direction>,
    pub(super) rules: Vec<DraftRule>,
}

pub(super) struct DraftRule {
    pub(super) direction: Direction,
    pub(super) flows: Vec<FlowId>,
    /// Above the rule.
    pub(super) comments: Vec<String>,
    pub(super) rule: Rule,
}

/// Names, writes and sorts.
pub(super) fn finish(
    context: &Context,
    drafts: Vec<Draft>,
    taken: &BTreeSet<(String, String)>,
) -> Vec<Written> {
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
    let mut written: Vec<Written> = drafts
        .into_iter()
        .zip(names)
        .map(|(draft, name)| draft.write(context, name))
        .collect();
    written.sort_by_cached_key(Written::order);
    written
}

impl Draft {
    fn write(self, context: &Context, name: String) -> Written {
        let namespace = context.namespace_name(self.namespace).to_owned();
        let mut comments = Comments {
            head: vec![self.comment],
            ..Comments::default()
        };
        let mut spec = NetworkPolicySpec {
            pod_selector: Some(self.subject),
            policy_types: Some(self.types.iter().map(|d| d.name().to_owned()).collect()),
            ..NetworkPolicySpec::default()
        };
        let mut flows_of: BTreeMap<Direction, Vec<Vec<FlowId>>> = BTreeMap::new();
        for rule in self.rules {
            flows_of.entry(rule.direction).or_default().push(rule.flows);
            match rule.direction {
                Direction::Ingress => {
                    comments.ingress.push(rule.comments);
                    spec.ingress.get_or_insert_default().push(rule.rule.into());
                }
                Direction::Egress => {
                    comments.egress.push(rule.comments);
                    spec.egress.get_or_insert_default().push(rule.rule.into());
                }
            }
        }
        let policy = NetworkPolicy {
            metadata: metadata(
                &context.document.settings,
                &namespace,
                &name,
                self.description,
            ),
            spec: Some(spec),
        };
        let text = write::write(&policy, &comments);
        let ranges = [
            (Direction::Ingress, text.ingress),
            (Direction::Egress, text.egress),
        ];
        let lines: Vec<(RangeInclusive<u32>, FlowId)> = ranges
            .into_iter()
            .flat_map(|(direction, ranges)| {
                let flows = flows_of.remove(&direction).unwrap_or_default();
                ranges.into_iter().zip(flows)
            })
            .flat_map(|(range, flows)| flows.into_iter().map(move |flow| (range.clone(), flow)))
            .collect();
        let flows: BTreeSet<FlowId> = lines.iter().map(|(_, flow)| *flow).collect();
        Written {
            namespace,
            name,
            role: self.role,
            directions: self.types,
            flows: flows.into_iter().collect(),
            workloads: self.workloads,
            text: text.text,
            lines,
        }
    }
}

fn metadata(settings: &Settings, namespace: &str, name: &str, description: String) -> ObjectMeta {
    let mut labels = settings.labels.clone();
    labels.insert(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned());
    let mut annotations = settings.annotations.clone();
    if !description.is_empty() {
        annotations
            .entry(DESCRIPTION.to_owned())
            .or_insert(description);
    }
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        labels: Some(labels),
        annotations: (!annotations.is_empty()).then_some(annotations),
        ..ObjectMeta::default()
    }
}
