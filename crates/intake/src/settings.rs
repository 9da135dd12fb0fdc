//! What intake can be told.

use std::net::SocketAddr;

use fanlight_listen::{Access, Hosts};
use fanlight_otlp::{Batch, Limits};
use fanlight_runtime::Permit;

/// Which listeners there are, and what they take.
#[derive(Clone, Debug)]
pub struct Settings {
    /// OTLP/gRPC; `None` is off.
    pub otlp_grpc: Option<ListenerSettings>,
    /// OTLP/HTTP; `None` is off.
    pub otlp_http: Option<ListenerSettings>,
    /// ZPA LSS User Activity over TCP; `None` is off.
    pub zpa_user_activity: Option<ListenerSettings>,
    /// Take what Lightstep's ingest took: its paths, and its header for a token.
    pub lightstep: bool,
    /// Names by which pages of ours may ask, besides those of loopback.
    pub hosts: Hosts,
    /// What a trace request may hold.
    pub limits: Limits,
    /// Bytes of a request's body, before and after inflating.
    pub max_body_bytes: usize,
    /// Bytes of a line. Records of 5 kB are usual; those with a list of shared users can be far longer.
    pub max_line_bytes: usize,
    /// Bytes that are received and not yet through the pipeline, over all listeners. Past it senders are told to wait.
    pub in_flight_bytes: u64,
    /// How slow, how many and how silent peers may be.
    pub bounds: fanlight_listen::Limits,
}

/// Where to listen, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerSettings {
    /// The address; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Who may connect, and how.
    pub access: Access,
}

/// What travels beside a frame from the receiver to the pipeline and is not in the log.
#[derive(Debug)]
pub struct Payload {
    /// The request as scanned by the receiver.
    pub batch: Option<Batch>,
    /// Its share of the bytes in flight, given back when dropped.
    pub permit: Option<Permit>,
    /// The span about its request, for those about what the pipeline does with it; most often there is none.
    pub span: tracing::Span,
}

impl Default for Payload {
    fn default() -> Self {
        Self { batch: None, permit: None, span: tracing::Span::none() }
    }
}

/// Like the OpenTelemetry Collector's 20 MiB, a power of two, and a bomb at this cap stays under 32 MiB of heap.
const MAX_BODY_BYTES: usize = 16 << 20;
const MAX_LINE_BYTES: usize = 1 << 20;
const IN_FLIGHT_BYTES: u64 = 256 << 20;

impl ListenerSettings {
    /// A port of the loopback interface, for everybody who reaches it.
    pub fn loopback(port: u16) -> Self {
        Self { listen: fanlight_listen::loopback(port), access: Access::open() }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            otlp_grpc: Some(ListenerSettings::loopback(4317)),
            otlp_http: Some(ListenerSettings::loopback(4318)),
            zpa_user_activity: Some(ListenerSettings::loopback(9015)),
            lightstep: false,
            hosts: Hosts::default(),
            limits: Limits::default(),
            max_body_bytes: MAX_BODY_BYTES,
            max_line_bytes: MAX_LINE_BYTES,
            in_flight_bytes: IN_FLIGHT_BYTES,
            bounds: fanlight_listen::Limits::DEFAULT,
        }
    }
}
