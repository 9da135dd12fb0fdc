//! Ids: OpenTelemetry's own, and ours, which are all deterministic.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::Feed;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl $name {
            /// True when every byte is zero, which OpenTelemetry calls invalid.
            pub fn is_zero(self) -> bool {
                self.0 == [0; $length]
            }

            /// From a slice of exactly the right length.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let mut bytes = [0; $length];
                parse_hex(text, &mut bytes)?;
                Ok(Self(bytes))
            }
        }
    };
}

id! {
    /// OpenTelemetry's trace id: 16 bytes, lower-case hex in text.
    TraceId, 16
}
id! {
    /// OpenTelemetry's span id: 8 bytes, lower-case hex in text.
    SpanId, 8
}
id! {
    /// The id of one access event: `H(product, feed, vendor_uid)`, or `H` of the canonical raw line where the sender gives none.
    EventUid, 16
}
id! {
    /// The address of a line as received: `H` of its feed and its bytes.
    RawAddress, 16
}
id! {
    /// The id of a link: `H(trace_id, span_id, event_uid)`.
    LinkId, 16
}

/// A text that is not the hex form of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseIdError {
    /// How many hex digits the id has.
    pub expected_digits: usize,
}

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not {} hex digits", self.expected_digits)
    }
}

impl std::error::Error for ParseIdError {}

impl EventUid {
    /// The uid of an event whose sender gave it an id of its own.
    pub fn of_vendor_uid(product: &str, feed: &str, vendor_uid: &str) -> Self {
        Self(hash_parts(&[product.as_bytes(), feed.as_bytes(), vendor_uid.as_bytes()]))
    }

    /// The uid of an event without a vendor's id: over its raw line, without surrounding white space.
    pub fn of_raw_line(product: &str, feed: &str, line: &[u8]) -> Self {
        Self(hash_parts(&[product.as_bytes(), feed.as_bytes(), b"raw", line.trim_ascii()]))
    }
}

impl RawAddress {
    /// The address of a line of a feed.
    pub fn of(feed: Feed, line: &str) -> Self {
        Self(hash_parts(&[feed.as_str().as_bytes(), line.as_bytes()]))
    }
}

/// `H`: the first 16 bytes of SHA-256 over the parts, each preceded by its length as eight big-endian bytes.
pub fn hash_parts(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(hasher.finalize()) {
        *to = from;
    }
    id
}

/// The id of the link between a span and an access event.
pub fn link_id(trace_id: TraceId, span_id: SpanId, event_uid: EventUid) -> LinkId {
    LinkId(hash_parts(&[&trace_id.0, &span_id.0, &event_uid.0]))
}

/// The span id of the synthetic access span that a late link adds to a trace: the first 8 bytes of the link's id.
pub fn synthetic_span_id(link_id: LinkId) -> SpanId {
    let mut id = [0; 8];
    for (to, from) in id.iter_mut().zip(link_id.0) {
        *to = from;
    }
    SpanId(id)
}

fn parse_hex(text: &str, bytes: &mut [u8]) -> Result<(), ParseIdError> {
    let wrong = ParseIdError { expected_digits: bytes.len() * 2 };
    let digits = text.as_bytes();
    if digits.len() != bytes.len() * 2 {
        return Err(wrong);
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = match pair {
            [high, low] => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(wrong),
            },
            _ => return Err(wrong),
        };
    }
    Ok(())
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_and_printed_as_hex() {
        let text = "0123456789abcdef0123456789abcdef";
        assert_eq!(text.parse::<TraceId>().map(|id| id.to_string()), Ok(text.to_owned()));
        assert_eq!("xyz".parse::<SpanId>(), Err(ParseIdError { expected_digits: 16 }));
    }

    /// Without lengths `("ab", "c")` and `("a", "bc")` would be one id.
    #[test]
    fn parts_cannot_run_into_each_other() {
        assert_ne!(hash_parts(&[b"ab", b"c"]), hash_parts(&[b"a", b"bc"]));
    }
}
