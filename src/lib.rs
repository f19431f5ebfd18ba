//! Drawbridge: draw the traffic that should exist, get the network policies that allow exactly that.

pub mod analysis;
#[cfg(feature = "gui")]
pub mod app;
pub mod cli;
pub mod cluster;
pub mod diag;
pub mod dialect;
pub mod engine;
pub mod lint;
pub mod manifest;
pub mod model;
pub mod policy;
pub mod project;
pub mod report;
pub mod scene;
pub mod sets;
pub mod yaml;
