//! Pods that the manifests do not have: what records say of them, and what they leave open. A pod is asked as everything
//! that it may be, by what policies select.

use std::collections::{BTreeMap, BTreeSet};

use super::place::Place;
use crate::analysis::{Endpoint, NewPod};
use crate::cluster::{Enforcer, NAMESPACE_NAME_LABEL, Snapshot};
use crate::dialect;
use crate::observe::record::{CALICO, End};
use crate::policy::Peer;
use crate::sets::{LabelOp, Labels};

const NAMESPACE_LABEL: &str = "io.cilium.k8s.namespace.labels.";
const SERVICE_ACCOUNT: &str = "k8s:io.cilium.k8s.policy.serviceaccount=";
/// Labels that Calico gives to pods and does not record (3.10).
const OF_CALICO: &str = "projectcalico.org/";
/// So many possibilities of one pod are asked.
const MOST: usize = 64;
/// A value of labels, and a name, that no policy can select.
const OTHER: &str = "-";

/// What policies select pods by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Selected {
    Label(String),
    NamespaceLabel(String),
    ServiceAccount,
}

/// What one policy selects by and recorders may leave out, with the values that it mentions.
pub(super) struct Selection {
    policy: usize,
    by: Selected,
    values: BTreeSet<String>,
}

/// All that policies select by and recorders may leave out: Cilium leaves labels of pods out (C0), Calico those of
/// namespaces and of its own, and service accounts.
pub(super) fn selections(snapshot: &Snapshot) -> Vec<Selection> {
    let mut found: BTreeMap<(usize, Selected), BTreeSet<String>> = BTreeMap::new();
    for (policy, of) in snapshot.policies.iter().enumerate() {
        of.leaves(&mut |peer| {
            let requirements = match peer {
                Peer::PodLabels(selector) | Peer::NamespaceLabels(selector) => {
                    &selector.requirements[..]
                }
                Peer::ServiceAccount(name) => {
                    let values = found.entry((policy, Selected::ServiceAccount));
                    values.or_default().insert(name.clone());
                    return;
                }
                _ => return,
            };
            for requirement in requirements {
                let key = requirement.key.clone();
                let is_left_out = |key: &str| {
                    key.starts_with(OF_CALICO) || dialect::ignores_label(Enforcer::Cilium, key)
                };
                let by = match peer {
                    Peer::PodLabels(_) if is_left_out(&key) => Selected::Label(key),
                    Peer::NamespaceLabels(_) if key != NAMESPACE_NAME_LABEL => {
                        Selected::NamespaceLabel(key)
                    }
                    _ => continue,
                };
                let values = found.entry((policy, by)).or_default();
                values.extend(mentioned(&requirement.op));
            }
        });
    }
    let selection = |((policy, by), values)| Selection { policy, by, values };
    found.into_iter().map(selection).collect()
}

/// The values that a requirement tells apart from others.
fn mentioned(op: &LabelOp) -> Vec<String> {
    match op {
        LabelOp::In(values) | LabelOp::NotIn(values) => values.iter().cloned().collect(),
        LabelOp::StartsWith(text) | LabelOp::EndsWith(text) | LabelOp::Contains(text) => {
            vec![text.clone()]
        }
        LabelOp::Exists | LabelOp::DoesNotExist => Vec::new(),
    }
}

/// The labels of a pod and those of its namespace, as a record has them: those of its identity.
pub(in crate::observe) fn labels_of(pod: &End) -> (Labels, Labels) {
    let (mut labels, mut of_namespace) = (Labels::new(), Labels::new());
    for label in pod
        .labels
        .iter()
        .filter_map(|label| label.strip_prefix("k8s:").or(label.strip_prefix(CALICO)))
    {
        let (key, value) = label.split_once('=').unwrap_or((label, ""));
        if let Some(key) = key.strip_prefix(NAMESPACE_LABEL) {
            of_namespace.insert(key.to_owned(), value.to_owned());
        } else if !key.starts_with("io.cilium.k8s.") && key != "io.kubernetes.pod.namespace" {
            labels.insert(key.to_owned(), value.to_owned());
        }
    }
    of_namespace.insert(NAMESPACE_NAME_LABEL.to_owned(), pod.namespace.clone());
    (labels, of_namespace)
}

/// A recorded pod, as all that it may be under the policies that are cluster-wide or of one of the namespaces; why it
/// cannot be asked if it may be too much.
pub(super) fn place(
    snapshot: &Snapshot,
    selections: &[Selection],
    namespaces: &[&str],
    pod: &End,
) -> Result<Place, String> {
    let mut place = Place::of(vec![Endpoint::NewPod(recorded(snapshot, pod))]);
    let mut open: BTreeMap<&Selected, BTreeSet<&str>> = BTreeMap::new();
    for selection in selections {
        let Some(policy) = snapshot.policies.get(selection.policy) else {
            continue;
        };
        let own = policy.namespace.as_deref();
        let is_near = own.is_none_or(|own| namespaces.contains(&own));
        if is_near && is_open(snapshot, pod, &selection.by) {
            let values = open.entry(&selection.by).or_default();
            values.extend(selection.values.iter().map(String::as_str));
            place.unknown.get_or_insert_with(|| {
                let by = match &selection.by {
                    Selected::Label(key) | Selected::NamespaceLabel(key) => format!("`{key}`"),
                    Selected::ServiceAccount => "service account".to_owned(),
                };
                let title = policy.title();
                format!("{title} selects by {by}, which records do not have")
            });
        }
    }
    for (by, values) in open {
        let values = values.into_iter().chain([OTHER]);
        let with = |end: &Endpoint, value: &str| match end {
            Endpoint::NewPod(pod) => Endpoint::NewPod(selected(pod, by, value)),
            end => end.clone(),
        };
        let known = place.alternatives.clone();
        place.alternatives.extend(values.flat_map(|value| {
            let changed = known.iter();
            changed.map(move |ends| ends.iter().map(|end| with(end, value)).collect())
        }));
        if place.alternatives.len() > MOST {
            return Err(place.unknown.unwrap_or_default());
        }
    }
    Ok(place)
}

/// Whether records leave open how a pod is selected.
fn is_open(snapshot: &Snapshot, pod: &End, by: &Selected) -> bool {
    let is_calico = pod.labels.iter().any(|label| label.starts_with(CALICO));
    match by {
        Selected::Label(key) => match is_calico {
            true => key.starts_with(OF_CALICO),
            false => dialect::ignores_label(Enforcer::Cilium, key),
        },
        Selected::NamespaceLabel(_) => {
            let mut namespaces = snapshot.namespaces.iter();
            is_calico && !namespaces.any(|n| n.declared && n.name == pod.namespace)
        }
        Selected::ServiceAccount => account(pod).is_none(),
    }
}

fn account(pod: &End) -> Option<&str> {
    let mut labels = pod.labels.iter();
    labels.find_map(|label| label.strip_prefix(SERVICE_ACCOUNT))
}

/// The pod with a value of what it may be selected by.
fn selected(pod: &NewPod, by: &Selected, value: &str) -> NewPod {
    let mut pod = pod.clone();
    let value = value.to_owned();
    match by {
        Selected::Label(key) => _ = pod.labels.insert(key.clone(), value),
        Selected::NamespaceLabel(key) => _ = pod.namespace_labels.insert(key.clone(), value),
        Selected::ServiceAccount => pod.service_account = Some(value),
    }
    pod
}

fn recorded(snapshot: &Snapshot, pod: &End) -> NewPod {
    let namespace = snapshot
        .namespaces
        .iter()
        .position(|n| n.name == pod.namespace && n.declared);
    let declared = namespace.and_then(|at| snapshot.namespaces.get(at));
    let (labels, of_namespace) = labels_of(pod);
    NewPod {
        namespace,
        namespace_labels: declared.map_or(of_namespace, |n| n.labels.clone()),
        labels,
        service_account: account(pod).map(str::to_owned),
    }
}
