//! From a Document to the policies that allow what is drawn, and nothing else.

pub mod context;
pub mod expressibility;
pub mod generate;
pub mod identity;
pub mod names;

pub use expressibility::Unsaid;
pub use generate::{Generated, MANAGED_BY, Role, Written, generate};
