//! Adding, changing, renaming and placing objects.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Applied, Item, Thing, flows, gone};
use crate::model::validate::check;
use crate::model::{
    Base, Document, IgnoredRule, Invariant, NamespaceId, NodeRef, Pod, Refusal, Route, Settings,
};

pub(super) fn set_name(document: &mut Document, name: &str) -> Result<(), Refusal> {
    document.name = name.trim().to_owned();
    Ok(())
}

/// See `Edit::DenyByDefault`.
pub(super) fn deny_by_default(
    document: &mut Document,
    names: &[String],
    applied: &mut Applied,
) -> Result<(), Refusal> {
    for id in document.namespaces.ids().collect::<Vec<_>>() {
        let now = document.base_of(id);
        let Some(namespace) = document.namespaces.get_mut(id) else {
            continue;
        };
        let denies = names.contains(&namespace.name);
        namespace.base = (!denies).then_some(now);
        if denies {
            applied.items.push(Item::Namespace(id));
        }
    }
    document.settings.base = Base::DenyAll;
    Ok(())
}

pub(super) fn set_settings(document: &mut Document, settings: &Settings) -> Result<(), Refusal> {
    document.settings = settings.clone();
    Ok(())
}

pub(super) fn ignore(document: &mut Document, rule: &IgnoredRule) -> Result<(), Refusal> {
    if rule.reason.trim().is_empty() {
        return Err(Refusal::new("a reason is missing").help("say why the findings are acceptable"));
    }
    let is_same = |known: &IgnoredRule| (&known.rule, &known.place) == (&rule.rule, &rule.place);
    if document.ignore.iter().any(is_same) {
        return Err(Refusal::new(format!(
            "{} is ignored there already",
            rule.rule
        )));
    }
    Arc::make_mut(&mut document.ignore).push(rule.clone());
    Ok(())
}

pub(super) fn add(
    document: &mut Document,
    thing: Thing,
    applied: &mut Applied,
) -> Result<(), Refusal> {
    if let Some(refusal) = check(&thing).into_iter().next() {
        return Err(refusal);
    }
    free(document, &thing, None)?;
    let item = match thing {
        Thing::Namespace(namespace) => Item::Namespace(document.namespaces.add(namespace)),
        Thing::Workload(workload) => Item::Workload(document.workloads.add(workload)),
        Thing::Service(service) => Item::Service(document.services.add(service)),
        Thing::External(external) => Item::External(document.externals.add(external)),
        Thing::Group(group) => Item::Group(document.groups.add(group)),
        Thing::Node(node) => Item::Node(document.nodes.add(node)),
        Thing::Flow(flow) => Item::Flow(flows::add(document, flow, applied)?),
        Thing::Policy(policy) => Item::Policy(document.policies.add(policy)),
        Thing::Invariant(invariant) => {
            has_ends(document, &invariant)?;
            Item::Invariant(document.invariants.add(invariant))
        }
    };
    applied.items.push(item);
    Ok(())
}

/// Rejects what is invalid now and was not before, so that an invalid imported value does not block
/// every other change.
pub(super) fn change(
    document: &mut Document,
    item: Item,
    thing: Thing,
    applied: &mut Applied,
) -> Result<(), Refusal> {
    let before = document.thing(item).ok_or_else(gone)?;
    let known = check(&before);
    if let Some(refusal) = check(&thing)
        .into_iter()
        .find(|wrong| !known.contains(wrong))
    {
        return Err(refusal);
    }
    free(document, &thing, Some(item))?;
    match (item, thing) {
        (Item::Namespace(id), Thing::Namespace(namespace)) => {
            document.namespaces.put(id, namespace)
        }
        (Item::Workload(id), Thing::Workload(workload)) => document.workloads.put(id, workload),
        (Item::Service(id), Thing::Service(service)) => document.services.put(id, service),
        (Item::External(id), Thing::External(external)) => document.externals.put(id, external),
        (Item::Group(id), Thing::Group(group)) => document.groups.put(id, group),
        (Item::Node(id), Thing::Node(node)) => document.nodes.put(id, node),
        (Item::Flow(id), Thing::Flow(flow)) => {
            return flows::put(document, id, flow, applied);
        }
        (Item::Policy(id), Thing::Policy(policy)) => document.policies.put(id, policy),
        (Item::Invariant(id), Thing::Invariant(invariant)) => {
            has_ends(document, &invariant)?;
            document.invariants.put(id, invariant);
        }
        _ => return Err(Refusal::new("an object cannot change its kind")),
    }
    applied.items.push(item);
    Ok(())
}

pub(super) fn rename(
    document: &mut Document,
    item: Item,
    name: &str,
    applied: &mut Applied,
) -> Result<(), Refusal> {
    let name = name.trim().to_owned();
    let mut thing = document.thing(item).ok_or_else(gone)?;
    match &mut thing {
        Thing::Namespace(namespace) => {
            name_in_routes(document, &namespace.name, None, &name);
            namespace.name = name;
        }
        Thing::Workload(workload) => workload.name = name,
        Thing::Service(service) => {
            if let Some(namespace) = document.namespaces.get(service.namespace) {
                let namespace = namespace.name.clone();
                name_in_routes(document, &namespace, Some(&service.name), &name);
            }
            service.name = name;
        }
        Thing::External(external) => external.name = name,
        Thing::Group(group) => group.name = name,
        Thing::Node(row) => {
            name_in_pods(document, &row.node.name, &name);
            row.node.name = name;
        }
        Thing::Invariant(invariant) => invariant.name = name,
        Thing::Flow(_) => return Err(Refusal::new("a flow has no name").help("edit its note")),
        Thing::Policy(_) => {
            return Err(
                Refusal::new("an imported policy gets its name from its YAML")
                    .help("edit the YAML"),
            );
        }
    }
    change(document, item, thing, applied)
}

/// Gives routes the new name of a namespace, or of a Service in it. An edit that is refused is undone as a whole.
fn name_in_routes(document: &mut Document, namespace: &str, service: Option<&str>, new: &str) {
    let named = |route: &Route| {
        let backend = &route.backend;
        let here = backend.service_namespace == namespace;
        match service {
            Some(service) => here && backend.service == service,
            None => here || backend.namespace == namespace,
        }
    };
    if !document.routes.iter().any(named) {
        return;
    }
    for route in Arc::make_mut(&mut document.routes) {
        if !named(route) {
            continue;
        }
        let backend = &mut route.backend;
        if service.is_some() {
            new.clone_into(&mut backend.service);
            continue;
        }
        for own in [&mut backend.namespace, &mut backend.service_namespace] {
            if own == namespace {
                new.clone_into(own);
            }
        }
    }
}

/// Gives pods the new name of the node that they run on.
fn name_in_pods(document: &mut Document, node: &str, new: &str) {
    let on_node = |pod: &Pod| pod.node.as_deref() == Some(node);
    let workloads = document.workloads.iter();
    let affected = workloads.filter(|(_, workload)| workload.pods.iter().any(on_node));
    for id in affected.map(|(id, _)| id).collect::<Vec<_>>() {
        let Some(workload) = document.workloads.get_mut(id) else {
            continue;
        };
        for pod in workload.pods.iter_mut().filter(|pod| on_node(pod)) {
            pod.node = Some(new.to_owned());
        }
    }
}

/// Whether the object's name is free and its namespace exists; `me` may have the name already.
fn free(document: &Document, thing: &Thing, me: Option<Item>) -> Result<(), Refusal> {
    let taken = match thing {
        Thing::Namespace(namespace) => document
            .namespace_named(&namespace.name)
            .map(Item::Namespace),
        Thing::Workload(workload) => {
            lives(document, workload.namespace)?;
            document
                .workload_named(workload.namespace, &workload.name, &workload.kind)
                .map(Item::Workload)
        }
        Thing::Service(service) => {
            lives(document, service.namespace)?;
            document
                .service_named(service.namespace, &service.name)
                .map(Item::Service)
        }
        Thing::External(external) => document.external_named(&external.name).map(Item::External),
        Thing::Group(group) => document.group_named(&group.name).map(Item::Group),
        Thing::Node(row) => document.node_named(&row.node.name).map(Item::Node),
        Thing::Invariant(invariant) => document
            .invariant_named(&invariant.name)
            .map(Item::Invariant),
        Thing::Flow(_) | Thing::Policy(_) => None,
    };
    match taken {
        Some(item) if Some(item) != me => {
            let name = document.item_name(item);
            Err(Refusal::new(format!("the name `{name}` is already used"))
                .help("choose another name"))
        }
        _ => Ok(()),
    }
}

fn has_ends(document: &Document, invariant: &Invariant) -> Result<(), Refusal> {
    match invariant.ends().all(|end| document.has_end(end)) {
        true => Ok(()),
        false => Err(Refusal::new("an end of the invariant no longer exists")),
    }
}

fn lives(document: &Document, namespace: NamespaceId) -> Result<(), Refusal> {
    if document.namespaces.contains(namespace) {
        Ok(())
    } else {
        Err(Refusal::new("its namespace no longer exists").help("choose another namespace"))
    }
}

pub(super) fn place(
    document: &mut Document,
    places: &BTreeMap<NodeRef, [f32; 2]>,
) -> Result<(), Refusal> {
    for (node, at) in places {
        if !document.has_node(*node) {
            return Err(gone());
        }
        if at.iter().any(|at| !at.is_finite()) {
            return Err(Refusal::new("a position must be a finite number"));
        }
    }
    Arc::make_mut(&mut document.layout).extend(places.iter().map(|(node, at)| (*node, *at)));
    Ok(())
}

pub(super) fn unpin(document: &mut Document, nodes: &[NodeRef]) -> Result<(), Refusal> {
    if nodes.iter().any(|node| document.layout.contains_key(node)) {
        Arc::make_mut(&mut document.layout).retain(|node, _| !nodes.contains(node));
    }
    Ok(())
}

/// See `Edit::Collapse`.
pub(super) fn collapse(
    document: &mut Document,
    namespaces: &BTreeSet<NamespaceId>,
) -> Result<(), Refusal> {
    if !namespaces
        .iter()
        .all(|id| document.namespaces.contains(*id))
    {
        return Err(gone());
    }
    document.collapsed = Some(Arc::new(namespaces.clone()));
    Ok(())
}
