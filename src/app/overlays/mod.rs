//! Overlays of the window: command palette, keyboard shortcuts, questions, import report, export.

mod adopted;
mod convert;
mod difference;
mod export;
mod fixes;
mod history;
mod ignore;
mod keys;
mod manual;
pub mod open;
mod palette;
mod question;
mod report;
mod suggestions;

use egui::{Align2, Context, CornerRadius, Frame, Id, Key, Margin, Modal, Stroke, Ui, Vec2, vec2};

use super::theme::{self, color};
use crate::scene::tokens;

/// How many rows a page key scrolls.
const PAGE_ROWS: f32 = 12.0;

pub use adopted::AdoptedView;
pub use convert::ConvertView;
pub use export::{ExportView, Form};
pub use fixes::FixesView;
pub use ignore::IgnoreView;
pub use keys::KeysView;
pub use palette::PaletteView;
pub use question::{PathPrompt, Question, Recovered, Replacing};
pub use suggestions::SuggestionsView;

/// The open overlay; there is at most one.
pub enum Overlay {
    /// Go to something, or run a command.
    Palette(Box<PaletteView>),
    /// The keyboard shortcuts.
    Keys(KeysView),
    /// The steps of the project.
    History,
    /// The report of an import.
    Report,
    /// A question that must be answered.
    Question(Question),
    /// A prompt for a path, on desktops without file dialogs.
    Path(PathPrompt),
    /// The result of adopting imported policies.
    Adopted(Box<AdoptedView>),
    /// The imported policies in another dialect.
    Convert(Box<ConvertView>),
    /// Where and how to write the policies.
    Export(Box<ExportView>),
    /// The flows that manifests imply.
    Suggestions(Box<SuggestionsView>),
    /// The manual page of a rule, by its code.
    Manual(&'static str),
    /// What the fixes of many findings change.
    Fixes(Box<FixesView>),
    /// Where findings of a rule are ignored, and why.
    Ignore(Box<IgnoreView>),
}

/// The list of a dialog, as high as its content up to so many points. A scrolled area may else be no higher than the
/// dialog was in the last frame, which then grows under the pointer.
fn list_area(tall: f32) -> egui::ScrollArea {
    egui::ScrollArea::vertical()
        .max_height(tall)
        .min_scrolled_height(tall)
}

/// A centered dialog; returns the result of the content, and whether the dialog was closed (by Escape
/// or a click outside).
fn dialog<R>(
    context: &Context,
    name: &str,
    width: f32,
    content: impl FnOnce(&mut Ui) -> R,
) -> (R, bool) {
    let area = Modal::default_area(Id::new(name)).anchor(Align2::CENTER_CENTER, Vec2::ZERO);
    shown(context, name, area, Margin::same(20), width, content)
}

/// A dialog below the top bar: for lists that grow.
fn dropped<R>(
    context: &Context,
    name: &str,
    width: f32,
    content: impl FnOnce(&mut Ui) -> R,
) -> (R, bool) {
    let area = Modal::default_area(Id::new(name)).anchor(Align2::CENTER_TOP, vec2(0.0, 72.0));
    shown(context, name, area, Margin::same(8), width, content)
}

fn shown<R>(
    context: &Context,
    name: &str,
    area: egui::Area,
    margin: Margin,
    width: f32,
    content: impl FnOnce(&mut Ui) -> R,
) -> (R, bool) {
    let palette = theme::palette(context);
    let width = width.min(context.content_rect().width() - 48.0);
    let frame = Frame::new()
        .fill(color(palette.raised))
        .stroke(Stroke::new(1.0, color(palette.outline)))
        .corner_radius(CornerRadius::same(12))
        .shadow(context.global_style().visuals.window_shadow)
        .inner_margin(margin);
    let shade = egui::Color32::from_black_alpha(if palette.dark { 120 } else { 60 });
    let response = Modal::new(Id::new(name))
        .area(area)
        .frame(frame)
        .backdrop_color(shade)
        .show(context, |ui| {
            ui.set_width(width);
            scroll_by_keys(ui);
            content(ui)
        });
    let closed = response.should_close();
    (response.inner, closed)
}

/// The list of a dialog scrolls by the arrow and page keys. A control with the focus has them itself.
fn scroll_by_keys(ui: &Ui) {
    if ui.memory(|memory| memory.focused()).is_some() {
        return;
    }
    let rows = ui.input(|input| {
        let times = |key| input.num_presses(key) as f32;
        let rows = times(Key::ArrowDown) - times(Key::ArrowUp);
        rows + PAGE_ROWS * (times(Key::PageDown) - times(Key::PageUp))
    });
    if rows != 0.0 {
        ui.scroll_with_delta(vec2(0.0, -rows * tokens::ROW));
    }
}
