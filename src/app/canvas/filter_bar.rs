//! The filter chips at the top of the canvas, each with the list of what can be chosen.

use std::collections::{BTreeMap, BTreeSet};

use egui::{
    Color32, Popup, PopupCloseBehavior, Response, ScrollArea, Sense, Stroke, StrokeKind, Ui,
};
use egui::{WidgetInfo, WidgetType, vec2};

use super::look::{colors_of, icon_of};
use crate::app::filter::{Filter, FilterView};
use crate::app::widgets::Row;
use crate::app::{icons, theme, widgets};
use crate::model::{Document, FlowId, FlowPort, NodeRef, TrafficClass};
use crate::proof::Verdict;
use crate::scene::request::ports_label;
use crate::scene::tokens;

/// The widest list, and the highest.
const LIST: egui::Vec2 = vec2(240.0, 320.0);
/// A list of more choices than this has a field that narrows it.
const LONG: usize = 10;

/// What can be chosen in a list: its words, how many match it, and the value.
type Choices<T> = Vec<(String, usize, T)>;

/// An icon beside a choice, and its colour.
type Mark = (&'static str, Color32);

/// The chips, but for "Only matches"; one for the classes of recorded traffic while any is shown.
pub fn chips_ui(
    ui: &mut Ui,
    document: &Document,
    (verdicts, recorded): (
        &BTreeMap<FlowId, Verdict>,
        Option<&BTreeMap<TrafficClass, usize>>,
    ),
    filter: &mut Filter,
) {
    ui.spacing_mut().item_spacing.x = 6.0;
    let namespace = |id: &_| document.node_name(NodeRef::Namespace(*id)).to_owned();
    let chosen = &mut filter.namespaces;
    chip_ui(ui, "Namespace", chosen, (namespace, unmarked), || {
        let spaces = document.namespaces.iter();
        let choice = |(id, _)| (namespace(&id), document.workloads_of(id).len(), id);
        let mut all: Choices<_> = spaces.map(choice).collect();
        all.sort();
        all
    });
    let label = |(key, value): &(String, String)| format!("{key}={value}");
    chip_ui(ui, "Label", &mut filter.labels, (label, unmarked), || {
        let workloads = document.workloads.iter();
        let labels = workloads.flat_map(|(_, workload)| &workload.labels);
        let labels = labels.map(|(key, value)| (key.clone(), value.clone()));
        counted(labels, label)
    });
    let port = |port: &FlowPort| ports_label(std::slice::from_ref(port));
    chip_ui(ui, "Port", &mut filter.ports, (port, unmarked), || {
        let flows = document.flows.iter();
        counted(flows.flat_map(|(_, flow)| flow.ports.iter().cloned()), port)
    });
    let verdict = |verdict: &Verdict| words(*verdict).to_owned();
    let palette = theme::palette(ui.ctx());
    let mark = |verdict: &Verdict| Some(mark(*verdict, palette));
    chip_ui(ui, "Verdict", &mut filter.verdicts, (verdict, mark), || {
        counted(verdicts.values().copied(), verdict)
    });
    if let Some(counts) = recorded {
        let class = |class: &TrafficClass| class.words().to_owned();
        let chosen = &mut filter.recorded;
        chip_ui(ui, "Recorded", chosen, (class, unmarked), || {
            let choice = |(of, count): (&TrafficClass, &usize)| (class(of), *count, *of);
            counts.iter().map(choice).collect()
        });
    }
}

/// "Only matches", with how many workloads match, or how many are hidden.
pub fn only_ui(ui: &mut Ui, document: &Document, view: &mut FilterView) {
    let all = document.workloads.len();
    let matching = view.matches().map(|matches| matches.workloads.len());
    let words = match (matching, view.only) {
        (None, _) => "Only matches".to_owned(),
        (Some(count), false) => format!("Only matches  {count} of {all}"),
        (Some(count), true) => format!("Only matches  {} hidden", all - count),
    };
    let name = words.replace("  ", ", ");
    let is_enabled = matching.is_some();
    if pill(ui, (&words, None), (is_enabled, view.only), &name).clicked() {
        view.only = !view.only;
    }
    if matching.is_some() && widgets::icon_button(ui, icons::X, "Clear filters (Esc)").clicked() {
        view.clear();
    }
}

/// A chip that opens a list.
fn chip_ui<T: Ord + Clone>(
    ui: &mut Ui,
    name: &str,
    chosen: &mut BTreeSet<T>,
    (words, mark): (impl Fn(&T) -> String, impl Fn(&T) -> Option<Mark>),
    choices: impl FnOnce() -> Choices<T>,
) {
    let text = match (chosen.first(), chosen.len()) {
        (None, _) => name.to_owned(),
        (Some(only), 1) => format!("{name}: {}", short(&words(only))),
        (Some(_), count) => format!("{name}: {count}"),
    };
    let label = format!("Filter by {}", name.to_lowercase());
    let response = pill(
        ui,
        (&text, Some(icons::CARET_DOWN)),
        (true, !chosen.is_empty()),
        &label,
    );
    Popup::menu(&response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.set_min_width(LIST.x);
            ui.set_max_width(LIST.x);
            list_ui(ui, name, (choices(), mark), chosen);
        });
}

fn list_ui<T: Ord + Clone>(
    ui: &mut Ui,
    name: &str,
    (all, mark): (Choices<T>, impl Fn(&T) -> Option<Mark>),
    chosen: &mut BTreeSet<T>,
) {
    let id = ui.id().with(("narrowed", name));
    let mut typed: String = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    if all.len() > LONG {
        let edit = egui::TextEdit::singleline(&mut typed).hint_text("Narrow the list");
        let response = ui.add(edit.desired_width(f32::INFINITY));
        widgets::named(&response, WidgetType::TextEdit, "Narrow the list");
        ui.data_mut(|data| data.insert_temp(id, typed.clone()));
    }
    if all.is_empty() {
        widgets::faint(ui, "Nothing to choose yet");
    }
    let typed = typed.trim().to_lowercase();
    ScrollArea::vertical().max_height(LIST.y).show(ui, |ui| {
        for (words, count, value) in all {
            let shown = words.to_lowercase().contains(&typed);
            if !shown && !chosen.contains(&value) {
                continue;
            }
            let ticked = chosen.contains(&value);
            let icon = if ticked { icons::CHECK } else { "" };
            let number = count.to_string();
            let mut row = Row::new(icon, &words).icon_space().end(&number);
            if let Some((icon, foreground)) = mark(&value) {
                row = row.mark(icon, foreground);
            }
            let response = row.selected(ticked).show(ui);
            let label = format!("{words}, {count}");
            response
                .widget_info(|| WidgetInfo::selected(WidgetType::Checkbox, true, ticked, &label));
            if response.clicked() && !chosen.remove(&value) {
                chosen.insert(value);
            }
        }
    });
}

/// Each value once, in order, with how often it occurs.
fn counted<T: Ord>(values: impl Iterator<Item = T>, words: impl Fn(&T) -> String) -> Choices<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let choice = |(value, count): (T, usize)| (words(&value), count, value);
    counts.into_iter().map(choice).collect()
}

fn unmarked<T>(_: &T) -> Option<Mark> {
    None
}

/// The shape of a verdict, as on the canvas.
fn mark(verdict: Verdict, palette: &tokens::Palette) -> Mark {
    let icon = match verdict {
        Verdict::Exact => icons::CHECK,
        Verdict::Muted => icons::EYE_SLASH,
        other => icon_of(Some(other)).unwrap_or_default(),
    };
    let foreground = match verdict {
        Verdict::Exact => theme::color(palette.exact),
        Verdict::Muted => theme::color(palette.text_secondary),
        other => colors_of(Some(other), palette).1,
    };
    (icon, foreground)
}

fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exact => "exact",
        Verdict::Approximated => "approximated",
        Verdict::TooWide => "too wide",
        Verdict::Blocked => "blocked",
        Verdict::Invalid => "invalid",
        Verdict::CannotExpress => "cannot express",
        Verdict::Muted => "muted",
    }
}

/// A name that is not too long for a row.
pub fn short(text: &str) -> String {
    const MOST: usize = 32;
    match text.chars().count() > MOST {
        true => text.chars().take(MOST - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// A round button of the row. A disabled one is as opaque as the others, since it floats on the canvas.
fn pill(
    ui: &mut Ui,
    (text, icon): (&str, Option<&str>),
    (enabled, chosen): (bool, bool),
    name: &str,
) -> Response {
    let palette = theme::palette(ui.ctx());
    let foreground = theme::color(match (enabled, chosen) {
        (false, _) => tokens::mix(palette.raised, palette.text_faint, 0.6),
        (true, true) => palette.accent,
        (true, false) => palette.text,
    });
    let font = theme::sans(tokens::TEXT_SMALL);
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), font, foreground);
    let caret = if icon.is_some() { 16.0 } else { 0.0 };
    let size = vec2(galley.size().x + 24.0 + caret, tokens::BUTTON);
    let sense = match enabled {
        true => Sense::click(),
        false => Sense::hover(),
    };
    let (rect, response) = ui.allocate_exact_size(size, sense);
    let (fill, line) = match (chosen, enabled && response.hovered()) {
        (true, _) => (palette.accent_soft, palette.accent),
        (false, true) => (
            tokens::mix(palette.raised, palette.text, 0.05),
            palette.outline,
        ),
        (false, false) => (palette.raised, palette.outline),
    };
    let stroke = Stroke::new(1.0, theme::color(line));
    let radius = rect.height() / 2.0;
    ui.painter()
        .rect(rect, radius, theme::color(fill), stroke, StrokeKind::Inside);
    widgets::focus_ring(ui, &response, rect);
    let middle = rect.center().y;
    let place = egui::pos2(rect.left() + 12.0, middle - galley.size().y / 2.0);
    ui.painter().galley(place, galley, foreground);
    if let Some(icon) = icon {
        let at = egui::pos2(rect.right() - 15.0, middle);
        let quiet = theme::color(palette.text_secondary);
        let font = theme::icon(tokens::TEXT_TINY);
        ui.painter()
            .text(at, egui::Align2::CENTER_CENTER, icon, font, quiet);
    }
    let label = name.to_owned();
    response.widget_info(|| WidgetInfo::selected(WidgetType::Button, enabled, chosen, &label));
    response
}
