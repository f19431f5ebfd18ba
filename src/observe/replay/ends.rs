//! The ends that policies are asked about, from what a record says of an end.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::nodes;
use crate::analysis::{Endpoint, NewPod};
use crate::cluster::{Enforcer, NAMESPACE_NAME_LABEL, Snapshot, Workload};
use crate::dialect;
use crate::observe::connection::Connection;
use crate::observe::record::{CALICO, End};
use crate::observe::reference::Reference;
use crate::policy::{Entity, Peer};
use crate::query::explain::{self, Meaning};
use crate::sets::hash::HashMap;
use crate::sets::{IpSet, Labels};

/// One end, at all places where it was seen.
#[derive(Default)]
pub(in crate::observe) struct Asked {
    pub ends: Vec<Endpoint>,
    /// A name of the addresses: where policies allow that, they need not allow the addresses.
    pub name: Option<Endpoint>,
    /// What is not known of it.
    pub doubt: Option<String>,
    /// Whether it is one of the ends, nobody knows which.
    pub is_any: bool,
    /// The Service whose pods they are.
    pub service: Option<Meaning>,
}

/// Finds the ends that policies are asked about. Workloads and pods are found by name, because a recording may have a million
/// connections.
pub(in crate::observe) struct Asker<'a> {
    pub snapshot: &'a Snapshot,
    workloads: HashMap<(&'a str, &'a str), Vec<&'a Workload>>,
    by_pod_name: HashMap<(&'a str, &'a str), Vec<usize>>,
}

impl<'a> Asker<'a> {
    /// Of a snapshot.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let mut workloads: HashMap<_, Vec<&Workload>> = HashMap::default();
        for workload in snapshot.workloads.iter() {
            let name = (workload.namespace.as_str(), workload.name.as_str());
            workloads.entry(name).or_default().push(workload);
        }
        let mut by_pod_name: HashMap<_, Vec<usize>> = HashMap::default();
        for (at, pod) in snapshot.pods.iter().enumerate() {
            if let Some(namespace) = snapshot.namespaces.get(pod.namespace) {
                let name = (namespace.name.as_str(), pod.name.as_str());
                by_pod_name.entry(name).or_default().push(at);
            }
        }
        Self {
            snapshot,
            workloads,
            by_pod_name,
        }
    }

    /// The source and the destination of a connection; why policies cannot be asked about them.
    pub fn ends(&self, connection: &Connection) -> Result<(Asked, Asked), String> {
        let (key, sums) = (&connection.key, &connection.sums);
        let source = self.end(&key.source, &sums.source_pods, &sums.source_addresses)?;
        let destination = self.end(&key.destination, &sums.destination_pods, &sums.addresses)?;
        let with_doubt = |asked: Asked| {
            let of_nodes = nodes::unknown_label(self.snapshot, &asked.ends);
            Asked {
                doubt: asked.doubt.or(of_nodes),
                ..asked
            }
        };
        Ok((with_doubt(source), with_doubt(destination)))
    }

    /// The pods that manifests have of a workload, or those of that name.
    fn known_pods(&self, namespace: &str, name: &str, kind: Option<&str>) -> Vec<usize> {
        let named = self.workloads.get(&(namespace, name)).into_iter().flatten();
        let of_kind = named.filter(|w| kind.is_none_or(|kind| kind == w.kind));
        let pods: Vec<usize> = of_kind.flat_map(|w| w.pods.clone()).collect();
        match pods.is_empty() {
            true => self
                .by_pod_name
                .get(&(namespace, name))
                .cloned()
                .unwrap_or_default(),
            false => pods,
        }
    }

    /// The ends that policies are asked about; why nothing can be asked.
    fn end(
        &self,
        end: &Reference,
        pods: &BTreeSet<Arc<End>>,
        addresses: &BTreeSet<IpAddr>,
    ) -> Result<Asked, String> {
        let snapshot = self.snapshot;
        let unknown = |why: &str| Err(format!("`{end}` {why}"));
        let meaning = |words: &str| {
            explain::meaning(snapshot, words, None).map_err(|refusal| refusal.message)
        };
        match end {
            Reference::Workload {
                namespace,
                name,
                kind,
            } => {
                let known = self.known_pods(namespace, name, kind.as_deref());
                if !known.is_empty() {
                    return Ok(known
                        .into_iter()
                        .map(Endpoint::Pod)
                        .collect::<Vec<_>>()
                        .into());
                }
                new_pods(snapshot, pods).ok_or_else(|| {
                    format!("`{end}` is not in the manifests, and its labels are not recorded")
                })
            }
            Reference::Address(_) if !pods.is_empty() => {
                let known = at_addresses(snapshot, addresses)?;
                let is_pod = |end: &Endpoint| matches!(end, Endpoint::Pod(_));
                if !known.ends.is_empty() && known.ends.iter().all(is_pod) {
                    return Ok(known);
                }
                new_pods(snapshot, pods).ok_or_else(|| {
                    format!("`{end}` is a pod, and neither its name nor its labels are recorded")
                })
            }
            Reference::Address(address) => {
                meaning(&address.to_string()).map(|found| of_meaning(snapshot, found))
            }
            Reference::Name(name) => {
                let mut asked = at_addresses(snapshot, addresses)?;
                let name = Endpoint::Domain(name.clone());
                if asked.ends.is_empty() {
                    asked.ends.push(name.clone());
                }
                Ok(Asked {
                    name: Some(name),
                    ..asked
                })
            }
            Reference::Service { .. } => {
                meaning(&end.to_string()).map(|found| of_meaning(snapshot, found))
            }
            Reference::Entity(entity) => of_entity(snapshot, entity, addresses),
            Reference::Calico(words) => match words.as_str() {
                "network/public" => Ok(any_of(snapshot, IpSet::all().difference(&private()))),
                "network/private" => Ok(any_of(snapshot, private())),
                node if node.starts_with("node/") => {
                    meaning(node).map(|found| of_meaning(snapshot, found))
                }
                set => {
                    let name = set.strip_prefix("networkset/").unwrap_or_default();
                    match snapshot.network_sets.get(name) {
                        Some(networks) if !networks.is_empty() => {
                            Ok(any_of(snapshot, networks.clone()))
                        }
                        _ => unknown("has no address in the record"),
                    }
                }
            },
        }
    }
}

impl From<Vec<Endpoint>> for Asked {
    fn from(ends: Vec<Endpoint>) -> Self {
        Self {
            ends,
            ..Self::default()
        }
    }
}

/// Pods that the manifests do not have, by their recorded labels; none without these.
fn new_pods(snapshot: &Snapshot, pods: &BTreeSet<Arc<End>>) -> Option<Asked> {
    let has_labels = |pod: &Arc<End>| !pod.namespace.is_empty() && !pod.labels.is_empty();
    if pods.is_empty() || !pods.iter().all(has_labels) {
        return None;
    }
    let new = pods.iter().map(|pod| new_pod(snapshot, pod));
    let new: Vec<_> = new.map(Endpoint::NewPod).collect();
    let mut doubts = pods.iter().map(|pod| unknown_label(snapshot, pod));
    Some(Asked {
        doubt: doubts.find_map(|doubt| doubt),
        ..new.into()
    })
}

fn of_entity(
    snapshot: &Snapshot,
    entity: &str,
    addresses: &BTreeSet<IpAddr>,
) -> Result<Asked, String> {
    let is_cilium = snapshot.assumptions.enforcer == Enforcer::Cilium;
    match Entity::OPAQUE.into_iter().find(|one| one.word() == entity) {
        Some(own) if is_cilium => return Ok(vec![Endpoint::Entity(own)].into()),
        _ => {}
    }
    match entity {
        "init" | "unmanaged" => Err(format!("the pods of `entity/{entity}` are not recorded")),
        "health" => Err(format!(
            "what policies allow `entity/{entity}` is not judged"
        )),
        // Which node it was, if no address says.
        "remote-node" if is_cilium && addresses.is_empty() => {
            let nodes: Vec<_> = (0..snapshot.nodes.len()).map(Endpoint::Node).collect();
            Ok(Asked {
                is_any: true,
                ..nodes.into()
            })
        }
        "world" if addresses.is_empty() => Ok(any_of(snapshot, IpSet::all())),
        _ if addresses.is_empty() => {
            Err(format!("the address of `entity/{entity}` is not recorded"))
        }
        _ => at_addresses(snapshot, addresses),
    }
}

fn at_addresses(snapshot: &Snapshot, addresses: &BTreeSet<IpAddr>) -> Result<Asked, String> {
    let mut ends = Vec::new();
    for address in addresses {
        let found = explain::meaning(snapshot, &address.to_string(), None)
            .map_err(|refusal| refusal.message)?;
        ends.extend(found.ends(snapshot));
    }
    Ok(ends.into())
}

fn of_meaning(snapshot: &Snapshot, meaning: Meaning) -> Asked {
    let ends = meaning.ends(snapshot);
    Asked {
        service: meaning.service.is_some().then_some(meaning),
        ..ends.into()
    }
}

fn any_of(snapshot: &Snapshot, addresses: IpSet) -> Asked {
    let meaning = Meaning {
        addresses,
        ..Meaning::default()
    };
    Asked {
        is_any: true,
        ..meaning.ends(snapshot).into()
    }
}

/// The networks that Calico calls private.
pub(in crate::observe) fn private() -> IpSet {
    let nets = [
        ([10, 0, 0, 0], 8),
        ([172, 16, 0, 0], 12),
        ([192, 168, 0, 0], 16),
    ];
    let nets = nets
        .into_iter()
        .filter_map(|(address, length)| IpNet::new(IpAddr::from(address), length).ok());
    nets.collect()
}

const NAMESPACE_LABEL: &str = "io.cilium.k8s.namespace.labels.";

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

fn new_pod(snapshot: &Snapshot, pod: &End) -> NewPod {
    let namespace = snapshot
        .namespaces
        .iter()
        .position(|n| n.name == pod.namespace);
    let declared = namespace
        .and_then(|at| snapshot.namespaces.get(at))
        .filter(|n| n.declared);
    let (labels, of_namespace) = labels_of(pod);
    NewPod {
        namespace,
        namespace_labels: declared.map_or(of_namespace, |n| n.labels.clone()),
        labels,
        service_account: NewPod::default_account(),
    }
}

/// A label that policies select by, and that a record of a pod does not have: Cilium leaves labels of pods out (C0), Calico
/// those of namespaces.
fn unknown_label(snapshot: &Snapshot, pod: &End) -> Option<String> {
    let is_calico = pod.labels.iter().any(|label| label.starts_with(CALICO));
    let mut namespaces = snapshot.namespaces.iter();
    let is_declared = namespaces.any(|n| n.declared && n.name == pod.namespace);
    let is_unknown = |peer: &Peer, key: &str| match peer {
        Peer::PodLabels(_) => !is_calico && dialect::ignores_label(Enforcer::Cilium, key),
        _ => is_calico && !is_declared && key != NAMESPACE_NAME_LABEL,
    };
    let mut found = None;
    for policy in &snapshot.policies {
        let mut see = |peer: &Peer| {
            let (Peer::PodLabels(selector) | Peer::NamespaceLabels(selector)) = peer else {
                return;
            };
            let mut keys = selector.requirements.iter().map(|r| &r.key);
            if let Some(key) = keys.find(|key| is_unknown(peer, key)) {
                let title = policy.title();
                found.get_or_insert(format!(
                    "{title} selects by `{key}`, which records do not have"
                ));
            }
        };
        policy.leaves(&mut see);
    }
    found
}
