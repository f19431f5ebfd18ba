//! The commands that belong to the canvas.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Pos2, pos2, vec2};

use super::camera::snap;
use super::create::{self, Peer};
use super::draft::FlowDraft;
use super::pointer::Gesture;
use super::popup::{Age, Popup, beside};
use super::{CanvasView, item_rect, pen};
use crate::app::command::{Command, Commands};
use crate::app::view::View;
use crate::model::{Document, Edit, End, FlowId, Item, NamespaceId, NodeRef};
use crate::project::format;
use crate::scene::pt;

/// Runs the commands that belong to the canvas (zoom, fit, add, draw, reveal, rename, copy, ...), at the end
/// of the frame; says whether this was one of them. Changes of the Document are asked for through `commands`.
pub fn perform(
    command: &Command,
    document: &Document,
    view: &mut View,
    commands: &mut Commands,
) -> bool {
    let selection: Vec<Item> = view.selection.iter().copied().collect();
    let canvas = &mut view.canvas;
    match command {
        Command::ZoomIn => canvas.camera.zoom_step(1),
        Command::ZoomOut => canvas.camera.zoom_step(-1),
        Command::ZoomReset => canvas.camera.zoom_to(1.0),
        Command::Fit => canvas.camera.fit(pen::rect(canvas.picture.scene.bounds)),
        Command::FitSelection => canvas.fit_items(&selection),
        Command::LayOut => canvas.lay_out(document, commands),
        Command::Reveal(item) => {
            canvas.reveal = Some(*item);
            commands.push(Command::Select(vec![*item]));
        }
        Command::AddNamespace => canvas.add(document, Peer::Namespace, commands),
        Command::AddWorkload => {
            let home = canvas.home(document, &selection);
            canvas.add(document, Peer::Workload(home, String::new()), commands);
        }
        Command::AddExternal => canvas.add(document, Peer::External(String::new()), commands),
        Command::AddInternet => canvas.add(document, Peer::Internet, commands),
        Command::AddGroup => canvas.add(document, Peer::Group(String::new()), commands),
        Command::DrawFlow => canvas.draw_flow(&selection),
        Command::Rename => return canvas.rename_selected(document, &selection),
        Command::Delete => commands.edit(Edit::Remove(selection)),
        Command::Duplicate => {
            let nodes: BTreeSet<NodeRef> =
                selection.iter().filter_map(|item| item.node()).collect();
            let scene = canvas.scene();
            create::duplicate(document, &scene, &nodes, vec2(24.0, 24.0), commands);
        }
        Command::SelectAll => commands.push(Command::Select(everything(document))),
        Command::MuteFlow => mute(document, flows(&selection), commands),
        Command::ReverseFlow => commands.edit(Edit::Reverse(flows(&selection))),
        Command::Copy => canvas.copy(document, &selection, commands),
        Command::Cut => {
            canvas.copy(document, &selection, commands);
            commands.edit(Edit::Remove(selection));
        }
        Command::ImportText(text) => return canvas.paste(document, text, commands),
        Command::Escape => return canvas.escape(&selection, view.extra.is_some(), commands),
        _ => return false,
    }
    true
}

fn flows(selection: &[Item]) -> Vec<FlowId> {
    let flow = |item: &Item| match item {
        Item::Flow(id) => Some(*id),
        _ => None,
    };
    selection.iter().filter_map(flow).collect()
}

/// Mutes flows; if all of them are muted, puts them in force.
fn mute(document: &Document, flows: Vec<FlowId>, commands: &mut Commands) {
    let muted = |id: &FlowId| document.flows.get(*id).is_some_and(|flow| flow.muted);
    let all = flows.iter().all(muted);
    commands.edit(Edit::Mute(flows, !all));
}

fn everything(document: &Document) -> Vec<Item> {
    let spaces = document.namespaces.ids().map(Item::Namespace);
    let workloads = document.workloads.ids().map(Item::Workload);
    let externals = document.externals.ids().map(Item::External);
    let groups = document.groups.ids().map(Item::Group);
    let flows = document.flows.ids().map(Item::Flow);
    spaces
        .chain(workloads)
        .chain(externals)
        .chain(groups)
        .chain(flows)
        .collect()
}

impl CanvasView {
    fn fit_items(&mut self, items: &[Item]) {
        let rects = items
            .iter()
            .filter_map(|item| item_rect(&self.picture.scene, *item));
        if let Some(all) = rects.reduce(|a, b| a.union(b)) {
            self.camera.fit(all.expand(24.0));
        }
    }

    /// Forgets all places and lays everything out again, as one step.
    fn lay_out(&mut self, document: &Document, commands: &mut Commands) {
        if !document.layout.is_empty() {
            commands.edit(Edit::Unpin(document.layout.keys().copied().collect()));
        }
        self.layouts.start_afresh();
        self.fit_next = true;
    }

    /// Where something new goes: to the pointer, or into the middle of what can be seen.
    fn place(&self) -> Pos2 {
        self.pointer
            .unwrap_or_else(|| create::middle(self.camera.visible()))
    }

    /// The namespace that a new workload goes into: under the pointer, selected, or of what is selected.
    fn home(&self, document: &Document, selection: &[Item]) -> Option<NamespaceId> {
        let at = self.place();
        let spaces = &self.picture.scene.namespaces;
        let under = spaces
            .iter()
            .find(|space| space.rect.contains(pt(at.x, at.y)))
            .map(|space| space.id);
        let selected = selection.iter().find_map(|item| match item {
            Item::Namespace(id) => Some(*id),
            Item::Workload(id) => document
                .workloads
                .get(*id)
                .map(|workload| workload.namespace),
            _ => None,
        });
        under.or(selected)
    }

    fn add(&mut self, document: &Document, peer: Peer, commands: &mut Commands) {
        self.add_at(document, &peer, self.place(), commands);
    }

    /// Adds a workload and opens its name.
    pub(super) fn add_workload(
        &mut self,
        document: &Document,
        home: Option<NamespaceId>,
        at: Pos2,
        commands: &mut Commands,
    ) {
        self.add_at(document, &Peer::Workload(home, String::new()), at, commands);
    }

    fn add_at(&mut self, document: &Document, peer: &Peer, at: Pos2, commands: &mut Commands) {
        if let (Peer::Internet, Some(id)) = (peer, document.external_named("Internet")) {
            commands.push(Command::Reveal(Item::External(id)));
            return;
        }
        let made = create::make(document, &self.picture.scene, peer, at);
        let item = made.item;
        commands.edit(made.edit());
        commands.push(Command::Reveal(item));
        if *peer != Peer::Internet {
            self.popup = Some(Popup::Rename(item, Age::New));
            self.adding = true;
        }
    }

    /// Draws a flow by clicks, or from the selected node by choosing its other end from a list.
    fn draw_flow(&mut self, selection: &[Item]) {
        let node = match selection {
            [item] => item.node(),
            _ => None,
        };
        let at = node
            .and_then(|node| beside(self, node))
            .unwrap_or_else(|| self.place());
        self.begin_flow(node.map(End::from), at);
    }

    pub(super) fn begin_flow(&mut self, from: Option<End>, at: Pos2) {
        if from.is_some() {
            self.list_targets(from.clone(), at);
        }
        self.gesture = Gesture::Flow(FlowDraft::by_clicks(from, at));
    }

    fn rename_selected(&mut self, document: &Document, selection: &[Item]) -> bool {
        match selection {
            [Item::Flow(flow)] => self.edit_ports(document, *flow),
            [item] => match item.node() {
                Some(node) => self.rename(node),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// What is selected, as project text on the clipboard.
    fn copy(&self, document: &Document, selection: &[Item], commands: &mut Commands) {
        let fragment = create::fragment(document, &self.picture.scene, selection);
        commands.push(Command::CopyText(format::write(&fragment)));
    }

    /// Project text is pasted where the pointer is; anything else is somebody else's.
    fn paste(&mut self, document: &Document, text: &str, commands: &mut Commands) -> bool {
        if !format::is_project(text) {
            return false;
        }
        let Ok((fragment, _)) = format::read(text, "clipboard") else {
            return false;
        };
        let corner = fragment
            .layout
            .values()
            .copied()
            .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1])]);
        let offset = match (corner, self.pointer) {
            (Some([x, y]), Some(at)) => snap(at - vec2(x, y)),
            _ => pos2(24.0, 24.0),
        };
        let paste = Edit::Paste {
            fragment: Arc::new(fragment),
            into: None,
            offset: [offset.x, offset.y],
        };
        create::run_and_select(document, paste, commands);
        true
    }

    /// Backs out of what is going on, one thing at a time.
    fn escape(&mut self, selection: &[Item], extra: bool, commands: &mut Commands) -> bool {
        let busy = self.popup.take().is_some() | !matches!(self.gesture, Gesture::Idle);
        self.gesture = Gesture::Idle;
        if !busy && extra {
            commands.push(Command::Select(Vec::new()));
            return true;
        }
        if !busy && !selection.is_empty() {
            commands.push(Command::Select(Vec::new()));
            return true;
        }
        busy
    }
}
