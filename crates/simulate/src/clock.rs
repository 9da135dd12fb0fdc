//! Lengths of time, and the wrong clocks of machines.

use fanlight_model::Timestamp;

use crate::random::Random;

pub(crate) const MICRO: i64 = 1_000;
pub(crate) const MILLI: i64 = 1_000_000;
pub(crate) const SECOND: i64 = 1_000_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;

/// Nanoseconds as seconds.
pub(crate) fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

/// A machine's clock: what it shows at a true time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostClock {
    /// What it is ahead by when the company begins.
    pub(crate) offset_ns: i64,
    /// Nanoseconds that it gains in a second.
    pub(crate) drift_ppb: i64,
    /// The company's begin.
    pub(crate) since: Timestamp,
    /// When it is set, and by how much.
    pub(crate) step: Option<(Timestamp, i64)>,
}

impl HostClock {
    /// A clock that is wrong by some nanoseconds and gains nothing.
    pub(crate) fn wrong_by(offset_ns: i64, since: Timestamp) -> Self {
        Self { offset_ns, since, ..Self::default() }
    }

    /// A pod's host: most are a few milliseconds wrong, some a few hundred, a few two seconds; 1 % are set once an hour.
    pub(crate) fn of_host(random: &mut Random, since: Timestamp) -> Self {
        let sigma = match random.unit() {
            share if share < 0.80 => 5.0 * random.normal() * 1e6,
            share if share < 0.95 => 200.0 * random.normal() * 1e6,
            _ if random.chance(0.5) => 2e9,
            _ => -2e9,
        };
        let drift = 20_000.0 * random.normal();
        let step = random.chance(0.01).then(|| {
            (since.shifted(random.nanos_between(0, HOUR)), random.nanos_between(-500 * MILLI, 500 * MILLI))
        });
        Self { offset_ns: whole(sigma), drift_ppb: whole(drift), since, step }
    }

    /// What it is ahead by at a true time.
    pub(crate) fn error_at(&self, time: Timestamp) -> i64 {
        let drift = time.nanos_since(self.since) / SECOND * self.drift_ppb;
        let step = self.step.filter(|(at, _)| *at <= time).map_or(0, |(_, by)| by);
        self.offset_ns + drift + step
    }

    /// What it shows at a true time.
    pub(crate) fn read(&self, time: Timestamp) -> Timestamp {
        time.shifted(self.error_at(time))
    }
}

fn whole(nanos: f64) -> i64 {
    nanos as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_drifts_and_is_set() {
        let since = Timestamp::from_seconds(1_000);
        let clock =
            HostClock { offset_ns: 5, drift_ppb: 20, since, step: Some((since.shifted(10 * SECOND), 1_000)) };
        assert_eq!(clock.error_at(since), 5);
        assert_eq!(clock.error_at(since.shifted(9 * SECOND)), 5 + 180);
        assert_eq!(clock.error_at(since.shifted(10 * SECOND)), 5 + 200 + 1_000);
    }
}
