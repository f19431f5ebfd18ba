//! The search on the canvas: marks what matches, counts it, and walks through it.

use egui::{Align, Id, Key, Margin, TextEdit, Ui, WidgetInfo, vec2};

use super::canvas_id;
use crate::app::command::{Command, Commands};
use crate::app::{icons, theme, widgets};
use crate::model::{Document, Item, Namespace, NodeRef, validate};
use crate::scene::tokens;

/// The search on the canvas.
#[derive(Default)]
pub struct Search {
    text: String,
    found: Vec<Item>,
    /// Which of them was last shown.
    at: Option<usize>,
    /// What was searched, for what.
    of: Option<(Document, String)>,
    wants_keyboard: bool,
}

impl Search {
    /// The field gets the keyboard, with its text selected.
    pub(in crate::app) fn open(&mut self) {
        self.wants_keyboard = true;
    }

    /// What matches, by namespace and name; flows last.
    pub fn found(&self) -> &[Item] {
        &self.found
    }

    /// Searches again if the text or the names have changed.
    fn keep(&mut self, document: &Document) {
        let same = |(of, text): &(Document, String)| {
            *text == self.text
                && of.namespaces.same(&document.namespaces)
                && of.workloads.same(&document.workloads)
                && of.externals.same(&document.externals)
                && of.groups.same(&document.groups)
                && of.nodes.same(&document.nodes)
                && of.flows.same(&document.flows)
        };
        if !self.of.as_ref().is_some_and(same) {
            let shown = self.at.and_then(|at| self.found.get(at)).copied();
            self.found = matches(document, &self.text);
            self.at = shown.and_then(|item| self.found.iter().position(|other| *other == item));
            self.of = Some((document.clone(), self.text.clone()));
        }
    }

    /// The next match, or the one before.
    fn step(&mut self, forward: bool) -> Option<Item> {
        let count = self.found.len();
        let at = match (self.at, forward) {
            (Some(at), true) => (at + 1) % count.max(1),
            (Some(at), false) => (at + count.saturating_sub(1)) % count.max(1),
            (None, true) => 0,
            (None, false) => count.saturating_sub(1),
        };
        let item = *self.found.get(at)?;
        self.at = Some(at);
        Some(item)
    }

    fn count(&self) -> String {
        match (self.at, self.found.len()) {
            _ if self.text.trim().is_empty() => String::new(),
            (_, 0) => "No matches".into(),
            (Some(at), count) => format!("{} of {count}", at + 1),
            (None, 1) => "1 match".into(),
            (None, count) => format!("{count} matches"),
        }
    }

    /// Shows the field, the count and the buttons; false when it is closed.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        document: &Document,
        commands: &mut Commands,
    ) -> bool {
        let palette = theme::palette(ui.ctx());
        let secondary = theme::color(palette.text_secondary);
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.label(
            egui::RichText::new(icons::MAGNIFYING_GLASS)
                .font(theme::icon(tokens::ICON))
                .color(secondary),
        );
        let (entered, escaped) = self.field(ui);
        self.keep(document);
        let count = egui::RichText::new(self.count())
            .font(theme::sans(tokens::TEXT_SMALL))
            .color(secondary);
        ui.allocate_ui_with_layout(
            vec2(72.0, tokens::BUTTON),
            egui::Layout::right_to_left(Align::Center),
            |ui| ui.label(count),
        );
        let mut step = entered;
        ui.add_enabled_ui(!self.found.is_empty(), |ui| {
            if widgets::icon_button(ui, icons::CARET_UP, "Previous match (Shift Enter)").clicked() {
                step = Some(false);
            }
            if widgets::icon_button(ui, icons::CARET_DOWN, "Next match (Enter)").clicked() {
                step = Some(true);
            }
        });
        if let Some(item) = step.and_then(|forward| self.step(forward)) {
            commands.push(Command::Reveal(item));
        }
        let closed = widgets::icon_button(ui, icons::X, "Close search (Esc)").clicked();
        if escaped || closed {
            ui.memory_mut(|memory| memory.request_focus(canvas_id()));
        }
        !escaped && !closed
    }

    /// The field: whether Enter (forward) or Shift+Enter was pressed, and whether Escape was.
    fn field(&mut self, ui: &mut Ui) -> (Option<bool>, bool) {
        let id = Id::new("canvas search");
        let hint = "Name, label or port";
        let edit = TextEdit::singleline(&mut self.text)
            .id(id)
            .hint_text(hint)
            .frame(egui::Frame::new().inner_margin(Margin::symmetric(4, 4)))
            .vertical_align(Align::Center)
            .desired_width(136.0);
        let response = ui.add(edit);
        response.widget_info(|| {
            let mut info = WidgetInfo::text_edit(true, &self.text, &self.text, hint);
            info.label = Some("Search the canvas".into());
            info
        });
        if std::mem::take(&mut self.wants_keyboard) {
            response.request_focus();
            widgets::select_all(ui, id, self.text.chars().count());
        }
        let pressed = |key| ui.input(|input| input.key_pressed(key));
        let left = response.lost_focus();
        let entered =
            (left && pressed(Key::Enter)).then(|| !ui.input(|input| input.modifiers.shift));
        if entered.is_some() {
            response.request_focus();
        }
        (entered, left && pressed(Key::Escape))
    }
}

/// What matches every typed word: nodes by name, kind, namespace or label, flows by port.
fn matches(document: &Document, typed: &str) -> Vec<Item> {
    let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
    if words.is_empty() {
        return Vec::new();
    }
    let fits = |text: &str| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let space = |id| document.node_name(NodeRef::Namespace(id)).to_owned();
    let mut found: Vec<(String, String, Item)> = Vec::new();
    for (id, workload) in document.workloads.iter() {
        let home = space(workload.namespace);
        let labels = workload
            .labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        let labels = labels.collect::<Vec<_>>().join(" ");
        if fits(&format!(
            "{home}/{} {} {labels}",
            workload.name, workload.kind
        )) {
            found.push((home, workload.name.clone(), Item::Workload(id)));
        }
    }
    let named = |namespace: &Namespace| fits(&namespace.name);
    let spaces = document
        .namespaces
        .iter()
        .filter(|(_, namespace)| named(namespace));
    found.extend(spaces.map(|(id, of)| (of.name.clone(), String::new(), Item::Namespace(id))));
    found.sort();
    let mut items: Vec<Item> = found.into_iter().map(|(.., item)| item).collect();
    for (id, external) in document.externals.iter() {
        let networks = external
            .networks
            .iter()
            .map(|network| network.cidr.to_string());
        let names = external.domain_names.iter().cloned();
        let about = networks.chain(names).collect::<Vec<_>>().join(" ");
        if fits(&format!("{} {about}", external.name)) {
            items.push(Item::External(id));
        }
    }
    let groups = document
        .groups
        .iter()
        .filter(|(_, group)| fits(&group.name));
    items.extend(groups.map(|(id, _)| Item::Group(id)));
    let cluster_nodes = document.nodes_of_flows().into_iter();
    let fitting = cluster_nodes.filter(|id| fits(document.node_name(NodeRef::Node(*id))));
    items.extend(fitting.map(Item::Node));
    let ports = |ports: &[_]| fits(&validate::flow_ports_text(ports));
    let flows = document.flows.iter().filter(|(_, flow)| ports(&flow.ports));
    items.extend(flows.map(|(id, _)| Item::Flow(id)));
    items
}
