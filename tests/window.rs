//! The tests of the window, in one binary: linking is most of what a binary costs.
#![cfg(feature = "gui")]

mod corpus;
mod gui;
