//! The join keys of one span, without the span.

use crate::{Endpoint, LocalEndpoint, SpanId, Timestamp, TraceId};

/// OpenTelemetry's span kind, with its wire numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SpanKind {
    /// 0: the sender did not say.
    #[default]
    Unspecified = 0,
    /// 1
    Internal = 1,
    /// 2
    Server = 2,
    /// 3
    Client = 3,
    /// 4
    Producer = 4,
    /// 5
    Consumer = 5,
}

impl SpanKind {
    /// From the wire number; unknown numbers are unspecified.
    pub const fn from_wire(number: u64) -> Self {
        match number {
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Unspecified,
        }
    }

    /// The lower-case name that tables and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// A service, as the first eight bytes of `H(service.namespace, service.name, deployment.environment.name)`.
/// 0 stands for a service that never teaches an association: absent, or `unknown_service*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ServiceId(pub u64);

impl ServiceId {
    /// The service that is not known.
    pub const UNKNOWN: Self = Self(0);
}

/// The join keys of one span. Only spans that can be joined have one: a SERVER span with a usable peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The span's trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// Its parent; zero when it is a root.
    pub parent_span_id: SpanId,
    /// Its start, on the app's clock.
    pub start: Timestamp,
    /// Its end, on the app's clock; never before the start.
    pub end: Timestamp,
    /// Its kind.
    pub kind: SpanKind,
    /// Its service.
    pub service: ServiceId,
    /// The socket's other side as the app saw it.
    pub peer: Endpoint,
    /// The socket's own side, as far as the span says.
    pub local: LocalEndpoint,
    /// Which span of its batch this is, so that a link made at once can be written into the bytes.
    pub index: u32,
}
