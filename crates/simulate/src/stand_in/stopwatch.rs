//! The time of one connection.

use std::time::Duration;

use fanlight_model::Timestamp;
use fanlight_runtime::Clock;

/// Tells the time of day of one connection's steps: the machine's clock is read once, at the start, and from then on only the
/// time passed, so that stamps and durations agree even where somebody sets the clock in between.
#[derive(Clone, Debug)]
pub(super) struct Stopwatch {
    clock: Clock,
    started_us: i64,
    began: Duration,
    last_us: i64,
}

impl Stopwatch {
    pub(super) fn start(clock: &Clock) -> Self {
        let (now, began) = (clock.now(), clock.elapsed());
        Self { clock: clock.clone(), started_us: now.as_nanos().div_euclid(1_000), began, last_us: 0 }
    }

    /// When it was started.
    pub(super) fn started(&self) -> Timestamp {
        Timestamp::from_micros(self.started_us)
    }

    /// Microseconds since the start.
    fn passed_us(&self) -> i64 {
        let passed = self.clock.elapsed().saturating_sub(self.began);
        i64::try_from(passed.as_micros()).unwrap_or(i64::MAX)
    }

    /// Now, to the microsecond.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.started_us.saturating_add(self.passed_us()))
    }

    /// Now, as the border of a step of the set-up: at least a microsecond after the last border, because on the wire a
    /// duration of 0 means that nothing was measured, and a step that takes no time is still measured.
    pub(super) fn step(&mut self) -> Timestamp {
        self.last_us = self.passed_us().max(self.last_us.saturating_add(1));
        Timestamp::from_micros(self.started_us.saturating_add(self.last_us))
    }
}

/// Whole microseconds between two stamps.
pub(super) fn micros_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.nanos_since(from) / 1_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_takes_at_least_the_smallest_time_that_can_be_told() {
        let clock = Clock::manual(Timestamp::from_seconds(100));
        let mut watch = Stopwatch::start(&clock);
        let (first, second) = (watch.step(), watch.step());
        assert_eq!(micros_between(watch.started(), first), 1);
        assert_eq!(micros_between(first, second), 1);
        clock.advance(Duration::from_millis(7));
        assert_eq!(micros_between(watch.started(), watch.step()), 7_000);
    }
}
