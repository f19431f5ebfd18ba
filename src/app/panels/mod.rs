//! The panels: each reads by reference and acts by commands.

pub mod audit;
pub mod compare;
pub mod fidelity;
pub mod inspector;
pub mod lesson;
mod menu;
mod menu_keys;
pub mod outline;
pub mod policies;
pub mod problems;
pub mod radius;
pub mod rail;
pub mod reach;
pub mod side;
pub mod start;
pub mod status;
pub mod top_bar;
pub mod traffic;
pub mod why;

pub use menu::text_of;

use crate::model::NodeRef;
use crate::query::why::PairVerdict;

/// The tabs below the inspector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The problems.
    Problems,
    /// The text of the policies.
    #[default]
    Policies,
    /// Who reaches the selection, and what it reaches.
    Reach,
    /// Why a connection is allowed or not.
    Why,
    /// Connections that open or close, compared with an older version.
    Compare,
    /// Recorded traffic beside the drawing.
    Traffic,
}

/// A connection explained in the side panel.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownConnection {
    /// Its source, if that is on the canvas.
    pub from: Option<NodeRef>,
    /// Its destination, if that is on the canvas.
    pub to: Option<NodeRef>,
    /// Its port, as text.
    pub label: String,
    /// Its verdict.
    pub verdict: PairVerdict,
}
