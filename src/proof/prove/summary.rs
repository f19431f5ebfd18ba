//! Summarises what imported policies allow beyond the drawn flows in one sentence.

use std::collections::BTreeSet;

use super::describer::Describer;
use super::witness;
use crate::analysis::Endpoint;
use crate::analysis::compare::{GateDifference, PeerClass};
use crate::analysis::query::open_ports;
use crate::intent::future_pods::port_words;
use crate::intent::snapshot::OTHER_POD;
use crate::model::{End, Flow};
use crate::policy::{Direction, WorkloadKey};
use crate::sets::PortSet;

/// How many names a sentence lists before it counts the rest.
const NAMED: usize = 3;

/// Of how many differences the other gate is looked at.
const LOOKED_AT: usize = 200;

/// Whether a connection of the difference passes the other gate, too.
pub(super) fn passes(describer: &Describer, difference: &GateDifference) -> bool {
    let own = Endpoint::Pod(difference.pod);
    let other = difference.peer.example();
    let (from, to) = match difference.direction {
        Direction::Egress => (&own, &other),
        Direction::Ingress => (&other, &own),
    };
    !open_ports(describer.real, from, to, &difference.ports).is_empty()
}

/// One connection that is allowed at a gate, and not drawn.
pub(super) fn one(describer: &Describer, difference: &GateDifference) -> String {
    let (from, to) = witness::ends(describer, difference);
    let ports = witness::port_words(describer, difference);
    match (passes(describer, difference), difference.direction) {
        (true, _) => {
            format!("{from} can reach {to} on {ports}, but no flow is drawn")
        }
        (false, Direction::Ingress) => format!(
            "{to} accepts {from} on {ports}, but no flow is drawn; the egress of {from} still \
             blocks it"
        ),
        (false, Direction::Egress) => format!(
            "the egress of {from} allows {to} on {ports}, but no flow is drawn; the ingress of \
             {to} still blocks it"
        ),
    }
}

/// What imported policies allow beyond what is drawn: all differences at one direction's gates.
pub(super) fn all(
    describer: &Describer,
    policies: &[String],
    differences: &[&GateDifference],
) -> Option<String> {
    let first = differences.first()?;
    let direction = first.direction;
    let differences: Vec<&&GateDifference> = differences
        .iter()
        .filter(|d| d.direction == direction)
        .collect();
    let own: BTreeSet<String> = differences
        .iter()
        .map(|d| witness::workload_words(describer, d.workload))
        .collect();
    let (peers, one_peer) = peers(describer, &differences);
    let ports = differences
        .iter()
        .fold(PortSet::empty(), |all, d| all.union(&d.ports));
    // All future pods declare the same ports.
    let pods = &describer.cluster.snapshot.pods;
    let mut destinations = differences
        .iter()
        .filter_map(|d| pods.get(d.destination()?));
    let future = destinations.find(|pod| pod.key == WorkloadKey::UNKNOWN);
    let (from, to) = match direction {
        Direction::Ingress => (peers, list(&own)),
        Direction::Egress => (list(&own), peers),
    };
    let verb = if policies.len() == 1 { "lets" } else { "let" };
    let mut message = format!(
        "{} {verb} {from} reach {to} on {}",
        policies.join(" and "),
        port_words(future, &ports)
    );
    let drawn = drawn(describer, &differences);
    message += &match drawn.is_empty() {
        true => "; no flow is drawn".to_owned(),
        false => format!("; drawn: {}", list(&drawn)),
    };
    if !differences
        .iter()
        .take(LOOKED_AT)
        .any(|d| passes(describer, d))
    {
        message += &match (direction, one_peer) {
            (Direction::Ingress, true) => format!("; the egress of {from} still blocks it"),
            (Direction::Ingress, false) => "; the egress of these still blocks it".to_owned(),
            (Direction::Egress, true) => format!("; the ingress of {to} still blocks it"),
            (Direction::Egress, false) => "; the ingress of these still blocks it".to_owned(),
        };
    }
    Some(message)
}

/// The other ends: every pod, every pod of a namespace, or their names; and whether it is one name.
fn peers(describer: &Describer, differences: &[&&GateDifference]) -> (String, bool) {
    let mut namespaces: BTreeSet<&str> = BTreeSet::new();
    let (mut outside, mut new) = (false, BTreeSet::new());
    let mut names = BTreeSet::new();
    for difference in differences {
        match &difference.peer {
            PeerClass::NewPod(pod) if pod.labels.is_empty() => match pod.namespace {
                None => return ("every pod".to_owned(), false),
                Some(at) => {
                    let namespace = describer.cluster.snapshot.namespaces.get(at);
                    namespaces.extend(namespace.map(|n| n.name.as_str()));
                }
            },
            PeerClass::NewPod(_) => {
                _ = new.insert(witness::other_words(describer, &difference.peer))
            }
            PeerClass::Addresses { .. } => outside = true,
            PeerClass::Pod(_)
            | PeerClass::Domain(_)
            | PeerClass::Entity(_)
            | PeerClass::Node(_) => {
                names.insert(witness::other_words(describer, &difference.peer));
            }
        }
    }
    let within = |name: &String| {
        let namespace = name.split_once('/').map(|(namespace, _)| namespace);
        namespace.is_some_and(|namespace| namespaces.contains(namespace))
    };
    let future = |name: &str| name.starts_with(OTHER_POD) || name.starts_with("a future pod of ");
    new.extend(names.iter().filter(|name| future(name)).cloned());
    names.retain(|name| !within(name) && !future(name));
    let whole = namespaces.iter().map(|name| format!("every pod of {name}"));
    let mut all: BTreeSet<String> = whole.chain(names).collect();
    if outside {
        all.insert("addresses outside".to_owned());
    }
    let all = if all.is_empty() { new } else { all };
    (list(&all), all.len() == 1 && namespaces.is_empty())
}

/// The other ends of flows that are drawn there, at some of these ports.
fn drawn(describer: &Describer, differences: &[&&GateDifference]) -> BTreeSet<String> {
    let document = describer.document;
    let own: BTreeSet<_> = differences
        .iter()
        .filter_map(|d| describer.drawn(d.workload))
        .collect();
    let is_own = |end: &End| document.workloads_at(end).iter().any(|id| own.contains(id));
    let ports = |flow: &Flow| {
        let numbers = flow.ports.iter().filter_map(|port| port.numbers());
        let numbers: PortSet = numbers.collect();
        differences.iter().any(|d| d.ports.intersects(&numbers))
    };
    let direction = differences.first().map(|d| d.direction);
    let flows = document.flows.iter().map(|(_, flow)| flow);
    let flows = flows.filter(|flow| flow.allows() && ports(flow));
    let ends = flows.filter_map(|flow| match direction {
        Some(Direction::Ingress) if is_own(&flow.to) => Some(&flow.from),
        Some(Direction::Egress) if is_own(&flow.from) => Some(&flow.to),
        _ => None,
    });
    ends.map(|end| document.end_name(end)).collect()
}

fn list(names: &BTreeSet<String>) -> String {
    let mut shown: Vec<&str> = names.iter().map(String::as_str).take(NAMED).collect();
    let more = names.len().saturating_sub(NAMED);
    let rest = format!("{more} more");
    if more > 0 {
        shown.push(&rest);
    }
    shown.join(", ")
}
