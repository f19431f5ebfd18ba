//! The part of the cells that is seen.

use std::ops::Range;

use egui::{Pos2, Rect, vec2};

/// Width and height of a cell.
pub(super) const CELL: egui::Vec2 = vec2(68.0, 36.0);
/// Width of the names of rows.
pub(super) const NAMES: f32 = 168.0;
/// Height of the names of columns.
pub(super) const TOP: f32 = 104.0;

/// Which part of the cells is seen.
pub(super) struct Shown {
    /// Where the cells are on the screen.
    pub(super) body: Rect,
    offset: egui::Vec2,
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

impl Shown {
    pub(super) fn new(body: Rect, offset: egui::Vec2, count: usize) -> Self {
        let range = |offset: f32, room: f32, cell: f32| {
            let first = (offset / cell).floor().max(0.0) as usize;
            let last = ((offset + room) / cell).ceil().max(0.0) as usize;
            first.min(count)..last.min(count)
        };
        Self {
            rows: range(offset.y, body.height(), CELL.y),
            columns: range(offset.x, body.width(), CELL.x),
            body,
            offset,
        }
    }

    pub(super) fn rect(&self, row: usize, column: usize) -> Rect {
        let at = vec2(column as f32, row as f32) * CELL;
        Rect::from_min_size(self.body.min + at - self.offset, CELL)
    }

    pub(super) fn cell_at(&self, at: Pos2) -> Option<(usize, usize)> {
        let place = (at - self.body.min + self.offset) / CELL;
        let (row, column) = (place.y.floor() as usize, place.x.floor() as usize);
        let inside = self.rows.contains(&row) && self.columns.contains(&column);
        inside.then_some((row, column))
    }
}
