//! Who the ends of a connection are, by all that its records say.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::connection::Seen;
use super::owner::{Owner, guessed};
use super::record::End;
use super::reference::{ENTITIES, Reference};
use super::time::{SECOND, Time};
use crate::sets::hash::HashMap;

/// What is known from other records.
#[derive(Debug, Default)]
pub struct Known {
    /// The owner of each pod, by namespace and name.
    pub owners: HashMap<(String, String), Owner>,
    /// For a pod and an address: which names had it, and when that was answered.
    pub answers: HashMap<(String, String, IpAddr), BTreeMap<String, BTreeSet<Time>>>,
}

impl Known {
    /// Adds the owner of a pod. Of two owners one counts, the same in any order of lines.
    pub fn owner(&mut self, pod: (String, String), owner: Owner) {
        match self.owners.get_mut(&pod) {
            Some(known) if *known <= owner => {}
            Some(known) => *known = owner,
            None => _ = self.owners.insert(pod, owner),
        }
    }

    /// Adds the answer that a name has an address.
    pub fn answer(&mut self, pod: (String, String), address: IpAddr, time: Time, name: String) {
        let names = self.answers.entry((pod.0, pod.1, address)).or_default();
        names.entry(name).or_default().insert(time);
    }
}

/// The workload of a pod by manifests: its name and kind, from namespace, pod and labels.
pub type InManifests<'a> = &'a dyn Fn(&str, &str, &[String]) -> Option<(String, String)>;

/// All that the records of a connection say about one of its ends.
#[derive(Debug, Default)]
pub struct Evidence<'a> {
    /// What each record says, and when.
    pub ends: Vec<(Time, &'a Arc<End>)>,
    /// Its address.
    pub address: Option<IpAddr>,
    /// Names that the other end has for it.
    pub names: BTreeSet<&'a str>,
    /// The Service that it is.
    pub service: Option<&'a (String, String)>,
    /// Its port, if it is the destination.
    pub port: Option<u16>,
    /// Whether it is the destination.
    pub is_destination: bool,
}

/// An end, and whether its workload is a guess.
pub type Found = (Reference, bool);

impl Evidence<'_> {
    /// The pod that it is.
    pub fn pod(&self) -> Option<&End> {
        let pods = self.ends.iter().filter(|(_, end)| end.is_pod());
        pods.min().map(|(_, end)| &***end)
    }

    /// What is known of the pod that it is, whether it is named or not: by the first record that has its labels, else by
    /// the first one.
    pub fn described_pod(&self) -> Option<Arc<End>> {
        let first = |is: fn(&End) -> bool| {
            let all = self.ends.iter().filter(|(_, end)| is(end));
            all.min_by_key(|(time, end)| (!end.has_labels(), time, end))
        };
        let found = first(End::is_pod).or_else(|| first(End::is_unnamed_pod));
        found.map(|(_, end)| match end.namespace.is_empty() {
            true => Arc::new(end.with_namespace()),
            false => Arc::clone(end),
        })
    }

    /// Whether nothing but a Service is known.
    pub fn is_service(&self) -> bool {
        let is_workload = |(_, end): &(Time, &Arc<End>)| end.is_pod() || end.workload.is_some();
        self.service.is_some() && !self.ends.iter().any(is_workload) && self.entity().is_none()
    }

    /// The end; `source` is the pod that opened the connection at `first`, which may have asked for a name. None if nothing is
    /// known, not even an address.
    pub fn find(
        &self,
        known: &Known,
        manifests: InManifests,
        source: Option<&End>,
        first: Time,
    ) -> Option<Found> {
        if let Some(pod) = self.pod() {
            return Some(of_pod(pod, known, manifests));
        }
        let owner = self
            .ends
            .iter()
            .filter_map(|(time, end)| Some((time, &end.namespace, end.workload.as_ref()?)));
        if let Some((_, namespace, (name, kind))) = owner.filter(|(_, n, _)| !n.is_empty()).min() {
            return Some((Reference::workload(namespace, name, kind.as_deref()), false));
        }
        if let Some(entity) = self.entity() {
            return Some((Reference::Entity(entity), false));
        }
        if self.is_destination {
            if let Some((namespace, name)) = self.service {
                let (namespace, name) = (namespace.clone(), name.clone());
                return Some((Reference::Service { namespace, name }, false));
            }
            if let Some(name) = self.name(known, source, first) {
                return Some((Reference::Name(name), false));
            }
        }
        match self.address {
            Some(address) => Some((Reference::Address(address), false)),
            None => self
                .is_world()
                .then_some((Reference::Entity("world"), false)),
        }
    }

    fn name(&self, known: &Known, source: Option<&End>, first: Time) -> Option<String> {
        let latest = self.answered(known, source, first);
        let latest = latest.max_by_key(|(time, name)| (*time, std::cmp::Reverse(*name)));
        let is_outside =
            |name: &String| !name.ends_with(".cluster.local") && !name.ends_with(".arpa");
        latest
            .map(|(_, name)| name.clone())
            .or_else(|| self.resolved().find(is_outside))
    }

    /// The names that the source was told to have this address, each with the last time before the connection began.
    fn answered<'k>(
        &self,
        known: &'k Known,
        source: Option<&End>,
        first: Time,
    ) -> impl Iterator<Item = (Time, &'k String)> + use<'k> {
        let names = source.zip(self.address).and_then(|(pod, address)| {
            let key = (pod.namespace.clone(), pod.pod.clone(), address);
            known.answers.get(&key)
        });
        let last = first.saturating_add(SECOND);
        names
            .into_iter()
            .flatten()
            .filter_map(move |(name, times)| {
                let time = times.range(..=last).next_back()?;
                Some((*time, name))
            })
    }

    /// The names that the recorder has for it, as policies write them, in their order.
    fn resolved(&self) -> impl Iterator<Item = String> + use<> {
        let plain = self.names.iter();
        let plain = plain.map(|name| name.trim_end_matches('.').to_ascii_lowercase());
        let plain: BTreeSet<String> = plain.filter(|name| !name.is_empty()).collect();
        plain.into_iter()
    }

    /// All that it is at once, where that is more than an address or one entity: an address may have several names (2.3)
    /// and the API server is a node, too, or outside. None of a pod.
    pub fn seen(&self, known: &Known, source: Option<&End>, first: Time) -> Option<Seen> {
        if self.is_pod() {
            return None;
        }
        let reserved = self.reserved();
        let entities = ENTITIES.into_iter();
        let mut seen = Seen {
            address: self.address,
            reserved: entities.filter(|one| reserved.contains(one)).collect(),
            ..Seen::default()
        };
        if self.is_destination {
            let answered = self.answered(known, source, first);
            seen.names.extend(answered.map(|(_, name)| name.clone()));
            seen.names.extend(self.resolved());
        }
        (!seen.names.is_empty() || seen.reserved.len() > 1).then_some(seen)
    }

    /// Whether it is a pod, whether it is named or not.
    fn is_pod(&self) -> bool {
        let mut ends = self.ends.iter();
        ends.any(|(_, end)| end.is_pod() || end.is_unnamed_pod())
    }

    fn reserved(&self) -> BTreeSet<&str> {
        let all = self.ends.iter().filter(|(_, end)| !end.is_pod());
        all.flat_map(|(_, end)| reserved(end)).collect()
    }

    fn is_world(&self) -> bool {
        self.reserved().contains("world")
    }

    /// The entity that it is; the world is none.
    fn entity(&self) -> Option<&'static str> {
        let all = self.reserved();
        let others = || {
            all.iter()
                .any(|one| !matches!(*one, "kube-apiserver" | "world"))
        };
        let is_api = !self.is_destination
            || matches!(self.port, Some(443 | 6443 | 8443 | 16443))
            || all.contains("world")
            || !others();
        let order: [&str; 7] = match self.is_destination && all.contains("kube-apiserver") && is_api
        {
            true => [
                "kube-apiserver",
                "host",
                "remote-node",
                "health",
                "ingress",
                "init",
                "unmanaged",
            ],
            false => [
                "host",
                "kube-apiserver",
                "remote-node",
                "health",
                "ingress",
                "init",
                "unmanaged",
            ],
        };
        order
            .into_iter()
            .find(|one| all.contains(one) && (is_api || *one != "kube-apiserver"))
    }
}

/// The reserved identities of an end: by its labels, else by its number.
fn reserved(end: &End) -> Vec<&str> {
    if !end.labels.is_empty() {
        let all = end
            .labels
            .iter()
            .filter_map(|label| label.strip_prefix("reserved:"));
        return all
            .map(|one| {
                if one.starts_with("world") {
                    "world"
                } else {
                    one
                }
            })
            .collect();
    }
    match end.identity {
        1 => vec!["host"],
        3 => vec!["unmanaged"],
        4 => vec!["health"],
        5 => vec!["init"],
        6 => vec!["remote-node"],
        7 => vec!["kube-apiserver"],
        8 => vec!["ingress"],
        2 | 9 | 10 => vec!["world"],
        id if id >= 1 << 25 => vec!["remote-node"],
        id if id >= 1 << 24 => vec!["world"],
        _ => Vec::new(),
    }
}

fn of_pod(end: &End, known: &Known, manifests: InManifests) -> Found {
    let (namespace, pod) = (end.namespace.as_str(), end.pod.as_str());
    let found = |owner: Owner| Reference::workload(namespace, &owner.0, owner.1.as_deref());
    if let Some(owner) = known.owners.get(&(namespace.to_owned(), pod.to_owned())) {
        return (found(owner.clone()), false);
    }
    if let Some((name, kind)) = manifests(namespace, pod, &end.labels) {
        return (found((name, Some(kind))), false);
    }
    match guessed(pod) {
        Some(owner) => (found(owner), true),
        None => (Reference::workload(namespace, pod, Some("Pod")), false),
    }
}
