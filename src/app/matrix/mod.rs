//! The matrix: who reaches whom, from rows to columns, in place of the canvas. Rows are made by a
//! worker when they are seen, and only what is seen is painted.

mod cells;
mod grid;
mod head;
mod keyboard;
mod order;
mod shown;

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Id, Rect, Ui, UiBuilder, pos2};

use super::command::{Command, Commands};
use super::jobs::{Memo, Pool};
use super::theme::{self, color};
use super::view::View;
use crate::model::{Document, NodeRef};
use crate::query::Results;
use crate::query::reach::{Axis, AxisEntries, Cell, ReachMatrix, Row};

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

/// Has workers make what the matrix shows.
pub fn keep(results: &Arc<Results>, view: &mut View, pool: &Pool) {
    let number = view.results_number;
    let reach = view.reach_matrix.clone();
    let matrix = &mut view.matrix;
    let axis = matrix.axis;
    matrix.begin(number);
    let ask = || (reach.clone(), Arc::clone(results));
    let (shared, of) = ask();
    matrix.entries.keep(number, pool, move |_| {
        shared.ask(number, &of, |reach| Arc::new(reach.entries().clone()))
    });
    if matrix.sort == Sort::Peers {
        let (shared, of) = ask();
        matrix.peers.keep((number, axis), pool, move |cancel| {
            shared.ask(number, &of, |reach| peers(reach, axis, &|| cancel.is_set()))
        });
    }
    let seats_are_new = matches!(matrix.entries.answer(), Some((of, _)) if *of == number);
    if !seats_are_new || matrix.wanted.is_empty() {
        return;
    }
    let (shared, of) = ask();
    // During scrolling, the running request is finished first.
    let key = match matrix.maker.asked() {
        Some(asked) if matrix.maker.busy() && (asked.0, asked.1) == (number, axis) => asked.clone(),
        _ => {
            let chunk = matrix.wanted.iter().take(CHUNK);
            (number, axis, chunk.copied().collect())
        }
    };
    let wanted = key.2.clone();
    let fresh = matrix.maker.keep(key, pool, move |cancel| {
        let make = |reach: &mut ReachMatrix| {
            let rows = wanted.into_iter().take_while(|_| !cancel.is_set());
            let made = rows.map(|entry| (entry, reach.shared_row(axis, entry)));
            made.collect::<Vec<_>>()
        };
        shared.ask(number, &of, make)
    });
    if let (true, Some(((of, on, _), made))) = (fresh, matrix.maker.answer())
        && (*of, *on) == (number, axis)
    {
        matrix.rows.extend(made.iter().cloned());
        matrix.wanted.clear();
        pool.request_repaint();
    }
}

/// How many others each entry reaches or is reached by.
fn peers(reach: &mut ReachMatrix, axis: Axis, stop: &dyn Fn() -> bool) -> Vec<usize> {
    let count = reach.entries().len(axis);
    let mut found = vec![0; count];
    for from in 0..count {
        if stop() {
            break;
        }
        for (to, cell) in reach.shared_row(axis, from) {
            if !cell.allowed.is_empty() {
                found[from] += 1;
                if let Some(other) = found.get_mut(to as usize) {
                    *other += 1;
                }
            }
        }
    }
    found
}

/// Shows it.
pub fn matrix_ui(ui: &mut Ui, document: &Document, view: &mut View, commands: &mut Commands) {
    let room = ui.available_rect_before_wrap();
    let palette = theme::palette(ui.ctx());
    ui.painter().rect_filled(room, 0.0, color(palette.canvas));
    let head = Rect::from_min_max(room.min, pos2(room.right(), room.top() + head::HEIGHT));
    ui.scope_builder(UiBuilder::new().max_rect(head), |ui| {
        head::head_ui(ui, &mut view.matrix, &mut view.center);
    });
    let Some(entries) = view.matrix.entries.answer().map(|(_, s)| Arc::clone(s)) else {
        return;
    };
    let matrix = &mut view.matrix;
    let peers = match (matrix.sort, matrix.peers.answer()) {
        (Sort::Peers, Some((_, peers))) => peers.as_slice(),
        _ => &[],
    };
    let key = order::OrderKey {
        document,
        entries: &entries,
        axis: matrix.axis,
        sort: matrix.sort,
        filter: &matrix.filter,
        number: view.results_number,
        peers,
    };
    matrix.order.update(key);
    let last = matrix.order.entries.len().saturating_sub(1);
    matrix.at = (matrix.at.0.min(last), matrix.at.1.min(last));
    let below = Rect::from_min_max(pos2(room.left(), head.bottom()), room.max);
    ui.scope_builder(UiBuilder::new().max_rect(below), |ui| {
        ui.set_clip_rect(below.intersect(ui.clip_rect()));
        if let Some((row, column)) = grid::grid_ui(ui, document, &entries, matrix) {
            commands.extend_why(document, &entries, matrix, row, column);
        }
    });
}

impl Commands {
    /// Opens Why for a cell.
    fn extend_why(
        &mut self,
        document: &Document,
        entries: &AxisEntries,
        matrix: &MatrixView,
        row: usize,
        column: usize,
    ) {
        let nodes = entries.nodes(matrix.axis);
        let (Some(from), Some(to)) = (nodes.get(row), nodes.get(column)) else {
            return;
        };
        let outside = |node: &NodeRef| matches!(node, NodeRef::External(_));
        if row == column || (outside(from) && outside(to)) {
            return;
        }
        let port = matrix.cell(row, column).and_then(|cell| cell.example());
        let port = port.map(|(protocol, port)| format!("{protocol}/{port}"));
        self.push(Command::Why {
            from: document.end_words(&(*from).into()),
            to: document.end_words(&(*to).into()),
            port: port.unwrap_or_default(),
        });
    }
}
