//! The windows that float on the canvas, and what is in all of them.

use egui::{Align2, Area, Frame, Id, Order, Pos2, Ui, vec2};

use super::choices::LIST;
use crate::app::theme;
use crate::scene::tokens;

/// The height of a popup beside its list: heading, field and margins.
const AROUND: f32 = 110.0;
/// How far from its place a popup opens.
pub const BESIDE: f32 = 12.0;

/// What came of a popup in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays open.
    Open,
    /// It is done with.
    Closed,
}

/// A small floating window on the canvas; with `framed`, it has a background of its own. Returns its
/// content, and whether the pointer was pressed outside it.
pub fn floating<R>(
    ui: &Ui,
    name: &str,
    place: Pos2,
    framed: bool,
    content: impl FnOnce(&mut Ui) -> R,
) -> (R, bool) {
    let palette = theme::palette(ui.ctx());
    // Where a list has no room below, it opens upwards, and is not pushed up as it grows.
    let upwards = framed && place.y + LIST + AROUND > ui.ctx().content_rect().bottom();
    let (pivot, place) = match upwards {
        true => (Align2::LEFT_BOTTOM, place - vec2(0.0, 2.0 * BESIDE)),
        false => (Align2::LEFT_TOP, place),
    };
    let shown = Area::new(Id::new(("canvas popup", name)))
        .order(Order::Foreground)
        .pivot(pivot)
        .fixed_pos(place)
        .constrain_to(ui.ctx().content_rect())
        .show(ui.ctx(), |ui| {
            if !framed {
                return content(ui);
            }
            let margin = egui::Margin::same(12);
            Frame::popup(ui.style())
                .fill(theme::color(palette.raised))
                .inner_margin(margin)
                .show(ui, content)
                .inner
        });
    let outside = ui.input(|input| {
        let at = input.pointer.interact_pos();
        input.pointer.any_pressed() && at.is_some_and(|at| !shown.response.rect.contains(at))
    });
    (shown.inner, outside)
}

/// A heading in a popup: from one end to another.
pub fn heading(ui: &mut Ui, from: &str, to: &str) {
    let palette = theme::palette(ui.ctx());
    let foreground = theme::color(palette.text);
    let format = |font, color| egui::TextFormat::simple(font, color);
    let name = format(theme::semibold(tokens::TEXT_NORMAL), foreground);
    let arrow = format(
        theme::icon(tokens::TEXT_NORMAL),
        theme::color(palette.accent),
    );
    let mut job = egui::text::LayoutJob::default();
    job.append(from, 0.0, name.clone());
    job.append(crate::app::icons::ARROW_RIGHT, 6.0, arrow);
    job.append(to, 6.0, name);
    ui.add(egui::Label::new(job).truncate());
}

/// A faint line in a popup.
pub fn faint(ui: &mut Ui, text: &str) {
    let foreground = theme::color(theme::palette(ui.ctx()).text_faint);
    ui.label(
        egui::RichText::new(text)
            .font(theme::sans(tokens::TEXT_SMALL))
            .color(foreground),
    );
}
