//! Flows: drawing, ports, notes, muting, reversing.

use super::{Applied, Item, Thing, gone};
use crate::model::validate::{check, flow_ends, united};
use crate::model::{Document, End, Flow, FlowId, FlowPort, Refusal, Words};
use crate::policy::{Direction, HttpRule};

/// Adds a flow, or unites it with the one that has the same ends, opens the same gates and is muted alike
/// (a muted one stays muted: nothing comes into force that was not drawn).
pub(super) fn add(
    document: &mut Document,
    mut flow: Flow,
    applied: &mut Applied,
) -> Result<FlowId, Refusal> {
    joinable(document, &flow.from, &flow.to)?;
    flow.ports = united(flow.ports);
    let Some(twin) = twin(document, &flow, None) else {
        return Ok(document.flows.add(flow));
    };
    unite(document, twin, flow, applied);
    Ok(twin)
}

/// Changes a flow; if it then has the ends of another, both become one.
pub(super) fn put(
    document: &mut Document,
    id: FlowId,
    mut flow: Flow,
    applied: &mut Applied,
) -> Result<(), Refusal> {
    joinable(document, &flow.from, &flow.to)?;
    flow.ports = united(flow.ports);
    let before = document.flows.get(id).ok_or_else(gone)?;
    flow.forget_evidence_of(before);
    let moved = key(before) != key(&flow);
    match twin(document, &flow, Some(id)) {
        Some(twin) if moved => {
            document.flows.remove(id);
            unite(document, twin, flow, applied);
            applied.items.push(Item::Flow(twin));
        }
        _ => {
            document.flows.put(id, flow);
            applied.items.push(Item::Flow(id));
        }
    }
    Ok(())
}

/// Flows that agree in these are one flow.
type Key<'a> = (
    &'a End,
    &'a End,
    Option<Direction>,
    [bool; 3],
    &'a [HttpRule],
);

fn key(flow: &Flow) -> Key<'_> {
    let flags = [flow.muted, flow.denies, flow.approximate];
    (&flow.from, &flow.to, flow.half, flags, &flow.http)
}

fn twin(document: &Document, flow: &Flow, me: Option<FlowId>) -> Option<FlowId> {
    let same = |other: &Flow| key(other) == key(flow);
    let mut rows = document.flows.iter();
    rows.find(|(id, other)| Some(*id) != me && same(other))
        .map(|(id, _)| id)
}

fn unite(document: &mut Document, twin: FlowId, flow: Flow, applied: &mut Applied) {
    let name = document.flow_name(twin);
    let Some(row) = document.flows.get_mut(twin) else {
        return;
    };
    let before = row.ports.clone();
    row.ports = united(row.ports.iter().cloned().chain(flow.ports).collect());
    if !flow.note.is_empty() && !row.note.contains(&flow.note) {
        let gap = if row.note.is_empty() { "" } else { "; " };
        row.note = format!("{}{gap}{}", row.note, flow.note);
    }
    match (&mut row.observed, flow.observed) {
        (Some(known), Some(more)) => known.add(more),
        (known, more) => *known = known.take().or(more),
    }
    row.unknown.extend(flow.unknown);
    applied.notes.push(if row.ports == before {
        format!("the flow {name} already exists")
    } else {
        format!("merged with the existing flow {name}")
    });
}

fn joinable(document: &Document, from: &End, to: &End) -> Result<(), Refusal> {
    if !document.has_end(from) || !document.has_end(to) {
        return Err(Refusal::new("an end of the flow no longer exists"));
    }
    flow_ends(from, to)
}

pub(super) fn set_ports(
    document: &mut Document,
    ids: &[FlowId],
    ports: &[FlowPort],
    applied: &mut Applied,
) -> Result<(), Refusal> {
    edit(document, ids, applied, |flow| flow.ports = ports.to_vec())
}

pub(super) fn annotate(
    document: &mut Document,
    id: FlowId,
    note: &str,
    applied: &mut Applied,
) -> Result<(), Refusal> {
    edit(document, &[id], applied, |flow| {
        note.clone_into(&mut flow.note)
    })
}

pub(super) fn mute(
    document: &mut Document,
    ids: &[FlowId],
    muted: bool,
    applied: &mut Applied,
) -> Result<(), Refusal> {
    edit(document, ids, applied, |flow| flow.muted = muted)
}

pub(super) fn reverse(
    document: &mut Document,
    ids: &[FlowId],
    applied: &mut Applied,
) -> Result<(), Refusal> {
    // All at once: a pair of opposite flows is swapped, not united halfway.
    let mut turned = Vec::new();
    for id in ids {
        let mut flow = document.flows.get(*id).ok_or_else(gone)?.clone();
        std::mem::swap(&mut flow.from, &mut flow.to);
        flow.observed = None;
        // The same pods keep the only gate that it opens.
        flow.half = flow.half.map(Direction::other);
        turned.push((*id, flow));
    }
    for (id, _) in &turned {
        document.flows.remove(*id);
    }
    for (id, flow) in turned {
        match twin(document, &flow, None) {
            Some(twin) => {
                unite(document, twin, flow, applied);
                applied.items.push(Item::Flow(twin));
            }
            None => {
                document.flows.put(id, flow);
                applied.items.push(Item::Flow(id));
            }
        }
    }
    Ok(())
}

fn edit(
    document: &mut Document,
    ids: &[FlowId],
    applied: &mut Applied,
    change: impl Fn(&mut Flow),
) -> Result<(), Refusal> {
    for id in ids {
        let mut flow = document.flows.get(*id).ok_or_else(gone)?.clone();
        change(&mut flow);
        if let Some(refusal) = check(&Thing::Flow(flow.clone())).into_iter().next() {
            return Err(refusal);
        }
        put(document, *id, flow, applied)?;
    }
    Ok(())
}

/// Resolves missing ends whose objects exist now.
pub(super) fn resolve_missing(document: &mut Document) {
    let is_missing = |end: &End| matches!(end, End::Missing(_));
    let missing = document
        .invariants
        .iter()
        .any(|(_, i)| i.ends().any(is_missing));
    if missing {
        resolve_invariants(document);
    }
    let missing: Vec<FlowId> = document
        .flows
        .iter()
        .filter(|(_, flow)| is_missing(&flow.from) || is_missing(&flow.to))
        .map(|(id, _)| id)
        .collect();
    if missing.is_empty() {
        return;
    }
    let words = Words::new(document);
    let resolved: Vec<(FlowId, Flow)> = missing
        .into_iter()
        .filter_map(|id| {
            document
                .flows
                .get(id)
                .map(|flow| (id, words.resolved(flow)))
        })
        .collect();
    for (id, flow) in resolved {
        if document.flows.get(id) != Some(&flow) {
            document.flows.put(id, flow);
        }
    }
}

fn resolve_invariants(document: &mut Document) {
    let words = Words::new(document);
    let rows = document.invariants.iter();
    let resolved: Vec<_> = rows
        .map(|(id, row)| (id, words.resolved_invariant(row), row))
        .filter(|(_, resolved, row)| resolved != *row)
        .map(|(id, resolved, _)| (id, resolved))
        .collect();
    for (id, row) in resolved {
        document.invariants.put(id, row);
    }
}
