//! What every gate should allow, computed from the Document alone.

pub mod gates;
pub mod snapshot;
