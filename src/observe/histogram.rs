//! When connections began: counts in at most [`BUCKETS`] intervals of time, which are as wide as the time between the first and
//! the last one needs. Intervals begin at multiples of their width, which only ever doubles, so the order of counting changes
//! nothing.

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

    /// The same connections, of which so many were dropped, or all.
    fn with_dropped(self, dropped: u64) -> Self {
        let dropped = dropped.min(self.count());
        let passed = self.count() - dropped;
        Self { passed, dropped }
    }
}

/// Counts by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// How long an interval is.
    width: Time,
    /// By the number of the interval since 1970, in order; those in which nothing began are left out. Most connections of a
    /// large recording began in one interval, so it is as large as it needs to be.
    buckets: Vec<(i64, Bucket)>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            width: NARROWEST,
            buckets: Vec::new(),
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

    /// What both ends counted of the same connections, so many of which were dropped at one of them: the counts of the end that
    /// counted more, as the total is. Intervals without room for what the other end dropped pass it on.
    pub fn of_both_ends(mut self, mut other: Self, dropped: u64) -> Self {
        self.align(&mut other);
        let (mut more, less) = match self.total().count() >= other.total().count() {
            true => (self, other),
            false => (other, self),
        };
        let mut left = dropped;
        for (at, bucket) in &mut more.buckets {
            let both = bucket.dropped.saturating_add(less.at(*at).dropped);
            *bucket = bucket.with_dropped(both.min(left));
            left -= bucket.dropped;
        }
        for (_, bucket) in &mut more.buckets {
            let added = left.min(bucket.passed);
            *bucket = bucket.with_dropped(bucket.dropped + added);
            left -= added;
        }
        more
    }

    /// Each interval from the first to the last one, with when it begins; at most [`BUCKETS`].
    pub fn intervals(&self) -> impl ExactSizeIterator<Item = (Time, Bucket)> {
        let first = self.buckets.first().map_or(0, |(at, _)| *at);
        (0..self.length()).map(move |nth| {
            let at = first.saturating_add(i64::try_from(nth).unwrap_or(i64::MAX));
            (at.saturating_mul(self.width), self.at(at))
        })
    }

    /// How long an interval is.
    pub fn width(&self) -> Time {
        self.width
    }

    /// How many connections there are in all.
    pub fn total(&self) -> Bucket {
        let mut total = Bucket::default();
        let all = self.buckets.iter();
        all.for_each(|(_, bucket)| total.add(*bucket));
        total
    }

    /// How many intervals there are from the first to the last one.
    fn length(&self) -> usize {
        let ends = self.buckets.first().zip(self.buckets.last());
        let length = |((first, _), (last, _)): (&(i64, _), &(i64, _))| last - first + 1;
        ends.map_or(0, |ends| {
            usize::try_from(length(ends)).unwrap_or(usize::MAX)
        })
    }

    /// The counts of an interval, by its number.
    fn at(&self, at: i64) -> Bucket {
        let found = self.buckets.binary_search_by_key(&at, |(at, _)| *at);
        let found = found.ok().and_then(|place| self.buckets.get(place));
        found.map_or_else(Bucket::default, |(_, bucket)| *bucket)
    }

    fn add_bucket(&mut self, at: i64, bucket: Bucket) {
        match self.buckets.binary_search_by_key(&at, |(at, _)| *at) {
            Ok(place) => self.buckets[place].1.add(bucket),
            Err(place) => {
                if self.buckets.is_empty() {
                    self.buckets.reserve_exact(1);
                }
                self.buckets.insert(place, (at, bucket));
            }
        }
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
        for (at, _) in &mut self.buckets {
            *at = at.div_euclid(2);
        }
        self.buckets.dedup_by(|(at, bucket), (before, sum)| {
            let is_same = at == before;
            if is_same {
                sum.add(*bucket);
            }
            is_same
        });
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
    fn the_end_that_counted_more_counts_and_both_dropped() {
        let source = of(&[(0, FORWARDED, 10), (20 * SECOND, FORWARDED, 1)]);
        let destination = of(&[(0, Verdict::Dropped, 4), (0, FORWARDED, 6)]);
        let both = source.clone().of_both_ends(destination.clone(), 4);
        let bucket = |passed, dropped| Bucket { passed, dropped };
        let all: Vec<Bucket> = both.intervals().map(|(_, bucket)| bucket).collect();
        assert_eq!(all, [bucket(6, 4), bucket(1, 0)]);
        assert_eq!(destination.of_both_ends(source, 4), both);
        // The other end counted in another interval: it is counted once, and what it dropped is not lost.
        let early = of(&[(0, FORWARDED, 3)]);
        let late = of(&[(20 * SECOND, Verdict::Dropped, 2)]);
        assert_eq!(early.of_both_ends(late, 2).total(), bucket(1, 2));
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
        fn what_both_ends_count_is_the_larger_count(
            source in prop::collection::vec(some_event(), 0..20),
            destination in prop::collection::vec(some_event(), 0..20),
        ) {
            let [one, two] = [of(&source), of(&destination)];
            let [a, b] = [one.total(), two.total()];
            let count = a.count().max(b.count());
            let dropped = (a.dropped + b.dropped).min(count);
            let both = one.of_both_ends(two, dropped);
            prop_assert_eq!(both.total(), Bucket { passed: count - dropped, dropped });
            prop_assert!(both.intervals().len() <= BUCKETS);
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
