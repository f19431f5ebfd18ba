//! Queries on a project and the policies in force, one file each.

pub mod audit;
pub mod compare;
mod denied;
pub mod drawn;
pub mod enforcers;
pub mod explain;
pub mod exposure;
pub mod fidelity;
pub mod graph;
pub mod half_open;
pub mod invariants;
pub mod label_change;
pub mod party;
pub mod paths;
pub mod radius;
pub mod reach;
pub mod results;
pub mod sentences;
pub mod undrawn;
pub mod why;

#[cfg(test)]
mod laws;

pub use invariants::{Breach, Hop, Judged, Outcome};
pub use results::{Cache, Results, check, check_against, check_with};
