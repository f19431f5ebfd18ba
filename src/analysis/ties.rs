//! Policies of one tier and one order that disagree about a connection: which of them decides is
//! undefined (A3). Here the first by name does, and what that decides is said.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::extents::Extents;
use super::rows::{Applied, expand, profiles};
use super::universe::{Point, Universe};
use super::{Direction, End, GateTrace};
use crate::cluster::Snapshot;
use crate::policy::{Action, Combine, Policy};
use crate::sets::{Bits, PortSet, Protocol};

/// More of them are not looked for: a cluster where everything has one priority has too many to read.
const MAX_TIES: usize = 100;
/// As many pairs of policies are held against each other.
const MAX_PAIRS: usize = 20_000;

/// A policy and one of its rules, as indices into the snapshot's policies and the side's rules.
pub type RuleAt = (usize, usize);

/// Two policies that disagree, with one connection that shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tie {
    /// The rule that is taken to decide.
    pub first: RuleAt,
    /// The rule that could as well.
    pub second: RuleAt,
    /// The gate.
    pub direction: Direction,
    /// The pod that both select.
    pub own: usize,
    /// The other end.
    pub other: End,
    /// A port; none: protocols other than TCP, UDP and SCTP.
    pub port: Option<(Protocol, u16)>,
}

/// A rule's part of a gate.
struct Step {
    rule: usize,
    action: Action,
    ports: PortSet,
    peers: Arc<Bits>,
}

/// Each pair of policies that disagree about some connection of a known pod, once; by policies.
pub fn ties(snapshot: &Snapshot) -> Vec<Tie> {
    let ordered = |p: &Policy| {
        let tier = snapshot.tiers.get(p.tier);
        tier.is_some_and(|t| t.combine == Combine::FirstMatch)
    };
    let policies = snapshot.policies.iter().enumerate();
    let (numbers, policies): (Vec<usize>, Vec<Policy>) = policies
        .filter(|(_, p)| ordered(p))
        .map(|(at, p)| (at, p.clone()))
        .unzip();
    let places: BTreeSet<_> = policies.iter().map(|p| (p.tier, p.order)).collect();
    if places.len() == policies.len() {
        return Vec::new();
    }
    let universe = Universe::new(snapshot, &[&policies]);
    let mut search = Search {
        policies: &policies,
        extents: Extents::new(&universe),
        seen: BTreeSet::new(),
        pairs: 0,
        found: Vec::new(),
    };
    for direction in Direction::BOTH {
        search.direction(direction);
    }
    let mut found = search.found;
    for tie in &mut found {
        tie.first.0 = numbers[tie.first.0];
        tie.second.0 = numbers[tie.second.0];
    }
    found.sort();
    found
}

struct Search<'a> {
    policies: &'a [Policy],
    extents: Extents<'a>,
    /// Pairs that are known to disagree.
    seen: BTreeSet<(usize, usize)>,
    pairs: usize,
    found: Vec<Tie>,
}

impl<'a> Search<'a> {
    fn direction(&mut self, direction: Direction) {
        let (_, profiles) = profiles(self.policies, direction, &mut self.extents);
        for (class, applied) in &profiles {
            let mut before: Vec<Step> = Vec::new();
            let same = |a: &Applied, b: &Applied| {
                (a.policy.tier, a.policy.order) == (b.policy.tier, b.policy.order)
            };
            let mut tier = None;
            for run in applied.chunk_by(same) {
                if tier != run.first().map(|a| a.policy.tier) {
                    before.clear();
                    tier = run.first().map(|a| a.policy.tier);
                }
                let steps: Vec<_> = run
                    .iter()
                    .map(|a| self.steps(direction, *class, a))
                    .collect();
                for (i, first) in steps.iter().enumerate() {
                    for second in &steps[i + 1..] {
                        self.pair(direction, *class, &before, first, second);
                    }
                }
                before.extend(steps.into_iter().flat_map(|(_, steps)| steps));
            }
        }
    }

    /// What a policy does at the gate of a class, with the policy's place.
    fn steps(
        &mut self,
        direction: Direction,
        class: usize,
        applied: &Applied<'a>,
    ) -> (usize, Vec<Step>) {
        let mut policies = self.policies.iter();
        let policy = policies.position(|p| std::ptr::eq(p, applied.policy));
        let mut steps = Vec::new();
        for rule in applied.rules() {
            let mut all = applied.side.rules.iter();
            let at = all.position(|r| std::ptr::eq(r, rule)).unwrap_or(0);
            expand(
                rule,
                direction,
                class,
                &mut self.extents,
                &mut |ports, peers| {
                    steps.push(Step {
                        rule: at,
                        action: rule.action,
                        ports,
                        peers,
                    });
                },
            );
        }
        (policy.unwrap_or(0), steps)
    }

    fn pair(
        &mut self,
        direction: Direction,
        class: usize,
        before: &[Step],
        (first, own): &(usize, Vec<Step>),
        (second, others): &(usize, Vec<Step>),
    ) {
        let known = self.seen.contains(&(*first, *second));
        if known || self.pairs >= MAX_PAIRS || self.found.len() >= MAX_TIES {
            return;
        }
        self.pairs += 1;
        for (i, a) in own.iter().enumerate() {
            for (j, b) in others
                .iter()
                .enumerate()
                .filter(|(_, b)| b.action != a.action)
            {
                let ports = a.ports.intersection(&b.ports);
                let mut peers = (*a.peers).clone();
                peers.intersect_with(&b.peers);
                // A pod reaches itself whatever policies say.
                if self.extents.universe.classes[class].members == 1 {
                    peers.remove(class);
                }
                let earlier = before.iter().chain(&own[..i]).chain(&others[..j]);
                let Some((ports, point)) = undecided(ports, peers, &earlier.collect::<Vec<_>>())
                else {
                    continue;
                };
                self.seen.insert((*first, *second));
                self.found.push(Tie {
                    first: (*first, a.rule),
                    second: (*second, b.rule),
                    direction,
                    own: self.extents.universe.classes[class].pod,
                    other: self.end(point),
                    port: ports.example(),
                });
                return;
            }
        }
    }

    fn end(&self, point: usize) -> End {
        let universe = self.extents.universe;
        match universe.point(point) {
            Point::Class(class) => End::Pod(universe.classes[class].pod),
            Point::Addresses(first, _) => End::Address(first),
            Point::Node(node) => End::Node(node),
            Point::Domain(at) => End::Domain(universe.domains[at].clone()),
        }
    }
}

/// Some ports and a peer that none of the earlier rules matches.
fn undecided(ports: PortSet, peers: Bits, earlier: &[&Step]) -> Option<(PortSet, usize)> {
    let mut open = vec![(ports, peers, 0)];
    while let Some((ports, peers, at)) = open.pop() {
        if ports.is_empty() || peers.is_empty() {
            continue;
        }
        let mut rest = earlier.iter().enumerate().skip(at);
        let next = rest.find(|(_, s)| s.ports.intersects(&ports) && s.peers.intersects(&peers));
        let Some((at, step)) = next else {
            let point = peers.iter().next()?;
            return Some((ports, point));
        };
        let mut others = peers.clone();
        others.subtract(&step.peers);
        open.push((ports.intersection(&step.ports), others, at + 1));
        open.push((ports.difference(&step.ports), peers, at + 1));
    }
    None
}

/// The rule that could as well have decided a gate, beside the one that is taken to; none where
/// nothing hangs on the order of equals.
pub fn tie_at(snapshot: &Snapshot, gate: &GateTrace) -> Option<(RuleAt, RuleAt)> {
    let rules = |policy: usize| {
        let policy = snapshot.policies.get(policy)?;
        let side = match gate.direction {
            Direction::Ingress => policy.ingress.as_ref(),
            Direction::Egress => policy.egress.as_ref(),
        };
        Some((policy.order, &side?.rules))
    };
    gate.tiers.iter().find_map(|tier| {
        let combine = snapshot.tiers.get(tier.tier)?.combine;
        if combine != Combine::FirstMatch {
            return None;
        }
        let mut hits = tier.policies.iter().filter_map(|trace| {
            let (order, rules) = rules(trace.policy)?;
            let at = trace.rules.iter().position(|r| r.matches())?;
            Some((order, rules.get(at)?.action, (trace.policy, at)))
        });
        let (order, action, first) = hits.next()?;
        let second = hits.find(|(o, a, _)| *o == order && *a != action)?;
        Some((first, second.2))
    })
}
