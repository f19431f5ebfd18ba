//! `networking.k8s.io/v1` NetworkPolicy (semantics 2).

pub mod write;
