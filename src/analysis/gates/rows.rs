//! Rows: what the subjects of one list of policies may connect to, in one direction.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::side_extents::Extent;
use super::tiers::Steps;
use crate::analysis::Direction;
use crate::analysis::space::extents::Extents;
use crate::analysis::space::index::Index;
use crate::analysis::space::universe::Universe;
use crate::analysis::space::vocabulary::number;
use crate::cluster::{Assumptions, HostNetwork};
use crate::policy::{Policy, Tier};
use crate::sets::hash::{HashMap, HashMapExt, Hashed};
use crate::sets::{Bits, PortSet, Protocol};

/// What a gate allows: disjoint port sets, sorted, each with the points for which it is allowed; the point sets
/// are distinct and not empty. Within a universe this form is canonical.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::analysis) struct Row {
    pub cells: Vec<(PortSet, Arc<Bits>)>,
}

impl Row {
    /// The ports allowed for a point.
    pub fn open_to(&self, point: usize) -> PortSet {
        let open = self.cells.iter().filter(|(_, peers)| peers.contains(point));
        open.map(|(ports, _)| ports.clone()).collect()
    }
}

/// A side that applies to a class, and its rules that apply.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::analysis) struct Applied {
    /// Its number in [`Profiles::sides`].
    pub side: u32,
    /// For sides whose rules narrow the subject: the rules that apply; none: all of them.
    rules: Option<Vec<usize>>,
}

impl Applied {
    /// Those of a side's rules that apply.
    pub fn of<'r, T>(&self, rules: &'r [T]) -> impl Iterator<Item = &'r T> {
        self.places(rules).map(|(_, rule)| rule)
    }

    /// The same, each with its place.
    pub fn places<'r, T>(&self, rules: &'r [T]) -> impl Iterator<Item = (usize, &'r T)> {
        let some = self.rules.iter().flatten();
        let some = some.filter_map(|&at| Some((at, rules.get(at)?)));
        let all = rules.iter().enumerate().filter(|_| self.rules.is_none());
        some.chain(all)
    }
}

/// What determines the gate of a class: the sides that apply, in evaluation order; the number of its named
/// ports, and of its node, where these matter.
type Key = (Vec<Applied>, Option<u32>, Option<u32>);

/// Classes by the sides that apply to them, in one direction under one set of policies.
pub(in crate::analysis) struct Profiles {
    pub direction: Direction,
    tiers: Vec<Tier>,
    assumptions: Assumptions,
    /// Whether host-network pods of the same node are always allowed.
    hosts_enter: bool,
    /// For nodes, by their numbers in the universe: the node and the pods that count as it, where rules for egress tell
    /// the node of a pod from others.
    on_node: Vec<Bits>,
    /// The sides of the policies. Numbers are never reused.
    pub sides: Vec<Option<Arc<Extent>>>,
    /// For each side, the place of its policy among those that were given.
    policy_of: Vec<usize>,
    /// For each policy, the number of its side.
    side_of: Vec<usize>,
    /// For each class, its profile.
    pub of_class: Vec<u32>,
    /// For each profile, its representative class and the sides that apply to it.
    pub all: Vec<(usize, Arc<Key>)>,
    known: HashMap<Arc<Key>, u32>,
}

impl Profiles {
    pub fn new(
        universe: &Universe,
        index: &Index,
        policies: &[Arc<Policy>],
        direction: Direction,
    ) -> Self {
        let numbered: Vec<(usize, &Policy)> = policies.iter().map(|p| &**p).enumerate().collect();
        let chunk = policies.len().div_ceil(rayon::current_num_threads()).max(1);
        let sides = numbered.par_chunks(chunk).flat_map_iter(|some| {
            let mut extents = Extents::new(universe, index);
            let of = move |(at, policy): &(usize, &Policy)| {
                let side = Extent::of(policy, *at, direction, &mut extents);
                side.map(Arc::new)
            };
            some.iter().map(of)
        });
        let mut found = Self {
            direction,
            tiers: index.side.tiers.to_vec(),
            assumptions: index.side.assumptions,
            hosts_enter: direction == Direction::Ingress
                && index.side.assumptions.host_network == HostNetwork::Nodes,
            on_node: match direction == Direction::Egress && universe.words.own_node {
                true => index.on_nodes(universe),
                false => Vec::new(),
            },
            sides: sides.collect(),
            policy_of: (0..policies.len()).collect(),
            side_of: (0..policies.len()).collect(),
            of_class: vec![0; universe.classes.len()],
            all: Vec::new(),
            known: HashMap::new(),
        };
        let sides = found.sides.iter().enumerate();
        let mut order: Vec<(usize, &Extent)> = sides
            .filter_map(|(at, s)| Some((at, s.as_deref()?)))
            .collect();
        order.sort_unstable_by(|(_, a), (_, b)| a.rank.cmp(&b.rank));
        let mut keys: Vec<Vec<Applied>> = vec![Vec::new(); universe.classes.len()];
        for (at, side) in order {
            for class in side.subject.iter() {
                if let Some(key) = keys.get_mut(class) {
                    key.push(Applied {
                        side: number(at),
                        rules: side.rules_of(class),
                    });
                }
            }
        }
        for (class, applied) in keys.into_iter().enumerate() {
            found.file(universe, class, applied);
        }
        found
    }

    /// Replaces some policies by `added`. Only the classes that one of them selects get another profile; they
    /// are returned.
    fn change(
        &mut self,
        universe: &Universe,
        index: &Index,
        removed: Range<usize>,
        added: &[Arc<Policy>],
    ) -> Vec<usize> {
        let mut extents = Extents::new(universe, index);
        let first = self.sides.len();
        let fresh = first..first + added.len();
        for (at, policy) in (removed.start..).zip(added) {
            let side = Extent::of(policy, at, self.direction, &mut extents);
            self.sides.push(side.map(Arc::new));
        }
        let gone: Vec<usize> = self.side_of.splice(removed, fresh.clone()).collect();
        self.policy_of.resize(self.sides.len(), 0);
        for (policy, &side) in self.side_of.iter().enumerate() {
            self.policy_of[side] = policy;
        }
        let sides = gone.iter().copied().chain(fresh.clone());
        let subjects = sides.filter_map(|s| Some(&*self.sides.get(s)?.as_ref()?.subject));
        let touched = Bits::union_of(subjects.collect::<Vec<_>>());
        let touched: Vec<usize> = touched
            .iter()
            .take_while(|&c| c < self.of_class.len())
            .collect();
        for &class in &touched {
            let mut applied = self.all[self.of_class[class] as usize].1.0.clone();
            applied.retain(|a| !gone.contains(&(a.side as usize)));
            for at in fresh.clone() {
                if let Some(side) = self.sides[at]
                    .as_ref()
                    .filter(|s| s.subject.contains(class))
                {
                    applied.push(Applied {
                        side: number(at),
                        rules: side.rules_of(class),
                    });
                }
            }
            let rank = |a: &Applied| self.sides[a.side as usize].as_ref().map(|s| &s.rank);
            applied.sort_by(|a, b| rank(a).cmp(&rank(b)));
            self.file(universe, class, applied);
        }
        for side in gone {
            self.sides[side] = None;
        }
        touched
    }

    /// Sets the profile of a class to that of these sides.
    fn file(&mut self, universe: &Universe, class: usize, applied: Vec<Applied>) {
        let mut sides = applied
            .iter()
            .filter_map(|a| self.sides[a.side as usize].as_ref());
        let ports = sides
            .any(|s| s.names)
            .then(|| universe.classes[class].named_ports);
        let reached = applied.iter().any(|a| {
            let side = self.sides[a.side as usize].as_ref();
            side.is_some_and(|s| s.names_own_node)
        });
        let enter = |node: u32| self.hosts_enter && !universe.hosts[node as usize].is_empty();
        let hosts = universe.classes[class].hosts;
        let hosts = hosts.filter(|node| reached || enter(*node));
        let key = (applied, ports, hosts);
        let profile = match self.known.get(&key) {
            Some(&known) => known,
            None => {
                let key = Arc::new(key);
                let next = number(self.all.len());
                self.all.push((class, key.clone()));
                self.known.insert(key, next);
                next
            }
        };
        self.of_class[class] = profile;
    }

    /// The sides that apply to a profile, in evaluation order, each with the index of its policy.
    pub fn applied(&self, profile: u32) -> impl Iterator<Item = (&Applied, &Extent, usize)> {
        let applied = self.all.get(profile as usize).map(|(_, key)| &key.0);
        applied.into_iter().flatten().filter_map(|a| {
            let side = self.sides.get(a.side as usize)?.as_deref()?;
            Some((a, side, self.policy_of[a.side as usize]))
        })
    }

    /// The tiers, in order.
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    /// The ports of a class with this name, of `protocol` if given.
    pub fn resolve(
        &self,
        universe: &Universe,
        class: usize,
        protocol: Option<Protocol>,
        name: &str,
    ) -> PortSet {
        let pod = universe.pod(class);
        self.assumptions.ports_named(pod, protocol, name)
    }

    /// The node of a class with the pods that count as it, where rules tell it from others.
    pub fn node_of(&self, universe: &Universe, class: usize) -> Option<&Bits> {
        let node = universe.classes[class].hosts?;
        self.on_node.get(node as usize)
    }

    fn row(&self, universe: &Universe, everyone: &Arc<Bits>, profile: u32) -> Row {
        let (class, key) = &self.all[profile as usize];
        let class = *class;
        let mut steps = Steps::new(&self.tiers);
        if let Some(hosts) = key.2.filter(|_| self.hosts_enter) {
            steps.always(universe.hosts[hosts as usize].clone());
        }
        let node = self.node_of(universe, class);
        for (applied, side, _) in self.applied(profile) {
            if !steps.side(side.rank.0, side.isolates) {
                continue;
            }
            for rule in applied.of(&side.rules) {
                for (ports, peers) in
                    rule.at(node, |p, name| self.resolve(universe, class, p, name))
                {
                    steps.step(rule.action, ports, peers);
                }
            }
        }
        Row {
            cells: steps.cells(everyone),
        }
    }
}

/// The rows of one direction under one set of policies.
pub(in crate::analysis) struct Rows {
    pub profiles: Profiles,
    /// For each profile, its row in `rows`.
    pub row_of: Vec<u32>,
    /// The distinct rows.
    pub rows: Vec<Arc<Row>>,
    known: HashMap<Hashed<Arc<Row>>, u32>,
}

impl Rows {
    /// The rows of `policies` in a direction.
    pub fn new(
        universe: &Universe,
        index: &Index,
        policies: &[Arc<Policy>],
        direction: Direction,
    ) -> Self {
        let mut found = Self {
            profiles: Profiles::new(universe, index, policies, direction),
            row_of: Vec::new(),
            rows: Vec::new(),
            known: HashMap::new(),
        };
        found.fill(universe, index);
        found
    }

    /// Computes the rows of the profiles that have none yet.
    fn fill(&mut self, universe: &Universe, index: &Index) {
        let (first, last) = (number(self.row_of.len()), number(self.profiles.all.len()));
        let profiles = (first..last).into_par_iter().with_min_len(64);
        let row = |profile| {
            let row = self.profiles.row(universe, &index.everything, profile);
            Hashed::new(Arc::new(row))
        };
        let rows: Vec<Hashed<Arc<Row>>> = profiles.map(row).collect();
        self.known.reserve(rows.len());
        for hashed in rows {
            let next = number(self.rows.len());
            let row = hashed.key.clone();
            let number = *self.known.entry(hashed).or_insert(next);
            if number == next {
                self.rows.push(row);
            }
            self.row_of.push(number);
        }
    }

    /// Replaces some policies by `added`, and returns the classes whose rows changed. The vocabulary of the
    /// universe must cover the new policies.
    pub fn change(
        &mut self,
        universe: &Universe,
        index: &Index,
        removed: Range<usize>,
        added: &[Arc<Policy>],
    ) -> Vec<usize> {
        let before: Vec<u32> = self.profiles.of_class.clone();
        let mut touched = self.profiles.change(universe, index, removed, added);
        self.fill(universe, index);
        touched.retain(|&class| {
            let was = self.row_of[before[class] as usize];
            was as usize != self.row_of_class(class)
        });
        touched
    }

    /// Whether most entries belong to policies that were replaced.
    pub fn is_worn(&self) -> bool {
        const SPARE: usize = 1000;
        let profiles = &self.profiles;
        profiles.sides.len() > 2 * profiles.side_of.len() + SPARE
            || profiles.all.len() > 2 * profiles.of_class.len() + SPARE
    }

    /// The number of a class's profile.
    pub fn profile_of(&self, class: usize) -> u32 {
        self.profiles.of_class[class]
    }

    /// The number of a class's row.
    pub fn row_of_class(&self, class: usize) -> usize {
        self.row_of[self.profile_of(class) as usize] as usize
    }

    /// A class's row.
    pub fn row(&self, class: usize) -> &Row {
        &self.rows[self.row_of_class(class)]
    }
}
