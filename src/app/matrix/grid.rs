//! The cells, with names that stay visible: only the visible part is painted.

use egui::scroll_area::ScrollAreaOutput;
use egui::style::ScrollStyle;
use egui::{Rect, Response, ScrollArea, Sense, Ui, UiBuilder, WidgetType, vec2};

use super::cells::{Painter, ports_of};
use super::shown::{BELOW, LEAN_OUT, MARGINS, NAMES, Shown, TOP, cell_size};
use super::{Counters, KEPT, MatrixView, Mode, keyboard, matrix_id};
use crate::app::theme;
use crate::app::traffic::ShownTraffic;
use crate::app::widgets;
use crate::model::Document;
use crate::query::reach::AxisEntries;
use crate::scene::tokens;

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
    let names = names_width(ui, document, matrix);
    let body = Rect::from_min_max(room.min + vec2(names, TOP), room.max);
    let count = matrix.order.entries.len();
    let bar = ScrollStyle::solid().allocated_width();
    let cell = cell_size(body.size() - vec2(bar, bar), count);
    let page = ((body.height() / cell.y) as usize).saturating_sub(1).max(1);
    let focus = ui.interact(body, matrix_id(), Sense::focusable_noninteractive());
    let enter = keyboard::keys(ui, &focus, matrix, page);
    let output = scrolled(ui, (body, cell), matrix, count);
    // Without the scroll bars.
    let body = output.inner_rect;
    let shown = Shown::new(body, cell, output.state.offset, count);
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

/// The width of the names of rows: what the longest names need.
fn names_width(ui: &Ui, document: &Document, matrix: &MatrixView) -> f32 {
    let names = matrix.order.names.iter().map(String::as_str);
    let spaces = document
        .namespaces
        .iter()
        .map(|(_, space)| space.name.as_str());
    let longest = |name: Option<&str>, size: f32| {
        let name = name.unwrap_or_default().to_owned();
        let galley =
            ui.painter()
                .layout_no_wrap(name, theme::sans(size), egui::Color32::PLACEHOLDER);
        galley.size().x
    };
    let count = |name: &&str| name.chars().count();
    let name = longest(names.max_by_key(count), tokens::TEXT_NORMAL);
    let space = longest(spaces.max_by_key(count), tokens::TEXT_TINY);
    // The one with the most letters need not be the widest one.
    let widest = name.max(space) * 1.1;
    let [left, right] = MARGINS;
    (widest + left + right).ceil().min(NAMES)
}

/// The area in which the cells scroll. Its bars are always visible where there is more: what is painted would cover
/// floating ones.
fn scrolled(
    ui: &mut Ui,
    (body, cell): (Rect, egui::Vec2),
    matrix: &mut MatrixView,
    count: usize,
) -> ScrollAreaOutput<Response> {
    let size = cell * count as f32 + vec2(LEAN_OUT, BELOW);
    let mut area = ScrollArea::both()
        .id_salt("matrix cells")
        .auto_shrink(false);
    if std::mem::take(&mut matrix.follow) {
        let id = ui.make_persistent_id("matrix cells");
        let offset =
            egui::scroll_area::State::load(ui.ctx(), id).map_or(egui::Vec2::ZERO, |s| s.offset);
        let at = vec2(matrix.at.1 as f32, matrix.at.0 as f32) * cell;
        let follow = |offset: f32, at: f32, cell: f32, room: f32| {
            offset.min(at).max(at + cell + 52.0 - room).max(0.0)
        };
        let offset = vec2(
            follow(offset.x, at.x, cell.x, body.width()),
            follow(offset.y, at.y, cell.y, body.height()),
        );
        area = area.scroll_offset(offset);
    }
    ui.scope_builder(UiBuilder::new().max_rect(body), |ui| {
        ui.spacing_mut().scroll = ScrollStyle::solid();
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
