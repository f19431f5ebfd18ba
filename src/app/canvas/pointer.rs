//! What the pointer does: one gesture at a time, from press to release.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::{CursorIcon, Key, PointerButton, Pos2, Rect, Response, Ui, Vec2};

use super::draft::FlowDraft;
use super::moving::{Drag, Move};
use super::reroute::Reroute;
use super::under::{extra_at, is_others, item_at};
use super::{CanvasView, create, insert, scene_graph};
use crate::app::command::{Command, Commands};
use crate::app::view::View;
use crate::model::{Document, Edit, End, Item, NamespaceId, NodeRef};
use crate::scene::detail::Hit;
use crate::scene::{self, ArrowId, Bundle, ExtraId, NamespaceBox, Scene, is_foreign, pt};

/// What the pointer is doing.
#[derive(Default)]
pub enum Gesture {
    /// Nothing.
    #[default]
    Idle,
    /// Pans the view.
    Pan,
    /// Selects what a rectangle touches, besides what was selected when it began.
    Marquee {
        /// Where it began, in the scene.
        from: Pos2,
        /// What stays selected.
        besides: BTreeSet<Item>,
        /// What was selected before.
        before: BTreeSet<Item>,
    },
    /// Moves nodes.
    Move(Move),
    /// Draws a flow.
    Flow(FlowDraft),
    /// Moves an arrow's end to another node.
    Reroute(Reroute),
}

impl Gesture {
    /// Whether nodes are being moved.
    pub fn is_moving(&self) -> bool {
        matches!(self, Self::Move(_))
    }

    /// The scene with what is being moved.
    pub fn scene(&self) -> Option<Arc<Scene>> {
        match self {
            // The originals of copies stay where they are.
            Self::Move(moving) if !moving.copy => Some(Arc::clone(&moving.now)),
            _ => None,
        }
    }

    /// The nodes whose copies are moved, and how far.
    pub fn copies(&self) -> Option<(&BTreeSet<NodeRef>, Vec2)> {
        match self {
            Self::Move(moving) if moving.copy => Some((&moving.drag.nodes, moving.drag.by)),
            _ => None,
        }
    }

    /// The layout has caught up: what was dropped is in it, or was refused.
    pub fn settle(&mut self) {
        if matches!(self, Self::Move(moving) if moving.done) {
            *self = Self::Idle;
        }
    }
}

impl CanvasView {
    /// Wheel, pinch and the pointer's place.
    pub(super) fn navigate(&mut self, ui: &Ui, response: &Response) {
        self.pointer = None;
        let Some(at) = ui.input(|input| input.pointer.latest_pos()) else {
            return;
        };
        let over = response.contains_pointer();
        if over || response.dragged() {
            self.pointer = Some(self.camera.to_scene(at));
        }
        if !over {
            return;
        }
        let (zoom, scroll) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta()));
        if zoom != 1.0 {
            self.camera.zoom_at(at, zoom);
        } else if scroll != Vec2::ZERO {
            self.camera.pan_by(scroll);
        }
        self.pointer = Some(self.camera.to_scene(at));
    }

    /// Moves gestures on.
    pub(super) fn point(
        &mut self,
        ui: &Ui,
        response: &Response,
        document: &Document,
        view: &View,
        commands: &mut Commands,
    ) {
        self.look_under(response, view);
        let (pressed, pressed_at) = ui.input(|input| {
            let pointer = &input.pointer;
            (pointer.any_pressed(), pointer.press_origin())
        });
        if pressed {
            self.pressed_hot = self.hot;
        }
        if let (true, Some(at)) = (response.drag_started(), pressed_at) {
            self.begin(ui, response, at, document, view, commands);
        }
        if let Some(at) = self.pointer {
            self.drag(ui, at, document, view, commands);
        }
        // A drag that Escape has stopped is no drop.
        let released = ui.input(|input| input.pointer.any_released());
        if response.drag_stopped() && released {
            self.end(document, commands);
        } else if !response.dragged() && !response.drag_stopped() {
            self.abandon();
        }
        if response.clicked() || response.double_clicked() {
            response.request_focus();
            if let Some(at) = response.interact_pointer_pos() {
                self.click(
                    ui,
                    response,
                    self.camera.to_scene(at),
                    document,
                    view,
                    commands,
                );
            }
        }
        self.cursor(ui, response);
    }

    fn begin(
        &mut self,
        ui: &Ui,
        response: &Response,
        at: Pos2,
        document: &Document,
        view: &View,
        commands: &mut Commands,
    ) {
        let space = ui.input(|input| input.key_down(Key::Space));
        if response.drag_started_by(PointerButton::Middle) || space {
            self.gesture = Gesture::Pan;
            return;
        }
        if !response.drag_started_by(PointerButton::Primary) {
            return;
        }
        response.request_focus();
        self.popup = None;
        let from = self.camera.to_scene(at);
        // The pointer has moved noticeably since it was pressed.
        self.hot = self.pressed_hot.take().or_else(|| self.hot_at(from, view));
        if let Gesture::Flow(draft) = &mut self.gesture {
            // Drawn by clicks so far; from here on by a drag.
            draft.by_clicks = false;
            if draft.from.is_none() {
                let source = self.end_at(from);
                self.gesture = match source {
                    Some(source) => Gesture::Flow(FlowDraft {
                        by_clicks: false,
                        left: false,
                        ..FlowDraft::by_clicks(Some(source), from)
                    }),
                    None => Gesture::Idle,
                };
            }
            return;
        }
        if let Some(end) = self.grip(from, document, view) {
            self.gesture = Gesture::Reroute(end);
            return;
        }
        if let Some((node, side)) = self.handle(from) {
            let mut draft = FlowDraft::from_handle(node.into(), side, from);
            draft.also = others(view, node);
            self.gesture = Gesture::Flow(draft);
            return;
        }
        let modifiers = ui.input(|input| input.modifiers);
        let besides = if modifiers.shift || modifiers.command {
            view.selection.clone()
        } else {
            BTreeSet::new()
        };
        let taken = match self.hit(from) {
            Some(Hit::Node(node)) if !is_foreign(node) => Some(node),
            Some(Hit::Header(id)) => Some(NodeRef::Namespace(id)),
            _ => None,
        };
        let Some(node) = taken else {
            let before = view.selection.clone();
            self.gesture = Gesture::Marquee {
                from,
                besides,
                before,
            };
            return;
        };
        let chosen: BTreeSet<NodeRef> = view
            .selection
            .iter()
            .filter_map(|item| item.node())
            .collect();
        let nodes = if chosen.contains(&node) {
            chosen
        } else {
            if let Some(item) = node.item() {
                let items = besides.into_iter().chain([item]);
                commands.push(Command::Select(items.collect()));
            }
            BTreeSet::from([node])
        };
        let start = self.scene();
        self.dragged.forget();
        self.gesture = Gesture::Move(Move {
            from,
            now: Arc::clone(&start),
            drag: Drag {
                nodes,
                by: Vec2::ZERO,
                start,
                into: None,
            },
            copy: modifiers.alt,
            over: None,
            done: false,
        });
    }

    /// Whether a flow is being drawn by clicks rather than by a drag.
    pub(super) fn is_drawing(&self) -> bool {
        matches!(&self.gesture, Gesture::Flow(draft) if draft.by_clicks)
    }

    fn drag(
        &mut self,
        ui: &Ui,
        at: Pos2,
        document: &Document,
        view: &View,
        commands: &mut Commands,
    ) {
        let delta = ui.input(|input| input.pointer.delta());
        let under = self.end_at(at);
        let over = match &mut self.gesture {
            Gesture::Move(moving) => {
                let known = moving.over.take();
                moving
                    .single()
                    .and_then(|node| self.insertion(ui, document, (node, at), known))
            }
            _ => None,
        };
        match &mut self.gesture {
            Gesture::Idle => {}
            Gesture::Pan => self.camera.pan_by(delta),
            Gesture::Marquee { from, besides, .. } => {
                let area = scene_graph::scene_rect(Rect::from_two_pos(*from, at));
                let touched = self
                    .scene_graph
                    .index
                    .marquee(&self.scene_graph.scene, area);
                let items: BTreeSet<Item> = touched
                    .into_iter()
                    .filter_map(NodeRef::item)
                    .chain(besides.iter().copied())
                    .collect();
                if items != view.selection {
                    commands.push(Command::Select(items.into_iter().collect()));
                }
            }
            Gesture::Move(moving) if !moving.done => {
                moving.follow(at, document);
                moving.over = over;
            }
            Gesture::Move(_) => {}
            Gesture::Flow(draft) => draft.follow(at, under, document),
            Gesture::Reroute(end) => {
                let keep = ui.input(|input| input.modifiers.alt);
                end.follow(at, under, keep, document);
            }
        }
    }

    /// Forgets a drag that ended without a drop.
    fn abandon(&mut self) {
        let dragged = match &self.gesture {
            Gesture::Pan | Gesture::Marquee { .. } | Gesture::Reroute(_) => true,
            Gesture::Move(moving) => !moving.done,
            Gesture::Flow(draft) => !draft.by_clicks,
            Gesture::Idle => false,
        };
        if dragged {
            self.gesture = Gesture::Idle;
        }
    }

    fn end(&mut self, document: &Document, commands: &mut Commands) {
        match std::mem::take(&mut self.gesture) {
            Gesture::Flow(draft) if draft.by_clicks => self.gesture = Gesture::Flow(draft),
            Gesture::Move(moving) => self.drop_nodes(moving, document, commands),
            Gesture::Flow(draft) => self.drop_flow(draft, document),
            Gesture::Reroute(end) => self.drop_end(end, document, commands),
            _ => {}
        }
    }

    fn drop_nodes(&mut self, mut moving: Move, document: &Document, commands: &mut Commands) {
        let drag = &moving.drag;
        if drag.by == Vec2::ZERO {
            return;
        }
        if moving.copy {
            create::duplicate(document, &drag.start, &drag.nodes, drag.by, commands);
            return;
        }
        // Once for each drag: the worker may not have come this far.
        moving.now = Arc::new(drag.scene());
        let mut places = moving.now.places(&drag.nodes);
        self.move_hidden(document, &drag.nodes, drag.by, &mut places);
        let edit = match drag.into {
            // They get a place as it is expanded.
            Some(into) if self.collapsed.now.contains(&into) => {
                create::move_into(document, &drag.nodes, into, BTreeMap::new())
            }
            Some(into) => create::move_into(document, &drag.nodes, into, places),
            None => Edit::Place(places),
        };
        match moving.over.take().and_then(insert::Insertion::insert) {
            Some((name, edits)) => {
                let notice = insert::inserted(&name);
                let all = [edit].into_iter().chain(edits).collect();
                commands.edit(Edit::Batch(name, all));
                commands.push(notice);
            }
            None => commands.edit(edit),
        }
        moving.done = true;
        self.gesture = Gesture::Move(moving);
    }

    /// Where a drawn flow ends: at a node, or where a peer is to be made.
    pub(super) fn drop_flow(&mut self, draft: FlowDraft, document: &Document) {
        let at = draft.pointer;
        match (draft.from, draft.target) {
            (Some(from), Some(to)) if draft.left => {
                self.ask_ports(document, (from, draft.also), to, at);
            }
            (Some(from), None) if !draft.refused => {
                self.ask_target(Some(from), draft.also, at);
            }
            _ => {}
        }
    }

    fn click(
        &mut self,
        ui: &Ui,
        response: &Response,
        at: Pos2,
        document: &Document,
        view: &View,
        commands: &mut Commands,
    ) {
        let under = self.end_at(at);
        if let Gesture::Flow(draft) = &mut self.gesture {
            draft.follow(at, under, document);
            let draft = draft.clone();
            self.gesture = Gesture::Idle;
            match (&draft.from, &draft.target) {
                (None, Some(from)) => {
                    self.gesture = Gesture::Flow(FlowDraft::by_clicks(Some(from.clone()), at));
                }
                (None, None) => {}
                (Some(_), _) if draft.refused => {}
                (Some(_), _) => self.drop_flow(draft, document),
            }
            return;
        }
        self.popup = None;
        let hit = self.hit(at);
        if response.double_clicked() {
            self.double_click(hit, at, document, commands);
            return;
        }
        if let Some(extra) = extra_at(hit) {
            commands.push(Command::SelectArrow(extra));
            return;
        }
        if is_others(hit) {
            commands.push(Command::ListTraffic { others: true });
            return;
        }
        if let Some(id) = self.part_at(hit, at, NamespaceBox::caret_rect) {
            self.toggle_collapsed(document, id, commands);
            return;
        }
        let item = item_at(hit);
        let modifiers = ui.input(|input| input.modifiers);
        if let Some((_, flows)) = self.bundle_at(hit) {
            let mut items: BTreeSet<Item> = flows.iter().copied().map(Item::Flow).collect();
            if modifiers.shift || modifiers.command {
                items.extend(&view.selection);
            }
            commands.push(Command::Select(items.into_iter().collect()));
            return;
        }
        match item {
            Some(item) if modifiers.shift || modifiers.command => {
                commands.push(Command::ToggleSelect(item));
            }
            Some(item) => commands.push(Command::Select(vec![item])),
            None if modifiers.shift || modifiers.command => {}
            None => commands.push(Command::Select(Vec::new())),
        }
    }

    /// The namespace whose caret or icon is there.
    fn part_at(
        &self,
        hit: Option<Hit>,
        at: Pos2,
        part: fn(&NamespaceBox) -> scene::Rect,
    ) -> Option<NamespaceId> {
        let Some(Hit::Header(id)) = hit else {
            return None;
        };
        let space = self.scene_graph.scene.namespace(id)?;
        part(space).contains(pt(at.x, at.y)).then_some(id)
    }

    /// The namespace that is drawn nearest to a point.
    fn nearest_space(&self, at: Pos2) -> Option<NamespaceId> {
        let spaces = self.scene_graph.scene.namespaces.iter();
        let distance = |space: &&NamespaceBox| space.rect.distance(pt(at.x, at.y));
        let nearest = spaces.min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.map(|space| space.id)
    }

    fn double_click(
        &mut self,
        hit: Option<Hit>,
        at: Pos2,
        document: &Document,
        commands: &mut Commands,
    ) {
        let caret = self.part_at(hit, at, NamespaceBox::caret_rect);
        if let Some(id) = caret.or_else(|| self.part_at(hit, at, NamespaceBox::icon_rect)) {
            return self.toggle_collapsed(document, id, commands);
        }
        if let Some((bundle, _)) = self.bundle_at(hit) {
            return self.expand_bundle(document, bundle, commands);
        }
        match hit {
            Some(Hit::Header(id)) if self.collapsed.now.contains(&id) => {
                self.toggle_collapsed(document, id, commands);
            }
            Some(Hit::Node(node)) if is_foreign(node) => {}
            Some(Hit::Node(node)) => self.rename(node),
            Some(Hit::Header(id)) => self.rename(NodeRef::Namespace(id)),
            Some(Hit::Chip(ArrowId::Flow(flow)) | Hit::Arrow(ArrowId::Flow(flow))) => {
                self.edit_ports(document, flow)
            }
            Some(Hit::Chip(_) | Hit::Arrow(_)) => {
                if let Some(ExtraId { from, to, .. }) = extra_at(hit) {
                    self.expand_bundle(document, Bundle { from, to }, commands);
                }
            }
            Some(Hit::Namespace(id)) => self.add_workload_at(document, Some(id), at, commands),
            None => {
                let home = self.nearest_space(at);
                self.add_workload_at(document, home, at, commands);
                if let Some(home) = home {
                    let name = document.node_name(NodeRef::Namespace(home));
                    commands.push(Command::SayStep(format!("Added to namespace {name}")));
                }
            }
        }
    }

    fn cursor(&self, ui: &Ui, response: &Response) {
        if !response.contains_pointer() && !response.dragged() {
            return;
        }
        let space = ui.input(|input| input.key_down(Key::Space));
        let icon = match &self.gesture {
            Gesture::Pan => CursorIcon::Grabbing,
            Gesture::Move(moving) if moving.copy => CursorIcon::Copy,
            Gesture::Move(Move {
                over: Some(over), ..
            }) if over.is_refused() => CursorIcon::NotAllowed,
            Gesture::Move(moving) if !moving.done => CursorIcon::Grabbing,
            Gesture::Flow(draft) if draft.refused => CursorIcon::NotAllowed,
            Gesture::Reroute(end) if end.refused().is_some() => CursorIcon::NotAllowed,
            Gesture::Reroute(_) => CursorIcon::Grabbing,
            Gesture::Flow(_) => CursorIcon::Crosshair,
            _ if space => CursorIcon::Grab,
            _ if self.pointer.is_some_and(|at| self.handle(at).is_some()) => CursorIcon::Crosshair,
            _ => match self.hover {
                Some(Hit::Node(_) | Hit::Chip(_) | Hit::Arrow(_) | Hit::Header(_)) => {
                    CursorIcon::PointingHand
                }
                _ => CursorIcon::Default,
            },
        };
        ui.ctx().set_cursor_icon(icon);
    }
}

/// The other selected nodes, if a node is one of several: a flow drawn from it begins at all of them.
fn others(view: &View, node: NodeRef) -> Vec<End> {
    let nodes = view.selection.iter().filter_map(|item| item.node());
    let (own, others): (Vec<_>, Vec<_>) = nodes.partition(|other| *other == node);
    match own.is_empty() {
        true => Vec::new(),
        false => others.into_iter().map(End::from).collect(),
    }
}
