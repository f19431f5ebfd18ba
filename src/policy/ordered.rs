//! Policies of the whole cluster whose rules hold in order, in the terms in which policies are planned.

use super::{Action, PlanRule, RaisedRule};
use crate::sets::{Labels, Selector};

/// A policy of the whole cluster that isolates nothing: the first of its rules that matches decides. It is what a dialect
/// makes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaisedOrdered {
    /// Where its rules hold.
    pub place: Place,
    /// The namespaces of the pods that it selects.
    pub namespaces: Selector,
    /// The pods that it selects there.
    pub pods: Selector,
    /// Ingress first; in each direction in the order in which they hold.
    pub rules: Vec<OrderedRule<RaisedRule>>,
}

/// One of its rules, as raised or as planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderedRule<Rule> {
    /// What it does with what it matches.
    pub action: Action,
    /// Its own name.
    pub name: Option<String>,
    /// What it matches.
    pub rule: Rule,
}

/// Where the rules of a policy hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whether they hold behind all policies that isolate pods, where none of them isolates, rather than before them.
    pub baseline: bool,
    /// The lower, the earlier.
    pub priority: i32,
}

/// The same, to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderedPolicy {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.labels`.
    pub labels: Labels,
    /// `metadata.annotations`.
    pub annotations: Labels,
    /// What stands above it.
    pub comment: String,
    /// Where its rules hold.
    pub place: Place,
    /// The namespaces of the pods that it selects.
    pub namespaces: Selector,
    /// The pods that it selects there.
    pub pods: Selector,
    /// Ingress first; in each direction in the order in which they hold.
    pub rules: Vec<OrderedRule<PlanRule>>,
}
