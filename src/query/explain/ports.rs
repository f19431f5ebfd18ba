//! The ports of a question: the same at every destination, or those behind a Service.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::ends::Meaning;
use super::pod_cidrs;
use super::services::{self, note, title};
use super::translated;
use crate::analysis::Endpoint;
use crate::analysis::filter::Ports;
use crate::cluster::{Service, ServicePort, Snapshot, Workload};
use crate::diag::Diagnostic;
use crate::model::FlowPort;
use crate::model::validate::{Refusal, flow_port, flow_ports_text};
use crate::sets::{IpSet, PortSet, Protocol};

/// So many places are named in a note.
const NAMED: usize = 3;

/// The ports that a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The same at every destination; a port name is resolved by each pod.
    Same(FlowPort),
    /// What ports of a Service lead to.
    Behind {
        /// At pods, by their index in `Snapshot::pods`.
        pods: BTreeMap<usize, PortSet>,
        /// At addresses.
        others: BTreeMap<IpAddr, PortSet>,
    },
}

impl From<FlowPort> for Wanted {
    fn from(port: FlowPort) -> Self {
        Self::Same(port)
    }
}

impl Wanted {
    /// The ports at a destination.
    pub fn at(&self, snapshot: &Snapshot, to: &Endpoint) -> PortSet {
        match (self, to) {
            (Self::Behind { pods, .. }, Endpoint::Pod(at)) => {
                pods.get(at).cloned().unwrap_or_default()
            }
            (
                Self::Behind { others, .. },
                Endpoint::Address(address) | Endpoint::NodeAddress(_, address),
            ) => others.get(address).cloned().unwrap_or_default(),
            (Self::Behind { .. }, _) => PortSet::empty(),
            (Self::Same(FlowPort::Named(protocol, name)), Endpoint::Pod(at)) => {
                let pod = snapshot.pods.get(*at);
                pod.map_or_else(PortSet::empty, |pod| {
                    snapshot.ports_named(pod, Some(*protocol), name)
                })
            }
            (Self::Same(ports), _) => ports.numbers().unwrap_or_default(),
        }
    }

    /// The same ports as a filter of connections between workloads.
    pub fn filter(&self, snapshot: &Snapshot) -> Ports {
        let others = match self {
            Self::Same(FlowPort::Any) => return Ports::All,
            Self::Same(FlowPort::Named(..)) => PortSet::empty(),
            Self::Same(ports) => return Ports::These(ports.numbers().unwrap_or_default()),
            Self::Behind { others, .. } => others.values().cloned().collect(),
        };
        let of = |workload: &Workload| {
            let pods = workload.pods.clone().map(Endpoint::Pod);
            pods.map(|pod| self.at(snapshot, &pod)).collect()
        };
        Ports::ByDestination {
            workloads: snapshot.workloads.iter().map(of).collect(),
            others,
        }
    }
}

/// Parses ports: `TCP/80`, `UDP/4000-4010`, `TCP/http`, `TCP`, `any`; `80` and `4000-4010` are TCP, as where flows are
/// typed.
///
/// # Errors
/// A word that is none of these.
pub fn ports(word: &str) -> Result<FlowPort, Refusal> {
    let is_number = |letter: char| letter.is_ascii_digit() || letter == '-';
    match !word.is_empty() && word.chars().all(is_number) {
        true => flow_port(&format!("{}/{word}", Protocol::Tcp.name())),
        false => flow_port(word),
    }
}

/// The ports at the destination of a question, and what Services make of the question.
///
/// # Errors
/// A port that the Service does not have.
pub fn at_destination(
    snapshot: &Snapshot,
    from: Option<&Meaning>,
    to: Option<&Meaning>,
    port: &FlowPort,
) -> Result<(Wanted, Vec<Diagnostic>), Refusal> {
    let of = |end: Option<&Meaning>| snapshot.services.get(end?.service?);
    let mut notes = Vec::new();
    if let (Some(service), Some(from)) = (of(from), from) {
        let places = places(snapshot, from);
        let message = format!("a Service opens no connections; the answer is about {places}");
        notes.push(note(service, about_address(service, from, message)));
    }
    let ends = from.into_iter().chain(to);
    notes.extend(ends.filter_map(|end| pod_cidrs::note(snapshot, end)));
    notes.extend(translated::notes(snapshot, to));
    let same = Wanted::Same(port.clone());
    let (Some(service), Some(to)) = (of(to), to) else {
        notes.extend(to.and_then(|to| port_of_service(snapshot, to, port)));
        notes.extend(to.and_then(|to| shared_address(snapshot, to)));
        return Ok((same, notes));
    };
    if let Some(alias) = to.alias.and_then(|at| snapshot.services.get(at)) {
        let message = format!("it is another name of {}", title(service));
        notes.push(note(alias, message));
    }
    let places = places(snapshot, to);
    if service.external_name.is_some() && to.pods.is_empty() {
        notes.push(note(
            service,
            format!(
                "it stands for {places}, whose addresses are not known: a rule for addresses may allow it, so the answer is about the name and about all addresses"
            ),
        ));
        return Ok((same, notes));
    }
    let meant = services::meant(service, port);
    if service.headless && (meant.is_empty() || !matches!(port, FlowPort::Named(..))) {
        let message = format!(
            "it is headless: clients connect to {places} on their own ports; the answer is about {port} there"
        );
        notes.push(note(service, about_address(service, to, message)));
        return Ok((same, notes));
    }
    if meant.is_empty() {
        return Err(services::without_port(service, port));
    }
    let pods = to
        .pods
        .iter()
        .filter_map(|at| Some((*at, snapshot.pods.get(*at)?)));
    let pods: BTreeMap<usize, PortSet> = pods
        .map(|(at, pod)| (at, services::at_pod(service, &meant, pod)))
        .collect();
    let at_addresses = |ports: &[&ServicePort]| {
        let mut found = services::at_endpoints(service, ports);
        let is_end = |address| {
            let mut nodes = to.nodes.iter();
            to.addresses.contains(address) || nodes.any(|(_, own)| *own == Some(address))
        };
        found.retain(|address, _| is_end(*address));
        found
    };
    let others = at_addresses(&meant);
    let places = self::places(snapshot, &with_ports(to, &others));
    let all = pods.values().chain(others.values());
    let target: PortSet = all.cloned().collect();
    let resolves = |port: &&ServicePort| {
        let at = |at: &usize| snapshot.pods.get(*at);
        let mut reached = pods.keys().filter_map(at);
        reached.any(|pod| !services::at_pod(service, &[port], pod).is_empty())
            || !at_addresses(&[port]).is_empty()
    };
    let (resolved, lost): (Vec<_>, Vec<_>) = meant.iter().copied().partition(resolves);
    let own = |ports: &[&ServicePort]| -> PortSet {
        let ports = ports.iter();
        ports.map(|p| PortSet::single(p.protocol, p.port)).collect()
    };
    let nowhere = format!(
        "its {} leads to a port name that {places} does not declare",
        own(&lost)
    );
    let message = match (resolved.is_empty(), lost.is_empty()) {
        (true, _) => nowhere,
        (false, lost) => {
            let own = own(&resolved);
            let found =
                format!("its {own} leads to {target} of {places}; the answer is about that");
            if lost {
                found
            } else {
                format!("{found}; {nowhere}")
            }
        }
    };
    notes.push(note(service, about_address(service, to, message)));
    Ok((Wanted::Behind { pods, others }, notes))
}

/// The ends of a Service without the addresses where its port leads nowhere, unless that is everywhere.
fn with_ports(to: &Meaning, others: &BTreeMap<IpAddr, PortSet>) -> Meaning {
    let mut found = to.clone();
    if !others.is_empty() {
        let served: IpSet = others.keys().copied().map(IpNet::from).collect();
        found.addresses = to.addresses.intersection(&served);
        let is_served = |address: &Option<IpAddr>| address.is_none_or(|one| served.contains(one));
        found.nodes.retain(|(_, address)| is_served(address));
    }
    found
}

/// A message about a Service; before it, what the address in the question is to the Service.
fn about_address(service: &Service, end: &Meaning, message: String) -> String {
    match end.asked {
        Some(address) if service.external_addresses.contains(&address) => {
            format!("{address} is its external address; {message}")
        }
        Some(address) => format!("{address} is its cluster address; {message}"),
        None => message,
    }
}

/// Where the address asked about is that of a node, and of a Service whose ports were not asked about.
fn shared_address(snapshot: &Snapshot, to: &Meaning) -> Option<Diagnostic> {
    let address = to.asked?;
    let mut services = snapshot.services.iter();
    let service = services.find(|s| s.all_addresses().any(|own| own == address))?;
    let places = places(snapshot, to);
    let message = format!("{address} is its address, too; the answer is about {places}");
    let help = format!(
        "for the Service ask about one of its ports, or about `service/{}/{}`",
        service.namespace, service.name
    );
    Some(note(service, message).help(help))
}

/// Where the pods asked about do not declare the port, but a Service in front of them has it: what it leads to.
fn port_of_service(snapshot: &Snapshot, to: &Meaning, port: &FlowPort) -> Option<Diagnostic> {
    match port {
        FlowPort::Named(..) => {}
        FlowPort::Range(_, first, last) if first == last => {}
        _ => return None,
    }
    let pods: Vec<_> = to
        .pods
        .iter()
        .filter_map(|at| snapshot.pods.get(*at))
        .collect();
    let declared = pods.iter().any(|pod| {
        let mut ports = pod.ports.iter();
        ports.any(|own| match port {
            FlowPort::Named(protocol, name) => {
                own.protocol == *protocol && own.name.as_ref() == Some(name)
            }
            port => {
                let own = PortSet::single(own.protocol, own.port);
                port.numbers().is_some_and(|all| all.intersects(&own))
            }
        })
    });
    if declared {
        return None;
    }
    snapshot.services.iter().find_map(|service| {
        let meant = services::meant(service, port);
        if meant.is_empty() {
            return None;
        }
        let behind = pods
            .iter()
            .filter(|pod| services::selects(snapshot, service, pod));
        let target: PortSet = behind
            .map(|pod| services::at_pod(service, &meant, pod))
            .collect();
        if target.is_empty() || port.numbers().as_ref() == Some(&target) {
            return None;
        }
        let message = format!("{port} is the Service's port; it leads to {target} of its pods");
        let typed = flow_ports_text(&FlowPort::of(&target));
        let help = format!(
            "policies apply to the port of the pods: ask about {typed}, or about `service/{}/{}`",
            service.namespace, service.name
        );
        Some(note(service, message).help(help))
    })
}

/// The workloads, nodes, addresses and domain names of an end, the first of them by name.
fn places(snapshot: &Snapshot, end: &Meaning) -> String {
    let pods = end.pods.iter().filter_map(|at| snapshot.pods.get(*at));
    let workloads: BTreeSet<usize> = pods.map(|pod| pod.workload).collect();
    let workloads = workloads
        .into_iter()
        .filter_map(|at| snapshot.workloads.get(at));
    let mut names: Vec<String> = workloads
        .map(|w| format!("`{}/{}`", w.namespace, w.name))
        .collect();
    names.extend(end.nodes.iter().filter_map(|(at, address)| {
        let name = &snapshot.nodes.get(*at)?.name;
        Some(match address {
            Some(address) => format!("{address} (node `{name}`)"),
            None => format!("node `{name}`"),
        })
    }));
    names.extend(
        end.addresses
            .ranges()
            .map(|(first, last)| match first == last {
                true => first.to_string(),
                false => format!("{first} to {last}"),
            }),
    );
    names.extend(end.domains.iter().map(|name| format!("`{name}`")));
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let names = names.join(", ");
    match more {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}
