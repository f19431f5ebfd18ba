//! The first screen: open, begin, examples, recent.

use egui::Ui;

use crate::app::command::Commands;
use crate::app::files::Files;
use crate::app::preferences::Preferences;

/// Shows it.
pub fn start_ui(_: &mut Ui, _: &Files, _: &Preferences, _: &mut Commands) {}
