//! Names for streams that have none of their own.

use std::sync::atomic::{AtomicU64, Ordering};

use fanlight_model::Timestamp;

/// The low bits count a run's streams: four million, and then they go on into the next millisecond.
const COUNTER_BITS: u32 = 22;

/// Hands out ids that no other stream had, in this run of the server or an earlier one: the millisecond in which the run began,
/// which lasts to the year 2109, and a counter.
#[derive(Debug)]
pub(crate) struct SourceIds(AtomicU64);

impl SourceIds {
    pub(crate) fn starting_at(now: Timestamp) -> Self {
        let millis = u64::try_from(now.as_nanos() / 1_000_000).unwrap_or(0);
        Self(AtomicU64::new(millis << COUNTER_BITS))
    }

    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// Which run of the server a stream belonged to.
pub(crate) fn source_run(source_id: u64) -> u64 {
    source_id >> COUNTER_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_never_share_an_id() {
        let first = SourceIds::starting_at(Timestamp::from_millis(1_795_330_800_000));
        let second = SourceIds::starting_at(Timestamp::from_millis(1_795_330_800_001));
        let (a, b, c) = (first.next(), first.next(), second.next());
        assert!(a < b && b < c);
        assert_eq!(source_run(a), source_run(b));
        assert_ne!(source_run(a), source_run(c));
    }
}
