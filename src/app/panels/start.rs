//! The first screen.

use egui::Ui;

use crate::app::command::Commands;
use crate::app::files::Files;

/// Shows it.
pub fn start_ui(_: &mut Ui, _: &Files, _: &mut Commands) {}
