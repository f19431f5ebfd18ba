//! YAML, both ways: reading with line and column, and writing policies with comments and lines recorded.

pub mod write;
