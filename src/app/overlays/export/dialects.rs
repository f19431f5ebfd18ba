//! The dialects of an export: the choice, the proof of each, and the flows that each expresses.

use egui::{Align, Layout, RichText, Ui, WidgetInfo, WidgetType, vec2};

use super::super::list_area;
use super::ExportView;
use crate::app::files::InDialect;
use crate::app::icons;
use crate::app::panels::fidelity;
use crate::app::panels::status::look_of;
use crate::app::problems::sentence;
use crate::app::theme::{self, color};
use crate::app::widgets;
use crate::policy::Target;
use crate::proof::{Kind, State};
use crate::query::fidelity::{self as fidelity_of, Counts};
use crate::scene::tokens;

/// More findings than these are counted, not listed.
const FINDINGS: usize = 5;

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
    let kind = worst.target().kind();
    let more = match fidelity_of::omitted_words(&worst.flows) {
        Some(what) if Counts::of(&worst.flows).invalid > 0 => format!("The export omits {what}"),
        Some(what) => format!("The export omits {what}, which {kind} cannot express"),
        None => String::new(),
    };
    let wider = fidelity_of::wider_words(&worst.flows);
    let wider = wider.map(|what| format!("The export allows more than is drawn for {what}"));
    let more: Vec<String> = wider
        .into_iter()
        .chain((!more.is_empty()).then_some(more))
        .collect();
    let more = more.join("\n");
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
            if view.listed == Some(target)
                && let Some(listed) = view.in_dialect(target)
            {
                listed_ui(ui, listed);
            }
        }
        if view.dialects.len() > 1 {
            let text =
                "They are alternatives: apply one of them. Each is written to its own folder.";
            widgets::faint(ui, text);
        }
    });
    changed
}

/// What is wrong with the policies of a dialect, and its flows, under a heading.
fn listed_ui(ui: &mut Ui, listed: &InDialect) {
    let kind = listed.target().kind();
    widgets::small(ui, format!("{kind}: {}", listed.results.proof.summary()));
    let area = list_area(150.0).id_salt("flows");
    area.show(ui, |ui| {
        let palette = theme::palette(ui.ctx());
        let findings = listed.results.proof.findings.iter();
        let wrong =
            findings.filter(|finding| matches!(finding.kind, Kind::TooWide | Kind::Blocked));
        for finding in wrong.take(FINDINGS) {
            let (icon, foreground) = match finding.kind {
                Kind::TooWide => (icons::WARNING, palette.wide),
                _ => (icons::X, palette.blocked),
            };
            widgets::message(ui, icon, &sentence(&finding.message), color(foreground));
        }
        let verdicts = &listed.results.proof.verdicts;
        let _ = fidelity::list_ui(ui, &listed.results.document, &listed.flows, verdicts);
    });
    ui.add_space(4.0);
}

/// The verdict on a dialect, then how many flows it expresses.
fn verdict_words(one: &InDialect) -> String {
    let expressed = Counts::of(&one.flows);
    match one.results.proof.state {
        State::NothingToProve => "no flows".to_owned(),
        State::Exact | State::CannotExpress => format!("exact: {}", expressed.words()),
        State::Approximated => expressed.words(),
        State::Invalid => expressed.words(),
        // The summary counts what cannot be expressed, too.
        State::TooWide | State::Blocked => {
            let summary = one.results.proof.summary();
            format!("{summary}; {}", expressed.exact_words())
        }
    }
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
    let words = verdict_words(one);
    let tooltip = match fidelity_of::omitted_words(&one.flows) {
        Some(what) => format!("{}; {what} omitted", one.results.proof.summary()),
        None => one.results.proof.summary(),
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
