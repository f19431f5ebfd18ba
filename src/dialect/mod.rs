//! Wire formats: parse, validate as the API server does, lower to [`crate::policy::Policy`], write.

pub mod cidr;
pub mod fields;
pub mod names;
pub mod network_policy;
pub mod refusal;
pub mod selector;
