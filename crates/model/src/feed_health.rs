//! How a feed did through one interval.

use std::sync::Arc;

use crate::{EventUid, Feed, Timestamp, hash_parts};

/// What came of one feed from one source through one interval. `None` is "could not be measured"; a count of 0 is a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedHealth {
    /// The end of the interval, on our clock.
    pub time: Timestamp,
    /// The feed.
    pub feed: Feed,
    /// Which of its senders: a connection's peer, a push's path. `None` is all of them together.
    pub source: Option<Arc<str>>,
    /// Lines that arrived.
    pub lines: u64,
    /// Of these: read as the format says.
    pub strict: u64,
    /// Read after mending.
    pub repaired: u64,
    /// Not read: only the line is kept.
    pub raw: u64,
    /// Records that had come before.
    pub duplicates: u64,
    /// Records that were given up, each with a reason.
    pub dropped: u64,
    /// How long after its own stamp a record arrived, in milliseconds: the median. Negative where the sender's clock is ahead.
    pub lateness_p50_ms: Option<i64>,
    /// The same of the slowest hundredth.
    pub lateness_p99_ms: Option<i64>,
    /// By how much the sender's clock is ahead of ours, in milliseconds, as far as arrivals can tell.
    pub clock_offset_ms: Option<i64>,
    /// Since when nothing arrived, in seconds; `None` where nothing ever did.
    pub silent_seconds: Option<u64>,
    /// Stretches in which records are missing.
    pub gaps: u64,
    /// Keys that the feed's table does not know.
    pub unknown_keys: Vec<Arc<str>>,
    /// Fields that the feed could have and does not send.
    pub missing: Vec<Arc<str>>,
    /// Why lines were mended, kept raw or dropped, and how many of each.
    pub reasons: Vec<(Arc<str>, u64)>,
}

impl FeedHealth {
    /// An interval in which nothing came.
    pub const fn empty(time: Timestamp, feed: Feed, source: Option<Arc<str>>) -> Self {
        Self {
            time,
            feed,
            source,
            lines: 0,
            strict: 0,
            repaired: 0,
            raw: 0,
            duplicates: 0,
            dropped: 0,
            lateness_p50_ms: None,
            lateness_p99_ms: None,
            clock_offset_ms: None,
            silent_seconds: None,
            gaps: 0,
            unknown_keys: Vec::new(),
            missing: Vec::new(),
            reasons: Vec::new(),
        }
    }

    /// `H` of feed, source and interval: the same interval told twice is one.
    pub fn event_uid(&self) -> EventUid {
        // A source that is not told is told from one without a name by the number of parts.
        let (feed, time) = (self.feed.as_str().as_bytes(), self.time.as_nanos().to_be_bytes());
        EventUid(match &self.source {
            Some(source) => hash_parts(&[b"feed_health", feed, &time, source.as_bytes()]),
            None => hash_parts(&[b"feed_health", feed, &time]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_of_another_source_is_another_thing() {
        let uid = |seconds, source: Option<&str>| {
            let time = Timestamp::from_seconds(seconds);
            FeedHealth::empty(time, Feed::ZpaAudit, source.map(Arc::from)).event_uid()
        };
        assert_eq!(uid(1, Some("192.0.2.1")), uid(1, Some("192.0.2.1")));
        assert_ne!(uid(1, None), uid(1, Some("")));
        assert_ne!(uid(1, None), uid(2, None));
    }
}
