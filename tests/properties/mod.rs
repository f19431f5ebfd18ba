//! Properties of the set algebra, and the fast analysis compared with the plain evaluator on random
//! clusters.

mod adopt;
mod analysis;
mod changes;
mod convert;
mod domains;
mod imports;
mod paths;
mod queries;
mod random;
mod service_exposure;
mod sets;
