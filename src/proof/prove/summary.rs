//! Summarises what imported policies allow beyond the drawn flows in one sentence.

use std::collections::{BTreeMap, BTreeSet};

use super::describer::Describer;
use super::witness;
use crate::analysis::Endpoint;
use crate::analysis::compare::{GateDifference, PeerClass};
use crate::analysis::query::open_ports_at;
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
    // The own gate lets it pass: it may do so by an address, which the example of a future pod has not.
    let gate = difference.direction.other();
    !open_ports_at(describer.real, gate, from, to, &difference.ports).is_empty()
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
    let clauses = clauses(describer, direction, &differences);
    let verb = if policies.len() == 1 { "lets" } else { "let" };
    let mut message = format!("{} {verb} {}", policies.join(" and "), joined(&clauses));
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
        let other = match (clauses.as_slice(), direction) {
            ([one], Direction::Ingress) if one.one_peer => one.from.as_str(),
            ([one], Direction::Egress) if one.one_peer => one.to.as_str(),
            _ => "these",
        };
        let gate = match direction {
            Direction::Ingress => "egress",
            Direction::Egress => "ingress",
        };
        message += &format!("; the {gate} of {other} still blocks it");
    }
    Some(message)
}

/// Ends that are all connected with each other on the same ports.
struct Clause {
    from: String,
    to: String,
    ports: String,
    /// Whether the other end is one name.
    one_peer: bool,
}

/// Workloads, and the peers that they have in common.
type Same<'a> = (BTreeSet<usize>, BTreeSet<&'a PeerClass>);

/// The differences without connections that are none: only ends of the same ports are named together.
fn clauses(
    describer: &Describer,
    direction: Direction,
    differences: &[&&GateDifference],
) -> Vec<Clause> {
    let mut ports: BTreeMap<(usize, &PeerClass), PortSet> = BTreeMap::new();
    for difference in differences {
        let all = ports.entry((difference.workload, &difference.peer));
        let all = all.or_insert_with(PortSet::empty);
        *all = all.union(&difference.ports);
    }
    // By the ports, then by the workload, then workloads with the same peers.
    let mut by_ports: BTreeMap<PortSet, BTreeMap<usize, BTreeSet<&PeerClass>>> = BTreeMap::new();
    for ((workload, peer), ports) in ports {
        let of_workload = by_ports.entry(ports).or_default();
        of_workload.entry(workload).or_default().insert(peer);
    }
    let mut found = Vec::new();
    for (ports, of_workload) in by_ports {
        let mut by_peers: BTreeMap<(String, bool), Same> = BTreeMap::new();
        for (workload, classes) in of_workload {
            let same = by_peers.entry(peers(describer, &classes)).or_default();
            same.0.insert(workload);
            same.1.extend(classes);
        }
        for ((other, one_peer), (workloads, classes)) in by_peers {
            let own = workloads.iter();
            let own = own.map(|at| witness::workload_words(describer, *at));
            let own = list(&own.collect());
            // All future pods declare the same ports.
            let pods = &describer.cluster.snapshot.pods;
            let is_there = |d: &&&&GateDifference| {
                workloads.contains(&d.workload) && classes.contains(&d.peer)
            };
            let mut destinations = differences.iter().filter(is_there);
            let future = destinations.find_map(|d| {
                pods.get(d.destination()?)
                    .filter(|pod| pod.key == WorkloadKey::UNKNOWN)
            });
            let ports = port_words(future, &ports);
            let (from, to) = match direction {
                Direction::Ingress => (other, own),
                Direction::Egress => (own, other),
            };
            found.push(Clause {
                from,
                to,
                ports,
                one_peer,
            });
        }
    }
    found
}

/// `web reach db on TCP 5432 and proxy on TCP 80`.
fn joined(clauses: &[Clause]) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut from = None;
    for one in clauses.iter().take(NAMED) {
        let to = format!("{} on {}", one.to, one.ports);
        texts.push(match from == Some(&one.from) {
            true => to,
            false => format!("{} reach {to}", one.from),
        });
        from = Some(&one.from);
    }
    match clauses.len().saturating_sub(NAMED) {
        0 => {}
        more => texts.push(format!("{more} more")),
    }
    let last = texts.pop().unwrap_or_default();
    match texts.is_empty() {
        true => last,
        false => format!("{} and {last}", texts.join(", ")),
    }
}

/// The other ends: every pod, every pod of a namespace, or their names; and whether it is one name.
fn peers(describer: &Describer, classes: &BTreeSet<&PeerClass>) -> (String, bool) {
    let mut namespaces: BTreeSet<&str> = BTreeSet::new();
    let (mut outside, mut new) = (false, BTreeSet::new());
    let mut names = BTreeSet::new();
    for class in classes.iter().copied() {
        match class {
            PeerClass::NewPod(pod) if pod.labels.is_empty() => match pod.namespace {
                None => return ("every pod".to_owned(), false),
                Some(at) => {
                    let namespace = describer.cluster.snapshot.namespaces.get(at);
                    namespaces.extend(namespace.map(|n| n.name.as_str()));
                }
            },
            PeerClass::NewPod(_) => _ = new.insert(witness::other_words(describer, class)),
            PeerClass::Addresses { .. } => outside = true,
            PeerClass::Pod(_)
            | PeerClass::Domain(_)
            | PeerClass::Entity(_)
            | PeerClass::Node(_) => {
                names.insert(witness::other_words(describer, class));
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
