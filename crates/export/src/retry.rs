//! When to try again: full jitter, and what the receiver asks for.

use std::time::Duration;

use fanlight_model::Timestamp;

/// How long the pauses between tries are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The first pause is at most this …
    pub(crate) first: Duration,
    /// … each later one at most twice the one before, and never more than this.
    pub(crate) longest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(30) }
    }
}

/// A receiver may ask for a longer pause than ours, within reason.
const LONGEST_ASKED: Duration = Duration::from_secs(15 * 60);

/// The pauses of one target. The same seed gives the same pauses.
#[derive(Debug)]
pub(crate) struct Backoff {
    pace: Pace,
    tries: u32,
    random: u64,
}

impl Backoff {
    pub(crate) fn new(pace: Pace, seed: u64) -> Self {
        Self { pace, tries: 0, random: seed }
    }

    /// It worked: the next pause is a first one again.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }

    /// How many pauses since it last worked.
    pub(crate) fn tries(&self) -> u32 {
        self.tries
    }

    /// The next pause: anything between nothing and the bound ("full jitter"), so that senders who failed together do not
    /// come back together. Never before the receiver asked for.
    pub(crate) fn pause(&mut self, asked: Option<Duration>) -> Duration {
        let factor = 1_u32.checked_shl(self.tries.min(20)).unwrap_or(u32::MAX);
        self.tries = self.tries.saturating_add(1);
        let bound = self.pace.first.saturating_mul(factor).min(self.pace.longest);
        let nanos = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        let jitter = Duration::from_nanos(self.next_random() % nanos.saturating_add(1).max(1));
        match asked {
            Some(asked) => asked.min(LONGEST_ASKED).saturating_add(jitter.min(self.pace.first)),
            None => jitter,
        }
    }

    /// SplitMix64 (public domain, S. Vigna): enough to spread senders out, no secret depends on it.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// Reads `Retry-After`: seconds, or an HTTP date.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let nanos = http_date(value)?.nanos_since(now);
    Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)))
}

/// The form of HTTP dates that may be sent today: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_once(", ")?.1.split(' ');
    let day = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = (1_u32..).zip(MONTHS).find(|(_, name)| *name == month)?.0;
    let year = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(str::parse);
    let mut part = || clock.next()?.ok();
    let (hour, minute, second) = (part()?, part()?, part()?);
    (words.next() == Some("GMT"))
        .then(|| Timestamp::from_civil(year, month, day, hour, minute, second, 0))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { first: Duration::from_secs(1), longest: Duration::from_secs(30) };

    #[test]
    fn pauses_grow_within_their_bounds_and_repeat_with_the_seed() {
        let pauses = |seed| {
            let mut backoff = Backoff::new(PACE, seed);
            (0..40).map(|_| backoff.pause(None)).collect::<Vec<_>>()
        };
        let first = pauses(7);
        assert_eq!(first, pauses(7));
        assert_ne!(first, pauses(8));
        for (at, pause) in first.iter().enumerate() {
            let bound = Duration::from_secs(1 << at.min(10)).min(PACE.longest);
            assert!(*pause <= bound, "pause {at} is {pause:?}");
        }
        assert!(first.iter().any(|pause| *pause > Duration::from_secs(15)), "they use their room: {first:?}");
        let mut backoff = Backoff::new(PACE, 7);
        (0..10).for_each(|_| assert!(backoff.pause(None) <= PACE.longest));
        backoff.reset();
        assert!(backoff.pause(None) <= PACE.first);
    }

    #[test]
    fn nobody_comes_back_before_they_were_asked_to() {
        let mut backoff = Backoff::new(PACE, 1);
        for _ in 0..20 {
            let pause = backoff.pause(Some(Duration::from_secs(40)));
            assert!((Duration::from_secs(40)..=Duration::from_secs(41)).contains(&pause), "{pause:?}");
        }
        assert!(backoff.pause(Some(Duration::MAX)) <= LONGEST_ASKED + PACE.first, "not for a year");
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let now = Timestamp::parse_rfc3339("1994-11-06T08:49:07Z").expect("a time");
        for (value, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
            ("Sun, 31 Feb 1994 08:49:37 GMT", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }
}
