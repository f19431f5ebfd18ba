//! What the words of a question name: pods, nodes, addresses, Services.

use crate::policy::Entity;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::services;
use crate::analysis::query::{addresses_of, names_of};
use crate::analysis::{Endpoint, Places};
use crate::cluster::{PodAddresses, Service, Snapshot, Workload};
use crate::load::Loaded;
use crate::model::validate::Refusal;
use crate::model::{self, Document, FlowPort};
use crate::sets::{IpSet, unmapped};

/// What a word names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meaning {
    /// Indices into `Snapshot::pods`, ascending.
    pub pods: Vec<usize>,
    /// Indices into `Snapshot::nodes`, each with one of its addresses; none if it has none.
    pub nodes: Vec<(usize, Option<IpAddr>)>,
    /// Addresses that belong to none of these.
    pub addresses: IpSet,
    /// All addresses of the network in the query, if there is one.
    pub network: IpSet,
    /// Domain names.
    pub domains: Vec<String>,
    /// Entities that are endpoints of their own.
    pub entities: Vec<Entity>,
    /// The Service whose pods and addresses these are, as an index into `Snapshot::services`.
    pub service: Option<usize>,
    /// The ExternalName Service that was asked about, if that is another name of this Service.
    pub alias: Option<usize>,
    /// The one address in the query, if it is of a Service.
    pub asked: Option<IpAddr>,
}

impl Meaning {
    fn is_empty(&self) -> bool {
        let nobody = self.pods.is_empty() && self.nodes.is_empty();
        let named = !self.domains.is_empty() || !self.entities.is_empty();
        nobody && self.addresses.is_empty() && !named
    }

    /// Whether it is nothing but the domain name that an ExternalName Service stands for: its addresses are not known.
    pub fn stands_for_name(&self) -> bool {
        let nobody = self.pods.is_empty() && self.nodes.is_empty();
        self.service.is_some() && !self.domains.is_empty() && nobody && self.addresses.is_empty()
    }

    /// One end for each pod, node, domain name and entity, and for each piece of the addresses that no policy
    /// distinguishes.
    pub fn ends(&self, snapshot: &Snapshot) -> Vec<Endpoint> {
        let pods = self.pods.iter().copied().map(Endpoint::Pod);
        let nodes = self.nodes.iter().map(|(at, address)| match address {
            Some(address) => Endpoint::NodeAddress(*at, *address),
            None => Endpoint::Node(*at),
        });
        // The addresses of a Service have ports of their own.
        let addresses = match self.service {
            Some(_) => each_of(&self.addresses),
            None => addresses_of(snapshot, &self.addresses),
        };
        let addresses = addresses.into_iter();
        let domains = self
            .domains
            .iter()
            .flat_map(|name| names_of(snapshot, name));
        pods.chain(nodes)
            .chain(addresses.map(Endpoint::Address))
            .chain(domains.map(Endpoint::Domain))
            .chain(self.entities.iter().copied().map(Endpoint::Entity))
            .collect()
    }

    /// The workloads of the pods, and the addresses, those of nodes too, from where their pods are reached.
    pub fn places(&self, snapshot: &Snapshot) -> Places {
        let pods = self.pods.iter().filter_map(|&at| snapshot.pods.get(at));
        let mut workloads: Vec<usize> = pods.map(|p| p.workload).collect();
        workloads.dedup();
        let own = self.nodes.iter().filter_map(|(_, address)| *address);
        let own: IpSet = own.map(IpNet::from).collect();
        // Ranges stay whole where addresses of pods are between others.
        let mut outside = self.addresses.union(&own).union(&self.network);
        if self.stands_for_name() {
            outside = IpSet::all();
        }
        let names = self.nodes.iter().filter_map(|&(at, address)| {
            let node = snapshot.nodes.get(at)?;
            Some((node.name.as_str(), address?))
        });
        let names: BTreeMap<&str, IpAddr> = names.collect();
        let hosted = snapshot.pods.iter().filter_map(|pod| {
            let node = pod.node.as_deref()?;
            Some((pod.workload, *names.get(node)?))
        });
        Places {
            workloads,
            outside,
            hosted: hosted.collect(),
            names: self.domains.clone(),
            entities: self.entities.clone(),
        }
    }
}

impl Loaded {
    /// What a word names: `namespace/workload`, `namespace/workload[Kind]`, `namespace/pod`,
    /// `namespace/*`, `*`, `service/namespace/name`, `node/name`, an address or a network; in a project
    /// `external/name` and `group/name` too. Never nothing.
    ///
    /// # Errors
    /// A word that names nothing, or several workloads.
    pub fn meaning(&self, word: &str) -> Result<Meaning, Refusal> {
        self.meaning_at(word, None)
    }

    /// The same for a destination at a port: an address of several Services, or of a node too, is that of the one
    /// that has the port.
    ///
    /// # Errors
    /// A word that names nothing, or several workloads.
    pub fn destination(&self, word: &str, port: &FlowPort) -> Result<Meaning, Refusal> {
        self.meaning_at(word, Some(port))
    }

    fn meaning_at(&self, word: &str, port: Option<&FlowPort>) -> Result<Meaning, Refusal> {
        if let Some(document) = &self.project
            && (word.starts_with("external/") || word.starts_with("group/"))
        {
            return drawn(&self.snapshot, document, word);
        }
        meaning(&self.snapshot, word, port)
    }
}

/// Every address of a set.
fn each_of(addresses: &IpSet) -> Vec<IpAddr> {
    let each = |(first, last): (IpAddr, IpAddr)| -> Vec<IpAddr> {
        match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                let all = u32::from(first)..=u32::from(last);
                all.map(|one| Ipv4Addr::from(one).into()).collect()
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                let all = u128::from(first)..=u128::from(last);
                all.map(|one| Ipv6Addr::from(one).into()).collect()
            }
            _ => Vec::new(),
        }
    };
    addresses.ranges().flat_map(each).collect()
}

/// The pods among the members of an entity.
fn pods_of(snapshot: &Snapshot, entity: Option<Entity>) -> Vec<usize> {
    let pods = snapshot.pods.iter().enumerate();
    let members = pods.filter(|(_, pod)| match entity {
        Some(Entity::Cluster) => true,
        Some(Entity::RemoteNode) => pod.host_network,
        _ => false,
    });
    members.map(|(at, _)| at).collect()
}

/// The addresses of an external, or the pods of a group, of a project.
fn drawn(snapshot: &Snapshot, document: &Document, word: &str) -> Result<Meaning, Refusal> {
    let mut found = Meaning::default();
    match document.end_from_words(word)? {
        model::End::External(id) => {
            if let Some(external) = document.externals.get(id) {
                found.addresses = external.addresses();
                found.domains.clone_from(&external.domain_names);
                found.entities = external.opaque_entities();
                found.pods = pods_of(snapshot, external.entity);
            }
        }
        model::End::Group(id) => {
            if let Some(group) = document.groups.get(id) {
                let pods = snapshot.pods.iter().enumerate();
                let selected = pods.filter(|(_, pod)| {
                    let namespace = snapshot.namespaces.get(pod.namespace);
                    namespace.is_some_and(|n| group.namespaces.matches(&n.labels))
                        && group.pods.matches(&pod.labels)
                        && group.accounts.has(&pod.service_account)
                });
                found.pods = selected.map(|(at, _)| at).collect();
            }
        }
        _ => {}
    }
    if found.is_empty() {
        let message = format!("`{word}` matches no known pods");
        return Err(Refusal::new(message).help("use `exposure` for future pods"));
    }
    Ok(found)
}

/// [`Loaded::destination`] without what only a project knows; a source has no port.
///
/// # Errors
/// A word that names nothing, or several workloads.
pub fn meaning(
    snapshot: &Snapshot,
    word: &str,
    port: Option<&FlowPort>,
) -> Result<Meaning, Refusal> {
    let mut found = Meaning::default();
    let net = word.parse::<IpNet>().ok().map(unmapped);
    let whole = net.filter(|net| net.prefix_len() == net.max_prefix_len());
    let address = word.parse::<IpAddr>().ok().map(|one| one.to_canonical());
    let address = address.or(whole.map(|net| net.addr()));
    if let Some(address) = address
        && let Some(at) = services::at_address(snapshot, address, port)
    {
        return Ok(Meaning {
            asked: Some(address),
            ..behind(snapshot, at)?
        });
    } else if let Some(address) = address {
        found = at_addresses(snapshot, IpSet::single(address));
        let services = &snapshot.services;
        let of_service = services
            .iter()
            .any(|s| s.all_addresses().any(|a| a == address));
        found.asked = of_service.then_some(address);
        if let Some(net) = net {
            found.network = IpSet::net(net);
        }
    } else if let Some(net) = net {
        found = at_addresses(snapshot, IpSet::net(net));
        found.network = IpSet::net(net);
    } else if let Some((namespace, name)) = services::name(word) {
        return behind(snapshot, services::find(snapshot, namespace, name)?);
    } else if word == "*" {
        found.pods = (0..snapshot.pods.len()).collect();
    } else if let Some(("node", name)) = word.split_once('/') {
        let nodes = snapshot.nodes.iter().enumerate();
        for (at, node) in nodes.filter(|(_, n)| n.name == name) {
            let addresses = node.addresses.iter().map(|a| (at, Some(*a)));
            found.nodes.extend(addresses);
            if node.addresses.is_empty() {
                found.nodes.push((at, None));
            }
        }
    } else if let Some((namespace, name)) = word.split_once('/') {
        let namespace = namespace.strip_prefix("ns:").unwrap_or(namespace);
        found.pods = pods(snapshot, namespace, name)?;
    } else if let Some(at) = services::at_name(snapshot, word) {
        return behind(snapshot, at);
    }
    if found.is_empty() {
        let message = format!("nothing is named `{word}`");
        if word.contains('.') && !word.contains('/') {
            let help = "a domain name is an end only if a Service stands for it; else ask about its addresses";
            return Err(Refusal::new(message).help(help));
        }
        let help = "an end is namespace/workload, namespace/pod, namespace/*, *, service/namespace/name, node/name, an address or a network; in a project also external/name or group/name";
        return Err(Refusal::new(message).help(help));
    }
    Ok(found)
}

/// The pods of a Service, else the owners of its endpoints' addresses. An ExternalName Service that is another name of
/// a Service of the cluster is that.
///
/// # Errors
/// A Service with neither.
fn behind(snapshot: &Snapshot, service: usize) -> Result<Meaning, Refusal> {
    let mut found = Meaning::default();
    if let Some(own) = snapshot.services.get(service)
        && let Some((namespace, name)) = services::alias(own)
    {
        let other = services::find(snapshot, namespace, name)?;
        let other_is_alias = snapshot.services.get(other).and_then(services::alias);
        if other_is_alias.is_some() {
            return Err(services::without_endpoints(own));
        }
        return Ok(Meaning {
            alias: Some(service),
            ..behind(snapshot, other)?
        });
    }
    if let Some(own) = snapshot.services.get(service) {
        found.pods = services::pods(snapshot, own);
        if found.pods.is_empty() {
            let (pods, addresses) = services::endpoints(snapshot, own);
            found = at_addresses(snapshot, addresses);
            found.pods.extend(pods);
            found.pods.sort_unstable();
            found.pods.dedup();
        }
        if found.is_empty() {
            found.domains.extend(own.external_name.clone());
        }
        if found.is_empty() {
            return Err(services::without_endpoints(own));
        }
    }
    found.service = Some(service);
    Ok(found)
}

/// The owners of addresses: pods, where their addresses are known, else nodes; addresses of Services are nobody's,
/// and the rest is outside. A host-network pod counts as its node, unless pods have addresses.
fn at_addresses(snapshot: &Snapshot, wanted: IpSet) -> Meaning {
    let mut found = Meaning::default();
    let mut own: BTreeSet<IpAddr> = BTreeSet::new();
    let known = snapshot.assumptions.pod_addresses == PodAddresses::Known;
    let pods = snapshot.pods.iter().enumerate();
    for (at, pod) in pods.filter(|(_, pod)| known || !pod.host_network) {
        let mut inside = pod.addresses.iter().filter(|a| wanted.contains(**a));
        if let Some(first) = inside.next() {
            found.pods.push(at);
            own.insert(*first);
            own.extend(inside);
        }
    }
    for (at, node) in snapshot.nodes.iter().enumerate() {
        for &address in node.addresses.iter().filter(|a| wanted.contains(**a)) {
            if own.insert(address) {
                found.nodes.push((at, Some(address)));
            }
        }
    }
    let services = snapshot.services.iter().flat_map(Service::all_addresses);
    own.extend(services.filter(|a| wanted.contains(*a)));
    let own: IpSet = own.into_iter().map(IpNet::from).collect();
    found.addresses = wanted.difference(&own);
    found
}

/// The ends that a word names, see [`meaning`]. At least one.
///
/// # Errors
/// A word that names nothing, or several workloads.
pub fn ends(snapshot: &Snapshot, word: &str) -> Result<Vec<Endpoint>, Refusal> {
    meaning(snapshot, word, None).map(|found| found.ends(snapshot))
}

fn pods(snapshot: &Snapshot, namespace: &str, name: &str) -> Result<Vec<usize>, Refusal> {
    let (bare, kind) = match name.strip_suffix(']').and_then(|n| n.split_once('[')) {
        Some((bare, kind)) => (bare, Some(kind)),
        None => (name, None),
    };
    let matches = |w: &Workload| {
        w.namespace == namespace
            && (name == "*" || w.name == bare && kind.is_none_or(|k| k == w.kind))
    };
    let workloads: Vec<&Workload> = snapshot.workloads.iter().filter(|w| matches(w)).collect();
    if workloads.len() > 1 && name != "*" {
        let kinds: Vec<String> = workloads
            .iter()
            .map(|w| format!("`{namespace}/{bare}[{}]`", w.kind))
            .collect();
        let message = format!("`{namespace}/{name}` is ambiguous: {}", kinds.join(" or "));
        return Err(Refusal::new(message).help("add the kind in brackets"));
    }
    if !workloads.is_empty() {
        return Ok(workloads.iter().flat_map(|w| w.pods.clone()).collect());
    }
    let of = |at: usize| {
        let found = snapshot.namespaces.get(at);
        found.is_some_and(|n| n.name == namespace)
    };
    let pods = snapshot.pods.iter().enumerate();
    let named = pods.filter(|(_, p)| p.name == name && of(p.namespace));
    Ok(named.map(|(at, _)| at).collect())
}
