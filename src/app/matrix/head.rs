//! The strip above the matrix: what it shows, of what, in which order, and a filter.

use egui::{
    Align, Frame, Id, Key, Layout, Margin, Rect, Sense, Stroke, StrokeKind, TextEdit, Ui,
    UiBuilder, WidgetInfo, WidgetType, vec2,
};

use super::{Center, MatrixView, Mode, Sort};
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::query::reach::Axis;
use crate::scene::tokens;

/// From this width on, all chips are in one row.
const ONE_ROW: f32 = 760.0;

/// Its height at a width.
pub(super) fn height(width: f32) -> f32 {
    if width < ONE_ROW { 116.0 } else { 88.0 }
}

/// Canvas or matrix; returns the newly chosen one.
pub(super) fn switch_ui(ui: &mut Ui, rect: Rect, center: Center) -> Option<Center> {
    let palette = theme::palette(ui.ctx());
    let stroke = Stroke::new(1.0, color(palette.outline));
    let background = color(palette.raised);
    ui.painter()
        .rect(rect, 6.0, background, stroke, StrokeKind::Inside);
    let halves = rect.split_left_right_at_fraction(0.5);
    let choices = [
        (Center::Canvas, "Canvas", halves.0),
        (Center::Matrix, "Matrix", halves.1),
    ];
    let mut answer = None;
    for (value, text, cell) in choices {
        let response = ui.interact(cell, Id::new(("center", text)), Sense::click());
        let on = value == center;
        if on {
            let stroke = Stroke::new(1.0, color(palette.accent));
            let fill = color(palette.accent_soft);
            ui.painter()
                .rect(cell, 6.0, fill, stroke, StrokeKind::Inside);
        }
        widgets::focus_ring(ui, &response, cell);
        let foreground = match (on, response.hovered()) {
            (true, _) => palette.accent,
            (false, true) => palette.text,
            (false, false) => palette.text_secondary,
        };
        let font = theme::sans(tokens::TEXT_SMALL);
        let middle = egui::Align2::CENTER_CENTER;
        ui.painter()
            .text(cell.center(), middle, text, font, color(foreground));
        let name = format!("Show the {}", text.to_lowercase());
        response.widget_info(|| WidgetInfo::selected(WidgetType::RadioButton, true, on, &name));
        if response.clicked() && !on {
            answer = Some(value);
        }
    }
    answer
}

/// The position of the switch in the middle of the window.
pub(super) fn switch_rect(room: Rect) -> Rect {
    Rect::from_min_size(room.min + vec2(16.0, 12.0), vec2(144.0, tokens::BUTTON))
}

pub(super) fn head_ui(ui: &mut Ui, matrix: &mut MatrixView, center: &mut Center) {
    let room = ui.max_rect();
    let switch = switch_rect(room);
    if let Some(chosen) = switch_ui(ui, switch, *center) {
        *center = chosen;
    }
    let right = Rect::from_min_max(
        egui::pos2(switch.right() + 12.0, switch.top()),
        egui::pos2(room.right() - 16.0, switch.bottom()),
    );
    let layout = Layout::right_to_left(Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(right).layout(layout), |ui| {
        filter_ui(ui, matrix);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            widgets::secondary_text(ui, "Rows connect to columns");
        });
    });
    let below = Rect::from_min_max(
        egui::pos2(room.left() + 16.0, switch.bottom() + 10.0),
        egui::pos2(room.right() - 16.0, room.bottom()),
    );
    ui.scope_builder(UiBuilder::new().max_rect(below), |ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
        let is_wide = room.width() >= ONE_ROW;
        ui.horizontal(|ui| {
            content_ui(ui, matrix);
            if is_wide {
                ui.add_space(10.0);
                sort_ui(ui, matrix);
            }
        });
        if !is_wide {
            ui.horizontal(|ui| sort_ui(ui, matrix));
        }
    });
}

/// What the cells show, and what rows and columns are.
fn content_ui(ui: &mut Ui, matrix: &mut MatrixView) {
    chips(
        ui,
        &mut matrix.mode,
        &[
            (Mode::Allowed, "Allowed"),
            (Mode::Drawn, "Drawn"),
            (Mode::Differences, "Differences"),
        ],
    );
    ui.add_space(10.0);
    chips(
        ui,
        &mut matrix.axis,
        &[
            (Axis::Workloads, "Workloads"),
            (Axis::Namespaces, "Namespaces"),
        ],
    );
}

fn sort_ui(ui: &mut Ui, matrix: &mut MatrixView) {
    widgets::faint(ui, "Sort");
    chips(
        ui,
        &mut matrix.sort,
        &[
            (Sort::Namespace, "Namespace"),
            (Sort::Name, "Name"),
            (Sort::Peers, "Peers"),
        ],
    );
}

fn chips<T: Copy + PartialEq>(ui: &mut Ui, chosen: &mut T, all: &[(T, &str)]) {
    for (value, text) in all {
        if widgets::chip(ui, text, chosen == value, false).clicked() {
            *chosen = *value;
        }
    }
}

fn filter_ui(ui: &mut Ui, matrix: &mut MatrixView) {
    let id = Id::new("matrix filter");
    let foreground = color(theme::palette(ui.ctx()).text_secondary);
    let icon = egui::RichText::new(icons::MAGNIFYING_GLASS).font(theme::icon(14.0));
    let edit = TextEdit::singleline(&mut matrix.filter)
        .id(id)
        .hint_text("Filter")
        .prefix(icon.color(foreground))
        .margin(Margin::symmetric(8, 4))
        .min_size(vec2(0.0, tokens::FIELD))
        .vertical_align(Align::Center)
        .desired_width(180.0);
    let response = Frame::new().show(ui, |ui| ui.add(edit)).inner;
    widgets::named(&response, WidgetType::TextEdit, "Filter the matrix");
    if std::mem::take(&mut matrix.wants_filter) {
        response.request_focus();
        widgets::select_all(ui, id, matrix.filter.chars().count());
    }
    if response.lost_focus() {
        let (enter, escape) = ui.input(|i| (i.key_pressed(Key::Enter), i.key_pressed(Key::Escape)));
        if escape {
            matrix.filter.clear();
        }
        matrix.wants_keyboard |= enter || escape;
    }
}
