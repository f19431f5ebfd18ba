//! To be written.

pub mod tokens;
