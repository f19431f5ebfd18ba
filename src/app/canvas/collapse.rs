//! Which namespaces are collapsed, and the commands that change it.
//!
//! The Document says it ([`Edit::Collapse`]). Where it says nothing, a project that is large, or that would be too small
//! to read in this window, opens with all namespaces collapsed, in this window only; the first command then stores what
//! is shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::CanvasView;
use super::visible::nodes_of;
use crate::app::analysis_results::Extras;
use crate::app::command::{Command, Commands};
use crate::model::{Document, Edit, FlowId, Item, NamespaceId, NodeRef};
use crate::scene::detail::Hit;
use crate::scene::{ArrowId, Bundle, Extra, bundle, extra};

/// The collapsed namespaces, and what follows from them.
#[derive(Default)]
pub struct Collapsed {
    /// What is collapsed now.
    pub now: Arc<BTreeSet<NamespaceId>>,
    /// What was collapsed as the project opened; none: it has no workloads so far.
    opened: Option<Arc<BTreeSet<NamespaceId>>>,
    /// The last arrows that are no flows, before and after [`Collapsed::lift`].
    lifted: Option<(Extras, Arc<BTreeSet<NamespaceId>>, Extras)>,
}

impl Collapsed {
    /// Follows the Document.
    pub fn keep(&mut self, document: &Document) {
        if self.opened.is_none() && !document.workloads.is_empty() {
            self.opened = Some(Arc::new(bundle::collapsed_at_first(document)));
        }
        let wanted = document.collapsed.as_ref().or(self.opened.as_ref());
        let wanted = wanted.cloned().unwrap_or_default();
        if self.now != wanted {
            self.now = wanted;
        }
    }

    /// Collapses all namespaces of a project that has just opened, unless the Document says which are collapsed. Returns
    /// whether that changes anything.
    pub fn open_collapsed(&mut self, document: &Document) -> bool {
        let all: BTreeSet<NamespaceId> = document.namespaces.ids().collect();
        let changes = document.collapsed.is_none() && all.len() > 1 && *self.now != all;
        if changes {
            self.opened = Some(Arc::new(all));
        }
        changes
    }

    /// The arrows that are no flows, between what is drawn: those of nodes in one collapsed namespace
    /// are one arrow.
    pub fn lift(&mut self, document: &Document, extras: Extras) -> Extras {
        if self.now.is_empty() {
            self.lifted = None;
            return extras;
        }
        if let Some((of, collapsed, lifted)) = &self.lifted
            && *of == extras
            && Arc::ptr_eq(collapsed, &self.now)
        {
            return lifted.clone();
        }
        let all: Vec<Extra> = extras.all.iter().cloned().collect();
        let suggested = extras.suggested.iter().cloned().collect();
        let witness = extras.witness.iter().cloned().collect();
        let lifted = Extras {
            all: Arc::new(extra::lifted(document, &self.now, all)),
            witness: extra::lifted(document, &self.now, witness).pop(),
            missing: Arc::clone(&extras.missing),
            suggested: Arc::new(extra::lifted(document, &self.now, suggested)),
        };
        self.lifted = Some((extras, Arc::clone(&self.now), lifted.clone()));
        lifted
    }
}

impl CanvasView {
    /// The collapsed namespaces.
    pub fn collapsed(&self) -> &BTreeSet<NamespaceId> {
        &self.collapsed.now
    }

    /// The node that is drawn in place of a node.
    pub(super) fn shown(&self, document: &Document, node: NodeRef) -> NodeRef {
        bundle::shown(document, &self.collapsed.now, node)
    }

    /// Collapses the namespaces of the selection; if all of them are collapsed, expands them.
    pub(in crate::app) fn collapse(
        &mut self,
        document: &Document,
        selection: &[Item],
        commands: &mut Commands,
    ) {
        let chosen = homes(document, selection);
        let collapse = chosen.iter().any(|id| !self.collapsed.now.contains(id));
        self.set_collapsed(document, chosen, collapse, commands);
    }

    /// Expands the namespaces of the selection.
    pub(in crate::app) fn expand(
        &mut self,
        document: &Document,
        selection: &[Item],
        commands: &mut Commands,
    ) {
        self.set_collapsed(document, homes(document, selection), false, commands);
    }

    /// Collapses all namespaces.
    pub(in crate::app) fn collapse_all(
        &mut self,
        document: &Document,
        _: &[Item],
        commands: &mut Commands,
    ) {
        self.set_collapsed(
            document,
            document.namespaces.ids().collect(),
            true,
            commands,
        );
    }

    /// Expands all namespaces.
    pub(in crate::app) fn expand_all(
        &mut self,
        document: &Document,
        _: &[Item],
        commands: &mut Commands,
    ) {
        self.set_collapsed(
            document,
            document.namespaces.ids().collect(),
            false,
            commands,
        );
    }

    /// Collapses one namespace, or expands it.
    pub(super) fn toggle_collapsed(
        &mut self,
        document: &Document,
        id: NamespaceId,
        commands: &mut Commands,
    ) {
        let collapse = !self.collapsed.now.contains(&id);
        self.set_collapsed(document, BTreeSet::from([id]), collapse, commands);
    }

    /// Expands the ends of an arrow that stands for several flows.
    pub(super) fn expand_bundle(
        &mut self,
        document: &Document,
        bundle: Bundle,
        commands: &mut Commands,
    ) {
        let ends = [bundle.from, bundle.to].into_iter();
        let ids = ends.filter_map(|node| match node {
            NodeRef::Namespace(id) => Some(id),
            _ => None,
        });
        self.set_collapsed(document, ids.collect(), false, commands);
    }

    fn set_collapsed(
        &mut self,
        document: &Document,
        ids: BTreeSet<NamespaceId>,
        collapse: bool,
        commands: &mut Commands,
    ) {
        let now = &*self.collapsed.now;
        let wanted: BTreeSet<NamespaceId> = match collapse {
            true => now.union(&ids).copied().collect(),
            false => now.difference(&ids).copied().collect(),
        };
        if wanted == *now {
            return;
        }
        let changed: Vec<NamespaceId> = wanted.symmetric_difference(now).copied().collect();
        let verb = if collapse { "Collapse" } else { "Expand" };
        let name = match changed[..] {
            [id] => format!("{verb} {}", document.node_name(NodeRef::Namespace(id))),
            _ => format!("{verb} {} namespaces", changed.len()),
        };
        commands.edit(Edit::Batch(name, vec![Edit::Collapse(wanted)]));
        if collapse && ids.len() < document.namespaces.len() {
            // What was selected may be hidden now, and a hidden thing must not be deleted unseen.
            commands.push(Command::Select(
                ids.into_iter().map(Item::Namespace).collect(),
            ));
        } else if collapse {
            commands.push(Command::Select(Vec::new()));
        }
    }

    /// The flows of the arrow under the pointer that stands for several.
    pub(super) fn bundle_at(&self, hit: Option<Hit>) -> Option<(Bundle, &[FlowId])> {
        let (Hit::Chip(ArrowId::Bundle(bundle)) | Hit::Arrow(ArrowId::Bundle(bundle))) = hit?
        else {
            return None;
        };
        let flows = self.judged.bundles.get(&bundle)?;
        Some((bundle, &flows.flows))
    }
}

/// The namespaces of the selected objects; of a flow, those of its ends.
fn homes(document: &Document, selection: &[Item]) -> BTreeSet<NamespaceId> {
    let home = |node: NodeRef| match node {
        NodeRef::Namespace(id) => Some(id),
        NodeRef::Workload(id) => document.workloads.get(id).map(|w| w.namespace),
        _ => None,
    };
    let nodes = selection.iter().flat_map(|item| nodes_of(document, *item));
    nodes.filter_map(home).collect()
}
