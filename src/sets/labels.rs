//! Label maps and label selectors.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The labels of one object.
pub type Labels = BTreeMap<String, String>;

/// A condition on one label key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LabelOp {
    /// Key present and value in the set.
    In(BTreeSet<String>),
    /// Key absent, or value not in the set.
    NotIn(BTreeSet<String>),
    /// Key present, with any value.
    Exists,
    /// Key absent.
    DoesNotExist,
    /// Key present and value starts with the text.
    StartsWith(String),
    /// Key present and value ends with the text.
    EndsWith(String),
    /// Key present and value contains the text.
    Contains(String),
}

/// One key and its condition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requirement {
    /// The label key, with its prefix.
    pub key: String,
    /// The condition.
    pub op: LabelOp,
}

/// Requirements that must all hold. Empty: everything matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector {
    /// The requirements, ANDed.
    pub requirements: Vec<Requirement>,
}

impl LabelOp {
    /// Whether a key with this value (none: absent) passes. Absence passes `NotIn` and `DoesNotExist`.
    pub fn matches(&self, value: Option<&str>) -> bool {
        match (self, value) {
            (Self::In(set), value) => value.is_some_and(|v| set.contains(v)),
            (Self::NotIn(set), value) => value.is_none_or(|v| !set.contains(v)),
            (Self::Exists, value) => value.is_some(),
            (Self::DoesNotExist, value) => value.is_none(),
            (Self::StartsWith(text), value) => value.is_some_and(|v| v.starts_with(text)),
            (Self::EndsWith(text), value) => value.is_some_and(|v| v.ends_with(text)),
            (Self::Contains(text), value) => value.is_some_and(|v| v.contains(text)),
        }
    }

    /// Whether it tests a part of the value's text.
    pub fn is_text(&self) -> bool {
        matches!(
            self,
            Self::StartsWith(_) | Self::EndsWith(_) | Self::Contains(_)
        )
    }
}

impl Requirement {
    /// The condition `op` on `key`.
    pub fn new(key: impl Into<String>, op: LabelOp) -> Self {
        let key = key.into();
        Self { key, op }
    }

    /// `key` must have exactly this value.
    pub fn equals(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self::new(key, LabelOp::In(BTreeSet::from([value.into()])))
    }

    /// The one label, by key and value, that an object must have to pass; none if there are others that do.
    pub fn label(&self) -> Option<(&str, &str)> {
        match &self.op {
            LabelOp::In(values) if values.len() == 1 => {
                Some((self.key.as_str(), values.first()?.as_str()))
            }
            _ => None,
        }
    }

    /// Whether an object with these labels passes.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.op.matches(labels.get(&self.key).map(String::as_str))
    }
}

impl Selector {
    /// The selector without requirements, `{}`.
    pub fn everything() -> Self {
        Self::default()
    }

    /// A selector of exact values, as in `matchLabels`.
    pub fn match_labels(labels: &Labels) -> Self {
        let one = |(k, v): (&String, &String)| Requirement::equals(k, v);
        Self {
            requirements: labels.iter().map(one).collect(),
        }
    }

    /// A selector for one exact label.
    pub fn label(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            requirements: vec![Requirement::equals(key, value)],
        }
    }

    /// Whether an object with these labels passes every requirement.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements.iter().all(|r| r.matches(labels))
    }

    /// Whether it has no requirements, so that everything matches.
    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether no labels at all can pass, as in `In [a]` and `NotIn [a]` on one key. String
    /// predicates are taken as satisfiable.
    pub fn is_contradiction(&self) -> bool {
        super::LabelSet::from(self).is_empty()
    }
}

impl fmt::Display for Requirement {
    /// As kubectl writes it: `app=web`, `tier in (a, b)`, `!canary`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
        match &self.op {
            LabelOp::In(set) if set.len() == 1 => write!(f, "{key}={}", list(set)),
            LabelOp::NotIn(set) if set.len() == 1 => write!(f, "{key}!={}", list(set)),
            LabelOp::In(set) => write!(f, "{key} in ({})", list(set)),
            LabelOp::NotIn(set) => write!(f, "{key} notin ({})", list(set)),
            LabelOp::Exists => f.write_str(key),
            LabelOp::DoesNotExist => write!(f, "!{key}"),
            LabelOp::StartsWith(text) => write!(f, "{key} starts with {text}"),
            LabelOp::EndsWith(text) => write!(f, "{key} ends with {text}"),
            LabelOp::Contains(text) => write!(f, "{key} contains {text}"),
        }
    }
}

impl fmt::Display for Selector {
    /// The requirements with commas between; `any` if there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_everything() {
            return f.write_str("any");
        }
        for (at, requirement) in self.requirements.iter().enumerate() {
            let between = if at == 0 { "" } else { ", " };
            write!(f, "{between}{requirement}")?;
        }
        Ok(())
    }
}
