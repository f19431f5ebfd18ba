//! Has workers make what the matrix shows, and shows it.

use std::sync::Arc;

use egui::{Rect, Ui, UiBuilder, pos2};

use super::{CHUNK, MatrixView, Sort, grid, head, order};
use crate::app::command::{Command, Commands};
use crate::app::jobs::Pool;
use crate::app::theme::{self, color};
use crate::app::view::View;
use crate::app::widgets;
use crate::model::{Document, End, NodeRef};
use crate::query::Results;
use crate::query::reach::{Axis, AxisEntries, ReachMatrix};

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
    let bottom = room.top() + head::height(room.width());
    let head = Rect::from_min_max(room.min, pos2(room.right(), bottom));
    ui.scope_builder(UiBuilder::new().max_rect(head), |ui| {
        head::head_ui(ui, &mut view.matrix, &mut view.center);
    });
    let below = Rect::from_min_max(pos2(room.left(), head.bottom()), room.max);
    let Some(entries) = view.matrix.entries.answer().map(|(_, s)| Arc::clone(s)) else {
        ui.scope_builder(UiBuilder::new().max_rect(below.shrink(16.0)), |ui| {
            widgets::faint(ui, "Computing…");
        });
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
    ui.scope_builder(UiBuilder::new().max_rect(below), |ui| {
        ui.set_clip_rect(below.intersect(ui.clip_rect()));
        let about = (&*entries, view.traffic.shown());
        if let Some((row, column)) = grid::grid_ui(ui, document, about, matrix) {
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
        let has_gate = |node: &NodeRef| End::from(*node).has_gate();
        if row == column || !(has_gate(from) || has_gate(to)) {
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
