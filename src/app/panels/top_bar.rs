//! The top bar.

use egui::Ui;

use crate::app::command::Commands;
use crate::app::files::Files;
use crate::app::preferences::Preferences;
use crate::app::view::View;
use crate::model::History;

/// Shows it.
pub fn top_bar_ui(
    _: &mut Ui,
    _: &History,
    _: &Files,
    _: &Preferences,
    _: &mut View,
    _: &mut Commands,
) {
}
