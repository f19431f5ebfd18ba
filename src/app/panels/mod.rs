//! The panels: each reads by reference and acts by commands.

pub mod audit;
pub mod compare;
pub mod fidelity;
pub mod inspector;
pub mod lesson;
mod menu;
pub mod outline;
pub mod policies;
pub mod problems;
pub mod radius;
pub mod reach;
pub mod side;
pub mod start;
pub mod status;
pub mod top_bar;
pub mod traffic;
pub mod why;

pub use menu::text_of;
