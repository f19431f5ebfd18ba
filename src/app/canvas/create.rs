//! The edits behind gestures: each gesture is one edit, and so one step to undo.

use crate::policy::{Entity, Network};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::{Pos2, Rect, Vec2, pos2};

use super::camera::snap;
use super::pen;
use crate::app::command::{Command, Commands};
use crate::model::edit::{Thing, extract, kind_and_name};
use crate::model::{
    Document, Edit, End, External, Group, Item, Namespace, NamespaceId, NodeRef, Workload,
};
use crate::scene::{NamespaceBox, Scene, tokens};
use crate::sets::{LabelOp, Labels, Requirement, Selector};

/// Something new for the canvas.
#[derive(Clone, Debug, PartialEq)]
pub enum Peer {
    /// A namespace.
    Namespace,
    /// A workload of that name; in a namespace, or in whichever fits.
    Workload(Option<NamespaceId>, String),
    /// An external with that name, and the content that the name implies: an address block, a domain
    /// name.
    External(String),
    /// Every public address.
    Internet,
    /// Pods by selector.
    Group(String),
}

/// How it is added: the edits, the object, its node, and the name of the step.
pub struct Made {
    /// In order; the first may add a namespace.
    pub edits: Vec<Edit>,
    /// The new object.
    pub item: Item,
    /// Its node.
    pub node: NodeRef,
    /// What it is called.
    pub name: String,
}

impl Made {
    /// As one edit.
    pub fn edit(self) -> Edit {
        Edit::Batch(format!("Add {}", self.name), self.edits)
    }

    /// As the end of a flow.
    pub fn end(&self) -> End {
        self.node.into()
    }
}

/// The edits that place a new object in the scene.
pub fn make(document: &Document, scene: &Scene, peer: &Peer, at: Pos2) -> Made {
    match peer {
        Peer::Namespace => make_namespace(document, at),
        Peer::Workload(home, name) => make_workload(document, scene, *home, name, at),
        Peer::External(name) => make_external(document, external(name), at),
        Peer::Internet => make_external(
            document,
            External::new("Internet", Network::outside().into()),
            at,
        ),
        Peer::Group(name) => make_group(document, name, at),
    }
}

fn make_namespace(document: &Document, at: Pos2) -> Made {
    let name = document.fresh_namespace_name("namespace");
    let id = document.namespaces.next_id();
    let node = NodeRef::Namespace(id);
    Made {
        edits: vec![
            Edit::Add(Thing::Namespace(namespace(&name))),
            place(node, at),
        ],
        item: Item::Namespace(id),
        node,
        name: kind_and_name("namespace", &name),
    }
}

fn namespace(name: &str) -> Namespace {
    Namespace {
        name: name.to_owned(),
        labels: Labels::new(),
        base: None,
        dns: None,
        managed: true,
        unknown: Default::default(),
    }
}

fn make_workload(
    document: &Document,
    scene: &Scene,
    home: Option<NamespaceId>,
    name: &str,
    at: Pos2,
) -> Made {
    let mut edits = Vec::new();
    let home = home.or_else(|| document.namespaces.ids().next());
    let home = home.unwrap_or_else(|| {
        edits.push(Edit::Add(Thing::Namespace(namespace("default"))));
        document.namespaces.next_id()
    });
    let wanted = if name.is_empty() { "workload" } else { name };
    let name = document.fresh_workload_name(home, wanted);
    let id = document.workloads.next_id();
    let node = NodeRef::Workload(id);
    edits.push(Edit::Add(Thing::Workload(Workload::new(
        home,
        "Deployment",
        name.clone(),
        Labels::from([("app".to_owned(), name.clone())]),
    ))));
    // On another node it would hide that, and far outside its container it would stretch that over others: the layout
    // knows a better place.
    let fits = |space: &NamespaceBox| !space.collapsed && stretches_freely(scene, space, at);
    if scene.namespace(home).is_some_and(fits) && is_free(scene, at) {
        edits.push(place(node, at));
    }
    Made {
        edits,
        item: Item::Workload(id),
        node,
        name: kind_and_name("workload", &name),
    }
}

fn make_external(document: &Document, mut external: External, at: Pos2) -> Made {
    external.name = document.fresh_external_name(&external.name);
    let id = document.externals.next_id();
    let node = NodeRef::External(id);
    let name = kind_and_name("external", &external.name);
    Made {
        edits: vec![Edit::Add(Thing::External(external)), place(node, at)],
        item: Item::External(id),
        node,
        name,
    }
}

fn external(words: &str) -> External {
    let networks = crate::model::validate::networks(words).ok();
    let networks = networks.filter(|_| words.contains('/')).unwrap_or_default();
    let entity = Entity::parse(words);
    let domain = words.contains('.') && crate::model::validate::domain_name(words).is_ok();
    let domain_names = match networks.is_empty() && domain {
        true => vec![words.to_owned()],
        false => Vec::new(),
    };
    External {
        name: if words.is_empty() {
            "external".into()
        } else {
            words.replace('/', "-")
        },
        networks,
        domain_names,
        entity,
        unknown: Default::default(),
    }
}

fn make_group(document: &Document, name: &str, at: Pos2) -> Made {
    let name = document.fresh_group_name(if name.is_empty() { "group" } else { name });
    let id = document.groups.next_id();
    let node = NodeRef::Group(id);
    let pods = Selector {
        requirements: vec![Requirement {
            key: "app".into(),
            op: LabelOp::In(BTreeSet::from([name.clone()])),
        }],
    };
    Made {
        edits: vec![
            Edit::Add(Thing::Group(Group::new(
                name.clone(),
                Selector::default(),
                pods,
            ))),
            place(node, at),
        ],
        item: Item::Group(id),
        node,
        name: kind_and_name("group", &name),
    }
}

/// Whether a new node centred there keeps its distance from every other.
fn is_free(scene: &Scene, at: Pos2) -> bool {
    let size = egui::vec2(tokens::NODE_MIN_WIDTH, tokens::NODE_HEIGHT);
    let wanted = Rect::from_center_size(at, size).expand(12.0);
    let mut nodes = scene.nodes.iter();
    !nodes.any(|node| pen::rect(node.rect).intersects(wanted))
}

/// Whether the container of a namespace comes to lie on nothing else as it encloses a new node there.
fn stretches_freely(scene: &Scene, space: &NamespaceBox, at: Pos2) -> bool {
    let own = pen::rect(space.rect);
    if own.contains(at) {
        return true;
    }
    let size = egui::vec2(tokens::NODE_MIN_WIDTH, tokens::NODE_HEIGHT);
    let whole = own
        .union(Rect::from_center_size(at, size))
        .expand(tokens::NAMESPACE_TOP);
    let others = scene.namespaces.iter().filter(|other| other.id != space.id);
    let outer = scene.nodes.iter().filter(|node| node.namespace.is_none());
    let others = others
        .map(|other| other.rect)
        .chain(outer.map(|node| node.rect));
    whole.area() <= 4.0 * own.area() && !others.map(pen::rect).any(|other| other.intersects(whole))
}

/// Puts a new node's middle there.
fn place(node: NodeRef, at: Pos2) -> Edit {
    let corner = snap(at - egui::vec2(tokens::NODE_MIN_WIDTH, tokens::NODE_HEIGHT) / 2.0);
    Edit::Place(BTreeMap::from([(node, [corner.x, corner.y])]))
}

/// Copies of nodes, offset from the originals by `by`; they are selected afterwards.
pub fn duplicate(
    document: &Document,
    scene: &Scene,
    nodes: &BTreeSet<NodeRef>,
    by: Vec2,
    commands: &mut Commands,
) {
    let items: Vec<Item> = nodes.iter().filter_map(|node| node.item()).collect();
    let fragment = fragment(document, scene, &items);
    let name = match items.as_slice() {
        [item] => format!("Duplicate {}", document.item_name(*item)),
        _ => format!("Duplicate {} objects", items.len()),
    };
    let paste = Edit::Paste {
        fragment: Arc::new(fragment),
        into: None,
        offset: [by.x, by.y],
    };
    run_and_select(document, Edit::Batch(name, vec![paste]), commands);
}

/// A part of the Document with the positions of its nodes, pinned or not.
pub fn fragment(document: &Document, scene: &Scene, items: &[Item]) -> Document {
    let nodes = items.iter().filter_map(|item| item.node()).collect();
    let mut placed = document.clone();
    // Places of nodes that exist are never refused; a fragment without places pastes just as well.
    let _ = Edit::Place(scene.places(&nodes)).apply(&mut placed);
    extract(&placed, items)
}

/// Queues an edit, and selects what it will have added.
pub fn run_and_select(document: &Document, edit: Edit, commands: &mut Commands) {
    let added = edit
        .apply(&mut document.clone())
        .map(|applied| applied.items);
    commands.edit(edit);
    if let Ok(items) = added {
        commands.push(Command::Select(items));
    }
}

/// Queues an edit, and selects the flows that it will have added.
pub fn run_and_select_flows(document: &Document, edit: Edit, commands: &mut Commands) {
    let mut after = document.clone();
    let applied = edit.apply(&mut after);
    commands.edit(edit);
    if applied.is_ok() {
        let same = |id| after.flows.get(id) == document.flows.get(id);
        let changed = after.flows.ids().filter(|id| !same(*id));
        commands.push(Command::Select(changed.map(Item::Flow).collect()));
    }
}

/// Takes workloads into another namespace, at these places.
pub fn move_into(
    document: &Document,
    nodes: &BTreeSet<NodeRef>,
    into: NamespaceId,
    places: BTreeMap<NodeRef, [f32; 2]>,
) -> Edit {
    let is_pinned = |node: &NodeRef| document.layout.contains_key(node);
    let mut edits = Vec::new();
    let mut names = Vec::new();
    for node in nodes {
        let NodeRef::Workload(id) = node else {
            continue;
        };
        let Some(mut workload) = document.workloads.get(*id).cloned() else {
            continue;
        };
        names.push(workload.name.clone());
        workload.namespace = into;
        edits.push(Edit::Change(Item::Workload(*id), Thing::Workload(workload)));
    }
    edits.push(match places.is_empty() {
        true => Edit::Unpin(nodes.iter().copied().filter(is_pinned).collect()),
        false => Edit::Place(places),
    });
    let space = document.node_name(NodeRef::Namespace(into));
    let what = match names.as_slice() {
        [name] => name.clone(),
        _ => format!("{} workloads", names.len()),
    };
    Edit::Batch(format!("Move {what} to namespace {space}"), edits)
}

/// The middle of what can be seen, in the scene.
pub fn middle(visible: Rect) -> Pos2 {
    let at = visible.center();
    pos2(at.x.round(), at.y.round())
}
