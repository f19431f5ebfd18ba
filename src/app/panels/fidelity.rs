//! How much of each flow a dialect expresses: a tick for each flow, and the list with reasons.

use std::collections::BTreeMap;

use egui::{Color32, Rect, RichText, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::app::icons;
use crate::app::problems::sentence;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Row};
use crate::model::{Document, FlowId};
use crate::proof::Verdict;
use crate::query::fidelity::{Fidelity, OfFlow};
use crate::scene::tokens::{self, Palette};

/// More flows than these are counted, not listed.
const LISTED: usize = 100;
/// More flows than these have no ticks.
const TICKS: usize = 40;

/// The icon and the colour of an answer.
pub fn look_of(fidelity: Fidelity, palette: &Palette) -> (&'static str, Color32) {
    let (icon, foreground) = match fidelity {
        Fidelity::Exact => (icons::CHECK, palette.exact),
        Fidelity::Approximated => (icons::APPROXIMATE, palette.text_secondary),
        Fidelity::Partial => (icons::MINUS, palette.text_secondary),
        Fidelity::CannotExpress => (icons::NOTE, palette.text_secondary),
        Fidelity::Invalid => (icons::X, palette.blocked),
    };
    (icon, color(foreground))
}

/// The verdicts on flows.
pub type Verdicts = BTreeMap<FlowId, Verdict>;

/// The icon and the colour of a flow: what the policies in force make of it comes before how much of it is expressed.
fn look_of_flow(
    one: &OfFlow,
    verdicts: &Verdicts,
    palette: &Palette,
) -> (&'static str, Color32, &'static str) {
    match verdicts.get(&one.flow) {
        Some(Verdict::Blocked) => (icons::X, color(palette.blocked), "blocked"),
        Some(Verdict::TooWide) => (icons::WARNING, color(palette.wide), "too wide"),
        _ => {
            let (icon, foreground) = look_of(one.fidelity, palette);
            (icon, foreground, one.fidelity.words())
        }
    }
}

/// A tick for each flow: filled where it is exact or allows more, half filled where it allows less, else hollow.
pub fn ticks_ui(ui: &mut Ui, flows: &[OfFlow], verdicts: &Verdicts) {
    if flows.len() > TICKS {
        return;
    }
    let palette = theme::palette(ui.ctx());
    let size = vec2(flows.len() as f32 * 8.0, 12.0);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    for (at, one) in flows.iter().rev().enumerate() {
        let left = rect.left() + at as f32 * 8.0;
        let tick = Rect::from_min_size(pos2(left, rect.top()), vec2(5.0, 12.0));
        let (_, foreground, _) = look_of_flow(one, verdicts, palette);
        let filled = match one.fidelity {
            Fidelity::Exact => tick,
            Fidelity::Approximated => tick,
            Fidelity::Partial => tick.with_min_y(tick.center().y),
            Fidelity::CannotExpress | Fidelity::Invalid => tick.with_min_y(tick.bottom()),
        };
        ui.painter().rect_filled(filled, 1.5, foreground);
        let border = Stroke::new(1.0, foreground);
        ui.painter()
            .rect_stroke(tick, 1.5, border, StrokeKind::Inside);
    }
}

/// Each flow, worst first, with what is left out of it, why, and what to do, or what more it allows; returns the one that is clicked.
pub fn list_ui(
    ui: &mut Ui,
    document: &Document,
    flows: &[OfFlow],
    verdicts: &Verdicts,
) -> Option<FlowId> {
    let palette = theme::palette(ui.ctx());
    let mut clicked = None;
    ui.spacing_mut().item_spacing.y = 0.0;
    for one in flows.iter().take(LISTED) {
        let (icon, foreground, words) = look_of_flow(one, verdicts, palette);
        let name = document.flow_name(one.flow);
        let row = Row::new(icon, &name).icon_color(foreground).end(words);
        if row.show(ui).clicked() {
            clicked = Some(one.flow);
        }
        for (reason, help) in one.reasons() {
            ui.horizontal_top(|ui| {
                ui.add_space(30.0);
                let help = help.map(|help| format!(" {}.", sentence(help)));
                let text = format!("{}.{}", sentence(&reason), help.unwrap_or_default());
                let text = RichText::new(text)
                    .font(theme::sans(tokens::TEXT_SMALL))
                    .color(color(palette.text_secondary));
                ui.add(egui::Label::new(text).wrap());
            });
            ui.add_space(4.0);
        }
    }
    let more = flows.len().saturating_sub(LISTED);
    if more > 0 {
        widgets::faint(ui, format!("and {more} more flows"));
    }
    clicked
}
