//! The part of the cells that is seen.

use std::ops::Range;

use egui::{Pos2, Rect, vec2};

/// Least and most width of a cell with its ports: narrower where all columns then have room. Five digits fit the least.
const WIDTHS: [f32; 2] = [46.0, 68.0];
/// Least width of a small cell, which has the sign of its verdict alone.
const SMALL: f32 = 24.0;
/// Least and most height of a cell: two lines of a row's name.
const HEIGHTS: [f32; 2] = [30.0, 36.0];
/// Most width of the names of rows.
pub(super) const NAMES: f32 = 168.0;
/// Before the names of rows, and between them and the cells.
pub(super) const MARGINS: [f32; 2] = [16.0, 12.0];
/// How far the last name leans out over its column.
pub(super) const LEAN_OUT: f32 = 40.0;
/// Space below the last row.
pub(super) const BELOW: f32 = 24.0;
/// Height of the names of columns.
pub(super) const TOP: f32 = 104.0;

/// Width and height of a cell, where so many rows and columns share so much room. Where they do not fit even if they are
/// small, they scroll, and need not be small.
pub(super) fn cell_size(room: egui::Vec2, count: usize) -> egui::Vec2 {
    let each = |room: f32| (room / count.max(1) as f32).floor();
    let fitting = |each: f32, least: f32, most: f32| match each < least {
        true => most,
        false => each.min(most),
    };
    let [least, most] = HEIGHTS;
    vec2(
        fitting(each(room.x - LEAN_OUT), SMALL, WIDTHS[1]),
        fitting(each(room.y - BELOW), least, most),
    )
}

/// Which part of the cells is seen.
pub(super) struct Shown {
    /// Where the cells are on the screen.
    pub(super) body: Rect,
    cell: egui::Vec2,
    offset: egui::Vec2,
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

impl Shown {
    pub(super) fn new(body: Rect, cell: egui::Vec2, offset: egui::Vec2, count: usize) -> Self {
        let range = |offset: f32, room: f32, cell: f32| {
            let first = (offset / cell).floor().max(0.0) as usize;
            let last = ((offset + room) / cell).ceil().max(0.0) as usize;
            first.min(count)..last.min(count)
        };
        Self {
            rows: range(offset.y, body.height(), cell.y),
            columns: range(offset.x, body.width(), cell.x),
            body,
            cell,
            offset,
        }
    }

    /// Whether cells have no space for their ports.
    pub(super) fn is_small(&self) -> bool {
        self.cell.x < WIDTHS[0]
    }

    pub(super) fn rect(&self, row: usize, column: usize) -> Rect {
        let at = vec2(column as f32, row as f32) * self.cell;
        Rect::from_min_size(self.body.min + at - self.offset, self.cell)
    }

    pub(super) fn cell_at(&self, at: Pos2) -> Option<(usize, usize)> {
        let place = (at - self.body.min + self.offset) / self.cell;
        let (row, column) = (place.y.floor() as usize, place.x.floor() as usize);
        let inside = self.rows.contains(&row) && self.columns.contains(&column);
        inside.then_some((row, column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_smaller_where_all_of_them_then_fit() {
        assert_eq!(cell_size(vec2(2000.0, 900.0), 15), vec2(68.0, 36.0));
        assert_eq!(cell_size(vec2(900.0, 900.0), 15), vec2(57.0, 36.0));
        assert_eq!(cell_size(vec2(500.0, 520.0), 15), vec2(30.0, 33.0));
        assert_eq!(
            cell_size(vec2(390.0, 470.0), 15),
            vec2(68.0, 36.0),
            "they scroll, so they need not be small"
        );
    }
}
