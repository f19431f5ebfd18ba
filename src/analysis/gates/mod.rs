//! What policies say at the gate of a pod.

pub(in crate::analysis) mod future;
pub(in crate::analysis) mod gate_table;
pub(in crate::analysis) mod rows;
pub(in crate::analysis) mod sides;
pub(in crate::analysis) mod tiers;
