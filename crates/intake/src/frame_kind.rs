//! What the frames of intake's log hold.
//!
//! A kind that names a feed has a bit for how it came and the feed's own number below: one rule for all feeds, and none of the small
//! numbers that came first has such a bit.

use fanlight_model::{FEED_CODES, Feed};

/// The body of one OTLP trace request: protobuf, decompressed.
pub const OTLP_TRACES: u8 = 1;
/// What one read of a User Activity stream gave, as received: what [`stream_read`] of that feed was before there were others.
pub const LSS_READ: u8 = 2;
/// The stream of this source, of whichever feed, has ended; no bytes.
pub const LSS_CLOSED: u8 = 3;
/// The same as [`OTLP_TRACES`] of Fanlight's own spans: they are stored and never exported.
pub const OWN_TRACES: u8 = 4;

/// What one read of a feed's stream gave, as received: with the feed's number.
pub const STREAM_READ: u8 = 0x40;
/// One body that was pushed, inflated and otherwise as received: with the feed's number. It is whole by itself.
pub const PUSHED: u8 = 0x80;

/// Kept lines that are read once more, as [`crate::KeptLine`] writes them: with the feed's number.
pub const REPARSED: u8 = 0xc0;

/// How records came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// In a stream of bytes, cut anywhere; what belongs together has one source.
    Stream,
    /// In bodies that are whole.
    Pushed,
    /// Once before: they are read again, by a newer parser.
    Reparsed,
}

/// The kind of a read of a feed's stream.
pub const fn stream_read(feed: Feed) -> u8 {
    STREAM_READ | feed.code()
}

/// The kind of a feed's pushed body.
pub const fn pushed(feed: Feed) -> u8 {
    PUSHED | feed.code()
}

/// The kind of a feed's lines that are read again.
pub const fn reparsed(feed: Feed) -> u8 {
    REPARSED | feed.code()
}

/// The feed that a kind names, and how it came; `None` for kinds that name none.
pub fn feed_of(kind: u8) -> Option<(Transport, Feed)> {
    const TRANSPORT: u8 = !(FEED_CODES - 1);
    match kind & TRANSPORT {
        STREAM_READ => Some((Transport::Stream, Feed::from_code(kind & !TRANSPORT)?)),
        PUSHED => Some((Transport::Pushed, Feed::from_code(kind & !TRANSPORT)?)),
        REPARSED => Some((Transport::Reparsed, Feed::from_code(kind & !TRANSPORT)?)),
        _ if kind == LSS_READ => Some((Transport::Stream, Feed::ZpaUserActivity)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_names_its_feed_and_no_other() {
        let mut named = 0;
        for kind in 0..=u8::MAX {
            match feed_of(kind) {
                Some((Transport::Stream, Feed::ZpaUserActivity)) if kind == LSS_READ => named += 1,
                Some((Transport::Stream, feed)) => named += usize::from(stream_read(feed) == kind),
                Some((Transport::Pushed, feed)) => named += usize::from(pushed(feed) == kind),
                Some((Transport::Reparsed, feed)) => named += usize::from(reparsed(feed) == kind),
                None => {}
            }
        }
        assert_eq!(named, 3 * Feed::ALL.len() + 1);
        for kind in [OTLP_TRACES, LSS_CLOSED, OWN_TRACES, 0, STREAM_READ, PUSHED, REPARSED, 0xff] {
            assert_eq!(feed_of(kind), None, "{kind}");
        }
    }
}
