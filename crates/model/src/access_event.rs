//! One normalised fact that a principal reached for an app.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::{
    ConnectionStamps, Disposition, Effect, Endpoint, EventUid, Feed, PhaseDurations, PrincipalId, Timestamp,
};

/// Who wrote the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Product {
    /// Zscaler Private Access.
    Zpa,
    /// Zscaler Internet Access.
    Zia,
    /// Envoy, or an ingress that logs like it.
    Envoy,
    /// Fanlight's own identity-aware proxy.
    Gate,
}

impl Product {
    /// The lower-case name that tables, attributes and ids use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zpa => "zpa",
            Self::Zia => "zia",
            Self::Envoy => "envoy",
            Self::Gate => "gate",
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much of a record could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParseLevel {
    /// As the format says.
    Strict,
    /// After mending it; what was mended stands in the notes.
    Repaired,
    /// Not at all: only the line is kept.
    Raw,
}

impl ParseLevel {
    /// The lower-case name that tables and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Repaired => "repaired",
            Self::Raw => "raw",
        }
    }
}

impl fmt::Display for ParseLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that happened at the edge: for ZPA a connection, whose open, active and close records are one event with rising
/// `revision`. `None` and the empty list are "the record does not say".
#[derive(Clone, Debug, PartialEq)]
pub struct AccessEvent {
    /// `H(product, feed, vendor_uid)`.
    pub event_uid: EventUid,
    /// How many distinct records went into it; rises with each, so the highest is the newest.
    pub revision: u64,
    /// The sender's own id: ZPA `ConnectionID`.
    pub vendor_uid: Option<Arc<str>>,
    /// Who wrote it.
    pub feed: Feed,
    /// When it began, on the edge's clock: `TimestampConnectionStart`, else the record's own stamp.
    pub start_time: Timestamp,
    /// When it ended: `TimestampConnectionEnd`; `None` while it lives.
    pub end_time: Option<Timestamp>,
    /// The last sign of life: the largest stamp in any record of it, on the edge's clock.
    pub last_time: Timestamp,
    /// The record's own stamp (`LogTimestamp`), on the edge's clock.
    pub log_time: Option<Timestamp>,
    /// When the first record of it reached us, on our clock.
    pub arrival_time: Timestamp,
    /// The principal's pseudonym.
    pub principal_id: Option<PrincipalId>,
    /// ZPA `Username`, as sent.
    pub user_name: Option<Arc<str>>,
    /// ZPA `Hostname`.
    pub device: Option<Arc<str>>,
    /// ZPA `ClientPublicIP`, else `ClientPrivateIP`.
    pub client_address: Option<Arc<str>>,
    /// ZPA `ClientZEN`.
    pub service_edge: Option<Arc<str>>,
    /// ZPA `Connector`.
    pub app_connector: Option<Arc<str>>,
    /// ZPA `ConnectorIP:ConnectorPort`: the source that the app sees. `None` means pending, or never connected.
    pub connector: Option<Endpoint>,
    /// ZPA `ServerIP`.
    pub server_address: Option<IpAddr>,
    /// ZPA `ServerPort`.
    pub server_port: Option<u16>,
    /// ZPA `IPProtocol`: 6 TCP, 17 UDP, 1 ICMP.
    pub ip_protocol: Option<u8>,
    /// ZPA `Host`: what the principal asked for, a name or an address.
    pub host: Option<Arc<str>>,
    /// ZPA `ServicePort`: the port that the principal asked for.
    pub service_port: Option<u16>,
    /// ZPA `Application`.
    pub app: Option<Arc<str>>,
    /// ZPA `AppGroup`.
    pub app_segment: Option<Arc<str>>,
    /// HTTP method, where the feed is per request.
    pub method: Option<Arc<str>>,
    /// HTTP path, where the feed is per request.
    pub path: Option<Arc<str>>,
    /// HTTP status, where the feed is per request.
    pub status: Option<u16>,
    /// What the edge did.
    pub disposition: Option<Disposition>,
    /// And what else.
    pub effects: Vec<Effect>,
    /// The vendor rule: ZPA `Policy`.
    pub rule: Option<Arc<str>>,
    /// ZPA `InternalReason`.
    pub reason: Option<Arc<str>>,
    /// `open`, `active` or `close` in lower case.
    pub connection_status: Option<Arc<str>>,
    /// Total bytes both ways, the largest seen: ZPA `ZENTotalBytesRxClient + ZENTotalBytesTxClient`.
    pub total_bytes: u64,
    /// The edge's stamps.
    pub stamps: ConnectionStamps,
    /// The edge's durations.
    pub phases: PhaseDurations,
    /// How much of the record could be read.
    pub parse_level: ParseLevel,
    /// The line as received, invalid UTF-8 replaced; of the newest record.
    pub raw: Arc<str>,
}

impl AccessEvent {
    /// An event of which nothing is known but where it came from.
    pub fn empty(event_uid: EventUid, feed: Feed, arrival_time: Timestamp, raw: Arc<str>) -> Self {
        Self {
            event_uid,
            revision: 1,
            vendor_uid: None,
            feed,
            start_time: arrival_time,
            end_time: None,
            last_time: arrival_time,
            log_time: None,
            arrival_time,
            principal_id: None,
            user_name: None,
            device: None,
            client_address: None,
            service_edge: None,
            app_connector: None,
            connector: None,
            server_address: None,
            server_port: None,
            ip_protocol: None,
            host: None,
            service_port: None,
            app: None,
            app_segment: None,
            method: None,
            path: None,
            status: None,
            disposition: None,
            effects: Vec::new(),
            rule: None,
            reason: None,
            connection_status: None,
            total_bytes: 0,
            stamps: ConnectionStamps::default(),
            phases: PhaseDurations::default(),
            parse_level: ParseLevel::Raw,
            raw,
        }
    }

    /// The product that wrote it.
    pub const fn product(&self) -> Product {
        self.feed.product()
    }
}
