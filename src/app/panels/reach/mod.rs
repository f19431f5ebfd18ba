//! Who can reach the selection, and what it can reach, as virtual rows; clicking a row explains it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::{Align2, Frame, Margin, Rect, ScrollArea, Sense, Stroke, Ui, WidgetType};
use egui::{pos2, vec2};

use crate::app::command::{Command, Commands};
use crate::app::jobs::{Memo, Pool};
use crate::app::shared_matrix::SharedMatrix;
use crate::app::theme::{self, color};
use crate::app::traffic::ShownTraffic;
use crate::app::{icons, widgets};
use crate::model::{Document, Item, NodeRef, TrafficClass};
use crate::query::Results;
use crate::query::reach::{Entry, Listed, Mark};
use crate::scene::{tokens, traffic};

/// Height of a row of two lines: name and verdict, ports and policies.
const ROW: f32 = 44.0;
/// Number of rows whose policies are looked up at once.
const CHUNK: usize = 32;

type Asked = (u64, Vec<Item>);

/// State of the panel.
#[derive(Default)]
pub struct ReachView {
    list: Memo<Asked, Arc<Listed>>,
    by: Memo<(Asked, usize), Vec<String>>,
    /// The policies of each row that was visible.
    known: BTreeMap<usize, String>,
    known_for: Option<Asked>,
    /// The first row of a visible chunk whose policies are not known.
    wanted: Option<usize>,
}

impl ReachView {
    /// The newest list.
    pub fn listed(&self) -> Option<&Listed> {
        self.list.answer().map(|(_, listed)| &**listed)
    }
}

/// Computes the list and the policies of visible rows on the worker pool.
pub(super) fn keep(
    (results, number): (&Arc<Results>, u64),
    selection: &BTreeSet<Item>,
    board: &SharedMatrix,
    reach: &mut ReachView,
    pool: &Pool,
) {
    let selection: Vec<Item> = selection.iter().copied().collect();
    if !selection.iter().any(|item| reaches(*item)) {
        return;
    }
    let asked = (number, selection.clone());
    let (shared, of) = (board.clone(), Arc::clone(results));
    reach.list.keep(asked, pool, move |cancel| {
        let list = |matrix: &mut crate::query::reach::ReachMatrix| {
            matrix.list(&selection, &|| cancel.is_set())
        };
        Arc::new(shared.ask(number, &of, list))
    });
    let Some((asked, listed)) = reach.list.answer().cloned() else {
        return;
    };
    if reach.known_for.as_ref() != Some(&asked) {
        reach.known.clear();
        reach.known_for = Some(asked.clone());
    }
    let Some(chunk) = reach.wanted.take() else {
        return;
    };
    let (shared, of) = (board.clone(), Arc::clone(results));
    let fresh = reach.by.keep((asked.clone(), chunk), pool, move |_| {
        shared.ask(number, &of, |matrix| {
            let rows = chunk..chunk + CHUNK;
            let entries = rows.filter_map(|row| entry(&listed, row));
            entries
                .map(|(entry, incoming)| matrix.allowed_by(entry, incoming).join(", "))
                .collect()
        })
    });
    match reach.by.answer() {
        Some(((of, chunk), names)) if fresh && *of == asked => {
            let rows = (*chunk..).zip(names.iter().cloned());
            reach.known.extend(rows);
            pool.request_repaint();
        }
        _ => reach.wanted = Some(chunk),
    }
}

/// Whether the panel lists anything for an item.
fn reaches(item: Item) -> bool {
    matches!(
        item,
        Item::Workload(_) | Item::Namespace(_) | Item::External(_) | Item::Group(_) | Item::Node(_)
    )
}

/// The entry at an index, and whether it leads to the selection; those entries come first.
fn entry(listed: &Listed, at: usize) -> Option<(&Entry, bool)> {
    match at.checked_sub(listed.from.len()) {
        None => Some((listed.from.get(at)?, true)),
        Some(at) => Some((listed.to.get(at)?, false)),
    }
}

/// A line of the list.
enum Line {
    Head(&'static str, usize),
    Nothing(&'static str),
    Entry(usize),
}

/// Shows the panel.
pub(super) fn reach_ui(
    ui: &mut Ui,
    document: &Document,
    (selection, traffic): (&BTreeSet<Item>, Option<&ShownTraffic>),
    reach: &mut ReachView,
    commands: &mut Commands,
) {
    let chosen = selection.iter().filter(|item| reaches(**item)).count();
    let listed = match reach.list.answer() {
        Some((_, listed)) if chosen > 0 => Arc::clone(listed),
        _ => {
            let text = "Select a workload, namespace, group or external to see who can reach it and what it can reach.";
            let margin = Margin::symmetric(16, 12);
            Frame::new()
                .inner_margin(margin)
                .show(ui, |ui| widgets::empty(ui, text));
            return;
        }
    };
    let lines = lines(&listed);
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical().auto_shrink(false);
    area.show_rows(ui, ROW, lines.len(), |ui, shown| {
        for line in lines.get(shown).unwrap_or_default() {
            match line {
                Line::Head(text, count) => head_ui(ui, text, *count),
                Line::Nothing(text) => nothing_ui(ui, text),
                Line::Entry(at) => {
                    if !reach.known.contains_key(at) {
                        reach.wanted.get_or_insert(*at);
                    }
                    let by = reach.known.get(at).map_or("", String::as_str);
                    if let Some((entry, incoming)) = entry(&listed, *at)
                        && entry_ui(ui, document, (entry, incoming), traffic, (by, chosen > 1))
                    {
                        commands.push(ask(document, entry, incoming));
                    }
                }
            }
        }
    });
}

/// In each direction what is allowed, then what is drawn and not allowed at any port.
fn lines(listed: &Listed) -> Vec<Line> {
    let count = listed.from.len();
    let directions = [
        (
            "Can reach it",
            "Drawn to it, not allowed",
            "Nothing can connect to it.",
            0..count,
        ),
        (
            "It can reach",
            "Drawn from it, not allowed",
            "It cannot connect to anything.",
            count..count + listed.to.len(),
        ),
    ];
    let mut lines = Vec::new();
    for (title, denied_title, nothing, places) in directions {
        let is_allowed = |at: &usize| {
            entry(listed, *at).is_some_and(|(entry, _)| !entry.cell.allowed.is_empty())
        };
        let (allowed, denied): (Vec<usize>, Vec<usize>) = places.partition(is_allowed);
        lines.push(Line::Head(title, allowed.len()));
        if allowed.is_empty() {
            lines.push(Line::Nothing(nothing));
        }
        lines.extend(allowed.into_iter().map(Line::Entry));
        if !denied.is_empty() {
            lines.push(Line::Head(denied_title, denied.len()));
            lines.extend(denied.into_iter().map(Line::Entry));
        }
    }
    lines
}

fn ask(document: &Document, entry: &Entry, incoming: bool) -> Command {
    let words = |node: NodeRef| document.end_words(&node.into());
    let (other, own) = (words(entry.node), words(entry.through));
    let (from, to) = if incoming { (other, own) } else { (own, other) };
    let port = entry.cell.example();
    let port = port.map_or("any".to_owned(), |(protocol, port)| {
        format!("{protocol}/{port}")
    });
    Command::Why { from, to, port }
}

fn line_rect(ui: &mut Ui, sense: Sense) -> (Rect, egui::Response) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), sense);
    (rect.shrink2(vec2(tokens::PADDING, 0.0)), response)
}

fn head_ui(ui: &mut Ui, text: &str, count: usize) {
    let palette = theme::palette(ui.ctx());
    let (rect, response) = line_rect(ui, Sense::hover());
    let middle = rect.center().y + 4.0;
    let painter = ui.painter();
    let font = theme::semibold(tokens::TEXT_NORMAL);
    let foreground = color(palette.text);
    painter.text(
        pos2(rect.left(), middle),
        Align2::LEFT_CENTER,
        text,
        font,
        foreground,
    );
    let font = theme::sans(tokens::TEXT_SMALL);
    let foreground = color(palette.text_faint);
    painter.text(
        pos2(rect.right(), middle),
        Align2::RIGHT_CENTER,
        count,
        font,
        foreground,
    );
    widgets::named(&response, WidgetType::Label, &format!("{text}, {count}"));
}

fn nothing_ui(ui: &mut Ui, text: &str) {
    let palette = theme::palette(ui.ctx());
    let (rect, response) = line_rect(ui, Sense::hover());
    let font = theme::sans(tokens::TEXT_SMALL);
    let at = pos2(rect.left(), rect.top() + 10.0);
    let foreground = color(palette.text_secondary);
    ui.painter()
        .text(at, Align2::LEFT_CENTER, text, font, foreground);
    widgets::named(&response, WidgetType::Label, text);
}

/// Icon and color of a mark.
fn look(mark: Mark, palette: &tokens::Palette) -> (&'static str, tokens::Rgb) {
    match mark {
        Mark::Blocked => (icons::X, palette.blocked),
        Mark::NotDrawn | Mark::Partly => (icons::WARNING, palette.wide),
        Mark::CannotExpress => (icons::NOTE, palette.text_secondary),
        Mark::Approximated => (icons::APPROXIMATE, palette.text_secondary),
        Mark::Drawn => (icons::CHECK, palette.exact),
    }
}

/// Shows the row of an entry; true if it was clicked.
fn entry_ui(
    ui: &mut Ui,
    document: &Document,
    (entry, incoming): (&Entry, bool),
    shown: Option<&ShownTraffic>,
    (by, many): (&str, bool),
) -> bool {
    let palette = theme::palette(ui.ctx());
    let (rect, response) = line_rect(ui, Sense::click());
    let whole = response.rect;
    if response.hovered() {
        let background = tokens::mix(palette.panel, palette.text, 0.04);
        ui.painter().rect_filled(whole, 0.0, color(background));
    }
    let line = Stroke::new(1.0, color(palette.hairline));
    ui.painter()
        .hline(rect.x_range(), whole.bottom() - 0.5, line);
    widgets::focus_ring(ui, &response, whole);
    let (upper, lower) = (rect.top() + 14.0, rect.top() + 31.0);
    let mark = entry.mark();
    let (icon, foreground) = match mark {
        // Without a policy that should isolate it, an undrawn connection is not a fault.
        Mark::NotDrawn | Mark::Partly if entry.cell.wide.is_empty() => {
            (icons::INFO, palette.text_secondary)
        }
        mark => look(mark, palette),
    };
    let small = theme::sans(tokens::TEXT_SMALL);
    let end = pos2(rect.right(), upper);
    let words = ui.painter().text(
        end,
        Align2::RIGHT_CENTER,
        mark.words(),
        small.clone(),
        color(foreground),
    );
    let at = pos2(words.left() - 6.0, upper);
    let font = theme::icon(12.0);
    let sign = ui
        .painter()
        .text(at, Align2::RIGHT_CENTER, icon, font, color(foreground));
    let name = match entry.node {
        NodeRef::Workload(_) => document.end_words(&entry.node.into()),
        node => document.node_name(node).to_owned(),
    };
    let ports = match entry.cell.allowed.is_empty() {
        true => &entry.cell.drawn,
        false => &entry.cell.allowed,
    };
    let ports = ports.to_string();
    let kind = match entry.node.item() {
        Some(item) => icons::of_item(item, document),
        None => icons::ANY,
    };
    let at = pos2(rect.left() + 7.0, upper);
    let font = theme::icon(15.0);
    ui.painter().text(
        at,
        Align2::CENTER_CENTER,
        kind,
        font,
        color(palette.text_secondary),
    );
    let left = rect.left() + 22.0;
    let font = theme::sans(tokens::TEXT_NORMAL);
    let width = sign.left() - left - 8.0;
    cut(
        ui,
        &name,
        font,
        color(palette.text),
        pos2(left, upper),
        width,
    );
    let ends = match incoming {
        true => (entry.node, entry.through),
        false => (entry.through, entry.node),
    };
    let class = shown.and_then(|shown| shown.between(ends.0, ends.1));
    let right = class.map_or(rect.right(), |class| {
        recorded_ui(ui, class, pos2(rect.right(), lower)) - 8.0
    });
    let font = theme::mono(tokens::TEXT_SMALL);
    let half = (right - left) * if by.is_empty() { 1.0 } else { 0.55 };
    let used = cut(
        ui,
        &ports,
        font,
        color(palette.text_secondary),
        pos2(left, lower),
        half,
    );
    let through = match many {
        true => format!("{}  ", document.node_name(entry.through)),
        false => String::new(),
    };
    let by_text = match by.is_empty() {
        true => through,
        false => format!("{through}by {by}"),
    };
    let from = left + used + 10.0;
    let width = right - from;
    cut(
        ui,
        &by_text,
        small,
        color(palette.text_faint),
        pos2(from, lower),
        width,
    );
    let own = document.node_name(entry.through);
    let description = match incoming {
        true => format!("{name} to {own}, {ports}, {}", mark.words()),
        false => format!("{own} to {name}, {ports}, {}", mark.words()),
    };
    let recorded = class.map_or(String::new(), |class| format!(", {}", class.words()));
    let description = description + &recorded;
    widgets::named(&response, WidgetType::Button, &description);
    let clicked = response.clicked();
    response.on_hover_ui(|ui| {
        ui.label(&description);
        if !by.is_empty() {
            ui.label(format!("Allowed by {by}"));
        }
        ui.label("Click to explain");
    });
    clicked
}

/// Paints what was recorded, up to the right; returns where it begins.
fn recorded_ui(ui: &Ui, class: TrafficClass, right_middle: egui::Pos2) -> f32 {
    let palette = theme::palette(ui.ctx());
    let foreground = color(traffic::sign_color(class, palette));
    let font = theme::sans(tokens::TEXT_SMALL);
    let end = Align2::RIGHT_CENTER;
    let words = ui
        .painter()
        .text(right_middle, end, class.words(), font, foreground);
    let at = pos2(words.left() - 6.0, right_middle.y);
    let icon = icons::of_class(class);
    let sign = ui
        .painter()
        .text(at, end, icon, theme::icon(12.0), foreground);
    sign.left()
}

/// Paints a text in one line, truncated at the end; returns its width.
fn cut(
    ui: &Ui,
    text: &str,
    font: egui::FontId,
    foreground: egui::Color32,
    left_middle: egui::Pos2,
    width: f32,
) -> f32 {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, foreground);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(0.0));
    let galley = ui.painter().layout_job(job);
    let size = galley.size();
    let at = pos2(left_middle.x, left_middle.y - size.y / 2.0);
    ui.painter().galley(at, galley, foreground);
    size.x
}
