//! Answers as text and JSON, one file for each kind of answer.

pub mod assumed;
pub mod diff;
mod ends;
mod escape;
pub mod explain;
pub mod exposure;
pub mod findings;
pub mod list;
mod openings;
pub mod paths;
pub mod verify;
