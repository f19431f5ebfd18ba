//! What the files contain beside connections: how much, from when to when, and what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::connection::Connection;
use super::histogram::Histogram;
use super::record::Verdict;
use super::time::Time;

/// One file.
#[derive(Clone, Debug, Default)]
pub struct SourceFile {
    /// Its name.
    pub file: String,
    /// `hubble`, `goldmane`, `whisker` or `csv`; none if it has no record.
    pub format: Option<&'static str>,
    /// Its lines.
    pub lines: u64,
    /// Its records of connections.
    pub records: u64,
    /// What should be a record but cannot be read.
    pub malformed: u64,
    /// The line of the first of these.
    pub first_malformed: Option<u32>,
    /// The time of its first record.
    pub first: Option<Time>,
    /// The time of its last one.
    pub last: Option<Time>,
    /// The nodes that recorded it.
    pub nodes: BTreeSet<String>,
}

impl SourceFile {
    /// Counts what should be a record, on a line.
    pub(super) fn malformed(&mut self, line: u32) {
        self.malformed += 1;
        let first = self.first_malformed.get_or_insert(line);
        *first = line.min(*first);
    }

    /// Counts a record of a format.
    pub fn record(&mut self, format: &'static str, times: &[Time]) {
        self.format.get_or_insert(format);
        self.records += 1;
        for &time in times {
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
            self.last = Some(self.last.map_or(time, |last| last.max(time)));
        }
    }
}

/// All files.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// Each file, in the order given.
    pub sources: Vec<SourceFile>,
    /// Events that the recorders say they lost.
    pub lost: u64,
    /// Nodes that were gone or unavailable.
    pub unavailable: BTreeSet<String>,
    /// Records that are no connection, by reason.
    pub ignored: BTreeMap<String, u64>,
    /// Whether the recorders tell requests from answers.
    pub has_directions: bool,
    /// When the connections of all files began, from the first record to the last one.
    pub over_time: Histogram,
    /// Only connections that began then are counted; none: all.
    pub between: Option<Range<Time>>,
}

impl Capture {
    /// Whether more than one event of a hundred is lost, so that little follows from what was not seen.
    pub fn is_lossy(&self) -> bool {
        let records: u64 = self.sources.iter().map(|s| s.records).sum();
        self.lost > 0 && self.lost.saturating_mul(99) > records
    }

    /// Whether a connection that began at a time counts; one without a time only where all do.
    pub(super) fn counts(&self, began: Option<Time>) -> bool {
        match (&self.between, began) {
            (None, _) => true,
            (Some(between), Some(began)) => between.contains(&began),
            (Some(_), None) => false,
        }
    }

    /// Counts records that are no connection.
    pub fn ignore(&mut self, reason: &str, count: u64) {
        if count > 0 {
            *self.ignored.entry(reason.to_owned()).or_default() += count;
        }
    }

    /// Counts when connections began.
    pub(super) fn count_over_time(&mut self, connections: &[Connection]) {
        let mut all = Histogram::default();
        for connection in connections {
            all.merge(connection.sums.over_time.clone());
        }
        self.cover(&mut all);
        self.over_time = all;
    }

    /// Extends counts to the time that is recorded, or to the window of it that counts; no counts stay none.
    pub fn cover(&self, over_time: &mut Histogram) {
        let Some((first, last)) = self.first().zip(self.last()) else {
            return;
        };
        let (first, last) = match &self.between {
            Some(between) => (
                first.max(between.start),
                last.min(between.end.saturating_sub(1)),
            ),
            None => (first, last),
        };
        if over_time.total().count() > 0 && first <= last {
            over_time.add(first, Verdict::Forwarded, 0);
            over_time.add(last, Verdict::Forwarded, 0);
        }
    }

    /// The time of the first record.
    pub fn first(&self) -> Option<Time> {
        self.sources.iter().filter_map(|source| source.first).min()
    }

    /// The time of the last one.
    pub fn last(&self) -> Option<Time> {
        self.sources.iter().filter_map(|source| source.last).max()
    }
}
