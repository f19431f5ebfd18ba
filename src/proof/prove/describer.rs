//! The input of findings: the document, the intent and the policies in force.

use std::net::IpAddr;

use crate::cluster::Snapshot;
use crate::intent::gates::Intent;
use crate::intent::snapshot::DocumentSnapshot;
use crate::model::{Document, WorkloadId};
use crate::proof::{Generated, Origin};

/// What describing a difference needs.
pub(super) struct Describer<'a> {
    pub(super) document: &'a Document,
    pub(super) cluster: &'a DocumentSnapshot,
    pub(super) intents: &'a [Intent],
    /// Where address blocks begin, on both sides.
    pub(super) bounds: &'a [IpAddr],
    pub(super) real: &'a Snapshot,
    pub(super) origins: &'a [Origin],
    pub(super) generated: &'a Generated,
}

impl Describer<'_> {
    /// The drawn workload at an index of the snapshot; none for stand-ins.
    pub(super) fn drawn(&self, workload: usize) -> Option<WorkloadId> {
        self.cluster.drawn.get(workload).copied().flatten()
    }
}
