//! Differences between two sides, in one universe.

pub mod change;
pub(in crate::analysis) mod changed;
pub mod changes;
pub mod compare;
pub mod conditions;
pub mod difference;
pub mod future_gates;
pub(in crate::analysis) mod future_subjects;
pub(in crate::analysis) mod merge;
pub mod named;
pub(in crate::analysis) mod policies;
pub(in crate::analysis) mod units;
pub(in crate::analysis) mod ways;
