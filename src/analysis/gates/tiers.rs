//! Running the tiers over whole sets of peers at once. The same code serves known endpoints
//! ([`Bits`]) and future pods ([`LabelSet`]).

use std::hash::Hash;
use std::sync::Arc;

use crate::policy::{Action, Combine, Tier};
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::{Bits, LabelSet, PortSet};

/// A set of peers.
pub(in crate::analysis) trait Space: Clone + Eq + Hash {
    fn none() -> Self;
    fn union_of(sets: &[&Self]) -> Self;
    fn is_none(&self) -> bool;
    /// Whether members may be missing, because finding them takes too many steps.
    fn is_undecided(&self) -> bool {
        false
    }
    fn add(&mut self, other: &Self);
    fn intersect(&mut self, other: &Self);
    fn remove(&mut self, other: &Self);
}

impl Space for Bits {
    fn none() -> Self {
        Self::empty()
    }
    fn union_of(sets: &[&Self]) -> Self {
        Self::union_of(sets.iter().copied())
    }
    fn is_none(&self) -> bool {
        self.is_empty()
    }
    fn add(&mut self, other: &Self) {
        self.union_with(other);
    }
    fn intersect(&mut self, other: &Self) {
        self.intersect_with(other);
    }
    fn remove(&mut self, other: &Self) {
        self.subtract(other);
    }
}

impl Space for LabelSet {
    fn is_undecided(&self) -> bool {
        self.is_undecided()
    }
    fn none() -> Self {
        Self::empty()
    }
    fn union_of(sets: &[&Self]) -> Self {
        Self::union_of(sets.iter().copied())
    }
    fn is_none(&self) -> bool {
        self.is_empty()
    }
    fn add(&mut self, other: &Self) {
        *self = self.union(other);
    }
    fn intersect(&mut self, other: &Self) {
        *self = self.intersection(other);
    }
    fn remove(&mut self, other: &Self) {
        *self = self.difference(other);
    }
}

/// What some rule does at some ports to some peers.
struct Step<S> {
    action: Action,
    ports: PortSet,
    peers: Arc<S>,
}

/// The steps of one tier, in order.
struct TierSteps<S> {
    combine: Combine,
    isolates: bool,
    steps: Vec<Step<S>>,
}

/// Collects the steps of the sides that apply to a gate, in evaluation order.
pub(in crate::analysis) struct Steps<'t, S> {
    tiers: &'t [Tier],
    found: Vec<(usize, TierSteps<S>)>,
}

impl<'t, S> Steps<'t, S> {
    pub fn new(tiers: &'t [Tier]) -> Self {
        let found = Vec::new();
        Self { tiers, found }
    }

    /// Accepts these peers at every port, before any tier.
    pub fn always(&mut self, peers: S) {
        let step = Step {
            action: Action::Accept,
            ports: PortSet::all(),
            peers: Arc::new(peers),
        };
        let first = TierSteps {
            combine: Combine::FirstMatch,
            isolates: false,
            steps: vec![step],
        };
        // No tier has this number.
        self.found.insert(0, (usize::MAX, first));
    }

    /// The next side that applies; false if it has no tier. The steps of its rules follow.
    pub fn side(&mut self, tier: usize, isolates: bool) -> bool {
        let Some(combine) = self.tiers.get(tier).map(|t| t.combine) else {
            return false;
        };
        match self.found.last_mut() {
            Some((at, steps)) if *at == tier => steps.isolates |= isolates,
            _ => {
                let steps = Vec::new();
                let fresh = TierSteps {
                    combine,
                    isolates,
                    steps,
                };
                self.found.push((tier, fresh));
            }
        }
        true
    }

    /// What a rule of the last side does at some ports to some peers.
    pub fn step(&mut self, action: Action, ports: PortSet, peers: Arc<S>) {
        if let Some((_, into)) = self.found.last_mut()
            && !ports.is_empty()
        {
            into.steps.push(Step {
                action,
                ports,
                peers,
            });
        }
    }

    /// The canonical cells of the gate. A cell allowed for everyone has `everyone` itself.
    pub fn cells(self, everyone: &Arc<S>) -> Vec<(PortSet, Arc<S>)>
    where
        S: Space,
    {
        let tiers: Vec<_> = self.found.into_iter().map(|(_, steps)| steps).collect();
        cells(&tiers, everyone)
    }
}

/// The canonical cells of a gate: disjoint port sets, sorted, each with the peers for which it is allowed.
fn cells<S: Space>(tiers: &[TierSteps<S>], everyone: &Arc<S>) -> Vec<(PortSet, Arc<S>)> {
    let steps = || tiers.iter().flat_map(|t| &t.steps);
    let mut distinct: Vec<&PortSet> = steps().map(|s| &s.ports).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let index = |ports: &PortSet| distinct.binary_search(&ports).unwrap_or(usize::MAX);
    let numbers: Vec<Vec<usize>> = tiers
        .iter()
        .map(|t| t.steps.iter().map(|s| index(&s.ports)).collect())
        .collect();
    let mut known: HashMap<Arc<S>, usize> = HashMap::new();
    let mut found: Vec<(Vec<PortSet>, Arc<S>)> = Vec::new();
    for (piece, inside) in pieces(&distinct) {
        let open = run(tiers, &numbers, &inside, everyone);
        if open.is_none() {
            continue;
        }
        let next = found.len();
        let at = *known.entry(open.clone()).or_insert(next);
        if at == next {
            found.push((Vec::new(), open));
        }
        found[at].0.push(piece);
    }
    let merged = found.into_iter();
    let mut cells: Vec<_> = merged
        .map(|(ports, peers)| (ports.into_iter().collect(), peers))
        .collect();
    cells.sort_by(|a: &(PortSet, _), b| a.0.cmp(&b.0));
    cells
}

/// All ports, split so that each set contains a piece whole or not at all; each piece with the sets that
/// contain it.
fn pieces(sets: &[&PortSet]) -> Vec<(PortSet, Bits)> {
    let all = PortSet::all();
    let whole = sets.len();
    let mut events: Vec<(u32, usize, bool)> = Vec::new();
    for (number, set) in sets.iter().copied().chain([&all]).enumerate() {
        for (first, last) in set.axis.iter() {
            events.push((first, number, true));
            events.push((last + 1, number, false));
        }
    }
    events.sort_unstable();
    let mut inside = Bits::empty();
    let mut known: HashMap<Bits, usize> = HashMap::new();
    let mut found: Vec<(Vec<(u32, u32)>, Bits)> = Vec::new();
    let mut from = 0;
    for (at, number, starts) in events {
        if at > from && inside.contains(whole) {
            let next = found.len();
            let piece = *known.entry(inside.clone()).or_insert(next);
            if piece == next {
                found.push((Vec::new(), inside.clone()));
            }
            found[piece].0.push((from, at - 1));
        }
        from = at;
        if starts {
            inside.insert(number);
        } else {
            inside.remove(number);
        }
    }
    let ranges = |r: Vec<(u32, u32)>| {
        PortSet::from(r.into_iter().collect::<crate::sets::IntervalSet<u32>>())
    };
    found
        .into_iter()
        .map(|(r, inside)| (ranges(r), inside))
        .collect()
}

/// Which peers are allowed at one piece of the ports. Sets are shared until they are changed:
/// mostly one rule decides, or none.
fn run<S: Space>(
    tiers: &[TierSteps<S>],
    numbers: &[Vec<usize>],
    inside: &Bits,
    everyone: &Arc<S>,
) -> Arc<S> {
    let mut gate = Gate {
        everyone,
        undecided: everyone.clone(),
        allowed: Arc::new(S::none()),
    };
    for (tier, numbers) in tiers.iter().zip(numbers) {
        let numbered = tier.steps.iter().zip(numbers);
        let here = numbered
            .filter(|(_, n)| inside.contains(**n))
            .map(|(s, _)| s);
        let passed = match tier.combine {
            Combine::FirstMatch => gate.first_match(here),
            Combine::DenyOverAccept => gate.deny_over_accept(here, tier.isolates),
        };
        if tier.isolates {
            gate.undecided = Arc::new(passed);
        } else if !passed.is_none() {
            Arc::make_mut(&mut gate.undecided).add(&passed);
        }
    }
    let Gate {
        undecided,
        mut allowed,
        ..
    } = gate;
    if allowed.is_none() {
        return undecided;
    }
    if !undecided.is_none() {
        Arc::make_mut(&mut allowed).add(&undecided);
    }
    allowed
}

/// One piece of the ports, evaluated through the tiers.
struct Gate<'e, S> {
    everyone: &'e Arc<S>,
    undecided: Arc<S>,
    allowed: Arc<S>,
}

impl<S: Space> Gate<'_, S> {
    /// Removes what the steps decide from `undecided`; returns what they pass to the next tier.
    fn first_match<'s>(&mut self, steps: impl Iterator<Item = &'s Step<S>>) -> S
    where
        S: 's,
    {
        let mut passed = S::none();
        for step in steps {
            let mut hit = (*step.peers).clone();
            hit.intersect(&self.undecided);
            match step.action {
                Action::Accept => Arc::make_mut(&mut self.allowed).add(&hit),
                Action::Pass => passed.add(&hit),
                Action::Deny => {}
            }
            Arc::make_mut(&mut self.undecided).remove(&hit);
        }
        passed
    }

    /// Deny overrides Accept, and Accept overrides Pass, in any order. If the tier `isolates`, what is
    /// left undecided does not matter and is not computed.
    fn deny_over_accept<'s>(
        &mut self,
        steps: impl Iterator<Item = &'s Step<S>>,
        isolates: bool,
    ) -> S
    where
        S: 's,
    {
        let (mut accept, mut deny, mut pass) = (Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            match step.action {
                Action::Accept => accept.push(&step.peers),
                Action::Deny => deny.push(&step.peers),
                Action::Pass => pass.push(&step.peers),
            }
        }
        if !deny.is_empty() {
            let deny = self.union_of(&deny);
            Arc::make_mut(&mut self.undecided).remove(&deny);
        }
        let mut accept = self.union_of(&accept);
        if !Arc::ptr_eq(&self.undecided, self.everyone) {
            Arc::make_mut(&mut accept).intersect(&self.undecided);
        }
        match self.allowed.is_none() {
            true => self.allowed = accept.clone(),
            false => Arc::make_mut(&mut self.allowed).add(&accept),
        }
        if isolates && pass.is_empty() {
            return S::none();
        }
        if !accept.is_none() {
            Arc::make_mut(&mut self.undecided).remove(&accept);
        }
        let mut passed = self.union_of(&pass);
        Arc::make_mut(&mut passed).intersect(&self.undecided);
        Arc::make_mut(&mut self.undecided).remove(&passed);
        Arc::unwrap_or_clone(passed)
    }

    /// The union, which is often one of them.
    fn union_of(&self, sets: &[&Arc<S>]) -> Arc<S> {
        if let Some(all) = sets.iter().find(|s| Arc::ptr_eq(s, self.everyone)) {
            return Arc::clone(all);
        }
        match sets {
            [one] => Arc::clone(one),
            many => Arc::new(S::union_of(&many.iter().map(|s| &***s).collect::<Vec<_>>())),
        }
    }
}
