//! The future pods that one gate allows.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::{Exposed, Gate, Gates, KindTable, Ports};
use crate::analysis::Direction;
use crate::analysis::gates::future;
use crate::analysis::gates::side_extents::{NamedPorts, names, numbered, side};
use crate::analysis::space::future_pods::FuturePods;
use crate::analysis::space::port_table::PortTable;
use crate::policy::{Action, Match, Policy, Rule};
use crate::sets::hash::{HashMap, HashMapExt, Hashed};
use crate::sets::{LabelBox, LabelSet, PortSet, Protocol};

/// Disjoint port sets with the pods of each.
type Cells = Vec<(PortSet, Arc<LabelSet>)>;

/// A kind of pods.
pub(in crate::analysis) enum Named {
    Known(u32),
    New(LabelBox),
}

/// A [`Gate`] before its kinds and ports are numbered.
#[derive(Default)]
pub(in crate::analysis) struct Raw {
    unprotected: bool,
    everyone: Ports,
    some: Vec<(Named, PortSet)>,
    except: Vec<(Named, PortSet)>,
    undecided: bool,
}

impl Raw {
    pub fn numbered(self, kinds: &mut KindTable, ports: &mut PortTable) -> Gate {
        let mut list = |all: Vec<(Named, PortSet)>| {
            let one = |(kind, set)| Exposed {
                kind: kinds.of(kind) as usize,
                ports: ports.intern(set) as usize,
            };
            all.into_iter().map(one).collect()
        };
        Gate {
            unprotected: self.unprotected,
            some: list(self.some),
            except: list(self.except),
            everyone: self.everyone,
            undecided: self.undecided,
        }
    }
}

/// A port name, with the protocol that the port must have, if the rule has one.
type PortName = (Option<Protocol>, String);

/// The pods that one rule matches.
pub(in crate::analysis) struct RulePeers<K = u32> {
    accepts: bool,
    /// Whether it matches every pod of every namespace.
    everyone: bool,
    /// At numbered ports, these kinds.
    ports: PortSet,
    kinds: Vec<K>,
    /// Named ports of the subject (ingress), at which the same kinds are allowed.
    own_names: Vec<NamedPorts>,
    /// Named ports of the peer (egress), with the kinds that declare them.
    names: Vec<(PortName, Vec<K>)>,
}

/// A kind before it has a number.
type Fresh = Hashed<Arc<LabelBox>>;

impl RulePeers {
    /// For each policy, the pods that its rules in a direction match.
    pub fn of_all(
        policies: &[Arc<Policy>],
        direction: Direction,
        future_pods: &FuturePods,
        kinds: &mut KindTable,
    ) -> Vec<Vec<Self>> {
        let chunks = policies.par_chunks(512);
        let fresh: Vec<Vec<RulePeers<Fresh>>> = chunks
            .flat_map_iter(|policies| {
                let mut future_pods = future_pods.fork();
                policies.iter().map(move |policy| {
                    let rules = side(policy, direction).map_or(&[][..], |s| &s.rules);
                    let rules = rules.iter();
                    rules
                        .map(|rule| RulePeers::of(rule, direction, &mut future_pods))
                        .collect()
                })
            })
            .collect();
        let numbered = |of_policy: Vec<RulePeers<Fresh>>| {
            let rules = of_policy.into_iter();
            rules.map(|rule| rule.numbered(kinds)).collect()
        };
        fresh.into_iter().map(numbered).collect()
    }
}

impl RulePeers<Fresh> {
    fn of<'a>(rule: &'a Rule, direction: Direction, future_pods: &mut FuturePods<'a>) -> Self {
        let pods = future_pods.peers(&rule.peers);
        let list = |pods: &LabelSet| -> Vec<Fresh> {
            let boxes = pods.boxes().iter().filter(|b| future_pods.exists(b));
            boxes.map(|b| Hashed::new(Arc::new(b.clone()))).collect()
        };
        let (ports, all_names) = match &rule.ports {
            Match::Any => (PortSet::all(), Vec::new()),
            Match::Only(items) => (numbered(items), names(items).collect()),
        };
        let (own_names, peer_names) = match direction {
            Direction::Ingress => (all_names, Vec::new()),
            Direction::Egress => (Vec::new(), all_names),
        };
        let names = peer_names.into_iter().map(|port| {
            let bearers = pods.intersection(&FuturePods::bearers(&port.name));
            let kinds = list(&bearers);
            ((port.protocol, port.name), kinds)
        });
        Self {
            accepts: rule.action == Action::Accept && rule.except.is_empty(),
            everyone: future_pods.is_everyone(&pods),
            names: names.collect(),
            kinds: list(&pods),
            ports,
            own_names,
        }
    }

    fn numbered(self, table: &mut KindTable) -> RulePeers {
        let mut list = |kinds: Vec<Fresh>| kinds.into_iter().map(|k| table.number(k)).collect();
        let names = self.names.into_iter();
        RulePeers {
            accepts: self.accepts,
            everyone: self.everyone,
            names: names.map(|(name, kinds)| (name, list(kinds))).collect(),
            kinds: list(self.kinds),
            ports: self.ports,
            own_names: self.own_names,
        }
    }
}

fn any_of(protocol: Option<Protocol>) -> PortSet {
    protocol.map_or_else(PortSet::all_numbered, PortSet::all_of)
}

impl<'a> Gates<'a, '_> {
    /// The union of what the rules accept, up to the first tier that isolates. `None` if some rule does not
    /// accept.
    pub(in crate::analysis) fn accepting(&self, profile: u32) -> Option<Raw> {
        let mut rules: Vec<&RulePeers> = Vec::new();
        let mut last = None;
        let mut unprotected = true;
        for (applied, extent, policy) in self.profiles.applied(profile) {
            unprotected = false;
            let tier = extent.rank.0;
            if last.is_some_and(|last| last != tier) {
                break;
            }
            if tier >= self.universe.snapshot.tiers.len() {
                continue;
            }
            last = last.or(extent.isolates.then_some(tier));
            rules.extend(applied.of(self.singled.get(policy)?));
        }
        if rules.iter().any(|r| !r.accepts) {
            return None;
        }
        let mut found = Raw {
            unprotected,
            ..Raw::default()
        };
        if last.is_none() {
            found.everyone.numbers = PortSet::all();
            return Some(found);
        }
        let (class, _) = self.profiles.all.get(profile as usize)?;
        let ports = |rule: &RulePeers| {
            let own = rule.own_names.iter();
            let own = own.map(|port| {
                let resolved =
                    (self.profiles).resolve(self.universe, *class, port.protocol, &port.name);
                port.ports(&resolved)
            });
            own.fold(rule.ports.clone(), |all, p| all.union(&p))
        };
        let ports: Vec<PortSet> = rules.iter().map(|rule| ports(rule)).collect();
        let usual = rules.iter().zip(&ports).filter(|(rule, _)| rule.everyone);
        found.everyone.numbers = usual.map(|(_, ports)| ports.clone()).collect();
        found.everyone.names = names_for_all(&rules, &found.everyone.numbers);
        found.some = self.more(&rules, &ports, &found.everyone.numbers);
        Some(found)
    }

    /// The ports of each kind of pods beyond `usual`, without those that a wider kind has too.
    fn more(
        &self,
        rules: &[&RulePeers],
        ports: &[PortSet],
        usual: &PortSet,
    ) -> Vec<(Named, PortSet)> {
        let mut by_kind: Vec<(u32, PortSet)> = Vec::new();
        for (rule, ports) in rules.iter().zip(ports) {
            let ports = ports.difference(usual);
            if !ports.is_empty() {
                by_kind.extend(rule.kinds.iter().map(|&kind| (kind, ports.clone())));
            }
            for ((protocol, _), kinds) in &rule.names {
                let ports = any_of(*protocol).difference(usual);
                if !ports.is_empty() {
                    by_kind.extend(kinds.iter().map(|&kind| (kind, ports.clone())));
                }
            }
        }
        by_kind.sort_by_key(|(kind, _)| *kind);
        by_kind.dedup_by(|again, first| {
            let same = again.0 == first.0;
            if same {
                first.1 = first.1.union(&again.1);
            }
            same
        });
        let mut found = Vec::new();
        for (kind, ports) in &by_kind {
            let wider = by_kind
                .iter()
                .filter(|(other, _)| self.kinds.is_proper_subset(*kind, *other));
            let rest = wider.fold(ports.clone(), |rest, (_, more)| rest.difference(more));
            if !rest.is_empty() {
                found.push((Named::Known(*kind), rest));
            }
        }
        found
    }

    /// What the tiers allow at one pod of several profiles.
    pub(in crate::analysis) fn exact(
        &self,
        profiles: &[u32],
        future_pods: &mut FuturePods<'a>,
    ) -> Raw {
        let policies = self.policies;
        let mut found = Raw {
            unprotected: true,
            ..Raw::default()
        };
        let mut all: Option<Cells> = None;
        for &profile in profiles {
            let mut cells = |counts: fn(&FuturePods, &LabelSet) -> bool| {
                future::cells(
                    future_pods,
                    self.universe,
                    policies,
                    self.profiles,
                    profile,
                    counts,
                )
            };
            let (usual, exact) = (cells(|u, pods| u.is_everyone(pods)), cells(|_, _| true));
            found.unprotected &= self.profiles.applied(profile).next().is_none();
            let open = open_to_all(&usual, self.names(profile), future_pods);
            found.everyone.numbers = found.everyone.numbers.union(&open.numbers);
            found.everyone.names.extend(open.names);
            all = Some(match all {
                None => exact,
                Some(before) => overlay(&before, &exact),
            });
        }
        found.everyone.names.sort_unstable();
        found.everyone.names.dedup();
        let all = all.unwrap_or_default();
        found.undecided = all.iter().any(|(_, pods)| pods.is_undecided());
        (found.some, found.except) = compared(&all, &found.everyone.numbers, future_pods);
        found
    }

    /// The port names in egress rules.
    fn names(&self, profile: u32) -> Vec<(Option<Protocol>, String)> {
        let applied = self.profiles.applied(profile);
        let rules = applied.flat_map(|(applied, _, policy)| {
            let singled = self.singled.get(policy).map_or(&[][..], |s| s);
            applied.of(singled)
        });
        let names = rules.flat_map(|r| r.names.iter().map(|(name, _)| name.clone()));
        names.collect()
    }
}

/// The names, beyond `usual`, that are allowed for every pod that declares them.
fn names_for_all(rules: &[&RulePeers], usual: &PortSet) -> Vec<(Option<Protocol>, String)> {
    let mut open: HashMap<&str, PortSet> = HashMap::new();
    let named = || {
        rules
            .iter()
            .flat_map(|r| r.names.iter().map(|n| (r.everyone, &n.0)))
    };
    for (_, (protocol, name)) in named().filter(|(everyone, _)| *everyone) {
        let ports = open.entry(name).or_insert_with(|| usual.clone());
        *ports = ports.union(&any_of(*protocol));
    }
    let mut found: Vec<_> = named()
        .map(|(_, name)| name)
        .filter(|(protocol, name)| {
            let wanted = any_of(*protocol);
            let open = open.get(name.as_str());
            !wanted.is_subset(usual) && open.is_some_and(|open| wanted.is_subset(open))
        })
        .cloned()
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The ports allowed for every pod, and the port names allowed for every pod that declares them.
fn open_to_all(
    cells: &Cells,
    mut names: Vec<(Option<Protocol>, String)>,
    future_pods: &FuturePods,
) -> Ports {
    let all = future_pods.everyone();
    let open = |wanted: &LabelSet| -> PortSet {
        let open = cells
            .iter()
            .filter(|(_, pods)| future_pods.is_subset(wanted, pods));
        open.map(|(ports, _)| ports.clone()).collect()
    };
    let numbers = open(&all);
    names.sort_unstable();
    names.dedup();
    names.retain(|(protocol, name)| {
        let wanted = any_of(*protocol);
        let bearers = all.intersection(&FuturePods::bearers(name));
        !wanted.is_subset(&numbers) && wanted.is_subset(&open(&bearers))
    });
    Ports { numbers, names }
}

/// What either of two gates allows.
fn overlay(one: &Cells, other: &Cells) -> Cells {
    let mut found = Vec::new();
    for (ports, pods) in one {
        for (more, others) in other {
            found.push((ports.intersection(more), pods.union(others).into()));
        }
    }
    for (own, others) in [(one, other), (other, one)] {
        for (ports, pods) in own {
            let rest = others
                .iter()
                .fold(ports.clone(), |rest, (p, _)| rest.difference(p));
            found.push((rest, pods.clone()));
        }
    }
    found.retain(|(ports, _)| !ports.is_empty());
    found
}

type ByKind = Vec<(Named, PortSet)>;

/// The pods that are allowed more than `usual`, and those that are allowed less, with what they get of it.
fn compared(cells: &Cells, usual: &PortSet, future_pods: &FuturePods) -> (ByKind, ByKind) {
    let mut more: BTreeMap<LabelBox, PortSet> = BTreeMap::new();
    let mut less: BTreeMap<LabelBox, PortSet> = BTreeMap::new();
    let add = |into: &mut BTreeMap<LabelBox, PortSet>, pods: &LabelSet, ports: &PortSet| {
        let kinds = pods.boxes().iter().filter(|_| !ports.is_empty());
        for kind in kinds.filter(|kind| future_pods.exists(kind)) {
            let all = into.entry(kind.clone()).or_default();
            *all = all.union(ports);
        }
    };
    let all = future_pods.everyone();
    let mut never = usual.clone();
    for (ports, pods) in cells {
        add(&mut more, pods, &ports.difference(usual));
        let lacking = match pods.is_undecided() {
            // Some of those that are missing in it may be allowed.
            true => LabelSet::empty(),
            false => all.difference(pods),
        };
        add(&mut less, &lacking, &ports.intersection(usual));
        never = never.difference(ports);
    }
    add(&mut less, &all, &never);
    let more = more
        .into_iter()
        .map(|(kind, ports)| (Named::New(kind), ports));
    let less = less
        .into_iter()
        .map(|(kind, lacking)| (Named::New(kind), usual.difference(&lacking)));
    (more.collect(), less.collect())
}
