//! Label maps and label selectors (semantics 2.3), and the algebra of label sets.

use std::collections::{BTreeMap, BTreeSet};

/// The labels of one object.
pub type Labels = BTreeMap<String, String>;

/// What is asked of one label key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LabelOp {
    /// Key present and value in the set.
    In(BTreeSet<String>),
    /// Key absent, or value not in the set.
    NotIn(BTreeSet<String>),
    /// Key present, whatever its value.
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

/// One key and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requirement {
    /// The label key, with its prefix.
    pub key: String,
    /// What is asked of it.
    pub op: LabelOp,
}

/// Requirements that must all hold. Empty: everything matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector {
    /// The requirements, ANDed.
    pub requirements: Vec<Requirement>,
}
