//! Wire formats: parse, lower to [`crate::policy::Policy`], write.

pub mod network_policy;
