//! The commands that belong to the canvas.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Pos2, Vec2, pos2, vec2};

use super::camera::snap;
use super::create::{self, Peer};
use super::draft::FlowDraft;
use super::pointer::Gesture;
use super::popup::beside;
use super::{Age, CanvasView, Popup, pen};
use crate::app::command::{Command, Commands};
use crate::model::{Document, Edit, End, Item, NamespaceId, NodeRef};
use crate::project::format;
use crate::scene::pt;

impl CanvasView {
    /// Zooms by a step.
    pub(in crate::app) fn zoom_step(&mut self, step: i32) {
        self.camera.zoom_step(step);
    }

    /// Shows everything at its actual size.
    pub(in crate::app) fn zoom_reset(&mut self) {
        self.camera.zoom_to(1.0);
        self.jumped = true;
    }

    /// Shows everything.
    pub(in crate::app) fn fit(&mut self) {
        self.camera.fit(pen::rect(self.scene_graph.scene.bounds));
        self.jumped = true;
    }

    /// Shows what is selected.
    pub(in crate::app) fn fit_items(
        &mut self,
        document: &Document,
        items: &[Item],
        _: &mut Commands,
    ) {
        let rects = items
            .iter()
            .filter_map(|item| self.item_rect(document, *item));
        if let Some(all) = rects.reduce(|a, b| a.union(b)) {
            self.camera.fit(all.expand(24.0));
            self.jumped = true;
        }
    }

    /// Brings an object into view as soon as it is drawn, where it can be read.
    pub(in crate::app) fn reveal(&mut self, item: Item) {
        self.reveal = Some((item, true));
    }

    /// Zoom and pan.
    pub(in crate::app) fn camera_at(&self) -> (f32, Vec2) {
        (self.camera.zoom, self.camera.pan)
    }

    /// Returns to a zoom and a pan.
    pub(in crate::app) fn set_camera(&mut self, (zoom, pan): (f32, Vec2)) {
        (self.camera.zoom, self.camera.pan) = (zoom, pan);
    }

    /// Whether the view has jumped since this was last asked.
    pub(in crate::app) fn take_jump(&mut self) -> bool {
        std::mem::take(&mut self.jumped)
    }

    /// Whether a gesture is going on.
    pub(in crate::app) fn in_gesture(&self) -> bool {
        !matches!(self.gesture, Gesture::Idle) || self.new_box.is_some()
    }

    /// Discards all positions and lays everything out again, as one step.
    pub(in crate::app) fn lay_out(
        &mut self,
        document: &Document,
        _: &[Item],
        commands: &mut Commands,
    ) {
        if !document.layout.is_empty() {
            commands.edit(Edit::Unpin(document.layout.keys().copied().collect()));
        }
        self.layouts.start_afresh();
        self.fit_next = true;
    }

    /// Adds a namespace and opens its name.
    pub(in crate::app) fn add_namespace(
        &mut self,
        document: &Document,
        _: &[Item],
        commands: &mut Commands,
    ) {
        self.add(document, Peer::Namespace, commands);
    }

    /// Adds a workload to the namespace that is meant, and opens its name.
    pub(in crate::app) fn add_workload(
        &mut self,
        document: &Document,
        selection: &[Item],
        commands: &mut Commands,
    ) {
        let home = self.home(document, selection);
        self.add(document, Peer::Workload(home, String::new()), commands);
    }

    /// Adds an external and opens its name.
    pub(in crate::app) fn add_external(
        &mut self,
        document: &Document,
        _: &[Item],
        commands: &mut Commands,
    ) {
        self.add(document, Peer::External(String::new()), commands);
    }

    /// Adds the Internet, or brings it into view.
    pub(in crate::app) fn add_internet(
        &mut self,
        document: &Document,
        _: &[Item],
        commands: &mut Commands,
    ) {
        self.add(document, Peer::Internet, commands);
    }

    /// Adds a group and opens its name.
    pub(in crate::app) fn add_group(
        &mut self,
        document: &Document,
        _: &[Item],
        commands: &mut Commands,
    ) {
        self.add(document, Peer::Group(String::new()), commands);
    }

    /// Copies what is selected, next to it.
    pub(in crate::app) fn duplicate(
        &mut self,
        document: &Document,
        selection: &[Item],
        commands: &mut Commands,
    ) {
        let nodes: BTreeSet<NodeRef> = selection.iter().filter_map(|item| item.node()).collect();
        let scene = self.scene();
        create::duplicate(document, &scene, &nodes, vec2(24.0, 24.0), commands);
    }

    /// Where a new object goes: to the pointer, or to the middle of the visible area.
    fn place(&self) -> Pos2 {
        self.pointer
            .unwrap_or_else(|| create::middle(self.camera.visible()))
    }

    /// The namespace of a new workload: the one under the pointer, else the selected one, else that of
    /// the selection.
    pub(super) fn home(&self, document: &Document, selection: &[Item]) -> Option<NamespaceId> {
        let at = self.place();
        let spaces = &self.scene_graph.scene.namespaces;
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

    /// Adds a workload at a place and opens its name.
    pub(super) fn add_workload_at(
        &mut self,
        document: &Document,
        home: Option<NamespaceId>,
        at: Pos2,
        commands: &mut Commands,
    ) {
        self.add_at(document, &Peer::Workload(home, String::new()), at, commands);
    }

    pub(super) fn add_at(
        &mut self,
        document: &Document,
        peer: &Peer,
        at: Pos2,
        commands: &mut Commands,
    ) {
        if let (Peer::Internet, Some(id)) = (peer, document.external_named("Internet")) {
            commands.push(Command::Reveal(Item::External(id)));
            return;
        }
        let at = self.clear_of_tools(at);
        let mut made = create::make(document, &self.scene_graph.scene, peer, at);
        if let Peer::Workload(home, _) = peer
            && let Some(home) = home.or_else(|| document.namespaces.ids().next())
            && self.collapsed.now.contains(&home)
        {
            // What is added is seen.
            let mut others = BTreeSet::clone(&self.collapsed.now);
            others.remove(&home);
            made.edits.push(Edit::Collapse(others));
        }
        let item = made.item;
        commands.edit(made.edit());
        commands.push(Command::Select(vec![item]));
        self.reveal = Some((item, false));
        if *peer != Peer::Internet {
            self.popup = Some(Popup::Rename(item, Age::New));
            self.adding = true;
        }
    }

    /// Draws a flow by clicks, or from the selected node by choosing its other end from a list.
    pub(in crate::app) fn draw_flow(&mut self, _: &Document, selection: &[Item], _: &mut Commands) {
        let mut nodes = selection.iter().filter_map(|item| item.node());
        let node = nodes.next();
        let also: Vec<End> = nodes.map(End::from).collect();
        let at = node
            .and_then(|node| beside(self, node))
            .unwrap_or_else(|| self.place());
        self.begin_flow(node.map(End::from), also, at);
    }

    /// Draws a flow by clicks, or by choosing its ends from a list.
    pub(super) fn begin_flow(&mut self, from: Option<End>, also: Vec<End>, at: Pos2) {
        self.list_targets(from.clone(), also.clone(), at);
        self.gesture = Gesture::Flow(FlowDraft {
            also,
            ..FlowDraft::by_clicks(from, at)
        });
    }

    /// Edits the name of the selected node, or the ports of the flow; returns whether there is one.
    pub(in crate::app) fn rename_selected(
        &mut self,
        document: &Document,
        selection: &[Item],
        _: &mut Commands,
    ) -> bool {
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

    /// What is selected, as project text.
    pub(in crate::app) fn copied(&self, document: &Document, selection: &[Item]) -> String {
        format::write(&create::fragment(
            document,
            &self.scene_graph.scene,
            selection,
        ))
    }

    /// Pastes a part of a project where the pointer is.
    pub(in crate::app) fn paste(
        &mut self,
        document: &Document,
        fragment: Document,
        commands: &mut Commands,
    ) {
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
    }

    /// Ends the current interaction with the canvas; returns whether there was one.
    pub(in crate::app) fn leave_gesture(&mut self, commands: &mut Commands) -> bool {
        let gesture = std::mem::take(&mut self.gesture);
        let busy = self.popup.take().is_some()
            | self.new_box.take().is_some()
            | !matches!(gesture, Gesture::Idle);
        if let Gesture::Marquee { before, .. } = gesture {
            commands.push(Command::Select(before.into_iter().collect()));
        }
        busy
    }
}
