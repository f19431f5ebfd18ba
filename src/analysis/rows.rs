//! Rows: what the subjects of one list of policies may talk to, in one direction.

use std::collections::HashMap;
use std::sync::Arc;

use super::Direction;
use super::extents::Extents;
use super::tiers::{cells, steps};
use crate::policy::{Match, Policy, PortItem, PortMatch, Rule, Side, Tier};
use crate::sets::{Bits, PortSet, Protocol};

/// What a gate allows: disjoint port sets, sorted, each with the points it is open to; the point sets
/// are distinct and not empty. Within a universe this form is canonical.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Row {
    pub cells: Vec<(PortSet, Arc<Bits>)>,
}

/// A side that applies to a class, and which of its rules do.
pub(super) struct Applied<'a> {
    pub policy: &'a Policy,
    pub side: &'a Side,
    /// For sides whose rules narrow the subject: the rules that apply; none: all of them.
    pub rules: Option<Vec<usize>>,
}

impl<'a> Applied<'a> {
    pub fn rules(&self) -> impl Iterator<Item = &'a Rule> + '_ {
        let side = self.side;
        let some = self.rules.iter().flatten().map(|&at| &side.rules[at]);
        let all = side.rules.iter().filter(|_| self.rules.is_none());
        some.chain(all)
    }
}

/// The rows of one direction under one set of policies.
pub(super) struct Rows<'a> {
    /// For each class, its profile.
    pub profile_of: Vec<u32>,
    /// For each profile, the class that speaks for it and the sides that apply to it, by tier and in
    /// the order in which they are asked.
    pub profiles: Vec<(usize, Vec<Applied<'a>>)>,
    /// For each profile, its row in `rows`.
    pub row_of: Vec<u32>,
    /// The distinct rows.
    pub rows: Vec<Row>,
}

impl<'a> Rows<'a> {
    /// The rows of `policies` in a direction, over the universe of `extents`.
    pub fn new(
        tiers: &[Tier],
        policies: &'a [Policy],
        direction: Direction,
        extents: &mut Extents<'a>,
    ) -> Self {
        let (profile_of, profiles) = profiles(policies, direction, extents);
        let mut known: HashMap<Row, u32> = HashMap::new();
        let mut rows = Vec::new();
        let mut row_of = Vec::with_capacity(profiles.len());
        for (class, applied) in &profiles {
            let row = row(tiers, direction, *class, applied, extents);
            let next = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            let number = *known.entry(row.clone()).or_insert(next);
            if number == next {
                rows.push(row);
            }
            row_of.push(number);
        }
        Self {
            profile_of,
            profiles,
            row_of,
            rows,
        }
    }

    /// The number of a class's row.
    pub fn row_of_class(&self, class: usize) -> usize {
        self.row_of[self.profile_of[class] as usize] as usize
    }

    /// A class's row.
    pub fn row(&self, class: usize) -> &Row {
        &self.rows[self.row_of_class(class)]
    }

    /// The sides that apply to a class.
    pub fn applied(&self, class: usize) -> &[Applied<'a>] {
        &self.profiles[self.profile_of[class] as usize].1
    }
}

/// The side of a policy in a direction.
pub(super) fn side(policy: &Policy, direction: Direction) -> Option<&Side> {
    match direction {
        Direction::Ingress => policy.ingress.as_ref(),
        Direction::Egress => policy.egress.as_ref(),
    }
}

pub(super) type Profiles<'a> = (Vec<u32>, Vec<(usize, Vec<Applied<'a>>)>);

/// Classes with the same sides, the same rules of them, and (where port names decide) the same ports.
pub(super) fn profiles<'a>(
    policies: &'a [Policy],
    direction: Direction,
    extents: &mut Extents<'a>,
) -> Profiles<'a> {
    let classes = extents.universe.classes.len();
    let mut order: Vec<usize> = (0..policies.len()).collect();
    order.sort_by_key(|&at| {
        (
            policies[at].tier,
            policies[at].order,
            &policies[at].name,
            at,
        )
    });
    let mut keys: Vec<Vec<u32>> = vec![Vec::new(); classes];
    let mut named = vec![false; classes];
    for at in order {
        let policy = &policies[at];
        let Some(side) = side(policy, direction) else {
            continue;
        };
        let subject = extents.peer(&policy.subject);
        let names = direction == Direction::Ingress && side.rules.iter().any(has_names);
        let narrowed: Vec<(usize, Arc<Bits>)> = side
            .rules
            .iter()
            .enumerate()
            .filter_map(|(at, r)| Some((at, extents.peer(r.subject.as_ref()?))))
            .collect();
        for class in subject.iter().take_while(|&c| c < classes) {
            keys[class].push(number(at));
            named[class] |= names;
            let apply = narrowed.iter().filter(|(_, bits)| bits.contains(class));
            keys[class].extend(apply.map(|(rule, _)| NARROWED | number(*rule)));
        }
    }
    let mut known: HashMap<(Vec<u32>, Option<Vec<PortSet>>), u32> = HashMap::new();
    let mut found = Vec::new();
    let mut profile_of = Vec::with_capacity(classes);
    for (class, key) in keys.into_iter().enumerate() {
        let universe = extents.universe;
        let names = universe.words.port_names.iter();
        let ports = named[class].then(|| names.map(|n| universe.resolve(class, None, n)).collect());
        let next = number(found.len());
        let whole = (key, ports);
        if let Some(&profile) = known.get(&whole) {
            profile_of.push(profile);
            continue;
        }
        found.push((class, applied(policies, direction, &whole.0)));
        known.insert(whole, next);
        profile_of.push(next);
    }
    (profile_of, found)
}

/// Marks a rule number in a profile's key.
const NARROWED: u32 = 1 << 31;

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX) & !NARROWED
}

fn has_names(rule: &Rule) -> bool {
    match &rule.ports {
        Match::Any => false,
        Match::Only(items) => items
            .iter()
            .any(|i| matches!(i.port, PortMatch::Named { .. })),
    }
}

/// The sides that a profile's key stands for.
fn applied<'a>(policies: &'a [Policy], direction: Direction, key: &[u32]) -> Vec<Applied<'a>> {
    let mut found: Vec<Applied> = Vec::new();
    for &entry in key {
        if entry & NARROWED != 0 {
            if let Some(rules) = found.last_mut().and_then(|a| a.rules.as_mut()) {
                rules.push((entry & !NARROWED) as usize);
            }
            continue;
        }
        let policy = &policies[entry as usize];
        if let Some(side) = side(policy, direction) {
            let mut all = side.rules.iter().enumerate();
            let narrows = side.rules.iter().any(|r| r.subject.is_some());
            let plain = |(at, rule): (usize, &Rule)| rule.subject.is_none().then_some(at);
            let rules = narrows.then(|| all.by_ref().filter_map(plain).collect());
            found.push(Applied {
                policy,
                side,
                rules,
            });
        }
    }
    for rules in found.iter_mut().filter_map(|a| a.rules.as_mut()) {
        rules.sort_unstable();
    }
    found
}

/// The numbered ports that items match, port names left out.
pub(super) fn numbered(items: &[PortItem]) -> PortSet {
    let one = |item: &PortItem| match &item.port {
        PortMatch::Range {
            protocol,
            first,
            last,
        } => Some(PortSet::range(*protocol, *first, *last)),
        PortMatch::AllPorts(protocol) => Some(PortSet::all_of(*protocol)),
        PortMatch::Named { .. } => None,
    };
    items.iter().filter_map(one).collect()
}

fn row<'a>(
    tiers: &[Tier],
    direction: Direction,
    class: usize,
    applied: &[Applied<'a>],
    extents: &mut Extents<'a>,
) -> Row {
    let everyone = extents.everything();
    let steps = steps(tiers, applied, |rule, emit| {
        expand(rule, direction, class, extents, emit);
    });
    Row {
        cells: cells(&steps, &*everyone),
    }
}

/// Which peers a rule matches at which ports, at the gate of a class.
pub(super) fn expand<'a>(
    rule: &'a Rule,
    direction: Direction,
    class: usize,
    extents: &mut Extents<'a>,
    emit: &mut dyn FnMut(PortSet, Arc<Bits>),
) {
    let peers = extents.peers(&rule.peers);
    let items = match &rule.ports {
        Match::Any => return emit(PortSet::all(), peers),
        Match::Only(items) => items,
    };
    let mut ports = numbered(items);
    for (protocol, name) in names(items) {
        if direction == Direction::Ingress {
            let resolved = extents.universe.resolve(class, protocol, name);
            ports = ports.union(&resolved);
            continue;
        }
        for (resolved, classes) in extents.bearers(protocol, name).iter() {
            let mut bearers = (*peers).clone();
            bearers.intersect_with(classes);
            emit(resolved.clone(), Arc::new(bearers));
        }
    }
    emit(ports, peers);
}

/// The port names among items, each with the protocol it asks for.
pub(super) fn names(items: &[PortItem]) -> impl Iterator<Item = (Option<Protocol>, &str)> {
    items.iter().filter_map(|item| match &item.port {
        PortMatch::Named { protocol, name } => Some((*protocol, name.as_str())),
        _ => None,
    })
}
