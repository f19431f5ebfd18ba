//! Answers about one cluster.

pub mod ask;
pub(in crate::analysis) mod behind;
pub mod connections;
pub mod exposure;
pub mod filter;
pub mod isolation;
pub mod kept;
pub mod miss;
pub mod notes;
pub mod openings;
pub(in crate::analysis) mod pairs;
pub mod parts;
pub mod paths;
pub mod routes;
pub mod ties;
