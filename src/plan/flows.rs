//! Plans the policies of flows. A flow has two halves, egress and ingress; halves are collected by their
//! ends, then planned for each pair or for each subject.

mod halves;

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::draft::Draft;
use super::peers;
use crate::model::{End, Style, Words, WorkloadId};
use crate::plan::context::{Context, Unit, UnitPods};
use crate::plan::names;
use crate::policy::{Direction, Match, PlanRule, Role};
use halves::{Half, Key, Part, Requests};

pub(super) use halves::Halves;

/// Parts with their drafts, sorted by key.
type Drafted<K, V> = Vec<(K, V, Option<Arc<Draft>>)>;

/// The drafts of the last halves, by what they are of.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    per_flow: Drafted<Key, Arc<Half>>,
    per_workload: Drafted<Unit, Vec<(Key, Arc<Half>)>>,
}

/// The draft of each part, the last one where the part is the same and nothing that it is of has changed. The parts
/// are sorted by key.
fn drafts<K: Ord, V: PartialEq>(
    last: &mut Drafted<K, V>,
    parts: impl IntoIterator<Item = (K, V)>,
    changed: impl Fn(&K, &V) -> bool,
    draft: impl Fn(&K, &V) -> Option<Draft>,
) -> Vec<Arc<Draft>> {
    let mut known = std::mem::take(last).into_iter().peekable();
    for (key, part) in parts {
        while known.next_if(|(k, ..)| *k < key).is_some() {}
        let same = known.next_if(|(k, p, _)| *k == key && *p == part);
        let same = same.filter(|_| !changed(&key, &part));
        let draft = match same {
            Some((_, _, draft)) => draft,
            None => draft(&key, &part).map(Arc::new),
        };
        last.push((key, part, draft));
    }
    let drafts = last.iter().filter_map(|(_, _, draft)| draft.clone());
    drafts.collect()
}

/// One draft for each policy; the last ones of what none of these workloads is part of.
pub(super) fn planned(
    context: &Context,
    halves: &Halves,
    last: &mut Drafts,
    changed: &BTreeSet<WorkloadId>,
) -> Vec<Arc<Draft>> {
    let halves = halves.iter();
    match context.document.settings.style {
        Style::PerFlow => per_flow(halves, context, last, changed),
        Style::PerWorkload => {
            let (denying, halves): (Vec<_>, Vec<_>) = halves.partition(|(key, _)| key.denies);
            let mut found = per_workload(halves, context, last, changed);
            found.extend(per_flow(denying.into_iter(), context, last, changed));
            found
        }
    }
}

fn per_flow<'h>(
    halves: impl Iterator<Item = (&'h Key, &'h Arc<Half>)>,
    context: &Context,
    last: &mut Drafts,
    changed: &BTreeSet<WorkloadId>,
) -> Vec<Arc<Draft>> {
    let words = LazyCell::new(|| Words::new(context.document));
    let one = |key: &Key, half: &Arc<Half>| {
        let rules = rules(context, key, half, |_| Vec::new());
        if rules.is_empty() {
            return None;
        }
        let namespace = key.unit.namespace;
        let own = names::of_unit(context, key.unit);
        let other = names::of_end(context, &key.other, namespace);
        let (own_words, other_words) = (
            names::unit_sentence(context, key.unit),
            names::sentence(context, &key.other, namespace),
        );
        let (between, may) = match (key.direction, key.denies) {
            (Direction::Egress, false) => ("to", "may open connections to"),
            (Direction::Egress, true) => ("deny-to", "must not open connections to"),
            (Direction::Ingress, false) => ("from", "accepts connections from"),
            (Direction::Ingress, true) => ("deny-from", "must not accept connections from"),
        };
        let comment = format!("{own_words} {may} {other_words}");
        let role = if key.denies { Role::Deny } else { Role::Flow };
        let mut notes: Vec<&str> = Vec::new();
        for note in half.iter().flat_map(|(_, part)| &part.notes) {
            if !notes.contains(&note.as_str()) {
                notes.push(note);
            }
        }
        Some(Draft {
            stem: format!("{own}-{between}-{other}"),
            ends: format!(
                "{} {between} {} {}",
                words.of(&key.own),
                words.of(&key.other),
                unit_ends(context, &words, key.unit)
            ),
            comment,
            description: notes.join("; "),
            directions: vec![key.direction],
            isolated: context.isolates_unit(key.unit, key.direction),
            rules,
            ..draft(context, role, key.unit)
        })
    };
    let changed = |key: &Key, _: &Arc<Half>| key.concerns(changed);
    let halves = halves.map(|(key, half)| (key.clone(), Arc::clone(half)));
    drafts(&mut last.per_flow, halves, changed, one)
}

fn per_workload(
    halves: Vec<(&Key, &Arc<Half>)>,
    context: &Context,
    last: &mut Drafts,
    changed: &BTreeSet<WorkloadId>,
) -> Vec<Arc<Draft>> {
    let words = LazyCell::new(|| Words::new(context.document));
    let mut by_unit: BTreeMap<Unit, Vec<(Key, Arc<Half>)>> = BTreeMap::new();
    for (key, half) in halves {
        let of_unit = by_unit.entry(key.unit).or_default();
        of_unit.push((key.clone(), Arc::clone(half)));
    }
    for (id, workload) in context.document.workloads.iter() {
        if !context.own_isolation(id).is_empty() {
            by_unit
                .entry(Unit {
                    namespace: workload.namespace,
                    pods: UnitPods::Workload(id),
                })
                .or_default();
        }
    }
    let one = |&unit: &Unit, halves: &Vec<(Key, Arc<Half>)>| {
        let mut halves: Vec<&(Key, Arc<Half>)> = halves.iter().collect();
        halves.sort_by_cached_key(|(key, _)| {
            (key.direction, words.of(&key.other), words.of(&key.own))
        });
        let rules: Vec<PlanRule> = halves
            .iter()
            .flat_map(|(key, half)| rules(context, key, half, |part| part.notes.clone()))
            .collect();
        let isolates = match unit.pods {
            UnitPods::Workload(id) => context.own_isolation(id),
            _ => Vec::new(),
        };
        let mut directions: Vec<Direction> = rules.iter().map(|r| r.direction).collect();
        directions.extend(&isolates);
        directions.sort_unstable();
        directions.dedup();
        let sentence = names::unit_sentence(context, unit);
        (!directions.is_empty()).then(|| Draft {
            isolates: !isolates.is_empty(),
            stem: names::of_unit(context, unit),
            ends: unit_ends(context, &words, unit),
            comment: format!("connections of {sentence}"),
            directions,
            rules,
            ..draft(context, Role::Workload, unit)
        })
    };
    let changed = |unit: &Unit, halves: &Vec<(Key, Arc<Half>)>| {
        unit.concerns(changed) || halves.iter().any(|(key, _)| key.concerns(changed))
    };
    drafts(&mut last.per_workload, by_unit, changed, one)
}

pub(super) fn unit_ends(context: &Context, words: &Words, unit: Unit) -> String {
    let within = context.namespace_name(unit.namespace);
    match unit.pods {
        UnitPods::All => format!("{within} any"),
        UnitPods::Group(id) => format!("{within} {}", words.of(&End::Group(id))),
        UnitPods::Workload(id) => format!("{within} {}", words.of(&End::Workload(id))),
        UnitPods::Subject(at, group) => {
            let selector = context.subject(at).map(|s| s.words());
            let group = group.map(|id| words.of(&End::Group(id)));
            let parts = selector.into_iter().chain(group);
            parts.fold(within.to_owned(), |all, part| format!("{all} {part}"))
        }
    }
}

/// A rule for each kind of requests.
fn rules(
    context: &Context,
    key: &Key,
    half: &Half,
    comments: impl Fn(&Part) -> Vec<String>,
) -> Vec<PlanRule> {
    let Ok(peers) = peers::peers(context, &key.other, key.unit.namespace) else {
        return Vec::new();
    };
    let rule = |(requests, part): &(Requests, Part)| {
        let ports = peers::ports(&part.ports);
        let nothing = peers.is_empty() || ports == Match::Only(Vec::new());
        (!nothing).then(|| PlanRule {
            direction: key.direction,
            flows: part.flows.iter().copied().map(Into::into).collect(),
            comments: comments(part),
            other: context.document.end_name(&key.other),
            peers: Match::Only(peers.clone()),
            ports,
            http: requests.http.clone(),
            filters: requests.filters,
            approximate: requests.approximate,
        })
    };
    half.iter().filter_map(rule).collect()
}

/// A policy of a unit, without name and rules.
pub(super) fn draft(context: &Context, role: Role, unit: Unit) -> Draft {
    Draft {
        namespace: unit.namespace,
        role,
        stem: String::new(),
        ends: String::new(),
        comment: String::new(),
        description: String::new(),
        subject: context.selector(unit).unwrap_or_default(),
        accounts: context.accounts(unit).unwrap_or_default(),
        workloads: context.members(unit).map(|(id, _)| id).collect(),
        directions: Vec::new(),
        isolates: false,
        isolated: false,
        rules: Vec::new(),
        planned: OnceLock::new(),
    }
}
