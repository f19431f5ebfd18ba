//! Policies in the terms in which they are planned: what a dialect makes of a text, under no assumption.

use super::{Accounts, Direction, Match, PlanPeer, PortMatch};
use crate::sets::Selector;

/// A policy whose rules have no order, in the terms in which policies are planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaisedPolicy {
    /// The namespace of its pods; empty if it is `across` several.
    pub namespace: String,
    /// The namespaces of its pods, if it is not for one alone.
    pub across: Option<Selector>,
    /// The pods that it selects there.
    pub subject: Selector,
    /// The service accounts of these pods.
    pub accounts: Accounts,
    /// The directions that it isolates, ingress first.
    pub isolates: Vec<Direction>,
    /// What it allows, ingress first.
    pub rules: Vec<RaisedRule>,
    /// What it denies, whichever policy allows it; ingress first.
    pub denials: Vec<RaisedRule>,
    /// The rules that have no such form; each allows, so that without it the policy allows less.
    pub unraised: Vec<Unraised>,
}

/// A rule that allows something which cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unraised {
    /// Its direction.
    pub direction: Direction,
    /// Its place among the rules of its direction, from 0, as written.
    pub index: usize,
    /// Why, as a clause about the policy.
    pub why: String,
}

impl Unraised {
    /// Where it is written, below `spec`: `ingress[0]`.
    pub fn path(&self) -> String {
        format!("{}[{}]", self.direction.field(), self.index)
    }
}

/// One rule: connections in one direction with any of the peers, at any of the ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaisedRule {
    /// Whether the peers are sources or destinations.
    pub direction: Direction,
    /// The list in which it is written, below `spec`: `ingress`.
    pub list: &'static str,
    /// Its place in the list, from 0.
    pub index: usize,
    /// The other ends.
    pub peers: Match<PlanPeer>,
    /// The destination ports.
    pub ports: Match<PortMatch>,
}

impl RaisedRule {
    /// Where it is written, below `spec`: `ingress[0]`.
    pub fn path(&self) -> String {
        format!("{}[{}]", self.list, self.index)
    }
}

/// The rules with the ports of those that have the same peers in one: Calico needs a rule for each protocol.
pub fn merged(rules: Vec<RaisedRule>) -> Vec<RaisedRule> {
    let mut found: Vec<RaisedRule> = Vec::new();
    for rule in rules {
        let same = |known: &&mut RaisedRule| {
            (known.direction, &known.peers) == (rule.direction, &rule.peers)
        };
        let Some(known) = found.iter_mut().find(same) else {
            found.push(rule);
            continue;
        };
        match (&mut known.ports, rule.ports) {
            (Match::Only(all), Match::Only(more)) => all.extend(more),
            (all, _) => *all = Match::Any,
        }
    }
    found
}
