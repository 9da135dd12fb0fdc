//! What the frames of intake's log hold.

use fanlight_model::Feed;

/// The body of one OTLP trace request: protobuf, decompressed.
pub const OTLP_TRACES: u8 = 1;
/// What one read of a stream of ZPA User Activity gave, as received. Written before there were other streams.
pub const LSS_READ: u8 = 2;
/// The stream of this source has ended; no bytes.
pub const LSS_CLOSED: u8 = 3;
/// The same of Fanlight's own spans: they are stored and never exported.
pub const OWN_TRACES: u8 = 4;
/// With a feed's number: what one read of a stream of this feed gave, as received.
pub const STREAM_READ: u8 = 0x40;
/// With a feed's number: the body of one request that pushed this feed, inflated.
pub const PUSHED: u8 = 0x80;

/// The bits of a feed's number.
const FEED_BITS: u8 = fanlight_model::FEED_CODES - 1;

/// How the bytes of a feed came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A read of a stream: it may begin and end inside a line.
    Stream,
    /// A whole body.
    Pushed,
}

/// The kind of a stream's reads.
pub const fn stream_read(feed: Feed) -> u8 {
    STREAM_READ | feed.code()
}

/// The kind of pushed bodies.
pub const fn pushed(feed: Feed) -> u8 {
    PUSHED | feed.code()
}

/// The feed of a frame, and how it came in; `None` where the frame holds something else.
pub fn feed_of(kind: u8) -> Option<(Transport, Feed)> {
    let transport = match kind & !FEED_BITS {
        _ if kind == LSS_READ => return Some((Transport::Stream, Feed::ZpaUserActivity)),
        STREAM_READ => Transport::Stream,
        PUSHED => Transport::Pushed,
        _ => return None,
    };
    Some((transport, Feed::from_code(kind & FEED_BITS)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feed_has_its_kinds() {
        for feed in Feed::ALL.iter().copied() {
            assert_eq!(feed_of(stream_read(feed)), Some((Transport::Stream, feed)));
            assert_eq!(feed_of(pushed(feed)), Some((Transport::Pushed, feed)));
        }
        assert_eq!(feed_of(LSS_READ), Some((Transport::Stream, Feed::ZpaUserActivity)));
        for kind in [OTLP_TRACES, LSS_CLOSED, OWN_TRACES, STREAM_READ, 0xff] {
            assert_eq!(feed_of(kind), None);
        }
    }
}
