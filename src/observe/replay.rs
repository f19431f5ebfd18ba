//! Whether policies would allow recorded connections: each is asked of the plain evaluator, at the addresses and pods that it
//! was seen at. Where that depends on what the record does not say, the answer is uncertain.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::connection::{Connection, Key};
use super::record::{End, Protocol};
use super::reference::Reference;
use crate::analysis::oracle::{Probe, probe};
use crate::analysis::{Decision, Direction, Endpoint, GateTrace, NewPod, Trace};
use crate::cluster::{Enforcer, NAMESPACE_NAME_LABEL, Snapshot};
use crate::dialect;
use crate::model::FlowPort;
use crate::policy::{Action, Entity, Peer};
use crate::query::explain::{self, Meaning};
use crate::sets::{self, IpSet, Labels};

/// What policies would do to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Allow it.
    Allow,
    /// Deny it.
    Deny,
    /// It depends on what is not known.
    Uncertain,
}

impl Verdict {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Uncertain => "uncertain",
        }
    }
}

/// The answer for a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the source's policies allow it, where it is asked.
    pub egress: Option<bool>,
    /// Whether the destination's policies allow it.
    pub ingress: Option<bool>,
    /// The policies that decide, with their places.
    pub by: Vec<String>,
    /// Why, in words.
    pub why: String,
}

impl Replay {
    fn uncertain(why: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Uncertain,
            egress: None,
            ingress: None,
            by: Vec::new(),
            why: why.into(),
        }
    }
}

/// One end, at all places where it was seen.
#[derive(Default)]
struct Asked {
    ends: Vec<Endpoint>,
    /// A name of the addresses: where policies allow that, they need not allow the addresses.
    name: Option<Endpoint>,
    /// What is not known of it.
    doubt: Option<String>,
    /// Whether it is one of the ends, nobody knows which.
    is_any: bool,
    /// The Service whose pods they are.
    service: Option<Meaning>,
}

impl From<Vec<Endpoint>> for Asked {
    fn from(ends: Vec<Endpoint>) -> Self {
        Self {
            ends,
            ..Self::default()
        }
    }
}

/// Asks whether the policies would allow a connection.
pub fn replay(snapshot: &Snapshot, connection: &Connection) -> Replay {
    let (key, sums) = (&connection.key, &connection.sums);
    let is_pod = matches!(key.destination, Reference::Workload { .. });
    if key.source == Reference::Entity("host") && is_pod {
        let why = "a node always reaches its own pods";
        return Replay {
            verdict: Verdict::Allow,
            ..Replay::uncertain(why)
        };
    }
    if let Some(policy) = snapshot.left_out.iter().find(|policy| {
        let ends = [key.source.namespace(), key.destination.namespace()];
        policy.namespace.is_none() || ends.contains(&policy.namespace.as_deref())
    }) {
        return Replay::uncertain(format!("{} is not judged", policy.title()));
    }
    let source = ends(
        snapshot,
        &key.source,
        &sums.source_pods,
        &sums.source_addresses,
    );
    let destination = ends(
        snapshot,
        &key.destination,
        &sums.destination_pods,
        &sums.addresses,
    );
    match (source, destination) {
        (Ok(source), Ok(destination)) => judged(snapshot, key, &source, &destination),
        (Err(why), _) | (_, Err(why)) => Replay::uncertain(why),
    }
}

fn judged(snapshot: &Snapshot, key: &Key, source: &Asked, destination: &Asked) -> Replay {
    let traces = match traces(snapshot, key, source, destination) {
        Ok(traces) => traces,
        Err(why) => return Replay::uncertain(why),
    };
    let denied = traces.iter().find(|trace| !trace.allowed);
    let Some(decisive) = denied.or(traces.first()) else {
        return Replay::uncertain("the Service leads to no port of its pods");
    };
    let found = explained(snapshot, decisive);
    let uncertain = |why: &str| Replay {
        verdict: Verdict::Uncertain,
        why: why.to_owned(),
        ..found.clone()
    };
    if protocol(key.protocol).is_none() && !found.by.is_empty() {
        return uncertain("NetworkPolicy leaves ICMP to the network plugin");
    }
    let is_any = source.is_any || destination.is_any;
    if is_any && denied.is_some() && traces.iter().any(|trace| trace.allowed) {
        return uncertain("the record has no address, and the policies allow some");
    }
    match source.doubt.as_ref().or(destination.doubt.as_ref()) {
        Some(doubt) => uncertain(doubt),
        None => found,
    }
}

/// Every connection that may be meant.
fn traces(
    snapshot: &Snapshot,
    key: &Key,
    source: &Asked,
    destination: &Asked,
) -> Result<Vec<Trace>, String> {
    let ports = match (protocol(key.protocol), key.port) {
        (None, _) => None,
        (Some(_), None) => return Err("the port is not known".to_owned()),
        (Some(protocol), Some(port)) => {
            let port = FlowPort::Range(protocol, port, port);
            let asked =
                explain::at_destination(snapshot, None, destination.service.as_ref(), &port);
            Some(asked.map_err(|refusal| refusal.message)?.0)
        }
    };
    let mut traces = Vec::new();
    for to in &destination.ends {
        let port: Probe = match &ports {
            None => None,
            Some(ports) => match ports.at(snapshot, to).example() {
                None => continue,
                some => some,
            },
        };
        let others = || source.ends.iter().filter(|from| *from != to);
        // A pod that connects to its own workload usually means another replica.
        let itself = source
            .ends
            .iter()
            .filter(|from| *from == to && others().next().is_none());
        traces.extend(others().chain(itself).map(|from| {
            let trace = probe(snapshot, from, to, port);
            match &destination.name {
                Some(name) => by_name(snapshot, trace, probe(snapshot, from, name, port)),
                None => trace,
            }
        }));
    }
    Ok(traces)
}

/// Where only the name is allowed, that decides; a rule that denies the address does so whatever its name.
fn by_name(snapshot: &Snapshot, by_address: Trace, by_name: Trace) -> Trace {
    let is_denied = match by_address.egress.decision {
        Decision::Rule { policy, rule } => {
            let rule = snapshot
                .policies
                .get(policy)
                .and_then(|p| p.egress.as_ref()?.rules.get(rule));
            rule.is_some_and(|rule| rule.action == Action::Deny)
        }
        _ => false,
    };
    match by_address.allowed || is_denied || !by_name.allowed {
        true => by_address,
        false => by_name,
    }
}

fn protocol(protocol: Protocol) -> Option<sets::Protocol> {
    match protocol {
        Protocol::Tcp => Some(sets::Protocol::Tcp),
        Protocol::Udp => Some(sets::Protocol::Udp),
        Protocol::Sctp => Some(sets::Protocol::Sctp),
        Protocol::Icmp | Protocol::Icmp6 => None,
    }
}

/// The ends that policies are asked about; why nothing can be asked.
fn ends(
    snapshot: &Snapshot,
    end: &Reference,
    pods: &BTreeSet<Arc<End>>,
    addresses: &BTreeSet<IpAddr>,
) -> Result<Asked, String> {
    let unknown = |why: &str| Err(format!("`{end}` {why}"));
    let meaning =
        |words: &str| explain::meaning(snapshot, words).map_err(|refusal| refusal.message);
    match end {
        Reference::Workload {
            namespace,
            name,
            kind,
        } => {
            let known = known_pods(snapshot, namespace, name, kind.as_deref());
            if !known.is_empty() {
                return Ok(known
                    .into_iter()
                    .map(Endpoint::Pod)
                    .collect::<Vec<_>>()
                    .into());
            }
            let new: Vec<_> = pods
                .iter()
                .map(|pod| Endpoint::NewPod(new_pod(snapshot, pod)))
                .collect();
            let has_labels = !new.is_empty() && pods.iter().all(|pod| !pod.labels.is_empty());
            match has_labels {
                true => Ok(Asked {
                    doubt: unknown_label(snapshot),
                    ..new.into()
                }),
                false => unknown("is not in the manifests, and its labels are not recorded"),
            }
        }
        Reference::Address(address) => {
            meaning(&address.to_string()).map(|found| of_meaning(snapshot, found))
        }
        Reference::Name(name) => {
            let mut asked = at_addresses(snapshot, addresses)?;
            let name = Endpoint::Domain(name.clone());
            if asked.ends.is_empty() {
                asked.ends.push(name.clone());
            }
            Ok(Asked {
                name: Some(name),
                ..asked
            })
        }
        Reference::Service { .. } => {
            meaning(&end.to_string()).map(|found| of_meaning(snapshot, found))
        }
        Reference::Entity(entity) => of_entity(snapshot, entity, addresses),
        Reference::Calico(words) => match words.as_str() {
            "network/public" => Ok(any_of(snapshot, IpSet::all().difference(&private()))),
            "network/private" => Ok(any_of(snapshot, private())),
            node if node.starts_with("node/") => {
                meaning(node).map(|found| of_meaning(snapshot, found))
            }
            _ => unknown("has no address in the record"),
        },
    }
}

fn of_entity(
    snapshot: &Snapshot,
    entity: &str,
    addresses: &BTreeSet<IpAddr>,
) -> Result<Asked, String> {
    let is_cilium = snapshot.assumptions.enforcer == Enforcer::Cilium;
    match Entity::OPAQUE.into_iter().find(|one| one.word() == entity) {
        Some(own) if is_cilium => return Ok(vec![Endpoint::Entity(own)].into()),
        _ => {}
    }
    match entity {
        "init" | "unmanaged" => Err(format!("policies do not name `entity/{entity}`")),
        "remote-node" | "health" if is_cilium => {
            let nodes: Vec<_> = (0..snapshot.nodes.len()).map(Endpoint::Node).collect();
            match nodes.is_empty() || entity == "health" {
                true => Err(format!("no node for `entity/{entity}` is in the manifests")),
                false => Ok(nodes.into()),
            }
        }
        "world" if addresses.is_empty() => Ok(any_of(snapshot, IpSet::all())),
        _ if addresses.is_empty() => {
            Err(format!("the address of `entity/{entity}` is not recorded"))
        }
        _ => at_addresses(snapshot, addresses),
    }
}

fn at_addresses(snapshot: &Snapshot, addresses: &BTreeSet<IpAddr>) -> Result<Asked, String> {
    let mut ends = Vec::new();
    for address in addresses {
        let found =
            explain::meaning(snapshot, &address.to_string()).map_err(|refusal| refusal.message)?;
        ends.extend(found.ends(snapshot));
    }
    Ok(ends.into())
}

fn of_meaning(snapshot: &Snapshot, meaning: Meaning) -> Asked {
    let ends = meaning.ends(snapshot);
    Asked {
        service: meaning.service.is_some().then_some(meaning),
        ..ends.into()
    }
}

fn any_of(snapshot: &Snapshot, addresses: IpSet) -> Asked {
    let meaning = Meaning {
        addresses,
        ..Meaning::default()
    };
    Asked {
        is_any: true,
        ..meaning.ends(snapshot).into()
    }
}

/// The networks that Calico calls private.
fn private() -> IpSet {
    let nets = [
        ([10, 0, 0, 0], 8),
        ([172, 16, 0, 0], 12),
        ([192, 168, 0, 0], 16),
    ];
    let nets = nets
        .into_iter()
        .filter_map(|(address, length)| IpNet::new(IpAddr::from(address), length).ok());
    nets.collect()
}

/// The pods that manifests have of a workload, or the one of that name.
fn known_pods(snapshot: &Snapshot, namespace: &str, name: &str, kind: Option<&str>) -> Vec<usize> {
    let named = || {
        snapshot
            .workloads
            .iter()
            .filter(|w| w.namespace == namespace && w.name == name)
    };
    let of_kind = named().filter(|w| kind.is_none_or(|kind| kind == w.kind));
    let pods: Vec<usize> = of_kind.flat_map(|w| w.pods.clone()).collect();
    if !pods.is_empty() {
        return pods;
    }
    let is_there = |at: usize| {
        snapshot
            .namespaces
            .get(at)
            .is_some_and(|n| n.name == namespace)
    };
    let all = snapshot.pods.iter().enumerate();
    let found = all.filter(|(_, pod)| pod.name == name && is_there(pod.namespace));
    found.map(|(at, _)| at).collect()
}

const NAMESPACE_LABEL: &str = "io.cilium.k8s.namespace.labels.";

/// A pod as a record has it: its identity's labels.
fn new_pod(snapshot: &Snapshot, pod: &End) -> NewPod {
    let namespace = snapshot
        .namespaces
        .iter()
        .position(|n| n.name == pod.namespace);
    let declared = namespace
        .and_then(|at| snapshot.namespaces.get(at))
        .filter(|n| n.declared);
    let (mut labels, mut of_namespace) = (Labels::new(), Labels::new());
    for label in pod
        .labels
        .iter()
        .filter_map(|label| label.strip_prefix("k8s:"))
    {
        let (key, value) = label.split_once('=').unwrap_or((label, ""));
        if let Some(key) = key.strip_prefix(NAMESPACE_LABEL) {
            of_namespace.insert(key.to_owned(), value.to_owned());
        } else if !key.starts_with("io.cilium.k8s.") && key != "io.kubernetes.pod.namespace" {
            labels.insert(key.to_owned(), value.to_owned());
        }
    }
    of_namespace.insert(NAMESPACE_NAME_LABEL.to_owned(), pod.namespace.clone());
    NewPod {
        namespace,
        namespace_labels: declared.map_or(of_namespace, |n| n.labels.clone()),
        labels,
    }
}

/// A label of pods that policies select by and Cilium's records never have (C0).
fn unknown_label(snapshot: &Snapshot) -> Option<String> {
    let mut found = None;
    for policy in &snapshot.policies {
        let mut see = |peer: &Peer| {
            let Peer::PodLabels(selector) = peer else {
                return;
            };
            let mut keys = selector.requirements.iter().map(|r| &r.key);
            if let Some(key) = keys.find(|key| dialect::ignores_label(Enforcer::Cilium, key)) {
                let title = policy.title();
                found.get_or_insert(format!(
                    "{title} selects by `{key}`, which records do not have"
                ));
            }
        };
        policy.subject.leaves(&mut see);
        let rules = Direction::BOTH.iter().flat_map(|d| policy.rules(*d));
        let peers = rules.flat_map(|rule| rule.peers.listed());
        peers.for_each(|item| item.peer.leaves(&mut see));
    }
    found
}

/// The verdict of one connection, and the policies that decide it.
fn explained(snapshot: &Snapshot, trace: &Trace) -> Replay {
    let mut by = Vec::new();
    let mut why = Vec::new();
    for gate in [&trace.egress, &trace.ingress] {
        if gate.allowed == trace.allowed {
            let (policies, words) = decision(snapshot, gate);
            why.extend(words.map(|words| format!("{}: {words}", direction(gate.direction))));
            by.extend(policies);
        }
    }
    if why.is_empty() {
        why.push("no policy applies".to_owned());
    }
    Replay {
        verdict: if trace.allowed {
            Verdict::Allow
        } else {
            Verdict::Deny
        },
        egress: Some(trace.egress.allowed),
        ingress: Some(trace.ingress.allowed),
        by,
        why: why.join("; "),
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Egress => "egress",
        Direction::Ingress => "ingress",
    }
}

/// The policies that decide at a gate, with their places, and how.
fn decision(snapshot: &Snapshot, gate: &GateTrace) -> (Vec<String>, Option<String>) {
    let title = |at: &usize| {
        snapshot
            .policies
            .get(*at)
            .map(|p| format!("{} ({})", p.title(), p.span))
    };
    match &gate.decision {
        Decision::Rule { policy, rule } => {
            let found = snapshot.policies.get(*policy);
            let side = found.and_then(|p| match gate.direction {
                Direction::Egress => p.egress.as_ref(),
                Direction::Ingress => p.ingress.as_ref(),
            });
            let has_conditions = side
                .and_then(|s| s.rules.get(*rule))
                .is_some_and(|r| !r.conditions.is_empty());
            let verb = if gate.allowed { "allows" } else { "denies" };
            let more = if has_conditions {
                "; its other conditions are not judged"
            } else {
                ""
            };
            let why = format!(
                "rule {} of {} {verb} it{more}",
                rule + 1,
                found.map(|p| p.title()).unwrap_or_default()
            );
            (title(policy).into_iter().collect(), Some(why))
        }
        Decision::Isolated { policies, .. } => {
            let why = "no rule of the policies that select the pod allows it";
            (
                policies.iter().filter_map(title).collect(),
                Some(why.to_owned()),
            )
        }
        Decision::SamePod => (Vec::new(), Some("a pod always reaches itself".to_owned())),
        Decision::OwnNode => (
            Vec::new(),
            Some("a node always reaches its own pods".to_owned()),
        ),
        Decision::NoPod | Decision::Open => (Vec::new(), None),
    }
}
