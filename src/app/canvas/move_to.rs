//! Moves workloads to another namespace from a list that typing filters. The inspector shows what would open and close
//! for the chosen row, as it does while workloads are dragged over that namespace.

use std::collections::{BTreeMap, BTreeSet};

use egui::{Key, Painter, Pos2, Stroke, Ui};

use super::choices::Choices;
use super::floating::{faint, floating, heading};
use super::paint::dashed_frame;
use super::pointer::Gesture;
use super::popup::beside;
use super::{CanvasView, Popup, create, pen};
use crate::app::command::{Command, Commands};
use crate::app::{icons, theme, widgets};
use crate::model::{Document, Edit, Item, NamespaceId, NodeRef};
use crate::scene::tokens::Palette;

/// Choosing the namespace that workloads move to.
pub struct MovePicker {
    nodes: BTreeSet<NodeRef>,
    /// Where it opens, in the scene.
    at: Pos2,
    choices: Choices,
    refusal: Option<String>,
}

impl CanvasView {
    /// Opens the list for the selected workloads.
    pub(in crate::app) fn move_to_namespace(
        &mut self,
        document: &Document,
        selection: &[Item],
        commands: &mut Commands,
    ) {
        let nodes = selection.iter().filter_map(|item| match item {
            Item::Workload(id) => Some(NodeRef::Workload(*id)),
            _ => None,
        });
        let nodes: BTreeSet<NodeRef> = nodes.collect();
        let Some(first) = nodes.first().copied() else {
            let text = "Select workloads to move them to another namespace";
            return commands.push(Command::Say(text.to_owned()));
        };
        let at = beside(self, self.shown(document, first));
        self.gesture = Gesture::Idle;
        self.popup = Some(Popup::Move(MovePicker {
            nodes,
            at: at.unwrap_or_else(|| self.camera.visible().center()),
            choices: Choices::default(),
            refusal: None,
        }));
    }

    pub(super) fn show_move(
        &mut self,
        ui: &Ui,
        document: &Document,
        mut picker: MovePicker,
        commands: &mut Commands,
    ) {
        let place = self.popup_place(picker.at);
        let (taken, outside) = floating(ui, "move", place, true, |ui| {
            ui.set_width(288.0);
            picker.show(ui, document)
        });
        let escape = ui.input(|input| input.key_pressed(Key::Escape));
        let edit = taken.and_then(|into| picker.accepted(document, into));
        match edit {
            Some(edit) => commands.edit(edit),
            None if escape || outside => {}
            None => {
                self.popup = Some(Popup::Move(picker));
                return;
            }
        }
        if !outside {
            ui.memory_mut(|memory| memory.request_focus(super::canvas_id()));
        }
    }

    /// The edit that takes what is being dragged, or the list is about, into another namespace, as a drop or Enter would, without
    /// places.
    pub fn pending_move(&self, document: &Document) -> Option<(NamespaceId, Edit)> {
        let (nodes, into) = match (&self.gesture, &self.popup) {
            (Gesture::Move(moving), _) if !moving.done => (&moving.drag.nodes, moving.drag.into?),
            (_, Some(Popup::Move(picker))) => (&picker.nodes, picker.chosen(document)?),
            _ => return None,
        };
        let edit = create::move_into(document, nodes, into, BTreeMap::new());
        Some((into, edit))
    }

    /// Frames the namespace that workloads would move to.
    pub(super) fn draw_move(
        &self,
        painter: &Painter,
        document: &Document,
        stroke: Stroke,
        palette: &Palette,
    ) {
        let Some((into, _)) = self.pending_move(document) else {
            return;
        };
        if let Some(space) = self.scene_graph.scene.namespace(into) {
            let rect = self
                .camera
                .rect_to_screen(pen::rect(space.rect))
                .expand(3.0);
            painter.extend(dashed_frame(rect, stroke));
            let name = document.node_name(NodeRef::Namespace(into));
            self.hint(painter, rect, &format!("Move to {name}"), palette);
        }
    }
}

impl MovePicker {
    fn show(&mut self, ui: &mut Ui, document: &Document) -> Option<NamespaceId> {
        let names: Vec<&str> = self.nodes.iter().map(|n| document.node_name(*n)).collect();
        let what = match names.as_slice() {
            [name] => (*name).to_owned(),
            _ => format!("{} workloads", names.len()),
        };
        heading(ui, &what, "…");
        ui.add_space(4.0);
        let rows = self.rows(document);
        let shown: Vec<_> = rows
            .iter()
            .map(|(_, name)| (icons::NAMESPACE, *name))
            .collect();
        let typed = self.choices.text.clone();
        let hint = ("Move to namespace", "Type the name of a namespace");
        let taken = self.choices.show(ui, hint, &shown);
        if self.choices.text != typed {
            self.refusal = None;
        }
        if let Some(refusal) = &self.refusal {
            let foreground = theme::color(theme::palette(ui.ctx()).blocked);
            widgets::message(ui, icons::X, refusal, foreground);
        }
        ui.add_space(4.0);
        let keys = match rows.is_empty() {
            true => "No other namespace has this name; Esc cancels",
            false => "Enter moves, Esc cancels",
        };
        faint(ui, keys);
        rows.get(taken?).map(|(id, _)| *id)
    }

    /// The namespaces that fit what is typed, except the one that all of the workloads are in; those that begin with it first.
    fn rows<'a>(&self, document: &'a Document) -> Vec<(NamespaceId, &'a str)> {
        let homes = self.nodes.iter().filter_map(|node| match node {
            NodeRef::Workload(id) => document.workloads.get(*id).map(|w| w.namespace),
            _ => None,
        });
        let homes: BTreeSet<NamespaceId> = homes.collect();
        let typed = self.choices.text.trim().to_lowercase();
        let spaces = document.namespaces.iter();
        let spaces = spaces.filter(|(id, _)| homes.len() != 1 || !homes.contains(id));
        let spaces = spaces.filter(|(_, space)| space.name.contains(&typed));
        let mut rows: Vec<_> = spaces
            .map(|(id, space)| (id, space.name.as_str()))
            .collect();
        rows.sort_by_key(|(_, name)| (!name.starts_with(&typed), *name));
        rows
    }

    /// The namespace of the chosen row.
    fn chosen(&self, document: &Document) -> Option<NamespaceId> {
        let rows = self.rows(document);
        let row = self.choices.row(rows.len());
        rows.get(row).map(|(id, _)| *id)
    }

    /// The edit, unless the Document refuses it; the reason is shown then.
    fn accepted(&mut self, document: &Document, into: NamespaceId) -> Option<Edit> {
        let edit = create::move_into(document, &self.nodes, into, BTreeMap::new());
        match edit.apply(&mut document.clone()) {
            Ok(_) => Some(edit),
            Err(refusal) => {
                self.refusal = Some(refusal.to_string());
                None
            }
        }
    }
}
