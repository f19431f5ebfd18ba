//! Whether policies would allow recorded connections: each is asked of the plain evaluator, at the addresses and pods that it
//! was seen at. Where that depends on what the record does not say, the answer is uncertain.

mod decision;
mod ends;
mod nodes;
mod place;
mod pods;
#[cfg(test)]
mod tests;
mod unknown;

use std::collections::BTreeMap;

use super::connection::{Connection, Key};
use super::record::Protocol;
use super::reference::Reference;
use crate::analysis::oracle::{Probe, probe_all};
use crate::analysis::{Endpoint, Trace};
use crate::cluster::{Enforcer, Snapshot};
use crate::model::FlowPort;
use crate::query::explain;
use crate::sets;
use decision::explained;
use ends::Asked;
pub(super) use ends::{Asker, private};
pub(super) use nodes::with_recorded;
pub(super) use pods::labels_of;

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

/// Asks whether the policies would allow a connection.
pub(super) fn replay(asker: &Asker, connection: &Connection) -> Replay {
    let snapshot = asker.snapshot;
    let key = &connection.key;
    if is_own_pod(connection) {
        let why = "a node always reaches its own pods";
        return Replay {
            verdict: Verdict::Allow,
            ..Replay::uncertain(why)
        };
    }
    if let Some(policy) = snapshot.left_out.iter().find(|policy| {
        let ends = [key.source.namespace(), key.destination.namespace()];
        let is_for = |end: Option<&str>| match end {
            Some(namespace) => policy.may_select(namespace),
            None => policy.namespace.is_none(),
        };
        ends.into_iter().any(is_for)
    }) {
        return Replay::uncertain(format!("{} is not judged", policy.title()));
    }
    match asker.ends(connection) {
        Ok((source, destination)) => judged(asker, key, &source, &destination),
        Err(why) => Replay::uncertain(why),
    }
}

/// Whether a node connects to its own pod, which it always reaches (P2), also to one whose name is not recorded.
pub(super) fn is_own_pod(connection: &Connection) -> bool {
    let Connection { key, sums, .. } = connection;
    let is_pod = match key.destination {
        Reference::Workload { .. } => true,
        Reference::Address(_) => !sums.destination_pods.is_empty(),
        _ => false,
    };
    key.source == Reference::Entity("host") && is_pod
}

/// What policies do to a connection, and the questions that show it.
fn judged(asker: &Asker, key: &Key, source: &Asked, destination: &Asked) -> Replay {
    let snapshot = asker.snapshot;
    let questions = match questions(asker, key, source, destination) {
        Ok(questions) => questions,
        Err(why) => return Replay::uncertain(why),
    };
    let mut between: BTreeMap<[usize; 2], Vec<Answer>> = BTreeMap::new();
    for question in &questions {
        let answers = between.entry(question.places).or_default();
        answers.push(Answer::of(snapshot, question));
    }
    let unknown = |[from, to]: [usize; 2]| {
        let places = [source.places.get(from), destination.places.get(to)];
        let mut unknown = places
            .into_iter()
            .flatten()
            .filter_map(|p| p.unknown.as_deref());
        unknown.next().unwrap_or("the type of ICMP is not recorded")
    };
    let between = between.into_iter();
    let between = between.filter_map(|(places, answers)| agreed(answers, unknown(places)));
    // Policies must allow it at all places where it was seen.
    let decisive = between.min_by_key(|answer| match answer.verdict {
        Verdict::Deny => 0,
        Verdict::Uncertain => 1,
        Verdict::Allow => 2,
    });
    let Some(decisive) = decisive else {
        return Replay::uncertain("the Service leads to no port of its pods");
    };
    let mut found = explained(snapshot, &decisive.trace);
    let is_undefined = protocol(key.protocol).is_none()
        && snapshot.assumptions.enforcer == Enforcer::Kubernetes
        && !found.by.is_empty();
    if is_undefined {
        found.verdict = Verdict::Uncertain;
        found.why = "the API of Kubernetes leaves ICMP to the network plugin".to_owned();
    } else if decisive.verdict == Verdict::Uncertain {
        found.verdict = Verdict::Uncertain;
        found.why = decisive.why;
    }
    found
}

/// What policies do to one connection that may be meant.
struct Answer {
    verdict: Verdict,
    trace: Trace,
    /// Why it is uncertain.
    why: String,
}

impl Answer {
    fn of(snapshot: &Snapshot, question: &Question) -> Self {
        let Question { from, to, port, .. } = *question;
        let trace = probe_all(snapshot, from, to, port);
        let gates = [(&trace.egress, to), (&trace.ingress, from)];
        let unknown = gates.map(|(gate, peer)| unknown::of_gate(snapshot, gate, peer, (to, port)));
        // A gate that certainly denies it decides, whatever the other one does.
        let mut both = gates.iter().zip(&unknown);
        let is_denied = both.any(|((gate, _), unknown)| !gate.allowed && unknown.is_none());
        let why = unknown.into_iter().flatten().next();
        let verdict = match &why {
            _ if is_denied => Verdict::Deny,
            Some(_) => Verdict::Uncertain,
            None => Verdict::Allow,
        };
        let why = why.unwrap_or_default();
        Self {
            verdict,
            trace,
            why,
        }
    }
}

/// The answer of all alternatives if it is the same; else it depends on what is unknown.
fn agreed(answers: Vec<Answer>, unknown: &str) -> Option<Answer> {
    let first = answers.first()?.verdict;
    let is_same = answers.iter().all(|answer| answer.verdict == first);
    let uncertain = |answer: &Answer| answer.verdict == Verdict::Uncertain;
    let denied = |answer: &Answer| !answer.trace.allowed;
    let open = answers.iter().position(uncertain);
    let is_split = !is_same && open.is_none();
    let at = open.or_else(|| answers.iter().position(denied));
    let at = at.unwrap_or_default();
    let mut decisive = answers.into_iter().nth(at)?;
    if is_split {
        decisive.verdict = Verdict::Uncertain;
        decisive.why = unknown.to_owned();
    }
    Some(decisive)
}

/// One connection that may be meant.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    /// Between which places of the source and the destination: policies must allow it between all, and of the questions
    /// between the same ones, the record does not say which is meant.
    pub places: [usize; 2],
    /// All that the source is at once.
    pub from: &'a [Endpoint],
    /// The same of the destination.
    pub to: &'a [Endpoint],
    /// The protocol and the port, or the type of ICMP.
    pub port: Probe,
}

/// Every connection that may be meant.
pub(super) fn questions<'a>(
    asker: &Asker,
    key: &Key,
    source: &'a Asked,
    destination: &'a Asked,
) -> Result<Vec<Question<'a>>, String> {
    let snapshot = asker.snapshot;
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
    let types = types(asker, key);
    let mut questions = Vec::new();
    for (at, place) in destination.places.iter().enumerate() {
        let sources = || source.places.iter().enumerate();
        let others = || sources().filter(|(_, from)| *from != place);
        // A pod that connects to its own workload usually means another replica.
        let itself = sources().filter(|_| others().next().is_none());
        let from: Vec<_> = others().chain(itself).collect();
        for to in &place.alternatives {
            let port = match &ports {
                None => None,
                Some(ports) => match to.first().and_then(|to| ports.at(snapshot, to).example()) {
                    None => continue,
                    some => some,
                },
            };
            let probes = if ports.is_some() { &[port] } else { &types[..] };
            for (from_place, from) in &from {
                questions.extend(from.alternatives.iter().flat_map(|from| {
                    let places = [*from_place, at];
                    let asked = probes.iter();
                    asked.map(move |&port| Question {
                        places,
                        from,
                        to,
                        port,
                    })
                }));
            }
        }
    }
    Ok(questions)
}

/// The type of ICMP that a record has; where it has none, all that policies may tell apart.
fn types(asker: &Asker, key: &Key) -> Vec<Probe> {
    let protocol = match key.protocol {
        Protocol::Icmp => sets::Protocol::Icmp,
        Protocol::Icmp6 => sets::Protocol::Icmp6,
        Protocol::Tcp | Protocol::Udp | Protocol::Sctp => return Vec::new(),
    };
    let probe = |kind: u16| Some((protocol, kind));
    match (key.icmp, asker.snapshot.assumptions.enforcer) {
        (Some(kind), _) => vec![probe(kind.into())],
        (None, Enforcer::Kubernetes) => vec![None],
        (None, Enforcer::Cilium | Enforcer::Calico) => {
            asker.types(protocol).iter().copied().map(probe).collect()
        }
    }
}

/// A protocol that has ports.
pub fn protocol(protocol: Protocol) -> Option<sets::Protocol> {
    match protocol {
        Protocol::Tcp => Some(sets::Protocol::Tcp),
        Protocol::Udp => Some(sets::Protocol::Udp),
        Protocol::Sctp => Some(sets::Protocol::Sctp),
        Protocol::Icmp | Protocol::Icmp6 => None,
    }
}
