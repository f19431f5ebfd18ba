//! The selector that identifies each workload by its labels.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::model::naming::{NAMING, is_stable, of_labels};
use crate::model::{Document, NamespaceId, Workload, WorkloadId};
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::{LabelOp, Labels, Requirement, Selector};

/// Why no selector identifies a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unselectable {
    /// Its pods have no labels that could identify it.
    NoLabels,
    /// Its own selector does not match its own labels.
    NotItself,
    /// Its own selector also matches pods without any label.
    Unlabelled,
    /// Every selector of its labels also selects these.
    Also(Vec<WorkloadId>),
    /// `hostNetwork: true`, and such pods count as nodes.
    HostNetwork,
}

/// The selector of a workload, or why there is none.
pub type Identity = Result<Selector, Unselectable>;

/// The selectors of all workloads.
pub type Identities = BTreeMap<WorkloadId, Identity>;

/// Computes the selectors of all workloads.
pub fn identities(document: &Document) -> Identities {
    within(document, |_| true)
}

/// Computes the selectors of all workloads of these namespaces anew, and removes those of workloads that are no
/// more. The ids of those that changed, and of those whose reason names others.
pub(super) fn update(
    identities: &mut Identities,
    document: &Document,
    namespaces: &BTreeSet<NamespaceId>,
) -> Vec<WorkloadId> {
    identities.retain(|id, _| document.workloads.contains(*id));
    let mut changed = Vec::new();
    for (id, identity) in within(document, |namespace| namespaces.contains(&namespace)) {
        let names_others = matches!(identity, Err(Unselectable::Also(_)));
        if names_others || identities.get(&id) != Some(&identity) {
            identities.insert(id, identity);
            changed.push(id);
        }
    }
    changed
}

/// Only workloads of the same namespace matter for a selector.
fn within(document: &Document, wanted: impl Fn(NamespaceId) -> bool) -> Identities {
    let mut by_namespace: BTreeMap<_, Vec<(WorkloadId, &Workload)>> = BTreeMap::new();
    for (id, workload) in document.workloads.iter() {
        if !wanted(workload.namespace) {
            continue;
        }
        by_namespace
            .entry(workload.namespace)
            .or_default()
            .push((id, workload));
    }
    let of_namespace = |all: &Vec<(WorkloadId, &Workload)>| {
        let alike = Alike::new(all);
        let one = |(id, workload): &(WorkloadId, &Workload)| {
            (*id, identity(document, *id, workload, &alike))
        };
        all.iter().map(one).collect::<Vec<_>>()
    };
    by_namespace.values().flat_map(of_namespace).collect()
}

/// The workloads of one namespace, by the labels of their pods.
struct Alike<'a> {
    all: &'a [(WorkloadId, &'a Workload)],
    by_label: HashMap<(&'a str, &'a str), Vec<usize>>,
}

impl<'a> Alike<'a> {
    fn new(all: &'a [(WorkloadId, &'a Workload)]) -> Self {
        let mut by_label: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, (_, workload)) in all.iter().enumerate() {
            for (key, value) in workload.labels_of_pods().into_iter().flatten() {
                let places = by_label.entry((&**key, &**value)).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
        }
        Self { all, by_label }
    }

    /// The workloads that may match a selector: all of those that do, in id order.
    fn candidates<'s>(
        &'s self,
        selector: &'s Selector,
    ) -> Box<dyn Iterator<Item = (WorkloadId, &'a Workload)> + 's> {
        let requirements = selector.requirements.iter();
        let labelled = requirements.filter_map(|requirement| self.labelled(requirement));
        match labelled.min_by_key(|found| found.len()) {
            Some(found) => Box::new(found.iter().map(|at| self.all[*at])),
            None => Box::new(self.all.iter().copied()),
        }
    }

    /// The places of those that have a label; none if the requirement asks for no single one.
    fn labelled<'s>(&'s self, requirement: &'s Requirement) -> Option<&'s [usize]> {
        let LabelOp::In(values) = &requirement.op else {
            return None;
        };
        let value = values.first().filter(|_| values.len() == 1)?;
        let found = self
            .by_label
            .get(&(requirement.key.as_str(), value.as_str()));
        Some(found.map_or(&[], Vec::as_slice))
    }
}

fn identity(document: &Document, id: WorkloadId, workload: &Workload, alike: &Alike) -> Identity {
    if document.counts_as_node(workload) {
        return Err(Unselectable::HostNetwork);
    }
    let own = workload.selector.as_ref();
    // Pods of one workload may differ; its selector has to select all of them.
    let shared = workload.shared_labels();
    let mut selector = match own.filter(|s| !s.requirements.is_empty()) {
        Some(own) => own.clone(),
        None => of_labels(&shared).ok_or(Unselectable::NoLabels)?,
    };
    let pods = workload.labels_of_pods();
    let selects_all = |selector: &Selector| pods.iter().all(|labels| selector.matches(labels));
    if !selects_all(&selector) {
        return Err(Unselectable::NotItself);
    }
    if selector.matches(&Labels::new()) {
        return Err(Unselectable::Unlabelled);
    }
    let mut also: Vec<(WorkloadId, &Labels)> = alike
        .candidates(&selector)
        // Pods that count as nodes are selected by nothing, so they need not be distinguished.
        .filter(|(_, w)| !document.counts_as_node(w))
        .filter(|(other, _)| *other != id)
        .flat_map(|(other, w)| w.labels_of_pods().into_iter().map(move |l| (other, l)))
        .filter(|(_, labels)| selector.matches(labels))
        .collect();
    require_own_labels(&mut selector, &shared, &mut also);
    exclude_other_labels(&mut selector, &shared, &mut also);
    match also.is_empty() {
        true if !selects_all(&selector) => Err(Unselectable::NotItself),
        true => Ok(selector),
        false => Err(Unselectable::Also(
            also.into_iter()
                .map(|(id, _)| id)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        )),
    }
}

/// Adds labels of the workload until no other has them all: one label if one does it.
fn require_own_labels(
    selector: &mut Selector,
    labels: &Labels,
    also: &mut Vec<(WorkloadId, &Labels)>,
) {
    let rank = |key: &str| {
        NAMING
            .iter()
            .position(|n| *n == key)
            .unwrap_or(NAMING.len())
    };
    let mut candidates: Vec<(&String, &String)> =
        labels.iter().filter(|(key, _)| is_stable(key)).collect();
    candidates.sort_by_key(|(key, _)| (rank(key), *key));
    while !also.is_empty() {
        let left = |(key, value): &(&String, &String)| {
            also.iter()
                .filter(|(_, other)| other.get(*key) == Some(*value))
                .count()
        };
        let Some(best) = candidates.iter().min_by_key(|c| left(c)).copied() else {
            return;
        };
        if left(&best) == also.len() {
            return;
        }
        selector
            .requirements
            .push(Requirement::equals(best.0, best.1));
        also.retain(|(_, other)| other.get(best.0) == Some(best.1));
    }
}

/// Requires the absence of labels that others have and the workload lacks.
fn exclude_other_labels(
    selector: &mut Selector,
    labels: &Labels,
    also: &mut Vec<(WorkloadId, &Labels)>,
) {
    while let Some((_, other)) = also.first() {
        let covered = |key: &str| also.iter().filter(|(_, o)| o.contains_key(key)).count();
        let theirs = other
            .keys()
            .filter(|key| is_stable(key) && !labels.contains_key(*key))
            .max_by_key(|key| covered(key));
        let Some(key) = theirs.cloned() else { return };
        also.retain(|(_, other)| !other.contains_key(&key));
        selector.requirements.push(Requirement {
            key,
            op: LabelOp::DoesNotExist,
        });
    }
}

impl Unselectable {
    /// Why, in words; names the other workloads.
    pub fn why(&self, document: &Document, workload: &str) -> String {
        match self {
            Self::NoLabels => format!("the pods of `{workload}` have no label that identifies it"),
            Self::NotItself => {
                format!("the selector of `{workload}` does not match its own labels")
            }
            Self::Unlabelled => {
                format!("the selector of `{workload}` also matches pods without any label")
            }
            Self::Also(others) => {
                let names: Vec<String> = others
                    .iter()
                    .filter_map(|id| document.workloads.get(*id))
                    .map(|w| format!("`{}`", w.name))
                    .collect();
                let names = names.join(", ");
                format!("no label distinguishes `{workload}` from {names}")
            }
            Self::HostNetwork => {
                format!("`{workload}` runs on the host network, where selectors do not apply")
            }
        }
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoLabels => "add a label such as `app` to its pods",
            Self::NotItself => "correct its selector or its labels",
            Self::Unlabelled => "select it by a label that its pods have",
            Self::Also(_) => "add a label that only one of them has",
            Self::HostNetwork => "add the addresses of its nodes, or move it to the pod network",
        }
    }
}

impl fmt::Display for Unselectable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoLabels => "no labels",
            Self::NotItself => "selector does not match its labels",
            Self::Unlabelled => "selector matches pods without labels",
            Self::Also(_) => "labels shared with another workload",
            Self::HostNetwork => "host network",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Pod;
    use crate::model::fixture::Fixture;

    /// `agents` has a pod of its own labels, and one with these.
    fn differing(labels: &[(&str, &str)]) -> (Fixture, WorkloadId, WorkloadId) {
        let mut fixture = Fixture::new();
        let agents = fixture.workload("a/agents", "app=agent, tier=node");
        let other = fixture.workload("a/other", "app=ui");
        let labels = labels.iter().map(|(k, v)| ((*k).into(), (*v).into()));
        let pod = Pod {
            labels: Some(labels.collect()),
            ..Pod::default()
        };
        let workload = fixture.document.workloads.get_mut(agents).expect("agents");
        workload.pods = vec![Pod::default(), pod];
        (fixture, agents, other)
    }

    #[test]
    fn a_selector_selects_all_pods_of_its_workload_and_none_of_others() {
        let (fixture, agents, other) = differing(&[("app", "ui"), ("tier", "node")]);
        let found = identities(&fixture.document);
        let selector = found[&agents].clone().expect("a selector");
        for labels in fixture
            .document
            .workloads
            .get(agents)
            .expect("it is there")
            .labels_of_pods()
        {
            assert!(selector.matches(labels), "{labels:?}");
        }
        // The pod of agents has the label of the other workload.
        let selector = found[&other].clone().expect("a selector");
        assert!(
            !selector
                .matches(&[("app".into(), "ui".into()), ("tier".into(), "node".into())].into())
        );
        let (fixture, agents, _) = differing(&[("app", "ui")]);
        assert_eq!(
            identities(&fixture.document)[&agents],
            Err(Unselectable::NoLabels)
        );
    }
}
