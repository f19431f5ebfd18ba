//! Kinds of pods that do not exist yet, in words.

use super::unborn::{NAMESPACE, NAMESPACE_LABEL};
use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::sets::label_set::HIDDEN;
use crate::sets::{LabelBox, ValueSet};

/// Conditions in words, to be joined by "and"; none: any.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kinds {
    /// On the namespace.
    pub namespaces: Vec<String>,
    /// On the pod.
    pub pods: Vec<String>,
}

impl Kinds {
    /// What a box says of the namespace and of the pod, in words; hidden conditions as they are meant.
    pub(super) fn of(found: &LabelBox) -> Self {
        let mut kinds = Self::default();
        for (key, values) in found.keys() {
            if key == NAMESPACE {
                kinds
                    .namespaces
                    .extend(condition(NAMESPACE_NAME_LABEL, values));
            } else if let Some(label) = key.strip_prefix(NAMESPACE_LABEL) {
                kinds.namespaces.extend(condition(label, values));
            } else if key.starts_with(HIDDEN) {
                let words: Vec<&str> = key.split(HIDDEN).filter(|w| !w.is_empty()).collect();
                let not = if values.contains(None) { "not " } else { "" };
                kinds.pods.push(format!("{not}{}", words.join(" ")));
            } else {
                kinds.pods.extend(condition(key, values));
            }
        }
        kinds
    }
}

/// What is asked of one key, as kubectl writes selectors. Every pod has a namespace, so that its name
/// is there is no condition.
fn condition(key: &str, values: &ValueSet) -> Option<String> {
    let (named, negated) = values.named();
    let list = named.iter().cloned().collect::<Vec<_>>().join(", ");
    Some(match (values.absent, negated, named.is_empty()) {
        (true, true, true) => return None,
        (false, true, true) if key == NAMESPACE_NAME_LABEL => return None,
        (true, true, false) => format!("{key} notin ({list})"),
        (false, true, false) if key == NAMESPACE_NAME_LABEL => format!("{key} notin ({list})"),
        (false, true, true) => key.to_owned(),
        (false, true, false) => format!("{key}, {key} notin ({list})"),
        (false, false, _) => format!("{key} in ({list})"),
        (true, false, true) => format!("!{key}"),
        (true, false, false) => format!("{key} in ({list}) or absent"),
    })
}
