//! The command palette: go to an object by name, or run a command.

use std::sync::Arc;

use egui::{Context, Id, Key, Margin, TextEdit, Ui, vec2};

use super::{dropped, list_area};
use crate::app::command::{Command, Keymap, LISTED, Listed};
use crate::app::jobs::Memo;
use crate::app::names::PolicyNames;
use crate::app::panels::text_of;
use crate::app::state::App;
use crate::app::theme;
use crate::app::widgets::{self, Row};
use crate::app::{fuzzy, icons};
use crate::model::{Document, Item, NodeRef};
use crate::query::Results;
use crate::scene::tokens;

/// State of the palette: the typed text and the chosen entry.
#[derive(Default)]
pub struct PaletteView {
    typed: String,
    chosen: usize,
    /// Lists only commands, no objects.
    commands: bool,
    /// Version of the searched names; increases when any of them changes.
    version: u64,
    of: Option<(Document, u64)>,
    found: Memo<(u64, String), Vec<Entry>>,
    /// Enter was pressed while the search was still running.
    entered: bool,
}

impl PaletteView {
    /// An empty palette, of commands only or of everything.
    pub fn new(commands: bool) -> Self {
        Self {
            commands,
            ..Self::default()
        }
    }

    /// Searches for the typed text on the worker pool.
    fn keep(&mut self, app: &App) {
        let (document, number) = (app.document(), app.view.results_number);
        let known = self.of.as_ref();
        if !known.is_some_and(|(of, with)| same_names(of, &document) && *with == number) {
            self.version += 1;
            self.of = Some((document.clone(), number));
        }
        let key = (self.version, self.typed.clone());
        if self.found.asked() == Some(&key) && !self.found.busy() {
            return;
        }
        let (typed, only_commands) = (self.typed.clone(), self.commands);
        let commands = commands(app);
        let (results, names) = (Arc::clone(&app.results), Arc::clone(&app.view.names));
        self.found.keep(key, app.files.pool(), move |_| {
            let mut entries = match only_commands {
                true => Vec::new(),
                false => things(&document, &results, &names),
            };
            entries.extend(commands);
            best(entries, &typed)
        });
    }

    /// Whether the listed entries are for the typed text.
    fn is_current(&self) -> bool {
        let (asked, answer) = (self.found.asked(), self.found.answer());
        asked.is_some_and(|(_, typed)| *typed == self.typed) && answer.map(|(key, _)| key) == asked
    }
}

#[derive(Clone)]
struct Entry {
    icon: &'static str,
    text: String,
    end: String,
    command: Command,
    /// Further text that the search matches.
    also: String,
    policy: Option<String>,
}

const SHOWN: usize = 60;

/// Shows the palette; returns the view while it stays open.
pub(super) fn palette_ui(
    app: &mut App,
    context: &Context,
    mut view: Box<PaletteView>,
) -> Option<Box<PaletteView>> {
    view.keep(app);
    let found = std::mem::take(&mut view.found);
    let entries = found.answer().map_or(&[][..], |(_, entries)| entries);
    let mut clicked = None;
    let ((), closed) = dropped(context, "palette", 560.0, |ui| {
        let (up, down, enter) = keys(ui);
        field(ui, &mut view);
        let count = entries.len().max(1);
        view.chosen =
            (view.chosen.min(count - 1) + usize::from(down) + if up { count - 1 } else { 0 })
                % count;
        view.entered |= enter;
        clicked = list(ui, entries, view.chosen, up || down);
    });
    let run = clicked.or(view.entered.then_some(view.chosen));
    let run = run.and_then(|at| entries.get(at)).cloned();
    view.found = found;
    if clicked.is_none() && !view.is_current() {
        // Text typed in this frame is searched for in the next.
        context.request_repaint();
        return (!closed).then_some(view);
    }
    view.entered = false;
    let Some(entry) = run else {
        return (!closed).then_some(view);
    };
    if let Some(key) = entry.policy {
        app.commands.push(Command::ChoosePolicy(key));
    }
    app.commands.push(entry.command);
    None
}

fn keys(ui: &Ui) -> (bool, bool, bool) {
    ui.input_mut(|input| {
        let mut pressed = |key| input.consume_key(egui::Modifiers::NONE, key);
        (
            pressed(Key::ArrowUp),
            pressed(Key::ArrowDown),
            pressed(Key::Enter),
        )
    })
}

fn field(ui: &mut Ui, view: &mut PaletteView) {
    let hint = match view.commands {
        true => "Type a command",
        false => "Search workloads, flows, commands",
    };
    let id = Id::new("palette field");
    let edit = TextEdit::singleline(&mut view.typed)
        .id(id)
        .font(theme::sans(tokens::TEXT_LARGE))
        .hint_text(egui::RichText::new(hint).font(theme::sans(tokens::TEXT_LARGE)))
        .frame(egui::Frame::new().inner_margin(Margin::symmetric(10, 8)))
        .min_size(vec2(0.0, 40.0))
        .vertical_align(egui::Align::Center)
        .desired_width(f32::INFINITY);
    let response = ui.add(edit);
    widgets::named(&response, egui::WidgetType::TextEdit, "Command palette");
    response.request_focus();
    if response.changed() {
        view.chosen = 0;
    }
    widgets::hairline(ui);
}

fn list(ui: &mut Ui, entries: &[Entry], chosen: usize, moved: bool) -> Option<usize> {
    let mut clicked = None;
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.add_space(6.0);
    if entries.is_empty() {
        ui.horizontal(|ui| {
            ui.add_space(10.0);
            widgets::faint(ui, "No matches");
        });
        ui.add_space(6.0);
    }
    list_area(420.0).show(ui, |ui| {
        for (at, entry) in entries.iter().enumerate() {
            let row = Row::new(entry.icon, &entry.text)
                .end(&entry.end)
                .selected(at == chosen)
                .height(30.0);
            let response = row.icon_space().show(ui);
            if at == chosen && moved {
                response.scroll_to_me(None);
            }
            if response.clicked() {
                clicked = Some(at);
            }
        }
    });
    clicked
}

/// The matching entries, best first; at equal scores, objects before commands.
fn best(entries: Vec<Entry>, typed: &str) -> Vec<Entry> {
    let mut scored: Vec<(i32, Entry)> = entries
        .into_iter()
        .filter_map(|entry| {
            let own = fuzzy::score(typed, &entry.text);
            let also = fuzzy::score(typed, &format!("{} {}", entry.also, entry.text));
            own.into_iter()
                .chain(also.map(|score| score - 60))
                .max()
                .map(|score| (score, entry))
        })
        .collect();
    // A stable sort keeps entries of equal score in the order of the outline.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored
        .into_iter()
        .take(SHOWN)
        .map(|(_, entry)| entry)
        .collect()
}

/// The commands that can be run now.
fn commands(app: &App) -> Vec<Entry> {
    let hidden = |command: &Command| {
        matches!(
            command,
            Command::Escape | Command::GoTo | Command::RunCommand
        )
    };
    let possible = LISTED
        .iter()
        .filter(|listed| app.can(&listed.command) && !hidden(&listed.command));
    let keymap = Keymap::of(&app.context);
    let entry = |listed: &Listed| Entry {
        icon: listed.icon,
        text: text_of(app, listed).trim_end_matches('…').to_owned(),
        end: keymap.text(&listed.command),
        command: listed.command.clone(),
        also: synonyms(&listed.command).to_owned(),
        policy: None,
    };
    possible.map(entry).collect()
}

/// Other words for a command.
fn synonyms(command: &Command) -> &'static str {
    match command {
        Command::LayOut => "tidy arrange clean up",
        Command::Fit => "zoom to fit, show all",
        Command::FitSelection => "zoom to selection",
        Command::ZoomReset => "zoom 100%",
        Command::Focus => "isolate, solo, only this",
        Command::Find => "search",
        Command::LinkSelected => "link, connect",
        Command::DrawFlow => "connect, arrow, edge",
        Command::ToggleOutline | Command::ToggleInspector => "sidebar, panel",
        Command::ShowWhy => "why, explain",
        Command::MuteFlow => "disable, hide",
        _ => "",
    }
}

/// Whether both share the tables that names come from; compares pointers only.
fn same_names(a: &Document, b: &Document) -> bool {
    a.namespaces.same(&b.namespaces)
        && a.workloads.same(&b.workloads)
        && a.externals.same(&b.externals)
        && a.groups.same(&b.groups)
        && a.nodes.same(&b.nodes)
        && a.flows.same(&b.flows)
        && a.policies.same(&b.policies)
        && a.invariants.same(&b.invariants)
}

fn things(document: &Document, results: &Results, names: &PolicyNames) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut add = |item: Item, end: String| {
        entries.push(Entry {
            icon: icons::of_item(item, document),
            text: names.of(document, item),
            also: end.clone(),
            end,
            command: Command::Reveal(item),
            policy: None,
        });
    };
    for (id, workload) in document.workloads.iter() {
        add(
            Item::Workload(id),
            document
                .node_name(NodeRef::Namespace(workload.namespace))
                .to_owned(),
        );
    }
    for id in document.namespaces.ids() {
        add(Item::Namespace(id), "namespace".into());
    }
    for id in document.externals.ids() {
        add(Item::External(id), "external".into());
    }
    for id in document.groups.ids() {
        add(Item::Group(id), "group".into());
    }
    for id in document.nodes.ids() {
        add(Item::Node(id), "node".into());
    }
    for (id, flow) in document.flows.iter() {
        add(
            Item::Flow(id),
            crate::model::validate::flow_ports_words(&flow.ports),
        );
    }
    for id in document.invariants.ids() {
        add(Item::Invariant(id), "invariant".into());
    }
    for id in document.policies.ids() {
        add(Item::Policy(id), "imported policy".into());
    }
    for policy in &results.generated.policies {
        entries.push(Entry {
            icon: icons::FILE,
            text: policy.name.clone(),
            also: policy.namespace.clone(),
            end: format!("policy in {}", policy.namespace),
            command: Command::Highlight(policy.flows.clone()),
            policy: Some(format!("{}/{}", policy.namespace, policy.name)),
        });
    }
    entries
}
