//! What opens on the canvas at a place: ports of a flow, the other end of a flow, a name.

use egui::{Id, Key, Pos2, Rect, Stroke, Ui, vec2};

use super::floating::{BESIDE, Outcome, floating};
use super::{Age, CanvasView, Popup, draft, pen};
use crate::app::command::{Command, Commands};
use crate::app::view::View;
use crate::app::widgets::Field;
use crate::model::edit::Thing;
use crate::model::{Document, Edit, Item, NodeRef, validate};

impl CanvasView {
    /// Opens the name of a node for typing.
    pub(super) fn rename(&mut self, node: NodeRef) {
        self.popup = node.item().map(|item| Popup::Rename(item, Age::Known));
    }

    /// Shows what is open.
    pub(super) fn show_popup(
        &mut self,
        ui: &mut Ui,
        document: &Document,
        view: &mut View,
        commands: &mut Commands,
    ) {
        let Some(popup) = self.popup.take() else {
            return;
        };
        match popup {
            Popup::Ports(picker) => self.show_ports(ui, document, picker, commands),
            Popup::Target(picker) => self.show_targets(ui, document, picker),
            Popup::Move(picker) => self.show_move(ui, document, picker, commands),
            Popup::Rename(item, age) => {
                let outcome = self.show_rename(ui, document, (item, age), view, commands);
                if outcome == Outcome::Open && self.popup.is_none() {
                    self.popup = Some(Popup::Rename(item, age));
                }
            }
        }
    }

    fn show_rename(
        &mut self,
        ui: &mut Ui,
        document: &Document,
        (item, age): (Item, Age),
        view: &mut View,
        commands: &mut Commands,
    ) -> Outcome {
        let Some(thing) = super::item_rect(&self.scene_graph.scene, item) else {
            // Just added: it is in the Document from the next frame on, and drawn soon after.
            let soon = document.thing(item).is_some() || std::mem::take(&mut self.adding);
            return if soon { Outcome::Open } else { Outcome::Closed };
        };
        let rect = self.camera.rect_to_screen(thing);
        let name = document.item_name(item);
        let field = Id::new(("canvas name", item));
        let first = !ui.data(|data| data.get_temp::<bool>(field).unwrap_or(false));
        if first {
            view.drafts.focus(Field::id_of(field));
            ui.data_mut(|data| data.insert_temp(field, true));
        }
        let width = (rect.width() - 8.0).max(140.0);
        let place = match item {
            Item::Namespace(_) => rect.left_top() + vec2(8.0, 4.0 * self.camera.zoom),
            _ => rect.left_center() + vec2((rect.width() - width) / 2.0, -14.0),
        };
        let shown = floating(ui, "name", place, false, |ui| {
            ui.set_width(width);
            Field::new(field, "Name", &name).width(width).show(
                ui,
                &mut view.drafts,
                commands,
                |text| accepted_name(document, item, age, text).map(Some),
            )
        });
        let done = !first && !shown.0.has_focus() && !shown.0.gained_focus();
        if done {
            ui.data_mut(|data| data.remove_temp::<bool>(field));
            ui.memory_mut(|memory| memory.request_focus(super::canvas_id()));
            if age == Age::New && ui.input(|input| input.key_pressed(Key::Escape)) {
                // It was only a draft.
                commands.push(Command::Undo);
            }
            return Outcome::Closed;
        }
        Outcome::Open
    }

    /// Where a popup about a flow opens: beside its place, on the screen.
    pub(super) fn popup_place(&self, at: Pos2) -> Pos2 {
        self.camera.to_screen(at) + vec2(BESIDE, BESIDE)
    }

    /// The arrow that a popup is about, drawn while it is open.
    pub(super) fn preview_of_popup(&self, ui: &Ui, stroke: Stroke) {
        let (from, to, at) = match &self.popup {
            Some(Popup::Ports(picker)) => match picker.preview() {
                Some(preview) => preview,
                None => return,
            },
            Some(Popup::Target(picker)) => match &picker.from {
                Some(from) if !self.is_drawing() => (from, None, picker.at),
                _ => return,
            },
            _ => return,
        };
        let scene = &self.scene_graph.scene;
        let Some(source) = draft::rect_of(scene, from) else {
            return;
        };
        let target = to.and_then(|to| draft::rect_of(scene, to));
        let painter = ui.painter_at(self.camera.viewport);
        draft::preview(&painter, &self.camera, source, None, target, at, stroke);
    }

    /// The rectangle of an object on the screen.
    pub(super) fn item_screen(&self, item: Item) -> Option<Rect> {
        let rect = super::item_rect(&self.scene_graph.scene, item)?;
        Some(self.camera.rect_to_screen(rect))
    }
}

fn accepted_name(
    document: &Document,
    item: Item,
    age: Age,
    text: &str,
) -> Result<Edit, validate::Refusal> {
    let name = text.trim().to_owned();
    let edit = match (document.thing(item), age) {
        (Some(Thing::Workload(mut workload)), Age::New) => {
            let old = std::mem::replace(&mut workload.name, name.clone());
            for value in workload.labels.values_mut().filter(|value| **value == old) {
                value.clone_from(&name);
            }
            Edit::Change(item, Thing::Workload(workload))
        }
        _ => Edit::Rename(item, name),
    };
    edit.apply(&mut document.clone())?;
    Ok(edit)
}

/// The rectangle of a node on the screen, for a popup beside it.
pub fn beside(canvas: &CanvasView, node: NodeRef) -> Option<Pos2> {
    let rect = canvas.scene_graph.scene.rect(node).map(pen::rect)?;
    Some(rect.right_top())
}
