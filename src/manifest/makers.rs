//! Objects from which controllers make network policies or workloads: generate rules of Kyverno, and whatever has an
//! object of such a kind inside. What they make is not in the input.

use crate::policy::{self, Reading};
use crate::yaml::{Node, Object, Value, group_of};

/// The groups of Crossplane's provider for objects of a cluster.
const CROSSPLANE: [&str; 2] = ["kubernetes.crossplane.io", "kubernetes.m.crossplane.io"];

/// Whether an object makes policies; `policies` are the kinds that are known.
pub(super) fn makes_policies(object: &Object, policies: &[policy::Kind]) -> bool {
    let judged = |group: &str, name: &str| {
        let mut kinds = policies.iter();
        let restricts =
            |kind: &policy::Kind| matches!(kind.reading, Reading::Judged | Reading::LeftOut(_));
        kinds.any(|kind| (kind.group, kind.name) == (group, name) && restricts(kind))
    };
    match (object.group(), object.kind.as_str()) {
        ("kyverno.io", "ClusterPolicy" | "Policy") => generated(object)
            .iter()
            .any(|(version, kind)| judged(group_of(version), kind)),
        // Its rules are expressions: they name what they make in texts.
        ("policies.kyverno.io", "GeneratingPolicy" | "NamespacedGeneratingPolicy") => {
            mentions(&object.node, "NetworkPolicy")
        }
        // Rules that match policies and change them.
        ("kyverno.io" | "policies.kyverno.io", _) => false,
        // Those of Kubernetes itself hold templates of pods, and texts that nothing applies.
        (group, _) if !group.contains('.') => false,
        ("apiextensions.k8s.io", _) => false,
        _ => {
            let mut below =
                entries(&object.node).filter(|(key, _)| !["metadata", "status"].contains(key));
            let is_policy = |version: &str, kind: &str| judged(group_of(version), kind);
            below.any(|(_, node)| holds(node, &is_policy, DEEPEST))
        }
    }
}

/// How deep policies are looked for.
const DEEPEST: usize = 32;

/// Whether an object of some kind is written anywhere below a node, also as a text; a reference to one does not count.
fn holds(node: &Node, wanted: &dyn Fn(&str, &str) -> bool, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    match &node.value {
        Value::Seq(items) => items.iter().any(|item| holds(item, wanted, depth)),
        Value::Map(_) => {
            let text = |key| node.get(key).and_then(Node::as_str);
            let is_reference = node.get("name").is_some();
            let named = text("apiVersion").zip(text("kind"));
            named.is_some_and(|(version, kind)| !is_reference && wanted(version, kind))
                || entries(node).any(|(_, below)| holds(below, wanted, depth))
        }
        Value::String(text) => is_written(text, wanted),
        _ => false,
    }
}

/// Whether a text is the YAML of an object of some kind, or a template of one.
fn is_written(text: &str, wanted: &dyn Fn(&str, &str) -> bool) -> bool {
    let values = |key: &'static str| {
        let lines = text.lines().map(|line| line.trim_start_matches(['-', ' ']));
        let values = lines.filter_map(move |line| line.strip_prefix(key)?.strip_prefix(':'));
        values.map(|value| value.trim().trim_matches(['"', '\'']))
    };
    values("kind").any(|kind| values("apiVersion").any(|version| wanted(version, kind)))
}

fn entries(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let entries = match &node.value {
        Value::Map(map) => map.entries.as_slice(),
        _ => &[],
    };
    entries
        .iter()
        .map(|entry| (entry.key.as_str(), &entry.value))
}

/// Whether an object makes a workload of one of these, which are apiVersions and kinds.
pub(super) fn makes_workload(object: &Object, workloads: &[(&str, &str)]) -> bool {
    applied(object).is_some_and(|made| workloads.contains(&made))
}

/// The namespace of the policies that an object makes; none: any.
pub(super) fn namespace(object: &Object) -> Option<String> {
    let of_kyverno = ["kyverno.io", "policies.kyverno.io"].contains(&object.group());
    if of_kyverno && ["Policy", "NamespacedGeneratingPolicy"].contains(&object.kind.as_str()) {
        return Some(object.namespace_or_default().to_owned());
    }
    let metadata = manifest(object)?.get("metadata")?;
    metadata.get("namespace")?.as_str().map(str::to_owned)
}

/// The apiVersion and kind of what an object of Crossplane applies.
fn applied(object: &Object) -> Option<(&str, &str)> {
    let manifest = manifest(object)?;
    let text = |key| manifest.get(key)?.as_str();
    Some((text("apiVersion")?, text("kind")?))
}

fn manifest(object: &Object) -> Option<&Node> {
    let known = object.kind == "Object" && CROSSPLANE.contains(&object.group());
    let spec = object.node.get("spec").filter(|_| known)?;
    spec.get("forProvider")?.get("manifest")
}

/// The apiVersions and kinds that the rules of a Kyverno policy generate.
fn generated(object: &Object) -> Vec<(&str, &str)> {
    let spec = object.node.get("spec");
    let rules = spec.and_then(|spec| spec.get("rules"));
    let rules = rules.and_then(Node::items).unwrap_or_default();
    let mut found = Vec::new();
    for generate in rules.iter().filter_map(|rule| rule.get("generate")) {
        let each = generate.get("foreach").and_then(Node::items);
        for one in each.unwrap_or_default().iter().chain([generate]) {
            let text = |key| one.get(key).and_then(Node::as_str);
            found.extend(text("apiVersion").zip(text("kind")));
            let cloned = one.get("cloneList").and_then(|list| list.get("kinds"));
            let cloned = cloned.and_then(Node::items).unwrap_or_default().iter();
            // `networking.k8s.io/v1/NetworkPolicy`
            found.extend(cloned.filter_map(|kind| kind.as_str()?.rsplit_once('/')));
        }
    }
    found
}

/// Whether a text below a node contains another one.
fn mentions(node: &Node, part: &str) -> bool {
    match &node.value {
        Value::String(text) => text.contains(part),
        Value::Seq(items) => items.iter().any(|item| mentions(item, part)),
        Value::Map(map) => map.entries.iter().any(|entry| mentions(&entry.value, part)),
        _ => false,
    }
}
