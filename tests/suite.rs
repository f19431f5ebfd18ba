//! All tests from outside that need no window, in one binary: linking is most of what a binary costs.

mod cli;
mod corpus;
mod properties;
mod truth;
