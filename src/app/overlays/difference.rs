//! The lines of a difference of texts, of which only the visible ones are laid out.

use egui::{Frame, Label, Rect, RichText, ScrollArea, Ui};

use crate::app::theme::{self, color};
use crate::project::files::DiffLine;
use crate::scene::tokens;

/// Height of a line.
const LINE: f32 = 17.0;

/// Shows lines that a height limits, each by `line_ui`.
pub(super) fn lines_ui<T>(ui: &mut Ui, lines: &[T], tall: f32, line_ui: impl Fn(&mut Ui, &T)) {
    let palette = theme::palette(ui.ctx());
    let frame = Frame::new().fill(color(palette.code)).inner_margin(6);
    frame.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let area = ScrollArea::both()
            .id_salt("difference")
            .max_height(tall)
            .min_scrolled_height(tall)
            .auto_shrink(false);
        area.show_rows(ui, LINE, lines.len(), |ui, rows| {
            for line in lines.get(rows).unwrap_or_default() {
                line_ui(ui, line);
            }
        });
    });
}

/// A line with its mark.
pub(super) fn diff_line_ui(ui: &mut Ui, line: &DiffLine) {
    let palette = theme::palette(ui.ctx());
    let (mark, text, foreground, background) = match line {
        DiffLine::Same(text) => (' ', text, palette.text_secondary, None),
        DiffLine::Removed(text) => ('-', text, palette.blocked, Some(palette.blocked_soft)),
        DiffLine::Added(text) => ('+', text, palette.exact, Some(palette.exact_soft)),
    };
    row(ui, |ui| {
        if let Some(background) = background {
            let width = ui.clip_rect().x_range();
            let row = Rect::from_x_y_ranges(width, ui.max_rect().y_range());
            ui.painter().rect_filled(row, 0.0, color(background));
        }
        let text = RichText::new(format!("{mark} {text}"));
        let text = text.font(theme::mono(tokens::TEXT_SMALL));
        ui.add(Label::new(text.color(color(foreground))).extend());
    });
}

/// A line that is none of a text: the name of a text, or where a change is.
pub(super) fn heading_ui(ui: &mut Ui, text: &str, is_title: bool) {
    let palette = theme::palette(ui.ctx());
    let (font, foreground) = match is_title {
        true => (theme::semibold(tokens::TEXT_NORMAL), palette.text),
        false => (theme::mono(tokens::TEXT_SMALL), palette.text_faint),
    };
    row(ui, |ui| {
        let text = RichText::new(text).font(font).color(color(foreground));
        ui.add(Label::new(text).extend());
    });
}

fn row(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let size = egui::vec2(ui.available_width(), LINE);
    ui.allocate_ui(size, |ui| {
        ui.set_min_height(LINE);
        content(ui);
    });
}
