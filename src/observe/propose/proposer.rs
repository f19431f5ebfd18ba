//! Which recorded connections belong to one proposal, and what is doubtful of them.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::{Doubt, LeftOut, NewWorkload, Proposal, ProposedEnd, days, outside};
use crate::cluster::{ContainerPort, NAMESPACE_NAME_LABEL};
use crate::model::naming::is_stable;
use crate::model::{Document, NodeRef, Words};
use crate::observe::classes::Compared;
use crate::observe::connection::Connection;
use crate::observe::dns;
use crate::observe::places::Places;
use crate::observe::reader::Observed;
use crate::observe::record::End;
use crate::observe::reference::Reference;
use crate::observe::replay::{self, labels_of, protocol};
use crate::sets::{Labels, PortSet, Protocol};
use crate::suggest::Evidence;

/// What connections of one proposal have in common: their ends, and of unnamed addresses the port.
pub(super) type Group = (Far, Far, Option<(Protocol, u16)>);

/// What an end is grouped by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Far {
    Known(String),
    Workload(Reference),
    Name(String),
    Public,
    Private,
}

/// So much evidence is kept for each proposal, the most frequent.
const MOST_EVIDENCE: usize = 5;
/// Where clouds give credentials to pods that ask.
const METADATA: [u8; 4] = [169, 254, 169, 254];

/// Makes proposals of connections.
pub(super) struct Proposer<'a> {
    document: &'a Document,
    places: Places<'a>,
    words: Words<'a>,
    connections: &'a [Connection],
    /// Whether the recorder lost many events.
    is_lossy: bool,
}

impl<'a> Proposer<'a> {
    pub fn new(document: &'a Document, observed: &'a Observed) -> Self {
        Self {
            document,
            places: Places::new(document),
            words: Words::new(document),
            connections: &observed.connections,
            is_lossy: observed.capture.is_lossy(),
        }
    }

    /// The proposal that a connection belongs to; why none is made.
    pub fn group(&self, connection: &Connection, compared: &Compared) -> Result<Group, LeftOut> {
        let (key, sums) = (&connection.key, &connection.sums);
        let is_either = |entity: &'static str| {
            [&key.source, &key.destination].contains(&&Reference::Entity(entity))
        };
        if dns::is_dns(self.document, connection) {
            return Err(LeftOut::Dns);
        } else if compared.is_drawn {
            return Err(LeftOut::Drawn);
        } else if compared.is_forbidden {
            return Err(LeftOut::Forbidden);
        } else if is_either("health") {
            return Err(LeftOut::Health);
        } else if is_either("init") || is_either("unmanaged") {
            return Err(LeftOut::Unmanaged);
        } else if replay::is_own_pod(connection) {
            return Err(LeftOut::Probe);
        } else if !sums.passed() {
            return Err(LeftOut::Dropped);
        } else if key.destination == Reference::Address(METADATA.into()) {
            return Err(LeftOut::Metadata);
        }
        let port = protocol(key.protocol)
            .zip(key.port)
            .ok_or(LeftOut::NoPort)?;
        if self.ports(connection).is_empty() {
            return Err(LeftOut::Service);
        }
        let is_unnamed_pod = |end: &Reference, pods: &BTreeSet<Arc<End>>| {
            matches!(end, Reference::Address(_)) && !pods.is_empty()
        };
        if is_unnamed_pod(&key.source, &sums.source_pods)
            || is_unnamed_pod(&key.destination, &sums.destination_pods)
        {
            return Err(LeftOut::UnnamedPod);
        }
        let from = self.far(&key.source, &sums.source_addresses)?;
        let to = self.far(&key.destination, &sums.addresses)?;
        let is_workload = |far: &Far| match far {
            Far::Known(words) => self.words.end(words).is_ok_and(|end| end.has_gate()),
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
            (node, Reference::Address(_)) => !self.places.is_wide(*node),
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

    /// The destination's own ports of a connection: those of its pods where it goes to a Service.
    fn ports(&self, connection: &Connection) -> PortSet {
        let key = &connection.key;
        let Some((protocol, port)) = protocol(key.protocol).zip(key.port) else {
            return PortSet::empty();
        };
        match &key.destination {
            Reference::Service { namespace, name } => {
                self.places.ports_behind(namespace, name, protocol, port)
            }
            _ => PortSet::single(protocol, port),
        }
    }

    /// Whether a connection goes to a port from 1024 that its destination does not declare.
    pub fn is_undeclared_high_port(&self, at: usize) -> bool {
        let connection = self.connections.get(at);
        connection.is_some_and(|connection| {
            let is_high = self.ports(connection).is_subset(&high_ports());
            is_high && self.declares(connection) != Some(true)
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
        let declared = |one: &ContainerPort| PortSet::single(one.protocol, one.port);
        let declared: PortSet = ports.iter().map(declared).collect();
        (!ports.is_empty()).then(|| self.ports(connection).is_subset(&declared))
    }

    /// What is doubtful of a connection.
    pub fn doubts(&self, at: usize, from: &Far, to: &Far) -> BTreeSet<Doubt> {
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
            (Doubt::Lost, self.is_lossy),
            (Doubt::Uncounted, sums.count() == 0),
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

    /// The proposal of connections with the same ends and doubts.
    pub fn proposal(
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
        let ports = members.iter().map(|one| self.ports(one));
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
        let mut addresses = [BTreeSet::new(), BTreeSet::new()];
        for one in &members {
            let (key, sums) = (&one.key, &one.sums);
            let ends = [
                (&key.source, &sums.source_addresses),
                (&key.destination, &sums.addresses),
            ];
            for (all, (end, seen)) in addresses.iter_mut().zip(ends) {
                all.extend(seen);
                if let Reference::Address(address) = end {
                    all.insert(*address);
                }
            }
        }
        let [of_source, of_destination] = &addresses;
        let from = self.end(from, &pods(|one| &one.sums.source_pods), of_source);
        let to = self.end(to, &pods(|one| &one.sums.destination_pods), of_destination);
        let (ports, first, last) = (
            ports.collect(),
            members.iter().filter_map(|one| one.sums.first).min(),
            members.iter().filter_map(|one| one.sums.last).max(),
        );
        members.sort_by_key(|one| std::cmp::Reverse(passed(one)));
        // The addresses of an end without a name are all shown: they are what is drawn.
        let most = match doubts.contains(&Doubt::Unnamed) {
            true => usize::MAX,
            false => MOST_EVIDENCE,
        };
        let evidence = members.iter().filter_map(|one| evidence(one, &doubts));
        Proposal {
            from,
            to,
            ports,
            count,
            first,
            last,
            evidence: evidence.take(most).collect(),
            doubts,
            connections,
        }
    }

    /// The proposal of connections at many ports: all from the least to the greatest one.
    pub fn of_many_ports(&self, from: &Far, to: &Far, connections: Vec<usize>) -> Proposal {
        let doubts = connections.iter().map(|at| self.doubts(*at, from, to));
        let mut doubts: BTreeSet<Doubt> = doubts.flatten().collect();
        doubts.insert(Doubt::ManyPorts);
        let mut found = self.proposal(from, to, doubts, connections);
        let around = |protocol: Protocol| {
            let first = found.ports.ranges(protocol).next()?.0;
            let last = found.ports.ranges(protocol).last()?.1;
            Some(PortSet::range(protocol, first, last))
        };
        let protocols = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
        found.ports = protocols.into_iter().filter_map(around).collect();
        found
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
                let mut wide = all.filter(|(id, _)| self.places.is_wide(NodeRef::External(*id)));
                let internet = wide
                    .next()
                    .map_or_else(outside::internet, |(_, one)| one.clone());
                ProposedEnd::Outside(outside::at(addresses, Some(internet)))
            }
            Far::Workload(reference) => ProposedEnd::New(new_workload(reference, pods)),
        }
    }
}

/// Those from 1024, which clients may have been given.
fn high_ports() -> PortSet {
    let all = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
    let all = all.map(|protocol| PortSet::range(protocol, 1024, u16::MAX));
    all.into_iter().collect()
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
    namespace_labels.remove(NAMESPACE_NAME_LABEL);
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
    for (end, what) in [(&key.source, "from"), (&key.destination, "to")] {
        match end {
            Reference::Address(address) => text.push_str(&format!(", {what} {address}")),
            Reference::Name(name) => {
                let all: Vec<_> = sums.addresses.iter().map(IpAddr::to_string).collect();
                let at = if all.is_empty() { "" } else { " at " };
                text.push_str(&format!(", {what} {name}{at}{}", outside::few(&all)));
            }
            _ => {}
        }
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
