//! The matrix: who reaches whom, from rows to columns, in place of the canvas. Rows are made by a
//! worker when they are seen, and only what is seen is painted.

mod cells;
mod grid;
mod head;
mod keyboard;
mod order;
pub mod panel;
mod shown;

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Id, Rect, Ui};

use super::jobs::Memo;
use super::traffic::ShownTraffic;
use crate::model::{NodeRef, TrafficClass};
use crate::query::reach::{Axis, AxisEntries, Cell, Row};

/// Whether the window shows canvas or matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Center {
    /// The canvas.
    #[default]
    Canvas,
    /// The reachability matrix.
    Matrix,
}

/// Which cells are filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What is allowed, and what should be.
    #[default]
    Allowed,
    /// What is drawn.
    Drawn,
    /// Where the two differ.
    Differences,
}

/// The order of rows and columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By namespace, then name.
    #[default]
    Namespace,
    /// By name.
    Name,
    /// By number of peers, most first.
    Peers,
}

/// Counters of a frame of the matrix, so that a test can check that they are bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Cells painted.
    pub cells: usize,
    /// Names painted.
    pub names: usize,
    /// Cached rows.
    pub rows: usize,
}

/// How many rows are cached at most besides the visible ones.
const KEPT: usize = 512;

/// Of which results, of what, and which rows, by entry.
type Rows = (u64, Axis, Vec<usize>);

/// How many rows are made at once.
const CHUNK: usize = 16;

/// Its state.
#[derive(Default)]
pub struct MatrixView {
    /// Workloads or namespaces.
    pub axis: Axis,
    /// Which cells are filled.
    pub mode: Mode,
    /// The order.
    pub sort: Sort,
    /// What names must contain.
    pub filter: String,
    /// The row and the column of the cell that is chosen, by their places on the screen.
    pub at: (usize, usize),
    /// Counters of the last frame.
    pub counters: Counters,
    /// Brings the chosen cell into view.
    follow: bool,
    wants_keyboard: bool,
    wants_filter: bool,
    entries: Memo<u64, Arc<AxisEntries>>,
    peers: Memo<(u64, Axis), Vec<usize>>,
    order: order::Order,
    rows: BTreeMap<usize, Row>,
    rows_for: Option<(u64, Axis)>,
    /// Rows that are seen and not known, by entry.
    wanted: Vec<usize>,
    maker: Memo<Rows, Vec<(usize, Row)>>,
}

/// The matrix has the keyboard under this id.
pub fn matrix_id() -> Id {
    Id::new("matrix")
}

impl MatrixView {
    /// Focuses the matrix when it is shown next.
    pub fn open(&mut self) {
        self.wants_keyboard = true;
    }

    /// Focuses the filter.
    pub fn find(&mut self) {
        self.wants_filter = true;
    }

    /// Starts with the results of that number; drops rows of others.
    fn begin(&mut self, number: u64) {
        if self.rows_for != Some((number, self.axis)) {
            self.rows_for = Some((number, self.axis));
            self.rows.clear();
            self.wanted.clear();
        }
    }

    /// The cell between two entries, if its row is known and there is something in it.
    fn cell(&self, from: usize, to: usize) -> Option<&Arc<Cell>> {
        let row = self.rows.get(&from)?;
        let to = u32::try_from(to).ok()?;
        let at = row.binary_search_by_key(&to, |(column, _)| *column).ok()?;
        row.get(at).map(|(_, cell)| cell)
    }

    /// The class of recorded traffic between two entries.
    fn recorded(
        &self,
        entries: &AxisEntries,
        shown: Option<&ShownTraffic>,
        (from, to): (usize, usize),
    ) -> Option<TrafficClass> {
        let nodes = entries.nodes(self.axis);
        shown?.between(*nodes.get(from)?, *nodes.get(to)?)
    }

    /// The chosen cell: its row, its column, and what is in it.
    pub fn chosen(&self) -> Option<(NodeRef, NodeRef, Option<Arc<Cell>>)> {
        let (_, entries) = self.entries.answer()?;
        let nodes = entries.nodes(self.axis);
        let row = *self.order.entries.get(self.at.0)?;
        let column = *self.order.entries.get(self.at.1)?;
        let cell = self.cell(row, column).cloned();
        Some((*nodes.get(row)?, *nodes.get(column)?, cell))
    }
}

/// The switch to the matrix, on the canvas.
pub fn canvas_switch_ui(ui: &mut Ui, room: Rect) -> Option<Center> {
    head::switch_ui(ui, head::switch_rect(room), Center::Canvas)
}
