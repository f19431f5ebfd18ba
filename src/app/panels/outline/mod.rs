//! The outline: every object by name, with a filter. A click selects and reveals; arrow keys move.

mod lines;

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Color32, Frame, Id, Key, Margin, Rect, ScrollArea, TextEdit, Ui, vec2};

use crate::app::canvas::{colors_of, icon_of};
use crate::app::command::{Command, Commands, Keymap};
use crate::app::icons;
use crate::app::names::PolicyNames;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Row};
use crate::model::{Document, InvariantId, Item, NamespaceId, NodeRef};
use crate::picture::Facts;
use crate::query::Outcome;
use crate::query::Results;
use crate::scene::{bundle, tokens};
use lines::{Inputs, Line, Space, lines};

/// State of the outline.
#[derive(Default)]
pub struct OutlineView {
    /// The text that names must contain.
    pub filter: String,
    closed: BTreeSet<NamespaceId>,
    /// Which namespaces begin closed was decided; not while there are no workloads.
    begun: bool,
    /// The selection that was last followed.
    selection: BTreeSet<Item>,
    lines: Arc<Vec<Line>>,
    made_for: Option<Inputs>,
    /// How often the lines were computed; for tests.
    pub made: u64,
}

impl OutlineView {
    /// Computes the lines again if an input has changed.
    fn keep(&mut self, document: &Document, results: &Results, beside: Beside<'_>) {
        if !self.begun && !document.workloads.is_empty() {
            self.begun = true;
            self.closed = bundle::collapsed_at_first(document);
        }
        self.follow(document, beside.selection);
        let (number, names) = (beside.number, beside.names);
        let inputs = Inputs {
            document: document.clone(),
            names: Arc::clone(names),
            results: number,
            filter: self.filter.clone(),
            closed: self.closed.clone(),
            hubs: Arc::clone(beside.hubs),
        };
        if !self
            .made_for
            .as_ref()
            .is_some_and(|made| made.same(&inputs))
        {
            self.lines = Arc::new(lines(document, results, self, beside));
            self.made_for = Some(inputs);
            self.made += 1;
        }
    }

    /// Opens the namespaces of workloads that were just selected.
    fn follow(&mut self, document: &Document, selection: &BTreeSet<Item>) {
        if self.selection == *selection {
            return;
        }
        self.selection.clone_from(selection);
        for item in selection {
            if let Item::Workload(id) = item
                && let Some(workload) = document.workloads.get(*id)
            {
                self.closed.remove(&workload.namespace);
            }
        }
    }
}

/// What the outline reads besides the Document and the results.
#[derive(Clone, Copy)]
pub struct Beside<'a> {
    /// The number of the results.
    pub number: u64,
    /// The names of imported policies.
    pub names: &'a Arc<PolicyNames>,
    /// The hubs that the canvas hides.
    pub hubs: &'a Arc<BTreeSet<NodeRef>>,
    /// The selection.
    pub selection: &'a BTreeSet<Item>,
    /// The chosen policy, as `NAMESPACE/NAME`.
    pub chosen: Option<&'a str>,
}

/// Shows the outline.
pub fn outline_ui(
    ui: &mut Ui,
    (document, results): (&Document, &Results),
    beside: Beside<'_>,
    view: &mut OutlineView,
    commands: &mut Commands,
) {
    Frame::new()
        .inner_margin(Margin {
            left: 12,
            right: 12,
            top: 12,
            bottom: 8,
        })
        .show(ui, |ui| {
            filter_ui(ui, view);
        });
    view.keep(document, results, beside);
    let lines = Arc::clone(&view.lines);
    take_first(ui, &lines, commands);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().auto_shrink(false).show_rows(
        ui,
        tokens::ROW,
        lines.len(),
        |ui, shown| {
            Frame::new()
                .inner_margin(Margin::symmetric(8, 0))
                .show(ui, |ui| {
                    for line in lines.get(shown).unwrap_or_default() {
                        line_ui(ui, line, (document, results), beside, view, commands);
                    }
                });
        },
    );
}

fn filter_ui(ui: &mut Ui, view: &mut OutlineView) {
    let id = Id::new("outline filter");
    let icon = egui::RichText::new(icons::MAGNIFYING_GLASS).font(theme::icon(14.0));
    let foreground = color(theme::palette(ui.ctx()).text_secondary);
    let edit = TextEdit::singleline(&mut view.filter)
        .id(id)
        .hint_text("Filter")
        .prefix(icon.color(foreground))
        .margin(Margin::symmetric(8, 4))
        .min_size(vec2(0.0, tokens::FIELD))
        .vertical_align(egui::Align::Center)
        .desired_width(f32::INFINITY);
    let response = ui.add(edit);
    widgets::named(&response, egui::WidgetType::TextEdit, "Filter outline");
    if response.lost_focus() && ui.input(|i| i.key_pressed(Key::Escape)) {
        view.filter.clear();
    }
}

fn line_ui(
    ui: &mut Ui,
    line: &Line,
    (document, results): (&Document, &Results),
    beside: Beside<'_>,
    view: &mut OutlineView,
    commands: &mut Commands,
) {
    match line {
        Line::Section(name, count) => widgets::section(ui, name, *count),
        Line::Gap => _ = ui.allocate_exact_size(vec2(1.0, tokens::ROW), egui::Sense::hover()),
        Line::Empty => {
            let text = match Keymap::of(ui.ctx()).text(&Command::AddNamespace) {
                keys if keys.is_empty() => "No namespaces".to_owned(),
                keys => format!("Press {keys} to add a namespace"),
            };
            _ = ui.horizontal(|ui| {
                ui.add_space(8.0);
                widgets::faint(ui, text)
            })
        }
        Line::Hub(node) => {
            let home = match node {
                NodeRef::Workload(id) => document.workloads.get(*id).map(|w| w.namespace),
                _ => None,
            };
            let home = home.map(|home| document.node_name(NodeRef::Namespace(home)));
            let row =
                Row::new(icons::EYE_SLASH, document.node_name(*node)).end(home.unwrap_or_default());
            if row.show(ui).clicked() {
                commands.extend(node.item().map(Command::Reveal));
            }
        }
        Line::Written(at) => {
            let Some(policy) = results.generated.policies.get(*at) else {
                return;
            };
            let key = format!("{}/{}", policy.namespace, policy.name);
            let selected = beside.chosen == Some(key.as_str());
            let row = Row::new(icons::FILE, &policy.name)
                .end(&policy.namespace)
                .selected(selected);
            if row.show(ui).clicked() {
                commands.push(Command::ChoosePolicy(key));
                commands.push(Command::Highlight(policy.flows.clone()));
            }
        }
        Line::Namespace(space) => namespace_ui(ui, document, space, beside, view, commands),
        Line::Workload(item) => item_ui(ui, (document, results), (*item, 28.0), beside, commands),
        Line::Item(item) => item_ui(ui, (document, results), (*item, 0.0), beside, commands),
    }
}

/// Shows a namespace: a caret, its name, the number of its workloads, and its worst verdict.
fn namespace_ui(
    ui: &mut Ui,
    document: &Document,
    space: &Space,
    beside: Beside<'_>,
    view: &mut OutlineView,
    commands: &mut Commands,
) {
    let palette = theme::palette(ui.ctx());
    let item = Item::Namespace(space.id);
    let (name, count) = (document.item_name(item), space.count.to_string());
    let (mark, ink, words) = mark(space.facts, palette);
    let response = Row::new(icons::NAMESPACE, &name)
        .indent(12.0)
        .icon_color(color(palette.icon(space.hue)))
        .end(&count)
        .mark(mark, ink)
        .selected(beside.selection.contains(&item))
        .show(ui);
    let caret = Rect::from_min_size(response.rect.min, vec2(20.0, response.rect.height()));
    if caret_ui(ui, caret, &name, space.open) || response.double_clicked() {
        toggle(view, space.id);
    } else if response.clicked() {
        choose(ui, item, commands);
    }
    response.on_hover_text(words);
}

/// The caret of a namespace; whether it was clicked.
fn caret_ui(ui: &Ui, rect: Rect, name: &str, open: bool) -> bool {
    let (icon, verb) = match open {
        true => (icons::CARET_DOWN, "Hide"),
        false => (icons::CARET_RIGHT, "List"),
    };
    let id = ui.id().with(("outline caret", name));
    let response = ui.interact(rect, id, egui::Sense::click());
    let ink = color(theme::palette(ui.ctx()).text_faint);
    let (middle, center) = (rect.center(), egui::Align2::CENTER_CENTER);
    (ui.painter()).text(middle, center, icon, theme::icon(11.0), ink);
    let words = format!("{verb} workloads of {name}");
    widgets::focus_ring(ui, &response, rect);
    widgets::named(&response, egui::WidgetType::Button, &words);
    response.clicked()
}

/// The mark of a namespace, its colour, and what it means.
fn mark(facts: Facts, palette: &tokens::Palette) -> (&'static str, Color32, String) {
    if let Some(icon) = icon_of(facts.worst) {
        let (_, ink, _) = colors_of(facts.worst, palette);
        return (icon, ink, facts.problems().unwrap_or_default());
    }
    match facts.judged {
        true => (
            icons::CHECK,
            color(palette.exact),
            "All flows are exact".to_owned(),
        ),
        false => (
            icons::CIRCLE,
            color(palette.text_faint),
            "No flows".to_owned(),
        ),
    }
}

/// An icon and its color.
type Look = (&'static str, Option<tokens::Rgb>);

/// The icon of an invariant's verdict.
fn verdict(id: InvariantId, results: &Results, palette: &tokens::Palette) -> Look {
    let judged = results.invariants.iter().find(|judged| judged.id == id);
    match judged.map(|judged| &judged.outcome) {
        Some(Outcome::Kept) => (icons::CHECK, Some(palette.exact)),
        Some(Outcome::Broken(_)) => (icons::X, Some(palette.blocked)),
        Some(Outcome::CannotBeJudged(_)) => (icons::WARNING, Some(palette.wide)),
        None => (icons::SHIELD, None),
    }
}

/// Shows an item, moved in by that much.
fn item_ui(
    ui: &mut Ui,
    (document, results): (&Document, &Results),
    (item, indent): (Item, f32),
    beside: Beside<'_>,
    commands: &mut Commands,
) {
    let (icon, foreground) = match item {
        Item::Invariant(id) => verdict(id, results, theme::palette(ui.ctx())),
        item => (icons::of_item(item, document), None),
    };
    let (end, name) = match item {
        Item::Policy(id) => (
            beside.names.namespace(id),
            beside.names.name(document, id).to_owned(),
        ),
        item => ("", document.item_name(item)),
    };
    let mut row = Row::new(icon, &name)
        .indent(indent)
        .end(end)
        .selected(beside.selection.contains(&item));
    if let Some(foreground) = foreground {
        row = row.icon_color(color(foreground));
    }
    if row.show(ui).clicked() {
        choose(ui, item, commands);
    }
}

/// Reveals what was clicked, or adds it to the selection.
fn choose(ui: &Ui, item: Item, commands: &mut Commands) {
    let add = ui.input(|i| i.modifiers.command || i.modifiers.shift);
    commands.push(match add {
        true => Command::ToggleSelect(item),
        false => Command::Reveal(item),
    });
}

fn toggle(view: &mut OutlineView, id: NamespaceId) {
    if !view.closed.remove(&id) {
        view.closed.insert(id);
    }
}

/// Down or Enter in the filter reveals the first match; from there arrow keys move through the rows.
fn take_first(ui: &mut Ui, lines: &[Line], commands: &mut Commands) {
    let id = Id::new("outline filter");
    let asked = ui.input(|i| i.key_pressed(Key::ArrowDown) || i.key_pressed(Key::Enter));
    if !asked || !ui.memory(|m| m.has_focus(id)) {
        return;
    }
    let first = lines.iter().find_map(|line| match line {
        Line::Item(item) | Line::Workload(item) => Some(*item),
        Line::Namespace(space) => Some(Item::Namespace(space.id)),
        _ => None,
    });
    if let Some(item) = first {
        commands.push(Command::Reveal(item));
        ui.memory_mut(|m| m.surrender_focus(id));
    }
}
