//! Laws of the set algebra, and the fast analysis held against the plain evaluator on random clusters.

mod analysis;
mod asking;
mod changes;
mod domains;
mod openings;
mod paths;
mod random;
mod sets;
