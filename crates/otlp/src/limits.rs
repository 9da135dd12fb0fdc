//! What a request may hold, and in which words it is refused.

use std::fmt;

use fanlight_model::{SpanId, TraceId};
use thiserror::Error;

use crate::wire::WireError;

/// What a request and a span in it may hold. Past a cap of the request all of it is refused; past a limit of a span only
/// that span is. A resource or scope past a limit takes its spans with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Spans in a request. A 4 kB gzip body can hold two million empty ones.
    pub max_spans_per_request: u32,
    /// `ResourceSpans` in a request; the same cap holds for `ScopeSpans`, for resources and for scopes.
    pub max_groups_per_request: u32,
    /// Attributes and nested values in a request, those of resources, scopes, events and span links included.
    pub max_values_per_request: u32,
    /// Attributes of a span; the same limit holds for a resource, a scope, an event and a span link.
    pub max_attributes_per_span: u32,
    /// Events of a span.
    pub max_events_per_span: u32,
    /// Span links of a span.
    pub max_links_per_span: u32,
    /// How deep values may nest: a plain value has depth 1, an array of plain values depth 2. At 32 the deepest legal value,
    /// a map in an event's attribute, still passes decoders that stop at 100 nested messages.
    pub max_depth: u32,
    /// Bytes of one value, and of a name, a status message or a trace state.
    pub max_value_bytes: u32,
    /// Bytes of an attribute's key.
    pub max_key_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_spans_per_request: 131_072,
            max_groups_per_request: 65_536,
            max_values_per_request: 2_097_152,
            max_attributes_per_span: 1_024,
            max_events_per_span: 1_024,
            max_links_per_span: 1_024,
            max_depth: 32,
            max_value_bytes: 64 * 1_024,
            max_key_bytes: 1_024,
        }
    }
}

/// Why a whole request is refused: its framing cannot be trusted, or it passes a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The request, a `ResourceSpans` or a `ScopeSpans` is broken, so that nobody can say where its spans end.
    #[error("cannot read the framing of `{message}` at byte {at}")]
    Framing {
        /// The OTLP message that is broken.
        message: &'static str,
        /// Where in the request.
        at: usize,
        /// What is wrong there.
        #[source]
        cause: WireError,
    },
    /// Too many spans.
    #[error("the request has more than {limit} spans; send smaller batches")]
    TooManySpans {
        /// The cap.
        limit: u32,
    },
    /// Too many `ResourceSpans`, `ScopeSpans`, resources or scopes.
    #[error("the request has more than {limit} `{message}` messages; send smaller batches")]
    TooManyGroups {
        /// Which of them.
        message: &'static str,
        /// The cap.
        limit: u32,
    },
    /// Too many attributes and nested values in all.
    #[error("the request has more than {limit} attributes and nested values; send smaller batches")]
    TooManyValues {
        /// The cap.
        limit: u32,
    },
    /// Positions in the index have 32 bits.
    #[error("the request has {bytes} bytes, more than can be indexed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// Why one span is refused while its siblings are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalReason {
    /// No trace id, or all zeros.
    NoTraceId,
    /// No span id, or all zeros.
    NoSpanId,
    /// An id of another length than OpenTelemetry's.
    WrongIdLength,
    /// The span's bytes are broken within their own length.
    Malformed,
    /// More attributes than [`Limits::max_attributes_per_span`].
    TooManyAttributes,
    /// More events than [`Limits::max_events_per_span`].
    TooManyEvents,
    /// More span links than [`Limits::max_links_per_span`].
    TooManyLinks,
    /// A key longer than [`Limits::max_key_bytes`].
    KeyTooLong,
    /// A value longer than [`Limits::max_value_bytes`].
    ValueTooLong,
    /// A value nested deeper than [`Limits::max_depth`].
    TooDeep,
    /// The span is sound, its resource is broken or passes a limit.
    BadResource,
    /// The span is sound, its scope is broken or passes a limit.
    BadScope,
    /// A field of a JSON span has a value that it cannot have: text for a number, an id that is no hex.
    WrongValue,
}

impl RefusalReason {
    /// The name that counters use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoTraceId => "no_trace_id",
            Self::NoSpanId => "no_span_id",
            Self::WrongIdLength => "wrong_id_length",
            Self::Malformed => "malformed",
            Self::TooManyAttributes => "too_many_attributes",
            Self::TooManyEvents => "too_many_events",
            Self::TooManyLinks => "too_many_links",
            Self::KeyTooLong => "key_too_long",
            Self::ValueTooLong => "value_too_long",
            Self::TooDeep => "too_deep",
            Self::BadResource => "bad_resource",
            Self::BadScope => "bad_scope",
            Self::WrongValue => "wrong_value",
        }
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoTraceId => "the trace id is missing or zero",
            Self::NoSpanId => "the span id is missing or zero",
            Self::WrongIdLength => "a trace id has not 16 bytes, or a span id not 8",
            Self::Malformed => "the span is not valid protobuf",
            Self::TooManyAttributes => "too many attributes",
            Self::TooManyEvents => "too many events",
            Self::TooManyLinks => "too many span links",
            Self::KeyTooLong => "the key of an attribute is too long",
            Self::ValueTooLong => "a value is too long",
            Self::TooDeep => "a value is nested too deeply",
            Self::BadResource => "the span's resource is broken or passes a limit",
            Self::BadScope => "the span's scope is broken or passes a limit",
            Self::WrongValue => "a field has a value that it cannot have",
        })
    }
}

impl From<WireError> for RefusalReason {
    fn from(_: WireError) -> Self {
        Self::Malformed
    }
}

/// One span that was refused. Its ids are as far as they could be read, else zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: RefusalReason,
    /// Its trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
}
