//! Edits: the only way to change a Document. Every edit either applies completely or is rejected and
//! changes nothing; afterwards [`super::validate::invariants`] finds nothing.

mod change;
mod flows;
mod fragment;
mod merge;
mod name;
mod remove;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use fragment::extract;
pub use name::kind_and_name;

use super::{
    Document, External, ExternalId, Flow, FlowId, FlowPort, Group, GroupId, IgnoredRule,
    ImportedPolicy, Invariant, InvariantId, Namespace, NamespaceId, Node, NodeId, NodeRef,
    PolicyId, PolicyIdentities, RecordedFile, Refusal, Service, ServiceId, Settings, Workload,
    WorkloadId,
};

/// Identifies an object of a Document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// A namespace.
    Namespace(NamespaceId),
    /// A workload.
    Workload(WorkloadId),
    /// A Service.
    Service(ServiceId),
    /// An external.
    External(ExternalId),
    /// A group.
    Group(GroupId),
    /// A node.
    Node(NodeId),
    /// A flow.
    Flow(FlowId),
    /// An imported policy.
    Policy(PolicyId),
    /// An invariant.
    Invariant(InvariantId),
}

impl Item {
    /// Its node; flows, Services, policies and invariants have none.
    pub fn node(self) -> Option<NodeRef> {
        match self {
            Self::Namespace(id) => Some(NodeRef::Namespace(id)),
            Self::Workload(id) => Some(NodeRef::Workload(id)),
            Self::External(id) => Some(NodeRef::External(id)),
            Self::Group(id) => Some(NodeRef::Group(id)),
            Self::Node(id) => Some(NodeRef::Node(id)),
            Self::Flow(_) | Self::Service(_) | Self::Policy(_) | Self::Invariant(_) => None,
        }
    }
}

impl NodeRef {
    /// The object that the node represents; none for any pod of the cluster.
    pub fn item(self) -> Option<Item> {
        match self {
            Self::Namespace(id) => Some(Item::Namespace(id)),
            Self::Workload(id) => Some(Item::Workload(id)),
            Self::External(id) => Some(Item::External(id)),
            Self::Group(id) => Some(Item::Group(id)),
            Self::Node(id) => Some(Item::Node(id)),
            Self::AnyPod => None,
        }
    }
}

/// An object of a Document with all its fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Thing {
    /// A namespace.
    Namespace(Namespace),
    /// A workload.
    Workload(Workload),
    /// A Service.
    Service(Service),
    /// An external.
    External(External),
    /// A group.
    Group(Group),
    /// A node.
    Node(Node),
    /// A flow.
    Flow(Flow),
    /// An imported policy.
    Policy(ImportedPolicy),
    /// An invariant.
    Invariant(Invariant),
}

/// A change that a user can make.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Names the project.
    SetName(String),
    /// Sets how policies are written and judged.
    SetSettings(Settings),
    /// Adds an object. A flow between the ends of an existing one (muted alike) adds its ports to that
    /// one.
    Add(Thing),
    /// Replaces the object with that id, which must be of the same kind.
    Change(Item, Thing),
    /// Renames anything that has a name of its own.
    Rename(Item, String),
    /// Removes objects, and those that cannot exist without them.
    Remove(Vec<Item>),
    /// Sets the ports of flows.
    SetPorts(Vec<FlowId>, Vec<FlowPort>),
    /// Sets the note of a flow.
    Annotate(FlowId, String),
    /// Mutes or unmutes flows.
    Mute(Vec<FlowId>, bool),
    /// Swaps the ends of flows.
    Reverse(Vec<FlowId>),
    /// Moves nodes to positions (top left corner, in points) and pins them there.
    Place(BTreeMap<NodeRef, [f32; 2]>),
    /// Returns nodes to the automatic layout.
    Unpin(Vec<NodeRef>),
    /// Shows these namespaces as one card each, and all others with what is in them.
    Collapse(BTreeSet<NamespaceId>),
    /// Duplicates objects: namespaces with all that is in them, and the flows among the copies.
    Duplicate(Vec<Item>),
    /// Adds what [`extract`] made, with new ids and fresh names.
    Paste {
        /// What to add.
        fragment: Arc<Document>,
        /// Where its workloads go; none: into the namespaces of the same names.
        into: Option<NamespaceId>,
        /// Added to the positions in it.
        offset: [f32; 2],
    },
    /// Merges an imported Document: namespaces of the same name are united, workloads and Services of
    /// the same name and kind are updated, everything else is added. Settings and layout stay.
    Merge {
        /// What to merge.
        other: Arc<Document>,
        /// The identities of the policies of both documents, which may be read beforehand; others are parsed.
        identities: Arc<PolicyIdentities>,
    },
    /// Makes deny all the project's default, for the namespaces of these names too; all others stay as they are.
    DenyByDefault(Vec<String>),
    /// Ignores the findings of a rule at a place, for a reason.
    Ignore(IgnoredRule),
    /// Refers to these recordings in place of all others.
    SetRecordings(Vec<RecordedFile>),
    /// Several edits as one, under a name of their own. Ids of objects they add are known beforehand
    /// (`Table::next_id`).
    Batch(String, Vec<Edit>),
}

/// The result of an edit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// What was added or changed, in order: what a window selects afterwards.
    pub items: Vec<Item>,
    /// Notes for the user, as sentences without full stop.
    pub notes: Vec<String>,
}

impl Edit {
    /// Applies the edit to the Document; if it is rejected, the Document stays as it was.
    pub fn apply(&self, document: &mut Document) -> Result<Applied, Refusal> {
        let mut changed = document.clone();
        let mut applied = Applied::default();
        self.run(&mut changed, &mut applied)?;
        flows::resolve_missing(&mut changed);
        *document = changed;
        Ok(applied)
    }

    fn run(&self, document: &mut Document, applied: &mut Applied) -> Result<(), Refusal> {
        match self {
            Self::SetName(name) => change::set_name(document, name),
            Self::SetSettings(settings) => change::set_settings(document, settings),
            Self::DenyByDefault(names) => change::deny_by_default(document, names, applied),
            Self::Add(thing) => change::add(document, thing.clone(), applied),
            Self::Change(item, thing) => change::change(document, *item, thing.clone(), applied),
            Self::Rename(item, name) => change::rename(document, *item, name, applied),
            Self::Remove(items) => remove::remove(document, items),
            Self::SetPorts(ids, ports) => flows::set_ports(document, ids, ports, applied),
            Self::Annotate(id, note) => flows::annotate(document, *id, note, applied),
            Self::Mute(ids, muted) => flows::mute(document, ids, *muted, applied),
            Self::Reverse(ids) => flows::reverse(document, ids, applied),
            Self::Place(places) => change::place(document, places),
            Self::Unpin(nodes) => change::unpin(document, nodes),
            Self::Collapse(namespaces) => change::collapse(document, namespaces),
            Self::Duplicate(items) => {
                let fragment = extract(document, items);
                fragment::paste(document, &fragment, None, [24.0, 24.0], applied)
            }
            Self::Paste {
                fragment,
                into,
                offset,
            } => fragment::paste(document, fragment, *into, *offset, applied),
            Self::Merge { other, identities } => merge::merge(document, other, identities, applied),
            Self::Ignore(rule) => change::ignore(document, rule),
            Self::SetRecordings(files) => {
                document.recordings = Arc::new(files.clone());
                Ok(())
            }
            Self::Batch(_, edits) => edits
                .iter()
                .try_for_each(|edit| edit.run(document, applied)),
        }
    }
}

fn gone() -> Refusal {
    Refusal::new("it no longer exists")
}
