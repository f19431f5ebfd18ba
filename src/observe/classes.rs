//! Recorded connections beside the drawing and the policies: intended, allowed, observed.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::connection::{Connection, Sums};
use super::dns;
use super::places::Places;
use super::reader::Observed;
use super::replay::{self, Asker, Replay, Verdict, replay};
use super::time::Time;
use crate::analysis::Endpoint;
use crate::cluster::Snapshot;
use crate::model::{Document, FlowId, NodeRef};
use crate::proof::InForce;
use crate::query::drawn::DrawnConnections;
use crate::query::party::Party;
use crate::query::undrawn::{self, Allowed};
use crate::sets::{PortSet, Protocol};

pub use super::places::ObservedEnd;
pub use crate::model::TrafficClass as Class;

/// A project, and what it draws between the workloads of its snapshot.
#[derive(Clone, Copy)]
pub struct Drawing<'a> {
    /// The project.
    pub document: &'a Document,
    /// Its drawn connections.
    pub drawn: &'a DrawnConnections,
}

/// A recorded connection beside the drawing and the policies.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The source.
    pub from: ObservedEnd,
    /// The destination.
    pub to: ObservedEnd,
    /// Whether it is drawn, by flows or by the DNS setting of namespaces.
    pub is_drawn: bool,
    /// The flows that draw it.
    pub flows: Vec<FlowId>,
    /// Whether a drawn flow denies it.
    pub is_forbidden: bool,
    /// What the policies would do to it.
    pub replay: Replay,
    /// Its class; none without a drawing, or where it is uncertain what the policies would do.
    pub class: Option<Class>,
}

/// Recorded connections of a flow or between two ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// How many were forwarded.
    pub forwarded: u64,
    /// How many were forwarded although policies would deny them.
    pub audited: u64,
    /// How many were dropped by a policy.
    pub dropped: u64,
    /// When the first one began.
    pub first: Option<Time>,
    /// When the last one was seen.
    pub last: Option<Time>,
    /// Their classes, the gravest first.
    pub classes: BTreeSet<Class>,
    /// Places in the recording's connections.
    pub connections: Vec<usize>,
}

impl Totals {
    fn add(&mut self, at: usize, sums: &Sums, class: Option<Class>) {
        self.forwarded = self.forwarded.saturating_add(sums.forwarded);
        self.audited = self.audited.saturating_add(sums.audited);
        self.dropped = self.dropped.saturating_add(sums.dropped);
        self.first = [self.first, sums.first].into_iter().flatten().min();
        self.last = self.last.max(sums.last);
        self.classes.extend(class);
        self.connections.push(at);
    }
}

/// A recording compared with a drawing and policies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// For each connection of the recording, in its order.
    pub connections: Vec<Compared>,
    /// Every flow in force that allows something; one that was not recorded has no connections.
    pub flows: BTreeMap<FlowId, Totals>,
    /// Connections by their ends.
    pub pairs: BTreeMap<(ObservedEnd, ObservedEnd), Totals>,
}

impl Comparison {
    /// The flows that were drawn and never seen, neither forwarded nor dropped.
    pub fn never_seen(&self) -> impl Iterator<Item = FlowId> {
        let unseen = self
            .flows
            .iter()
            .filter(|(_, of)| of.connections.is_empty());
        unseen.map(|(id, _)| *id)
    }
}

/// Compares a recording with policies, and with what is drawn if anything is. `snapshot` is that of the drawing; without
/// one, nothing is intended. None once `stop` returns true.
pub fn compare(
    snapshot: &Snapshot,
    drawing: Option<Drawing>,
    observed: &Observed,
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<Comparison> {
    let with_nodes = replay::with_recorded(snapshot, &observed.connections);
    let asker = Asker::new(&with_nodes, &observed.connections);
    let places = drawing.map(|drawing| Places::new(drawing.document));
    let connections = observed.connections.par_iter().map(|connection| {
        (!stop()).then(|| compared(&asker, drawing, places.as_ref(), connection))
    });
    let connections: Vec<Compared> = connections.collect::<Option<_>>()?;
    let mut found = Comparison::default();
    let document = drawing.map(|drawing| drawing.document);
    for (id, _) in document.iter().flat_map(|document| document.flows.iter()) {
        let allows = document
            .and_then(|d| d.flows.get(id))
            .is_some_and(|f| f.allows());
        if allows {
            found.flows.insert(id, Totals::default());
        }
    }
    for (at, (one, connection)) in connections.iter().zip(&observed.connections).enumerate() {
        let pair = (one.from.clone(), one.to.clone());
        let of_pair = found.pairs.entry(pair).or_default();
        of_pair.add(at, &connection.sums, one.class);
        for flow in &one.flows {
            let of_flow = found.flows.entry(*flow).or_default();
            of_flow.add(at, &connection.sums, one.class);
        }
    }
    found.connections = connections;
    Some(found)
}

fn compared(
    asker: &Asker,
    drawing: Option<Drawing>,
    places: Option<&Places>,
    connection: &Connection,
) -> Compared {
    let snapshot = asker.snapshot;
    let replay = replay(asker, connection);
    let questions = drawing.and_then(|_| questions(asker, connection));
    let flows =
        drawing.and_then(|drawing| flows(snapshot, drawing, connection, questions.as_ref()));
    let is_forbidden = drawing
        .zip(questions.as_ref())
        .is_some_and(|(drawing, questions)| is_forbidden(snapshot, drawing, questions));
    // Without a drawing nothing is intended or not.
    let class = match (drawing, replay.verdict) {
        (None, _) | (_, Verdict::Uncertain) => None,
        (Some(_), verdict) => {
            let is_allowed = verdict == Verdict::Allow;
            let passed = connection.sums.passed();
            Some(Class::of(flows.is_some(), is_allowed, passed))
        }
    };
    let missing = |words: &String| ObservedEnd::Missing(words.clone());
    let (from, to) = match places {
        Some(places) => places.of(connection),
        None => (
            missing(&connection.source),
            missing(&connection.destination),
        ),
    };
    Compared {
        from,
        to,
        is_drawn: flows.is_some(),
        flows: flows.unwrap_or_default(),
        is_forbidden,
        replay,
        class,
    }
}

/// The flows that draw a connection, wherever it was seen; none if it is not drawn. DNS is drawn without a flow.
fn flows(
    snapshot: &Snapshot,
    drawing: Drawing,
    connection: &Connection,
    questions: Option<&Vec<Question>>,
) -> Option<Vec<FlowId>> {
    if dns::is_allowed_by_setting(drawing.document, connection) {
        return Some(Vec::new());
    }
    let questions = questions?;
    let drawn = drawing.drawn;
    let mut flows = BTreeSet::new();
    for question in questions {
        let at = &question.ports;
        let is_drawn =
            |(from, to): &(&Endpoint, &Endpoint)| at.is_subset(&drawn.ports(snapshot, from, to));
        let (from, to) = question.ends().find(is_drawn)?;
        flows.extend(drawn.flows(snapshot, from, to, at));
    }
    (!questions.is_empty()).then(|| flows.into_iter().collect())
}

/// Whether drawn flows deny a connection, at any place where it was seen.
fn is_forbidden(snapshot: &Snapshot, drawing: Drawing, questions: &[Question]) -> bool {
    let denied = |from, to| drawing.drawn.denied(snapshot, from, to);
    questions.iter().any(|question| {
        let mut ends = question.ends();
        ends.any(|(from, to)| denied(from, to).intersects(&question.ports))
    })
}

/// A connection that may be meant: all that each end is at once, and the port.
struct Question {
    from: Vec<Endpoint>,
    to: Vec<Endpoint>,
    ports: PortSet,
}

impl Question {
    fn ends(&self) -> impl Iterator<Item = (&Endpoint, &Endpoint)> {
        let from = self.from.iter();
        from.flat_map(|from| self.to.iter().map(move |to| (from, to)))
    }
}

fn questions(asker: &Asker, connection: &Connection) -> Option<Vec<Question>> {
    let key = &connection.key;
    let (source, destination) = asker.ends(connection).ok()?;
    let all = replay::questions(asker, key, &source, &destination).ok()?;
    // Flows are drawn at all types of ICMP or at none.
    let is_known = key.port.is_some() || key.icmp.is_some();
    let all = all.into_iter().map(|question| Question {
        from: question.from.to_vec(),
        to: question.to.to_vec(),
        ports: match question.port.filter(|_| is_known) {
            Some((protocol, port)) => PortSet::single(protocol, port),
            None => PortSet::other(),
        },
    });
    Some(all.collect())
}

/// What imported policies allow beyond the drawing and nobody used: ports at which any connection between its ends was
/// recorded are left out.
pub fn open_unseen(
    document: &Document,
    in_force: &InForce,
    observed: &Observed,
    comparison: &Comparison,
    stop: &dyn Fn() -> bool,
) -> Vec<Allowed> {
    let mut open = undrawn::beyond_drawn(document, in_force, stop);
    let mut seen: BTreeMap<[Option<NodeRef>; 2], BTreeSet<(Protocol, u16)>> = BTreeMap::new();
    for (one, connection) in comparison.connections.iter().zip(&observed.connections) {
        let protocol = replay::protocol(connection.key.protocol);
        if let Some(port) = protocol.zip(connection.key.port) {
            let ends = [&one.from, &one.to].map(drawn);
            seen.entry(ends).or_default().insert(port);
        }
    }
    for Allowed { joined, .. } in &mut open {
        let between = seen.iter().filter(|([from, to], _)| {
            has(document, joined.from, *from) && has(document, joined.to, *to)
        });
        let ports = between.flat_map(|(_, ports)| ports);
        let ports = ports.map(|(protocol, port)| PortSet::single(*protocol, *port));
        joined.ports = joined.ports.difference(&ports.collect());
    }
    open.retain(|allowed| !allowed.joined.ports.is_empty());
    open
}

/// The node of an end, if the document has it.
fn drawn(end: &ObservedEnd) -> Option<NodeRef> {
    match end {
        ObservedEnd::Drawn(node) => Some(*node),
        ObservedEnd::Missing(_) => None,
    }
}

/// Whether an end of the canvas is a recorded end, or contains it.
fn has(document: &Document, party: Party, end: Option<NodeRef>) -> bool {
    match (party, end) {
        (Party::Outside, end) => {
            matches!(end, None | Some(NodeRef::External(_) | NodeRef::Node(_)))
        }
        (Party::Drawn(_), None) => false,
        (Party::Drawn(NodeRef::AnyPod), Some(NodeRef::Workload(_))) => true,
        (Party::Drawn(NodeRef::Namespace(space)), Some(NodeRef::Workload(id))) => {
            let workload = document.workloads.get(id);
            workload.is_some_and(|workload| workload.namespace == space)
        }
        (Party::Drawn(own), Some(node)) => own == node,
    }
}
