//! What of a plan is left out, and why.

use std::collections::BTreeSet;
use std::fmt;

use super::{Accounts, Direction, Entity, Network};
use crate::diag::Severity;
use crate::sets::Selector;

/// A flow, by a number that only its owner understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowKey(pub u32);

/// A workload, by a number that only its owner understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadKey(pub u32);

impl WorkloadKey {
    /// That of every pod which its owner does not know.
    pub const UNKNOWN: Self = Self(u32::MAX);

    /// A key for the workload at this index, where nothing else identifies it.
    pub fn at(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

/// A part of a flow that is left out of the policies: it cannot be planned, or the dialect cannot
/// express it. Nothing is widened in its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// The flow.
    pub flow: FlowKey,
    /// What is left out.
    pub part: Part,
    /// Error: the document is wrong. Warning: the dialect cannot express it.
    pub severity: Severity,
    /// Why: lower case, no full stop.
    pub why: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// What to do about an external that has only what a dialect cannot express, or nothing.
pub const ADD_NETWORKS: &str = "add its networks";

/// What to do about a node of which no address is known.
pub const ADD_ADDRESSES: &str =
    "add its `addresses` to `nodes` of the project, or import the Node with its status";

impl Loss {
    /// `the flow is left out: …`, the same wherever losses are reported.
    pub fn message(&self) -> String {
        format!("{} is left out: {}", self.part, self.why)
    }
}

/// What of a flow is left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All of it.
    Flow,
    /// Everything at the gates of one direction.
    Gate(Direction),
    /// What concerns the pods of one workload, by its name, at its own gate.
    Subject(Direction, WorkloadKey, String),
    /// What concerns the pods of one namespace with these labels and service accounts, at their own gate.
    Accounts(Direction, String, Selector, Accounts),
    /// The pods of one workload that are on the host network, by its name, at the other gate.
    HostNetwork(WorkloadKey, String),
    /// A domain name.
    Domain(String),
    /// An entity.
    Entity(Entity),
    /// An address block.
    Network(Network),
    /// Ports, as the document writes them: `TCP/http`.
    Port(String),
}

/// The losses that read differently: what is lost at both gates of a flow for one reason is all of the flow.
pub fn distinct(losses: &[Loss]) -> Vec<Loss> {
    let mut found: Vec<Loss> = Vec::new();
    let mut seen = BTreeSet::new();
    for loss in losses {
        let mut loss = loss.clone();
        if let Part::Gate(direction) = loss.part
            && losses.iter().any(|other| {
                (other.flow, &other.why) == (loss.flow, &loss.why)
                    && other.part == Part::Gate(direction.other())
            })
        {
            loss.part = Part::Flow;
        }
        if seen.insert((loss.flow, loss.part.to_string(), loss.why.clone())) {
            found.push(loss);
        }
    }
    found
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flow => f.write_str("the flow"),
            Self::Gate(Direction::Ingress) => f.write_str("the ingress rule of the flow"),
            Self::Gate(Direction::Egress) => f.write_str("the egress rule of the flow"),
            Self::Subject(_, _, name) => write!(f, "the part for `{name}`"),
            Self::Accounts(_, namespace, _, accounts) => {
                write!(
                    f,
                    "the part for the pods of `{namespace}` that run as {accounts}"
                )
            }
            Self::HostNetwork(_, name) => {
                write!(f, "the part for the pods of `{name}` on the host network")
            }
            Self::Domain(name) => write!(f, "the domain name `{name}`"),
            Self::Entity(entity) => write!(f, "the entity `{}`", entity.word()),
            Self::Network(network) => write!(f, "the network `{}`", network.cidr),
            Self::Port(words) => write!(f, "the port `{words}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_at_one_gate_is_not_the_flow() {
        let loss = |flow, part, why: &str| Loss {
            flow: FlowKey(flow),
            part,
            severity: Severity::Warning,
            why: why.to_owned(),
            help: None,
        };
        let [ingress, egress] = Direction::BOTH.map(Part::Gate);
        let losses = [
            loss(0, ingress.clone(), "x"),
            loss(0, egress.clone(), "x"),
            loss(1, egress.clone(), "x"),
            loss(1, ingress, "y"),
            loss(
                2,
                Part::Subject(Direction::Egress, WorkloadKey(0), "web".into()),
                "x",
            ),
            loss(
                2,
                Part::Subject(Direction::Ingress, WorkloadKey(0), "web".into()),
                "x",
            ),
        ];
        let found = distinct(&losses);
        let words: Vec<String> = found
            .iter()
            .map(|l| format!("{} {} {}", l.flow.0, l.part, l.why))
            .collect();
        assert_eq!(
            words,
            [
                "0 the flow x",
                "1 the egress rule of the flow x",
                "1 the ingress rule of the flow y",
                "2 the part for `web` x",
            ]
        );
    }
}
