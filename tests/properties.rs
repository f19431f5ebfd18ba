//! Laws of the set algebra, and the fast analysis held against the plain evaluator on random clusters.

#[path = "properties/random.rs"]
mod random;

#[path = "properties/sets.rs"]
mod sets;

#[path = "properties/domains.rs"]
mod domains;

#[path = "properties/analysis.rs"]
mod analysis;

#[path = "properties/paths.rs"]
mod paths;

#[path = "properties/changes.rs"]
mod changes;

#[path = "properties/asking.rs"]
mod asking;

#[path = "properties/openings.rs"]
mod openings;
