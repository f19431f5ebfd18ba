//! Compares two sets of policies at the gates of future pods that they would select.

use std::borrow::Cow;
use std::sync::Arc;

use super::ways::{DomainPorts, both_ways};
use crate::analysis::Direction;
use crate::analysis::gates::future::expand;
use crate::analysis::gates::side_extents::{RuleExtent, home, names, side};
use crate::analysis::gates::tiers::Steps;
use crate::analysis::space::extents::Extents;
use crate::analysis::space::future_pods::FuturePods;
use crate::analysis::space::index::Index;
use crate::analysis::space::universe::Universe;
use crate::policy::{Policy, Rule, Side};
use crate::sets::{LabelSet, PortSet, Protocol};

/// The number of kinds of pods considered for one policy; beyond it, the difference counts as both more and
/// less.
const MOST: usize = 1 << 14;

/// One direction, under the old policies and the new ones.
pub(in crate::analysis) struct FutureSubjects<'a, 'u> {
    pub direction: Direction,
    pub sides: [crate::analysis::Side<'a>; 2],
    pub universe: &'u Universe<'a>,
    pub indices: [&'u Index<'a>; 2],
}

/// A side that may apply.
struct Applicable<'a> {
    policy: &'a Policy,
    side: &'a Side,
    /// The indices of its conditions: its subject, and the subjects of rules that narrow it.
    subject: usize,
    rules: Vec<Option<usize>>,
}

/// Pods for which all conditions have the same answer.
struct Kind {
    pods: LabelSet,
    meets: Vec<bool>,
}

/// What only one side allows at the gate of future pods.
pub(in crate::analysis) struct Difference<'d> {
    /// The pods.
    pub pods: &'d LabelSet,
    pub peers: Peers<'d>,
    pub ports: PortSet,
    /// Whether it is the new side.
    pub wider: bool,
}

/// The other ends of a difference.
pub(in crate::analysis) enum Peers<'d> {
    /// A point of the universe.
    Point(usize),
    /// Future pods; undecided ones may be any.
    Pods(&'d LabelSet),
}

/// Takes a difference, and returns whether it is the last that is wanted.
pub(in crate::analysis) type See<'s> = &'s mut dyn FnMut(&Difference, &FuturePods) -> bool;

/// Why not all gates are visited.
pub(in crate::analysis) enum End {
    /// Enough was seen.
    Stopped,
    /// There are too many kinds of pods.
    TooMany,
}

impl<'a> FutureSubjects<'a, '_> {
    /// Visits the differences at the gates of future pods that one of these policies selects.
    pub fn visit(
        &self,
        changed: &[&'a Policy],
        future_pods: &mut FuturePods<'a>,
        see: See,
    ) -> Result<(), End> {
        let mut extents = self.indices.map(|index| Extents::new(self.universe, index));
        for policy in changed {
            if side(policy, self.direction).is_none() {
                continue;
            }
            let mut conditions: Vec<Arc<LabelSet>> = Vec::new();
            let sides = self.sides.map(|side| {
                let near = side.policies.iter().filter(|other| may_meet(policy, other));
                let near = near.filter_map(|p| self.applicable(p, future_pods, &mut conditions));
                let mut near: Vec<Applicable> = near.collect();
                near.sort_by(|a, b| rank(a.policy).cmp(&rank(b.policy)));
                near
            });
            let subject = future_pods.peer(&policy.subject);
            let kinds = kinds(&subject, &conditions, future_pods).ok_or(End::TooMany)?;
            for kind in kinds {
                for name in scenarios(&sides) {
                    let name = name.as_deref();
                    self.compare(&kind, &sides, name, (&mut extents, future_pods), see)?;
                }
            }
        }
        Ok(())
    }

    fn applicable(
        &self,
        policy: &'a Policy,
        future_pods: &mut FuturePods<'a>,
        conditions: &mut Vec<Arc<LabelSet>>,
    ) -> Option<Applicable<'a>> {
        let side = side(policy, self.direction)?;
        let mut place = |found: Arc<LabelSet>| match conditions.iter().position(|c| *c == found) {
            Some(at) => at,
            None => {
                conditions.push(found);
                conditions.len() - 1
            }
        };
        let subject = place(future_pods.peer(&policy.subject));
        let rules = side.rules.iter().map(|rule| {
            let narrowed = rule.subject.as_ref()?;
            Some(place(future_pods.peer(narrowed)))
        });
        Some(Applicable {
            policy,
            side,
            subject,
            rules: rules.collect(),
        })
    }

    /// Compares the gate of one kind of pods, at a port that has this name on them.
    fn compare(
        &self,
        kind: &Kind,
        sides: &[Vec<Applicable<'a>>; 2],
        name: Option<&str>,
        (extents, future_pods): (&mut [Extents; 2], &mut FuturePods<'a>),
        see: See,
    ) -> Result<(), End> {
        let resolve = |protocol: Option<Protocol>, asked: &str| match Some(asked) == name {
            true => protocol.map_or_else(PortSet::all_numbered, PortSet::all_of),
            false => PortSet::empty(),
        };
        let numbered = PortSet::all_numbered();
        let mut record = |future_pods: &FuturePods, wider: bool, ports: PortSet, peers: Peers| {
            let difference = Difference {
                pods: &kind.pods,
                peers,
                ports,
                wider,
            };
            let differs = difference.ports.intersects(&numbered);
            match differs && see(&difference, future_pods) {
                true => Err(End::Stopped),
                false => Ok(()),
            }
        };
        let known = [0, 1].map(|at: usize| {
            let mut steps = Steps::new(self.sides[at].tiers);
            for (applicable, rules) in applied(&sides[at], kind) {
                if steps.side(applicable.policy.tier, applicable.side.isolates) {
                    for rule in rules {
                        let extent = RuleExtent::of(rule, self.direction, &mut extents[at]);
                        for (ports, peers) in extent.at(None, resolve) {
                            steps.step(rule.action, ports, peers);
                        }
                    }
                }
            }
            steps.cells(&self.indices[at].everything)
        });
        let rows = [&known[0], &known[1]].map(Vec::as_slice);
        let names = DomainPorts::new(self.universe, self.direction, rows);
        for (wider, ports, peers) in both_ways(rows) {
            let mut points =
                (peers.iter()).map(|point| (point, names.differing(point, wider, &ports)));
            let differs = |(_, ports): &(usize, Cow<PortSet>)| ports.intersects(&numbered);
            if let Some((point, ports)) = points.find(differs) {
                record(future_pods, wider, ports.into_owned(), Peers::Point(point))?;
            }
        }
        let everyone = future_pods.everyone();
        let towards = [0, 1].map(|at: usize| {
            let mut steps = Steps::new(self.sides[at].tiers);
            for (applicable, rules) in applied(&sides[at], kind) {
                if steps.side(applicable.policy.tier, applicable.side.isolates) {
                    for rule in rules {
                        let pods = future_pods.peers(&rule.peers);
                        for (ports, pods) in expand(rule, pods, self.direction, resolve) {
                            steps.step(rule.action, ports, pods);
                        }
                    }
                }
            }
            steps.cells(&everyone)
        });
        for (wider, ports, pods) in both_ways([&towards[0], &towards[1]]) {
            // What is not decided counts as both, as each of the two sides may have more.
            if pods.is_undecided() {
                for wider in [false, true] {
                    record(future_pods, wider, ports.clone(), Peers::Pods(&pods))?;
                }
            } else if pods.boxes().iter().any(|b| future_pods.exists(b)) {
                record(future_pods, wider, ports, Peers::Pods(&pods))?;
            }
        }
        Ok(())
    }
}

type Rank<'a> = (usize, i64, &'a str);

fn rank(policy: &Policy) -> Rank<'_> {
    (policy.tier, policy.order, &policy.name)
}

/// Whether both may select the same pod: not if their subjects are in different namespaces.
fn may_meet(one: &Policy, other: &Policy) -> bool {
    match (home(one), home(other)) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

/// The sides that apply to a kind of pods, each with its rules that do.
fn applied<'s, 'a>(
    sides: &'s [Applicable<'a>],
    kind: &'s Kind,
) -> impl Iterator<Item = (&'s Applicable<'a>, impl Iterator<Item = &'a Rule>)> {
    let here = sides.iter().filter(|side| kind.meets[side.subject]);
    here.map(|applicable| {
        let rules = applicable.side.rules.iter().zip(&applicable.rules);
        let meets = |at: &Option<usize>| at.is_none_or(|at| kind.meets[at]);
        let rules = rules.filter(move |(_, at)| meets(at)).map(|(rule, _)| rule);
        (applicable, rules)
    })
}

/// Splits pods by conditions; `None` if there are too many kinds.
fn kinds(
    pods: &LabelSet,
    conditions: &[Arc<LabelSet>],
    future_pods: &FuturePods,
) -> Option<Vec<Kind>> {
    let exist = |pods: &LabelSet| pods.boxes().iter().any(|b| future_pods.exists(b));
    let whole = Kind {
        pods: pods.clone(),
        meets: Vec::new(),
    };
    let mut kinds = vec![whole];
    kinds.retain(|kind| exist(&kind.pods));
    for condition in conditions {
        let mut next = Vec::with_capacity(kinds.len());
        for Kind { pods, meets } in kinds {
            for (met, pods) in [
                (true, pods.intersection(condition)),
                (false, pods.difference(condition)),
            ] {
                if pods.is_undecided() {
                    return None;
                }
                if exist(&pods) {
                    let meets = meets.iter().copied().chain([met]).collect();
                    next.push(Kind { pods, meets });
                }
            }
        }
        if next.len() > MOST {
            return None;
        }
        kinds = next;
    }
    Some(kinds)
}

/// The named ports of the subject in rules: the port under test may have one of these names, or none.
fn scenarios(sides: &[Vec<Applicable>; 2]) -> Vec<Option<String>> {
    let rules = sides.iter().flatten().flat_map(|a| &a.side.rules);
    let items = rules.flat_map(|rule| [rule.ports.listed(), rule.except.as_slice()]);
    let mut found: Vec<Option<String>> = items
        .flat_map(|items| names(items).map(|port| Some(port.name)))
        .collect();
    found.push(None);
    found.sort_unstable();
    found.dedup();
    found
}
