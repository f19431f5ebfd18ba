//! The cells, with names that stay in sight: only what is seen is painted.

use std::ops::Range;

use egui::epaint::TextShape;
use egui::scroll_area::ScrollAreaOutput;
use egui::{
    Align2, Pos2, Rect, Response, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, UiBuilder,
    WidgetType, pos2, vec2,
};

use super::{Counters, KEPT, MatrixView, Mode, keyboard, matrix_id};
use crate::app::theme::{self, color};
use crate::app::{standing, widgets};
use crate::engine::reach::{Axis, Cell, Seats};
use crate::engine::why::Standing;
use crate::model::{Document, NodeRef};
use crate::scene::tokens;
use crate::sets::{PortSet, Protocol};

/// Width and height of a cell.
const CELL: egui::Vec2 = vec2(68.0, 36.0);
/// Width of the names of rows.
const NAMES: f32 = 168.0;
/// Height of the names of columns.
const TOP: f32 = 104.0;
/// How the names of columns lean, in radians.
const LEAN: f32 = -0.72;

/// Shows it; gives the seats of a cell that is asked about.
pub(super) fn grid_ui(
    ui: &mut Ui,
    document: &Document,
    seats: &Seats,
    matrix: &mut MatrixView,
) -> Option<(usize, usize)> {
    let room = ui.max_rect();
    if matrix.order.seats.is_empty() {
        let text = match matrix.filter.trim().is_empty() {
            true => "Nothing to compare yet: add workloads on the canvas, or import manifests.",
            false => "Nothing has a name with that in it.",
        };
        let inner = room.shrink2(vec2(16.0, 8.0));
        ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| {
            widgets::empty(ui, text)
        });
        return None;
    }
    let body = Rect::from_min_max(room.min + vec2(NAMES, TOP), room.max);
    let count = matrix.order.seats.len();
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
        seats,
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
    tell(document, seats, matrix, &focus, &response, hovered);
    let (row, column) = asked?;
    let seat = |at: usize| matrix.order.seats.get(at).copied();
    Some((seat(row)?, seat(column)?))
}

/// The room in which the cells scroll.
fn scrolled(
    ui: &mut Ui,
    body: Rect,
    matrix: &mut MatrixView,
    count: usize,
) -> ScrollAreaOutput<Response> {
    let size = CELL * count as f32 + vec2(32.0, 24.0);
    let mut area = ScrollArea::both()
        .id_salt("matrix cells")
        .auto_shrink(false);
    if std::mem::take(&mut matrix.follow) {
        let id = ui.make_persistent_id("matrix cells");
        let offset =
            egui::scroll_area::State::load(ui.ctx(), id).map_or(egui::Vec2::ZERO, |s| s.offset);
        let at = vec2(matrix.at.1 as f32, matrix.at.0 as f32) * CELL;
        let follow = |offset: f32, at: f32, cell: f32, room: f32| {
            offset.min(at).max(at + cell + 12.0 - room).max(0.0)
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

/// Which part of the cells is seen.
struct Shown {
    body: Rect,
    offset: egui::Vec2,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Shown {
    fn new(body: Rect, offset: egui::Vec2, count: usize) -> Self {
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

    fn rect(&self, row: usize, column: usize) -> Rect {
        let at = vec2(column as f32, row as f32) * CELL;
        Rect::from_min_size(self.body.min + at - self.offset, CELL)
    }

    fn cell_at(&self, at: Pos2) -> Option<(usize, usize)> {
        let place = (at - self.body.min + self.offset) / CELL;
        let (row, column) = (place.y.floor() as usize, place.x.floor() as usize);
        let inside = self.rows.contains(&row) && self.columns.contains(&column);
        inside.then_some((row, column))
    }
}

/// Has the rows made that are seen; of the others only so many are kept.
fn ask_for_rows(matrix: &mut MatrixView, shown: &Shown) {
    let seen = matrix
        .order
        .seats
        .get(shown.rows.clone())
        .unwrap_or_default();
    let missing = seen.iter().filter(|seat| !matrix.rows.contains_key(seat));
    matrix.wanted = missing.copied().collect();
    if matrix.rows.len() > KEPT {
        let seen: std::collections::BTreeSet<usize> = seen.iter().copied().collect();
        matrix.rows.retain(|seat, _| seen.contains(seat));
    }
}

/// Tells screen readers and tooltips what the chosen and the hovered cell say.
fn tell(
    document: &Document,
    seats: &Seats,
    matrix: &MatrixView,
    focus: &Response,
    response: &Response,
    hovered: Option<(usize, usize)>,
) {
    let text = sentence(document, seats, matrix, matrix.at);
    widgets::named(focus, WidgetType::Button, &format!("Matrix: {text}"));
    if let Some(at) = hovered {
        let text = sentence(document, seats, matrix, at);
        response.clone().on_hover_text_at_pointer(text);
    }
}

/// `cart to postgres: allowed, but not drawn, TCP 5432`.
fn sentence(
    document: &Document,
    seats: &Seats,
    matrix: &MatrixView,
    (row, column): (usize, usize),
) -> String {
    let seat = |at: usize| matrix.order.seats.get(at).copied().unwrap_or_default();
    let (from, to) = (seat(row), seat(column));
    let name = |at: usize| {
        let node = seats.nodes(matrix.axis).get(at);
        node.map_or(String::new(), |node| document.end_words(&(*node).into()))
    };
    let pair = format!("{} to {}", name(from), name(to));
    match matrix.cell(from, to) {
        _ if from == to => format!("{pair}: itself"),
        None if matrix.rows.contains_key(&from) => format!("{pair}: nothing"),
        None => format!("{pair}: not known yet"),
        Some(cell) => {
            let standing = cell.standing().words().to_lowercase();
            format!("{pair}: {standing}, {}", ports_of(cell, Mode::Allowed))
        }
    }
}

/// The ports that a cell shows.
fn ports_of(cell: &Cell, mode: Mode) -> &PortSet {
    match (mode, cell.standing()) {
        (Mode::Drawn, _) => &cell.drawn,
        (_, Standing::Blocked) => &cell.blocked,
        (_, Standing::Unsaid) => &cell.unsaid,
        (Mode::Differences, Standing::NotDrawn) => &cell.wide,
        _ => &cell.allowed,
    }
}

/// `5432`, `53/UDP`, `any`, `80 +2`.
pub(super) fn short(ports: &PortSet) -> String {
    if ports.is_all() {
        return "any".to_owned();
    }
    let each = Protocol::ALL.into_iter().flat_map(|protocol| {
        let ranges = ports.ranges(protocol);
        ranges.map(move |(first, last)| {
            let number = match (first, last) {
                (1, u16::MAX) => return protocol.to_string(),
                _ if first == last => first.to_string(),
                _ => format!("{first}-{last}"),
            };
            match protocol {
                Protocol::Tcp => number,
                other => format!("{number}/{other}"),
            }
        })
    });
    let each: Vec<String> = each.collect();
    match each.as_slice() {
        [] if ports.has_other() => "other".to_owned(),
        [] => String::new(),
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one} +{}", rest.len()),
    }
}

struct Painter<'a> {
    ui: &'a Ui,
    document: &'a Document,
    seats: &'a Seats,
    matrix: &'a MatrixView,
    shown: &'a Shown,
    hovered: Option<(usize, usize)>,
    focused: bool,
}

impl Painter<'_> {
    fn paint(&self, room: Rect) -> Counters {
        let mut counters = Counters::default();
        let painter = self.ui.painter_at(self.shown.body);
        self.ground(&painter);
        for row in self.shown.rows.clone() {
            for column in self.shown.columns.clone() {
                counters.cells += usize::from(self.cell(&painter, row, column));
            }
        }
        self.chosen(&painter);
        counters.names += self.row_names(room);
        counters.names += self.column_names(room);
        counters
    }

    fn seat(&self, at: usize) -> usize {
        self.matrix.order.seats.get(at).copied().unwrap_or_default()
    }

    /// White ground, lines between the cells, and the cross of the pointer.
    fn ground(&self, painter: &egui::Painter) {
        let palette = theme::palette(self.ui.ctx());
        let (rows, columns) = (&self.shown.rows, &self.shown.columns);
        let (Some(last_row), Some(last_column)) =
            (rows.clone().next_back(), columns.clone().next_back())
        else {
            return;
        };
        let first = self.shown.rect(rows.start, columns.start);
        let all = first.union(self.shown.rect(last_row, last_column));
        painter.rect_filled(all, 0.0, color(palette.panel));
        if let Some((row, column)) = self.hovered {
            let ground = color(tokens::mix(palette.panel, palette.ink, 0.03));
            let cell = self.shown.rect(row, column);
            painter.rect_filled(
                Rect::from_x_y_ranges(all.x_range(), cell.y_range()),
                0.0,
                ground,
            );
            painter.rect_filled(
                Rect::from_x_y_ranges(cell.x_range(), all.y_range()),
                0.0,
                ground,
            );
        }
        let line = Stroke::new(1.0, color(palette.hairline));
        for row in rows.start..=rows.end {
            let y = self.shown.rect(row, columns.start).top().round() - 0.5;
            painter.hline(all.x_range(), y, line);
        }
        for column in columns.start..=columns.end {
            let x = self.shown.rect(rows.start, column).left().round() - 0.5;
            painter.vline(x, all.y_range(), line);
        }
    }

    /// Paints what is in a cell; true if there is anything.
    fn cell(&self, painter: &egui::Painter, row: usize, column: usize) -> bool {
        let palette = theme::palette(self.ui.ctx());
        let rect = self.shown.rect(row, column);
        let (from, to) = (self.seat(row), self.seat(column));
        if from == to {
            painter.rect_filled(rect.shrink(1.0), 0.0, color(palette.canvas));
            return true;
        }
        let mode = self.matrix.mode;
        let cell = self.matrix.cell(from, to).filter(|cell| speaks(cell, mode));
        let Some(cell) = cell else {
            if self.matrix.rows.contains_key(&from) {
                painter.circle_filled(rect.center(), 1.2, color(palette.outline));
            }
            return false;
        };
        let stands = cell.standing();
        let (ink, ground) = standing::colors(stands, palette);
        let inner = rect.shrink2(vec2(4.0, 4.0));
        painter.rect_filled(inner, 5.0, color(ground));
        outline(painter, inner, stands, color(ink));
        let text = short(ports_of(cell, mode));
        let font = theme::mono(tokens::TEXT_SMALL);
        let mut job = egui::text::LayoutJob::simple_singleline(text, font, color(ink));
        let signed = stands != Standing::Drawn;
        let room = inner.width() - 8.0 - if signed { 16.0 } else { 0.0 };
        job.wrap = egui::text::TextWrapping::truncate_at_width(room);
        let galley = painter.layout_job(job);
        let width = galley.size().x + if signed { 16.0 } else { 0.0 };
        let mut left = inner.center().x - width / 2.0;
        if signed {
            let at = pos2(left + 5.0, inner.center().y);
            let icon = standing::icon(stands);
            let font = theme::icon(12.0);
            painter.text(at, Align2::CENTER_CENTER, icon, font, color(ink));
            left += 16.0;
        }
        let at = pos2(left, inner.center().y - galley.size().y / 2.0);
        painter.galley(at, galley, color(ink));
        true
    }

    fn chosen(&self, painter: &egui::Painter) {
        let (row, column) = self.matrix.at;
        if !self.shown.rows.contains(&row) || !self.shown.columns.contains(&column) {
            return;
        }
        let palette = theme::palette(self.ui.ctx());
        let ink = if self.focused {
            palette.accent
        } else {
            palette.ink3
        };
        let stroke = Stroke::new(2.0, color(ink));
        let rect = self.shown.rect(row, column).shrink(1.0);
        painter.rect_stroke(rect, 6.0, stroke, StrokeKind::Inside);
    }

    fn ink(&self, lit: bool) -> egui::Color32 {
        let palette = theme::palette(self.ui.ctx());
        color(if lit { palette.accent } else { palette.ink })
    }

    fn name(&self, at: usize) -> &str {
        self.matrix.order.names.get(at).map_or("", String::as_str)
    }

    /// Names at the left, which do not move sideways.
    fn row_names(&self, room: Rect) -> usize {
        let body = self.shown.body;
        let side = Rect::from_min_max(
            pos2(room.left(), body.top()),
            pos2(body.left(), body.bottom()),
        );
        let painter = self.ui.painter_at(side);
        for row in self.shown.rows.clone() {
            let cell = self.shown.rect(row, self.shown.columns.start);
            let lit = row == self.matrix.at.0 || self.hovered.is_some_and(|at| at.0 == row);
            let ink = self.ink(lit);
            let font = theme::sans(tokens::TEXT_NORMAL);
            let name = self.name(row).to_owned();
            let mut job = egui::text::LayoutJob::simple_singleline(name, font, ink);
            job.wrap = egui::text::TextWrapping::truncate_at_width(NAMES - 32.0);
            let galley = painter.layout_job(job);
            let about = self.about(row);
            let middle = cell.center().y - if about.is_empty() { 0.0 } else { 7.0 };
            let at = pos2(
                body.left() - 12.0 - galley.size().x,
                middle - galley.size().y / 2.0,
            );
            painter.galley(at, galley, ink);
            if !about.is_empty() {
                let faint = color(theme::palette(self.ui.ctx()).ink3);
                let at = pos2(body.left() - 12.0, cell.center().y + 8.0);
                let font = theme::sans(tokens::TEXT_TINY);
                painter.text(at, Align2::RIGHT_CENTER, about, font, faint);
            }
        }
        self.shown.rows.len()
    }

    /// The namespace, where workloads stand in another order.
    fn about(&self, row: usize) -> String {
        let node = self.seats.nodes(self.matrix.axis).get(self.seat(row));
        match (self.matrix.axis, node) {
            (Axis::Workloads, Some(NodeRef::Workload(id))) => {
                let workload = self.document.workloads.get(*id);
                workload.map_or(String::new(), |w| {
                    let namespace = NodeRef::Namespace(w.namespace);
                    self.document.node_name(namespace).to_owned()
                })
            }
            _ => String::new(),
        }
    }

    /// Names above, leaning, which do not move up or down.
    fn column_names(&self, room: Rect) -> usize {
        let body = self.shown.body;
        let top = Rect::from_min_max(
            pos2(body.left() - 24.0, room.top()),
            pos2(body.right(), body.top()),
        );
        let painter = self.ui.painter_at(top);
        for column in self.shown.columns.clone() {
            let cell = self.shown.rect(self.shown.rows.start, column);
            if cell.center().x < body.left() {
                continue;
            }
            let lit = column == self.matrix.at.1 || self.hovered.is_some_and(|at| at.1 == column);
            let ink = self.ink(lit);
            let font = theme::sans(tokens::TEXT_NORMAL);
            let name = self.name(column).to_owned();
            let mut job = egui::text::LayoutJob::simple_singleline(name, font, ink);
            job.wrap = egui::text::TextWrapping::truncate_at_width((TOP - 16.0) / LEAN.sin().abs());
            let galley = painter.layout_job(job);
            let at = pos2(cell.center().x - 8.0, body.top() - 22.0);
            painter.add(Shape::Text(
                TextShape::new(at, galley, ink).with_angle(LEAN),
            ));
        }
        self.shown.columns.len()
    }
}

/// Whether a cell is shown in a mode.
fn speaks(cell: &Cell, mode: Mode) -> bool {
    match mode {
        Mode::Allowed => true,
        Mode::Drawn => !cell.drawn.is_empty(),
        Mode::Differences => matches!(
            cell.standing(),
            Standing::Blocked | Standing::NotDrawn | Standing::Unsaid
        ),
    }
}

/// The line around a cell: dashed where blocked, solid where too wide, dotted where it cannot be said.
fn outline(painter: &egui::Painter, rect: Rect, stands: Standing, ink: egui::Color32) {
    let stroke = Stroke::new(1.0, ink);
    let dashes = match stands {
        Standing::Drawn => return,
        Standing::NotDrawn | Standing::Open | Standing::Denied => {
            painter.rect_stroke(rect, 5.0, stroke, StrokeKind::Inside);
            return;
        }
        Standing::Blocked => (4.0, 3.0),
        Standing::Unsaid => (1.5, 2.5),
    };
    let inner = rect.shrink(0.5);
    let corners = [
        inner.left_top(),
        inner.right_top(),
        inner.right_bottom(),
        inner.left_bottom(),
        inner.left_top(),
    ];
    painter.extend(Shape::dashed_line(&corners, stroke, dashes.0, dashes.1));
}
