//! Rows to store, and a disk in memory to store them on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fanlight_log::{Disk, FaultyDisk, Position};
use fanlight_model::{
    AccessEvent, ConnectionStamps, Disposition, Effect, Endpoint, EventUid, Feed, Link, LinkState,
    ParseLevel, PhaseDurations, PrincipalId, Relation, Rung, SpanId, SpanKind, Timestamp, TraceId, link_id,
};
use fanlight_otlp::{Attributes, Batch, Limits, SpanDraft, encode_request, scan};
use fanlight_runtime::{Clock, Ledger};

use crate::{Append, OpenReport, Settings, SpanRows, Store, StoreError, Table};

pub(super) const DIRECTORY: &str = "/data";

/// 2026-11-22T07:00:00Z.
pub(super) const START: Timestamp = Timestamp::from_seconds(1_795_330_800);

/// A store on a disk, with what it counts by.
pub(super) struct Bench {
    pub(super) disk: FaultyDisk,
    pub(super) clock: Clock,
    pub(super) ledger: Ledger,
    pub(super) settings: Settings,
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            disk: FaultyDisk::default(),
            clock: Clock::manual(START),
            ledger: Ledger::default(),
            settings: Settings::new(DIRECTORY),
        }
    }
}

impl Bench {
    pub(super) fn open(&self) -> (Store, OpenReport) {
        self.try_open().expect("opens")
    }

    pub(super) fn try_open(&self) -> Result<(Store, OpenReport), StoreError> {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        Store::open(self.settings.clone(), self.clock.clone(), self.ledger.clone(), disk)
    }

    /// The files of this ending, in order.
    pub(super) fn files(&self, ending: &str) -> Vec<PathBuf> {
        let is_wanted = |path: &PathBuf| {
            path.to_string_lossy().ends_with(ending)
                && !path.starts_with(Path::new(DIRECTORY).join("quarantine"))
        };
        self.disk.paths().into_iter().filter(is_wanted).collect()
    }

    pub(super) fn commit(&self, sequence: u64) -> PathBuf {
        Path::new(DIRECTORY).join(format!("commits/{sequence:08}.json"))
    }

    /// Flips one bit of a file on the disk.
    pub(super) fn flip(&self, path: &Path, bit: usize) {
        let mut bytes = self.disk.bytes_of(path).expect("a file");
        bytes[bit / 8] ^= 1 << (bit % 8);
        self.disk.put(path, &bytes);
    }
}

pub(super) fn trace(number: u64) -> TraceId {
    let mut id = [0xa5; 16];
    id[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    TraceId(id)
}

pub(super) fn span(number: u64) -> SpanId {
    SpanId((number + 1).to_be_bytes())
}

pub(super) fn uid(number: u64) -> EventUid {
    EventUid::of_vendor_uid("zpa", "zpa_user_activity", &number.to_string())
}

/// The span `number` of a trace, a millisecond after the one before.
pub(super) fn draft(trace_number: u64, number: u64) -> SpanDraft {
    let mut attributes = Attributes::default();
    attributes.push_str("http.route", "/orders/{id}");
    attributes.push_int("http.response.status_code", 200);
    SpanDraft {
        trace_id: trace(trace_number),
        span_id: span(number),
        parent: if number == 0 { SpanId::default() } else { span(0) },
        name: format!("GET /orders {number}"),
        kind: SpanKind::Server,
        start: START.shifted(i64::try_from(number).expect("small") * 1_000_000),
        end: START.shifted(i64::try_from(number).expect("small") * 1_000_000 + 250_000),
        attributes,
        has_failed: false,
        links: Vec::new(),
    }
}

pub(super) fn batch(drafts: &[SpanDraft]) -> Batch {
    let mut resource = Attributes::default();
    resource.push_str("service.name", "shop");
    resource.push_str("host.name", "app.example.com");
    scan(&encode_request(&resource, "scope", drafts), &Limits::default()).expect("scans")
}

pub(super) fn rows(drafts: &[SpanDraft]) -> SpanRows {
    SpanRows { batch: batch(drafts), additions: Vec::new(), synthetic: false }
}

pub(super) fn position(number: u64) -> Position {
    Position { file: 1, offset: number * 100 }
}

/// One frame: a trace of so many spans, the event behind the first and the link between the two.
pub(super) fn frame(number: u64, spans: u64) -> Append {
    let drafts: Vec<SpanDraft> = (0..spans).map(|span| draft(number, span)).collect();
    Append {
        position: position(number),
        spans: vec![rows(&drafts)],
        events: vec![Arc::new(event(number, 1))],
        links: vec![link(number, 1)],
        records: Vec::new(),
        arrival: START,
    }
}

/// An event of which everything is known.
pub(super) fn event(number: u64, revision: u64) -> AccessEvent {
    let text = |text: &str| Some(Arc::from(text));
    let at = |millis: i64| Some(START.shifted(millis * 1_000_000));
    AccessEvent {
        revision,
        vendor_uid: text(&number.to_string()),
        start_time: START.shifted(-5_000_000),
        end_time: at(900),
        last_time: START.shifted(900_000_000),
        log_time: at(901),
        principal_id: Some(PrincipalId("fl:default:h:abc".into())),
        user_name: text("ana@example.com"),
        device: text("laptop-7"),
        client_address: text("198.51.100.7"),
        service_edge: text("edge-1"),
        app_connector: text("connector-1"),
        connector: Endpoint::new("192.0.2.10".parse().expect("address"), 40_001),
        server_address: "192.0.2.20".parse().ok(),
        server_port: Some(8_443),
        ip_protocol: Some(6),
        host: text("shop.example.com"),
        service_port: Some(443),
        app: text("shop"),
        app_segment: text("web"),
        method: text("GET"),
        path: text("/orders"),
        status: Some(200),
        disposition: Some(Disposition::Allowed),
        effects: vec![Effect::Throttled, Effect::Inspected],
        rule: text("allow staff"),
        reason: text("none"),
        connection_status: text("close"),
        total_bytes: 4_242,
        stamps: ConnectionStamps {
            connection_start: at(-5),
            connection_end: at(900),
            ca_tx: at(-4),
            ca_rx: at(-3),
            app_learn_start: None,
            setup_complete: at(-1),
            first_rx_client: at(0),
            first_tx_client: at(1),
            last_rx_client: at(2),
            last_tx_client: at(3),
            first_rx_connector: at(4),
            first_tx_connector: at(5),
            last_rx_connector: at(6),
            last_tx_connector: at(7),
        },
        phases: PhaseDurations {
            policy_us: Some(11),
            ca_us: Some(12),
            app_learn_us: None,
            connector_setup_us: Some(14),
            setup_us: Some(15),
            server_setup_us: Some(16),
        },
        parse_level: ParseLevel::Strict,
        ..AccessEvent::empty(uid(number), Feed::ZpaUserActivity, START, "{\"raw\":1}")
    }
}

pub(super) fn link(number: u64, revision: u64) -> Link {
    Link {
        link_id: link_id(trace(number), span(0), uid(number)),
        trace_id: trace(number),
        span_id: span(0),
        event_uid: uid(number),
        rung: Rung::R3,
        relation: Relation::SameConnection,
        confidence: 0.996,
        runner_up: 0.002,
        residual_ms: 1.5,
        late_by_ms: 0.0,
        state: LinkState::Asserted,
        revision,
        decided_time: START,
        first_on_connection: true,
    }
}

/// Every trace of `numbers` is there once: all its spans, its one link, its one event. Nothing else is.
pub(super) fn check_all(store: &Store, numbers: std::ops::Range<u64>, spans: u64) {
    let snapshot = store.snapshot();
    let count = numbers.end - numbers.start;
    assert_eq!(snapshot.row_count(Table::Spans), count * spans, "spans");
    assert_eq!(snapshot.row_count(Table::AccessEvents), count, "access events");
    assert_eq!(snapshot.row_count(Table::Links), count, "links");
    for number in numbers {
        check_one(store, number, spans);
    }
}

pub(super) fn check_one(store: &Store, number: u64, spans: u64) {
    let found = store.trace(trace(number)).expect("reads");
    let ids: Vec<SpanId> = found.spans.iter().map(|span| span.span_id).collect();
    assert_eq!(ids, (0..spans).map(span).collect::<Vec<_>>(), "spans of trace {number}");
    assert_eq!(found.links, [link(number, 1)], "links of trace {number}");
    assert_eq!(found.events, [event(number, 1)], "events of trace {number}");
    assert_eq!(found.damaged_parts, 0);
}
