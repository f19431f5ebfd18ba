//! The dialects of an export: the choice, the proof of each, and the flows that each expresses.

use egui::{Align, Layout, RichText, ScrollArea, Ui, WidgetInfo, WidgetType, vec2};

use super::ExportView;
use crate::app::icons;
use crate::app::panels::fidelity;
use crate::app::panels::status::look_of;
use crate::app::theme::{self, color};
use crate::app::widgets;
use crate::policy::Target;
use crate::query::fidelity::Counts;
use crate::scene::tokens;

/// The verdict on the chosen dialects; of several, on the worst.
pub(super) fn verdict_ui(ui: &mut Ui, view: &ExportView) {
    let palette = theme::palette(ui.ctx());
    let chosen = view.dialects.iter().filter_map(|one| view.in_dialect(*one));
    let Some(worst) = chosen.max_by_key(|one| one.results.proof.state) else {
        let text = match view.dialects.is_empty() {
            true => "No dialect is chosen",
            false => "Proving each dialect…",
        };
        let (foreground, background) = (palette.text_secondary, palette.canvas);
        widgets::banner(
            ui,
            icons::INFO,
            text,
            "",
            color(foreground),
            color(background),
        );
        return;
    };
    let (icon, foreground, background) = look_of(worst.results.proof.state, palette);
    let losses = worst.results.generated.losses.len();
    let kind = worst.target().kind();
    let more = match losses {
        0 => String::new(),
        1 => format!("The export omits 1 part of the drawn flows, which {kind} cannot express"),
        n => format!("The export omits {n} parts of the drawn flows, which {kind} cannot express"),
    };
    let summary = worst.results.proof.summary();
    let text = match view.dialects.len() {
        1 => summary,
        _ => format!("{kind}: {summary}"),
    };
    widgets::banner(ui, icon, &text, &more, color(foreground), color(background));
    ui.add_space(4.0);
}

/// The dialects to write, each with its proof and how many flows it expresses; returns whether the choice changed.
pub(super) fn dialects_ui(ui: &mut Ui, view: &mut ExportView) -> bool {
    let mut changed = false;
    widgets::labelled(ui, "Dialects", |ui| {
        for target in Target::ALL {
            ui.horizontal(|ui| {
                let ticked = view.dialects.contains(&target);
                let size = vec2(190.0, tokens::ROW);
                let left = Layout::left_to_right(Align::Center);
                let toggled = ui.allocate_ui_with_layout(size, left, |ui| {
                    ui.set_min_size(size);
                    widgets::check(ui, ticked, target.kind())
                });
                if let Some(on) = toggled.inner {
                    view.dialects.retain(|one| *one != target);
                    view.dialects.extend(on.then_some(target));
                    changed = true;
                }
                state_ui(ui, view, target);
            });
        }
        if view.dialects.len() > 1 {
            let text =
                "They are alternatives: apply one of them. Each is written to its own folder.";
            widgets::faint(ui, text);
        }
    });
    if let Some(listed) = view.listed.and_then(|target| view.in_dialect(target)) {
        let area = ScrollArea::vertical().id_salt("flows").max_height(150.0);
        area.show(ui, |ui| {
            let _ = fidelity::list_ui(ui, &listed.results.document, &listed.flows);
        });
        ui.add_space(4.0);
    }
    changed
}

/// The proof of a dialect, and a button that lists its flows.
fn state_ui(ui: &mut Ui, view: &mut ExportView, target: Target) {
    let palette = theme::palette(ui.ctx());
    let Some(one) = view.in_dialect(target) else {
        widgets::faint(ui, "proving…");
        return;
    };
    let (icon, foreground, _) = look_of(one.results.proof.state, palette);
    let icon = RichText::new(icon).font(theme::icon(13.0));
    ui.label(icon.color(color(foreground)));
    let words = Counts::of(&one.flows).words();
    let tooltip = match one.results.generated.losses.len() {
        0 => one.results.proof.summary(),
        1 => format!("{}; 1 part omitted", one.results.proof.summary()),
        n => format!("{}; {n} parts omitted", one.results.proof.summary()),
    };
    let any = !one.flows.is_empty();
    let open = view.listed == Some(target);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let verb = if open { "Hide" } else { "Show" };
        let name = format!("{verb} flows in {}", target.kind());
        if any {
            let link = widgets::link(ui, &format!("{verb} flows"));
            link.widget_info(|| WidgetInfo::labeled(WidgetType::Link, true, &name));
            if link.clicked() {
                view.listed = (!open).then_some(target);
            }
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            widgets::secondary_text(ui, &words).on_hover_text(tooltip);
        });
    });
}
