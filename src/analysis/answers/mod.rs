//! Answers about one cluster.

pub mod connections;
pub mod exposure;
pub mod filter;
pub mod isolation;
pub mod kept;
pub mod near_miss;
pub mod notes;
pub mod openings;
pub(in crate::analysis) mod pairs;
pub mod parts;
pub mod paths;
pub mod priority_conflicts;
pub mod query;
pub mod routes;
pub(in crate::analysis) mod service_backends;
