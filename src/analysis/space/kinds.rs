//! Kinds of future pods, as text.

use std::collections::BTreeSet;
use std::fmt;

use super::future_pods::{NAMESPACE, NAMESPACE_LABEL};
use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::sets::label_set::HIDDEN;
use crate::sets::{LabelBox, ValueSet};

/// Pods by conditions that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kinds {
    /// On the namespace, as kubectl writes selectors; none: any.
    pub namespaces: Vec<String>,
    /// On the pod.
    pub pods: Vec<String>,
    /// The name of the namespace, as in the first of `namespaces`.
    names: Option<(Vec<String>, bool)>,
}

impl Kinds {
    /// The conditions of a box on the namespace and on the pod, with hidden keys spelled out.
    pub(in crate::analysis) fn of(found: &LabelBox) -> Self {
        let mut kinds = Self::default();
        for (key, values) in found.keys() {
            if key == NAMESPACE {
                let (names, negated) = values.named();
                if let Some(condition) = condition(NAMESPACE_NAME_LABEL, values) {
                    kinds.namespaces.push(condition);
                    kinds.names = Some((names.iter().cloned().collect(), negated));
                }
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

impl fmt::Display for Kinds {
    /// `every pod of namespace shop`, `pods with app=web of namespaces with team=a`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pods.as_slice() {
            [] => write!(f, "every pod of")?,
            all => write!(f, "pods with {} of", all.join(", "))?,
        }
        let mut rest = self.namespaces.as_slice();
        let with = if let Some((names, other)) = &self.names {
            rest = rest.split_first().map_or(&[], |(_, rest)| rest);
            let s = if names.len() == 1 { "" } else { "s" };
            let than = if *other { " other than" } else { "" };
            write!(f, " namespace{s}{than} {}", names.join(", "))?;
            ", with"
        } else if rest.is_empty() {
            return write!(f, " the cluster");
        } else {
            " namespaces with"
        };
        match rest {
            [] => Ok(()),
            rest => write!(f, "{with} {}", rest.join(", ")),
        }
    }
}

/// The condition on one key, as kubectl writes selectors. That the namespace name exists is no condition.
fn condition(key: &str, values: &ValueSet) -> Option<String> {
    let (named, negated) = values.named();
    let none = |named: &BTreeSet<String>| match named.first() {
        Some(one) if named.len() == 1 => format!("{key}!={one}"),
        _ => format!("{key} notin ({})", list(named)),
    };
    Some(match (values.absent, negated, named.is_empty()) {
        (true, true, true) => return None,
        (false, true, true) if key == NAMESPACE_NAME_LABEL => return None,
        (true, true, false) => none(named),
        (false, true, false) if key == NAMESPACE_NAME_LABEL => none(named),
        (false, true, true) => key.to_owned(),
        (false, true, false) => format!("{key}, {}", none(named)),
        (false, false, _) => match named.first() {
            Some(one) if named.len() == 1 => format!("{key}={one}"),
            _ => format!("{key} in ({})", list(named)),
        },
        (true, false, true) => format!("!{key}"),
        (true, false, false) => format!("{key} in ({}) or absent", list(named)),
    })
}

fn list(named: &BTreeSet<String>) -> String {
    named.iter().cloned().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sets::LabelBox;

    #[test]
    fn kinds_are_printed_as_selectors() {
        let only = |values: &[&str]| ValueSet::only(values.iter().map(|v| (*v).to_owned()));
        let but = |values: &[&str]| only(values).complement();
        let team = format!("{NAMESPACE_LABEL}team");
        for (conditions, want) in [
            (vec![], "every pod of the cluster"),
            (vec![(NAMESPACE, only(&["a"]))], "every pod of namespace a"),
            (
                vec![(NAMESPACE, but(&["a", "b"])), ("app", only(&["x", "y"]))],
                "pods with app in (x, y) of namespaces other than a, b",
            ),
            (
                vec![(team.as_str(), only(&["t"])), ("app", but(&["x"]))],
                "pods with app!=x of namespaces with team=t",
            ),
            (
                vec![
                    (NAMESPACE, only(&["a"])),
                    (team.as_str(), ValueSet::missing()),
                ],
                "every pod of namespace a, with !team",
            ),
            (
                vec![("app", ValueSet::present())],
                "pods with app of the cluster",
            ),
        ] {
            let narrowed = conditions
                .iter()
                .try_fold(LabelBox::default(), |found, (key, values)| {
                    found.narrow(key, values)
                });
            assert_eq!(Kinds::of(&narrowed.expect("a box")).to_string(), want);
        }
    }
}
