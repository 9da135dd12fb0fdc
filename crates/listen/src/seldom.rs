//! Keeps what a peer does wrong again and again from filling the log.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fanlight_runtime::Clock;

/// At most one warning of a kind in this time; the counters have them all.
const APART: Duration = Duration::from_secs(10);

/// Says when the next warning is due.
#[derive(Debug, Default)]
pub(crate) struct Seldom(Mutex<Last>);

#[derive(Debug, Default)]
struct Last {
    told: Option<Duration>,
    untold: u64,
}

impl Seldom {
    /// How many went untold before this one; nothing where this one goes untold, too.
    pub(crate) fn is_due(&self, clock: &Clock) -> Option<u64> {
        let now = clock.elapsed();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.told.is_some_and(|told| now.saturating_sub(told) < APART) {
            last.untold += 1;
            return None;
        }
        last.told = Some(now);
        Some(std::mem::take(&mut last.untold))
    }
}

#[cfg(test)]
mod tests {
    use fanlight_model::Timestamp;

    use super::*;

    #[test]
    fn what_repeats_is_told_with_how_often_it_was_not() {
        let (seldom, clock) = (Seldom::default(), Clock::manual(Timestamp::from_seconds(5)));
        assert_eq!(seldom.is_due(&clock), Some(0));
        assert_eq!((seldom.is_due(&clock), seldom.is_due(&clock)), (None, None));
        clock.advance(APART);
        assert_eq!((seldom.is_due(&clock), seldom.is_due(&clock)), (Some(2), None));
    }
}
