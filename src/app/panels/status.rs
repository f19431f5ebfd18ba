//! The status bar.

use egui::Ui;

use crate::app::command::Commands;
use crate::app::view::View;
use crate::engine::Results;
use crate::model::Document;

/// Shows it.
pub fn status_ui(_: &mut Ui, _: &Document, _: &Results, _: &mut View, _: &mut Commands) {}
