//! One normalised fact that a principal reached for an app.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::{
    Bridge, ConnectionStamps, Disposition, Effect, Endpoint, EventUid, Feed, OcsfClass, PhaseDurations,
    PrincipalId, Raw, RequestTimes, Timestamp,
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
    /// The sender's own id: ZPA `ConnectionID`; for a request of many on one connection that and what tells the request.
    pub vendor_uid: Option<Arc<str>>,
    /// Where the feed is per request: the connection that carried it, by the id that User Activity gives it.
    pub connection_uid: Option<Arc<str>>,
    /// ZPA `SessionID`: by it User Status tells of the device.
    pub session_id: Option<Arc<str>>,
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
    /// The client's own port, where the feed has it: ZPA `ClientPublicPort`, `ClientPort`.
    pub client_port: Option<u16>,
    /// ZPA `ClientZEN`.
    pub service_edge: Option<Arc<str>>,
    /// ZPA `Connector`.
    pub app_connector: Option<Arc<str>>,
    /// ZPA `ConnectorIP:ConnectorPort`: the source that the app sees. `None` means pending, or never connected.
    pub connector: Option<Endpoint>,
    /// ZPA `ConnectorIP` where its port is pending, so that there is no `connector` yet. It is no key to join by.
    pub connector_address: Option<IpAddr>,
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
    /// `open`, `active` or `close` in lower case; `aggregated` for a row that stands for many sessions and has no socket.
    pub connection_status: Option<Arc<str>>,
    /// Total bytes both ways, the largest seen: ZPA `ZENTotalBytesRxClient + ZENTotalBytesTxClient`.
    pub total_bytes: u64,
    /// The edge's stamps.
    pub stamps: ConnectionStamps,
    /// The edge's durations.
    pub phases: PhaseDurations,
    /// What the edge measured of the request, where the feed is per request.
    pub request: Option<Box<RequestTimes>>,
    /// What a proxy between the edge and the app knows of its far side, where the feed is a proxy's.
    pub bridge: Option<Box<Bridge>>,
    /// A hash of all decoded fields in the order of the feed's table, of the newest record: equal where a record was sent twice.
    /// Deterministic across runs and machines.
    pub record_hash: u64,
    /// How much of the record could be read.
    pub parse_level: ParseLevel,
    /// It stands for a line that could not be read and has been read since, as another event: it is shown no longer.
    pub retired: bool,
    /// The line as received, of the newest record.
    pub raw: Raw,
}

impl AccessEvent {
    /// An event of which nothing is known but where it came from.
    pub fn empty(event_uid: EventUid, feed: Feed, arrival_time: Timestamp, raw: impl Into<Raw>) -> Self {
        Self {
            event_uid,
            revision: 1,
            vendor_uid: None,
            connection_uid: None,
            session_id: None,
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
            client_port: None,
            service_edge: None,
            app_connector: None,
            connector: None,
            connector_address: None,
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
            request: None,
            bridge: None,
            record_hash: 0,
            parse_level: ParseLevel::Raw,
            retired: false,
            raw: raw.into(),
        }
    }

    /// Says where the app connector is, as far as it is known: an address whose port is pending is kept beside.
    pub fn set_connector(&mut self, address: Option<IpAddr>, port: Option<u16>) {
        self.connector = address.zip(port).and_then(|(address, port)| Endpoint::new(address, port));
        self.connector_address = address.filter(|_| self.connector.is_none());
    }

    /// The app connector's address, with or without its port.
    pub fn app_connector_address(&self) -> Option<IpAddr> {
        self.connector.map(|connector| connector.address).or(self.connector_address)
    }

    /// The product that wrote it.
    pub const fn product(&self) -> Product {
        self.feed.product()
    }

    /// OCSF `activity_id` in the feed's class; 0 is unknown and 99 other.
    pub fn ocsf_activity(&self) -> u8 {
        match self.feed.ocsf_class() {
            OcsfClass::HttpActivity => self.method.as_deref().map_or(0, http_activity),
            OcsfClass::NetworkActivity => self.network_activity(),
            // One record tells of a question and its answer: 6 is traffic both ways; a record that says neither is unknown.
            OcsfClass::DnsActivity => self.disposition.map_or(0, |_| 6),
            _ => 0,
        }
    }

    /// Network Activity: 1 Open, 2 Close, 4 Fail, 5 Refuse, 6 Traffic.
    fn network_activity(&self) -> u8 {
        match (self.disposition, self.connection_status.as_deref()) {
            (Some(Disposition::Blocked), _) => 5,
            (Some(Disposition::Failed), _) => 4,
            (_, Some("open")) => 1,
            (_, Some("close")) => 2,
            (Some(Disposition::Allowed), _) | (_, Some("active")) => 6,
            (None, _) => 0,
        }
    }
}

/// HTTP Activity: the method's number.
fn http_activity(method: &str) -> u8 {
    const METHODS: [&str; 9] =
        ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE", "PATCH"];
    let at = METHODS.iter().position(|known| method.eq_ignore_ascii_case(known));
    at.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(crate::OCSF_OTHER)
}
