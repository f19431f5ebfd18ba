//! Flows to draw for recorded connections, each with its evidence. Proposed is what was forwarded between known ends; nothing is
//! drawn without a choice, and an address is never widened without one.
//!
//! - `outside`: what an address or a name may become, and what each choice lets in.
//! - [`draw`]: chosen proposals as one edit of a document.

mod draw;
mod outside;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::classes::{Compared, Comparison};
use super::connection::Connection;
use super::dns;
use super::places::Places;
use super::reader::Observed;
use super::record::End;
use super::reference::Reference;
use super::replay::{labels_of, protocol};
use super::time::{self, Time};
use crate::model::naming::is_stable;
use crate::model::{Document, NodeRef, Words};
use crate::sets::{Labels, PortSet, Protocol};
use crate::suggest::{self, Evidence, Strength, Suggestion};

pub use draw::edit;
pub use outside::Choice;

/// A flow that a recording shows and nobody drew.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The source.
    pub from: ProposedEnd,
    /// The destination.
    pub to: ProposedEnd,
    /// The destination's own ports.
    pub ports: PortSet,
    /// Why it is not ticked at first; empty: it is.
    pub doubts: BTreeSet<Doubt>,
    /// How many connections were forwarded.
    pub count: u64,
    /// When the first one began.
    pub first: Option<Time>,
    /// When the last one was seen.
    pub last: Option<Time>,
    /// What was recorded, by file and line.
    pub evidence: Vec<Evidence>,
    /// Places in the recording's connections.
    pub connections: Vec<usize>,
}

impl Proposal {
    /// As a suggestion, in the words of a project.
    pub fn suggestion(&self) -> Suggestion {
        let weakest = self.doubts.iter().map(|doubt| doubt.strength()).min();
        Suggestion {
            from: self.from.words(),
            to: self.to.words(),
            ports: suggest::words(&self.ports),
            strength: weakest.unwrap_or(Strength::Strong),
            evidence: self.evidence.clone(),
        }
    }

    /// What drawing it adds to the document beside the flow: `workload shop/new`, `external api.example.com`.
    pub fn creates(&self) -> Vec<String> {
        let of = |end: &ProposedEnd| match end {
            ProposedEnd::Known(_) => None,
            ProposedEnd::New(_) => Some(format!("workload {}", end.words())),
            ProposedEnd::Outside(_) => Some(end.words().replacen('/', " ", 1)),
        };
        [&self.from, &self.to].into_iter().filter_map(of).collect()
    }
}

/// One end of a proposal.
#[derive(Clone, Debug, PartialEq)]
pub enum ProposedEnd {
    /// A node of the document, in its words.
    Known(String),
    /// A workload that the document does not have.
    New(NewWorkload),
    /// Something outside that the document does not have, the narrowest choice first.
    Outside(Vec<Choice>),
}

impl ProposedEnd {
    /// In the words of a project; of something outside, the first choice.
    pub fn words(&self) -> String {
        match self {
            Self::Known(words) => words.clone(),
            Self::New(workload) => format!("{}/{}", workload.namespace, workload.name),
            Self::Outside(choices) => {
                let name = choices.first().map(|choice| choice.external.name.as_str());
                format!("external/{}", name.unwrap_or_default())
            }
        }
    }
}

/// A workload that the document does not have.
#[derive(Clone, Debug, PartialEq)]
pub struct NewWorkload {
    /// Its namespace. A new one is not managed: no policy is written in it.
    pub namespace: String,
    /// Labels of the namespace.
    pub namespace_labels: Labels,
    /// Its name.
    pub name: String,
    /// Its kind; `Deployment` if no record says.
    pub kind: String,
    /// The labels that all of its pods have.
    pub labels: Labels,
}

/// Why a proposal is not ticked at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// One connection is no pattern.
    Once,
    /// The recorder aggregates.
    Estimated,
    /// The destination declares ports, and not this one.
    Undeclared,
    /// The owner of a pod is a guess.
    Guessed,
    /// A new workload has no labels to select it by.
    NoLabels,
    /// An address without a name.
    Unnamed,
}

impl Doubt {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Once => "seen once",
            Self::Estimated => "the count is an estimate",
            Self::Undeclared => "the destination does not declare this port",
            Self::Guessed => "the workload is guessed from the name of its pod",
            Self::NoLabels => "no labels are recorded to select the new workload by",
            Self::Unnamed => "no name is known for the address",
        }
    }

    fn strength(self) -> Strength {
        match self {
            Self::Once | Self::Estimated | Self::Undeclared => Strength::Medium,
            Self::Guessed | Self::NoLabels | Self::Unnamed => Strength::Weak,
        }
    }
}

/// Why no flow is proposed for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// It is drawn.
    Drawn,
    /// DNS is a setting.
    Dns,
    /// Policies dropped it.
    Dropped,
    /// The node of a pod always reaches it.
    Probe,
    /// What the catalogue of dependencies draws.
    Role,
    /// The metadata address of a cloud.
    Metadata,
    /// Flows have ports.
    NoPort,
    /// Nothing that a flow can name.
    NoAddress,
    /// A Service whose workload is not known.
    Service,
    /// Neither end is a workload.
    Outside,
    /// Ports that clients were given.
    ManyPorts,
}

impl LeftOut {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Drawn => "drawn already",
            Self::Dns => "DNS, which is a setting of the project",
            Self::Dropped => "dropped, which does not show that it should be allowed",
            Self::Probe => "from the node, which always reaches its own pods",
            Self::Role => "nodes and control plane, which the dependencies of namespaces cover",
            Self::Metadata => "to the metadata address of a cloud",
            Self::NoPort => "without a port",
            Self::NoAddress => "without a recorded address",
            Self::Service => "to a Service whose workload is not known",
            Self::Outside => "between addresses outside",
            Self::ManyPorts => "at many high ports that the destination does not declare",
        }
    }
}

/// Proposed flows, and the connections for which none is proposed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposals {
    /// By ends; those that are ticked first.
    pub proposals: Vec<Proposal>,
    /// Places in the recording's connections, by reason.
    pub left_out: BTreeMap<LeftOut, Vec<usize>>,
}

/// What connections of one proposal have in common: their ends, and of unnamed addresses the port.
type Group = (Far, Far, Option<(Protocol, u16)>);

/// What an end is grouped by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Far {
    Known(String),
    Workload(Reference),
    Name(String),
    Public,
    Private,
}

/// More undeclared ports between two ends are those that clients were given, or of a reader's mistake.
const MOST_PORTS: usize = 16;
/// So much evidence is kept for each proposal, the most frequent.
const MOST_EVIDENCE: usize = 5;
/// Where clouds give credentials to pods that ask.
const METADATA: [u8; 4] = [169, 254, 169, 254];

/// The flows to propose for connections that a document does not draw; `comparison` is that of the same recording.
pub fn propose(document: &Document, observed: &Observed, comparison: &Comparison) -> Proposals {
    let proposer = Proposer {
        document,
        places: Places::new(document),
        words: Words::new(document),
        connections: &observed.connections,
    };
    let mut left_out: BTreeMap<LeftOut, Vec<usize>> = BTreeMap::new();
    let mut groups: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
    let all = observed.connections.iter().zip(&comparison.connections);
    for (at, (connection, compared)) in all.enumerate() {
        match proposer.group(connection, compared) {
            Ok(group) => groups.entry(group).or_default().push(at),
            Err(reason) => left_out.entry(reason).or_default().push(at),
        }
    }
    let mut proposals = Vec::new();
    for ((from, to, _), mut members) in groups {
        let undeclared = |at: &usize| proposer.is_undeclared_high_port(*at);
        if members.iter().filter(|at| undeclared(at)).count() > MOST_PORTS {
            let many: Vec<usize> = members.extract_if(.., |at| undeclared(at)).collect();
            left_out.entry(LeftOut::ManyPorts).or_default().extend(many);
        }
        let mut by_doubts: BTreeMap<BTreeSet<Doubt>, Vec<usize>> = BTreeMap::new();
        for at in members {
            by_doubts
                .entry(proposer.doubts(at, &from, &to))
                .or_default()
                .push(at);
        }
        let parts = by_doubts.into_iter();
        proposals.extend(parts.map(|(doubts, all)| proposer.proposal(&from, &to, doubts, all)));
    }
    proposals.sort_by_key(|one| (!one.doubts.is_empty(), one.from.words(), one.to.words()));
    Proposals {
        proposals,
        left_out,
    }
}

struct Proposer<'a> {
    document: &'a Document,
    places: Places<'a>,
    words: Words<'a>,
    connections: &'a [Connection],
}

impl Proposer<'_> {
    fn group(&self, connection: &Connection, compared: &Compared) -> Result<Group, LeftOut> {
        let (key, sums) = (&connection.key, &connection.sums);
        if dns::is_dns(self.document, connection) {
            return Err(LeftOut::Dns);
        } else if compared.is_drawn {
            return Err(LeftOut::Drawn);
        } else if matches!(key.source, Reference::Entity("host" | "health"))
            || key.destination == Reference::Entity("health")
        {
            return Err(LeftOut::Probe);
        } else if !sums.passed() {
            return Err(LeftOut::Dropped);
        } else if key.destination == Reference::Address(METADATA.into()) {
            return Err(LeftOut::Metadata);
        }
        let port = protocol(key.protocol)
            .zip(key.port)
            .ok_or(LeftOut::NoPort)?;
        let from = self.far(&key.source, &sums.source_addresses)?;
        let to = self.far(&key.destination, &sums.addresses)?;
        let is_workload = |far: &Far| match far {
            Far::Known(words) => !words.starts_with("external/"),
            far => matches!(far, Far::Workload(_)),
        };
        if !is_workload(&from) && !is_workload(&to) {
            return Err(LeftOut::Outside);
        }
        let is_unnamed = |far: &Far| matches!(far, Far::Public | Far::Private);
        let port = (is_unnamed(&from) || is_unnamed(&to)).then_some(port);
        Ok((from, to, port))
    }

    fn far(&self, end: &Reference, addresses: &BTreeSet<IpAddr>) -> Result<Far, LeftOut> {
        let is_narrow = |node: &NodeRef| match (node, end) {
            (NodeRef::External(id), Reference::Address(_)) => !self.places.is_wide(*id),
            _ => true,
        };
        if let Some(node) = self.places.node(end, addresses).filter(is_narrow) {
            return Ok(Far::Known(self.words.of(&node.into())));
        }
        match end {
            Reference::Workload { .. } => Ok(Far::Workload(end.clone())),
            Reference::Name(name) => Ok(Far::Name(name.clone())),
            Reference::Address(address) => Ok(match outside::is_private(*address) {
                true => Far::Private,
                false => Far::Public,
            }),
            Reference::Service { .. } => Err(LeftOut::Service),
            Reference::Entity("world") | Reference::Calico(_) => Err(LeftOut::NoAddress),
            Reference::Entity(_) => Err(LeftOut::Role),
        }
    }

    /// Whether a connection goes to a port from 1024 that its destination does not declare.
    fn is_undeclared_high_port(&self, at: usize) -> bool {
        let connection = self.connections.get(at);
        connection.is_some_and(|connection| {
            connection.key.port >= Some(1024) && self.declares(connection) != Some(true)
        })
    }

    /// Whether the destination declares the port; none if it declares no port at all.
    fn declares(&self, connection: &Connection) -> Option<bool> {
        let (key, sums) = (&connection.key, &connection.sums);
        let Some(NodeRef::Workload(id)) = self.places.node(&key.destination, &sums.addresses)
        else {
            return None;
        };
        let ports = &self.document.workloads.get(id)?.ports;
        let is = |declared: &crate::cluster::ContainerPort| {
            Some(declared.port) == key.port && Some(declared.protocol) == protocol(key.protocol)
        };
        (!ports.is_empty()).then(|| ports.iter().any(is))
    }

    fn doubts(&self, at: usize, from: &Far, to: &Far) -> BTreeSet<Doubt> {
        let Some(connection) = self.connections.get(at) else {
            return BTreeSet::new();
        };
        let sums = &connection.sums;
        let is_new = |far: &Far| matches!(far, Far::Workload(_));
        let is_bare = |pods: &BTreeSet<Arc<End>>| common_labels(pods).is_empty();
        let is_unnamed = |far: &Far| matches!(far, Far::Public | Far::Private);
        let doubts = [
            (
                Doubt::Once,
                sums.forwarded.saturating_add(sums.audited) == 1,
            ),
            (Doubt::Estimated, sums.inexact),
            (Doubt::Undeclared, self.declares(connection) == Some(false)),
            (
                Doubt::Guessed,
                is_new(from) && sums.source_guessed || is_new(to) && sums.destination_guessed,
            ),
            (
                Doubt::NoLabels,
                is_new(from) && is_bare(&sums.source_pods)
                    || is_new(to) && is_bare(&sums.destination_pods),
            ),
            (Doubt::Unnamed, is_unnamed(from) || is_unnamed(to)),
        ];
        let doubts = doubts.into_iter().filter(|(_, is)| *is);
        doubts.map(|(doubt, _)| doubt).collect()
    }

    fn proposal(
        &self,
        from: &Far,
        to: &Far,
        doubts: BTreeSet<Doubt>,
        connections: Vec<usize>,
    ) -> Proposal {
        let mut members: Vec<&Connection> = connections
            .iter()
            .filter_map(|at| self.connections.get(*at))
            .collect();
        let ports = members.iter().filter_map(|one| {
            let port = protocol(one.key.protocol).zip(one.key.port);
            port.map(|(protocol, port)| PortSet::single(protocol, port))
        });
        let passed = |one: &Connection| one.sums.forwarded.saturating_add(one.sums.audited);
        let count = members
            .iter()
            .map(|one| passed(one))
            .fold(0, u64::saturating_add);
        let pods = |of: fn(&Connection) -> &BTreeSet<Arc<End>>| {
            members
                .iter()
                .flat_map(|one| of(one).iter().cloned())
                .collect::<BTreeSet<_>>()
        };
        let addresses = |of: fn(&Connection) -> &BTreeSet<IpAddr>| {
            members
                .iter()
                .flat_map(|one| of(one).iter().copied())
                .collect::<BTreeSet<_>>()
        };
        let from = self.end(
            from,
            &pods(|one| &one.sums.source_pods),
            &addresses(|one| &one.sums.source_addresses),
        );
        let to = self.end(
            to,
            &pods(|one| &one.sums.destination_pods),
            &addresses(|one| &one.sums.addresses),
        );
        let (ports, first, last) = (
            ports.collect(),
            members.iter().filter_map(|one| one.sums.first).min(),
            members.iter().filter_map(|one| one.sums.last).max(),
        );
        members.sort_by_key(|one| std::cmp::Reverse(passed(one)));
        let evidence = members.iter().filter_map(|one| evidence(one, &doubts));
        Proposal {
            from,
            to,
            ports,
            count,
            first,
            last,
            evidence: evidence.take(MOST_EVIDENCE).collect(),
            doubts,
            connections,
        }
    }

    fn end(
        &self,
        far: &Far,
        pods: &BTreeSet<Arc<End>>,
        addresses: &BTreeSet<IpAddr>,
    ) -> ProposedEnd {
        match far {
            Far::Known(words) => ProposedEnd::Known(words.clone()),
            Far::Name(name) => ProposedEnd::Outside(outside::named(name, addresses)),
            Far::Private => ProposedEnd::Outside(outside::at(addresses, None)),
            Far::Public => {
                let all = self.document.externals.iter();
                let mut wide = all.filter(|(id, _)| self.places.is_wide(*id));
                let internet = wide
                    .next()
                    .map_or_else(outside::internet, |(_, one)| one.clone());
                ProposedEnd::Outside(outside::at(addresses, Some(internet)))
            }
            Far::Workload(reference) => ProposedEnd::New(new_workload(reference, pods)),
        }
    }
}

fn new_workload(reference: &Reference, pods: &BTreeSet<Arc<End>>) -> NewWorkload {
    let (namespace, name, kind) = match reference {
        Reference::Workload {
            namespace,
            name,
            kind,
        } => (namespace.clone(), name.clone(), kind.clone()),
        other => (String::new(), other.to_string(), None),
    };
    let mut namespace_labels = pods.first().map(|pod| labels_of(pod).1).unwrap_or_default();
    namespace_labels.remove(crate::cluster::NAMESPACE_NAME_LABEL);
    NewWorkload {
        namespace,
        namespace_labels,
        name,
        kind: kind.unwrap_or_else(|| "Deployment".to_owned()),
        labels: common_labels(pods),
    }
}

/// The labels that all pods have, without those that differ between releases and pods.
fn common_labels(pods: &BTreeSet<Arc<End>>) -> Labels {
    let mut all = pods.iter().map(|pod| labels_of(pod).0);
    let mut common = all.next().unwrap_or_default();
    for labels in all {
        common.retain(|key, value| labels.get(key) == Some(value));
    }
    common.retain(|key, _| is_stable(key) && !key.starts_with("io.kubernetes."));
    common
}

/// The first sample of a connection, with its counts: `TCP 443: 12 connections, 2026-11-03 to 2026-11-05`.
fn evidence(connection: &Connection, doubts: &BTreeSet<Doubt>) -> Option<Evidence> {
    let (key, sums) = (&connection.key, &connection.sums);
    let sample = sums.samples.first()?;
    let count = sums.forwarded.saturating_add(sums.audited);
    let ending = if count == 1 { "" } else { "s" };
    let port = key.port.map(|port| format!(" {port}")).unwrap_or_default();
    let mut text = format!("{}{port}: {count} connection{ending}", key.protocol.name());
    if let Some(days) = days(sums.first, sums.last) {
        text.push_str(&format!(", {days}"));
    }
    for doubt in doubts {
        text.push_str(&format!("; {}", doubt.words()));
    }
    Some(Evidence {
        file: sample.file.to_string(),
        line: sample.line,
        text,
    })
}

/// `2026-11-03`, `2026-11-03 to 2026-11-05`.
fn days(first: Option<Time>, last: Option<Time>) -> Option<String> {
    let day = |time: Time| time::text(time).chars().take(10).collect::<String>();
    let (first, last) = (day(first?), day(last?));
    Some(if first == last {
        first
    } else {
        format!("{first} to {last}")
    })
}
