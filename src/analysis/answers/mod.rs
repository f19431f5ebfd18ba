//! Answers about one cluster.

pub mod chunks;
pub mod connections;
mod controllers;
pub mod domain_names;
pub mod exposure;
pub mod filter;
pub mod incremental;
pub mod isolation;
pub mod near_miss;
pub mod notes;
pub mod open_pods;
pub(in crate::analysis) mod pairs;
pub mod paths;
pub mod priority_conflicts;
pub mod query;
pub mod replicas;
pub mod routes;
pub mod service_backends;
pub mod service_exposure;
mod to_domains;
