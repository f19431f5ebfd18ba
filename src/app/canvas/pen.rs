//! The pen that displays draw with: shapes at a zoom, around an origin.

use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Color32, FontId, Galley, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2};

use crate::app::theme;
use crate::scene;
use crate::scene::tokens::{Palette, Theme};

/// What cached shapes depend on beside the object itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Made {
    /// The zoom they were made for.
    pub zoom: f32,
    /// The colours.
    pub theme: Theme,
    /// Changes when egui drops its glyph cache.
    pub glyphs: u64,
}

/// The scene's rectangle as egui has it.
pub fn rect(rect: scene::Rect) -> Rect {
    Rect::from_min_max(pos2(rect.min.x, rect.min.y), pos2(rect.max.x, rect.max.y))
}

/// Collects shapes at a zoom, around an origin.
pub struct Pen<'a> {
    painter: &'a Painter,
    /// Screen points for each scene point.
    pub zoom: f32,
    /// The colours.
    pub palette: &'static Palette,
    /// What came of it.
    pub shapes: Vec<Shape>,
}

impl<'a> Pen<'a> {
    /// A pen for these conditions.
    pub fn new(painter: &'a Painter, made: Made) -> Self {
        Self {
            painter,
            zoom: made.zoom,
            palette: made.theme.palette(),
            shapes: Vec::new(),
        }
    }

    /// A point of the scene.
    pub fn at(&self, x: f32, y: f32) -> Pos2 {
        pos2(x * self.zoom, y * self.zoom)
    }

    /// A rectangle of the scene.
    pub fn scaled(&self, rect: scene::Rect) -> Rect {
        Rect::from_min_max(
            self.at(rect.min.x, rect.min.y),
            self.at(rect.max.x, rect.max.y),
        )
    }

    /// A filled rectangle with a border; the radius is in scene points.
    pub fn rect(&mut self, rect: Rect, radius: f32, fill: Color32, border: Stroke) {
        let radius = (radius * self.zoom).min(rect.height() / 2.0);
        self.shapes.push(Shape::rect_filled(rect, radius, fill));
        if border.width > 0.0 {
            self.shapes
                .push(Shape::rect_stroke(rect, radius, border, StrokeKind::Inside));
        }
    }

    /// One line of text.
    pub fn layout(&self, text: &str, font: FontId, color: Color32) -> Arc<Galley> {
        self.painter.layout_no_wrap(text.to_owned(), font, color)
    }

    /// One line of text with its middle at `y`, from `x` on; its width on the screen.
    pub fn text(&mut self, x: f32, y: f32, text: &str, font: FontId, color: Color32) -> f32 {
        let galley = self.layout(text, font, color);
        let size = galley.size();
        let place = pos2(x, y - size.y / 2.0);
        self.shapes.push(Shape::galley(place, galley, color));
        size.x
    }

    /// One line of text, vertically centred in a rectangle and truncated to its width.
    pub fn truncated(&mut self, room: Rect, text: &str, font: FontId, color: Color32) {
        let mut job = LayoutJob::simple_singleline(text.to_owned(), font, color);
        job.wrap = TextWrapping::truncate_at_width(room.width().max(0.0));
        let galley = self.painter.layout_job(job);
        let place = pos2(room.left(), room.center().y - galley.size().y / 2.0);
        self.shapes.push(Shape::galley(place, galley, color));
    }

    /// An icon around a middle; the size is in scene points.
    pub fn icon(&mut self, middle: Pos2, icon: &str, size: f32, color: Color32) {
        let font = theme::icon(self.size(size));
        let galley = self.layout(icon, font, color);
        let place = middle - galley.size() / 2.0;
        self.shapes.push(Shape::galley(place, galley, color));
    }

    /// A text size at this zoom, in quarter points, so that egui caches few sizes of each glyph.
    pub fn size(&self, size: f32) -> f32 {
        (size * self.zoom * 4.0).round().max(4.0) / 4.0
    }
}
