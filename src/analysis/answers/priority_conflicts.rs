//! Policies of one tier and one order that disagree about a connection: which of them decides is
//! undefined (A3). The analysis takes the first by name and reports the conflict.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::gates::rows::{Applied, Profiles};
use crate::analysis::gates::side_extents::Extent;
use crate::analysis::space::index::Index;
use crate::analysis::space::universe::{Point, Universe};
use crate::analysis::{Direction, Endpoint, GateTrace};
use crate::cluster::Snapshot;
use crate::policy::{Action, Combine, Policy};
use crate::sets::{Bits, PortSet, Protocol};

/// The search stops after this many: a cluster with one priority for all policies would have too many to read.
const MAX_CONFLICTS: usize = 100;
/// The number of pairs of policies that are compared at most.
const MAX_PAIRS: usize = 20_000;

/// A policy and one of its rules, as indices into the snapshot's policies and the side's rules.
pub type RuleAt = (usize, usize);

/// Two policies that disagree, with one connection that shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriorityConflict {
    /// The rule that the analysis applies.
    pub first: RuleAt,
    /// The rule that the API permits to decide as well.
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

/// What a rule does at a gate.
struct Step {
    rule: usize,
    action: Action,
    ports: PortSet,
    peers: Arc<Bits>,
}

/// Each pair of policies that disagree about some connection of a known pod, once; sorted by policies.
pub fn priority_conflicts(snapshot: &Snapshot) -> Vec<PriorityConflict> {
    let ordered = |p: &Policy| {
        let tier = snapshot.tiers.get(p.tier);
        tier.is_some_and(|t| t.combine == Combine::FirstMatch)
    };
    let policies = snapshot.policies.iter().enumerate();
    let (numbers, policies): (Vec<usize>, Vec<Arc<Policy>>) = policies
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
    for conflict in &mut found {
        conflict.first.0 = numbers[conflict.first.0];
        conflict.second.0 = numbers[conflict.second.0];
    }
    found.sort();
    found
}

struct Search<'a> {
    universe: &'a Universe<'a>,
    /// Pairs already found.
    seen: BTreeSet<(usize, usize)>,
    pairs: usize,
    found: Vec<PriorityConflict>,
}

/// A side that applies, with the index of its policy.
type AppliedSide<'p> = (&'p Applied, &'p Extent, usize);

impl Search<'_> {
    fn direction(&mut self, profiles: &Profiles) {
        for (profile, (class, _)) in (0..).zip(&profiles.all) {
            let applied: Vec<AppliedSide> = profiles.applied(profile).collect();
            let mut before: Vec<Step> = Vec::new();
            let place = |side: &AppliedSide| (side.1.rank.0, side.1.rank.1);
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

    /// What a policy does at the gate of a class, with the index of the policy.
    fn steps(
        &self,
        profiles: &Profiles,
        class: usize,
        (applied, side, policy): &AppliedSide,
    ) -> (usize, Vec<Step>) {
        let node = profiles.node_of(self.universe, class);
        let rules = applied.places(&side.rules);
        let steps = rules.flat_map(|(at, rule)| {
            let steps = rule.at(node, |p, name| {
                profiles.resolve(self.universe, class, p, name)
            });
            steps.into_iter().map(move |(ports, peers)| Step {
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
        if known || self.pairs >= MAX_PAIRS || self.found.len() >= MAX_CONFLICTS {
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
                // A pod can always reach itself.
                if self.universe.classes[class].members == 1 {
                    peers.remove(class);
                }
                let earlier = before.iter().chain(&own[..i]).chain(&others[..j]);
                let Some((ports, point)) = undecided(ports, peers, &earlier.collect::<Vec<_>>())
                else {
                    continue;
                };
                self.seen.insert((*first, *second));
                self.found.push(PriorityConflict {
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

    /// An end in a point, other than the representative pod of the class `own`.
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
            Point::Entity(entity) => Endpoint::Entity(entity),
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

/// The rule that decided a gate and one of equal order with another action; `None` if no such rule matches.
pub fn conflict_at(snapshot: &Snapshot, gate: &GateTrace) -> Option<(RuleAt, RuleAt)> {
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
