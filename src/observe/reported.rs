//! Connections that Calico counts: both ends report, for each interval.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::connection::{Key, Sample, Sums};
use super::histogram::Histogram;
use super::record::{End, Verdict};
use super::time::Time;

/// What one end reports of the connections of an interval.
#[derive(Clone, Debug)]
pub struct Report {
    /// The ends, protocol and port.
    pub key: Key,
    /// Whether the destination reports.
    pub at_destination: bool,
    /// What became of them.
    pub verdict: Verdict,
    /// Connections that began.
    pub started: u64,
    /// Connections that were open.
    pub live: u64,
    /// When the interval began.
    pub first: Time,
    /// When it ended.
    pub last: Time,
    /// The Service that was asked for.
    pub service: Option<String>,
    /// The pods at both ends, by the labels that they have in common, where these are recorded.
    pub pods: [Option<End>; 2],
    /// Whether connections are counted.
    pub is_exact: bool,
}

/// Why a report is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// A protocol or an end that is not known.
    Other,
    /// A time or a port that is none.
    Malformed,
}

/// The counts of one end: of connections that began (a sum) and were open (the largest), by verdict.
#[derive(Clone, Debug, Default)]
struct Counts {
    started: [u64; 3],
    live: [u64; 3],
    over_time: Histogram,
}

#[derive(Clone, Debug, Default)]
struct Both {
    ends: [Counts; 2],
    sums: Sums,
}

/// All reports.
#[derive(Debug, Default)]
pub struct Reports(BTreeMap<Key, Both>);

impl Reports {
    /// Adds a report.
    pub fn add(&mut self, report: Report, sample: Sample) {
        let both = self.0.entry(report.key).or_default();
        let counts = &mut both.ends[usize::from(report.at_destination)];
        let at = report.verdict as usize;
        counts.started[at] = counts.started[at].saturating_add(report.started);
        counts.live[at] = counts.live[at].max(report.live);
        if report.started > 0 {
            let over_time = &mut counts.over_time;
            over_time.add(report.first, report.verdict, report.started);
        }
        both.sums.seen(report.first);
        both.sums.sample(sample);
        both.sums.seen(report.last);
        if report.started == 0 && report.live == 0 {
            both.sums.uncounted = both.sums.uncounted.max(Some(report.verdict));
        }
        both.sums.inexact |= !report.is_exact;
        both.sums.services.extend(report.service);
        let [source, destination] = report.pods.map(|pod| pod.map(Arc::new));
        both.sums.source_pods.extend(source);
        both.sums.destination_pods.extend(destination);
    }

    /// The connections, for each the larger count of both ends.
    pub fn into_connections(self) -> impl Iterator<Item = (Key, Sums)> {
        self.0.into_iter().map(|(key, Both { ends, mut sums })| {
            let none_began = ends.iter().all(|end| end.started == [0; 3]);
            let of = |end: &Counts| if none_began { end.live } else { end.started };
            let [source, destination] = [of(&ends[0]), of(&ends[1])];
            let total = |end: [u64; 3]| end.iter().fold(0_u64, |sum, n| sum.saturating_add(*n));
            let count = total(source).max(total(destination));
            let of = |verdict: Verdict| [source[verdict as usize], destination[verdict as usize]];
            let [a, b] = of(Verdict::Dropped);
            sums.dropped = a.saturating_add(b).min(count);
            let [a, b] = of(Verdict::Audited);
            sums.audited = a.max(b).min(count - sums.dropped);
            sums.forwarded = count - sums.dropped - sums.audited;
            let [source, destination] = ends.map(|end| end.over_time);
            sums.over_time = source.of_both_ends(destination, sums.dropped);
            if none_began && let Some(first) = sums.first {
                let passed = count - sums.dropped;
                sums.over_time.add(first, Verdict::Forwarded, passed);
                sums.over_time.add(first, Verdict::Dropped, sums.dropped);
            }
            (key, sums)
        })
    }
}
