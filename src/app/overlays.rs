//! What lies over the window: palette, keys, questions, export.

use egui::Context;

use super::state::App;

/// What lies over the window; one at a time.
pub enum Overlay {
    /// The list of keys.
    Keys,
}

/// Shows what lies over the window.
pub fn overlays_ui(_: &mut App, _: &Context) {}
