//! When a feed speaks, and when it stopped although it used to: gaps.
//!
//! Arrivals are looked at in steps of ten seconds, so that a burst counts once. A feed is regular once 32 intervals between such
//! steps are known; its usual interval is the one that nine of ten do not exceed. A pause of more than five times that, and of more
//! than a minute, is a gap.

use std::collections::VecDeque;

use fanlight_model::Timestamp;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const STEP_NANOS: i64 = 10 * NANOS_PER_SECOND;
/// Intervals that make a feed regular; the latest are kept.
const INTERVALS: usize = 32;
const TIMES_USUAL: i64 = 5;
/// A shorter pause is none, however steady the feed.
const LEAST_GAP_NANOS: i64 = 60 * NANOS_PER_SECOND;
/// Gaps that are kept with their times; the count goes on.
const MAX_GAPS: usize = 16;

/// A pause of a feed that used to be regular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The arrival before it.
    pub start: Timestamp,
    /// The arrival after it; `None` while it lasts.
    pub end: Option<Timestamp>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Rhythm {
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    step: i64,
    /// In steps.
    intervals: VecDeque<i64>,
    gaps: VecDeque<Gap>,
    total: u64,
}

impl Rhythm {
    pub(crate) fn arrived(&mut self, at: Timestamp) {
        let Some(last) = self.last else {
            (self.first, self.last, self.step) = (Some(at), Some(at), step_of(at));
            return;
        };
        if at <= last {
            return;
        }
        if self.is_gap(at) {
            self.total += 1;
            if self.gaps.len() == MAX_GAPS {
                self.gaps.pop_front();
            }
            self.gaps.push_back(Gap { start: last, end: Some(at) });
        }
        self.last = Some(at);
        let step = step_of(at);
        if step > self.step {
            if self.intervals.len() == INTERVALS {
                self.intervals.pop_front();
            }
            self.intervals.push_back(step - self.step);
            self.step = step;
        }
    }

    pub(crate) const fn first(&self) -> Option<Timestamp> {
        self.first
    }

    pub(crate) const fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Whether the feed used to be regular, and at `now` has paused for too long.
    pub(crate) fn is_gap(&self, now: Timestamp) -> bool {
        let pause = self.last.map_or(0, |last| now.nanos_since(last));
        // Nearly always the answer; the rest costs a sort.
        pause > LEAST_GAP_NANOS
            && self.usual_nanos().is_some_and(|usual| pause > usual.saturating_mul(TIMES_USUAL))
    }

    /// The usual interval; `None` while too few are known.
    pub(crate) fn usual_nanos(&self) -> Option<i64> {
        if self.intervals.len() < INTERVALS {
            return None;
        }
        let mut sorted: Vec<i64> = self.intervals.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(INTERVALS * 9 / 10).map(|steps| steps.saturating_mul(STEP_NANOS))
    }

    /// The latest gaps, the one that lasts at `now` among them, the latest last.
    pub(crate) fn gaps(&self, now: Timestamp) -> Vec<Gap> {
        let lasting = self.last.filter(|_| self.is_gap(now)).map(|start| Gap { start, end: None });
        self.gaps.iter().copied().chain(lasting).collect()
    }

    /// How many there were that ended.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }
}

const fn step_of(at: Timestamp) -> i64 {
    at.as_nanos().div_euclid(STEP_NANOS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + second)
    }

    fn check(arrivals: impl Iterator<Item = i64>, expected: &[(i64, i64)]) -> Rhythm {
        let mut rhythm = Rhythm::default();
        arrivals.for_each(|second| rhythm.arrived(at(second)));
        let expected: Vec<Gap> =
            expected.iter().map(|(start, end)| Gap { start: at(*start), end: Some(at(*end)) }).collect();
        assert_eq!(rhythm.gaps(rhythm.last().unwrap()), expected);
        rhythm
    }

    #[test]
    fn a_steady_feed_that_pauses_has_a_gap() {
        let rhythm = check((0..400).chain(600..700), &[(399, 600)]);
        assert_eq!(rhythm.total(), 1);
        assert!(rhythm.gaps(at(750)).len() == 1 && rhythm.gaps(at(761)).len() == 2);
        assert_eq!(rhythm.gaps(at(761)).last().unwrap().end, None);
    }

    /// A batch every five minutes, in a burst of a few seconds: its pauses are its rhythm.
    #[test]
    fn bursts_are_no_gaps() {
        let bursts = (0..40).flat_map(|burst| (0..5).map(move |second| burst * 300 + second));
        check(bursts, &[]);
    }

    /// What speaks now and then is never regular enough to be missed soon.
    #[test]
    fn a_rare_feed_has_no_gap() {
        check([0, 4_000, 4_010, 90_000].into_iter(), &[]);
    }

    #[test]
    fn gaps_are_bounded() {
        let mut rhythm = Rhythm::default();
        let mut second = 0;
        for _ in 0..100 {
            for _ in 0..400 {
                second += 1;
                rhythm.arrived(at(second));
            }
            second += 1_000;
        }
        rhythm.arrived(at(second));
        assert_eq!((rhythm.gaps(at(second)).len(), rhythm.total()), (MAX_GAPS, 100));
    }
}
