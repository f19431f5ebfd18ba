//! The ends that policies are asked about, from what a record says of an end.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::place::Place;
use super::pods::{self, Selection};
use crate::analysis::Endpoint;
use crate::cluster::{Enforcer, Snapshot, Workload};
use crate::observe::connection::{Connection, Seen};
use crate::observe::record::End;
use crate::observe::reference::Reference;
use crate::policy::{Entity, PortMatch};
use crate::query::explain::{self, Meaning};
use crate::sets::hash::HashMap;
use crate::sets::{IpSet, Protocol};

/// One end, at all places where it was seen.
#[derive(Default)]
pub(in crate::observe) struct Asked {
    pub places: Vec<Place>,
    /// The Service whose pods they are.
    pub service: Option<Meaning>,
}

impl From<Vec<Endpoint>> for Asked {
    fn from(ends: Vec<Endpoint>) -> Self {
        let places = ends.into_iter().map(|end| Place::of(vec![end]));
        places.collect::<Vec<_>>().into()
    }
}

impl From<Vec<Place>> for Asked {
    fn from(places: Vec<Place>) -> Self {
        Self {
            places,
            service: None,
        }
    }
}

/// What the records say of one end of a connection.
struct Recorded<'r> {
    end: &'r Reference,
    pods: &'r BTreeSet<Arc<End>>,
    addresses: &'r BTreeSet<IpAddr>,
    seen: &'r BTreeSet<Seen>,
    /// The namespaces of both ends.
    namespaces: &'r [&'r str],
}

impl Recorded<'_> {
    /// The addresses at which it was seen; none where it was seen without one.
    fn addresses(&self) -> Vec<Option<IpAddr>> {
        match self.addresses.is_empty() {
            true => vec![None],
            false => self.addresses.iter().copied().map(Some).collect(),
        }
    }

    fn seen_at(&self, address: Option<IpAddr>) -> impl Iterator<Item = &Seen> {
        let all = self.seen.iter();
        all.filter(move |seen| seen.address == address)
    }

    /// The names of an address.
    fn names_at(&self, address: Option<IpAddr>) -> Vec<Endpoint> {
        let own = match self.end {
            Reference::Name(name) if self.seen_at(address).next().is_none() => Some(name),
            _ => None,
        };
        let names = self.seen_at(address).flat_map(|seen| &seen.names);
        let names: BTreeSet<&String> = names.chain(own).collect();
        names.into_iter().cloned().map(Endpoint::Domain).collect()
    }

    /// The reserved labels of the entity at an address.
    fn reserved_at(&self, entity: &'static str, address: Option<IpAddr>) -> BTreeSet<&'static str> {
        let all = self.seen_at(address).flat_map(|seen| &seen.reserved);
        all.copied().chain([entity]).collect()
    }
}

/// Finds the ends that policies are asked about. Workloads and pods are found by name, because a recording may have a million
/// connections.
pub(in crate::observe) struct Asker<'a> {
    pub snapshot: &'a Snapshot,
    workloads: HashMap<(&'a str, &'a str), Vec<&'a Workload>>,
    by_pod_name: HashMap<(&'a str, &'a str), Vec<usize>>,
    /// The labels of pods of which other records do not have them.
    described: HashMap<(&'a str, &'a str), Option<&'a Arc<End>>>,
    selections: Vec<Selection>,
    types: [Vec<u16>; 2],
}

impl<'a> Asker<'a> {
    /// Of a snapshot, and of the connections that will be asked about.
    pub fn new(snapshot: &'a Snapshot, connections: &'a [Connection]) -> Self {
        let mut workloads: HashMap<_, Vec<&Workload>> = HashMap::default();
        for workload in snapshot.workloads.iter() {
            let name = (workload.namespace.as_str(), workload.name.as_str());
            workloads.entry(name).or_default().push(workload);
        }
        let mut by_pod_name: HashMap<_, Vec<usize>> = HashMap::default();
        for (at, pod) in snapshot.pods.iter().enumerate() {
            if let Some(namespace) = snapshot.namespaces.get(pod.namespace) {
                let name = (namespace.name.as_str(), pod.name.as_str());
                by_pod_name.entry(name).or_default().push(at);
            }
        }
        Self {
            snapshot,
            workloads,
            by_pod_name,
            described: described(connections),
            selections: pods::selections(snapshot),
            types: [Protocol::Icmp, Protocol::Icmp6].map(|protocol| types(snapshot, protocol)),
        }
    }

    /// Types of ICMP, of which policies treat all others like one of these.
    pub fn types(&self, protocol: Protocol) -> &[u16] {
        &self.types[usize::from(protocol == Protocol::Icmp6)]
    }

    /// The source and the destination of a connection; why policies cannot be asked about them.
    pub fn ends(&self, connection: &Connection) -> Result<(Asked, Asked), String> {
        let (key, sums) = (&connection.key, &connection.sums);
        let pods = sums.source_pods.iter().chain(&sums.destination_pods);
        let of_pods = pods.map(|pod| pod.namespace.as_str());
        let of_keys = [&key.source, &key.destination].into_iter();
        let of_keys = of_keys.filter_map(|end| end.namespace());
        let namespaces: BTreeSet<&str> = of_keys.chain(of_pods).collect();
        let namespaces: Vec<&str> = namespaces.into_iter().collect();
        let source = self.end(&Recorded {
            end: &key.source,
            pods: &sums.source_pods,
            addresses: &sums.source_addresses,
            seen: &sums.seen_sources,
            namespaces: &namespaces,
        })?;
        let destination = self.end(&Recorded {
            end: &key.destination,
            pods: &sums.destination_pods,
            addresses: &sums.addresses,
            seen: &sums.seen_destinations,
            namespaces: &namespaces,
        })?;
        Ok((source, destination))
    }

    /// The pods that manifests have of a workload, or those of that name.
    fn known_pods(&self, namespace: &str, name: &str, kind: Option<&str>) -> Vec<usize> {
        let named = self.workloads.get(&(namespace, name)).into_iter().flatten();
        let of_kind = named.filter(|w| kind.is_none_or(|kind| kind == w.kind));
        let pods: Vec<usize> = of_kind.flat_map(|w| w.pods.clone()).collect();
        match pods.is_empty() {
            true => self
                .by_pod_name
                .get(&(namespace, name))
                .cloned()
                .unwrap_or_default(),
            false => pods,
        }
    }

    /// The ends that policies are asked about; why nothing can be asked.
    fn end(&self, recorded: &Recorded) -> Result<Asked, String> {
        let snapshot = self.snapshot;
        let end = recorded.end;
        match end {
            Reference::Workload {
                namespace,
                name,
                kind,
            } => {
                let known = self.known_pods(namespace, name, kind.as_deref());
                if !known.is_empty() {
                    let known = known.into_iter().map(Endpoint::Pod);
                    return Ok(known.collect::<Vec<_>>().into());
                }
                let new = self.new_pods(recorded)?;
                new.ok_or_else(|| {
                    format!("`{end}` is not in the manifests, and its labels are not recorded")
                })
            }
            Reference::Address(_) if !recorded.pods.is_empty() => {
                let known = at_addresses(snapshot, recorded.addresses)?;
                let is_pod = |end: &Endpoint| matches!(end, Endpoint::Pod(_));
                if !known.is_empty() && known.iter().all(is_pod) {
                    return Ok(known.into());
                }
                let new = self.new_pods(recorded)?;
                new.ok_or_else(|| {
                    format!("`{end}` is a pod, and neither its name nor its labels are recorded")
                })
            }
            Reference::Address(address) => {
                let asked = of_words(snapshot, &address.to_string())?;
                let names = recorded.names_at(Some(*address));
                let places = asked.places.into_iter().map(|place| place.and(&names));
                Ok(Asked {
                    places: places.collect(),
                    ..asked
                })
            }
            Reference::Name(_) => {
                let places = recorded.addresses().into_iter().map(|address| {
                    let names = recorded.names_at(address);
                    let at = match address {
                        Some(address) => at_address(snapshot, address)?,
                        None => return Ok(vec![any_of(snapshot, IpSet::all()).and(&names)]),
                    };
                    let at = at.into_iter().map(|end| Place::of(vec![end]).and(&names));
                    Ok(at.collect::<Vec<_>>())
                });
                let places: Vec<Vec<Place>> = places.collect::<Result<_, String>>()?;
                Ok(places.concat().into())
            }
            Reference::Service { .. } => of_words(snapshot, &end.to_string()),
            Reference::Entity(entity) => {
                let places = recorded.addresses().into_iter().map(|address| {
                    let reserved = recorded.reserved_at(entity, address);
                    of_entity(snapshot, entity, &reserved, address)
                });
                let places: Vec<Vec<Place>> = places.collect::<Result<_, String>>()?;
                Ok(places.concat().into())
            }
            Reference::Calico(words) => of_calico(snapshot, words),
        }
    }

    /// Pods that the manifests do not have, by their recorded labels; none without these.
    fn new_pods(&self, recorded: &Recorded) -> Result<Option<Asked>, String> {
        let described = recorded.pods.iter().map(|pod| match pod.has_labels() {
            true => Some(&**pod),
            false => {
                let name = (pod.namespace.as_str(), pod.pod.as_str());
                self.described
                    .get(&name)
                    .copied()
                    .flatten()
                    .map(|pod| &**pod)
            }
        });
        let described: Option<BTreeSet<&End>> = described.collect();
        let Some(pods) = described.filter(|pods| !pods.is_empty()) else {
            return Ok(None);
        };
        if pods.iter().any(|pod| pod.namespace.is_empty()) {
            return Ok(None);
        }
        let places = pods.into_iter().map(|pod| {
            let (selections, namespaces) = (&self.selections, recorded.namespaces);
            pods::place(self.snapshot, selections, namespaces, pod)
        });
        // Many replicas are alike.
        let places: BTreeSet<Place> = places.collect::<Result<_, _>>()?;
        Ok(Some(places.into_iter().collect::<Vec<_>>().into()))
    }
}

/// The pods that a record describes without labels, by namespace and name, each as another record describes it, if one does.
fn described(connections: &[Connection]) -> HashMap<(&str, &str), Option<&Arc<End>>> {
    let sums = connections.iter().map(|connection| &connection.sums);
    let pods = || {
        let sums = sums.clone();
        sums.flat_map(|sums| sums.source_pods.iter().chain(&sums.destination_pods))
            .filter(|pod| pod.is_pod())
    };
    let mut found: HashMap<(&str, &str), Option<&Arc<End>>> = HashMap::default();
    for pod in pods().filter(|pod| !pod.has_labels()) {
        found.insert((&pod.namespace, &pod.pod), None);
    }
    if !found.is_empty() {
        for pod in pods().filter(|pod| pod.has_labels()) {
            if let Some(known) = found.get_mut(&(pod.namespace.as_str(), pod.pod.as_str())) {
                *known = Some(known.map_or(pod, |known| known.min(pod)));
            }
        }
    }
    found
}

/// Types of ICMP: the first of each range of types that no policy tells apart.
fn types(snapshot: &Snapshot, protocol: Protocol) -> Vec<u16> {
    let mut first = BTreeSet::from([0]);
    let policies = snapshot.policies.iter();
    let sides = policies.flat_map(|policy| [&policy.egress, &policy.ingress]);
    let rules = sides.flatten().flat_map(|side| &side.rules);
    for item in rules.flat_map(|rule| rule.ports.listed().iter().chain(&rule.except)) {
        if let PortMatch::Range {
            protocol: own,
            first: from,
            last,
        } = item.port
            && own == protocol
        {
            first.extend([from, last.saturating_add(1)]);
        }
    }
    first.retain(|kind| *kind <= u16::from(u8::MAX));
    first.into_iter().collect()
}

/// An entity with these reserved labels; policies of Cilium match it by any of them (4.4).
fn of_entity(
    snapshot: &Snapshot,
    entity: &str,
    reserved: &BTreeSet<&str>,
    address: Option<IpAddr>,
) -> Result<Vec<Place>, String> {
    let is_cilium = snapshot.assumptions.enforcer == Enforcer::Cilium;
    let own = Entity::OPAQUE.into_iter();
    let own = own.filter(|own| is_cilium && reserved.contains(own.word()));
    let own: Vec<Endpoint> = own.map(Endpoint::Entity).collect();
    match (own.is_empty(), entity) {
        (true, "init" | "unmanaged") => {
            return Err(format!("the pods of `entity/{entity}` are not recorded"));
        }
        (true, "health") => {
            let why = "is not judged";
            return Err(format!("what policies allow `entity/{entity}` {why}"));
        }
        (false, _) if reserved.len() == 1 => return Ok(vec![Place::of(own)]),
        _ => {}
    }
    let is_node = is_cilium && reserved.contains("remote-node");
    match address {
        Some(address) if own.is_empty() => {
            let at = at_address(snapshot, address)?.into_iter();
            Ok(at.map(|end| Place::of(vec![end])).collect())
        }
        Some(address) => {
            let at = at_address(snapshot, address)?;
            Ok(vec![Place::of([own, at].concat())])
        }
        // Which node it was, if no address says.
        None if is_node && !snapshot.nodes.is_empty() => {
            let nodes = (0..snapshot.nodes.len()).map(Endpoint::Node);
            Ok(vec![Place::any(nodes).and(&own)])
        }
        None if reserved.contains("world") => Ok(vec![any_of(snapshot, IpSet::all()).and(&own)]),
        None if !own.is_empty() => Ok(vec![Place::of(own)]),
        None => Err(format!("the address of `entity/{entity}` is not recorded")),
    }
}

/// What Calico names; it never records an address.
fn of_calico(snapshot: &Snapshot, words: &str) -> Result<Asked, String> {
    let any = |addresses| Ok(vec![any_of(snapshot, addresses)].into());
    match words {
        "network/public" => any(IpSet::all().difference(&private())),
        "network/private" => any(private()),
        node if node.starts_with("node/") => of_words(snapshot, node),
        set => {
            let name = set.strip_prefix("networkset/").unwrap_or_default();
            match snapshot.network_sets.get(name) {
                Some(networks) if !networks.is_empty() => any(networks.clone()),
                _ => Err(format!("`{set}` has no address in the record")),
            }
        }
    }
}

fn meaning(snapshot: &Snapshot, words: &str) -> Result<Meaning, String> {
    explain::meaning(snapshot, words, None).map_err(|refusal| refusal.message)
}

fn at_address(snapshot: &Snapshot, address: IpAddr) -> Result<Vec<Endpoint>, String> {
    Ok(meaning(snapshot, &address.to_string())?.ends(snapshot))
}

fn at_addresses(
    snapshot: &Snapshot,
    addresses: &BTreeSet<IpAddr>,
) -> Result<Vec<Endpoint>, String> {
    let all = addresses.iter().map(|one| at_address(snapshot, *one));
    Ok(all.collect::<Result<Vec<_>, _>>()?.concat())
}

fn of_words(snapshot: &Snapshot, words: &str) -> Result<Asked, String> {
    let meaning = meaning(snapshot, words)?;
    let ends = meaning.ends(snapshot);
    Ok(Asked {
        service: meaning.service.is_some().then_some(meaning),
        ..ends.into()
    })
}

fn any_of(snapshot: &Snapshot, addresses: IpSet) -> Place {
    let meaning = Meaning {
        addresses,
        ..Meaning::default()
    };
    Place::any(meaning.ends(snapshot))
}

/// The networks that Calico calls private.
pub(in crate::observe) fn private() -> IpSet {
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
