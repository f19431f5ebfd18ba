//! Policies of one tier and one order that disagree about a connection: which of them decides is
//! undefined (A3). Here the first by name does, and what that decides is said.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::gates::rows::{Applied, Profiles};
use crate::analysis::gates::sides::Extent;
use crate::analysis::space::index::Index;
use crate::analysis::space::universe::{Point, Universe};
use crate::analysis::{Direction, Endpoint, GateTrace};
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
    pub other: Endpoint,
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
    let index = Index::new(&universe);
    let mut search = Search {
        universe: &universe,
        seen: BTreeSet::new(),
        pairs: 0,
        found: Vec::new(),
    };
    for direction in Direction::BOTH {
        search.direction(&Profiles::new(&universe, &index, &policies, direction));
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
    universe: &'a Universe<'a>,
    /// Pairs that are known to disagree.
    seen: BTreeSet<(usize, usize)>,
    pairs: usize,
    found: Vec<Tie>,
}

/// A side that applies, with the place of its policy.
type Asked<'p> = (&'p Applied, &'p Extent, usize);

impl Search<'_> {
    fn direction(&mut self, profiles: &Profiles) {
        for (profile, (class, _)) in (0..).zip(&profiles.all) {
            let applied: Vec<Asked> = profiles.applied(profile).collect();
            let mut before: Vec<Step> = Vec::new();
            let place = |asked: &Asked| (asked.1.rank.0, asked.1.rank.1);
            let mut tier = None;
            for run in applied.chunk_by(|a, b| place(a) == place(b)) {
                if tier != run.first().map(|a| place(a).0) {
                    before.clear();
                    tier = run.first().map(|a| place(a).0);
                }
                let steps: Vec<_> = run
                    .iter()
                    .map(|a| self.steps(profiles, *class, a))
                    .collect();
                for (i, first) in steps.iter().enumerate() {
                    for second in &steps[i + 1..] {
                        self.pair(profiles.direction, *class, &before, first, second);
                    }
                }
                before.extend(steps.into_iter().flat_map(|(_, steps)| steps));
            }
        }
    }

    /// What a policy does at the gate of a class, with the policy's place.
    fn steps(
        &self,
        profiles: &Profiles,
        class: usize,
        (applied, side, policy): &Asked,
    ) -> (usize, Vec<Step>) {
        let rules = applied.places(&side.rules);
        let steps = rules.flat_map(|(at, rule)| {
            let steps = rule.at(|p, name| profiles.resolve(self.universe, class, p, name));
            steps.map(move |(ports, peers)| Step {
                rule: at,
                action: rule.action,
                ports,
                peers,
            })
        });
        (*policy, steps.collect())
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
                if self.universe.classes[class].members == 1 {
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
                    own: self.universe.classes[class].pod,
                    other: self.end(point, class),
                    port: ports.example(),
                });
                return;
            }
        }
    }

    /// What a point stands for, seen from the pod that speaks for the class `own`: never that pod.
    fn end(&self, point: usize, own: usize) -> Endpoint {
        let universe = self.universe;
        match universe.point(point) {
            Point::Class(class) if class == own => {
                let first = universe.classes[class].pod;
                let mut members = universe.class_of.iter().enumerate();
                let other = members.position(|(at, c)| *c as usize == class && at != first);
                Endpoint::Pod(other.unwrap_or(first))
            }
            Point::Class(class) => Endpoint::Pod(universe.classes[class].pod),
            Point::Addresses(first, _) => Endpoint::Address(first),
            Point::Node(node) => Endpoint::Node(node),
            Point::Domain(at) => Endpoint::Domain(universe.domains[at].name.clone()),
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
