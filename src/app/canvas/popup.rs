//! What opens on the canvas at a place: ports of a flow, the other end of a flow, a name.

use egui::{Align2, Area, Frame, Id, Order, Pos2, Rect, Stroke, Ui, vec2};

use super::ports::PortPicker;
use super::targets::TargetPicker;
use super::{CanvasView, draft, pen};
use crate::app::command::Commands;
use crate::app::theme;
use crate::app::view::View;
use crate::app::widgets::Field;
use crate::model::edit::Thing;
use crate::model::{Document, Edit, Item, NodeRef, validate};
use crate::scene::tokens;

/// One at a time.
pub enum Popup {
    /// The ports of a flow.
    Ports(PortPicker),
    /// The other end of a flow.
    Target(TargetPicker),
    /// The name of an object, edited in its place. A new workload's label gets the name, too.
    Rename(Item, Age),
}

/// Whether the object existed before its name was edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// It was.
    Known,
    /// It was just added.
    New,
}

/// What came of a popup in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays open.
    Open,
    /// It is done with.
    Closed,
}

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
        let width = (rect.width() - 8.0).max(180.0);
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
            return Outcome::Closed;
        }
        Outcome::Open
    }

    /// Where a popup about a flow opens: beside its place, on the screen.
    pub(super) fn popup_place(&self, at: Pos2) -> Pos2 {
        self.camera.to_screen(at) + vec2(12.0, 12.0)
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

/// A small floating window on the canvas; with `framed`, it has a background of its own. Returns its
/// content, and whether the pointer was pressed outside it.
pub fn floating<R>(
    ui: &Ui,
    name: &str,
    place: Pos2,
    framed: bool,
    content: impl FnOnce(&mut Ui) -> R,
) -> (R, bool) {
    let palette = theme::palette(ui.ctx());
    let shown = Area::new(Id::new(("canvas popup", name)))
        .order(Order::Foreground)
        .pivot(Align2::LEFT_TOP)
        .fixed_pos(place)
        .constrain_to(ui.ctx().content_rect())
        .show(ui.ctx(), |ui| {
            if !framed {
                return content(ui);
            }
            let margin = egui::Margin::same(12);
            Frame::popup(ui.style())
                .fill(theme::color(palette.raised))
                .inner_margin(margin)
                .show(ui, content)
                .inner
        });
    let outside = ui.input(|input| {
        let at = input.pointer.interact_pos();
        input.pointer.any_pressed() && at.is_some_and(|at| !shown.response.rect.contains(at))
    });
    (shown.inner, outside)
}

/// A heading in a popup: from one end to another.
pub fn heading(ui: &mut Ui, from: &str, to: &str) {
    let palette = theme::palette(ui.ctx());
    let foreground = theme::color(palette.text);
    let format = |font, color| egui::TextFormat::simple(font, color);
    let name = format(theme::semibold(tokens::TEXT_NORMAL), foreground);
    let arrow = format(
        theme::icon(tokens::TEXT_NORMAL),
        theme::color(palette.accent),
    );
    let mut job = egui::text::LayoutJob::default();
    job.append(from, 0.0, name.clone());
    job.append(crate::app::icons::ARROW_RIGHT, 6.0, arrow);
    job.append(to, 6.0, name);
    ui.add(egui::Label::new(job).truncate());
}

/// A faint line in a popup.
pub fn faint(ui: &mut Ui, text: &str) {
    let foreground = theme::color(theme::palette(ui.ctx()).text_faint);
    ui.label(
        egui::RichText::new(text)
            .font(theme::sans(tokens::TEXT_SMALL))
            .color(foreground),
    );
}

/// The rectangle of a node on the screen, for a popup beside it.
pub fn beside(canvas: &CanvasView, node: NodeRef) -> Option<Pos2> {
    let rect = canvas.scene_graph.scene.rect(node).map(pen::rect)?;
    Some(rect.right_top())
}
