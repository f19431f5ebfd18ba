//! The policies.

use egui::Ui;

use crate::app::command::Commands;
use crate::app::view::View;
use crate::engine::Results;
use crate::model::Document;

/// Its state.
#[derive(Default)]
pub struct PoliciesView {}

/// Shows it.
pub fn policies_ui(_: &mut Ui, _: &Document, _: &Results, _: &mut View, _: &mut Commands) {}
