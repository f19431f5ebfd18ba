//! Why a flow as a whole cannot be planned.

use crate::diag::Severity;
use crate::model::{Document, WorkloadId};
use crate::plan::identity::Unselectable;

/// Why a flow as a whole is left out: how bad that is, why, and what to do.
pub(super) struct Refusal(pub(super) Severity, pub(super) String, pub(super) String);

impl Refusal {
    pub(super) fn missing() -> Self {
        Self(
            Severity::Error,
            "one of its ends does not exist".to_owned(),
            "draw the flow between things that exist".to_owned(),
        )
    }

    pub(super) fn unselectable(
        document: &Document,
        workload: WorkloadId,
        why: &Unselectable,
    ) -> Self {
        Self(
            Severity::Warning,
            why.why(document, name_of(document, workload)),
            why.help().to_owned(),
        )
    }
}

/// The name of a workload; empty if there is none.
pub(super) fn name_of(document: &Document, workload: WorkloadId) -> &str {
    document.workloads.get(workload).map_or("", |w| &w.name)
}
