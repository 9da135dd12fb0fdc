//! Bandwidth classes as token buckets: a rate, a burst, and bytes that wait for their turn.

use std::collections::BTreeMap;

use fanlight_model::Timestamp;

use crate::clock::seconds;
use crate::incident::{Fault, Incidents};

/// Nobody waits longer: the sender slows down. Where nothing is wrong a class has room for that soon.
const MOST_NS: f64 = 8e9;
const MOST_USUALLY_NS: f64 = 3e8;
/// A class has so many times what people need of it on a usual day; a tenth of it is half of what they need.
const ROOM: f64 = 2.5;
/// A second and a half of its rate may pass at once.
const BURST_S: f64 = 1.5;

/// The buckets, one for a department and class.
#[derive(Debug)]
pub(crate) struct Bandwidth {
    /// Bytes in a second for one person.
    rate_per_person: f64,
    buckets: BTreeMap<(usize, &'static str), Bucket>,
}

#[derive(Debug)]
struct Bucket {
    people: f64,
    filled: f64,
    at: Timestamp,
}

/// What a class did to some bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Throttled {
    pub(crate) delay_ns: i64,
    pub(crate) bytes: u64,
    /// The incident without which they would not have waited.
    pub(crate) incident: Option<u32>,
}

impl Bandwidth {
    /// Classes with room for a usual day.
    pub(crate) fn new(visits_per_hour: f64) -> Self {
        const REQUESTS: f64 = 40.0;
        const MEAN_BYTES: f64 = 25_000.0;
        let needed = visits_per_hour / 3_600.0 * REQUESTS * MEAN_BYTES * 0.6;
        Self { rate_per_person: needed * ROOM, buckets: BTreeMap::new() }
    }

    /// Bytes of a department's class pass.
    pub(crate) fn pass(
        &mut self,
        now: Timestamp,
        (department, people): (usize, usize),
        class: &'static str,
        bytes: u64,
        incidents: &Incidents,
    ) -> Throttled {
        let incident = incidents.of(now, &Fault::Throttle { department });
        let (factor, floor) = incident.map_or((1.0, 200_000.0), |(_, factor)| (factor, 20_000.0));
        let bucket = self.buckets.entry((department, class)).or_insert_with(|| Bucket {
            people: people as f64,
            filled: 1e9,
            at: now,
        });
        let rate = (self.rate_per_person * bucket.people * factor).max(floor);
        let since = seconds(now.nanos_since(bucket.at)).max(0.0);
        bucket.filled = (bucket.filled + since * rate).min(rate * BURST_S);
        bucket.at = bucket.at.max(now);
        bucket.filled -= bytes as f64;
        if bucket.filled >= 0.0 {
            return Throttled::default();
        }
        let owed = -bucket.filled;
        let most = if incident.is_some() { MOST_NS } else { MOST_USUALLY_NS };
        let delay = (owed / rate * 1e9).min(most);
        // Who slows down does not owe more than that.
        bucket.filled = bucket.filled.max(-rate * most / 1e9);
        Throttled {
            delay_ns: delay as i64,
            bytes: bytes.min(owed as u64),
            incident: incident.map(|(number, _)| number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_over_the_rate_wait_and_the_bucket_fills_again() {
        let mut bandwidth = Bandwidth { rate_per_person: 1_000_000.0, buckets: BTreeMap::new() };
        let incidents = Incidents::default();
        let now = Timestamp::from_seconds(100);
        let mut pass = |at: Timestamp, bytes| bandwidth.pass(at, (0, 1), "web", bytes, &incidents);
        assert_eq!(pass(now, 1_000_000).delay_ns, 0);
        assert_eq!(pass(now, 700_000).delay_ns, 200_000_000);
        assert_eq!(pass(now, 5_000_000).delay_ns, 300_000_000);
        assert_eq!(pass(now.shifted(3_000_000_000), 100_000).delay_ns, 0);
    }
}
