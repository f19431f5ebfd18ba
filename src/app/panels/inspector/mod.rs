//! The inspector.

use egui::Ui;

use crate::app::command::Commands;
use crate::app::view::View;
use crate::engine::Results;
use crate::model::Document;

/// Its state.
#[derive(Default)]
pub struct InspectorView {}

/// Shows it.
pub fn inspector_ui(_: &mut Ui, _: &Document, _: &Results, _: &mut View, _: &mut Commands) {}
