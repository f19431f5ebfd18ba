//! The status bar: the verdict, the number of problems, and counts of objects.

use std::sync::Arc;

use egui::{
    Align, Align2, Color32, Galley, Layout, Rect, Response, RichText, Sense, Stroke, Ui, UiBuilder,
    WidgetType, pos2, vec2,
};

use crate::app::command::{Command, Commands};
use crate::app::icons;
use crate::app::problems::{Problem, Tone};
use crate::app::theme::{self, color};
use crate::app::traffic::TrafficView;
use crate::app::traffic::words::grouped;
use crate::app::view::View;
use crate::app::widgets;
use crate::model::Document;
use crate::proof::State;
use crate::query::Results;
use crate::scene::tokens;

/// The space between two numbers.
const BETWEEN: f32 = 14.0;

/// Shows the status bar; `reading`: what is being read, in words.
pub fn status_ui(
    ui: &mut Ui,
    document: &Document,
    results: &Results,
    view: &mut View,
    reading: Option<String>,
    commands: &mut Commands,
) {
    let bar = ui.max_rect();
    let palette = theme::palette(ui.ctx());
    let line = Stroke::new(1.0, color(palette.hairline));
    ui.painter().hline(bar.x_range(), bar.top() + 0.5, line);
    let inner = bar.shrink2(vec2(8.0, 0.0));
    let numbers = numbers(ui, document, results, view);
    let wanted: f32 = numbers.iter().map(|number| number.size().x + BETWEEN).sum();
    let left = inner.with_max_x(inner.right() - wanted);
    let left = UiBuilder::new()
        .max_rect(left)
        .layout(Layout::left_to_right(Align::Center));
    let left = ui.scope_builder(left, |ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        let (state, summary) = verdict(results, view);
        if proof_pill(ui, state, &summary).clicked() {
            commands.push(Command::Problems);
        }
        problems_ui(ui, &view.problems, commands);
        traffic_ui(ui, &view.traffic, commands);
        match reading {
            Some(words) => reading_ui(ui, &words, commands),
            None => notice_ui(ui, view, commands),
        }
    });
    let rest = inner.with_min_x(left.response.rect.right() + BETWEEN);
    numbers_ui(ui, rest, numbers);
}

/// The verdict on the project, in words.
pub fn verdict(results: &Results, view: &View) -> (State, String) {
    let audit = &view.analysis_results.audit;
    let summary = match results.proof.state {
        State::NothingToProve if audit.workloads > 0 => audit.summary(),
        _ => results.proof.summary(),
    };
    match view.check_failed {
        true => (State::Blocked, NOT_CHECKED.to_owned()),
        false => results.with_invariants(summary),
    }
}

/// Icon, text color and background of a state.
pub fn look_of(
    state: State,
    palette: &tokens::Palette,
) -> (&'static str, tokens::Rgb, tokens::Rgb) {
    match state {
        State::NothingToProve => (icons::INFO, palette.text_secondary, palette.canvas),
        State::Exact => (icons::CHECK, palette.exact, palette.exact_soft),
        // What is left out is no failure, and no success either.
        State::CannotExpress => (icons::NOTE, palette.text, palette.canvas),
        State::Approximated => (icons::APPROXIMATE, palette.text, palette.canvas),
        State::TooWide => (icons::WARNING, palette.wide, palette.wide_soft),
        State::Invalid | State::Blocked => (icons::X, palette.blocked, palette.blocked_soft),
    }
}

fn proof_pill(ui: &mut Ui, state: State, summary: &str) -> Response {
    let palette = theme::palette(ui.ctx());
    let (icon, foreground, background) = look_of(state, palette);
    let font = theme::semibold(tokens::TEXT_SMALL);
    let most = (ui.available_width() - 120.0).max(80.0);
    let mut job =
        egui::text::LayoutJob::simple_singleline(summary.to_owned(), font, color(foreground));
    job.wrap = egui::text::TextWrapping::truncate_at_width(most);
    let galley = ui.painter().layout_job(job);
    let (rect, response) =
        ui.allocate_exact_size(vec2(galley.size().x + 42.0, 20.0), Sense::click());
    ui.painter().rect_filled(rect, 10.0, color(background));
    let at = pos2(rect.left() + 15.0, rect.center().y);
    ui.painter().text(
        at,
        Align2::CENTER_CENTER,
        icon,
        theme::icon(13.0),
        color(foreground),
    );
    let at = pos2(rect.left() + 28.0, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, color(foreground));
    widgets::focus_ring(ui, &response, rect);
    widgets::named(&response, WidgetType::Button, &format!("Proof: {summary}"));
    response.on_hover_text(summary)
}

fn problems_ui(ui: &mut Ui, problems: &[Problem], commands: &mut Commands) {
    let bad = problems
        .iter()
        .filter(|problem| problem.tone != Tone::Note)
        .count();
    let notes = problems.len() - bad;
    for (count, one, many) in [(bad, "problem", "problems"), (notes, "note", "notes")] {
        if count == 0 {
            continue;
        }
        let text = self::count(count, one, many);
        let foreground = color(theme::palette(ui.ctx()).text_secondary);
        let label = RichText::new(text)
            .font(theme::sans(tokens::TEXT_SMALL))
            .color(foreground);
        let button = egui::Button::new(label)
            .frame_when_inactive(false)
            .min_size(vec2(0.0, 22.0));
        if ui.add(button).clicked() {
            commands.push(Command::Problems);
        }
    }
}

/// How many seen connections these policies would drop.
fn traffic_ui(ui: &mut Ui, traffic: &TrafficView, commands: &mut Commands) {
    let cut = traffic.compared().map_or(0, |compared| compared.cut.len());
    if cut == 0 {
        return;
    }
    let text = match cut {
        1 => "1 seen connection would be dropped".to_owned(),
        _ => format!("{cut} seen connections would be dropped"),
    };
    let foreground = color(theme::palette(ui.ctx()).blocked);
    let text = format!("{} {text}", icons::SCISSORS);
    let label = RichText::new(text).font(theme::sans(tokens::TEXT_SMALL));
    let button = egui::Button::new(label.color(foreground))
        .frame_when_inactive(false)
        .min_size(vec2(0.0, 22.0));
    if ui.add(button).clicked() {
        commands.push(Command::ShowTraffic);
    }
}

/// Files are being read into the project, which may take long.
fn reading_ui(ui: &mut Ui, words: &str, commands: &mut Commands) {
    let secondary = color(theme::palette(ui.ctx()).text_secondary);
    let text = RichText::new(words).font(theme::sans(tokens::TEXT_SMALL));
    ui.label(text.color(secondary));
    if widgets::link(ui, "Cancel").clicked() {
        commands.push(Command::StopReading);
    }
}

/// Shown in place of the verdict after an internal error.
const NOT_CHECKED: &str = "Not checked: internal error";

/// The least width that a notice is shown in.
const NOTICE_LEAST: f32 = 120.0;

/// The width of Undo beside a notice, with its gap.
const UNDO_WIDTH: f32 = 48.0;

/// Duration of a notice, in seconds.
const NOTICE: f64 = 8.0;

/// A notice of what just happened; it disappears by itself, with exactly one more frame.
fn notice_ui(ui: &mut Ui, view: &mut View, commands: &mut Commands) {
    let now = ui.input(|i| i.time);
    let Some(notice) = &mut view.notice else {
        return;
    };
    let since = *notice.since.get_or_insert(now);
    let left = since + NOTICE - now;
    if left <= 0.0 {
        view.notice = None;
        return;
    }
    ui.ctx().request_repaint_after_secs(left as f32);
    let palette = theme::palette(ui.ctx());
    let (icon, foreground) = match notice.bad {
        true => (icons::X, palette.blocked),
        false => (icons::INFO, palette.text_secondary),
    };
    let icon = RichText::new(icon)
        .font(theme::icon(13.0))
        .color(color(foreground));
    let text = RichText::new(&notice.text).font(theme::sans(tokens::TEXT_SMALL));
    let text = text.color(color(foreground));
    // An icon and an ellipsis tell nothing.
    if ui.available_width() < NOTICE_LEAST {
        return;
    }
    ui.label(icon);
    let (whole, undo) = (notice.text.clone(), notice.undo);
    ui.scope(|ui| {
        if undo {
            ui.set_max_width(ui.available_width() - UNDO_WIDTH);
        }
        ui.add(egui::Label::new(text).truncate())
            .on_hover_text(whole);
    });
    if undo && widgets::link(ui, "Undo").clicked() {
        commands.push(Command::Undo);
    }
}

/// The numbers, from right to left.
fn numbers(ui: &Ui, document: &Document, results: &Results, view: &View) -> Vec<Arc<Galley>> {
    let policies = results.generated.policies.len() + document.policies.len();
    let mut numbers = vec![
        format!("{:.0}%", view.canvas.zoom() * 100.0),
        format!("checked in {}", duration(results.took)),
        count(policies, "policy", "policies"),
        flows_words(document),
        count(document.workloads.len(), "workload", "workloads"),
    ];
    if ui.max_rect().width() < 760.0 {
        numbers.drain(1..2);
    }
    let foreground = color(theme::palette(ui.ctx()).text_secondary);
    let font = theme::sans(tokens::TEXT_SMALL);
    let numbers = numbers.into_iter();
    numbers
        .map(|text| ui.painter().layout_no_wrap(text, font.clone(), foreground))
        .collect()
}

/// Shows those that there is space for.
fn numbers_ui(ui: &mut Ui, rect: Rect, numbers: Vec<Arc<Galley>>) {
    let mut right = rect.right() - 4.0;
    for number in numbers {
        let size = number.size();
        if right - size.x < rect.left() {
            return;
        }
        let at = pos2(right - size.x, rect.center().y - size.y / 2.0);
        let place = Rect::from_min_size(at, size);
        let response = ui.allocate_rect(place, Sense::hover());
        widgets::named(&response, WidgetType::Label, number.text());
        ui.painter().galley(at, number, Color32::PLACEHOLDER);
        right = at.x - BETWEEN;
    }
}

fn duration(took: std::time::Duration) -> String {
    match took.as_millis() {
        0 => "under 1 ms".to_owned(),
        ms if ms < 10_000 => format!("{ms} ms"),
        ms => format!("{} s", ms / 1000),
    }
}

/// `114 flows, 1 muted`: the proof and the policies count only those that are not muted.
fn flows_words(document: &Document) -> String {
    let all = count(document.flows.len(), "flow", "flows");
    let flows = document.flows.iter();
    match flows.filter(|(_, flow)| flow.muted).count() {
        0 => all,
        muted => format!("{all}, {} muted", grouped(muted as u64)),
    }
}

fn count(count: usize, one: &str, many: &str) -> String {
    let number = grouped(count as u64);
    format!("{number} {}", if count == 1 { one } else { many })
}
