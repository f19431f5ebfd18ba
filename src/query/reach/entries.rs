//! Rows and columns: the workloads or the namespaces, then the externals and the nodes that flows name.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::analysis::Endpoint;
use crate::analysis::query::addresses_of;
use crate::intent::snapshot::DocumentSnapshot;
use crate::model::{Document, End, NodeRef};
use crate::sets::IpSet;

/// The subject of a row or a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Axis {
    /// Workloads and externals.
    #[default]
    Workloads,
    /// Namespaces and externals.
    Namespaces,
}

/// The entries of both axes: workloads in the order of the snapshot, externals by name, then nodes by name.
#[derive(Clone, Debug, Default)]
pub struct AxisEntries {
    nodes: Vec<NodeRef>,
    workloads: usize,
    /// Of each external one address of every range that policies treat alike, its domain names and entities.
    ends: Vec<Vec<Endpoint>>,
    /// The place of each workload's namespace among the namespaces, and of each external behind them.
    namespace_of: Vec<usize>,
    namespaces: Vec<NodeRef>,
}

impl AxisEntries {
    pub(super) fn new(document: &Document, cluster: &DocumentSnapshot) -> Self {
        // Only what is drawn is in it, so that every workload has an id.
        let drawn = cluster.drawn.iter().flatten();
        let mut entries = Self {
            nodes: drawn.map(|id| NodeRef::Workload(*id)).collect(),
            ..Self::default()
        };
        entries.workloads = entries.nodes.len();
        let mut namespaces: Vec<_> = document.namespaces.iter().collect();
        namespaces.sort_by(|a, b| a.1.name.cmp(&b.1.name));
        let place: BTreeMap<_, _> = (namespaces.iter().enumerate())
            .map(|(at, (id, _))| (*id, at))
            .collect();
        for id in cluster.drawn.iter().flatten() {
            let namespace = document.workloads.get(*id).map(|w| w.namespace);
            let at = namespace.and_then(|id| place.get(&id)).copied();
            entries.namespace_of.push(at.unwrap_or_default());
        }
        entries.namespaces = (namespaces.iter())
            .map(|(id, _)| NodeRef::Namespace(*id))
            .collect();
        let externals = document.externals.ids().map(NodeRef::External);
        let nodes = document.nodes_of_flows().into_iter().map(NodeRef::Node);
        let mut outer: Vec<NodeRef> = externals.chain(nodes).collect();
        outer.sort_by_key(|node| (matches!(node, NodeRef::Node(_)), document.node_name(*node)));
        let sets: Vec<IpSet> = (outer.iter())
            .map(|node| document.addresses_at(&End::from(*node)))
            .collect();
        for (node, set) in outer.iter().zip(&sets) {
            entries.nodes.push(*node);
            entries.namespace_of.push(entries.namespaces.len());
            entries.namespaces.push(*node);
            let addresses = addresses(cluster, set, &sets).into_iter();
            let mut ends: Vec<Endpoint> = addresses.map(Endpoint::Address).collect();
            if let NodeRef::External(id) = node
                && let Some(external) = document.externals.get(*id)
            {
                ends.extend(external.domain_names.iter().cloned().map(Endpoint::Domain));
                ends.extend(external.opaque_entities().into_iter().map(Endpoint::Entity));
            }
            entries.ends.push(ends);
        }
        entries
    }

    /// How many rows, which are as many columns.
    pub fn len(&self, axis: Axis) -> usize {
        self.nodes(axis).len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The objects in order.
    pub fn nodes(&self, axis: Axis) -> &[NodeRef] {
        match axis {
            Axis::Workloads => &self.nodes,
            Axis::Namespaces => &self.namespaces,
        }
    }

    /// The object at an index among workloads and externals.
    pub(super) fn node(&self, at: usize) -> Option<NodeRef> {
        self.nodes.get(at).copied()
    }

    /// The index of an object among workloads and externals.
    pub fn position(&self, node: NodeRef) -> Option<usize> {
        self.nodes.iter().position(|other| *other == node)
    }

    /// The place of the workload at an index of the snapshot.
    pub(crate) fn of_workload(&self, at: usize) -> usize {
        at
    }

    pub(super) fn externals(&self) -> std::ops::Range<usize> {
        self.workloads..self.nodes.len()
    }

    /// The endpoints of an external: one address of each range that policies or externals distinguish, and its
    /// domain names and entities.
    pub(super) fn ends(&self, external: usize) -> &[Endpoint] {
        let at = external.checked_sub(self.workloads);
        at.and_then(|at| self.ends.get(at))
            .map_or(&[], Vec::as_slice)
    }

    /// The workloads and externals in one row.
    pub(super) fn members(&self, axis: Axis, row: usize) -> Vec<usize> {
        match axis {
            Axis::Workloads => vec![row],
            Axis::Namespaces => (0..self.nodes.len())
                .filter(|entry| self.namespace_of.get(*entry) == Some(&row))
                .collect(),
        }
    }

    /// The row in which a workload or external is.
    pub(super) fn place(&self, axis: Axis, entry: usize) -> usize {
        match axis {
            Axis::Workloads => entry,
            Axis::Namespaces => self.namespace_of.get(entry).copied().unwrap_or_default(),
        }
    }
}

/// One address of every range of the set that neither a policy nor an external splits.
fn addresses(cluster: &DocumentSnapshot, set: &IpSet, all: &[IpSet]) -> Vec<IpAddr> {
    let mut found = addresses_of(&cluster.snapshot, set);
    for other in all {
        for (first, last) in other.ranges() {
            found.extend([Some(first), after(last)].into_iter().flatten());
        }
    }
    found.retain(|address| set.contains(*address));
    found.sort_unstable();
    found.dedup();
    // Addresses of a narrower external belong to its own entry.
    let narrower: Vec<&IpSet> = all
        .iter()
        .filter(|other| *other != set && !other.is_empty() && other.is_subset(set))
        .collect();
    let own = |address: &IpAddr| !narrower.iter().any(|other| other.contains(*address));
    if found.iter().any(own) {
        found.retain(own);
    }
    found
}

fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => u32::from(v4)
            .checked_add(1)
            .map(|a| Ipv4Addr::from(a).into()),
        IpAddr::V6(v6) => u128::from(v6)
            .checked_add(1)
            .map(|a| Ipv6Addr::from(a).into()),
    }
}
