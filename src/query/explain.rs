//! Answers questions in words: `shop/web` to `203.0.113.7` at `TCP/80`.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::analysis::filter::Ports;
use crate::analysis::oracle::Probe;
use crate::analysis::oracle::probe;
use crate::analysis::query::{addresses_of, names_of, one_of, open_ports};
use crate::analysis::{Analysis, Direction, Endpoint, Places, Trace};
use crate::cluster::{PodAddresses, Snapshot, Workload};
use crate::load::Loaded;
use crate::model::validate::{Refusal, flow_port};
use crate::model::{self, Document, FlowPort};
use crate::sets::{IpSet, PortSet, Protocol};

/// How much of the queried connections is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of it.
    All,
    /// Some of it.
    Some,
    /// Nothing.
    None,
}

/// The answer, with an example connection, or two where it is mixed.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How much is allowed.
    pub verdict: Verdict,
    /// One allowed and one denied connection, as far as there are such.
    pub shown: Vec<Shown>,
}

/// One connection, and why it is allowed or not.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The source.
    pub from: Endpoint,
    /// The destination.
    pub to: Endpoint,
    /// The port; none: protocols other than TCP, UDP and SCTP.
    pub port: Probe,
    /// Why it is allowed or not.
    pub trace: Trace,
}

impl Shown {
    /// The end that is not the gate's own.
    pub fn other(&self, direction: Direction) -> &Endpoint {
        match direction {
            Direction::Egress => &self.to,
            Direction::Ingress => &self.from,
        }
    }
}

/// More pairs of ends than these are analysed together, not probed one by one.
const FEW: usize = 16;

/// Answers for every connection from one of `from` to one of `to` at one of `ports`. A pod's
/// connections to itself count only if there are no others.
pub fn ask(snapshot: &Snapshot, from: &[Endpoint], to: &[Endpoint], ports: &FlowPort) -> Answer {
    let wanted = |to: &Endpoint| match ports {
        FlowPort::Named(protocol, name) => resolve(snapshot, to, *protocol, name),
        ports => ports.numbers().unwrap_or_default(),
    };
    let few = from.len().saturating_mul(to.len()) <= FEW;
    let analysis = (!few).then(|| Analysis::new(snapshot));
    let place = |end: &Endpoint| analysis.as_ref().and_then(|analysis| analysis.place(end));
    let sources = alike(from, |end| place(end));
    let destinations = alike(to, |end| place(end).map(|place| (place, wanted(end))));
    let pairs = || {
        let all = sources.iter();
        all.flat_map(|a| destinations.iter().map(move |b| pair(a, b)))
    };
    let others = pairs().any(|(a, b)| a != b);
    let (mut allowed, mut denied) = (None, None);
    for (a, b) in pairs().filter(|(a, b)| !others || a != b) {
        let wanted = wanted(b);
        let open = match analysis.as_ref().and_then(|analysis| analysis.open(a, b)) {
            Some(open) => open.intersection(&wanted),
            None => open_ports(snapshot, a, b, &wanted),
        };
        let closed = wanted.difference(&open);
        let shown = |ports: &PortSet| Shown {
            from: a.clone(),
            to: b.clone(),
            port: one_of(ports),
            trace: probe(snapshot, a, b, one_of(ports)),
        };
        if allowed.is_none() && !open.is_empty() {
            allowed = Some(shown(&open));
        }
        if denied.is_none() && !closed.is_empty() {
            denied = Some(shown(&closed));
        }
        if allowed.is_some() && denied.is_some() {
            break;
        }
    }
    Answer {
        verdict: match (&allowed, &denied) {
            (Some(_), None) => Verdict::All,
            (Some(_), Some(_)) => Verdict::Some,
            (None, _) => Verdict::None,
        },
        shown: allowed.into_iter().chain(denied).collect(),
    }
}

/// Ends with the same answer: one of them, and another if there is one.
type Alike<'a> = (&'a Endpoint, Option<&'a Endpoint>);

/// Groups ends by key, in order; each end without a key is a group of its own.
fn alike<K: Ord>(ends: &[Endpoint], key: impl Fn(&Endpoint) -> Option<K>) -> Vec<Alike<'_>> {
    let mut found: Vec<Alike> = Vec::new();
    let mut known: BTreeMap<K, usize> = BTreeMap::new();
    for end in ends {
        let before = key(end).and_then(|key| match known.entry(key) {
            Entry::Occupied(at) => Some(*at.get()),
            Entry::Vacant(new) => {
                new.insert(found.len());
                None
            }
        });
        match before {
            Some(at) => _ = found[at].1.get_or_insert(end),
            None => found.push((end, None)),
        }
    }
    found
}

/// One of each, different ends if there are such.
fn pair<'a>((a, more): &Alike<'a>, (b, others): &Alike<'a>) -> (&'a Endpoint, &'a Endpoint) {
    match (more, others) {
        (_, Some(other)) if a == b => (a, other),
        (Some(more), _) if a == b => (more, b),
        _ => (a, b),
    }
}

fn resolve(snapshot: &Snapshot, to: &Endpoint, protocol: Protocol, name: &str) -> PortSet {
    let Endpoint::Pod(at) = to else {
        return PortSet::empty();
    };
    let pod = snapshot.pods.get(*at);
    pod.map_or(PortSet::empty(), |pod| {
        snapshot.ports_named(pod, Some(protocol), name)
    })
}

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
}

impl Meaning {
    fn is_empty(&self) -> bool {
        let nobody = self.pods.is_empty() && self.nodes.is_empty();
        nobody && self.addresses.is_empty() && self.domains.is_empty()
    }

    /// One end for each pod, node and domain name, and for each piece of the addresses that no policy
    /// distinguishes.
    pub fn ends(&self, snapshot: &Snapshot) -> Vec<Endpoint> {
        let pods = self.pods.iter().copied().map(Endpoint::Pod);
        let nodes = self.nodes.iter().map(|(at, address)| match address {
            Some(address) => Endpoint::NodeAddress(*at, *address),
            None => Endpoint::Node(*at),
        });
        let addresses = addresses_of(snapshot, &self.addresses).into_iter();
        let domains = self
            .domains
            .iter()
            .flat_map(|name| names_of(snapshot, name));
        pods.chain(nodes)
            .chain(addresses.map(Endpoint::Address))
            .chain(domains.map(Endpoint::Domain))
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
        let outside = self.addresses.union(&own).union(&self.network);
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
        }
    }
}

impl Loaded {
    /// What a word names: `namespace/workload`, `namespace/workload[Kind]`, `namespace/pod`,
    /// `namespace/*`, `*`, `node/name`, an address or a network; in a project `external/name` and
    /// `group/name` too. Never nothing.
    ///
    /// # Errors
    /// A word that names nothing, or several workloads.
    pub fn meaning(&self, word: &str) -> Result<Meaning, Refusal> {
        if let Some(document) = &self.project
            && (word.starts_with("external/") || word.starts_with("group/"))
        {
            return drawn(&self.snapshot, document, word);
        }
        meaning(&self.snapshot, word)
    }
}

/// The addresses of an external, or the pods of a group, of a project.
fn drawn(snapshot: &Snapshot, document: &Document, word: &str) -> Result<Meaning, Refusal> {
    let mut found = Meaning::default();
    match document.end_from_words(word)? {
        model::End::External(id) => {
            if let Some(external) = document.externals.get(id) {
                found.addresses = external.addresses();
                found.domains.clone_from(&external.domain_names);
            }
        }
        model::End::Group(id) => {
            if let Some(group) = document.groups.get(id) {
                let pods = snapshot.pods.iter().enumerate();
                let selected = pods.filter(|(_, pod)| {
                    let namespace = snapshot.namespaces.get(pod.namespace);
                    namespace.is_some_and(|n| group.namespaces.matches(&n.labels))
                        && group.pods.matches(&pod.labels)
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

/// [`Loaded::meaning`] without what only a project knows.
///
/// # Errors
/// A word that names nothing, or several workloads.
pub fn meaning(snapshot: &Snapshot, word: &str) -> Result<Meaning, Refusal> {
    let mut found = Meaning::default();
    if let Ok(address) = word.parse::<IpAddr>() {
        found = at_addresses(snapshot, IpSet::single(address));
    } else if let Ok(net) = word.parse::<IpNet>() {
        found = at_addresses(snapshot, IpSet::net(net));
        found.network = IpSet::net(net);
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
    }
    if found.is_empty() {
        let message = format!("nothing is named `{word}`");
        let help = "an end is namespace/workload, namespace/pod, namespace/*, *, node/name, an address or a network; in a project also external/name or group/name";
        return Err(Refusal::new(message).help(help));
    }
    Ok(found)
}

/// The owners of addresses: pods, where their addresses are known, else nodes; the rest is outside.
fn at_addresses(snapshot: &Snapshot, wanted: IpSet) -> Meaning {
    let mut found = Meaning::default();
    let mut own: BTreeSet<IpAddr> = BTreeSet::new();
    if snapshot.assumptions.pod_addresses == PodAddresses::Known {
        for (at, pod) in snapshot.pods.iter().enumerate() {
            let mut inside = pod.addresses.iter().filter(|a| wanted.contains(**a));
            if let Some(first) = inside.next() {
                found.pods.push(at);
                own.insert(*first);
                own.extend(inside);
            }
        }
    }
    for (at, node) in snapshot.nodes.iter().enumerate() {
        for &address in node.addresses.iter().filter(|a| wanted.contains(**a)) {
            if own.insert(address) {
                found.nodes.push((at, Some(address)));
            }
        }
    }
    let own: IpSet = own.into_iter().map(IpNet::from).collect();
    found.addresses = wanted.difference(&own);
    found
}

/// The ends that a word names, see [`meaning`]. At least one.
///
/// # Errors
/// A word that names nothing, or several workloads.
pub fn ends(snapshot: &Snapshot, word: &str) -> Result<Vec<Endpoint>, Refusal> {
    meaning(snapshot, word).map(|found| found.ends(snapshot))
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

/// Parses ports: `TCP/80`, `UDP/4000-4010`, `TCP/http`, `TCP`, `any`.
///
/// # Errors
/// A word that is none of these.
pub fn ports(word: &str) -> Result<FlowPort, Refusal> {
    flow_port(word)
}

/// The same ports as a filter; a port name is resolved for each workload.
pub fn ports_of_workloads(snapshot: &Snapshot, ports: &FlowPort) -> Ports {
    let FlowPort::Named(protocol, name) = ports else {
        return Ports::These(ports.numbers().unwrap_or_default());
    };
    let of = |workload: &Workload| {
        let pods = workload.pods.clone().map(Endpoint::Pod);
        pods.map(|pod| resolve(snapshot, &pod, *protocol, name))
            .collect()
    };
    Ports::Named(snapshot.workloads.iter().map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Assumptions;
    use crate::load::{Settings, load};
    use crate::manifest::Source;

    const CLUSTER: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: other}
spec: {template: {metadata: {labels: {app: web}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: other}
spec: {template: {metadata: {labels: {app: web}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}]
  - from: [{ipBlock: {cidr: 10.0.0.0/8}}]
";

    fn snapshot() -> Snapshot {
        load(&[Source::new("a.yaml", CLUSTER)], &Settings::default()).snapshot
    }

    fn asked(snapshot: &Snapshot, from: &str, to: &str, port: &str) -> Answer {
        let ends = |word| ends(snapshot, word).expect("an end");
        ask(
            snapshot,
            &ends(from),
            &ends(to),
            &ports(port).expect("a port"),
        )
    }

    #[test]
    fn words_resolve_to_ends() {
        let snapshot = snapshot();
        let count = |word| {
            ends(&snapshot, word)
                .map(|e| e.len())
                .map_err(|r| r.message)
        };
        assert_eq!(count("shop/web"), Ok(2));
        assert_eq!(count("shop/web-1"), Ok(1));
        assert_eq!(count("shop/web[Deployment]"), Ok(2));
        assert_eq!(count("ns:shop/db"), Ok(1));
        assert_eq!(count("shop/*"), Ok(3));
        assert_eq!(count("*"), Ok(7));
        assert_eq!(count("192.0.2.7"), Ok(1));
        assert_eq!(count("0.0.0.0/0"), Ok(3));
        assert_eq!(
            count("other/web"),
            Err(
                "`other/web` is ambiguous: `other/web[Deployment]` or `other/web[StatefulSet]`"
                    .into()
            )
        );
        assert_eq!(count("other/web[Deployment]"), Ok(2));
        for wrong in ["shop/none", "none", "shop", "", "10.0.0.0/64", "shop/"] {
            assert_eq!(count(wrong), Err(format!("nothing is named `{wrong}`")));
        }
    }

    #[test]
    fn a_network_names_all_ends_with_an_address_in_it() {
        let text = "
{apiVersion: v1, kind: Node, metadata: {name: n}, status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a}, spec: {nodeName: n}, status: {podIP: 10.0.0.1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: q, namespace: a}, spec: {nodeName: n}, status: {podIP: 10.0.0.2}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: none, namespace: a}
spec: {podSelector: {}}
";
        let sources = [Source::new("a.yaml", text)];
        let mut assumptions = Assumptions::default();
        let snapshot = load(&sources, &Settings::kubernetes(assumptions)).snapshot;
        let outside = |word: &str| {
            let found = meaning(&snapshot, word).expect("an end");
            (
                found.pods.len(),
                found.nodes.len(),
                found.addresses.is_empty(),
            )
        };
        assert_eq!(outside("10.0.0.1"), (0, 0, false));
        assert_eq!(outside("192.0.2.1"), (0, 1, true));
        assert_eq!(outside("192.0.2.1/32"), (0, 1, true));
        assert_eq!(outside("192.0.2.0/31"), (0, 1, false));
        assert_eq!(
            asked(&snapshot, "192.0.2.1/32", "a/p", "any").verdict,
            Verdict::All
        );
        assert_eq!(
            asked(&snapshot, "192.0.2.0/24", "a/p", "any").verdict,
            Verdict::Some
        );

        assumptions.pod_addresses = PodAddresses::Known;
        let snapshot = load(&sources, &Settings::kubernetes(assumptions)).snapshot;
        let found = meaning(&snapshot, "10.0.0.0/31").expect("an end");
        assert_eq!(found.pods, [0]);
        assert_eq!(
            found.addresses,
            IpSet::single("10.0.0.0".parse().expect("an address"))
        );
        let places = found.places(&snapshot);
        assert_eq!(places.outside, found.network, "one range");
        let node = meaning(&snapshot, "node/n")
            .expect("an end")
            .places(&snapshot);
        assert_eq!(node.hosted.keys().collect::<Vec<_>>(), [&0, &1]);
    }

    #[test]
    fn sets_are_all_some_or_none() {
        let snapshot = snapshot();
        let verdict = |from, to, port| asked(&snapshot, from, to, port).verdict;
        assert_eq!(verdict("shop/web", "shop/db", "TCP/5432"), Verdict::All);
        assert_eq!(
            verdict("shop/web", "shop/db", "TCP/5000-6000"),
            Verdict::Some
        );
        assert_eq!(verdict("shop/web", "shop/db", "UDP"), Verdict::None);
        assert_eq!(verdict("*", "shop/db", "TCP/5432"), Verdict::Some);
        assert_eq!(verdict("10.0.0.0/8", "shop/db", "any"), Verdict::All);
        assert_eq!(verdict("0.0.0.0/0", "shop/db", "TCP/80"), Verdict::Some);
        assert_eq!(verdict("shop/db", "shop/db", "TCP/80"), Verdict::All);
        assert_eq!(verdict("shop/db", "shop/web", "TCP/http"), Verdict::All);
        assert_eq!(verdict("shop/web", "shop/db", "TCP/http"), Verdict::None);
    }
}
