//! Compares two sets of policies over the same pods, gate by gate: for each pod and direction, over known
//! pods, future pods, pieces of the address axes, nodes, domain names and ports.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use super::difference::{GateDifference, PeerClass};
use super::future_subjects::{End, FutureSubjects};
use super::policies::changed_policies;
use super::ways::{DomainPorts, Ways, both_ways};
use crate::analysis::gates::future::cells;
use crate::analysis::gates::rows::Rows;
use crate::analysis::space::future_pods::FuturePods;
use crate::analysis::space::index::Index;
use crate::analysis::space::universe::{Point, Universe};
use crate::analysis::{Direction, Side};
use crate::policy::Policy;
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::{LabelBox, LabelSet, PortSet};

/// Every difference between the gates of two sides, each under its own tiers and assumptions, that have the
/// same namespaces, workloads, pods and nodes (by index). Sorted; empty exactly when every pod's
/// gates agree on every other pod, every address and every future pod. Domain names are compared at egress gates only, and where
/// no rule denies or passes one, on ports that are not allowed towards every address.
///
/// Exact for `In`, `NotIn`, `Exists` and `DoesNotExist`. For future pods a port name may resolve
/// to any port: the same name on both sides is no difference, a name against a number is
/// one. Their service accounts, addresses and string predicates are treated alike.
pub fn compare<'a>(
    intended: impl Into<Side<'a>>,
    actual: impl Into<Side<'a>>,
) -> Vec<GateDifference> {
    compare_until(intended, actual, &|| false).unwrap_or_default()
}

/// [`compare`]; none once `stop` returns true.
pub fn compare_until<'a>(
    intended: impl Into<Side<'a>>,
    actual: impl Into<Side<'a>>,
    stop: &dyn Fn() -> bool,
) -> Option<Vec<GateDifference>> {
    compare_gates([intended.into(), actual.into()], Scope::default(), stop)
}

/// [`compare`], of some gates only.
pub(crate) fn compare_within(sides: [Side; 2], scope: Scope) -> Vec<GateDifference> {
    compare_gates(sides, scope, &|| false).unwrap_or_default()
}

/// The gates that are compared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scope<'a> {
    /// Those of these workloads; none: all.
    pub(crate) workloads: Option<&'a BTreeSet<usize>>,
    /// Not towards future pods.
    pub(crate) known_only: bool,
}

fn compare_gates(
    sides: [Side; 2],
    scope: Scope,
    stop: &dyn Fn() -> bool,
) -> Option<Vec<GateDifference>> {
    let mut found = Some(Vec::new());
    each_direction(sides, |mut gates, universe, _, future_pods| {
        let compare = |found| gates.compare(universe, future_pods, (scope, found), stop);
        found = found.take().and_then(compare);
    });
    if let Some(found) = &mut found {
        found.sort_unstable();
        // Kinds of future pods that differ in addresses alone have one witness.
        found.dedup();
    }
    found
}

/// Whether the new policies allow more anywhere at numbered ports, and whether they allow less; stops as
/// soon as both are found. Unlike [`compare`], it includes the gates of future pods.
pub(in crate::analysis) fn ways(old: Side, new: Side) -> Ways {
    let mut found = Ways::default();
    let changed = different_policies(old, new);
    if changed.is_empty() {
        return found;
    }
    each_direction([old, new], |mut gates, universe, indices, future_pods| {
        gates.ways(universe, future_pods, &mut found);
        let future_subjects = FutureSubjects {
            direction: gates.direction,
            sides: [old, new],
            universe,
            indices,
        };
        let end = future_subjects.visit(&changed, future_pods, &mut |difference, _| {
            found.add(difference.wider);
            found.both()
        });
        if let Err(End::TooMany) = end {
            (found.wider, found.narrower) = (true, true);
        }
    });
    found
}

/// The policies of either side that mean something else on the other.
pub(super) fn different_policies<'a>(old: Side<'a>, new: Side<'a>) -> Vec<&'a Policy> {
    match read_alike(old, new) {
        true => changed_policies(old.policies, new.policies),
        false => (old.policies.iter().chain(new.policies))
            .map(|p| &**p)
            .collect(),
    }
}

/// Whether equal policies mean the same on both sides.
fn read_alike(old: Side, new: Side) -> bool {
    old.tiers == new.tiers && old.assumptions == new.assumptions
}

/// From this many policies on, the sides are prepared on two threads.
const MANY: usize = 128;

/// Both sides in one universe, first ingress, then egress.
pub(super) fn each_direction<'a>(
    sides: [Side<'a>; 2],
    mut look: impl FnMut(Gates<'a>, &Universe<'a>, [&Index<'a>; 2], &mut FuturePods<'a>),
) {
    let [intended, actual] = sides;
    let snapshot = intended.cluster;
    let universe = Universe::read_under(
        snapshot,
        &[intended.policies, actual.policies],
        &[intended.assumptions, actual.assumptions],
    );
    let index = Index::seen_from(&universe, intended);
    let other = (!read_alike(intended, actual)).then(|| Index::seen_from(&universe, actual));
    let indices = [&index, other.as_ref().unwrap_or(&index)];
    let mut future_pods = FuturePods::new(snapshot).with_blocks(&universe.words.pod_blocks);
    for direction in Direction::BOTH {
        let half = |at: usize| Half {
            policies: sides[at].policies,
            rows: Rows::new(&universe, indices[at], sides[at].policies, direction),
            future_pods: HashMap::new(),
        };
        // Waking another thread costs more than few policies do.
        let (intended, actual) = match intended.policies.len() + actual.policies.len() {
            ..MANY => (half(0), half(1)),
            _ => rayon::join(|| half(0), || half(1)),
        };
        let gates = Gates {
            direction,
            intended,
            actual,
        };
        look(gates, &universe, indices, &mut future_pods);
    }
}

/// One direction under both sets of policies.
pub(super) struct Gates<'a> {
    pub(super) direction: Direction,
    intended: Half<'a>,
    actual: Half<'a>,
}

/// One set of policies: its rows for known ends, and its cells for future pods.
struct Half<'a> {
    policies: &'a [Arc<Policy>],
    rows: Rows,
    future_pods: HashMap<u32, Cells<LabelSet>>,
}

type Cells<S> = Arc<[(PortSet, Arc<S>)]>;

/// The difference between two profiles, shared by their pods.
#[derive(Default)]
struct Disagreement {
    /// By point of the universe and whether it is wider.
    points: BTreeMap<(usize, bool), PortSet>,
    /// By kind of future pod and whether it is wider.
    future_pods: BTreeMap<(LabelBox, bool), PortSet>,
}

impl<'a> Gates<'a> {
    fn ways(&mut self, universe: &Universe, future_pods: &mut FuturePods<'a>, found: &mut Ways) {
        let members = members(universe);
        let numbered = PortSet::all_numbered();
        let mut known: HashMap<(u32, u32), Disagreement> = HashMap::new();
        for (class, own) in members.iter().enumerate() {
            if found.both() {
                return;
            }
            let disagreement: &Disagreement = match known.entry(self.profiles(class)) {
                Entry::Occupied(found) => found.into_mut(),
                Entry::Vacant(new) => new.insert(self.disagree(class, universe, Some(future_pods))),
            };
            // A pod always reaches itself.
            let alone = matches!(own.as_slice(), [one] if one.other.is_none());
            let itself =
                |point| alone && matches!(universe.point(point), Point::Class(c) if c == class);
            let points = disagreement.points.iter();
            let points = points.filter(|((point, _), _)| !itself(*point));
            let points = points.map(|((_, wider), ports)| (*wider, ports));
            let future_pods = disagreement.future_pods.iter();
            let future_pods = future_pods.map(|((_, wider), ports)| (*wider, ports));
            for (wider, _) in points
                .chain(future_pods)
                .filter(|(_, p)| p.intersects(&numbered))
            {
                found.add(wider);
            }
        }
    }

    fn profiles(&self, class: usize) -> (u32, u32) {
        let (intended, actual) = (&self.intended.rows, &self.actual.rows);
        (intended.profile_of(class), actual.profile_of(class))
    }

    fn compare(
        &mut self,
        universe: &Universe,
        future_pods: &mut FuturePods<'a>,
        (scope, mut found): (Scope, Vec<GateDifference>),
        stop: &dyn Fn() -> bool,
    ) -> Option<Vec<GateDifference>> {
        let members = members(universe);
        let wanted = |one: &Members| scope.workloads.is_none_or(|of| of.contains(&one.workload));
        let mut known: HashMap<(u32, u32), Disagreement> = HashMap::new();
        for class in 0..universe.classes.len() {
            if stop() {
                return None;
            }
            if !members[class].iter().any(wanted) {
                continue;
            }
            let disagreement: &Disagreement = match known.entry(self.profiles(class)) {
                Entry::Occupied(found) => found.into_mut(),
                Entry::Vacant(new) => {
                    let future_pods = (!scope.known_only).then_some(&mut *future_pods);
                    new.insert(self.disagree(class, universe, future_pods))
                }
            };
            for own in members[class].iter().filter(|one| wanted(one)) {
                let gate = Gate {
                    universe,
                    members: &members,
                    own,
                    direction: self.direction,
                };
                gate.points(&disagreement.points, &mut found);
                gate.future_pods(&disagreement.future_pods, future_pods, &mut found);
            }
        }
        Some(found)
    }

    fn disagree(
        &mut self,
        class: usize,
        universe: &Universe,
        future_pods: Option<&mut FuturePods<'a>>,
    ) -> Disagreement {
        let mut found = Disagreement::default();
        let rows = [&self.intended, &self.actual].map(|s| s.rows.row(class).cells.as_slice());
        let names = DomainPorts::new(universe, self.direction, rows);
        for (wider, ports, peers) in both_ways(rows) {
            for point in peers.iter() {
                let ports = names.differing(point, wider, &ports);
                if !ports.is_empty() {
                    let point = universe.first_of_same(point);
                    join(&mut found.points, (point, wider), &ports);
                }
            }
        }
        let Some(future_pods) = future_pods else {
            return found;
        };
        let cells = [&mut self.intended, &mut self.actual]
            .map(|s| s.towards_future_pods(class, universe, future_pods));
        for (wider, ports, pods) in both_ways([&cells[0], &cells[1]]) {
            // Never taken for equal: what cannot be decided may be any pod.
            if pods.is_undecided() {
                join(&mut found.future_pods, (LabelBox::default(), wider), &ports);
            }
            for one in pods.boxes().iter().filter(|b| future_pods.exists(b)) {
                join(&mut found.future_pods, (one.clone(), wider), &ports);
            }
        }
        found
    }
}

fn join<K: Ord>(into: &mut BTreeMap<K, PortSet>, key: K, ports: &PortSet) {
    let all = into.entry(key).or_default();
    *all = all.union(ports);
}

impl<'a> Half<'a> {
    /// What the gate of a class allows for future pods.
    fn towards_future_pods(
        &mut self,
        class: usize,
        universe: &Universe,
        future_pods: &mut FuturePods<'a>,
    ) -> Cells<LabelSet> {
        let profile = self.rows.profile_of(class);
        if let Some(found) = self.future_pods.get(&profile) {
            return found.clone();
        }
        let profiles = &self.rows.profiles;
        let found = cells(
            future_pods,
            universe,
            self.policies,
            profiles,
            profile,
            |_, _| true,
        );
        let found: Cells<LabelSet> = found.into();
        self.future_pods.insert(profile, found.clone());
        found
    }
}

/// The pods of one class that belong to one workload: one of them, and another if there is one.
struct Members {
    workload: usize,
    pod: usize,
    other: Option<usize>,
}

/// The members of each class, by workload.
fn members(universe: &Universe) -> Vec<Vec<Members>> {
    let mut found: Vec<Vec<Members>> = universe.classes.iter().map(|_| Vec::new()).collect();
    let pods = universe.snapshot.pods.iter().zip(&universe.class_of);
    for (pod, (of, &class)) in pods.enumerate() {
        let class = &mut found[class as usize];
        match class.iter_mut().rev().find(|m| m.workload == of.workload) {
            Some(known) => known.other = known.other.or(Some(pod)),
            None => class.push(Members {
                workload: of.workload,
                pod,
                other: None,
            }),
        }
    }
    found
}

/// Collects the differences of one gate.
struct Gate<'a> {
    universe: &'a Universe<'a>,
    members: &'a [Vec<Members>],
    own: &'a Members,
    direction: Direction,
}

impl Gate<'_> {
    fn difference(&self, peer: PeerClass, ports: &PortSet, wider: bool) -> GateDifference {
        GateDifference {
            workload: self.own.workload,
            pod: self.own.pod,
            direction: self.direction,
            peer,
            ports: ports.clone(),
            wider,
        }
    }

    fn points(&self, points: &BTreeMap<(usize, bool), PortSet>, found: &mut Vec<GateDifference>) {
        let start = found.len();
        for wider in [false, true] {
            let here = points.iter().filter(|((_, w), _)| *w == wider);
            for ((point, _), ports) in here {
                match self.universe.point(*point) {
                    Point::Class(class) => {
                        for peer in &self.members[class] {
                            let itself = peer.pod == self.own.pod;
                            let pod = if itself { peer.other } else { Some(peer.pod) };
                            let peer = pod.map(PeerClass::Pod);
                            found.extend(peer.map(|p| self.difference(p, ports, wider)));
                        }
                    }
                    Point::Addresses(first, last) => {
                        let before = found[start..].last_mut();
                        if !before.is_some_and(|b| b.extend_to(first, last, ports, wider)) {
                            let peer = PeerClass::Addresses { first, last };
                            found.push(self.difference(peer, ports, wider));
                        }
                    }
                    Point::Node(node) => {
                        found.push(self.difference(PeerClass::Node(node), ports, wider));
                    }
                    Point::Domain(at) => {
                        let peer = PeerClass::Domain(self.universe.domains[at].name.clone());
                        found.push(self.difference(peer, ports, wider));
                    }
                    Point::Entity(entity) => {
                        found.push(self.difference(PeerClass::Entity(entity), ports, wider));
                    }
                }
            }
        }
    }

    fn future_pods(
        &self,
        kinds: &BTreeMap<(LabelBox, bool), PortSet>,
        future_pods: &FuturePods,
        found: &mut Vec<GateDifference>,
    ) {
        let namespace = self.universe.snapshot.pods[self.own.pod].namespace;
        for ((kind, wider), ports) in kinds {
            let peer = PeerClass::NewPod(future_pods.witness(kind, namespace));
            found.push(self.difference(peer, ports, *wider));
        }
    }
}
