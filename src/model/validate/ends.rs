//! Which ends a flow may connect.

use super::Refusal;
use crate::model::End;

impl End {
    /// Whether it is pods, at which policies apply; an external and a node have no gate.
    pub fn has_gate(&self) -> bool {
        !matches!(self, Self::External(_) | Self::Node(_))
    }
}

/// Whether policies can control traffic between two ends: at least one of them is pods.
pub fn flow_ends(from: &End, to: &End) -> Result<(), Refusal> {
    let what = match (from, to) {
        (End::External(_), End::External(_)) => "two externals",
        (End::Node(_), End::Node(_)) => "two nodes",
        (End::External(_), End::Node(_)) | (End::Node(_), End::External(_)) => {
            "an external and a node"
        }
        _ => return Ok(()),
    };
    let message = format!("policies cannot control traffic between {what}");
    Err(Refusal::new(message).help("start or end the flow at a workload, a namespace or a group"))
}
