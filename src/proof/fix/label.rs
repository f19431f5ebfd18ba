//! What a drawing needs so that a flow can be said: labels that tell a workload from the others, and
//! ports by number.

use super::{Candidates, Fix, named};
use crate::model::validate::label_value;
use crate::model::words::distance;
use crate::model::{Edit, End, FlowPort, Item, Thing, WorkloadId};
use crate::plan::identity::{Unselectable, identities};
use crate::sets::Protocol;

/// Labels that name an application or a part of one, in the order in which they are tried.
const KEYS: [&str; 3] = [
    "app",
    "app.kubernetes.io/component",
    "app.kubernetes.io/instance",
];

/// A label for an end of the flow that no selector names, or a selector by the labels that it has.
pub(super) fn labels(candidates: &Candidates) -> Vec<Fix> {
    let identities = identities(candidates.document);
    let mut found = Vec::new();
    for id in workloads(candidates) {
        if let Some(Err(why)) = identities.get(&id) {
            found.extend(selectable(candidates, id, why));
        }
    }
    found
}

/// The workloads that the flow joins.
fn workloads(candidates: &Candidates) -> Vec<WorkloadId> {
    let ends = candidates.ends().into_iter().flatten();
    let mut all: Vec<_> = ends
        .flat_map(|end| candidates.document.workloads_at(&end))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn selectable(candidates: &Candidates, id: WorkloadId, why: &Unselectable) -> Vec<Fix> {
    let Some(workload) = candidates.document.workloads.get(id) else {
        return Vec::new();
    };
    let change = |title: String, workload| {
        named(
            title,
            Edit::Change(Item::Workload(id), Thing::Workload(workload)),
        )
    };
    let name = &workload.name;
    let mut found = Vec::new();
    if workload.selector.is_some() && *why != Unselectable::HostNetwork {
        let mut by_labels = workload.clone();
        by_labels.selector = None;
        found.push(change(format!("Select {name} by its labels"), by_labels));
    }
    let unlabelled = matches!(why, Unselectable::NoLabels | Unselectable::Also(_));
    if unlabelled && label_value(name).is_ok() {
        for key in KEYS
            .into_iter()
            .filter(|key| !workload.labels.contains_key(*key))
        {
            let mut labelled = workload.clone();
            labelled.labels.insert(key.to_owned(), name.clone());
            found.push(change(
                format!("Add the label {key}={name} to {name}"),
                labelled,
            ));
        }
    }
    found
}

/// The numbers that the destination declares, in place of names that mean nothing there.
pub(super) fn port_numbers(candidates: &Candidates) -> Vec<Fix> {
    let document = candidates.document;
    let flow = candidates
        .finding
        .flow
        .and_then(|id| Some((id, document.flows.get(id)?)));
    let Some((id, flow)) = flow else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (at, name) in flow.ports.iter().enumerate() {
        let FlowPort::Named(of, wanted) = name else {
            continue;
        };
        for port in declared(candidates, &flow.to, *of, wanted) {
            let title = format!("Write {port} in place of {name}");
            let mut ports = flow.ports.clone();
            ports.splice(at..=at, [port]);
            found.push(named(title, Edit::SetPorts(vec![id], ports)));
        }
    }
    found
}

/// The ports that an end declares, those of the likest names first.
fn declared(candidates: &Candidates, end: &End, protocol: Protocol, like: &str) -> Vec<FlowPort> {
    let document = candidates.document;
    let workloads = document.workloads_at(end).into_iter();
    let ports = workloads.filter_map(|id| document.workloads.get(id));
    let mut found: Vec<(usize, u16)> = (ports.flat_map(|w| &w.ports))
        .filter(|port| port.protocol == protocol)
        .map(|port| {
            (
                distance(like, port.name.as_deref().unwrap_or_default()),
                port.port,
            )
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    let range = |(_, port)| FlowPort::Range(protocol, port, port);
    found.into_iter().map(range).collect()
}
