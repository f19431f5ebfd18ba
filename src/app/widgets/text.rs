//! Texts in the three text colours and four sizes, banners and lines.

use egui::{Color32, CornerRadius, Frame, Label, Margin, Response, RichText, Stroke, Ui};

use crate::app::theme::{self, color};
use crate::scene::tokens;

/// The name of what a panel is about.
pub fn title(ui: &mut Ui, text: &str) -> Response {
    let text = RichText::new(text).font(theme::semibold(tokens::TEXT_LARGE));
    ui.add(Label::new(text).truncate())
}

/// The head of a group of fields.
pub fn heading(ui: &mut Ui, text: &str) -> Response {
    ui.add_space(8.0);
    let text = RichText::new(text).font(theme::semibold(tokens::TEXT_NORMAL));
    ui.add(Label::new(text).truncate())
}

/// Secondary text.
pub fn secondary_text(ui: &mut Ui, text: &str) -> Response {
    let foreground = color(theme::palette(ui.ctx()).text_secondary);
    ui.add(Label::new(RichText::new(text).color(foreground)).truncate())
}

/// Small secondary text, wrapped.
pub fn small(ui: &mut Ui, text: impl Into<String>) -> Response {
    let foreground = color(theme::palette(ui.ctx()).text_secondary);
    let text = RichText::new(text)
        .font(theme::sans(tokens::TEXT_SMALL))
        .color(foreground);
    ui.add(Label::new(text).wrap())
}

/// Small faint text, wrapped.
pub fn faint(ui: &mut Ui, text: impl Into<String>) -> Response {
    let foreground = color(theme::palette(ui.ctx()).text_faint);
    let text = RichText::new(text)
        .font(theme::sans(tokens::TEXT_SMALL))
        .color(foreground);
    ui.add(Label::new(text).wrap())
}

/// Small text in the mono face, cut at the end.
pub fn code(ui: &mut Ui, text: impl Into<String>, foreground: Color32) -> Response {
    let text = RichText::new(text)
        .font(theme::mono(tokens::TEXT_SMALL))
        .color(foreground);
    ui.add(Label::new(text).truncate())
}

/// The content of an empty panel: one line on what to do next.
pub fn empty(ui: &mut Ui, text: &str) {
    ui.add_space(4.0);
    small(ui, text);
}

/// A line across.
pub fn hairline(ui: &mut Ui) {
    let stroke = Stroke::new(1.0, color(theme::palette(ui.ctx()).hairline));
    let (rect, _) =
        ui.allocate_exact_size(egui::vec2(ui.available_width(), 1.0), egui::Sense::hover());
    ui.painter()
        .hline(ui.max_rect().x_range(), rect.center().y, stroke);
}

/// A verdict or a warning on its own background: icon, sentence, and more about it.
pub fn banner(
    ui: &mut Ui,
    icon: &str,
    text: &str,
    more: &str,
    foreground: Color32,
    background: Color32,
) {
    Frame::new()
        .fill(background)
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin::symmetric(12, 10))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing = egui::vec2(10.0, 2.0);
                ui.label(
                    RichText::new(icon)
                        .font(theme::icon(tokens::ICON))
                        .color(foreground),
                );
                ui.vertical(|ui| {
                    let text = RichText::new(text).font(theme::semibold(tokens::TEXT_NORMAL));
                    ui.add(Label::new(text.color(foreground)).wrap());
                    if !more.is_empty() {
                        small(ui, more);
                    }
                });
            });
        });
}

/// The head of an inspector: kind, name, and one line of text.
pub fn head(ui: &mut Ui, kind: &str, name: &str, about: &str) {
    let foreground = color(theme::palette(ui.ctx()).text_secondary);
    ui.label(
        RichText::new(kind)
            .font(theme::semibold(tokens::TEXT_TINY))
            .color(foreground),
    );
    title(ui, name);
    if !about.is_empty() {
        small(ui, about);
    }
    ui.add_space(4.0);
}
