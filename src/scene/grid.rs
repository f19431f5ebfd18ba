//! A bucket grid: finds the rectangles near a place without testing all of them.

use super::Rect;
use crate::sets::hash::{HashMap, HashMapExt};

/// Numbers of things by the cells that their rectangles touch.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    cell: f32,
    cells: HashMap<(i32, i32), Vec<u32>>,
}

impl Grid {
    /// An empty grid with square cells of that side.
    pub fn new(cell: f32) -> Self {
        Self {
            cell,
            cells: HashMap::new(),
        }
    }

    /// A grid of these rectangles, numbered in order.
    pub fn of(cell: f32, rects: impl IntoIterator<Item = Rect>) -> Self {
        let mut grid = Self::new(cell);
        for (number, rect) in rects.into_iter().enumerate() {
            grid.insert(number as u32, rect);
        }
        grid
    }

    /// Adds a thing.
    pub fn insert(&mut self, number: u32, rect: Rect) {
        for key in self.keys(rect) {
            self.cells.entry(key).or_default().push(number);
        }
    }

    /// Takes a thing away that was added with that rectangle.
    pub fn remove(&mut self, number: u32, rect: Rect) {
        for key in self.keys(rect) {
            if let Some(cell) = self.cells.get_mut(&key) {
                cell.retain(|&other| other != number);
            }
        }
    }

    /// Numbers of things whose cells the rectangle touches, once for each such cell. They may be a cell
    /// away: the caller tests exactly.
    pub fn around(&self, rect: Rect) -> impl Iterator<Item = u32> + use<'_> {
        let cells = self.keys(rect).filter_map(|key| self.cells.get(&key));
        cells.flatten().copied()
    }

    /// Numbers of things whose cells the rectangle touches, each once, in order. They may be a cell
    /// away: the caller tests exactly.
    pub fn near(&self, rect: Rect) -> Vec<u32> {
        let mut found: Vec<u32> = self.around(rect).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn keys(&self, rect: Rect) -> impl Iterator<Item = (i32, i32)> + use<> {
        let at = |v: f32| (v / self.cell).floor().clamp(-1e6, 1e6) as i32;
        let (x0, x1) = (at(rect.min.x), at(rect.max.x).min(at(rect.min.x) + 4000));
        let (y0, y1) = (at(rect.min.y), at(rect.max.y).min(at(rect.min.y) + 4000));
        (y0..=y1).flat_map(move |y| (x0..=x1).map(move |x| (x, y)))
    }
}
