//! When connections began: counts in at most [`BUCKETS`] intervals of time, which are as wide as the time between the first and
//! the last one needs. Intervals begin at multiples of their width, which only ever doubles, so the order of counting changes
//! nothing.

use std::collections::BTreeMap;

use super::record::Verdict;
use super::time::{SECOND, Time};

/// There are never more.
pub const BUCKETS: usize = 96;
/// The narrowest interval: that of Calico's reports. Doubled twice, it is a whole minute.
const NARROWEST: Time = 15 * SECOND;

/// How many connections began in an interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Those that were forwarded, in audit mode as well.
    pub passed: u64,
    /// Those that a policy dropped.
    pub dropped: u64,
}

impl Bucket {
    /// All of them.
    pub fn count(self) -> u64 {
        self.passed.saturating_add(self.dropped)
    }

    fn add(&mut self, other: Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.dropped = self.dropped.saturating_add(other.dropped);
    }

    /// What two ends count of the same connections: the larger count, of which each end dropped some.
    fn of_both_ends(self, other: Self) -> Self {
        let count = self.count().max(other.count());
        let dropped = self.dropped.saturating_add(other.dropped).min(count);
        let passed = count - dropped;
        Self { passed, dropped }
    }
}

/// Counts by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// How long an interval is.
    width: Time,
    /// By the number of the interval since 1970; those in which nothing began are left out.
    buckets: BTreeMap<i64, Bucket>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            width: NARROWEST,
            buckets: BTreeMap::new(),
        }
    }
}

impl Histogram {
    /// Counts connections of a verdict that began at a time. None of them: the time is covered.
    pub fn add(&mut self, time: Time, verdict: Verdict, count: u64) {
        let mut bucket = Bucket::default();
        match verdict {
            Verdict::Dropped => bucket.dropped = count,
            Verdict::Forwarded | Verdict::Audited => bucket.passed = count,
        }
        self.add_bucket(time.div_euclid(self.width), bucket);
    }

    /// Adds all counts of another one.
    pub fn merge(&mut self, mut other: Self) {
        self.align(&mut other);
        for (at, bucket) in other.buckets {
            // Each may be the one that doubles the width.
            let time = at.saturating_mul(other.width);
            self.add_bucket(time.div_euclid(self.width), bucket);
        }
    }

    /// What both ends counted of the same connections.
    pub fn of_both_ends(mut self, mut other: Self) -> Self {
        self.align(&mut other);
        let mut both = Self {
            width: self.width,
            buckets: BTreeMap::new(),
        };
        let numbers = self.buckets.keys().chain(other.buckets.keys());
        for at in numbers {
            let of = |one: &Self| one.buckets.get(at).copied().unwrap_or_default();
            both.buckets.insert(*at, of(&self).of_both_ends(of(&other)));
        }
        both.limit();
        both
    }

    /// Each interval from the first to the last one, with when it begins; at most [`BUCKETS`].
    pub fn intervals(&self) -> impl ExactSizeIterator<Item = (Time, Bucket)> {
        let first = self.buckets.keys().next().copied().unwrap_or_default();
        (0..self.length()).map(move |nth| {
            let at = first.saturating_add(i64::try_from(nth).unwrap_or(i64::MAX));
            let bucket = self.buckets.get(&at).copied().unwrap_or_default();
            (at.saturating_mul(self.width), bucket)
        })
    }

    /// How long an interval is.
    pub fn width(&self) -> Time {
        self.width
    }

    /// How many connections there are in all.
    pub fn total(&self) -> Bucket {
        let mut total = Bucket::default();
        self.buckets.values().for_each(|bucket| total.add(*bucket));
        total
    }

    /// How many intervals there are from the first to the last one.
    fn length(&self) -> usize {
        let mut numbers = self.buckets.keys();
        let Some(first) = numbers.next() else {
            return 0;
        };
        let last = numbers.next_back().unwrap_or(first);
        usize::try_from(last - first + 1).unwrap_or(usize::MAX)
    }

    fn add_bucket(&mut self, at: i64, bucket: Bucket) {
        self.buckets.entry(at).or_default().add(bucket);
        self.limit();
    }

    /// Doubles the width until there are few enough intervals.
    fn limit(&mut self) {
        while self.length() > BUCKETS {
            self.double();
        }
    }

    /// Gives both the same width.
    fn align(&mut self, other: &mut Self) {
        while self.width < other.width {
            self.double();
        }
        while other.width < self.width {
            other.double();
        }
    }

    fn double(&mut self) {
        self.width *= 2;
        for (at, bucket) in std::mem::take(&mut self.buckets) {
            self.buckets
                .entry(at.div_euclid(2))
                .or_default()
                .add(bucket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FORWARDED: Verdict = Verdict::Forwarded;

    fn of(events: &[(Time, Verdict, u64)]) -> Histogram {
        let mut histogram = Histogram::default();
        for (time, verdict, count) in events {
            histogram.add(*time, *verdict, *count);
        }
        histogram
    }

    #[test]
    fn the_width_doubles_once_the_intervals_are_too_many() {
        let last = 15 * 96 * SECOND;
        let narrow = of(&[(0, FORWARDED, 1), (last - 1, Verdict::Dropped, 2)]);
        assert_eq!(narrow.width(), 15 * SECOND);
        assert_eq!(narrow.intervals().len(), BUCKETS);
        let wide = of(&[
            (0, FORWARDED, 1),
            (15 * SECOND, Verdict::Audited, 3),
            (last, Verdict::Dropped, 2),
        ]);
        assert_eq!(wide.width(), 30 * SECOND);
        let all: Vec<_> = wide.intervals().collect();
        assert_eq!(all.len(), 49);
        let bucket = |passed, dropped| Bucket { passed, dropped };
        assert_eq!(all[0], (0, bucket(4, 0)));
        assert_eq!(all[1], (30 * SECOND, Bucket::default()));
        assert_eq!(all[48], (last, bucket(0, 2)));
        assert_eq!(wide.total(), bucket(4, 2));
        assert_eq!(Histogram::default().intervals().len(), 0);
    }

    #[test]
    fn both_ends_count_the_same_connections() {
        let source = of(&[(0, FORWARDED, 10), (20 * SECOND, FORWARDED, 1)]);
        let destination = of(&[(0, Verdict::Dropped, 4), (0, FORWARDED, 6)]);
        let both = source.of_both_ends(destination);
        let (passed, dropped) = (6 + 1, 4);
        assert_eq!(both.total(), Bucket { passed, dropped });
    }

    fn some_event() -> impl Strategy<Value = (Time, Verdict, u64)> {
        let verdicts = vec![FORWARDED, Verdict::Audited, Verdict::Dropped];
        let seconds = |most: i64| (-most..most).prop_map(|time| time.saturating_mul(SECOND));
        let times = prop_oneof![seconds(1_000), seconds(1_000_000), any::<Time>()];
        (times, prop::sample::select(verdicts), 0_u64..9)
    }

    proptest! {
        #[test]
        fn neither_order_nor_parts_change_anything(
            (events, shuffled) in prop::collection::vec(some_event(), 0..40)
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            cut in 0_usize..40,
        ) {
            let expected = of(&events);
            prop_assert_eq!(&of(&shuffled), &expected);
            let (one, two) = shuffled.split_at(cut.min(shuffled.len()));
            for (one, two) in [(one, two), (two, one)] {
                let mut merged = of(one);
                merged.merge(of(two));
                prop_assert_eq!(&merged, &expected);
            }
        }

        #[test]
        fn each_event_is_counted_in_the_interval_of_its_time(events in prop::collection::vec(some_event(), 1..40)) {
            let histogram = of(&events);
            prop_assert!(histogram.intervals().len() <= BUCKETS);
            for (start, bucket) in histogram.intervals() {
                let is_in = |time: Time| time.div_euclid(histogram.width()) == start.div_euclid(histogram.width());
                // Where an interval begins before the first time there is, its beginning is cut off.
                if start > Time::MIN {
                    let inside = events.iter().filter(|(time, ..)| is_in(*time));
                    prop_assert_eq!(bucket.count(), inside.map(|(.., count)| count).sum::<u64>());
                }
            }
            prop_assert_eq!(histogram.total().count(), events.iter().map(|(.., count)| count).sum::<u64>());
        }
    }
}
