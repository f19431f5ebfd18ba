//! Staged policies (G5): what is wrong with them, and their promotion, as `calicoctl` or the console of Calico does it.

use super::{SERVED, STORED};
use crate::diag::{Diagnostic, Severity};
use crate::dialect::{NOT_ANALYSED, read};
use crate::yaml::{Node, Object, Value};

/// The field with what promoting a staged policy does.
const ACTION: &str = "stagedAction";
/// The API version of the policies that a StagedKubernetesNetworkPolicy becomes.
const KUBERNETES: &str = "networking.k8s.io/v1";

/// What promoting a staged policy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// It becomes the policy of its name.
    Set,
    /// It removes the policy of its name.
    Delete,
    /// Nothing: it is for another purpose.
    Keep,
}

/// Replaces staged policies by the policies that they become, and removes those that they delete. `namespace`: that of
/// objects that name none. Returns what cannot be promoted, and why.
pub fn promote(objects: &mut Vec<Object>, namespace: Option<&str>) -> Vec<Diagnostic> {
    let (staged, mut enforced): (Vec<_>, Vec<_>) = std::mem::take(objects)
        .into_iter()
        .partition(|object| promoted_kind(object).is_some());
    let mut diagnostics = Vec::new();
    if staged.is_empty() {
        let message = "the input has no staged policies, so nothing is promoted";
        let help = "give manifests with StagedNetworkPolicy, StagedGlobalNetworkPolicy or StagedKubernetesNetworkPolicy";
        diagnostics.push(Diagnostic::warning("staged", message).help(help));
    }
    let default = namespace.unwrap_or("default");
    for object in staged {
        let Some(action) = action(&object) else {
            diagnostics.push(unknown_action(&object));
            continue;
        };
        if action == Action::Keep {
            let message = "its `stagedAction` is neither `Set` nor `Delete`, so it is not promoted";
            let note = Diagnostic::info("staged", message);
            diagnostics.push(object.about(note, object.node.mark));
            continue;
        }
        let mark = object.node.mark;
        let (title, policy) = (object.title(), promoted(object));
        let before = enforced.len();
        enforced.retain(|other| !is_same(other, &policy, default));
        if action == Action::Set {
            enforced.push(policy);
        } else if enforced.len() == before {
            let message = format!("it deletes {}, which is not in the input", policy.title());
            let warning = Diagnostic::warning("staged", message);
            diagnostics.push(warning.at(policy.span(mark)).on(title));
        }
    }
    *objects = enforced;
    diagnostics
}

/// What the API server refuses in a staged policy: its action, and what it would refuse in the policy that it becomes. One
/// that deletes a policy has nothing but the tier of that policy.
pub fn validate(object: &Object) -> Vec<Diagnostic> {
    if promoted_kind(object).is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    match action(object) {
        None => found.push(unknown_action(object)),
        Some(Action::Delete) => found.extend(more_than_tier(object)),
        Some(Action::Set | Action::Keep) => {}
    }
    let mut of_policy = read(&promoted(object.clone())).diagnostics;
    // What is not modelled in a policy does not matter where it is not enforced.
    of_policy.retain(|diagnostic| diagnostic.severity == Severity::Error);
    for diagnostic in &mut of_policy {
        if let Some(message) = diagnostic.message.strip_suffix(NOT_ANALYSED) {
            diagnostic.message = message.to_owned();
        }
    }
    found.extend(of_policy.into_iter().map(|d| d.on(object.title())));
    found
}

fn unknown_action(object: &Object) -> Diagnostic {
    let message = "it is not `Set`, `Delete`, `Learn` or `Ignore`, so this policy is not promoted";
    let error = Diagnostic::error("staged", message).path("spec.stagedAction");
    let mark = written_action(object).unwrap_or(&object.node).mark;
    object.about(error, mark)
}

fn more_than_tier(object: &Object) -> Option<Diagnostic> {
    let Value::Map(spec) = &object.node.get("spec")?.value else {
        return None;
    };
    // Calico clears `types` itself.
    let own = [ACTION, "tier", "types"];
    let mut fields = spec.entries.iter();
    let other = fields.find(|entry| !own.contains(&entry.key.as_str()))?;
    let message = "spec fields, except tier, should all be zero-value if stagedAction is Delete";
    let error = Diagnostic::error("calico", message).path(format!("spec.{}", other.key));
    Some(object.about(error, other.mark))
}

/// API version and kind of the policy that a staged one becomes; none if it is not staged.
fn promoted_kind(object: &Object) -> Option<(&str, &'static str)> {
    let own = object.api_version.as_str();
    match object.kind.as_str() {
        _ if ![SERVED.0, STORED.0].contains(&object.group()) => None,
        "StagedNetworkPolicy" => Some((own, "NetworkPolicy")),
        "StagedGlobalNetworkPolicy" => Some((own, "GlobalNetworkPolicy")),
        "StagedKubernetesNetworkPolicy" => Some((KUBERNETES, "NetworkPolicy")),
        _ => None,
    }
}

fn written_action(object: &Object) -> Option<&Node> {
    object.node.get("spec")?.get(ACTION)
}

/// What promoting a staged policy does; none if it is written wrongly.
fn action(object: &Object) -> Option<Action> {
    let Some(written) = written_action(object) else {
        return Some(Action::Set);
    };
    match written.as_str()? {
        "Set" | "" => Some(Action::Set),
        "Delete" => Some(Action::Delete),
        "Learn" | "Ignore" => Some(Action::Keep),
        _ => None,
    }
}

/// The policy that a staged one becomes.
fn promoted(mut object: Object) -> Object {
    if let Some((version, kind)) = promoted_kind(&object) {
        (object.api_version, object.kind) = (version.to_owned(), kind.to_owned());
    }
    if let Value::Map(map) = &mut object.node.value
        && let Some(spec) = map.entries.iter_mut().find(|entry| entry.key == "spec")
        && let Value::Map(fields) = &mut spec.value.value
    {
        fields.entries.retain(|entry| entry.key != ACTION);
    }
    object
}

/// Whether two objects are one in the cluster: those of Calico in either form (G32).
fn is_same(one: &Object, other: &Object, default: &str) -> bool {
    let group = |object: &Object| match object.group() {
        group if group == STORED.0 => SERVED.0.to_owned(),
        group => group.to_owned(),
    };
    let namespace = |object: &Object| object.namespace.clone().unwrap_or(default.to_owned());
    let global = one.kind == "GlobalNetworkPolicy";
    (&one.kind, &one.name, group(one)) == (&other.kind, &other.name, group(other))
        && (global || namespace(one) == namespace(other))
}
