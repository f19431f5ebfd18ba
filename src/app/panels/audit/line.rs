//! Texts on one line.

use egui::{Color32, FontId, Painter, Rect, pos2};

/// Text on one line, cut at the end of a rectangle and centred in its height; returns where it ends.
pub(super) fn line(
    painter: &Painter,
    rect: Rect,
    text: &str,
    font: FontId,
    foreground: Color32,
) -> f32 {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, foreground);
    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width().max(0.0));
    let galley = painter.layout_job(job);
    let place = pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
    let end = place.x + galley.size().x;
    painter.galley(place, galley, foreground);
    end
}
