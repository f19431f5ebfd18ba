//! What makes pods or routes without being read as such: notes, one for each kind.

mod declared;
mod known;
mod others;

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use declared::{Key, MADE_BY, declared, key};
use known::OPERATED;
use others::{INSTALLERS, ROUTES};

use super::kinds::{self, Kind, Template};
use super::makers;
use crate::cluster::UnknownPods;
use crate::diag::Diagnostic;
use crate::yaml::{Node, Object, Value};

/// Fields of a spec that number or shape the pods of whatever has them.
const OF_PODS: &[&str] = &["podTemplate", "podMetadata", "podSpec", "podTemplateSpec"];

/// Groups whose objects have replicas that are no pods (machines and claims), or describe pods that others make.
const NO_PODS: &[&str] = &[
    "cluster.x-k8s.io",
    "machine.openshift.io",
    "crossplane.io",
    "kyverno.io",
    "gatekeeper.sh",
];

/// How deep containers are looked for in objects of kinds that are not known.
const DEEPEST: usize = 16;

/// How pods come from an object of a kind that is not known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Template,
    Operator,
    /// It is a route of a kind that is not read.
    Route,
    /// It installs other objects.
    Installer,
}

/// One note for each kind that is read by its pod template alone, or whose pods nobody knows: no pod or workload says
/// that it is made from them. And the pods that operators make.
pub(super) fn notes<'a>(
    objects: impl Iterator<Item = (&'a Object, Kind)>,
) -> (Vec<Diagnostic>, Vec<UnknownPods>) {
    let objects: Vec<(&Object, Kind)> = objects.collect();
    let declared = LazyCell::new(|| declared(&objects));
    let mut found: BTreeMap<(Source, &str, &str), (usize, &Object)> = BTreeMap::new();
    let mut unknown = Vec::new();
    for &(object, kind) in &objects {
        let Some(source) = source(object, kind, &declared) else {
            continue;
        };
        if source == Source::Operator {
            unknown.push(UnknownPods {
                namespace: object.namespace_or_default().to_owned(),
                labels: known::labels(object),
            });
        }
        let entry = found.entry((source, object.group(), &object.kind));
        entry.or_insert((0, object)).0 += 1;
    }
    let notes = found.into_iter();
    let notes = notes.map(|((source, ..), (count, first))| note(source, count, first));
    (notes.collect(), unknown)
}

/// How pods, routes or other objects come from an object without being read; none if none do.
fn source<'a>(
    object: &'a Object,
    kind: Kind,
    declared: &LazyCell<BTreeSet<Key<'a>>, impl FnOnce() -> BTreeSet<Key<'a>>>,
) -> Option<Source> {
    Some(match kind {
        Kind::Owner(Template::Other) => Source::Template,
        Kind::Unknown if is_listed(object, ROUTES) => Source::Route,
        Kind::Unknown if is_listed(object, INSTALLERS) => Source::Installer,
        Kind::Unknown if makers::makes_workload(object, &kinds::WORKLOADS) => Source::Installer,
        Kind::Unknown if is_operated(object) && !declared.contains(&key(object)) => {
            Source::Operator
        }
        _ => return None,
    })
}

fn note(source: Source, count: usize, first: &Object) -> Diagnostic {
    let (kind, group) = (&first.kind, first.group());
    let more = match count {
        1 => String::new(),
        n => format!(" ({n} objects, this is the first)"),
    };
    let diagnostic = match source {
        Source::Template if !group.contains('.') => {
            let message = format!(
                "no API server knows kind `{kind}` of `{}`{more}; its pod template is read all the same",
                first.api_version
            );
            let help = match kinds::meant_workload(first) {
                Some((version, kind)) => {
                    format!("did you mean `kind: {kind}` of `apiVersion: {version}`?")
                }
                None => {
                    "write the apiVersion that the kind has, as in `apiVersion: apps/v1`".to_owned()
                }
            };
            Diagnostic::error("misspelt", message).help(help)
        }
        Source::Template => {
            let message = format!("{kind} of `{group}` is read by its pod template{more}");
            let help = "labels and ports that its controller adds to the pods are not known";
            Diagnostic::info("pod-template", message).help(help)
        }
        Source::Operator => {
            let message = format!(
                "{kind} of `{group}` makes pods that are not known here{more}; the answers leave them out"
            );
            let help = format!(
                "declare its pods: add a Pod manifest with their labels and ports, and the annotation `{MADE_BY}: {kind}/{}/{}`",
                first.namespace_or_default(),
                first.name
            );
            Diagnostic::info("unknown-pods", message).help(help)
        }
        Source::Route => {
            let message =
                format!("{kind} of `{group}` is not read{more}; the answers leave its routes out");
            let help = "ask with `explain` whether the pods of its proxy reach its backends";
            Diagnostic::info("unknown-routes", message).help(help)
        }
        Source::Installer => {
            let message = format!(
                "what {kind} of `{group}` installs is not in the input{more}; the answers leave it out"
            );
            let help = "add the manifests that it renders or applies";
            Diagnostic::info("not-in-input", message).help(help)
        }
    };
    first.about(diagnostic, first.node.mark)
}

fn is_listed(object: &Object, kinds: &[(&str, &[&str])]) -> bool {
    let mut groups = kinds.iter().filter(|(group, _)| *group == object.group());
    groups.any(|(_, kinds)| kinds.contains(&object.kind.as_str()))
}

fn is_operated(object: &Object) -> bool {
    let group = object.group();
    let within = |known: &&str| group == *known || group.ends_with(&format!(".{known}"));
    if !group.contains('.') || NO_PODS.iter().any(within) {
        return false;
    }
    let listed = OPERATED.iter().find(|(known, _)| *known == group);
    if let Some((_, kinds)) = listed {
        return kinds.contains(&"*") || kinds.contains(&object.kind.as_str());
    }
    let spec = object.node.get("spec");
    let field = |key: &str| spec.and_then(|spec| spec.get(key));
    let number = |node: &Node| matches!(node.value, Value::Number(..));
    let counted = ["replicas", "instances"]
        .iter()
        .any(|key| field(key).is_some_and(number));
    let shaped = counted || OF_PODS.iter().any(|key| field(key).is_some());
    // It adds its containers to pods that others make.
    let injected = object.kind == "SidecarSet";
    shaped || !injected && spec.is_some_and(|spec| has_containers(spec, DEEPEST))
}

/// Whether a pod is described anywhere below a node: a list of containers with images.
fn has_containers(node: &Node, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    match &node.value {
        Value::Seq(items) => items.iter().any(|item| has_containers(item, depth)),
        Value::Map(map) => {
            let containers = node.get("containers").and_then(Node::items);
            let mut containers = containers.unwrap_or_default().iter();
            containers.any(|container| container.get("image").is_some())
                || map.entries.iter().any(|e| has_containers(&e.value, depth))
        }
        _ => false,
    }
}
