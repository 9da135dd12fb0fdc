//! What intake can be told.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use fanlight_identity::BearerPolicy;
use fanlight_listen::{Access, Hosts};
use fanlight_model::Feed;
use fanlight_otlp::{Batch, Limits};
use fanlight_runtime::Permit;
use http::HeaderName;

/// Which listeners there are, and what they take.
#[derive(Clone, Debug)]
pub struct Settings {
    /// OTLP/gRPC; `None` is off.
    pub otlp_grpc: Option<ListenerSettings>,
    /// OTLP/HTTP; `None` is off.
    pub otlp_http: Option<ListenerSettings>,
    /// Streams of records over TCP, each of one feed: ZPA LSS, ZIA NSS, and what relays send on.
    pub streams: Vec<(Feed, ListenerSettings)>,
    /// Records that are pushed to the HTTP API.
    pub push: PushSettings,
    /// Files that are followed.
    pub tail: TailSettings,
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
    /// The same of peers that send streams.
    pub stream_bounds: fanlight_listen::Limits,
}

/// Who may push records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushSettings {
    /// Networks, and a file with tokens. Where no token is wanted only peers on this machine may push, and those in the networks.
    pub access: Access,
    /// A header that carries the token as it is, beside `authorization`.
    pub header: Option<HeaderName>,
    /// Tokens of an authorisation server, which let in beside those of the file.
    pub oauth: Option<OauthSettings>,
}

/// Whose tokens let in, and where the keys are that they are verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OauthSettings {
    /// What a token must say.
    pub policy: BearerPolicy,
    /// A JWK set (RFC 7517).
    pub jwks_file: PathBuf,
}

/// Which files are followed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailSettings {
    /// The files, and what stands in them.
    pub files: Vec<TailFile>,
    /// The folder that keeps how far each was read. Without it each is read from its beginning at every start.
    pub folder: Option<PathBuf>,
    /// How often a file is looked at that gave nothing.
    pub poll: Duration,
}

/// A file that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailFile {
    /// Its path, which stays the same when it is rotated.
    pub path: PathBuf,
    /// What its lines are.
    pub feed: Feed,
}

impl Default for TailSettings {
    fn default() -> Self {
        Self { files: Vec::new(), folder: None, poll: TAIL_POLL }
    }
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
/// A line is a quarter of a second late at most, and a file that is silent costs four looks a second.
const TAIL_POLL: Duration = Duration::from_millis(250);

/// The port of a feed's stream listener where nothing else is said; `None` for feeds that have none until they are given one.
pub const fn stream_port(feed: Feed) -> Option<u16> {
    match feed {
        Feed::ZpaUserActivity => Some(9015),
        Feed::ZpaUserStatus => Some(9016),
        Feed::ZpaBrowserAccess => Some(9017),
        Feed::ZpaAppprotection => Some(9018),
        Feed::ZpaAppConnectorStatus => Some(9019),
        Feed::ZpaAppConnectorMetrics => Some(9020),
        Feed::ZpaAudit => Some(9021),
        Feed::ZiaWeb => Some(9025),
        Feed::ZiaFirewall => Some(9026),
        Feed::ZiaDns => Some(9027),
        _ => None,
    }
}

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
            streams: default_streams(),
            push: PushSettings::default(),
            tail: TailSettings::default(),
            lightstep: false,
            hosts: Hosts::default(),
            limits: Limits::default(),
            max_body_bytes: MAX_BODY_BYTES,
            max_line_bytes: MAX_LINE_BYTES,
            in_flight_bytes: IN_FLIGHT_BYTES,
            bounds: fanlight_listen::Limits::DEFAULT,
            stream_bounds: fanlight_listen::Limits::STREAM,
        }
    }
}

fn default_streams() -> Vec<(Feed, ListenerSettings)> {
    let ports = Feed::ALL.iter().filter_map(|feed| Some((*feed, stream_port(*feed)?)));
    ports.map(|(feed, port)| (feed, ListenerSettings::loopback(port))).collect()
}
