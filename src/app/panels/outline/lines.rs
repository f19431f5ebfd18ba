//! The lines of the outline: sections, each sorted by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Beside, OutlineView};
use crate::app::names::PolicyNames;
use crate::model::{Document, Item, NamespaceId, NodeRef};
use crate::picture::{Facts, facts_of};
use crate::query::Results;

/// The inputs of the lines.
pub(super) struct Inputs {
    pub document: Document,
    pub names: Arc<PolicyNames>,
    pub results: u64,
    pub filter: String,
    pub closed: BTreeSet<NamespaceId>,
    pub hubs: Arc<BTreeSet<NodeRef>>,
}

impl Inputs {
    /// Whether both give the same lines; compares pointers where it can.
    pub fn same(&self, other: &Self) -> bool {
        let (a, b) = (&self.document, &other.document);
        a.namespaces.same(&b.namespaces)
            && a.workloads.same(&b.workloads)
            && a.externals.same(&b.externals)
            && a.groups.same(&b.groups)
            && a.nodes.same(&b.nodes)
            && a.flows.same(&b.flows)
            && a.invariants.same(&b.invariants)
            && a.policies.same(&b.policies)
            && Arc::ptr_eq(&self.names, &other.names)
            && (self.results, &self.filter) == (other.results, &other.filter)
            && self.closed == other.closed
            && self.hubs == other.hubs
    }
}

/// One line of the outline.
pub(super) enum Line {
    Section(&'static str, usize),
    Item(Item),
    Namespace(Space),
    /// A workload in its namespace.
    Workload(Item),
    /// A hub that the canvas hides.
    Hub(NodeRef),
    /// A generated policy, by its index.
    Written(usize),
    Gap,
    /// There are no namespaces yet.
    Empty,
}

/// The line of a namespace.
pub(super) struct Space {
    pub id: NamespaceId,
    /// Workloads in it.
    pub count: usize,
    /// Index of its hue.
    pub hue: usize,
    pub open: bool,
    /// What its flows and workloads sum up to.
    pub facts: Facts,
}

/// All lines that fit the filter.
pub(super) fn lines(
    document: &Document,
    results: &Results,
    view: &OutlineView,
    beside: Beside<'_>,
) -> Vec<Line> {
    let names = beside.names;
    let filter = view.filter.trim().to_lowercase();
    let fits = |name: &str| filter.is_empty() || name.to_lowercase().contains(&filter);
    let mut lines = namespaces(document, results, view, &fits);
    let named = |items: Vec<Item>| {
        let mut items: Vec<(String, Item)> = (items.into_iter())
            .map(|item| (document.item_name(item), item))
            .filter(|(name, _)| fits(name))
            .collect();
        items.sort();
        items
            .into_iter()
            .map(|(_, item)| Line::Item(item))
            .collect()
    };
    let externals = document.externals.ids().map(Item::External);
    section(&mut lines, "External", named(externals.collect()));
    let hubs = beside.hubs.iter();
    let hubs = hubs.filter(|hub| fits(document.node_name(**hub)));
    section(
        &mut lines,
        "Hidden hubs",
        hubs.copied().map(Line::Hub).collect(),
    );
    let groups = document.groups.ids().map(Item::Group);
    section(&mut lines, "Groups", named(groups.collect()));
    let cluster_nodes = document.nodes_of_flows().into_iter().map(Item::Node);
    section(&mut lines, "Nodes", named(cluster_nodes.collect()));
    let invariants = document.invariants.ids().map(Item::Invariant);
    section(&mut lines, "Invariants", named(invariants.collect()));
    let imported = document.policies.ids();
    let imported =
        imported.filter(|id| fits(names.name(document, *id)) || fits(names.namespace(*id)));
    section(
        &mut lines,
        "Imported policies",
        imported.map(|id| Line::Item(Item::Policy(id))).collect(),
    );
    let written = results.generated.policies.iter().enumerate();
    let written = written.filter(|(_, policy)| fits(&policy.name) || fits(&policy.namespace));
    section(
        &mut lines,
        "Policies",
        written.map(|(at, _)| Line::Written(at)).collect(),
    );
    lines
}

/// The namespaces, and the workloads of those that are open or that the filter looks into.
fn namespaces(
    document: &Document,
    results: &Results,
    view: &OutlineView,
    fits: &dyn Fn(&str) -> bool,
) -> Vec<Line> {
    let filtered = !view.filter.trim().is_empty();
    let mut lines = vec![Line::Section("Namespaces", document.namespaces.len())];
    let all: BTreeSet<NamespaceId> = document.namespaces.ids().collect();
    let facts = facts_of(document, &all, &BTreeMap::new(), &results.proof);
    let mut workloads: BTreeMap<NamespaceId, Vec<(&str, Item)>> = BTreeMap::new();
    for (id, workload) in document.workloads.iter() {
        let of = workloads.entry(workload.namespace).or_default();
        of.push((&workload.name, Item::Workload(id)));
    }
    let mut spaces: Vec<_> = document.namespaces.iter().enumerate().collect();
    spaces.sort_by_key(|(_, (id, namespace))| (&namespace.name, *id));
    for (hue, (id, namespace)) in spaces {
        let mut workloads = workloads.remove(&id).unwrap_or_default();
        workloads.sort();
        let count = workloads.len();
        if !fits(&namespace.name) {
            workloads.retain(|(name, _)| fits(name));
            if workloads.is_empty() {
                continue;
            }
        }
        let open = filtered || !view.closed.contains(&id);
        lines.push(Line::Namespace(Space {
            id,
            count,
            hue,
            open,
            facts: facts.get(&id).copied().unwrap_or_default(),
        }));
        if open {
            lines.extend(workloads.into_iter().map(|(_, item)| Line::Workload(item)));
        }
    }
    if document.namespaces.is_empty() {
        lines.push(Line::Empty);
    }
    lines
}

fn section(lines: &mut Vec<Line>, name: &'static str, below: Vec<Line>) {
    if !below.is_empty() {
        lines.extend([Line::Gap, Line::Section(name, below.len())]);
        lines.extend(below);
    }
}
