//! What every gate should allow, computed from the document alone.

pub mod gates;
pub mod snapshot;
