//! What two sides say differently, in one universe.

pub mod change;
pub(in crate::analysis) mod changed;
pub mod changes;
pub mod compare;
pub mod difference;
pub(in crate::analysis) mod merged;
pub(in crate::analysis) mod prospects;
pub(in crate::analysis) mod units;
pub(in crate::analysis) mod ways;
