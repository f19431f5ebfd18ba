//! Parts of a Document: copying, and pasting with new ids and new names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Applied, Item, flows, remove};
use crate::model::{
    Document, End, ExternalId, FlowId, GroupId, NamespaceId, NodeId, NodeRef, Refusal, Words,
    Workload, WorkloadId,
};
use crate::sets::{LabelOp, Selector};

/// The unknown field in which a fragment lists the namespaces that were copied whole; its other
/// namespaces only name where its workloads were. A field, so that it survives the clipboard as text.
const WHOLE: &str = "wholeNamespaces";

/// Maps old ids to new ones.
#[derive(Default)]
pub(super) struct Ids {
    pub(super) namespaces: BTreeMap<NamespaceId, NamespaceId>,
    pub(super) workloads: BTreeMap<WorkloadId, WorkloadId>,
    pub(super) externals: BTreeMap<ExternalId, ExternalId>,
    pub(super) groups: BTreeMap<GroupId, GroupId>,
    pub(super) nodes: BTreeMap<NodeId, NodeId>,
}

impl Ids {
    pub(super) fn node(&self, node: NodeRef) -> Option<NodeRef> {
        match node {
            NodeRef::Namespace(id) => self.namespaces.get(&id).copied().map(NodeRef::Namespace),
            NodeRef::Workload(id) => self.workloads.get(&id).copied().map(NodeRef::Workload),
            NodeRef::External(id) => self.externals.get(&id).copied().map(NodeRef::External),
            NodeRef::Group(id) => self.groups.get(&id).copied().map(NodeRef::Group),
            NodeRef::Node(id) => self.nodes.get(&id).copied().map(NodeRef::Node),
            NodeRef::AnyPod => Some(NodeRef::AnyPod),
        }
    }

    /// The end on the other side; ends that were not copied are stored as words.
    pub(super) fn end(&self, end: &End, words: &Words) -> End {
        match end.node().and_then(|node| self.node(node)) {
            Some(node) => node.into(),
            None => End::Missing(words.of(end)),
        }
    }
}

/// A Document of these items alone: namespaces with all that is in them, workloads with the name of
/// their namespace, the flows among them, and flows that were selected themselves. Its text
/// (`project::format::write`) goes to the clipboard.
pub fn extract(document: &Document, items: &[Item]) -> Document {
    let all = remove::with_contents(document, items);
    let mut part = Document::default();
    let mut ids = Ids::default();
    let mut whole = Vec::new();
    for item in &all {
        if let Item::Namespace(id) = item
            && let Some(namespace) = document.namespaces.get(*id)
        {
            whole.push(crate::yaml::plain::Value::from(namespace.name.as_str()));
            ids.namespaces
                .insert(*id, part.namespaces.add(namespace.clone()));
        }
    }
    for item in &all {
        copy_out(document, *item, &mut part, &mut ids);
    }
    let words = Words::new(document);
    let among = |end: &End| {
        let copied = |node: NodeRef| match node {
            NodeRef::Namespace(id) => all.contains(&Item::Namespace(id)),
            NodeRef::AnyPod => false,
            node => ids.node(node).is_some(),
        };
        end.node().is_some_and(copied)
    };
    for (id, flow) in document.flows.iter() {
        if all.contains(&Item::Flow(id)) || among(&flow.from) && among(&flow.to) {
            let mut flow = flow.clone();
            flow.from = ids.end(&flow.from, &words);
            flow.to = ids.end(&flow.to, &words);
            part.flows.add(flow);
        }
    }
    for (id, invariant) in document.invariants.iter() {
        if all.contains(&Item::Invariant(id)) {
            part.invariants
                .add(invariant.map_ends(|end| ids.end(end, &words)));
        }
    }
    let places = document
        .layout
        .iter()
        .filter(|(node, _)| **node != NodeRef::AnyPod);
    part.layout = Arc::new(
        places
            .filter_map(|(node, at)| ids.node(*node).map(|node| (node, *at)))
            .collect(),
    );
    if !whole.is_empty() {
        Arc::make_mut(&mut part.unknown).insert(WHOLE.into(), whole.into());
    }
    part
}

fn copy_out(document: &Document, item: Item, part: &mut Document, ids: &mut Ids) {
    let home = |part: &mut Document, ids: &mut Ids, id: NamespaceId| {
        let namespace = document.namespaces.get(id)?;
        let home = ids.namespaces.entry(id);
        Some(*home.or_insert_with(|| part.namespaces.add(namespace.clone())))
    };
    match item {
        Item::Workload(id) => {
            let Some(mut workload) = document.workloads.get(id).cloned() else {
                return;
            };
            if let Some(home) = home(part, ids, workload.namespace) {
                workload.namespace = home;
                ids.workloads.insert(id, part.workloads.add(workload));
            }
        }
        Item::Service(id) => {
            let Some(mut service) = document.services.get(id).cloned() else {
                return;
            };
            if let Some(home) = home(part, ids, service.namespace) {
                service.namespace = home;
                part.services.add(service);
            }
        }
        Item::External(id) => {
            if let Some(external) = document.externals.get(id) {
                ids.externals
                    .insert(id, part.externals.add(external.clone()));
            }
        }
        Item::Group(id) => {
            if let Some(group) = document.groups.get(id) {
                ids.groups.insert(id, part.groups.add(group.clone()));
            }
        }
        Item::Node(id) => {
            if let Some(node) = document.nodes.get(id) {
                ids.nodes.insert(id, part.nodes.add(node.clone()));
            }
        }
        Item::Policy(id) => {
            if let Some(policy) = document.policies.get(id) {
                part.policies.add(policy.clone());
            }
        }
        Item::Namespace(_) | Item::Flow(_) | Item::Invariant(_) => {}
    }
}

/// Adds a fragment with new ids and new names.
pub(super) fn paste(
    document: &mut Document,
    part: &Document,
    into: Option<NamespaceId>,
    offset: [f32; 2],
    applied: &mut Applied,
) -> Result<(), Refusal> {
    if into.is_some_and(|id| !document.namespaces.contains(id)) {
        return Err(super::gone());
    }
    let mut ids = Ids::default();
    paste_namespaces(document, part, into, &mut ids, applied);
    for (id, workload) in part.workloads.iter() {
        let Some(home) = ids.namespaces.get(&workload.namespace).copied() else {
            continue;
        };
        let name = document.fresh_workload_name(home, &workload.name);
        let mut workload = Workload {
            namespace: home,
            ..workload.clone()
        };
        rename_copy(&mut workload, name);
        let new = document.workloads.add(workload);
        ids.workloads.insert(id, new);
        applied.items.push(Item::Workload(new));
    }
    for (_, service) in part.services.iter() {
        let mut service = service.clone();
        if let Some(home) = ids.namespaces.get(&service.namespace).copied() {
            service.name = document.fresh_service_name(home, &service.name);
            service.namespace = home;
            applied
                .items
                .push(Item::Service(document.services.add(service)));
        }
    }
    for (id, external) in part.externals.iter() {
        let mut external = external.clone();
        external.name = document.fresh_external_name(&external.name);
        let new = document.externals.add(external);
        ids.externals.insert(id, new);
        applied.items.push(Item::External(new));
    }
    for (id, group) in part.groups.iter() {
        let mut group = group.clone();
        group.name = document.fresh_group_name(&group.name);
        let new = document.groups.add(group);
        ids.groups.insert(id, new);
        applied.items.push(Item::Group(new));
    }
    // A cluster has each of its nodes once, so one that is known is no copy.
    for (id, row) in part.nodes.iter() {
        let known = document.node_named(&row.node.name);
        let new = known.unwrap_or_else(|| document.nodes.add(row.clone()));
        ids.nodes.insert(id, new);
        if known.is_none() {
            applied.items.push(Item::Node(new));
        }
    }
    for (_, policy) in part.policies.iter() {
        applied
            .items
            .push(Item::Policy(document.policies.add(policy.clone())));
    }
    paste_flows(document, part, &ids, applied)?;
    paste_invariants(document, part, &ids, applied);
    let places = part.layout.iter().filter_map(|(node, at)| {
        let moved = [at[0] + offset[0], at[1] + offset[1]];
        let node = ids.node(*node)?;
        applied
            .items
            .contains(&node.item()?)
            .then_some((node, moved))
    });
    let places: Vec<_> = places
        .filter(|(_, at)| at.iter().all(|at| at.is_finite()))
        .collect();
    if !places.is_empty() {
        Arc::make_mut(&mut document.layout).extend(places);
    }
    Ok(())
}

fn paste_namespaces(
    document: &mut Document,
    part: &Document,
    into: Option<NamespaceId>,
    ids: &mut Ids,
    applied: &mut Applied,
) {
    let whole: BTreeSet<&str> = match part.unknown.get(WHOLE) {
        Some(crate::yaml::plain::Value::Sequence(names)) => {
            names.iter().filter_map(|n| n.as_str()).collect()
        }
        _ => BTreeSet::new(),
    };
    for (id, namespace) in part.namespaces.iter() {
        let home = match (whole.contains(namespace.name.as_str()), into) {
            (true, _) => None,
            (false, Some(into)) => Some(into),
            (false, None) => document.namespace_named(&namespace.name),
        };
        let home = home.unwrap_or_else(|| {
            let mut namespace = namespace.clone();
            namespace.name = document.fresh_namespace_name(&namespace.name);
            let new = document.namespaces.add(namespace);
            applied.items.push(Item::Namespace(new));
            new
        });
        ids.namespaces.insert(id, home);
    }
}

fn paste_flows(
    document: &mut Document,
    part: &Document,
    ids: &Ids,
    applied: &mut Applied,
) -> Result<(), Refusal> {
    let outside = Words::new(part);
    let mut flows_in: Vec<crate::model::Flow> = Vec::new();
    for (_, flow) in part.flows.iter() {
        let mut flow = flow.clone();
        flow.from = ids.end(&flow.from, &outside);
        flow.to = ids.end(&flow.to, &outside);
        // It is of the pods that were recorded, not of copies.
        flow.observed = None;
        flows_in.push(flow);
    }
    // Ends stored as words may exist in this Document.
    let words = Words::new(document);
    let resolved: Vec<_> = flows_in.iter().map(|flow| words.resolved(flow)).collect();
    for flow in resolved {
        let id: FlowId = flows::add(document, flow, applied)?;
        applied.items.push(Item::Flow(id));
    }
    Ok(())
}

fn paste_invariants(document: &mut Document, part: &Document, ids: &Ids, applied: &mut Applied) {
    let words = Words::new(part);
    for (_, invariant) in part.invariants.iter() {
        let mut invariant = invariant.map_ends(|end| ids.end(end, &words));
        invariant = Words::new(document).resolved_invariant(&invariant);
        invariant.name = document.fresh_invariant_name(&invariant.name);
        let new = document.invariants.add(invariant);
        applied.items.push(Item::Invariant(new));
    }
}

/// Gives a copy its name, also in the labels and the selector that contain the old one, so that
/// selectors distinguish the two.
fn rename_copy(workload: &mut Workload, name: String) {
    let old = std::mem::replace(&mut workload.name, name);
    let new = workload.name.clone();
    if old == new {
        return;
    }
    for value in workload.labels.values_mut().filter(|value| **value == old) {
        value.clone_from(&new);
    }
    if let Some(Selector { requirements }) = &mut workload.selector {
        for requirement in requirements {
            if let LabelOp::In(values) = &mut requirement.op
                && values.remove(&old)
            {
                values.insert(new.clone());
            }
        }
    }
}
