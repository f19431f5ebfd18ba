//! The halves of flows, by their ends. An edit collects only those anew that it touches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{End, Flow, FlowId, FlowPort, WorkloadId};
use crate::plan::context::{Context, Unit};
use crate::plan::needed::Needed;
use crate::policy::{Approximate, Direction, HttpRule};

/// One direction of all flows between two ends, at one subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) unit: Unit,
    pub(super) direction: Direction,
    /// The drawn end that the unit is part of.
    pub(super) own: End,
    pub(super) other: End,
    /// Whether the flows deny.
    pub(super) denies: bool,
}

impl Key {
    /// Whether its policy may name or select one of these workloads.
    pub(super) fn concerns(&self, workloads: &BTreeSet<WorkloadId>) -> bool {
        let of_end = |end: &End| matches!(end, End::Workload(id) if workloads.contains(id));
        self.unit.concerns(workloads) || of_end(&self.own) || of_end(&self.other)
    }
}

/// Its flows, by the requests that they allow, sorted. Nearly always there is one part.
pub(super) type Half = Vec<(Requests, Part)>;

/// What passes in the connections of a flow: see [`PlanRule::http`], [`PlanRule::filters`] and
/// [`PlanRule::approximate`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Requests {
    pub(super) http: Vec<HttpRule>,
    pub(super) filters: bool,
    pub(super) approximate: Approximate,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) flows: Vec<FlowId>,
    pub(super) notes: Vec<String>,
    pub(super) ports: Vec<FlowPort>,
}

impl Part {
    /// Adds a part of later flows.
    fn add(&mut self, other: Self) {
        self.flows.extend(other.flows);
        self.ports.extend(other.ports);
        for note in other.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }
}

/// All halves of the flows that need a rule in a managed namespace.
#[derive(Debug, Default)]
pub(in crate::plan) struct Halves {
    halves: BTreeMap<Key, Arc<Half>>,
}

/// Each flow with what it needs.
type Flows = BTreeMap<FlowId, (Arc<Flow>, Arc<Needed>)>;

impl Halves {
    /// Collects the halves of the flows that have changed, or are no more.
    pub(in crate::plan) fn update(
        &mut self,
        context: &Context,
        flows: &Flows,
        changed: &BTreeSet<FlowId>,
    ) {
        if changed.is_empty() {
            return;
        }
        let of_changed = |half: &Half| {
            let mut flows = half.iter().flat_map(|(_, part)| &part.flows);
            flows.any(|flow| changed.contains(flow))
        };
        let outdated = self.halves.iter().filter(|(_, half)| of_changed(half));
        let mut keys: BTreeSet<Key> = outdated.map(|(key, _)| key.clone()).collect();
        let fresh = collected(context, flows, changed);
        keys.extend(fresh.iter().map(|(key, _)| key.clone()));
        // A half is of all flows with these ends.
        let known = keys.iter().filter_map(|key| self.halves.get(key));
        let parts = known.flat_map(|half| half.iter());
        let others = parts.flat_map(|(_, part)| part.flows.iter().copied());
        let others: BTreeSet<FlowId> = others.filter(|flow| !changed.contains(flow)).collect();
        let again = match others.is_empty() {
            true => fresh,
            false => collected(context, flows, &(&others | changed)),
        };
        self.halves.retain(|key, _| !keys.contains(key));
        let again = again.into_iter().filter(|(key, _)| keys.contains(key));
        self.halves
            .extend(again.map(|(key, half)| (key, half.into())));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, &Arc<Half>)> {
        self.halves.iter()
    }
}

/// The halves of some flows, sorted; those of the same ends are one.
fn collected(context: &Context, flows: &Flows, of: &BTreeSet<FlowId>) -> Vec<(Key, Half)> {
    let mut all = Vec::new();
    for id in of {
        if let Some((flow, needed)) = flows.get(id) {
            add(&mut all, context, (*id, flow), needed);
        }
    }
    // Stable, so that the flows of a part stay in order.
    all.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    let mut found: Vec<(Key, Half)> = Vec::with_capacity(all.len());
    for (key, requests, part) in all {
        match found.last_mut().filter(|(last, _)| *last == key) {
            None => found.push((key, vec![(requests, part)])),
            Some((_, half)) => match half.last_mut().filter(|(last, _)| *last == requests) {
                None => half.push((requests, part)),
                Some((_, last)) => last.add(part),
            },
        }
    }
    found
}

/// Adds the halves of one flow.
fn add(
    all: &mut Vec<(Key, Requests, Part)>,
    context: &Context,
    (id, flow): (FlowId, &Flow),
    needed: &Needed,
) {
    let sides = [
        (Direction::Egress, &needed.sources, &flow.from, &flow.to),
        (
            Direction::Ingress,
            &needed.destinations,
            &flow.to,
            &flow.from,
        ),
    ];
    let managed = |unit: &&Unit| context.namespace(unit.namespace).is_some_and(|n| n.managed);
    // Requests are filtered once, where they arrive if a policy is written there.
    let at_destination = needed.destinations.iter().any(|unit| managed(&unit));
    let approximate = approximate(context, flow);
    let note = flow.note.trim();
    for (direction, units, own, other) in sides {
        let requests = Requests {
            http: flow.http.clone(),
            filters: !flow.http.is_empty() && at_destination == (direction == Direction::Ingress),
            approximate,
        };
        for unit in units.iter().filter(managed) {
            let key = Key {
                unit: *unit,
                direction,
                own: own.clone(),
                other: other.clone(),
                denies: flow.denies,
            };
            let part = Part {
                flows: vec![id],
                notes: Vec::from_iter((!note.is_empty()).then(|| note.to_owned())),
                ports: needed.ports.clone(),
            };
            all.push((key, requests.clone(), part));
        }
    }
}

/// Whether a flow has parts that some dialects cannot express, and may be written in a wider form there. What denies must not
/// deny more.
fn approximate(context: &Context, flow: &Flow) -> Approximate {
    let external = match flow.to {
        End::External(id) => context.document.externals.get(id),
        _ => None,
    };
    let has_names = external.is_some_and(|external| !external.domain_names.is_empty());
    match flow.denies || flow.http.is_empty() && !has_names {
        true => Approximate::Never,
        false if flow.approximate => Approximate::Chosen,
        false => Approximate::Offered,
    }
}
