//! Which future pods may connect to workloads, and workloads to them; exact.

mod gate;

use std::sync::Arc;

use rayon::prelude::*;

use super::connections::classes_of_workloads;
use crate::analysis::gates::rows::Profiles;
use crate::analysis::space::future_pods::FuturePods;
use crate::analysis::space::index::Index;
use crate::analysis::space::port_table::{PortTable, PortsId};
use crate::analysis::space::universe::Universe;
use crate::analysis::space::vocabulary::number;
use crate::analysis::{Direction, NewPod};
use crate::cluster::Snapshot;
use crate::policy::Policy;
use crate::sets::hash::{HashMap, HashMapExt, Hashed};
use crate::sets::{LabelBox, PortSet, Protocol};
use gate::{Named, Raw, RulePeers};

pub use crate::analysis::space::kinds::Kinds;

/// The future pods that the workloads of a snapshot allow. Workloads with the same applicable rules share a
/// gate, and gates share kinds of pods and sets of ports.
pub struct Exposure<'a> {
    future_pods: FuturePods<'a>,
    kinds: Vec<Arc<LabelBox>>,
    ports: PortTable,
    /// The distinct gates.
    pub gates: Vec<Gate>,
    /// For every workload with pods, ingress and then egress.
    pub lines: Vec<Line>,
}

/// One gate of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Index into `Snapshot::workloads`.
    pub workload: usize,
    /// The gate.
    pub direction: Direction,
    /// Index into [`Exposure::gates`].
    pub gate: usize,
}

/// The future pods that a gate allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// Whether no policy selects the workload in this direction.
    pub unprotected: bool,
    /// The ports allowed for every pod of every namespace, by rules that match all of them.
    pub everyone: Ports,
    /// Pods that are allowed more, by rules that match them; sorted by kind.
    pub some: Vec<Exposed>,
    /// Pods that are allowed less, with what they are allowed of `everyone`.
    pub except: Vec<Exposed>,
    /// Whether it may allow more to some pods: its rules tell apart more kinds of pods than can be decided.
    pub undecided: bool,
}

/// Ports, some of them by names that no pod declares yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ports {
    /// By number.
    pub numbers: PortSet,
    /// Names, with the protocol if the rule has one; only on egress.
    pub names: Vec<(Option<Protocol>, String)>,
}

impl Ports {
    /// Whether it has neither numbers nor names.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.names.is_empty()
    }
}

/// A kind of pods that a rule matches, and its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exposed {
    /// The kind, for [`Exposure::kind`]. Equal kinds have equal numbers.
    pub kind: usize,
    /// The ports, for [`Exposure::ports`].
    pub ports: usize,
}

impl Exposure<'_> {
    /// The lines whose gates are not decided whole.
    pub fn undecided(&self) -> impl Iterator<Item = &Line> {
        let gate = |line: &&Line| self.gates.get(line.gate).is_some_and(|gate| gate.undecided);
        self.lines.iter().filter(gate)
    }

    /// A kind of pods as text.
    pub fn kind(&self, number: usize) -> Kinds {
        self.kinds
            .get(number)
            .map(|kind| Kinds::of(kind))
            .unwrap_or_default()
    }

    /// A pod of a kind, in an existing namespace if possible.
    pub fn example(&self, kind: usize) -> Option<NewPod> {
        let found = self.kinds.get(kind)?;
        Some(self.future_pods.witness(found, 0))
    }

    /// A set of ports.
    pub fn ports(&self, number: usize) -> &PortSet {
        self.ports
            .get(PortsId::try_from(number).unwrap_or_default())
    }
}

/// For every workload with pods, ingress and then egress. Where its pods differ, what one of them allows
/// counts.
pub fn exposure(snapshot: &Snapshot) -> Exposure<'_> {
    let policies = &snapshot.policies;
    let universe = Universe::new(snapshot, &[policies]);
    let index = Index::new(&universe);
    let profiles = Direction::BOTH.map(|d| Profiles::new(&universe, &index, policies, d));
    of(&universe, policies, profiles.each_ref())
}

/// [`exposure`] from profiles that are already computed.
pub(in crate::analysis) fn of<'a>(
    universe: &Universe<'a>,
    policies: &'a [Arc<Policy>],
    profiles: [&Profiles; 2],
) -> Exposure<'a> {
    let snapshot = universe.snapshot;
    let classes = classes_of_workloads(universe);
    let future_pods = FuturePods::new(snapshot);
    let mut kinds = KindTable::default();
    let mut ports = PortTable::default();
    let mut all = Vec::new();
    let mut lines = Vec::new();
    for profiles in profiles {
        let singled = RulePeers::of_all(policies, profiles.direction, &future_pods, &mut kinds);
        let gates = Gates {
            policies,
            universe,
            profiles,
            singled: &singled,
            kinds: &kinds,
        };
        let (wanted, own) = gates.wanted(&classes);
        let raw: Vec<Raw> = wanted
            .par_iter()
            .with_min_len(64)
            .map_init(
                || future_pods.fork(),
                |future_pods, of| gates.gate(of, future_pods),
            )
            .collect();
        let start = all.len();
        let numbered = raw
            .into_iter()
            .map(|gate| gate.numbered(&mut kinds, &mut ports));
        all.extend(numbered);
        lines.extend(own.into_iter().map(|(workload, gate)| Line {
            workload,
            direction: profiles.direction,
            gate: start + gate,
        }));
    }
    lines.sort_by_key(|l| (l.workload, l.direction));
    let mut found = Exposure {
        future_pods,
        kinds: Vec::new(),
        ports,
        gates: all,
        lines,
    };
    found.sort(kinds);
    found
}

impl Exposure<'_> {
    /// Stores the kinds, renumbered in the order of their text.
    fn sort(&mut self, kinds: KindTable) {
        let mut order: Vec<(Arc<LabelBox>, usize)> = kinds.boxes.into_iter().zip(0..).collect();
        order.par_sort_unstable();
        let mut place = vec![0; order.len()];
        for (new, (_, old)) in order.iter().enumerate() {
            place[*old] = new;
        }
        for gate in &mut self.gates {
            for list in [&mut gate.some, &mut gate.except] {
                list.iter_mut().for_each(|e| e.kind = place[e.kind]);
                list.sort_unstable();
            }
        }
        self.kinds = order.into_iter().map(|(kind, _)| kind).collect();
    }
}

/// The inputs of the gates of one direction.
struct Gates<'a, 'u> {
    policies: &'a [Arc<Policy>],
    universe: &'u Universe<'a>,
    profiles: &'u Profiles,
    singled: &'u [Vec<RulePeers>],
    kinds: &'u KindTable,
}

impl<'a> Gates<'a, '_> {
    /// The distinct gates, each by its profiles, and the gate of each workload with pods.
    fn wanted(&self, classes: &[Vec<usize>]) -> (Vec<Vec<u32>>, Vec<(usize, usize)>) {
        let mut wanted: Vec<Vec<u32>> = Vec::new();
        let mut known: HashMap<Vec<u32>, usize> = HashMap::new();
        let mut lines = Vec::new();
        for (workload, classes) in classes.iter().enumerate() {
            let mut profiles: Vec<u32> = classes
                .iter()
                .map(|&class| self.profiles.of_class[class])
                .collect();
            if profiles.is_empty() {
                continue;
            }
            profiles.sort_unstable();
            profiles.dedup();
            let gate = match known.get(&profiles) {
                Some(&gate) => gate,
                None => {
                    known.insert(profiles.clone(), wanted.len());
                    wanted.push(profiles);
                    wanted.len() - 1
                }
            };
            lines.push((workload, gate));
        }
        (wanted, lines)
    }

    fn gate(&self, profiles: &[u32], future_pods: &mut FuturePods<'a>) -> Raw {
        match profiles {
            [one] => self
                .accepting(*one)
                .unwrap_or_else(|| self.exact(&[*one], future_pods)),
            many => self.exact(many, future_pods),
        }
    }
}

/// Numbers kinds of pods.
#[derive(Default)]
struct KindTable {
    boxes: Vec<Arc<LabelBox>>,
    /// For each kind, a bit for each key: a box can be a subset of another only if it has all its keys.
    signatures: Vec<u64>,
    known: HashMap<Hashed<Arc<LabelBox>>, u32>,
}

impl KindTable {
    fn number(&mut self, found: Hashed<Arc<LabelBox>>) -> u32 {
        let next = number(self.boxes.len());
        let kind = found.key.clone();
        let known = *self.known.entry(found).or_insert(next);
        if known != next {
            return known;
        }
        let sign = |all: u64, (key, _): (&str, _)| {
            let sum = key
                .bytes()
                .fold(7u64, |a, b| a.wrapping_mul(31) ^ u64::from(b));
            all | 1 << (sum % 64)
        };
        self.signatures.push(kind.keys().fold(0, sign));
        self.boxes.push(kind);
        next
    }

    /// Whether one is a proper subset of the other.
    fn is_proper_subset(&self, one: u32, other: u32) -> bool {
        let (a, b) = (one as usize, other as usize);
        a != b
            && self.signatures[b] & !self.signatures[a] == 0
            && self.boxes[a].is_subset(&self.boxes[b])
    }

    fn of(&mut self, named: Named) -> u32 {
        match named {
            Named::Known(number) => number,
            Named::New(found) => self.number(Hashed::new(Arc::new(found))),
        }
    }
}
