//! The canvas: draws the scene and takes the gestures.

use egui::Ui;

use super::command::{Command, Commands};
use super::view::View;
use crate::engine::Results;
use crate::model::Document;

/// Pan, zoom and gestures of the canvas.
#[derive(Default)]
pub struct CanvasView {}

impl CanvasView {
    /// The zoom, 1.0 at actual size.
    pub fn zoom(&self) -> f32 {
        1.0
    }
}

/// Shows the canvas.
pub fn canvas_ui(_: &mut Ui, _: &Document, _: &Results, _: &mut View, _: &mut Commands) {}

/// Runs the commands that belong to the canvas (zoom, fit, add, draw, reveal, rename, copy, ...), at the end
/// of the frame; says whether this was one of them. Changes of the Document are asked for through `commands`.
pub fn perform(_: &Command, _: &Document, _: &mut View, _: &mut Commands) -> bool {
    false
}
