//! Context menus: of a node, a flow, a namespace, and the canvas itself.

use egui::{Button, Pos2, Response, RichText, Ui};

use super::CanvasView;
use super::under::item_at;
use crate::app::command::{Command, Commands, Keymap};
use crate::app::theme;
use crate::app::view::View;
use crate::model::{Document, Edit, End, Item, NodeRef};
use crate::scene::tokens;

/// What an open menu is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    item: Option<Item>,
    /// Whether it is an arrow that stands for several flows.
    is_bundle: bool,
    /// Where, in the scene.
    pub at: Pos2,
}

impl CanvasView {
    /// Shows the context menu of the clicked object, which is selected first.
    pub(super) fn context_menu(
        &mut self,
        response: &Response,
        document: &Document,
        view: &View,
        commands: &mut Commands,
    ) {
        if response.secondary_clicked() {
            let at = response
                .interact_pointer_pos()
                .map(|at| self.camera.to_scene(at));
            let at = at.unwrap_or(self.camera.visible().center());
            let hit = self.hit(at);
            let item = item_at(hit);
            let flows = self.bundle_at(hit).map(|(_, flows)| flows);
            let is_bundle = flows.is_some();
            if let Some(flows) = flows {
                let items = flows.iter().copied().map(Item::Flow);
                commands.push(Command::Select(items.collect()));
            }
            if let Some(item) = item.filter(|item| !view.selection.contains(item)) {
                commands.push(Command::Select(vec![item]));
            }
            self.popup = None;
            self.menu_at = Some(Place {
                item,
                is_bundle,
                at,
            });
        }
        let Some(place) = self.menu_at else { return };
        let shown = response.context_menu(|ui| {
            ui.set_min_width(220.0);
            match place.item {
                Some(Item::Flow(flow)) => {
                    if entry(ui, "Ports…", "double click") {
                        self.edit_ports(document, flow);
                    }
                    for command in [Command::ShowWhy, Command::MuteFlow, Command::ReverseFlow] {
                        listed(ui, command, commands);
                    }
                    ui.separator();
                    listed(ui, Command::Delete, commands);
                }
                Some(_) if view.selection.len() > 1 => several_menu(ui, view, commands),
                Some(item) => self.node_menu(ui, item, place.at, document, commands),
                None if place.is_bundle => {
                    for command in [Command::Expand, Command::MuteFlow, Command::Delete] {
                        listed(ui, command, commands);
                    }
                }
                None => self.empty_menu(ui, commands),
            }
        });
        if shown.is_none() && !response.secondary_clicked() {
            self.menu_at = None;
        }
    }

    fn node_menu(
        &mut self,
        ui: &mut Ui,
        item: Item,
        at: Pos2,
        document: &Document,
        commands: &mut Commands,
    ) {
        if let (Item::Namespace(id), true) = (item, true) {
            if entry(ui, "Add workload here", "double click") {
                self.add_workload_at(document, Some(id), at, commands);
            }
            if entry(ui, "Draw flow from any pod here", "A") {
                self.begin_flow(Some(End::AnyPodOf(id)), Vec::new(), at);
            }
        } else {
            listed(ui, Command::DrawFlow, commands);
        }
        listed(ui, Command::ShowReach, commands);
        listed(ui, Command::Focus, commands);
        ui.separator();
        for command in [
            Command::Rename,
            Command::Duplicate,
            Command::Copy,
            Command::Cut,
        ] {
            listed(ui, command, commands);
        }
        if matches!(item, Item::Workload(_)) {
            listed(ui, Command::MoveToNamespace, commands);
        }
        ui.separator();
        let home = match item {
            Item::Namespace(id) => Some(id),
            Item::Workload(id) => document.workloads.get(id).map(|w| w.namespace),
            _ => None,
        };
        if let Some(home) = home {
            let command = match self.collapsed().contains(&home) {
                true => Command::Expand,
                false => Command::Collapse,
            };
            listed(ui, command, commands);
        }
        listed(ui, Command::Radius, commands);
        let node = item.node();
        if let Some(node) = node.filter(|node| document.layout.contains_key(node)) {
            ui.separator();
            if entry(ui, "Unpin", "") {
                commands.edit(Edit::Unpin(unpinned(document, node)));
            }
        }
        ui.separator();
        listed(ui, Command::Delete, commands);
    }

    fn empty_menu(&mut self, ui: &mut Ui, commands: &mut Commands) {
        for command in [
            Command::AddWorkload,
            Command::AddNamespace,
            Command::AddExternal,
            Command::AddInternet,
            Command::AddGroup,
            Command::DrawFlow,
        ] {
            listed(ui, command, commands);
        }
        ui.separator();
        if entry(ui, "Paste", "Ctrl V") {
            ui.ctx()
                .send_viewport_cmd(egui::ViewportCommand::RequestPaste);
        }
        listed(ui, Command::SelectAll, commands);
        ui.separator();
        listed(ui, Command::Fit, commands);
        listed(ui, Command::LayOut, commands);
        listed(ui, Command::CollapseAll, commands);
        listed(ui, Command::ExpandAll, commands);
        ui.separator();
        listed(ui, Command::Radius, commands);
    }
}

/// The menu of a selection of several.
fn several_menu(ui: &mut Ui, view: &View, commands: &mut Commands) {
    let nodes = view.selection.iter().filter_map(|item| item.node()).count();
    if nodes > 1 {
        listed(ui, Command::LinkSelected, commands);
    }
    if nodes == 2 {
        listed(ui, Command::ShowWhy, commands);
    }
    listed(ui, Command::ShowPolicies, commands);
    listed(ui, Command::Focus, commands);
    if nodes > 1 {
        ui.separator();
        for command in [
            Command::AlignLeft,
            Command::AlignRight,
            Command::AlignTop,
            Command::AlignBottom,
            Command::DistributeAcross,
            Command::DistributeDown,
        ] {
            listed(ui, command, commands);
        }
    }
    ui.separator();
    for command in [Command::Duplicate, Command::Copy, Command::Cut] {
        listed(ui, command, commands);
    }
    let is_workload = |item: &Item| matches!(item, Item::Workload(_));
    if view.selection.iter().any(is_workload) {
        listed(ui, Command::MoveToNamespace, commands);
    }
    ui.separator();
    listed(ui, Command::Delete, commands);
}

/// A node and, for a namespace, all that is in it.
fn unpinned(document: &Document, node: NodeRef) -> Vec<NodeRef> {
    let inside = match node {
        NodeRef::Namespace(id) => document.workloads_of(id),
        _ => Vec::new(),
    };
    inside
        .into_iter()
        .map(NodeRef::Workload)
        .chain([node])
        .collect()
}

/// A listed command, with its words and its key.
fn listed(ui: &mut Ui, command: Command, commands: &mut Commands) {
    let Some(line) = command.listed() else { return };
    let key = Keymap::of(ui.ctx()).text(&command);
    if entry(ui, line.text, &key) {
        commands.push(command);
    }
}

/// An item of a menu; returns whether it was chosen.
fn entry(ui: &mut Ui, text: &str, key: &str) -> bool {
    let foreground = theme::color(theme::palette(ui.ctx()).text_faint);
    let key = RichText::new(key)
        .font(theme::mono(tokens::TEXT_TINY))
        .color(foreground);
    let button = Button::new(text).right_text(key).frame_when_inactive(false);
    let chosen = ui
        .add_sized([ui.available_width(), tokens::ROW], button)
        .clicked();
    if chosen {
        ui.close();
    }
    chosen
}
