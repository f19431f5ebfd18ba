//! Merging an imported Document into an open one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fragment::Ids;
use super::{Applied, Item, flows};
use crate::model::{
    AddressPool, Document, Isolate, NamespaceId, PolicyIdentities, Refusal, Route, Words,
};

/// See `Edit::Merge`.
pub(super) fn merge(
    document: &mut Document,
    other: &Document,
    identities: &PolicyIdentities,
    applied: &mut Applied,
) -> Result<(), Refusal> {
    let mut ids = Ids::default();
    for (id, namespace) in other.namespaces.iter() {
        let here = document.namespace_named(&namespace.name);
        let new = match here {
            Some(here) => {
                if let Some(known) = document.namespaces.get_mut(here) {
                    known.labels.extend(namespace.labels.clone());
                    known.unknown.extend(namespace.unknown.clone());
                }
                here
            }
            None => document.namespaces.add(namespace.clone()),
        };
        ids.namespaces.insert(id, new);
        applied.items.push(Item::Namespace(new));
    }
    merge_workloads(document, other, &mut ids, applied);
    for (_, service) in other.services.iter() {
        let Some(home) = ids.namespaces.get(&service.namespace).copied() else {
            continue;
        };
        let mut service = service.clone();
        service.namespace = home;
        match document.service_named(home, &service.name) {
            Some(here) => document.services.put(here, service),
            None => drop(document.services.add(service)),
        }
    }
    merge_routes(document, other);
    merge_nodes(document, other, &mut ids);
    merge_address_pools(document, other);
    merge_externals(document, other, &mut ids, applied);
    merge_policies(document, other, identities, applied);
    let words = Words::new(other);
    for (_, flow) in other.flows.iter() {
        let mut flow = flow.clone();
        flow.from = ids.end(&flow.from, &words);
        flow.to = ids.end(&flow.to, &words);
        let flow = Words::new(document).resolved(&flow);
        // Importing the same again changes nothing, so these notes are dropped.
        let mut quiet = Applied::default();
        let id = flows::add(document, flow, &mut quiet)?;
        applied.items.push(Item::Flow(id));
    }
    merge_invariants(document, other, &ids, applied);
    Ok(())
}

/// The backends of an object are replaced by those that it has now.
fn merge_routes(document: &mut Document, other: &Document) {
    if other.routes.is_empty() {
        return;
    }
    let object = |route: &Route| {
        let backend = &route.backend;
        let (namespace, name) = (backend.namespace.clone(), backend.name.clone());
        (backend.kind, namespace, name)
    };
    let now: BTreeSet<_> = other.routes.iter().map(object).collect();
    let routes = Arc::make_mut(&mut document.routes);
    routes.retain(|route| !now.contains(&object(route)));
    routes.extend(other.routes.iter().cloned());
}

/// A node of the same name is updated.
fn merge_nodes(document: &mut Document, other: &Document, ids: &mut Ids) {
    for (id, row) in other.nodes.iter() {
        let new = match document.node_named(&row.node.name) {
            Some(here) => {
                document.nodes.put(here, row.clone());
                here
            }
            None => document.nodes.add(row.clone()),
        };
        ids.nodes.insert(id, new);
    }
}

/// An address pool of the same kind and name is updated.
fn merge_address_pools(document: &mut Document, other: &Document) {
    if other.address_pools.is_empty() {
        return;
    }
    let key = |row: &AddressPool| (row.pool.kind.clone(), row.pool.name.clone());
    let now: BTreeSet<_> = other.address_pools.iter().map(key).collect();
    let pools = Arc::make_mut(&mut document.address_pools);
    pools.retain(|known| !now.contains(&key(known)));
    pools.extend(other.address_pools.iter().cloned());
}

/// Invariants that differ only in their id are merged; others stay separate.
fn merge_invariants(document: &mut Document, other: &Document, ids: &Ids, applied: &mut Applied) {
    let words = Words::new(other);
    for (_, invariant) in other.invariants.iter() {
        let invariant = invariant.map_ends(|end| ids.end(end, &words));
        let mut invariant = Words::new(document).resolved_invariant(&invariant);
        let here = document.invariant_named(&invariant.name);
        let same = here.filter(|here| document.invariants.get(*here) == Some(&invariant));
        let new = same.unwrap_or_else(|| {
            invariant.name = document.fresh_invariant_name(&invariant.name);
            document.invariants.add(invariant)
        });
        applied.items.push(Item::Invariant(new));
    }
}

fn merge_workloads(
    document: &mut Document,
    other: &Document,
    ids: &mut Ids,
    applied: &mut Applied,
) {
    let mut here: std::collections::BTreeMap<(NamespaceId, String, String), _> = document
        .workloads
        .iter()
        .map(|(id, w)| ((w.namespace, w.name.clone(), w.kind.clone()), id))
        .collect();
    let (mut updated, mut added) = (0, 0);
    for (id, workload) in other.workloads.iter() {
        let Some(home) = ids.namespaces.get(&workload.namespace).copied() else {
            continue;
        };
        let mut workload = workload.clone();
        workload.namespace = home;
        let key = (home, workload.name.clone(), workload.kind.clone());
        let new = match here.get(&key).copied() {
            Some(known) => {
                if let Some(row) = document.workloads.get(known) {
                    let mut unknown = row.unknown.clone();
                    unknown.extend(std::mem::take(&mut workload.unknown));
                    workload.unknown = unknown;
                    // Manifests do not tell it.
                    if workload.isolate == Isolate::None {
                        workload.isolate = row.isolate;
                    }
                    updated += u32::from(*row != workload);
                }
                document.workloads.put(known, workload);
                known
            }
            None => {
                added += 1;
                let new = document.workloads.add(workload);
                here.insert(key, new);
                new
            }
        };
        ids.workloads.insert(id, new);
        applied.items.push(Item::Workload(new));
    }
    applied
        .notes
        .push(format!("{added} workloads added, {updated} updated"));
}

/// Externals and groups that differ only in their id are merged; others stay separate.
fn merge_externals(
    document: &mut Document,
    other: &Document,
    ids: &mut Ids,
    applied: &mut Applied,
) {
    for (id, external) in other.externals.iter() {
        let here = document.external_named(&external.name);
        let same = here.filter(|here| document.externals.get(*here) == Some(external));
        let new = same.unwrap_or_else(|| {
            let mut external = external.clone();
            external.name = document.fresh_external_name(&external.name);
            document.externals.add(external)
        });
        ids.externals.insert(id, new);
        applied.items.push(Item::External(new));
    }
    for (id, group) in other.groups.iter() {
        let here = document.group_named(&group.name);
        let same = here.filter(|here| document.groups.get(*here) == Some(group));
        let new = same.unwrap_or_else(|| {
            let mut group = group.clone();
            group.name = document.fresh_group_name(&group.name);
            document.groups.add(group)
        });
        ids.groups.insert(id, new);
        applied.items.push(Item::Group(new));
    }
}

/// A policy of the same group, kind, namespace and name is updated; the same text is never stored twice.
fn merge_policies(
    document: &mut Document,
    other: &Document,
    identities: &PolicyIdentities,
    applied: &mut Applied,
) {
    let known: Vec<_> = document
        .policies
        .iter()
        .map(|(id, known)| (id, identities.of(known), known.text.clone()))
        .collect();
    for (_, policy) in other.policies.iter() {
        let identity = identities.of(policy);
        let here = known.iter().find(|(_, known, text)| {
            *text == policy.text || identity.is_some() && *known == identity
        });
        let new = match here {
            Some((id, ..)) => {
                let mut policy = policy.clone();
                if let Some(known) = document.policies.get(*id) {
                    policy.replaces = policy.replaces.or_else(|| known.replaces.clone());
                }
                document.policies.put(*id, policy);
                *id
            }
            None => document.policies.add(policy.clone()),
        };
        applied.items.push(Item::Policy(new));
    }
}
