//! Nodes that are being moved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::{Pos2, Vec2};

use super::CanvasView;
use super::camera::snap;
use super::insert::Insertion;
use super::pen::rect;
use crate::app::jobs::{Memo, Pool};
use crate::model::{Document, NamespaceId, NodeRef};
use crate::scene::{Scene, pt};

/// Nodes that are being moved.
pub struct Move {
    pub from: Pos2,
    pub drag: Drag,
    /// The scene as far as a worker has come with it.
    pub now: Arc<Scene>,
    /// Copies are moved, and the originals stay.
    pub copy: bool,
    /// The arrow that it is held over.
    pub over: Option<Insertion>,
    /// Dropped; shown until the layout has caught up.
    pub done: bool,
}

/// What is moved, and how far.
#[derive(Clone)]
pub struct Drag {
    pub nodes: BTreeSet<NodeRef>,
    pub by: Vec2,
    /// The scene when it began.
    pub start: Arc<Scene>,
    /// The container that they would go into.
    pub into: Option<NamespaceId>,
}

impl PartialEq for Drag {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.start, &other.start)
            && (self.by, self.into) == (other.by, other.into)
            && self.nodes == other.nodes
    }
}

impl Drag {
    /// The scene with everything at its new place.
    pub fn scene(&self) -> Scene {
        let by = pt(self.by.x, self.by.y);
        match self.into {
            // Nodes that move out of a container do not stretch it.
            Some(_) => Scene::drag(&self.without_home(), &self.nodes, by),
            None => Scene::drag(&self.start, &self.nodes, by),
        }
    }

    /// The scene at the beginning, with what is moved in no container.
    fn without_home(&self) -> Scene {
        let mut scene = Scene::clone(&self.start);
        for node in &mut scene.nodes {
            if self.nodes.contains(&node.node) {
                node.namespace = None;
            }
        }
        scene
    }
}

impl CanvasView {
    /// What the user placed in collapsed namespaces moves with them.
    pub(super) fn move_hidden(
        &self,
        document: &Document,
        nodes: &BTreeSet<NodeRef>,
        by: Vec2,
        places: &mut BTreeMap<NodeRef, [f32; 2]>,
    ) {
        for (node, [x, y]) in document.layout.iter() {
            let home = self.shown(document, *node);
            if home != *node && nodes.contains(&home) {
                places.insert(*node, [x + by.x, y + by.y]);
            }
        }
    }
}

impl Move {
    /// The pointer has moved.
    pub fn follow(&mut self, at: Pos2, document: &Document) {
        let drag = &self.drag;
        let first = drag.nodes.iter().find_map(|node| drag.start.rect(*node));
        let Some(corner) = first.map(|first| rect(first).min) else {
            return;
        };
        let into = self.container_at(at, document);
        self.drag.by = snap(corner + (at - self.from)) - corner;
        self.drag.into = into;
    }

    /// The only node that is moved, and not copied.
    pub fn single(&self) -> Option<NodeRef> {
        let only = self
            .drag
            .nodes
            .first()
            .filter(|_| self.drag.nodes.len() == 1);
        only.copied().filter(|_| !self.copy && !self.done)
    }

    /// Lets a worker move everything to the pointer; a running request is finished first.
    pub fn keep(&mut self, dragged: &mut Memo<Drag, Arc<Scene>>, pool: &Pool) {
        if self.copy || self.done || self.drag.by == Vec2::ZERO && dragged.asked().is_none() {
            return;
        }
        let wanted = match dragged.asked() {
            Some(asked) if dragged.busy() => asked.clone(),
            _ => self.drag.clone(),
        };
        let drag = wanted.clone();
        let new = dragged.keep(wanted, pool, move |_| Arc::new(drag.scene()));
        if let (true, Some((of, scene))) = (new, dragged.answer())
            && Arc::ptr_eq(&of.start, &self.drag.start)
        {
            self.now = Arc::clone(scene);
            if *of != self.drag {
                pool.request_repaint();
            }
        }
    }

    /// Another namespace's container under the pointer, if only workloads are moved.
    fn container_at(&self, at: Pos2, document: &Document) -> Option<NamespaceId> {
        let mut homes = BTreeMap::new();
        for node in &self.drag.nodes {
            let NodeRef::Workload(id) = node else {
                return None;
            };
            homes.insert(document.workloads.get(*id)?.namespace, ());
        }
        let point = pt(at.x, at.y);
        let spaces = self.drag.start.namespaces.iter();
        let at_home = spaces
            .clone()
            .any(|s| homes.contains_key(&s.id) && s.rect.contains(point));
        let mut others = spaces.filter(|s| !homes.contains_key(&s.id) && s.rect.contains(point));
        others
            .next()
            .filter(|_| !at_home && !self.copy)
            .map(|s| s.id)
    }
}
