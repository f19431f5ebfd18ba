//! Events that are only counted: aggregates of the exporter, and records whose mask left out ports or addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::connection::{Connections, Key, Sample, Seen, Sums};
use super::ends::{Evidence, InManifests, Known};
use super::histogram::Histogram;
use super::record::{Counted, End, Facts, Protocol, Verdict};
use super::time::Time;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Between {
    facts: Facts,
    protocol: Protocol,
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    port: Option<u16>,
    icmp: Option<u8>,
    is_undirected: bool,
}

/// Events at the source, at the destination and who knows where, by verdict.
#[derive(Clone, Debug, Default)]
struct Events {
    of: [[u64; 3]; 3],
    over_time: [Histogram; 3],
    sums: Sums,
    records: u64,
}

/// Records that are no connection.
#[derive(Debug, Default)]
pub struct Ignored {
    /// They lack an end.
    pub without_end: u64,
    /// They do not tell requests from answers, although others do.
    pub undirected: u64,
}

impl Events {
    fn add(&mut self, verdict: Verdict, events: [u64; 3]) {
        let of = &mut self.of[verdict as usize];
        for (sum, count) in of.iter_mut().zip(events) {
            *sum = sum.saturating_add(count);
        }
    }

    /// Both sides report a connection, so the larger one counts.
    fn counted(self) -> Sums {
        let side = |at: usize| {
            self.of
                .iter()
                .fold(0_u64, |sum, of| sum.saturating_add(of[at]))
        };
        let (egress, ingress, unknown) = (side(0), side(1), side(2));
        let count = match egress.max(ingress) {
            0 => unknown,
            count => count,
        };
        let [e, i, u] = self.of[Verdict::Dropped as usize];
        let is_known = egress.max(ingress) > 0;
        let dropped = if is_known { e.saturating_add(i) } else { u };
        let [e, i, u] = self.of[Verdict::Audited as usize];
        let audited = if is_known { e.max(i) } else { u };
        let mut sums = self.sums;
        sums.inexact = true;
        sums.dropped = dropped.min(count);
        let [egress, ingress, unknown] = self.over_time;
        sums.over_time = match is_known {
            true => egress.of_both_ends(ingress, sums.dropped),
            false => unknown,
        };
        sums.audited = audited.min(count - sums.dropped);
        sums.forwarded = count - sums.dropped - sums.audited;
        sums
    }
}

/// All of them.
#[derive(Debug, Default)]
pub struct Counts(BTreeMap<Between, Events>);

impl Counts {
    /// Adds counters.
    pub fn add(&mut self, counted: &Counted, facts: Facts, sample: Sample) {
        let between = Between {
            facts,
            protocol: counted.protocol,
            source: counted.source,
            destination: counted.destination,
            port: counted.port,
            icmp: counted.icmp,
            is_undirected: counted.is_undirected,
        };
        let events = self.0.entry(between).or_default();
        events.records = events.records.saturating_add(1);
        events.add(counted.verdict, counted.events);
        for (over_time, count) in events.over_time.iter_mut().zip(counted.events) {
            if count > 0 {
                over_time.add(counted.time, counted.verdict, count);
            }
        }
        events.sums.seen(counted.time);
        events.sums.sample(sample);
    }

    /// Adds the connections, and counts the records that are none. `are_claimed`: whether connection tracking speaks in any
    /// record of all files (3.4).
    pub fn connections(
        self,
        are_claimed: bool,
        known: &Known,
        manifests: InManifests,
        into: &mut Connections,
    ) -> Ignored {
        let mut by_key: BTreeMap<Key, Events> = BTreeMap::new();
        let mut ignored = Ignored::default();
        for (between, events) in self.0 {
            if are_claimed && between.is_undirected {
                ignored.undirected = ignored.undirected.saturating_add(events.records);
                continue;
            }
            let first = events.sums.first.unwrap_or_default();
            let Some((key, guesses, pods, seen)) = key(&between, known, manifests, first) else {
                ignored.without_end = ignored.without_end.saturating_add(events.records);
                continue;
            };
            let all = by_key.entry(key).or_default();
            for (verdict, of) in [Verdict::Forwarded, Verdict::Audited, Verdict::Dropped]
                .into_iter()
                .zip(events.of)
            {
                all.add(verdict, of);
            }
            for (sum, over_time) in all.over_time.iter_mut().zip(events.over_time) {
                sum.merge(over_time);
            }
            [events.sums.first, events.sums.last]
                .into_iter()
                .flatten()
                .for_each(|time| all.sums.seen(time));
            let samples = events.sums.samples.into_iter();
            samples.for_each(|one| all.sums.sample(one));
            all.sums.source_guessed |= guesses[0];
            all.sums.destination_guessed |= guesses[1];
            let [source, destination] = pods;
            all.sums.source_pods.extend(source);
            all.sums.destination_pods.extend(destination);
            let [source, destination] = seen;
            all.sums.seen_sources.extend(source);
            all.sums.seen_destinations.extend(destination);
            all.sums.addresses.extend(between.destination);
            all.sums.source_addresses.extend(between.source);
            let names = &between.facts.names;
            all.sums.allowed.extend(names.allowed.iter().cloned());
            all.sums.denied.extend(names.denied.iter().cloned());
        }
        for (key, events) in by_key {
            into.add(key, events.counted());
        }
        ignored
    }
}

/// The ends in words, whether they are guesses, the pods that they are, and what else they are.
type Ends = (Key, [bool; 2], [Option<Arc<End>>; 2], [Option<Seen>; 2]);

fn key(between: &Between, known: &Known, manifests: InManifests, first: Time) -> Option<Ends> {
    let facts = &between.facts;
    let source = Evidence {
        ends: vec![(first, &facts.source)],
        address: between.source,
        ..Evidence::default()
    };
    let destination = Evidence {
        ends: vec![(first, &facts.destination)],
        address: between.destination,
        names: facts
            .names
            .of_destination
            .iter()
            .map(String::as_str)
            .collect(),
        service: facts.names.service.as_ref(),
        port: between.port,
        is_destination: true,
    };
    let (from, from_guessed) = source.find(known, manifests, None, first)?;
    let (to, to_guessed) = destination.find(known, manifests, source.pod(), first)?;
    let key = Key {
        source: from,
        destination: to,
        protocol: between.protocol,
        port: between.port,
        icmp: between.icmp,
    };
    let pods = [source.described_pod(), destination.described_pod()];
    let seen = [
        source.seen(known, None, first),
        destination.seen(known, source.pod(), first),
    ];
    Some((key, [from_guessed, to_guessed], pods, seen))
}
