//! What every gate should allow, computed from the document alone.

pub(crate) mod future_pods;
pub mod gates;
pub mod snapshot;
