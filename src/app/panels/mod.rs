//! The panels: each reads by reference and asks by command.

pub mod inspector;
pub mod outline;
pub mod policies;
pub mod start;
pub mod status;
pub mod top_bar;
