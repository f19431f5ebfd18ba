//! Policies to policies of another dialect, and what the cluster allows before and after, each under its enforcer.
//!
//! A policy is raised into the terms in which policies are planned, and written by the other dialect. What that
//! cannot express is left out with the reason, and nothing wider is written in its place. The written texts are then read like any other
//! file, beside the same workloads, and compared with the original policies.

mod baseline;
mod blocks;
mod comments;
mod gates;
mod policy;
pub mod project;
mod reason;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::analysis::changes::{Change, NamedChange, Relation, all_changes, policy_relation};
use crate::analysis::conditions::{ConditionChange, condition_changes};
use crate::cluster::{Assumptions, Enforcer, Snapshot};
use crate::dialect;
use crate::load::{self, Loaded};
use crate::manifest::Source;
use crate::model::enforcer_of;
use crate::policy::{Beside, Resolution, Target};
use crate::yaml::Object;

pub use policy::{Converted, State, Written};
pub use reason::Reason;

use policy::Setting;

/// The policies of a cluster in another dialect.
#[derive(Clone, Debug)]
pub struct Conversion {
    /// Each policy, in the order of the input; the staged ones come last.
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
    /// A connection that changes although no single policy explains it: a sentence without a full stop.
    pub unexplained: Option<String>,
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
    let assumptions = read_under(target, reading.assumptions);
    let mut policies = converted(loaded, target, assumptions);
    let written = policies.iter().filter_map(|one| one.written.as_ref());
    let sources = written.map(|one| Source::new(one.title.as_str(), one.text.as_str()));
    let settings = load::Settings {
        enforcer: Some(assumptions.enforcer),
        assumptions: reading.assumptions,
    };
    let sources: Vec<Source> = sources.collect();
    let after = load::with_policies(loaded, &sources, &settings, reading.namespace).snapshot;
    let ((changes, named), relation) = rayon::join(
        || all_changes(&loaded.snapshot, &after),
        || policy_relation(&loaded.snapshot, &after),
    );
    let unexplained = match changes.is_empty() && named.is_empty() && relation == Relation::Equal {
        true => None,
        false => gates::mark(loaded, &after, target, &mut policies),
    };
    policies.extend(loaded.staged.iter().map(policy::staged));
    Conversion {
        conditions: condition_changes(&loaded.snapshot, &after),
        policies,
        after,
        changes,
        named,
        relation,
        unexplained,
    }
}

/// What policies of a dialect are read under.
fn read_under(target: Target, assumptions: Assumptions) -> Assumptions {
    Assumptions {
        enforcer: enforcer_of(target, Enforcer::Kubernetes),
        ..assumptions
    }
    .settled()
}

/// Each policy. No two have one name in one namespace: those that keep their text keep their names, then those whose name the
/// dialect accepts. `after`: what they are read under.
fn converted(loaded: &Loaded, target: Target, after: Assumptions) -> Vec<Converted> {
    let objects = loaded.policies.iter().map(|policy| &policy.object);
    let objects: Vec<&Object> = objects.collect();
    let mut setting = Setting {
        target,
        after,
        resolution: Resolution::Plain,
        cluster: &loaded.snapshot,
        beside: beside(&objects, target),
    };
    let each = |setting: &Setting| -> Vec<Converted> {
        let all = objects.iter();
        all.map(|object| policy::convert(object, &object.name, setting))
            .collect()
    };
    let mut all = each(&setting);
    if all.iter().any(|one| !one.domains.is_empty()) {
        setting.resolution = Resolution::DomainNames;
        all = each(&setting);
    }
    if !target.has_baseline() {
        baseline::refuse_additions(&objects, &mut all);
    }
    learnt(&mut all);
    let mut names = Names::default();
    for priority in [Naming::Kept, Naming::Own, Naming::Renamed] {
        let each = all.iter_mut().zip(&objects);
        for (one, object) in each.filter(|(one, _)| Naming::of(one) == priority) {
            names.take(one, object, &setting);
        }
    }
    all
}

/// The policies that keep their text, as far as their places matter to others.
fn beside(objects: &[&Object], target: Target) -> Beside {
    let kept = objects.iter();
    let kept = kept.filter(|object| dialect::is_of_target(object, target));
    let mut found = Beside::default();
    for parsed in kept.map(|object| dialect::read(object)) {
        found.any |= !parsed.is_refused();
        let Some(place) = parsed.ordered_place() else {
            continue;
        };
        let priority = Some(place.priority);
        if !place.baseline {
            found.last = found.last.max(priority);
        } else if found
            .first_baseline
            .is_none_or(|first| place.priority < first)
        {
            found.first_baseline = priority;
        }
    }
    found
}

/// Where a policy has its name from.
#[derive(PartialEq, Eq)]
enum Naming {
    Kept,
    Own,
    Renamed,
}

impl Naming {
    fn of(one: &Converted) -> Self {
        match (one.is_kept(), &one.renamed) {
            (true, _) => Self::Kept,
            (false, None) => Self::Own,
            (false, Some(_)) => Self::Renamed,
        }
    }
}

/// The namespaces and names of written objects.
#[derive(Default)]
struct Names(BTreeSet<(String, String)>);

impl Names {
    /// Gives a policy its name. One whose own name the dialect does not accept has a number behind the new one if that is taken;
    /// others are left out then.
    fn take(&mut self, one: &mut Converted, object: &Object, setting: &Setting) {
        for number in 2.. {
            let Some(written) = &one.written else {
                return;
            };
            if written
                .objects
                .iter()
                .all(|object| !self.0.contains(object))
            {
                self.0.extend(written.objects.iter().cloned());
                return;
            }
            if one.renamed.is_none() {
                return one.refuse(taken(object, written));
            }
            *one = policy::convert(object, &format!("{}-{number}", object.name), setting);
        }
    }
}

/// Why a policy is left out whose name is taken.
fn taken(object: &Object, written: &Written) -> Reason {
    let help = match written.name.contains(&object.name) {
        true => "give one of them another name",
        false => "merge the two: the dialect has one policy of this kind",
    };
    Reason {
        why: format!("another policy is written as {}", written.title),
        help: Some(help.to_owned()),
    }
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
