//! When a certificate's end is worth a word: thirty, seven and one day before it, and every day after it.

use std::time::Duration;

use fanlight_model::Timestamp;

const DAY: Duration = Duration::from_secs(86_400);
const WARN_DAYS: [u16; 3] = [1, 7, 30];

/// How near the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Horizon {
    /// It is behind us.
    Over,
    /// It is at most as many days ahead.
    Days(u16),
}

/// What was told of one certificate's end.
#[derive(Debug, Default)]
pub(crate) struct Expiry {
    not_after: Option<Timestamp>,
    told: Option<Horizon>,
    told_at: Option<Timestamp>,
}

impl Expiry {
    /// What is to be told now; each horizon once, and that it is over once a day.
    pub(crate) fn look(&mut self, not_after: Option<Timestamp>, now: Timestamp) -> Option<Horizon> {
        if self.not_after != not_after {
            *self = Self { not_after, ..Self::default() };
        }
        let horizon = horizon(not_after?, now);
        let is_due = horizon != self.told
            || (horizon == Some(Horizon::Over) && self.told_at.is_none_or(|told| now >= told.after(DAY)));
        self.told = horizon;
        if is_due {
            self.told_at = Some(now);
        }
        horizon.filter(|_| is_due)
    }

    /// For `/readyz` and the status.
    pub(crate) fn trouble(&self, listener: &str) -> Option<String> {
        let end = self.not_after?.to_rfc3339();
        match self.told? {
            Horizon::Over => Some(format!(
                "listener `{listener}` serves a certificate that expired at {end}; put a new one in its place"
            )),
            Horizon::Days(_) => Some(format!("the certificate of listener `{listener}` expires at {end}")),
        }
    }
}

fn horizon(not_after: Timestamp, now: Timestamp) -> Option<Horizon> {
    if now > not_after {
        return Some(Horizon::Over);
    }
    let is_within = |days: &u16| now.after(DAY * u32::from(*days)) >= not_after;
    WARN_DAYS.into_iter().find(is_within).map(Horizon::Days)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock is turned in steps of a day from 40 days before the end to 3 days after it.
    #[test]
    fn each_horizon_is_told_once_and_the_end_every_day() {
        let end = Timestamp::from_seconds(100 * 86_400);
        let mut expiry = Expiry::default();
        let mut told = Vec::new();
        for day in 60..=103 {
            let now = Timestamp::from_seconds(day * 86_400 + 1);
            told.extend(expiry.look(Some(end), now).map(|horizon| (day, horizon)));
            assert_eq!(expiry.look(Some(end), now), None, "told once");
        }
        let days = Horizon::Days;
        let over = Horizon::Over;
        assert_eq!(
            told,
            [
                (70, days(30)),
                (93, days(7)),
                (99, days(1)),
                (100, over),
                (101, over),
                (102, over),
                (103, over)
            ]
        );
        assert!(
            expiry.trouble("api").is_some_and(|trouble| trouble.contains("expired at 1970-04-11T00:00:00"))
        );
    }

    #[test]
    fn a_new_certificate_is_told_of_anew() {
        let mut expiry = Expiry::default();
        let now = Timestamp::from_seconds(0);
        let at = |days: i64| Some(Timestamp::from_seconds(days * 86_400));
        assert_eq!(expiry.look(at(5), now), Some(Horizon::Days(7)));
        assert_eq!(expiry.look(at(400), now), None);
        assert_eq!(expiry.trouble("api"), None);
        assert_eq!(expiry.look(at(6), now), Some(Horizon::Days(7)));
        assert_eq!(expiry.look(None, now), None);
        assert_eq!(expiry.trouble("api"), None);
    }
}
