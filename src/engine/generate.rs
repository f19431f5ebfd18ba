//! From a drawing to NetworkPolicies.

use std::ops::RangeInclusive;

use crate::diag::Diagnostic;
use crate::model::{Document, FlowId, WorkloadId};
use crate::policy::Direction;

/// Everything that is written for a drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generated {
    /// The policies: by namespace, base first, then DNS, then by name.
    pub policies: Vec<Written>,
    /// Policies that are not written because a kept policy `replaces` them; same order.
    pub replaced: Vec<Written>,
    /// What of the drawing is left out, by flow.
    pub unsaid: Vec<Unsaid>,
    /// What else is worth telling.
    pub diagnostics: Vec<Diagnostic>,
}

impl Generated {
    /// All policies in one text: documents parted by `---`.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self.policies.iter().map(|p| p.text.as_str()).collect();
        texts.join("---\n")
    }
}

/// One written policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// The directions of its `policyTypes`.
    pub directions: Vec<Direction>,
    /// The flows that it carries, in id order; none for base and DNS policies.
    pub flows: Vec<FlowId>,
    /// The workloads that it selects, in id order.
    pub workloads: Vec<WorkloadId>,
    /// One YAML document, without `---`.
    pub text: String,
    /// Which lines (from 1) of `text` carry which flow.
    pub lines: Vec<(RangeInclusive<u32>, FlowId)>,
}

/// What a written policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Isolates every pod of its namespace.
    Base,
    /// Lets every pod of its namespace resolve names, or the DNS pods answer.
    Dns,
    /// One direction of the flows between two ends.
    Flow,
    /// Everything of one subject.
    Workload,
}

/// A part of a flow that is left out, because NetworkPolicy cannot say it or the drawing does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaid {
    /// The flow.
    pub flow: FlowId,
    /// What is left out: `domain name api.stripe.com`.
    pub what: String,
    /// Why: one sentence, lower case, no full stop.
    pub why: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Writes the policies of a drawing: least privilege only; what cannot be said is left out and reported.
pub fn generate(_document: &Document) -> Generated {
    Generated::default()
}
