//! Nodes on their way from one place to another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::{Pos2, Vec2};

use super::camera::snap;
use super::pen::rect;
use crate::model::{Document, NamespaceId, NodeRef};
use crate::scene::{Scene, pt};

/// Nodes on their way.
pub struct Move {
    pub nodes: BTreeSet<NodeRef>,
    pub from: Pos2,
    pub by: Vec2,
    /// The scene when it began.
    pub start: Arc<Scene>,
    /// The scene now.
    pub now: Arc<Scene>,
    /// Copies are dropped, and the things themselves stay.
    pub copy: bool,
    /// The container that they would go into.
    pub into: Option<NamespaceId>,
    /// Dropped; shown until the layout has caught up.
    pub done: bool,
}

impl Move {
    /// The pointer has moved.
    pub fn follow(&mut self, at: Pos2, document: &Document) {
        let first = self.nodes.iter().find_map(|node| self.start.rect(*node));
        let Some(corner) = first.map(|first| rect(first).min) else {
            return;
        };
        let by = snap(corner + (at - self.from)) - corner;
        let into = self.container_at(at, document);
        if by != self.by || into != self.into {
            (self.by, self.into) = (by, into);
            let by = pt(by.x, by.y);
            let scene = match into {
                // On their way out, they do not stretch the container that they leave.
                Some(_) => Scene::drag(&self.without_home(), &self.nodes, by),
                None => Scene::drag(&self.start, &self.nodes, by),
            };
            self.now = Arc::new(scene);
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

    /// Another namespace's container under the pointer, if only workloads are moved.
    fn container_at(&self, at: Pos2, document: &Document) -> Option<NamespaceId> {
        let mut homes = BTreeMap::new();
        for node in &self.nodes {
            let NodeRef::Workload(id) = node else {
                return None;
            };
            homes.insert(document.workloads.get(*id)?.namespace, ());
        }
        let point = pt(at.x, at.y);
        let spaces = self.start.namespaces.iter();
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
