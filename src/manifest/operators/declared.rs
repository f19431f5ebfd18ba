//! Which custom resources have their pods among the manifests: pods and workloads name what they are made from.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::kinds::Kind;
use crate::yaml::Object;

/// The annotation of a Pod or a workload that names the custom resource it is made from: `KIND/NAMESPACE/NAME`, or
/// `KIND/NAME` in the same namespace.
pub(super) const MADE_BY: &str = "drawbridge.dev/made-by";

/// Kind, namespace and name of an object.
pub(super) type Key<'a> = (&'a str, &'a str, &'a str);

pub(super) fn key(object: &Object) -> Key<'_> {
    let namespace = object.namespace_or_default();
    (&object.kind, namespace, &object.name)
}

/// What pods and workloads are made from, at any number of steps.
pub(super) fn declared<'a>(objects: &[(&'a Object, Kind)]) -> BTreeSet<Key<'a>> {
    let mut makers: BTreeMap<Key, Vec<Key>> = BTreeMap::new();
    let mut next: Vec<Key> = Vec::new();
    for (object, kind) in objects {
        let from = makers_of(object);
        match kind {
            Kind::Pod | Kind::Owner(_) => next.extend(from),
            Kind::Unknown if !from.is_empty() => {
                makers.entry(key(object)).or_default().extend(from)
            }
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    while let Some(maker) = next.pop() {
        if found.insert(maker) {
            next.extend(makers.get(&maker).into_iter().flatten());
        }
    }
    found
}

/// The owners of an object, and what its annotation names.
fn makers_of(object: &Object) -> Vec<Key<'_>> {
    let own = object.namespace_or_default();
    let Some(metadata) = object.node.get("metadata") else {
        return Vec::new();
    };
    let owners = metadata
        .get("ownerReferences")
        .and_then(|list| list.items());
    let owners = owners.unwrap_or_default().iter().filter_map(|owner| {
        let text = |key| owner.get(key).and_then(|node| node.as_str());
        Some((text("kind")?, own, text("name")?))
    });
    let annotation = metadata.get("annotations").and_then(|all| all.get(MADE_BY));
    let named = annotation.and_then(|node| node.as_str()).and_then(|text| {
        let parts: Vec<&str> = text.split('/').collect();
        match *parts {
            [kind, name] => Some((kind, own, name)),
            [kind, namespace, name] => Some((kind, namespace, name)),
            _ => None,
        }
    });
    owners.chain(named).collect()
}
