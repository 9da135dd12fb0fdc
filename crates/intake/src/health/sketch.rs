//! How late the records of a feed are: counts by size over a sliding quarter of an hour of arrival time.
//!
//! A bucket is a sixty-fourth of a power of two of milliseconds and tells its middle, so that a quantile is at most 1/128 beside the
//! value that was observed: under 1 %. Below 64 ms a bucket is one millisecond. A record that came before its own stamp is counted
//! likewise with a sign. The open minute is a plain array; minutes that are over keep the buckets that are not empty.
//!
//! Memory: 11 KiB for the open minute, and at most 23 KiB a closed one, of which there are fourteen; a feed whose delays spread
//! over 100 buckets takes 12 KiB for them all.

use std::collections::VecDeque;

use fanlight_model::Timestamp;

/// Buckets of one power of two.
const SUB: u64 = 64;
const SUB_BITS: u32 = SUB.trailing_zeros();
/// Delays from 2²⁸ ms on, which are three days, share one bucket: of them no more is known.
const MAX_BITS: u32 = 28;
/// What a delay of that bucket is told as.
pub(crate) const CAP_MS: i64 = 1 << MAX_BITS;
/// Buckets of one sign that tell their values, and of those beyond them.
const TELLING: usize = SUB as usize * (MAX_BITS - SUB_BITS + 1) as usize;
const SIDE: usize = TELLING + 1;
const BUCKETS: usize = 2 * SIDE;

const NANOS_PER_MILLI: i64 = 1_000_000;
pub(crate) const NANOS_PER_MINUTE: i64 = 60_000_000_000;
/// How far back it looks, the open minute included.
pub(crate) const WINDOW_MINUTES: i64 = 15;

/// What was counted in one minute beside the delays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Levels {
    pub(crate) strict: u64,
    pub(crate) repaired: u64,
    pub(crate) raw: u64,
    pub(crate) dropped: u64,
}

impl Levels {
    pub(crate) const fn add(&mut self, other: &Self) {
        self.strict += other.strict;
        self.repaired += other.repaired;
        self.raw += other.raw;
        self.dropped += other.dropped;
    }

    pub(crate) const fn lines(&self) -> u64 {
        self.strict + self.repaired + self.raw + self.dropped
    }
}

/// Delays and counts of the last quarter of an hour.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// The minute since 1970 that is open.
    minute: i64,
    open: Box<[u32]>,
    pub(crate) levels: Levels,
    closed: VecDeque<Minute>,
}

#[derive(Clone, Debug)]
struct Minute {
    minute: i64,
    counts: Box<[(u16, u32)]>,
    levels: Levels,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            minute: i64::MIN,
            open: vec![0; BUCKETS].into(),
            levels: Levels::default(),
            closed: VecDeque::new(),
        }
    }
}

/// Values at the asked-for shares of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delays {
    /// Records that they are of.
    pub(crate) records: u64,
    pub(crate) p01_ms: i64,
    pub(crate) p50_ms: i64,
    pub(crate) p99_ms: i64,
    pub(crate) p999_ms: i64,
}

impl Window {
    /// Opens the minute of `arrival` where it is a later one. True where it did. A clock that steps back counts into the open minute.
    pub(crate) fn advance(&mut self, arrival: Timestamp) -> bool {
        let minute = minute_of(arrival);
        if minute <= self.minute {
            return false;
        }
        let levels = std::mem::take(&mut self.levels);
        let counts: Box<[(u16, u32)]> = self.held().collect();
        if self.minute != i64::MIN && (levels.lines() > 0 || !counts.is_empty()) {
            self.closed.push_back(Minute { minute: self.minute, counts, levels });
        }
        self.open.fill(0);
        self.minute = minute;
        while self.closed.front().is_some_and(|closed| closed.minute <= minute - WINDOW_MINUTES) {
            self.closed.pop_front();
        }
        true
    }

    /// Counts a delay into the open minute.
    pub(crate) fn observe(&mut self, delay_nanos: i64) {
        if let Some(count) = self.open.get_mut(bucket(delay_nanos)) {
            *count = count.saturating_add(1);
        }
    }

    /// Parse levels of the quarter of an hour before `now`.
    pub(crate) fn levels(&self, now: Timestamp) -> Levels {
        let from = minute_of(now) - WINDOW_MINUTES;
        let mut all = if self.minute > from { self.levels } else { Levels::default() };
        for closed in self.closed.iter().filter(|closed| closed.minute > from) {
            all.add(&closed.levels);
        }
        all
    }

    /// Delays of the quarter of an hour before `now`; `None` where nothing with a stamp came.
    pub(crate) fn delays(&self, now: Timestamp) -> Option<Delays> {
        let from = minute_of(now) - WINDOW_MINUTES;
        let mut counts = if self.minute > from { self.open.to_vec() } else { vec![0; BUCKETS] };
        for closed in self.closed.iter().filter(|closed| closed.minute > from) {
            for (at, count) in &closed.counts {
                if let Some(sum) = counts.get_mut(usize::from(*at)) {
                    *sum = sum.saturating_add(*count);
                }
            }
        }
        let records: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        let at = |per_mille: u64| quantile(&counts, records, per_mille);
        (records > 0).then(|| Delays {
            records,
            p01_ms: at(10),
            p50_ms: at(500),
            p99_ms: at(990),
            p999_ms: at(999),
        })
    }

    /// Buckets of the open minute that are not empty.
    fn held(&self) -> impl Iterator<Item = (u16, u32)> {
        let held = self.open.iter().enumerate().filter(|(_, count)| **count > 0);
        held.filter_map(|(at, count)| Some((u16::try_from(at).ok()?, *count)))
    }
}

/// The smallest bucket under or at which this share of the values lies.
fn quantile(counts: &[u32], records: u64, per_mille: u64) -> i64 {
    let rank = (records.saturating_mul(per_mille)).div_ceil(1000).max(1);
    let mut seen = 0;
    for (at, count) in counts.iter().enumerate() {
        seen += u64::from(*count);
        if seen >= rank {
            return middle_ms(at);
        }
    }
    0
}

fn minute_of(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(NANOS_PER_MINUTE)
}

/// The place of a delay: from the most negative to the longest.
fn bucket(delay_nanos: i64) -> usize {
    let millis = delay_nanos.div_euclid(NANOS_PER_MILLI);
    let size = millis.unsigned_abs();
    let side = size_bucket(if millis < 0 { size - 1 } else { size });
    if millis < 0 { SIDE - 1 - side } else { SIDE + side }
}

fn size_bucket(size: u64) -> usize {
    if size >> MAX_BITS > 0 {
        return TELLING;
    }
    let bits = u64::BITS - size.leading_zeros();
    // Values below 64 stand for themselves; above, the first seven bits of a number are its place.
    let shift = bits.saturating_sub(SUB_BITS + 1);
    usize::try_from(u64::from(shift) * SUB + (size >> shift)).unwrap_or(TELLING).min(TELLING)
}

fn middle_ms(at: usize) -> i64 {
    match at.checked_sub(SIDE) {
        Some(place) => size_of(place),
        None => -1 - size_of(SIDE - 1 - at),
    }
}

fn size_of(place: usize) -> i64 {
    if place >= TELLING {
        return CAP_MS;
    }
    let (sub, place) = (SUB as i64, i64::try_from(place).unwrap_or(0));
    let shift = (place / sub - 1).max(0);
    let first = (place - shift * sub) << shift;
    first + (1_i64 << shift) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(second)
    }

    proptest! {
        /// Whatever the delay, its bucket tells it within one part in a hundred, or a millisecond; order is kept.
        #[test]
        fn a_bucket_is_close_to_its_values(a in -200_000_000_i64..200_000_000, b in -200_000_000_i64..200_000_000) {
            for millis in [a, b] {
                let told = middle_ms(bucket(millis * NANOS_PER_MILLI));
                prop_assert!((told - millis).abs() * 100 <= millis.abs().max(100), "{millis} became {told}");
            }
            let of = |millis: i64| bucket(millis * NANOS_PER_MILLI);
            prop_assert!(a >= b || of(a) <= of(b));
        }

        /// The order in which delays came within the window changes no quantile.
        #[test]
        fn order_changes_no_quantile(mut delays in prop::collection::vec(-5_000_i64..4_000_000, 1..200)) {
            let told = |delays: &[i64]| {
                let mut window = Window::default();
                window.advance(at(0));
                delays.iter().for_each(|delay| window.observe(delay * NANOS_PER_MILLI));
                window.delays(at(1))
            };
            let before = told(&delays);
            delays.reverse();
            prop_assert_eq!(before, told(&delays));
        }
    }

    #[test]
    fn quantiles_are_those_of_the_last_quarter_of_an_hour() {
        let mut window = Window::default();
        for second in 0..3600 {
            window.advance(at(second));
            // A second late at first, ten later.
            let late = if second < 1800 { 1 } else { 10 };
            window.observe(late * 1000 * NANOS_PER_MILLI);
            window.levels.strict += 1;
        }
        let delays = window.delays(at(3599)).unwrap();
        assert_eq!(delays.records, 900);
        assert!((9_900..=10_100).contains(&delays.p01_ms), "{delays:?}");
        assert_eq!(window.levels(at(3599)).strict, 900);
        assert_eq!(window.delays(at(3599 + 900)), None);
        assert!(window.closed.len() < WINDOW_MINUTES as usize);
    }

    #[test]
    fn the_longest_and_the_most_negative_are_held() {
        for nanos in [i64::MIN, i64::MAX] {
            assert!(bucket(nanos) < BUCKETS);
        }
        let told = |millis: i64| middle_ms(bucket(millis * NANOS_PER_MILLI));
        for beyond in [CAP_MS, CAP_MS + 1, 30 * CAP_MS] {
            assert_eq!((told(beyond), told(-beyond - 1)), (CAP_MS, -CAP_MS - 1), "{beyond}");
        }
        assert!(told(CAP_MS - 1) < CAP_MS && told(-CAP_MS) > -CAP_MS);
        assert_eq!(middle_ms(bucket(0)), 0);
        assert_eq!(middle_ms(bucket(-NANOS_PER_MILLI)), -1);
        assert_eq!(middle_ms(bucket(-1)), -1);
    }
}
