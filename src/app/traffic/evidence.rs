//! What a recording shows of one arrow or flow: computed once, with the comparison, because it may stand for a million
//! connections.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::observe::time::Time;
use crate::observe::{Connection, Histogram, Observed, Sample};

/// So many samples are kept.
const SAMPLES: usize = 3;
/// So many addresses of an end are kept.
const ADDRESSES: usize = 6;

/// What was recorded of all connections of an arrow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArrowEvidence {
    /// How many were forwarded.
    pub forwarded: u64,
    /// How many were forwarded although policies would deny them.
    pub audited: u64,
    /// How many were dropped by a policy.
    pub dropped: u64,
    /// Whether the counts are estimates.
    pub is_estimate: bool,
    /// When the first one began.
    pub first: Option<Time>,
    /// When the last one was seen.
    pub last: Option<Time>,
    /// When they began, in the time that the recording covers; those without a recorded time are not in it.
    pub over_time: Histogram,
    /// Policies that allowed one, as the recorder names them.
    pub allowed: BTreeSet<String>,
    /// Policies that denied one.
    pub denied: BTreeSet<String>,
    /// The least addresses of the sources and of the destinations, and how many there are of each.
    pub addresses: [(Vec<IpAddr>, usize); 2],
    /// The first records.
    pub samples: Vec<Sample>,
}

impl ArrowEvidence {
    /// Of the connections at these places of a recording.
    pub fn of(places: &[usize], observed: &Observed) -> Self {
        let mut found = Self::default();
        let mut addresses = [BTreeSet::new(), BTreeSet::new()];
        let all = places.iter().filter_map(|at| observed.connections.get(*at));
        for connection in all {
            found.add(connection);
            let sums = &connection.sums;
            let [sources, destinations] = &mut addresses;
            sources.extend(&sums.source_addresses);
            destinations.extend(&sums.addresses);
        }
        observed.capture.cover(&mut found.over_time);
        found.addresses = addresses.map(|all| {
            let least = all.iter().take(ADDRESSES).copied().collect();
            (least, all.len())
        });
        found
    }

    fn add(&mut self, connection: &Connection) {
        let sums = &connection.sums;
        self.forwarded = self.forwarded.saturating_add(sums.forwarded);
        self.audited = self.audited.saturating_add(sums.audited);
        self.dropped = self.dropped.saturating_add(sums.dropped);
        self.is_estimate |= sums.inexact;
        self.first = [self.first, sums.first].into_iter().flatten().min();
        self.last = self.last.max(sums.last);
        self.over_time.merge(sums.over_time.clone());
        for (all, names) in [
            (&mut self.allowed, &sums.allowed),
            (&mut self.denied, &sums.denied),
        ] {
            let new = names.iter().filter(|name| !all.contains(*name));
            let new: Vec<String> = new.cloned().collect();
            all.extend(new);
        }
        self.samples.extend(sums.samples.iter().cloned());
        self.samples.sort();
        self.samples.truncate(SAMPLES);
    }

    /// How many connections there were.
    pub fn count(&self) -> u64 {
        let passed = self.forwarded.saturating_add(self.audited);
        passed.saturating_add(self.dropped)
    }
}
