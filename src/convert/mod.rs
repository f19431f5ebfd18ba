//! Policies to policies of another dialect, and what the cluster allows before and after, each under its enforcer.
//!
//! A policy is raised into the terms in which policies are planned, and written by the other dialect. What that
//! cannot express is left out with the reason, and nothing wider is written in its place. The written texts are then read like any other
//! file, beside the same workloads, and compared with the original policies.

mod baseline;
mod comments;
mod gates;
mod policy;
pub mod project;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::analysis::changes::{Change, NamedChange, Relation, all_changes, policy_relation};
use crate::analysis::conditions::{ConditionChange, condition_changes};
use crate::cluster::{Assumptions, Enforcer, Snapshot};
use crate::load::{self, Loaded};
use crate::manifest::Source;
use crate::model::enforcer_of;
use crate::policy::{Resolution, Target};
use crate::yaml::Object;

pub use policy::{Converted, Reason, State, Written};

/// The policies of a cluster in another dialect.
#[derive(Clone, Debug)]
pub struct Conversion {
    /// Each policy, in the order of the input.
    pub policies: Vec<Converted>,
    /// The cluster with the written policies, under the enforcer of the dialect.
    pub after: Snapshot,
    /// The connections that differ.
    pub changes: Vec<Change>,
    /// The domain names and entities that workloads connect to, or are reached from, on other ports.
    pub named: Vec<NamedChange>,
    /// Conditions that the analysis does not model, where they differ.
    pub conditions: Vec<ConditionChange>,
    /// The relation of the written policies to the original ones, future pods included.
    pub relation: Relation,
}

impl Conversion {
    /// The written policies.
    pub fn written(&self) -> impl Iterator<Item = &Written> {
        self.policies.iter().filter_map(|one| one.written.as_ref())
    }

    /// Whether every policy is written in full, and nothing changes.
    pub fn is_exact(&self) -> bool {
        let exact = |one: &Converted| one.state == State::Exact;
        self.policies.iter().all(exact) && self.is_equal()
    }

    /// Whether the policies before and after allow the same.
    pub fn is_equal(&self) -> bool {
        self.changes.is_empty()
            && self.named.is_empty()
            && self.conditions.is_empty()
            && self.relation == Relation::Equal
    }
}

/// What written policies are read under.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The assumptions; the enforcer is the dialect's.
    pub assumptions: Assumptions,
    /// The namespace of policies that name none, as of the input.
    pub namespace: Option<&'a str>,
}

/// Converts the policies of a cluster. Policies that are of the dialect already keep their text.
pub fn convert(loaded: &Loaded, target: Target, reading: Reading) -> Conversion {
    let enforcer = enforcer_of(target, Enforcer::Kubernetes);
    let mut policies = converted(loaded, target, enforcer);
    let written = policies.iter().filter_map(|one| one.written.as_ref());
    let sources = written.map(|one| Source::new(one.title.as_str(), one.text.as_str()));
    let settings = load::Settings {
        enforcer: Some(enforcer),
        assumptions: reading.assumptions,
    };
    let sources: Vec<Source> = sources.collect();
    let after = load::with_policies(loaded, &sources, &settings, reading.namespace).snapshot;
    let ((changes, named), relation) = rayon::join(
        || all_changes(&loaded.snapshot, &after),
        || policy_relation(&loaded.snapshot, &after),
    );
    if !changes.is_empty() || !named.is_empty() || relation != Relation::Equal {
        gates::mark(loaded, &after, &mut policies);
    }
    Conversion {
        conditions: condition_changes(&loaded.snapshot, &after),
        policies,
        after,
        changes,
        named,
        relation,
    }
}

/// Each policy. No two have one name in one namespace; those that keep their text keep their names.
fn converted(loaded: &Loaded, target: Target, enforcer: Enforcer) -> Vec<Converted> {
    let objects = loaded.policies.iter().map(|policy| &policy.object);
    let objects: Vec<&Object> = objects.collect();
    let namespaces = &loaded.snapshot.namespaces;
    let all = |resolution| -> Vec<Converted> {
        let all = objects.iter();
        all.map(|object| policy::convert(object, target, enforcer, resolution, namespaces))
            .collect()
    };
    let mut all = match all(Resolution::Plain) {
        plain if plain.iter().all(|one| one.domains.is_empty()) => plain,
        _ => all(Resolution::DomainNames),
    };
    if !target.has_baseline() {
        baseline::refuse_additions(&objects, &mut all);
    }
    learnt(&mut all);
    let mut names = BTreeSet::new();
    for kept in [true, false] {
        let each = all.iter_mut().zip(&objects);
        for (one, object) in each.filter(|(one, _)| one.is_kept() == kept) {
            let Some(written) = &one.written else {
                continue;
            };
            let is_taken = written.objects.iter().any(|object| names.contains(object));
            if !is_taken {
                names.extend(written.objects.iter().cloned());
                continue;
            }
            let help = match one.renamed.is_some() || written.name.contains(&object.name) {
                true => "give one of them another name",
                false => "merge the two: the dialect has one policy of this kind",
            };
            one.refuse(Reason {
                why: format!("another policy is written as {}", written.title),
                help: Some(help.to_owned()),
            });
        }
    }
    all
}

/// Reports rules for domain names where no written policy of their namespace, or of the whole cluster, makes the addresses
/// known. One of the whole cluster may concern any namespace.
fn learnt(all: &mut [Converted]) {
    let learning = all.iter().filter(|one| one.learns_names == Some(true));
    let learning = learning.filter_map(|one| Some(one.written.as_ref()?.namespace.clone()));
    let learning: BTreeSet<String> = learning.collect();
    for one in all {
        let Some(written) = one.written.as_ref().filter(|_| !one.domains.is_empty()) else {
            continue;
        };
        let known = match written.namespace == policy::CLUSTER_WIDE {
            true => !learning.is_empty(),
            false => {
                learning.contains(&written.namespace) || learning.contains(policy::CLUSTER_WIDE)
            }
        };
        if one.learns_names == Some(false) && !known {
            one.without_addresses();
        }
    }
}
