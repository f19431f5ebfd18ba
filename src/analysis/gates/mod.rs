//! What policies allow at the gate of a pod.

pub(in crate::analysis) mod future;
pub(in crate::analysis) mod gate_table;
pub(in crate::analysis) mod rows;
pub(in crate::analysis) mod side_extents;
pub(in crate::analysis) mod tiers;
