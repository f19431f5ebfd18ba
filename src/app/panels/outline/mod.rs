//! The outline: every object by name, with a filter. A click selects and reveals; arrow keys move.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Frame, Id, Key, Margin, ScrollArea, TextEdit, Ui, vec2};

use crate::app::command::{Command, Commands, Keymap};
use crate::app::icons;
use crate::app::names::PolicyNames;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Row};
use crate::model::{Document, InvariantId, Item, NamespaceId, NodeRef};
use crate::query::Outcome;
use crate::query::Results;
use crate::scene::tokens;

/// State of the outline.
#[derive(Default)]
pub struct OutlineView {
    /// The text that names must contain.
    pub filter: String,
    closed: BTreeSet<NamespaceId>,
    lines: Arc<Vec<Line>>,
    made_for: Option<Inputs>,
    /// How often the lines were computed; for tests.
    pub made: u64,
}

/// The inputs of the lines.
struct Inputs {
    document: Document,
    names: Arc<PolicyNames>,
    results: u64,
    filter: String,
    closed: BTreeSet<NamespaceId>,
    hubs: Arc<BTreeSet<NodeRef>>,
}

impl Inputs {
    /// Whether both give the same lines; compares pointers where it can.
    fn same(&self, other: &Self) -> bool {
        let (a, b) = (&self.document, &other.document);
        a.namespaces.same(&b.namespaces)
            && a.workloads.same(&b.workloads)
            && a.externals.same(&b.externals)
            && a.groups.same(&b.groups)
            && a.invariants.same(&b.invariants)
            && a.policies.same(&b.policies)
            && Arc::ptr_eq(&self.names, &other.names)
            && (self.results, &self.filter) == (other.results, &other.filter)
            && self.closed == other.closed
            && self.hubs == other.hubs
    }
}

impl OutlineView {
    /// Computes the lines again if an input has changed.
    fn keep(&mut self, document: &Document, results: &Results, beside: Beside<'_>) {
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
}

/// One line of the outline.
enum Line {
    Section(&'static str, usize),
    Item {
        item: Item,
        depth: usize,
        count: Option<usize>,
        foreground: Option<usize>,
    },
    /// A hub that the canvas hides.
    Hub(NodeRef),
    /// A generated policy, by its index.
    Written(usize),
    Gap,
    /// There are no namespaces yet.
    Empty,
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

fn lines(
    document: &Document,
    results: &Results,
    view: &OutlineView,
    beside: Beside<'_>,
) -> Vec<Line> {
    let names = beside.names;
    let filter = view.filter.trim().to_lowercase();
    let fits = |name: &str| filter.is_empty() || name.to_lowercase().contains(&filter);
    let mut lines = vec![Line::Section("Namespaces", document.namespaces.len())];
    for (number, (id, namespace)) in document.namespaces.iter().enumerate() {
        let mut workloads = document.workloads_of(id);
        workloads.sort_by_key(|id| document.workloads.get(*id).map(|w| w.name.clone()));
        let all = workloads.len();
        if !fits(&namespace.name) {
            workloads.retain(|id| document.workloads.get(*id).is_some_and(|w| fits(&w.name)));
            if workloads.is_empty() {
                continue;
            }
        }
        let item = Item::Namespace(id);
        lines.push(Line::Item {
            item,
            depth: 0,
            count: Some(all),
            foreground: Some(number),
        });
        if filter.is_empty() && view.closed.contains(&id) {
            continue;
        }
        let below = workloads.into_iter().map(Item::Workload);
        lines.extend(below.map(|item| Line::Item {
            item,
            depth: 1,
            count: None,
            foreground: None,
        }));
    }
    if document.namespaces.is_empty() {
        lines.push(Line::Empty);
    }
    let plain = |item| Line::Item {
        item,
        depth: 0,
        count: None,
        foreground: None,
    };
    let externals: Vec<_> = document
        .externals
        .iter()
        .filter(|(_, e)| fits(&e.name))
        .collect();
    section(
        &mut lines,
        "External",
        externals
            .iter()
            .map(|(id, _)| plain(Item::External(*id)))
            .collect(),
    );
    let hubs = beside.hubs.iter();
    let hubs = hubs.filter(|hub| fits(document.node_name(**hub)));
    section(
        &mut lines,
        "Hidden hubs",
        hubs.copied().map(Line::Hub).collect(),
    );
    let groups: Vec<_> = document
        .groups
        .iter()
        .filter(|(_, g)| fits(&g.name))
        .collect();
    section(
        &mut lines,
        "Groups",
        groups
            .iter()
            .map(|(id, _)| plain(Item::Group(*id)))
            .collect(),
    );
    let invariants = document.invariants.iter();
    let invariants = invariants.filter(|(_, invariant)| fits(&invariant.name));
    section(
        &mut lines,
        "Invariants",
        invariants
            .map(|(id, _)| plain(Item::Invariant(id)))
            .collect(),
    );
    let imported = document.policies.ids();
    let imported =
        imported.filter(|id| fits(names.name(document, *id)) || fits(names.namespace(*id)));
    section(
        &mut lines,
        "Imported policies",
        imported.map(|id| plain(Item::Policy(id))).collect(),
    );
    let written = results.generated.policies.iter().enumerate();
    let written = written.filter(|(_, policy)| fits(&policy.name) || fits(&policy.namespace));
    section(
        &mut lines,
        "Policies",
        written.map(|(at, _)| Line::Written(at)).collect(),
    );
    lines
}

fn section(lines: &mut Vec<Line>, name: &'static str, below: Vec<Line>) {
    if !below.is_empty() {
        lines.extend([Line::Gap, Line::Section(name, below.len())]);
        lines.extend(below);
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
        Line::Item {
            item,
            depth,
            count,
            foreground,
        } => {
            let foreground = foreground.map(|hue| theme::palette(ui.ctx()).icon(hue));
            let look = match item {
                Item::Invariant(id) => verdict(*id, results, theme::palette(ui.ctx())),
                item => (icons::of_item(*item, document), foreground),
            };
            let shape = (*depth, *count, look);
            if item_ui(ui, document, (*item, shape), beside, commands)
                && let Item::Namespace(id) = item
            {
                toggle(view, *id);
            }
        }
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

/// Depth of an item, number of its children, and its look.
type Shape = (usize, Option<usize>, Look);

/// Shows an item; true if it was double-clicked.
fn item_ui(
    ui: &mut Ui,
    document: &Document,
    (item, (depth, count, (icon, foreground))): (Item, Shape),
    beside: Beside<'_>,
    commands: &mut Commands,
) -> bool {
    let (end, name) = match item {
        Item::Policy(id) => {
            let names = beside.names;
            let name = names.name(document, id).to_owned();
            (names.namespace(id).to_owned(), name)
        }
        item => (
            count.map_or(String::new(), |count| count.to_string()),
            document.item_name(item),
        ),
    };
    let mut row = Row::new(icon, &name)
        .indent(depth as f32 * 16.0)
        .end(&end)
        .selected(beside.selection.contains(&item));
    if let Some(foreground) = foreground {
        row = row.icon_color(color(foreground));
    }
    let response = row.show(ui);
    if response.clicked() {
        let add = ui.input(|i| i.modifiers.command || i.modifiers.shift);
        commands.push(match add {
            true => Command::ToggleSelect(item),
            false => Command::Reveal(item),
        });
    }
    response.double_clicked()
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
        Line::Item { item, .. } => Some(*item),
        _ => None,
    });
    if let Some(item) = first {
        commands.push(Command::Reveal(item));
        ui.memory_mut(|m| m.surrender_focus(id));
    }
}
