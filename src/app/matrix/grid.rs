//! The cells, with names that stay visible: only the visible part is painted.

use egui::scroll_area::ScrollAreaOutput;
use egui::{Rect, Response, ScrollArea, Sense, Ui, UiBuilder, WidgetType, vec2};

use super::cells::{Painter, ports_of};
use super::shown::{CELL, NAMES, Shown, TOP};
use super::{Counters, KEPT, MatrixView, Mode, keyboard, matrix_id};
use crate::app::traffic::ShownTraffic;
use crate::app::widgets;
use crate::model::Document;
use crate::query::reach::AxisEntries;

/// Shows it; returns the entries of the queried cell.
pub(super) fn grid_ui(
    ui: &mut Ui,
    document: &Document,
    (entries, traffic): (&AxisEntries, Option<&ShownTraffic>),
    matrix: &mut MatrixView,
) -> Option<(usize, usize)> {
    let room = ui.max_rect();
    if matrix.order.entries.is_empty() {
        let text = match matrix.filter.trim().is_empty() {
            true => "No workloads yet. Add some on the canvas, or import manifests.",
            false => "No name matches the filter.",
        };
        let inner = room.shrink2(vec2(16.0, 8.0));
        ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| {
            widgets::empty(ui, text)
        });
        return None;
    }
    let body = Rect::from_min_max(room.min + vec2(NAMES, TOP), room.max);
    let count = matrix.order.entries.len();
    let page = ((body.height() / CELL.y) as usize).saturating_sub(1).max(1);
    let focus = ui.interact(body, matrix_id(), Sense::focusable_noninteractive());
    let enter = keyboard::keys(ui, &focus, matrix, page);
    let output = scrolled(ui, body, matrix, count);
    let shown = Shown::new(body, output.state.offset, count);
    ask_for_rows(matrix, &shown);
    let response = output.inner;
    let hovered = response.hover_pos().and_then(|at| shown.cell_at(at));
    let mut asked = enter.then_some(matrix.at);
    if response.clicked()
        && let Some(at) = response
            .interact_pointer_pos()
            .and_then(|at| shown.cell_at(at))
    {
        matrix.at = at;
        asked = Some(at);
        focus.request_focus();
    }
    let painter = Painter {
        ui,
        document,
        entries,
        traffic,
        matrix,
        shown: &shown,
        hovered,
        focused: focus.has_focus(),
    };
    let counters = painter.paint(room);
    matrix.counters = Counters {
        rows: matrix.rows.len(),
        ..counters
    };
    describe(
        document,
        (entries, traffic),
        matrix,
        &focus,
        &response,
        hovered,
    );
    let (row, column) = asked?;
    let entry = |at: usize| matrix.order.entries.get(at).copied();
    Some((entry(row)?, entry(column)?))
}

/// The area in which the cells scroll.
fn scrolled(
    ui: &mut Ui,
    body: Rect,
    matrix: &mut MatrixView,
    count: usize,
) -> ScrollAreaOutput<Response> {
    // The last name leans out over its column.
    let size = CELL * count as f32 + vec2(64.0, 24.0);
    let mut area = ScrollArea::both()
        .id_salt("matrix cells")
        .auto_shrink(false);
    if std::mem::take(&mut matrix.follow) {
        let id = ui.make_persistent_id("matrix cells");
        let offset =
            egui::scroll_area::State::load(ui.ctx(), id).map_or(egui::Vec2::ZERO, |s| s.offset);
        let at = vec2(matrix.at.1 as f32, matrix.at.0 as f32) * CELL;
        let follow = |offset: f32, at: f32, cell: f32, room: f32| {
            offset.min(at).max(at + cell + 52.0 - room).max(0.0)
        };
        let offset = vec2(
            follow(offset.x, at.x, CELL.x, body.width()),
            follow(offset.y, at.y, CELL.y, body.height()),
        );
        area = area.scroll_offset(offset);
    }
    ui.scope_builder(UiBuilder::new().max_rect(body), |ui| {
        area.show_viewport(ui, |ui, viewport| {
            ui.set_width(size.x);
            ui.set_height(size.y);
            let seen =
                Rect::from_min_size(ui.max_rect().min + viewport.min.to_vec2(), viewport.size());
            ui.interact(seen, ui.id().with("cells"), Sense::click())
        })
    })
    .inner
}

/// Requests the visible rows; caches a limited number of others.
fn ask_for_rows(matrix: &mut MatrixView, shown: &Shown) {
    let seen = matrix
        .order
        .entries
        .get(shown.rows.clone())
        .unwrap_or_default();
    let missing = seen.iter().filter(|entry| !matrix.rows.contains_key(entry));
    matrix.wanted = missing.copied().collect();
    if matrix.rows.len() > KEPT {
        let seen: std::collections::BTreeSet<usize> = seen.iter().copied().collect();
        matrix.rows.retain(|entry, _| seen.contains(entry));
    }
}

/// Describes the chosen and the hovered cell to screen readers and in tooltips.
fn describe(
    document: &Document,
    about: (&AxisEntries, Option<&ShownTraffic>),
    matrix: &MatrixView,
    focus: &Response,
    response: &Response,
    hovered: Option<(usize, usize)>,
) {
    let text = sentence(document, about, matrix, matrix.at);
    widgets::named(focus, WidgetType::Button, &format!("Matrix: {text}"));
    if let Some(at) = hovered {
        let text = sentence(document, about, matrix, at);
        response.clone().on_hover_text_at_pointer(text);
    }
}

/// `cart to postgres: allowed, but not drawn, TCP 5432; seen and allowed, not drawn`.
fn sentence(
    document: &Document,
    (entries, traffic): (&AxisEntries, Option<&ShownTraffic>),
    matrix: &MatrixView,
    (row, column): (usize, usize),
) -> String {
    let entry = |at: usize| matrix.order.entries.get(at).copied().unwrap_or_default();
    let (from, to) = (entry(row), entry(column));
    let name = |at: usize| {
        let node = entries.nodes(matrix.axis).get(at);
        node.map_or(String::new(), |node| document.end_words(&(*node).into()))
    };
    let pair = format!("{} to {}", name(from), name(to));
    let class = matrix.recorded(entries, traffic, (from, to));
    let recorded = class.map_or(String::new(), |class| format!("; {}", class.words()));
    let found = match matrix.cell(from, to) {
        _ if from == to => format!("{pair}: itself"),
        None if matrix.rows.contains_key(&from) => {
            format!("{pair}: no connection allowed or drawn")
        }
        None => format!("{pair}: not checked yet"),
        Some(cell) => {
            let verdict = cell.verdict().words().to_lowercase();
            format!("{pair}: {verdict}, {}", ports_of(cell, Mode::Allowed))
        }
    };
    found + &recorded
}
