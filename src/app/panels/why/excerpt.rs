//! Part of a policy's text, with its line numbers; a click shows the whole policy.

use egui::{Align2, Rect, Response, RichText, Sense, Ui, WidgetType, pos2, vec2};

use crate::app::theme::{self, color};
use crate::app::{widgets, yaml_highlight};
use crate::query::why::{Excerpt, Source};
use crate::scene::tokens;

/// Height of a line of text.
const LINE: f32 = 18.0;
/// Width of the line numbers.
const GUTTER: f32 = 38.0;

/// A link such as `data/pg-open line 41`.
pub(super) fn source_ui(ui: &mut Ui, source: &Source) -> Response {
    let foreground = color(theme::palette(ui.ctx()).accent);
    let text = words(source);
    let label = RichText::new(&text)
        .font(theme::mono(tokens::TEXT_TINY))
        .color(foreground);
    let label = egui::Label::new(label).truncate().sense(Sense::click());
    let response = ui.add(label);
    widgets::named(&response, WidgetType::Link, &text);
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}

/// The line is one of the policy's own text: that of its file is not known.
fn words(source: &Source) -> String {
    format!("{} line {}", source.policy, source.line)
}

/// Shows the excerpt; returns the policy if it was clicked.
pub(super) fn excerpt_ui(ui: &mut Ui, excerpt: &Excerpt) -> Option<String> {
    let palette = theme::palette(ui.ctx());
    let height = excerpt.lines.len() as f32 * LINE + 16.0;
    let size = vec2(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    painter.rect_filled(rect, 0.0, color(palette.code));
    let (font, small) = (
        theme::mono(tokens::TEXT_SMALL),
        theme::mono(tokens::TEXT_TINY),
    );
    for (at, (number, text)) in (excerpt.first..).zip(&excerpt.lines).enumerate() {
        let top = rect.top() + 8.0 + at as f32 * LINE;
        let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), LINE));
        if !ui.clip_rect().intersects(row) {
            continue;
        }
        if excerpt.marked.contains(&number) {
            painter.rect_filled(row, 0.0, color(palette.accent_soft));
        }
        let place = pos2(rect.left() + GUTTER - 10.0, row.center().y);
        painter.text(
            place,
            Align2::RIGHT_CENTER,
            number,
            small.clone(),
            color(palette.text_faint),
        );
        let galley = painter.layout_job(yaml_highlight::job(text, &font, palette));
        let place = pos2(rect.left() + GUTTER, row.center().y - galley.size().y / 2.0);
        painter.galley(place, galley, color(palette.text));
    }
    widgets::focus_ring(ui, &response, rect);
    let name = format!("Text of {}", words(&excerpt.source));
    widgets::named(&response, WidgetType::Button, &name);
    let clicked = response.clicked();
    response
        .on_hover_cursor(egui::CursorIcon::PointingHand)
        .on_hover_text("Show the whole policy");
    clicked.then(|| excerpt.source.policy.clone())
}
