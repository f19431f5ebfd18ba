//! Chooses the other end of a flow from a list that typing filters: existing objects, and new ones.

use egui::{Key, Pos2, Ui};

use super::choices::Choices;
use super::floating::{floating, heading};
use super::pointer::Gesture;
use super::{CanvasView, Popup, create, draft};
use crate::app::icons;
use crate::model::{Document, End, NamespaceId};
use crate::scene::pt;
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
    choices: Choices,
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
            choices: Choices::default(),
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
        let hint = match self.new_first {
            true => "Name a new one, or search",
            false => "Search, or name a new one",
        };
        let shown = rows.iter().map(|(_, icon, text)| (*icon, text.as_str()));
        let shown: Vec<_> = shown.collect();
        let taken = self.choices.show(ui, ("Other end", hint), &shown)?;
        rows.into_iter().nth(taken).map(|(choice, ..)| choice)
    }

    fn rows(&self, document: &Document) -> Vec<(Choice, &'static str, String)> {
        let wanted = self.choices.text.trim().to_lowercase();
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
        let name = self.choices.text.trim();
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
