//! An analysis that is updated when policies change.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use super::exposure::{self, Exposure};
use crate::analysis::gates::rows::{Row, Rows};
use crate::analysis::space::index::Index;
use crate::analysis::space::universe::Universe;
use crate::analysis::space::vocabulary::Vocabulary;
use crate::analysis::{Direction, Endpoint};
use crate::cluster::Snapshot;
use crate::policy::Policy;
use crate::sets::PortSet;

/// Every gate of every pod of a snapshot, under policies that may change: an update recomputes only the
/// gates that it affects.
pub struct Analysis<'a> {
    snapshot: &'a Snapshot,
    policies: Cow<'a, [Arc<Policy>]>,
    universe: Universe<'a>,
    index: Index<'a>,
    /// Ingress and egress.
    rows: [Rows; 2],
}

impl<'a> Analysis<'a> {
    /// Analyses a snapshot under its own policies.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self::under(snapshot, Cow::Borrowed(&snapshot.policies))
    }

    fn under(snapshot: &'a Snapshot, policies: Cow<'a, [Arc<Policy>]>) -> Self {
        let universe = Universe::new(snapshot, &[&policies]);
        let index = Index::new(&universe);
        let rows = |direction| Rows::new(&universe, &index, &policies, direction);
        let rows = rayon::join(|| rows(Direction::Ingress), || rows(Direction::Egress)).into();
        Self {
            snapshot,
            policies,
            universe,
            index,
            rows,
        }
    }

    pub(in crate::analysis) fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    pub(in crate::analysis) fn universe(&self) -> &Universe<'a> {
        &self.universe
    }

    /// What the ingress gate of a class allows.
    pub(in crate::analysis) fn ingress(&self, class: usize) -> &Row {
        self.rows[0].row(class)
    }

    /// What the egress gate of a class allows.
    pub(in crate::analysis) fn egress(&self, class: usize) -> &Row {
        self.rows[1].row(class)
    }

    /// The current policies.
    pub fn policies(&self) -> &[Arc<Policy>] {
        &self.policies
    }

    /// Replaces the policies and returns the pods with a gate that changed, ascending. Pods, namespaces,
    /// nodes and tiers stay the same.
    ///
    /// If the new policies use labels, names or addresses that none used before, everything is
    /// recomputed and every pod is returned.
    pub fn update(&mut self, policies: &[Arc<Policy>]) -> Vec<usize> {
        let alike = |pairs: &mut dyn Iterator<Item = (&Arc<Policy>, &Arc<Policy>)>| {
            pairs.take_while(|(a, b)| a == b).count()
        };
        let first = alike(&mut self.policies.iter().zip(policies));
        let (old, new) = (&self.policies[first..], &policies[first..]);
        let last = alike(&mut old.iter().rev().zip(new.iter().rev()));
        let removed = first..self.policies.len() - last;
        let added = &policies[first..policies.len() - last];
        let words = Vocabulary::of(added, &self.snapshot.nodes);
        if !self.universe.words.covers(&words) || self.rows[0].is_worn() {
            *self = Self::under(self.snapshot, Cow::Owned(policies.to_vec()));
            return (0..self.snapshot.pods.len()).collect();
        }
        let mut changed = vec![false; self.universe.classes.len()];
        for rows in &mut self.rows {
            let classes = rows.change(&self.universe, &self.index, removed.clone(), added);
            classes.into_iter().for_each(|class| changed[class] = true);
        }
        self.policies
            .to_mut()
            .splice(removed, added.iter().cloned());
        let pods = self.universe.class_of.iter().enumerate();
        let changed = pods.filter(|(_, class)| changed[**class as usize]);
        changed.map(|(pod, _)| pod).collect()
    }

    /// The ports at which one pod may connect to another, by their indices in `Snapshot::pods`:
    /// what both gates allow, and every port from a pod to itself (P1). None for a pod that is not there.
    pub fn allowed(&self, from: usize, to: usize) -> PortSet {
        self.open(&Endpoint::Pod(from), &Endpoint::Pod(to))
            .unwrap_or_default()
    }

    /// The ports at which one end may connect to the other, for pods and addresses; `None` for other ends
    /// and for pods that do not exist.
    pub fn open(&self, from: &Endpoint, to: &Endpoint) -> Option<PortSet> {
        let (source, destination) = (self.place(from)?, self.place(to)?);
        if matches!((from, to), (Endpoint::Pod(a), Endpoint::Pod(b)) if a == b) {
            return Some(PortSet::all());
        }
        let [ingress, egress] = &self.rows;
        let gate = |rows: &Rows, own: &Endpoint, at: usize, other: usize| match own {
            Endpoint::Pod(_) => rows.row(at).open_to(other),
            _ => PortSet::all(),
        };
        let out = gate(egress, from, source, destination);
        Some(out.intersection(&gate(ingress, to, destination, source)))
    }

    /// The point of a pod or an address in the universe: equal for ends that no policy distinguishes.
    pub fn place(&self, end: &Endpoint) -> Option<usize> {
        let universe = &self.universe;
        match end {
            Endpoint::Pod(pod) => universe.class_of.get(*pod).map(|&class| class as usize),
            Endpoint::Address(IpAddr::V4(a)) => Some(universe.v4_piece((*a).into())),
            Endpoint::Address(IpAddr::V6(a)) => Some(universe.v6_piece((*a).into())),
            _ => None,
        }
    }

    /// The exposure of workloads to future pods.
    pub fn exposure(&self) -> Exposure<'_> {
        let profiles = self.rows.each_ref().map(|rows| &rows.profiles);
        exposure::of(&self.universe, &self.policies, profiles)
    }
}
