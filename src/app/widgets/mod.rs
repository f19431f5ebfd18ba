//! The widgets that every panel is built from, so that rows, fields and texts line up.

mod button;
mod field;
mod list;
mod text;

pub use button::{
    caret, check, danger, focus_ring, icon_button, link, menu_button, primary, secondary, segments,
    tab_bar,
};
pub use field::{Drafts, Editor, Field, complaint, message, named, select_all};
pub use list::{Row, chip, fold, row_background, section};
pub use text::{banner, code, empty, faint, hairline, head, heading, secondary_text, small, title};

use egui::{Align, Layout, Response, Ui, vec2};

use crate::scene::tokens;

/// Width of the labels left of fields.
pub const LABEL: f32 = 96.0;

/// A label and the content to its right, aligned at the first line.
pub fn labelled<R>(ui: &mut Ui, label: &str, content: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let size = vec2(LABEL, tokens::FIELD);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_size(size);
            text::secondary_text(ui, label);
        });
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing = vec2(8.0, 4.0);
            content(ui)
        })
        .inner
    })
    .inner
}

/// A label and a plain text that can be selected and copied.
pub fn stated(ui: &mut Ui, label: &str, text: &str) -> Response {
    labelled(ui, label, |ui| {
        let size = vec2(ui.available_width(), tokens::FIELD);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_height(tokens::FIELD);
            let label = egui::Label::new(text).selectable(true).truncate();
            ui.add(label)
        })
        .inner
    })
}

/// Content with the padding of a panel.
pub fn padded<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let margin = egui::Margin::symmetric(16, 12);
    let frame = egui::Frame::new().inner_margin(margin);
    frame
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            content(ui)
        })
        .inner
}
