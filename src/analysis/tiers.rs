//! Running the tiers over whole sets of peers at once. The same code serves known endpoints
//! ([`Bits`]) and pods that do not exist yet ([`LabelSet`]).

use std::borrow::Cow;
use std::hash::Hash;
use std::sync::Arc;

use crate::policy::{Action, Combine, Tier};
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::{Bits, LabelSet, PortSet};

/// A set of peers.
pub(super) trait Space: Clone + Eq + Hash {
    fn none() -> Self;
    fn union_of(sets: &[&Self]) -> Self;
    fn is_none(&self) -> bool;
    fn add(&mut self, other: &Self);
    fn keep(&mut self, other: &Self);
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
    fn keep(&mut self, other: &Self) {
        self.intersect_with(other);
    }
    fn remove(&mut self, other: &Self) {
        self.subtract(other);
    }
}

impl Space for LabelSet {
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
    fn keep(&mut self, other: &Self) {
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

/// Gathers the steps of the sides that apply to a gate, in the order in which they are asked.
pub(super) struct Steps<'t, S> {
    tiers: &'t [Tier],
    found: Vec<(usize, TierSteps<S>)>,
}

impl<'t, S> Steps<'t, S> {
    pub fn new(tiers: &'t [Tier]) -> Self {
        let found = Vec::new();
        Self { tiers, found }
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

    /// The canonical cells of the gate.
    pub fn cells(self, everyone: &S) -> Vec<(PortSet, Arc<S>)>
    where
        S: Space,
    {
        let tiers: Vec<_> = self.found.into_iter().map(|(_, steps)| steps).collect();
        cells(&tiers, everyone)
    }
}

/// The canonical cells of a gate: disjoint port sets, sorted, each with the peers it is open to.
fn cells<S: Space>(tiers: &[TierSteps<S>], everyone: &S) -> Vec<(PortSet, Arc<S>)> {
    let steps = || tiers.iter().flat_map(|t| &t.steps);
    let mut distinct: Vec<&PortSet> = steps().map(|s| &s.ports).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let index = |ports: &PortSet| distinct.binary_search(&ports).unwrap_or(usize::MAX);
    let numbers: Vec<Vec<usize>> = tiers
        .iter()
        .map(|t| t.steps.iter().map(|s| index(&s.ports)).collect())
        .collect();
    let mut known: HashMap<S, usize> = HashMap::new();
    let mut found: Vec<(Vec<PortSet>, Arc<S>)> = Vec::new();
    for (piece, inside) in pieces(&distinct) {
        let open = run(tiers, &numbers, &inside, everyone);
        if open.is_none() {
            continue;
        }
        match known.get(&open) {
            Some(&at) => found[at].0.push(piece),
            None => {
                known.insert(open.clone(), found.len());
                found.push((vec![piece], Arc::new(open)));
            }
        }
    }
    let merged = found.into_iter();
    let mut cells: Vec<_> = merged
        .map(|(ports, peers)| (ports.into_iter().collect(), peers))
        .collect();
    cells.sort_by(|a: &(PortSet, _), b| a.0.cmp(&b.0));
    cells
}

/// All ports, cut so that no set tells two ports of one piece apart; with each piece the sets it lies in.
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

/// Which peers are allowed at one piece of the ports.
fn run<S: Space>(tiers: &[TierSteps<S>], numbers: &[Vec<usize>], inside: &Bits, everyone: &S) -> S {
    let mut undecided = Cow::Borrowed(everyone);
    let mut allowed = S::none();
    for (tier, numbers) in tiers.iter().zip(numbers) {
        let numbered = tier.steps.iter().zip(numbers);
        let here = numbered
            .filter(|(_, n)| inside.contains(**n))
            .map(|(s, _)| s);
        let passed = match tier.combine {
            Combine::FirstMatch => first_match(here, undecided.to_mut(), &mut allowed),
            Combine::DenyOverAccept => {
                deny_over_accept(here, tier.isolates, &mut undecided, &mut allowed)
            }
        };
        if tier.isolates {
            undecided = Cow::Owned(passed);
        } else if !passed.is_none() {
            undecided.to_mut().add(&passed);
        }
    }
    if allowed.is_none() {
        return undecided.into_owned();
    }
    if !undecided.is_none() {
        allowed.add(&undecided);
    }
    allowed
}

/// Takes what the steps decide out of `undecided`; what they pass on is returned.
fn first_match<'s, S: Space + 's>(
    steps: impl Iterator<Item = &'s Step<S>>,
    undecided: &mut S,
    allowed: &mut S,
) -> S {
    let mut passed = S::none();
    for step in steps {
        let mut hit = (*step.peers).clone();
        hit.keep(undecided);
        match step.action {
            Action::Accept => allowed.add(&hit),
            Action::Pass => passed.add(&hit),
            Action::Deny => {}
        }
        undecided.remove(&hit);
    }
    passed
}

/// Deny beats Accept beats Pass, whatever the order. If the tier `isolates`, what is left undecided
/// does not matter and is not worked out.
fn deny_over_accept<'s, S: Space + 's>(
    steps: impl Iterator<Item = &'s Step<S>>,
    isolates: bool,
    undecided: &mut Cow<S>,
    allowed: &mut S,
) -> S {
    let (mut accept, mut deny, mut pass) = (Vec::new(), Vec::new(), Vec::new());
    for step in steps {
        match step.action {
            Action::Accept => accept.push(&*step.peers),
            Action::Deny => deny.push(&*step.peers),
            Action::Pass => pass.push(&*step.peers),
        }
    }
    if !deny.is_empty() {
        undecided.to_mut().remove(&S::union_of(&deny));
    }
    let mut accept = S::union_of(&accept);
    if matches!(undecided, Cow::Owned(_)) {
        accept.keep(undecided);
    }
    match allowed.is_none() {
        true => *allowed = accept.clone(),
        false => allowed.add(&accept),
    }
    if isolates && pass.is_empty() {
        return S::none();
    }
    if !accept.is_none() {
        undecided.to_mut().remove(&accept);
    }
    let mut passed = S::union_of(&pass);
    passed.keep(undecided);
    undecided.to_mut().remove(&passed);
    passed
}
