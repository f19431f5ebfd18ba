//! Whether policies would allow recorded connections: each is asked of the plain evaluator, at the addresses and pods that it
//! was seen at. Where that depends on what the record does not say, the answer is uncertain.

mod decision;
mod ends;
mod nodes;
#[cfg(test)]
mod tests;

use super::connection::{Connection, Key};
use super::record::Protocol;
use super::reference::Reference;
use crate::analysis::oracle::{Probe, probe};
use crate::analysis::{Decision, Endpoint, Trace};
use crate::cluster::{Enforcer, Snapshot};
use crate::model::FlowPort;
use crate::policy::Action;
use crate::query::explain;
use crate::sets;
use decision::explained;
use ends::Asked;
pub(super) use ends::{Asker, labels_of, private};
pub(super) use nodes::with_recorded;

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
        Ok((source, destination)) => judged(snapshot, key, &source, &destination),
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
        match snapshot.assumptions.enforcer {
            Enforcer::Kubernetes => {
                return uncertain("the API of Kubernetes leaves ICMP to the network plugin");
            }
            Enforcer::Cilium | Enforcer::Calico if key.icmp.is_none() => {
                return uncertain("the type of ICMP is not recorded");
            }
            Enforcer::Cilium | Enforcer::Calico => {}
        }
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

/// One connection that may be meant: from, to, and the port.
pub(super) type Question = (Endpoint, Endpoint, Probe);

/// Every connection that may be meant.
pub(super) fn questions(
    snapshot: &Snapshot,
    key: &Key,
    source: &Asked,
    destination: &Asked,
) -> Result<Vec<Question>, String> {
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
    let mut questions = Vec::new();
    for to in &destination.ends {
        let port: Probe = match &ports {
            None => types(key),
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
        let from = others().chain(itself);
        questions.extend(from.map(|from| (from.clone(), to.clone(), port)));
    }
    Ok(questions)
}

fn traces(
    snapshot: &Snapshot,
    key: &Key,
    source: &Asked,
    destination: &Asked,
) -> Result<Vec<Trace>, String> {
    let questions = questions(snapshot, key, source, destination)?;
    let traced = questions.iter().map(|(from, to, port)| {
        let trace = probe(snapshot, from, to, *port);
        match &destination.name {
            Some(name) => by_name(snapshot, trace, probe(snapshot, from, name, *port)),
            None => trace,
        }
    });
    Ok(traced.collect())
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

/// The type of ICMP that a record has.
fn types(key: &Key) -> Probe {
    let protocol = match key.protocol {
        Protocol::Icmp => sets::Protocol::Icmp,
        Protocol::Icmp6 => sets::Protocol::Icmp6,
        Protocol::Tcp | Protocol::Udp | Protocol::Sctp => return None,
    };
    Some((protocol, key.icmp?.into()))
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
