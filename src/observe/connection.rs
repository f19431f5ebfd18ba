//! Connections: what they are told apart by, and what is known of each.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::histogram::Histogram;
use super::record::{End, Protocol, Verdict};
use super::reference::Reference;
use super::time::Time;

/// What connections are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Who opened it.
    pub source: Reference,
    /// To whom.
    pub destination: Reference,
    /// The protocol.
    pub protocol: Protocol,
    /// The destination's port, if there is one.
    pub port: Option<u16>,
    /// The type of ICMP, where it is known.
    pub icmp: Option<u8>,
}

/// Where a record of a connection is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// When it was recorded.
    pub time: Time,
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
}

/// What an end is at once, where it is more than its address or one entity: policies match it by any of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// Its address, where that is recorded.
    pub address: Option<IpAddr>,
    /// The names that the other end resolved to its address.
    pub names: BTreeSet<String>,
    /// Its reserved labels, without their source: `kube-apiserver`, `world`.
    pub reserved: BTreeSet<&'static str>,
}

/// So many samples of connections with one key are kept, the earliest.
const SAMPLES: usize = 3;

/// What is known of all connections with one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many were forwarded.
    pub forwarded: u64,
    /// How many were forwarded although policies would deny them.
    pub audited: u64,
    /// How many were dropped by a policy.
    pub dropped: u64,
    /// When the first one began; none if the recorder does not say.
    pub first: Option<Time>,
    /// When the last one was seen.
    pub last: Option<Time>,
    /// When they began, as far as the recorder says; connections that are counted together began with the first of them.
    pub over_time: Histogram,
    /// What became of traffic of which the recorder counts no connection: it began before.
    pub uncounted: Option<Verdict>,
    /// Whether the counts are estimates.
    pub inexact: bool,
    /// Whether the source's workload is guessed from the name of its pod.
    pub source_guessed: bool,
    /// The same of the destination's.
    pub destination_guessed: bool,
    /// Addresses of the destination.
    pub addresses: BTreeSet<IpAddr>,
    /// Addresses of the source.
    pub source_addresses: BTreeSet<IpAddr>,
    /// The destination where it is more than its address or one entity.
    pub seen_destinations: BTreeSet<Seen>,
    /// The same of the source.
    pub seen_sources: BTreeSet<Seen>,
    /// Services that were asked for: `shop/api:80`.
    pub services: BTreeSet<String>,
    /// Policies that allowed it, as the recorder names them.
    pub allowed: BTreeSet<String>,
    /// Policies that denied it.
    pub denied: BTreeSet<String>,
    /// Pods that were its source.
    pub source_pods: BTreeSet<Arc<End>>,
    /// Pods that were its destination.
    pub destination_pods: BTreeSet<Arc<End>>,
    /// Records of the first of them, in order.
    pub samples: Vec<Sample>,
}

impl Sums {
    /// Whether one was forwarded.
    pub fn passed(&self) -> bool {
        let is_uncounted = || matches!(self.uncounted, Some(Verdict::Forwarded | Verdict::Audited));
        self.forwarded > 0 || self.audited > 0 || self.count() == 0 && is_uncounted()
    }

    /// Counts by verdict, those that are not 0; of what is not counted, its verdict with 0.
    pub fn by_verdict(&self) -> Vec<(Verdict, u64)> {
        let all = [
            (Verdict::Forwarded, self.forwarded),
            (Verdict::Audited, self.audited),
            (Verdict::Dropped, self.dropped),
        ];
        let counted: Vec<_> = all.into_iter().filter(|(_, count)| *count > 0).collect();
        match (counted.is_empty(), self.uncounted) {
            (true, Some(verdict)) => vec![(verdict, 0)],
            _ => counted,
        }
    }

    /// Keeps a sample, if it is one of the first.
    pub fn sample(&mut self, sample: Sample) {
        if let Err(place) = self.samples.binary_search(&sample) {
            if self.samples.is_empty() {
                self.samples.reserve_exact(1);
            }
            self.samples.insert(place, sample);
            self.samples.truncate(SAMPLES);
        }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.forwarded
            .saturating_add(self.audited)
            .saturating_add(self.dropped)
    }

    /// Extends the time in which it was seen.
    pub fn seen(&mut self, time: Time) {
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
    }

    /// Counts connections of a verdict.
    pub fn add(&mut self, verdict: Verdict, count: u64) {
        let sum = match verdict {
            Verdict::Forwarded => &mut self.forwarded,
            Verdict::Audited => &mut self.audited,
            Verdict::Dropped => &mut self.dropped,
        };
        *sum = sum.saturating_add(count);
    }

    fn merge(&mut self, other: Self) {
        self.add(Verdict::Forwarded, other.forwarded);
        self.add(Verdict::Audited, other.audited);
        self.add(Verdict::Dropped, other.dropped);
        [other.first, other.last]
            .into_iter()
            .flatten()
            .for_each(|time| self.seen(time));
        self.over_time.merge(other.over_time);
        self.uncounted = self.uncounted.max(other.uncounted);
        self.inexact |= other.inexact;
        self.source_guessed |= other.source_guessed;
        self.destination_guessed |= other.destination_guessed;
        self.addresses.extend(other.addresses);
        self.source_addresses.extend(other.source_addresses);
        self.seen_destinations.extend(other.seen_destinations);
        self.seen_sources.extend(other.seen_sources);
        self.services.extend(other.services);
        self.allowed.extend(other.allowed);
        self.denied.extend(other.denied);
        self.source_pods.extend(other.source_pods);
        self.destination_pods.extend(other.destination_pods);
        other.samples.into_iter().for_each(|one| self.sample(one));
    }
}

/// Connections between the same ends, on the same port.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The source in words: `shop/web`, with its kind where the answer has two workloads of that name.
    pub source: String,
    /// The destination in words.
    pub destination: String,
    /// What they have in common.
    pub key: Key,
    /// Counts and times.
    pub sums: Sums,
}

impl Connection {
    /// Its place in answers.
    fn place(&self) -> (&str, &str, &str, Option<u16>, Option<u8>) {
        let Key {
            protocol,
            port,
            icmp,
            ..
        } = self.key;
        let protocol = protocol.name();
        (&self.source, &self.destination, protocol, port, icmp)
    }
}

/// Connections by key.
#[derive(Debug, Default)]
pub struct Connections(BTreeMap<Key, Sums>);

impl Connections {
    /// Adds what is known of connections.
    pub fn add(&mut self, key: Key, sums: Sums) {
        match self.0.entry(key) {
            Entry::Vacant(place) => _ = place.insert(sums),
            Entry::Occupied(mut known) => known.get_mut().merge(sums),
        }
    }

    /// Workloads of which there are two kinds, by namespace and name.
    fn of_two_kinds(&self) -> BTreeSet<(String, String)> {
        let mut kinds: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        let ends = self
            .0
            .keys()
            .flat_map(|key| [&key.source, &key.destination]);
        for end in ends {
            if let Reference::Workload {
                namespace,
                name,
                kind: Some(kind),
            } = end
            {
                let of_name = kinds.entry((namespace.as_str(), name.as_str()));
                of_name.or_default().insert(kind);
            }
        }
        let several = kinds.into_iter().filter(|(_, kinds)| kinds.len() > 1);
        let owned = several.map(|((namespace, name), _)| (namespace.to_owned(), name.to_owned()));
        owned.collect()
    }

    /// All of them, sorted by words, protocol, port and type.
    pub fn into_sorted(self) -> Vec<Connection> {
        let of_two_kinds = self.of_two_kinds();
        let words = |end: &Reference| match end {
            Reference::Workload {
                namespace,
                name,
                kind: Some(kind),
            } if !of_two_kinds.is_empty()
                && of_two_kinds.contains(&(namespace.clone(), name.clone())) =>
            {
                format!("{end}[{kind}]")
            }
            _ => end.to_string(),
        };
        let connection = |(key, sums): (Key, Sums)| Connection {
            source: words(&key.source),
            destination: words(&key.destination),
            key,
            sums,
        };
        let mut all: Vec<Connection> = self.0.into_iter().map(connection).collect();
        all.sort_unstable_by(|a, b| (a.place(), &a.key).cmp(&(b.place(), &b.key)));
        // A workload of unknown kind is the one of that name, whose key is the greater one.
        all.dedup_by(|one, known| {
            let is_same = one.place() == known.place();
            if is_same {
                std::mem::swap(&mut one.key, &mut known.key);
                known.sums.merge(std::mem::take(&mut one.sums));
            }
            is_same
        });
        all
    }
}
