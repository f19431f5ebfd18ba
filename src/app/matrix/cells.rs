//! Painting of the cells and of the names around them, as far as they are seen.

use egui::epaint::TextShape;
use egui::{Align2, Rect, Shape, Stroke, StrokeKind, Ui, pos2, vec2};

use super::shown::{MARGINS, Shown, TOP};
use super::{Counters, MatrixView, Mode};
use crate::app::theme::{self, color};
use crate::app::traffic::ShownTraffic;
use crate::app::{icons, verdict};
use crate::model::{Document, NodeRef};
use crate::query::reach::{Axis, AxisEntries, Cell};
use crate::query::why::PairVerdict;
use crate::scene::{tokens, traffic};
use crate::sets::{PortSet, Protocol};

/// How the names of columns lean, in radians.
const LEAN: f32 = -0.72;

/// The ports that a cell shows.
pub(super) fn ports_of(cell: &Cell, mode: Mode) -> &PortSet {
    match (mode, cell.verdict()) {
        (Mode::Drawn, _) => &cell.drawn,
        (_, PairVerdict::Blocked) => &cell.blocked,
        (_, PairVerdict::CannotExpress) => &cell.inexpressible,
        (Mode::Differences, PairVerdict::NotDrawn) => &cell.wide,
        (Mode::Differences, PairVerdict::Approximated) => &cell.approximated,
        // A domain name that addresses are allowed in place of.
        (_, PairVerdict::Approximated) if cell.allowed.is_empty() => &cell.approximated,
        _ => &cell.allowed,
    }
}

/// `5432`, `53/UDP`, `any`, `80 +2`.
fn short(ports: &PortSet) -> String {
    if ports.is_all() {
        return "any".to_owned();
    }
    let each = ports.numbered().iter().flat_map(|&protocol| {
        let ranges = ports.ranges(protocol);
        ranges.map(move |(first, last)| {
            let number = match (first, last) {
                all if all == protocol.bounds() => return protocol.to_string(),
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

/// All that is painted.
pub(super) struct Painter<'a> {
    pub(super) ui: &'a Ui,
    pub(super) document: &'a Document,
    pub(super) entries: &'a AxisEntries,
    /// Recorded traffic that is shown.
    pub(super) traffic: Option<&'a ShownTraffic>,
    pub(super) matrix: &'a MatrixView,
    pub(super) shown: &'a Shown,
    /// The cell under the pointer.
    pub(super) hovered: Option<(usize, usize)>,
    pub(super) focused: bool,
}

impl Painter<'_> {
    pub(super) fn paint(&self, room: Rect) -> Counters {
        let mut counters = Counters::default();
        let painter = self.ui.painter_at(self.shown.body);
        self.background(&painter);
        for row in self.shown.rows.clone() {
            for column in self.shown.columns.clone() {
                let is_filled = self.cell(&painter, row, column);
                let is_recorded = self.recorded(&painter, (row, column), is_filled);
                counters.cells += usize::from(is_filled || is_recorded);
            }
        }
        self.chosen(&painter);
        counters.names += self.row_names(room);
        counters.names += self.column_names(room);
        counters
    }

    fn entry(&self, at: usize) -> usize {
        self.matrix
            .order
            .entries
            .get(at)
            .copied()
            .unwrap_or_default()
    }

    /// The background, lines between the cells, and the row and column under the pointer.
    fn background(&self, painter: &egui::Painter) {
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
            let background = color(tokens::mix(palette.panel, palette.text, 0.03));
            let cell = self.shown.rect(row, column);
            painter.rect_filled(
                Rect::from_x_y_ranges(all.x_range(), cell.y_range()),
                0.0,
                background,
            );
            painter.rect_filled(
                Rect::from_x_y_ranges(cell.x_range(), all.y_range()),
                0.0,
                background,
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
        let (from, to) = (self.entry(row), self.entry(column));
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
        let verdict = cell.verdict();
        let (foreground, background) = verdict::colors(verdict, palette);
        let inner = rect.shrink2(vec2(3.0, 4.0));
        painter.rect_filled(inner, 5.0, color(background));
        outline(painter, inner, verdict, color(foreground));
        if self.shown.is_small() {
            let (at, icon) = (inner.center(), verdict::icon(verdict));
            let font = theme::icon(12.0);
            painter.text(at, Align2::CENTER_CENTER, icon, font, color(foreground));
            return true;
        }
        let text = short(ports_of(cell, mode));
        let font = theme::mono(tokens::TEXT_SMALL);
        let mut job = egui::text::LayoutJob::simple_singleline(text, font, color(foreground));
        let signed = verdict != PairVerdict::Drawn;
        let room = inner.width() - 6.0 - if signed { 16.0 } else { 0.0 };
        job.wrap = egui::text::TextWrapping::truncate_at_width(room);
        let galley = painter.layout_job(job);
        let width = galley.size().x + if signed { 16.0 } else { 0.0 };
        let mut left = inner.center().x - width / 2.0;
        if signed {
            let at = pos2(left + 5.0, inner.center().y);
            let icon = verdict::icon(verdict);
            let font = theme::icon(12.0);
            painter.text(at, Align2::CENTER_CENTER, icon, font, color(foreground));
            left += 16.0;
        }
        let at = pos2(left, inner.center().y - galley.size().y / 2.0);
        painter.galley(at, galley, color(foreground));
        true
    }

    /// Paints the sign of what was recorded, in the corner of a cell that is filled; true if anything was.
    fn recorded(
        &self,
        painter: &egui::Painter,
        (row, column): (usize, usize),
        is_filled: bool,
    ) -> bool {
        let ends = (self.entry(row), self.entry(column));
        let found = self.matrix.recorded(self.entries, self.traffic, ends);
        let Some(class) = found.filter(|_| ends.0 != ends.1) else {
            return false;
        };
        let palette = theme::palette(self.ui.ctx());
        let rect = self.shown.rect(row, column);
        // Beside the sign of the verdict in small cells.
        let (at, radius) = match (is_filled, self.shown.is_small()) {
            (true, true) => (rect.right_top() + vec2(-6.0, 6.0), 5.0),
            (true, false) => (rect.right_top() + vec2(-8.0, 8.0), 7.0),
            (false, _) => (rect.center(), 7.0),
        };
        painter.circle_filled(at, radius, color(palette.panel));
        let font = theme::icon(radius + 5.0);
        let foreground = color(traffic::sign_color(class, palette));
        painter.text(
            at,
            Align2::CENTER_CENTER,
            icons::of_class(class),
            font,
            foreground,
        );
        true
    }

    fn chosen(&self, painter: &egui::Painter) {
        let (row, column) = self.matrix.at;
        if !self.shown.rows.contains(&row) || !self.shown.columns.contains(&column) {
            return;
        }
        let palette = theme::palette(self.ui.ctx());
        let foreground = if self.focused {
            palette.accent
        } else {
            palette.text_faint
        };
        let stroke = Stroke::new(2.0, color(foreground));
        let rect = self.shown.rect(row, column).shrink(1.0);
        painter.rect_stroke(rect, 6.0, stroke, StrokeKind::Inside);
    }

    fn foreground(&self, lit: bool) -> egui::Color32 {
        let palette = theme::palette(self.ui.ctx());
        color(if lit { palette.accent } else { palette.text })
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
        let [left, right] = MARGINS;
        for row in self.shown.rows.clone() {
            let cell = self.shown.rect(row, self.shown.columns.start);
            let lit = row == self.matrix.at.0 || self.hovered.is_some_and(|at| at.0 == row);
            let foreground = self.foreground(lit);
            let font = theme::sans(tokens::TEXT_NORMAL);
            let name = self.name(row).to_owned();
            let mut job = egui::text::LayoutJob::simple_singleline(name, font, foreground);
            job.wrap = egui::text::TextWrapping::truncate_at_width(side.width() - left - right);
            let galley = painter.layout_job(job);
            let about = self.about(row);
            let middle = cell.center().y - if about.is_empty() { 0.0 } else { 7.0 };
            let at = pos2(
                body.left() - right - galley.size().x,
                middle - galley.size().y / 2.0,
            );
            painter.galley(at, galley, foreground);
            if !about.is_empty() {
                let faint = color(theme::palette(self.ui.ctx()).text_faint);
                let at = pos2(body.left() - right, cell.center().y + 8.0);
                let font = theme::sans(tokens::TEXT_TINY);
                painter.text(at, Align2::RIGHT_CENTER, about, font, faint);
            }
        }
        self.shown.rows.len()
    }

    /// The namespace, where workloads are not ordered by namespace.
    fn about(&self, row: usize) -> String {
        let node = self.entries.nodes(self.matrix.axis).get(self.entry(row));
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
            let foreground = self.foreground(lit);
            let font = theme::sans(tokens::TEXT_NORMAL);
            let name = self.name(column).to_owned();
            let mut job = egui::text::LayoutJob::simple_singleline(name, font, foreground);
            job.wrap = egui::text::TextWrapping::truncate_at_width((TOP - 16.0) / LEAN.sin().abs());
            let galley = painter.layout_job(job);
            let at = pos2(cell.center().x - 8.0, body.top() - 22.0);
            painter.add(Shape::Text(
                TextShape::new(at, galley, foreground).with_angle(LEAN),
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
            cell.verdict(),
            PairVerdict::Blocked
                | PairVerdict::NotDrawn
                | PairVerdict::CannotExpress
                | PairVerdict::Approximated
        ),
    }
}

/// The line around a cell: dashed where blocked, solid where too wide, dotted where it cannot be expressed or is
/// approximated.
fn outline(painter: &egui::Painter, rect: Rect, verdict: PairVerdict, foreground: egui::Color32) {
    let stroke = Stroke::new(1.0, foreground);
    let dashes = match verdict {
        PairVerdict::Drawn => return,
        PairVerdict::NotDrawn | PairVerdict::Open | PairVerdict::Denied => {
            painter.rect_stroke(rect, 5.0, stroke, StrokeKind::Inside);
            return;
        }
        PairVerdict::Blocked => (4.0, 3.0),
        PairVerdict::CannotExpress | PairVerdict::Approximated => (1.5, 2.5),
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
