//! Chooses the other end of a flow from a list that typing filters: existing objects, and new ones.

use egui::{Key, Modifiers, Pos2, ScrollArea, TextEdit, Ui, vec2};

use super::floating::{floating, heading};
use super::pointer::Gesture;
use super::{CanvasView, Popup, create, draft};
use crate::app::icons;
use crate::app::widgets::Row;
use crate::model::{Document, End, NamespaceId};
use crate::scene::{pt, tokens};
use create::Peer;

/// Choosing the other end of a flow.
pub struct TargetPicker {
    /// The source; none: the source itself is being chosen.
    pub from: Option<End>,
    /// Further sources.
    also: Vec<End>,
    /// Where it opens, and where a new peer is placed.
    pub at: Pos2,
    /// The namespace that it was dropped in.
    inside: Option<NamespaceId>,
    /// New objects first: the flow was dropped on empty canvas.
    new_first: bool,
    text: String,
    row: usize,
    opened: bool,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq)]
enum Choice {
    /// Something that exists.
    Known(End),
    /// Something to be made.
    New(Peer),
}

impl CanvasView {
    /// Opens the list for a flow that was dropped on empty canvas.
    pub(super) fn ask_target(&mut self, from: Option<End>, also: Vec<End>, at: Pos2) {
        let point = pt(at.x, at.y);
        let spaces = &self.scene_graph.scene.namespaces;
        let inside = spaces
            .iter()
            .find(|space| space.rect.contains(point))
            .map(|space| space.id);
        self.popup = Some(Popup::Target(TargetPicker {
            from,
            also,
            at,
            inside,
            new_first: true,
            text: String::new(),
            row: 0,
            opened: false,
        }));
    }

    /// Opens the list by keyboard, for the destination of a flow (or its source, without a source).
    pub(super) fn list_targets(&mut self, from: Option<End>, also: Vec<End>, at: Pos2) {
        self.ask_target(from, also, at);
        if let Some(Popup::Target(picker)) = &mut self.popup {
            picker.new_first = false;
            picker.inside = None;
        }
    }

    pub(super) fn show_targets(&mut self, ui: &Ui, document: &Document, mut picker: TargetPicker) {
        let place = self.popup_place(picker.at);
        let (chosen, outside) = floating(ui, "targets", place, true, |ui| {
            ui.set_width(288.0);
            picker.show(ui, document)
        });
        let escape = ui.input(|input| input.key_pressed(Key::Escape));
        match chosen {
            Some(choice) => self.take(document, picker, choice),
            None if escape => {
                self.gesture = Gesture::Idle;
                ui.memory_mut(|memory| memory.request_focus(super::canvas_id()));
            }
            None if outside => {}
            None => self.popup = Some(Popup::Target(picker)),
        }
    }

    fn take(&mut self, document: &Document, picker: TargetPicker, choice: Choice) {
        self.gesture = Gesture::Idle;
        let at = picker.at;
        match (picker.from, choice) {
            (Some(from), Choice::Known(to)) => {
                self.ask_ports(document, (from, picker.also), to, at);
            }
            (Some(from), Choice::New(peer)) => {
                let place = self.clear_of_tools(at);
                let made = create::make(document, &self.scene_graph.scene, &peer, place);
                self.ask_ports_of_new((from, picker.also), made, at);
            }
            (None, Choice::Known(from)) => self.list_targets(Some(from), Vec::new(), at),
            (None, Choice::New(_)) => {}
        }
    }
}

impl TargetPicker {
    fn show(&mut self, ui: &mut Ui, document: &Document) -> Option<Choice> {
        let from = self.from.as_ref().map(|from| document.end_name(from));
        let from = from.map(|from| sources(&from, &self.also));
        heading(ui, from.as_deref().unwrap_or("…"), "…");
        ui.add_space(4.0);
        let rows = self.rows(document);
        let step = |ui: &Ui, key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if step(ui, Key::ArrowDown) {
            self.row += 1;
        }
        if step(ui, Key::ArrowUp) {
            self.row = self.row.saturating_sub(1);
        }
        self.row = self.row.min(rows.len().saturating_sub(1));
        let entered = self.field(ui);
        ui.add_space(4.0);
        let mut chosen = None;
        ScrollArea::vertical().max_height(264.0).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (number, (choice, icon, text)) in rows.iter().enumerate() {
                let response = Row::new(icon, text).selected(number == self.row).show(ui);
                if number == self.row && entered.is_none() {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    chosen = Some(choice.clone());
                }
            }
        });
        match entered {
            Some(true) => rows.into_iter().nth(self.row).map(|(choice, ..)| choice),
            _ => chosen,
        }
    }

    /// The filter; returns whether it is unchanged (none), was edited, or Enter was pressed.
    fn field(&mut self, ui: &mut Ui) -> Option<bool> {
        let hint = match self.new_first {
            true => "Name a new one, or search",
            false => "Search, or name a new one",
        };
        let edit = TextEdit::singleline(&mut self.text)
            .id_salt("canvas targets")
            .hint_text(hint)
            .vertical_align(egui::Align::Center)
            .min_size(vec2(0.0, tokens::FIELD))
            .margin(egui::Margin::symmetric(8, 4))
            .desired_width(f32::INFINITY);
        let response = ui.add(edit);
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::text_edit(true, &self.text, &self.text, hint);
            info.label = Some("Other end".into());
            info
        });
        if !std::mem::replace(&mut self.opened, true) {
            response.request_focus();
        }
        if response.changed() {
            self.row = 0;
        }
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if entered {
            return Some(true);
        }
        response.changed().then_some(false)
    }

    fn rows(&self, document: &Document) -> Vec<(Choice, &'static str, String)> {
        let wanted = self.text.trim().to_lowercase();
        let fits = |words: &str| words.to_lowercase().contains(&wanted);
        let legal = |end: &End| {
            self.from
                .as_ref()
                .is_none_or(|from| draft::legal(from, end))
        };
        let known = ends(document)
            .into_iter()
            .filter(legal)
            .map(|end| (icons::of_end(&end, document), document.end_words(&end), end))
            .filter(|(_, words, _)| fits(words))
            .map(|(icon, words, end)| (Choice::Known(end), icon, words))
            .take(40);
        let known: Vec<_> = known.collect();
        let new = if self.from.is_some() {
            self.new_rows(document)
        } else {
            Vec::new()
        };
        let (first, then) = if self.new_first {
            (new, known)
        } else {
            (known, new)
        };
        first.into_iter().chain(then).collect()
    }

    fn new_rows(&self, document: &Document) -> Vec<(Choice, &'static str, String)> {
        let name = self.text.trim();
        let called = if name.is_empty() {
            String::new()
        } else {
            format!(" {name}")
        };
        let source = match &self.from {
            Some(End::Workload(id)) => document.workloads.get(*id).map(|w| w.namespace),
            Some(End::AnyPodOf(id)) => Some(*id),
            _ => None,
        };
        let home = self
            .inside
            .or(source)
            .or_else(|| document.namespaces.ids().next());
        let space = home
            .and_then(|id| document.namespaces.get(id))
            .map_or("default", |n| &n.name);
        let workload = Peer::Workload(home, name.to_owned());
        let mut rows = vec![(
            Choice::New(workload),
            icons::WORKLOAD,
            format!("New workload{called} in {space}"),
        )];
        if let (Some(id), true) = (self.inside, name.is_empty()) {
            rows.push((
                Choice::Known(End::AnyPodOf(id)),
                icons::NAMESPACE,
                format!("Any pod of {space}"),
            ));
        }
        if self.from.as_ref().is_none_or(End::has_gate) {
            let external = Peer::External(name.to_owned());
            rows.push((
                Choice::New(external),
                icons::EXTERNAL,
                format!("New external{called}"),
            ));
            if name.is_empty() && document.external_named("Internet").is_none() {
                rows.push((
                    Choice::New(Peer::Internet),
                    icons::INTERNET,
                    "Internet".to_owned(),
                ));
            }
        }
        rows.push((
            Choice::New(Peer::Group(name.to_owned())),
            icons::GROUP,
            format!("New group{called}"),
        ));
        rows
    }
}

/// The sources of flows, in words.
pub fn sources(first: &str, also: &[End]) -> String {
    match also.len() {
        0 => first.to_owned(),
        more => format!("{} objects", more + 1),
    }
}

/// Everything that can be an end.
fn ends(document: &Document) -> Vec<End> {
    let workloads = document.workloads.ids().map(End::Workload);
    let spaces = document.namespaces.ids().map(End::AnyPodOf);
    let externals = document.externals.ids().map(End::External);
    let groups = document.groups.ids().map(End::Group);
    let cluster_nodes = document.nodes.ids().map(End::Node);
    workloads
        .chain(spaces)
        .chain([End::AnyPod])
        .chain(externals)
        .chain(groups)
        .chain(cluster_nodes)
        .collect()
}
