//! Connections: what they are told apart by, and what is known of each.

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
    /// Records of the first of them.
    pub samples: BTreeSet<Sample>,
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
        self.samples.insert(sample);
        if self.samples.len() > SAMPLES {
            self.samples.pop_last();
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

/// Connections by key.
#[derive(Debug, Default)]
pub struct Connections(BTreeMap<Key, Sums>);

impl Connections {
    /// Adds what is known of connections.
    pub fn add(&mut self, key: Key, sums: Sums) {
        self.0.entry(key).or_default().merge(sums);
    }

    /// All of them, sorted by words, protocol, port and type.
    pub fn into_sorted(self) -> Vec<Connection> {
        let mut kinds: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for end in self
            .0
            .keys()
            .flat_map(|key| [&key.source, &key.destination])
        {
            if let Reference::Workload {
                namespace,
                name,
                kind: Some(kind),
            } = end
            {
                let of_name = kinds.entry((namespace.clone(), name.clone())).or_default();
                of_name.insert(kind.clone());
            }
        }
        let words = |end: &Reference| match end {
            Reference::Workload {
                namespace,
                name,
                kind: Some(kind),
            } if kinds
                .get(&(namespace.clone(), name.clone()))
                .is_some_and(|all| all.len() > 1) =>
            {
                format!("{end}[{kind}]")
            }
            _ => end.to_string(),
        };
        // A workload of unknown kind is the one of that name.
        let mut by_words: BTreeMap<_, (Key, Sums)> = BTreeMap::new();
        for (key, sums) in self.0 {
            let place = (
                words(&key.source),
                words(&key.destination),
                key.protocol.name(),
                key.port,
                key.icmp,
            );
            match by_words.get_mut(&place) {
                Some((known, all)) => {
                    *known = key.max(known.clone());
                    all.merge(sums);
                }
                None => _ = by_words.insert(place, (key, sums)),
            }
        }
        let connections = by_words
            .into_iter()
            .map(|((source, destination, ..), (key, sums))| Connection {
                source,
                destination,
                key,
                sums,
            });
        connections.collect()
    }
}
