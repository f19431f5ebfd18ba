//! The atoms: ends that no policy distinguishes, and which of them each expression matches.

pub(in crate::analysis) mod extents;
pub(in crate::analysis) mod future_pods;
pub(in crate::analysis) mod index;
pub(in crate::analysis) mod kinds;
pub(in crate::analysis) mod port_table;
pub(in crate::analysis) mod universe;
pub(in crate::analysis) mod vocabulary;
