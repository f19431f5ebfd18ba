//! Answers that are kept while policies change.

use std::borrow::Cow;

use super::Direction;
use super::exposure::{self, Exposure};
use super::index::Index;
use super::rows::Rows;
use super::universe::Universe;
use super::vocabulary::Vocabulary;
use crate::cluster::Snapshot;
use crate::policy::Policy;
use crate::sets::PortSet;

/// Every gate of every pod of a snapshot, under policies that may change: what a change does not touch
/// is not worked out again.
pub struct Analysis<'a> {
    snapshot: &'a Snapshot,
    policies: Cow<'a, [Policy]>,
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

    fn under(snapshot: &'a Snapshot, policies: Cow<'a, [Policy]>) -> Self {
        let universe = Universe::new(snapshot, &[&policies]);
        let index = Index::new(&universe);
        let tiers = &snapshot.tiers;
        let rows = |direction| Rows::new(&universe, &index, tiers, &policies, direction);
        let rows = rayon::join(|| rows(Direction::Ingress), || rows(Direction::Egress)).into();
        Self {
            snapshot,
            policies,
            universe,
            index,
            rows,
        }
    }

    /// The policies that the answers are given for.
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// Takes other policies in place of the former, and returns the pods one of whose gates says
    /// something else now, ascending. The pods, namespaces, nodes and tiers stay as they are.
    ///
    /// Where the new policies speak of labels, names or addresses that none spoke of before,
    /// everything is worked out again, and every pod is returned.
    pub fn update(&mut self, policies: &[Policy]) -> Vec<usize> {
        let alike = |pairs: &mut dyn Iterator<Item = (&Policy, &Policy)>| {
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

    /// At which ports one pod may open connections to another, by their indices in `Snapshot::pods`:
    /// what both gates allow, and every port from a pod to itself (P1). None for a pod that is not there.
    pub fn allowed(&self, from: usize, to: usize) -> PortSet {
        if from == to && from < self.snapshot.pods.len() {
            return PortSet::all();
        }
        let class = |pod: usize| self.universe.class_of.get(pod).map(|&class| class as usize);
        let Some((from, to)) = class(from).zip(class(to)) else {
            return PortSet::empty();
        };
        let [ingress, egress] = &self.rows;
        let out = egress.row(from).open_to(to);
        out.intersection(&ingress.row(to).open_to(from))
    }

    /// What workloads are open to beyond what exists.
    pub fn exposure(&self) -> Exposure<'_> {
        let profiles = self.rows.each_ref().map(|rows| &rows.profiles);
        exposure::of(&self.universe, &self.policies, profiles)
    }
}
