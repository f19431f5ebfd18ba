//! The dependencies that nobody draws and a default deny breaks: names, the API server, metrics, webhooks, and more.
//!
//! - `entries`: the catalogue. `software`: known programs and what they connect to.
//! - `find`: which workloads need which entry, by images, labels, kinds, annotations and objects of the input.
//! - `judge`: whether policies allow it, and which.
//! - [`draw`]: a dependency as edits of a document.

pub mod draw;
mod entries;
mod find;
mod judge;
mod place;
mod software;
#[cfg(test)]
mod tests;
mod unknown_peer;

use std::collections::{BTreeMap, BTreeSet};

pub use entries::{Entry, Need};
pub use place::Place;
pub use software::Role;

use super::cluster::Cluster;
use super::{Evidence, words};
use crate::cluster::Snapshot;
use crate::manifest::Fact;
use crate::policy::Direction;
use crate::sets::PortSet;
use find::{Finding, Own, findings};
use judge::{Judge, Verdict};

/// A connection that pods of a namespace need, where policies isolate these pods.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    /// The namespace of the pods that need it, if policies isolate these, else that of the isolated other end.
    pub namespace: String,
    /// The entry of the catalogue.
    pub entry: &'static Entry,
    /// How certain it is.
    pub need: Need,
    /// The source.
    pub from: Place,
    /// The destination.
    pub to: Place,
    /// The destination's own ports.
    pub ports: PortSet,
    /// What its source and its destination are, where their names do not tell.
    pub about: [Option<String>; 2],
    /// What to do in dialects that cannot name an end: Cilium's policies alone have entities.
    pub other_dialects: Option<&'static str>,
    /// What shows that it is needed, and what denies it, by file and line.
    pub evidence: Vec<Evidence>,
    /// The policies that allow it, by their titles; empty: it is missing.
    pub satisfied_by: Vec<String>,
}

impl Dependency {
    /// Whether policies deny it.
    pub fn is_missing(&self) -> bool {
        self.satisfied_by.is_empty()
    }

    /// Its ports, as a project writes them.
    pub fn port_words(&self) -> Vec<String> {
        words(&self.ports)
    }
}

/// The dependencies of the isolated pods of a cluster: by namespace, those that are missing first, the most certain first.
pub fn dependencies(snapshot: &Snapshot, facts: &[Fact]) -> Vec<Dependency> {
    let cluster = Cluster::new(snapshot);
    let judge = Judge::new(&cluster);
    let mut judged: Vec<Judged> = Vec::new();
    for finding in united(&cluster, findings(&cluster, facts)) {
        if let Some((namespace, verdict)) = judge.verdict(&finding) {
            judged.push((finding, namespace, verdict));
        }
    }
    drop_alternatives(&cluster, &mut judged);
    let mut found = together(&cluster, judged);
    found.sort_by(|a, b| {
        let key = |d: &Dependency| {
            let missing = !d.is_missing();
            let ends = (d.from.words(), d.to.words());
            (
                d.namespace.clone(),
                missing,
                std::cmp::Reverse(d.need),
                d.entry.id,
                ends,
            )
        };
        key(a).cmp(&key(b))
    });
    found
}

/// The findings, those with the same ends in one.
fn united(cluster: &Cluster, findings: Vec<Finding>) -> Vec<Finding> {
    let mut found: BTreeMap<_, Finding> = BTreeMap::new();
    for finding in findings {
        let own = own_words(cluster, &finding.own);
        let key = (
            own,
            finding.direction,
            finding.entry.id,
            finding.other.words(),
        );
        let Some(known) = found.get_mut(&key) else {
            found.insert(key, finding);
            continue;
        };
        known.ports = known.ports.union(&finding.ports);
        known.need = known.need.max(finding.need);
        known.one_port_suffices &= finding.one_port_suffices;
        known.evidence.extend(finding.evidence);
    }
    found.into_values().collect()
}

fn own_words(cluster: &Cluster, own: &Own) -> String {
    match own {
        Own::Workload(at) => cluster.words(*at),
        Own::Future(_, place) => place.words(),
    }
}

fn namespace_of(cluster: &Cluster, own: &Own) -> String {
    match own {
        Own::Workload(at) => {
            let workload = cluster.snapshot.workloads.get(*at);
            workload.map(|w| w.namespace.clone()).unwrap_or_default()
        }
        Own::Future(namespace, _) => namespace.clone(),
    }
}

/// Leaves out what is denied where an alternative to it is allowed.
fn drop_alternatives(cluster: &Cluster, judged: &mut Vec<Judged>) {
    let key = |finding: &Finding| Some((own_words(cluster, &finding.own), finding.one_of?));
    let allowed = judged
        .iter()
        .filter_map(|(finding, _, verdict)| match verdict {
            Verdict::Allowed(_) => key(finding),
            Verdict::Denied(_) => None,
        });
    let allowed: BTreeSet<_> = allowed.collect();
    judged.retain(|(finding, _, verdict)| {
        matches!(verdict, Verdict::Allowed(_)) || key(finding).is_none_or(|k| !allowed.contains(&k))
    });
}

/// What pods need, the namespace whose policies decide it, and whether they allow it.
type Judged = (Finding, String, Verdict);

/// The dependencies: those of all pods of a namespace in one, where the entry is drawn so.
fn together(cluster: &Cluster, judged: Vec<Judged>) -> Vec<Dependency> {
    // Of one namespace, entry and other end, whether some are missing and some are not.
    let key = |finding: &Finding| {
        let namespace = namespace_of(cluster, &finding.own);
        (namespace, finding.entry.id, finding.other.words())
    };
    let mut verdicts: BTreeMap<_, BTreeSet<bool>> = BTreeMap::new();
    for (finding, _, verdict) in &judged {
        let missing = matches!(verdict, Verdict::Denied(_));
        verdicts.entry(key(finding)).or_default().insert(missing);
    }
    let mut found: BTreeMap<_, Dependency> = BTreeMap::new();
    for (finding, namespace, verdict) in judged {
        let alike = verdicts
            .get(&key(&finding))
            .is_some_and(|all| all.len() == 1);
        let one = dependency(cluster, alike, finding, (namespace, verdict));
        let key = (
            one.entry.id,
            one.from.words(),
            one.to.words(),
            one.namespace.clone(),
        );
        let Some(known) = found.get_mut(&key) else {
            found.insert(key, one);
            continue;
        };
        // The two gates of one connection, or the pods of one namespace.
        let missing = known.is_missing() || one.is_missing();
        known.satisfied_by.extend(one.satisfied_by);
        known.evidence.extend(one.evidence);
        known.ports = known.ports.union(&one.ports);
        if missing {
            known.satisfied_by.clear();
        }
    }
    let mut found: Vec<Dependency> = found.into_values().collect();
    for dependency in &mut found {
        dependency.evidence.sort();
        dependency.evidence.dedup();
        dependency.satisfied_by.sort();
        dependency.satisfied_by.dedup();
        let ends = [&dependency.from, &dependency.to];
        dependency.about = ends.map(|end| end.description(cluster.snapshot));
    }
    found
}

/// `alike`: it is the same for all pods of the namespace that need it.
fn dependency(
    cluster: &Cluster,
    alike: bool,
    finding: Finding,
    (namespace, verdict): (String, Verdict),
) -> Dependency {
    let own = match &finding.own {
        Own::Future(_, place) => place.clone(),
        Own::Workload(at) => {
            let words = cluster.words(*at);
            Place::Known(match words.rsplit_once('/') {
                Some((within, _)) if finding.entry.of_all_pods && alike => format!("{within}/*"),
                _ => words,
            })
        }
    };
    let (from, to) = match finding.direction {
        Direction::Egress => (own, finding.other),
        Direction::Ingress => (finding.other, own),
    };
    let mut evidence = finding.evidence;
    let satisfied_by = match verdict {
        Verdict::Allowed(policies) => policies.into_iter().collect(),
        Verdict::Denied(why) => {
            evidence.extend(why);
            Vec::new()
        }
    };
    let other_dialects = match finding.direction {
        Direction::Egress => to.other_dialects(finding.direction),
        Direction::Ingress => from.other_dialects(finding.direction),
    };
    Dependency {
        namespace,
        about: [None, None],
        other_dialects,
        entry: finding.entry,
        need: finding.need,
        from,
        to,
        ports: finding.ports,
        evidence,
        satisfied_by,
    }
}
