//! One span on its way to an exporter.

use fanlight_model::{SpanId, Timestamp, TraceId};

use super::protobuf::{Attributes, Message};
use super::scope::Scope;

/// OTLP's numbers of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Server = 2,
    Client = 3,
    Producer = 4,
}

/// A trace, and whether it is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trace {
    pub(crate) id: TraceId,
    pub(crate) is_sampled: bool,
    /// The rejection threshold of its sampling, 56 bits; 0 where all are kept.
    pub(crate) threshold: u64,
}

/// A span. Its times are its machine's.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) trace: Trace,
    pub(crate) id: SpanId,
    pub(crate) parent: SpanId,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) scope: Scope,
    pub(crate) attributes: Attributes,
    /// What failed, where it did.
    pub(crate) failed: Option<&'static str>,
}

impl Trace {
    /// A new trace of which this share is kept, by the consistent rule: its last 56 bits against a threshold.
    pub(crate) fn begin(id: [u8; 16], share: f64) -> Self {
        let threshold = ((1.0 - share) * 72_057_594_037_927_936.0) as u64;
        let randomness = id.iter().skip(9).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        Self { id: TraceId(id), is_sampled: randomness >= threshold, threshold }
    }

    /// `ot=th:…`, trailing zeros cut off; nothing where all are kept.
    fn state(self) -> Option<String> {
        if self.threshold == 0 {
            return None;
        }
        let digits = format!("{:014x}", self.threshold);
        Some(format!("ot=th:{}", digits.trim_end_matches('0')))
    }
}

impl Span {
    /// The span's fields in the order of their numbers.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let failed = if self.failed.is_some() { 160 } else { 0 };
        let mut message = Message::with_capacity(
            96 + self.name.len() + failed + self.attributes.message().as_bytes().len(),
        );
        message.bytes(1, &self.trace.id.0);
        message.bytes(2, &self.id.0);
        if let Some(state) = self.trace.state() {
            message.bytes(3, state.as_bytes());
        }
        if !self.parent.is_zero() {
            message.bytes(4, &self.parent.0);
        }
        message.bytes(5, self.name.as_bytes());
        message.varint(6, self.kind as u64);
        message.fixed64(7, self.start.as_unix_nanos());
        message.fixed64(8, self.end.as_unix_nanos());
        message.append(self.attributes.message());
        if let Some(what) = self.failed {
            message.bytes(11, self.exception(what).as_bytes());
            // `Status { code = 3: STATUS_CODE_ERROR }`
            message.bytes(15, &[0x18, 2]);
        }
        // The lowest byte holds the W3C flags; bit 8 says that it is known whether the parent was remote.
        message.fixed32(16, 0x101);
        message.into_bytes()
    }

    fn exception(&self, what: &str) -> Message {
        let mut attributes = Attributes::of_event();
        attributes.text("exception.type", what);
        attributes.text("exception.message", "the request could not be served");
        let mut event = Message::with_capacity(192);
        event.fixed64(1, self.end.as_unix_nanos());
        event.bytes(2, b"exception");
        event.append(attributes.message());
        event
    }
}
