//! A recording compared with the newest results: classes of flows and connections, the arrows that show them, the lists of the
//! Traffic tab, and the flows to propose.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Recording;
use super::ends::Ends;
use super::evidence::ArrowEvidence;
use super::words::{counted, grouped, span};
use crate::app::icons;
use crate::model::{Document, FlowEvidence, FlowId, FlowPort, NodeRef, TrafficClass};
use crate::observe::classes::{Comparison, Drawing, ObservedEnd, compare, open_unseen};
use crate::observe::evidence::new_evidence;
use crate::observe::propose::{Choice, Proposal, Proposals, propose};
use crate::observe::replay;
use crate::observe::{Connection, Observed, warnings};
use crate::picture::node_of;
use crate::query::Results;
use crate::query::drawn::DrawnConnections;
use crate::query::undrawn::Allowed;
use crate::scene::request::ports_label;
use crate::scene::{Extra, ExtraId, ExtraKind, OTHERS};
use crate::sets::{PortSet, Protocol};

/// A recording beside a drawing and its policies.
#[derive(Debug)]
pub struct Compared {
    /// The recording.
    pub recording: Arc<Recording>,
    /// Class and totals of each connection, flow and pair.
    pub comparison: Comparison,
    /// The flows to draw.
    pub proposals: Proposals,
    /// What the recording shows of flows, beyond what the project keeps.
    pub evidence: BTreeMap<FlowId, FlowEvidence>,
    /// What imported policies allow and nobody used.
    pub open: Vec<Allowed>,
    /// The class of each flow in force, and what was recorded of it.
    pub flows: BTreeMap<FlowId, (TrafficClass, ArrowEvidence)>,
    /// The gravest class between two nodes; namespaces stand for their workloads.
    pub pairs: BTreeMap<(NodeRef, NodeRef), TrafficClass>,
    /// How many there are of each class: flows, or connections that are not drawn.
    pub counts: BTreeMap<TrafficClass, usize>,
    /// Undrawn connections, by ends and class: one arrow each.
    pub groups: Vec<Group>,
    /// By the place of a connection in the recording, its arrow; none if it is drawn.
    arrows: Vec<Option<ExtraId>>,
    /// The places of the flows to draw for an arrow in all of them.
    proposed: BTreeMap<ExtraId, BTreeSet<usize>>,
    /// Ends that the project does not have.
    pub ends: Ends,
    /// Connections of ends that the canvas shows as one, the gravest and most frequent first.
    pub others: Vec<usize>,
    /// Connections that policies would drop, the most frequent first.
    pub cut: Vec<usize>,
    /// Connections that are seen, allowed and not drawn, the most frequent first.
    pub undrawn: Vec<usize>,
    /// Connections of which it is not known what policies would do.
    pub uncertain: Vec<usize>,
    /// Flows that were never seen.
    pub unseen: Vec<FlowId>,
    /// What the recording cannot show.
    pub limits: Vec<String>,
}

/// The connections that one arrow shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The arrow.
    pub id: ExtraId,
    /// Their ports.
    pub ports: PortSet,
    /// What was recorded of them.
    pub evidence: ArrowEvidence,
    /// Places in the recording's connections; none for what was never seen.
    pub connections: Vec<usize>,
}

impl Group {
    /// Its arrow, with the count where any was recorded.
    pub fn arrow(&self) -> Extra {
        let ports = ports_label(&FlowPort::of(&self.ports));
        Extra {
            id: self.id,
            label: match self.evidence.count() {
                0 => ports,
                count => format!("{ports} \u{b7} {}", grouped(count)),
            },
        }
    }
}

/// Whether the first choice for an end outside is a name or a whole external, not bare addresses.
pub fn is_named(choices: &[Choice]) -> bool {
    choices
        .first()
        .is_some_and(|choice| !choice.external.domain_names.is_empty())
}

impl Compared {
    /// Compares; none once `stop` returns true.
    pub fn of(
        results: &Results,
        recording: &Arc<Recording>,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Option<Self> {
        let observed = &recording.observed;
        let (document, in_force) = (&results.document, &results.in_force);
        let drawn = DrawnConnections::new(document, &results.generated, in_force);
        let snapshot = &in_force.cluster.snapshot;
        let drawing = Drawing {
            document,
            drawn: &drawn,
        };
        let comparison = compare(snapshot, Some(drawing), observed, stop)?;
        let proposals = propose(document, observed, &comparison);
        let open = open_unseen(document, in_force, observed, &comparison, stop);
        let mut found = Self {
            recording: Arc::clone(recording),
            limits: limits(results, observed),
            evidence: new_evidence(document, &comparison),
            flows: flow_classes(document, observed, &comparison),
            ends: Ends::of(observed, &comparison),
            comparison,
            proposals,
            open,
            pairs: BTreeMap::new(),
            counts: BTreeMap::new(),
            groups: Vec::new(),
            arrows: vec![None; observed.connections.len()],
            proposed: BTreeMap::new(),
            others: Vec::new(),
            cut: Vec::new(),
            undrawn: Vec::new(),
            uncertain: Vec::new(),
            unseen: Vec::new(),
        };
        found.list(observed);
        found.groups = found.grouped(observed);
        for group in &found.groups {
            for at in &group.connections {
                if let Some(arrow) = found.arrows.get_mut(*at) {
                    *arrow = Some(group.id);
                }
            }
        }
        for (nth, proposal) in found.proposals.proposals.iter().enumerate() {
            let arrows = proposal
                .connections
                .iter()
                .filter_map(|at| found.arrow(*at));
            for arrow in arrows.collect::<BTreeSet<_>>() {
                found.proposed.entry(arrow).or_default().insert(nth);
            }
        }
        found.pairs = found.paired(document);
        for (class, _) in found.flows.values() {
            *found.counts.entry(*class).or_default() += 1;
        }
        Some(found)
    }

    /// Fills the lists and the counts of connections that are not drawn.
    fn list(&mut self, observed: &Observed) {
        for (at, one) in self.comparison.connections.iter().enumerate() {
            let ends = [&one.from, &one.to].map(|end| self.node(end));
            if one.class.is_some() && ends.contains(&Some(OTHERS)) {
                self.others.push(at);
            }
            match one.class {
                None => self.uncertain.push(at),
                Some(class) if class.is_cut() => self.cut.push(at),
                Some(TrafficClass::Undrawn) => self.undrawn.push(at),
                Some(_) => {}
            }
            if let Some(class) = one.class.filter(|class| !class.is_drawn()) {
                *self.counts.entry(class).or_default() += 1;
            }
        }
        if !self.open.is_empty() {
            self.counts
                .insert(TrafficClass::OpenUnseen, self.open.len());
        }
        let count = |at: &usize| {
            let connection = observed.connections.get(*at);
            Reverse(connection.map_or(0, |connection| connection.sums.count()))
        };
        for list in [&mut self.cut, &mut self.undrawn, &mut self.uncertain] {
            list.sort_by_key(count);
        }
        let connections = &self.comparison.connections;
        let class = |at: &usize| connections.get(*at).and_then(|one| one.class);
        self.others.sort_by_key(|at| (class(at), count(at)));
        let unseen = self.flows.iter();
        let unseen = unseen.filter(|(_, (class, _))| *class == TrafficClass::DrawnUnseen);
        self.unseen = unseen.map(|(id, _)| *id).collect();
    }

    fn grouped(&self, observed: &Observed) -> Vec<Group> {
        let mut groups: BTreeMap<ExtraId, Vec<usize>> = BTreeMap::new();
        for (at, one) in self.comparison.connections.iter().enumerate() {
            let ends = self.node(&one.from).zip(self.node(&one.to));
            let class = one.class.filter(|class| !class.is_drawn());
            if let (Some((from, to)), Some(class)) = (ends, class) {
                let kind = ExtraKind::Recorded(class);
                let id = ExtraId { kind, from, to };
                groups.entry(id).or_default().push(at);
            }
        }
        let recorded = groups.into_iter().map(|(id, connections)| {
            let all = connections
                .iter()
                .filter_map(|at| observed.connections.get(*at));
            // A connection with its port is often one of thousands with the same.
            let ports: BTreeSet<_> = all.filter_map(port_of).collect();
            let ports = ports.into_iter();
            Group {
                id,
                ports: ports
                    .map(|(protocol, port)| PortSet::single(protocol, port))
                    .collect(),
                evidence: ArrowEvidence::of(&connections, observed),
                connections,
            }
        });
        let open = self.open.iter().map(|allowed| Group {
            id: ExtraId {
                kind: ExtraKind::Recorded(TrafficClass::OpenUnseen),
                from: node_of(allowed.joined.from),
                to: node_of(allowed.joined.to),
            },
            ports: allowed.joined.ports.clone(),
            evidence: ArrowEvidence::default(),
            connections: Vec::new(),
        });
        recorded.chain(open).collect()
    }

    /// The gravest class between nodes, and between their namespaces.
    fn paired(&self, document: &Document) -> BTreeMap<(NodeRef, NodeRef), TrafficClass> {
        let connections = self.comparison.connections.iter();
        let recorded = connections
            .filter_map(|one| Some((self.node(&one.from)?, self.node(&one.to)?, one.class?)));
        let unseen = self.unseen.iter().filter_map(|id| {
            let flow = document.flows.get(*id)?;
            let ends = (flow.from.node()?, flow.to.node()?);
            Some((ends.0, ends.1, TrafficClass::DrawnUnseen))
        });
        let of_groups = |group: &Group| match group.id.kind {
            ExtraKind::Recorded(class) => Some((group.id.from, group.id.to, class)),
            _ => None,
        };
        let groups = self.groups.iter().filter_map(of_groups);
        let mut pairs: BTreeMap<(NodeRef, NodeRef), TrafficClass> = BTreeMap::new();
        let with_namespace = |node: NodeRef| match node {
            NodeRef::Workload(id) => {
                let workload = document.workloads.get(id);
                let namespace = workload.map(|w| NodeRef::Namespace(w.namespace));
                [Some(node), namespace]
            }
            _ => [Some(node), None],
        };
        for (from, to, class) in recorded.chain(unseen).chain(groups) {
            for from in with_namespace(from).into_iter().flatten() {
                for to in with_namespace(to).into_iter().flatten() {
                    let of = pairs.entry((from, to)).or_insert(class);
                    *of = class.min(*of);
                }
            }
        }
        pairs
    }

    /// The node that shows an end.
    pub fn node(&self, end: &ObservedEnd) -> Option<NodeRef> {
        match end {
            ObservedEnd::Drawn(node) => Some(*node),
            ObservedEnd::Missing(words) => self.ends.node(words),
        }
    }

    /// The arrow of a connection that is not drawn.
    pub fn arrow(&self, at: usize) -> Option<ExtraId> {
        self.arrows.get(at).copied().flatten()
    }

    /// The flows to draw for an arrow.
    pub fn proposals(&self, arrow: ExtraId) -> impl Iterator<Item = &Proposal> {
        let places = self.proposed.get(&arrow).into_iter().flatten();
        places.filter_map(|nth| self.proposals.proposals.get(*nth))
    }
}

/// The port of a connection, if it has one.
fn port_of(connection: &Connection) -> Option<(Protocol, u16)> {
    let protocol = replay::protocol(connection.key.protocol)?;
    Some((protocol, connection.key.port?))
}

/// The gravest class of each flow in force, and what was recorded of it.
fn flow_classes(
    document: &Document,
    observed: &Observed,
    comparison: &Comparison,
) -> BTreeMap<FlowId, (TrafficClass, ArrowEvidence)> {
    let class = |(id, totals): (&FlowId, &crate::observe::classes::Totals)| {
        let is_in_force = document.flows.get(*id).is_some_and(|flow| !flow.muted);
        let class = match totals.connections.is_empty() {
            true => Some(TrafficClass::DrawnUnseen),
            false => totals.classes.first().copied(),
        };
        let class = class.filter(|_| is_in_force)?;
        Some((
            *id,
            (class, ArrowEvidence::of(&totals.connections, observed)),
        ))
    };
    comparison.flows.iter().filter_map(class).collect()
}

/// What the recording cannot show, the window first.
fn limits(results: &Results, observed: &Observed) -> Vec<String> {
    let capture = &observed.capture;
    let mut limits = vec![match capture.first().zip(capture.last()) {
        Some((first, last)) => format!("Only what was seen is judged: {}.", span(first, last)),
        None => "Only what was seen is judged.".to_owned(),
    }];
    if capture.lost > 0 {
        limits.push(format!("{} lost.", counted(capture.lost, "event")));
    }
    let snapshot = &results.in_force.cluster.snapshot;
    let warned = warnings(observed, Some(snapshot));
    let sentence = |text: &str| format!("{}.", crate::app::problems::sentence(text));
    limits.extend(warned.iter().map(|warning| sentence(&warning.message)));
    limits
}

/// Why a flow may not have been seen.
pub fn reason_unseen(document: &Document, flow: FlowId) -> Option<&'static str> {
    let flow = document.flows.get(flow)?;
    let Some(NodeRef::Workload(id)) = flow.from.node() else {
        return None;
    };
    let kind = &document.workloads.get(id)?.kind;
    (icons::of_kind(kind) == icons::SCHEDULED).then_some("runs by a schedule")
}
