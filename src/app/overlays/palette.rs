//! The palette: go to anything by name, or run a command.

use egui::{Context, Id, Key, Margin, ScrollArea, TextEdit, Ui, vec2};

use super::dropped;
use crate::app::command::{Command, LISTED};
use crate::app::panels::text_of;
use crate::app::state::App;
use crate::app::theme;
use crate::app::widgets::{self, Row};
use crate::app::{fuzzy, icons};
use crate::model::{Item, NodeRef};
use crate::scene::tokens;

/// What is typed, and which entry is chosen.
#[derive(Default)]
pub struct PaletteView {
    typed: String,
    chosen: usize,
    /// Only commands, no things.
    commands: bool,
}

impl PaletteView {
    /// An empty palette; of commands only, or of everything.
    pub fn new(commands: bool) -> Self {
        Self {
            commands,
            ..Self::default()
        }
    }
}

struct Entry {
    icon: &'static str,
    text: String,
    end: String,
    command: Command,
    /// What else is searched.
    also: String,
    policy: Option<String>,
}

const SHOWN: usize = 60;

/// Shows it; gives it back while it stays open.
pub(super) fn palette_ui(
    app: &mut App,
    context: &Context,
    mut view: PaletteView,
) -> Option<PaletteView> {
    let entries = found(app, &view);
    let mut run = None;
    let ((), closed) = dropped(context, "palette", 560.0, |ui| {
        let (up, down, enter) = keys(ui);
        field(ui, &mut view);
        let count = entries.len().max(1);
        view.chosen =
            (view.chosen.min(count - 1) + usize::from(down) + if up { count - 1 } else { 0 })
                % count;
        if enter {
            run = Some(view.chosen);
        }
        let moved = up || down;
        if let Some(clicked) = list(ui, &entries, view.chosen, moved) {
            run = Some(clicked);
        }
    });
    let Some(at) = run else {
        return (!closed).then_some(view);
    };
    let entry = entries.into_iter().nth(at)?;
    if let Some(key) = entry.policy {
        app.view.policies.choose_key(key);
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
        true => "Run a command",
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
    widgets::named(&response, egui::WidgetType::TextEdit, "Palette");
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
            widgets::faint(ui, "Nothing has that name");
        });
        ui.add_space(6.0);
    }
    ScrollArea::vertical()
        .max_height(420.0)
        .min_scrolled_height(420.0)
        .show(ui, |ui| {
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

/// What fits, best first; of equals, things before commands.
fn found(app: &App, view: &PaletteView) -> Vec<Entry> {
    let mut entries = Vec::new();
    if !view.commands {
        things(app, &mut entries);
    }
    for listed in LISTED.iter().filter(|listed| app.can(&listed.command)) {
        if matches!(
            listed.command,
            Command::Escape | Command::GoTo | Command::RunCommand
        ) {
            continue;
        }
        entries.push(Entry {
            icon: listed.icon,
            text: text_of(app, listed).trim_end_matches('…').to_owned(),
            end: listed
                .keys
                .first()
                .map_or(String::new(), |shortcut| shortcut.text()),
            command: listed.command.clone(),
            also: String::new(),
            policy: None,
        });
    }
    let mut scored: Vec<(i32, Entry)> = entries
        .into_iter()
        .filter_map(|entry| {
            let own = fuzzy::score(&view.typed, &entry.text);
            let also = fuzzy::score(&view.typed, &format!("{} {}", entry.also, entry.text));
            own.into_iter()
                .chain(also.map(|score| score - 60))
                .max()
                .map(|score| (score, entry))
        })
        .collect();
    // Stable, so that equals stay in the order of the outline.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored
        .into_iter()
        .take(SHOWN)
        .map(|(_, entry)| entry)
        .collect()
}

fn things(app: &App, entries: &mut Vec<Entry>) {
    let document = app.document();
    let mut add = |item: Item, end: String| {
        entries.push(Entry {
            icon: icons::of_item(item, &document),
            text: document.item_name(item),
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
    for (id, flow) in document.flows.iter() {
        add(
            Item::Flow(id),
            crate::model::validate::flow_ports_text(&flow.ports),
        );
    }
    for id in document.policies.ids() {
        add(Item::Policy(id), "kept policy".into());
    }
    for policy in &app.results.generated.policies {
        entries.push(Entry {
            icon: icons::FILE,
            text: policy.name.clone(),
            also: policy.namespace.clone(),
            end: format!("policy in {}", policy.namespace),
            command: Command::Highlight(policy.flows.clone()),
            policy: Some(format!("{}/{}", policy.namespace, policy.name)),
        });
    }
}
