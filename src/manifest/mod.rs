//! Reads Kubernetes manifests into a [`Snapshot`] without policies, the policy objects beside it, and
//! diagnostics about what could not be read.
//!
//! `objects` finds the objects in the texts, `resource` decodes each on its own, `assemble`
//! makes a cluster of them.
//!
#![doc = include_str!("manual.md")]

mod assemble;
mod class;
mod clients;
mod config_files;
mod duplicate_keys;
mod endpoints;
mod facts;
mod gateway;
mod kinds;
mod makers;
mod mentions;
mod objects;
mod operators;
mod resource;
mod service;
mod values;
mod workload;

#[cfg(test)]
mod tests;

pub use facts::{About, Fact, facts};
pub use kinds::is_of_kubernetes;
pub use mentions::{Mention, mentions};

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::cluster::{LeftOut, Snapshot};
use crate::diag::{Diagnostic, Severity};
use crate::policy;
use crate::sets::hash::HashMap;
use crate::yaml::{Node, Object, decode};

/// How manifests are read and what is reported about them: Markdown, a page for each code.
pub const MANUAL: &str = include_str!("manual.md");

/// A text and its name.
#[derive(Clone, Debug)]
pub struct Source {
    /// File name as given, or `-` for standard input.
    pub name: Arc<str>,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// A text under a name.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }
}

/// The contents of manifests.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// The cluster; no policies, no tiers.
    pub snapshot: Snapshot,
    /// Policies that a dialect reads, in the order of the texts; of duplicates only the last.
    pub policies: Vec<Object>,
    /// The number of objects of other kinds.
    pub skipped: usize,
    /// The number of all objects in the texts, lists and Secrets included.
    pub objects: usize,
    /// What could not be read, and notes, in the order of the texts.
    pub diagnostics: Vec<Diagnostic>,
}

/// The objects in the texts of manifests.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Those that something here reads, in the order of the texts.
    pub objects: Vec<Object>,
    /// Those without a name, a namespace or a kind that can be read, and why.
    unreadable: Vec<(Object, Diagnostic)>,
    /// The number of all objects, lists and Secrets included.
    all: usize,
    /// About the rest.
    diagnostics: Vec<Diagnostic>,
}

/// Reads manifests; `policies` are the kinds of policies that are known. Never fails: what cannot be read
/// becomes a diagnostic, the rest is read.
pub fn read(sources: &[Source], policies: &[policy::Kind]) -> Manifests {
    assemble(find(sources, policies), policies, None)
}

/// The objects in the texts.
pub fn find(sources: &[Source], policies: &[policy::Kind]) -> Found {
    let read = objects::objects(sources, policies);
    Found {
        objects: read.objects,
        unreadable: read.unreadable,
        all: read.found,
        diagnostics: read.diagnostics,
    }
}

/// Whether a text has objects that something depends on.
pub fn has_objects(source: &Source, policies: &[policy::Kind]) -> bool {
    let found = objects::objects(std::slice::from_ref(source), policies).objects;
    let mut kinds = found.iter().map(|object| kinds::of(object, policies));
    kinds.any(kinds::Kind::matters)
}

/// The cluster that objects describe; those that name no namespace are in `namespace`, else in `default`.
pub fn assemble(found: Found, policies: &[policy::Kind], namespace: Option<&str>) -> Manifests {
    let (mut objects, mut diagnostics) = (found.objects, found.diagnostics);
    name_generated(&mut objects, policies);
    diagnostics.extend(found.unreadable.into_iter().map(|(object, mut problem)| {
        // A kind that is a template may be any.
        let is_known = !object.kind.contains("{{");
        if is_known && !kinds::of(&object, policies).matters() {
            problem.severity = Severity::Info;
        }
        problem
    }));
    if let Some(name) = namespace {
        for object in &mut objects {
            if has_no_namespace(object, policies) {
                object.namespace = Some(name.to_owned());
            }
        }
    }
    diagnostics.extend(assumed_namespace(&objects, policies));
    let each = objects
        .iter()
        .map(|object| (object, kinds::of(object, policies)));
    let (notes, unknown_pods) = operators::notes(each);
    diagnostics.extend(notes);
    let clients: Vec<_> = objects.iter().flat_map(clients::clients).collect();
    let have_namesakes = have_namesakes(&objects);
    let decoded: Vec<_> = objects
        .into_par_iter()
        .zip(have_namesakes)
        .with_min_len(16)
        .map(|(object, has_namesake)| {
            let kind = kinds::of(&object, policies);
            let mut found = loose_words(&object, kind);
            found.extend(duplicate_keys::duplicate_keys(&object, kind));
            found.extend(workload::selector_mismatch(&object, kind));
            found.extend(values::invalid(&object, kind));
            (found, resource::decode(object, kind, has_namesake))
        })
        .collect();
    let (words, resources): (Vec<_>, Vec<_>) = decoded.into_iter().unzip();
    diagnostics.extend(words.into_iter().flatten());
    let mut manifests = assemble::assemble(resources, diagnostics);
    manifests.snapshot.clients = clients;
    manifests.snapshot.unknown_pods = unknown_pods;
    Manifests {
        objects: found.all,
        ..manifests
    }
}

/// For each object whether another one has its kind and name: it may be the same one again.
fn have_namesakes(objects: &[Object]) -> Vec<bool> {
    fn name(object: &Object) -> (&str, &str) {
        (&object.kind, &object.name)
    }
    let mut counts: HashMap<_, usize> = HashMap::default();
    for object in objects {
        *counts.entry(name(object)).or_default() += 1;
    }
    let count = |object| counts.get(&name(object)).copied().unwrap_or_default();
    objects.iter().map(|object| count(object) > 1).collect()
}

/// Gives a name to each object whose name the API server generates: its prefix without the hyphen at the end, and a
/// number where that name is taken. Policies keep what they have.
fn name_generated(objects: &mut [Object], policies: &[policy::Kind]) {
    let is_generated = |object: &Object| {
        let metadata = object.node.get("metadata");
        let name = metadata.and_then(|metadata| metadata.get("name"));
        let has_name = name
            .and_then(Node::as_str)
            .is_some_and(|name| !name.is_empty());
        let kind = kinds::of(object, policies);
        !has_name && !object.name.is_empty() && !matches!(kind, kinds::Kind::Policy(_))
    };
    let (generated, named): (Vec<_>, Vec<_>) =
        objects.iter_mut().partition(|object| is_generated(object));
    if generated.is_empty() {
        return;
    }
    let key = |object: &Object, name: &str| {
        let place = object.namespace_or_default().to_owned();
        (object.kind.clone(), place, name.to_owned())
    };
    let mut taken: BTreeSet<_> = named
        .iter()
        .map(|object| key(object, &object.name))
        .collect();
    for object in generated {
        let stem = object.name.trim_end_matches(['-', '.']).to_owned();
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        let mut names = std::iter::once(stem.clone()).chain(numbered);
        if let Some(name) = names.find(|name| taken.insert(key(object, name))) {
            object.name = name;
        }
    }
}

/// A policy as one that answers leave out.
pub fn left_out(object: &Object, namespaced: bool) -> LeftOut {
    LeftOut {
        kind: object.kind.clone(),
        group: object.group().to_owned(),
        namespace: namespaced.then(|| object.namespace_or_default().to_owned()),
        of_nodes: false,
        name: object.name.clone(),
        span: object.whole(),
    }
}

/// One note for all objects without a namespace (W3).
fn assumed_namespace(objects: &[Object], policies: &[policy::Kind]) -> Option<Diagnostic> {
    let mut unnamed = objects.iter().filter(|o| has_no_namespace(o, policies));
    let first = unnamed.next()?;
    let message = match unnamed.count() {
        0 => "one object names no namespace; it is taken to be in `default`".to_owned(),
        n => format!(
            "{} objects have no namespace, this is the first; namespace `default` is assumed",
            n + 1
        ),
    };
    let elsewhere = objects
        .iter()
        .filter(|o| kinds::of(o, policies) != kinds::Kind::Unknown);
    let mut elsewhere = elsewhere.filter_map(|o| o.namespace.as_deref());
    let note = match elsewhere.find(|name| *name != "default") {
        None => Diagnostic::info("W3", message),
        Some(other) => {
            let message = format!("{message}, but others are in `{other}`");
            Diagnostic::warning("W3", message).help("name it with `--namespace NAME`")
        }
    };
    Some(note.at(first.whole()))
}

/// Whether an object should name its namespace and does not.
fn has_no_namespace(object: &Object, policies: &[policy::Kind]) -> bool {
    let kind = kinds::of(object, policies);
    kind != kinds::Kind::Unknown && kind.namespaced() && object.namespace.is_none()
}

/// `y` and `n` where a string is required: refused by the API server, read as text here (W2).
fn loose_words(object: &Object, kind: kinds::Kind) -> Vec<Diagnostic> {
    if matches!(kind, kinds::Kind::Unknown | kinds::Kind::PolicyMaker) {
        return Vec::new();
    }
    let words = decode::loose_words(&object.node).into_iter();
    words
        .map(|error| {
            let message = format!("{}; it is read as text", error.message);
            let mut diagnostic = Diagnostic::error("W2", message).path(error.path);
            diagnostic.help = error.help;
            object.about(diagnostic, error.mark)
        })
        .collect()
}
