//! A server on free ports over a log on a disk in memory, and what its senders send.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanlight_intake::{ListenerSettings, Listening, Payload, Settings, listen};
use fanlight_listen::{Places, Tools};
use fanlight_log::{Appender, FaultyDisk, Logged, Segments};
use fanlight_model::{Feed, SpanId, SpanKind, Timestamp, TraceId};
use fanlight_otlp::{Attributes, SpanDraft, encode_request};
use fanlight_runtime::{Clock, Ledger, Metrics, Outcome, Shutdown};
use tokio::sync::mpsc;

/// Every wait for a state ends here, in a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn tools() -> Tools {
    let (ledger, metrics) = (Ledger::default(), Metrics::default());
    Tools { clock: Clock::system(), ledger, metrics, shutdown: Shutdown::new(), places: Places::default() }
}

pub(crate) struct Server {
    pub(crate) listening: Listening,
    pub(crate) disk: Arc<FaultyDisk>,
    pub(crate) ledger: Ledger,
    pub(crate) metrics: Metrics,
    pub(crate) shutdown: Shutdown,
    pub(crate) logged: mpsc::Receiver<Logged<Payload>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let disk = Arc::new(FaultyDisk::default());
        let (segments, _) = Segments::open(Path::new("/log"), 1 << 26, disk.clone()).unwrap();
        let (forward, logged) = mpsc::channel(64);
        let appender = Appender::start(segments, 64, forward).unwrap();
        let mut settings = Settings {
            otlp_grpc: Some(ListenerSettings::loopback(0)),
            otlp_http: Some(ListenerSettings::loopback(0)),
            streams: vec![(Feed::ZpaUserActivity, ListenerSettings::loopback(0))],
            ..Settings::default()
        };
        change(&mut settings);
        let tools = tools();
        let Tools { ledger, metrics, shutdown, .. } = tools.clone();
        let listening = listen(settings, appender, tools).await.unwrap();
        Self { listening, disk, ledger, metrics, shutdown, logged }
    }

    pub(crate) fn address(&self, listener: &str) -> SocketAddr {
        self.listening.addresses.iter().find(|(name, _)| *name == listener).expect("it listens").1
    }

    /// The next frame that became durable.
    pub(crate) async fn next(&mut self) -> Logged<Payload> {
        tokio::time::timeout(PATIENCE, self.logged.recv())
            .await
            .expect("a frame in time")
            .expect("the log is open")
    }

    pub(crate) fn count(&self, record: &'static str, outcome: Outcome, reason: &str) -> u64 {
        let stage = if record == "connection" { fanlight_listen::STAGE } else { "intake" };
        self.ledger.get(stage, record, outcome, reason)
    }

    pub(crate) async fn wait_for_count(
        &self,
        record: &'static str,
        outcome: Outcome,
        reason: &str,
        count: u64,
    ) {
        let reached = async {
            while self.count(record, outcome, reason) < count {
                tokio::task::yield_now().await;
            }
        };
        let what = format!("{record} {outcome:?} {reason}");
        tokio::time::timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("{what} never was {count}"));
    }

    /// INV-1: received = stored + refused + dropped, once nothing is in flight.
    pub(crate) async fn check_ledger(&self, record: &'static str) {
        let of = |outcome| -> u64 {
            let rows = self.ledger.rows();
            rows.iter()
                .filter(|row| row.record == record && row.outcome == outcome)
                .map(|row| row.count)
                .sum()
        };
        let settled = async {
            while of(Outcome::Received) != of(Outcome::Stored) + of(Outcome::Refused) + of(Outcome::Dropped) {
                tokio::task::yield_now().await;
            }
        };
        let kept = tokio::time::timeout(PATIENCE, settled).await.is_ok();
        assert!(kept, "INV-1 for `{record}`: {:?}", self.ledger.rows());
        assert!(of(Outcome::Received) > 0, "nothing was counted for `{record}`");
    }
}

pub(crate) fn span(number: u64) -> SpanDraft {
    SpanDraft {
        trace_id: TraceId([7; 16]),
        span_id: SpanId((number + 1).to_be_bytes()),
        name: "GET /cart".to_owned(),
        kind: SpanKind::Server,
        start: Timestamp::from_seconds(10),
        end: Timestamp::from_seconds(11),
        ..SpanDraft::default()
    }
}

pub(crate) fn request(spans: u64) -> Bytes {
    let drafts: Vec<SpanDraft> = (0..spans).map(span).collect();
    encode_request(&Attributes::default(), "test", &drafts)
}

/// 500 good spans and one whose id is all zeros.
pub(crate) fn request_with_a_bad_span() -> Bytes {
    let mut drafts: Vec<SpanDraft> = (0..501).map(span).collect();
    drafts[250].span_id = SpanId([0; 8]);
    encode_request(&Attributes::default(), "test", &drafts)
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// As many empty spans in a `ScopeSpans` in a `ResourceSpans`.
pub(crate) fn empty_spans(count: usize) -> Vec<u8> {
    let mut spans = Vec::with_capacity(count * 2);
    for _ in 0..count {
        spans.extend_from_slice(&[0x12, 0x00]);
    }
    let scope = nested(2, &spans);
    nested(1, &scope)
}

fn nested(field: u8, inside: &[u8]) -> Vec<u8> {
    let mut out = vec![field << 3 | 2];
    let mut length = inside.len();
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(inside);
    out
}

/// The same request as [`request`] makes, as JSON.
pub(crate) fn json_request(spans: u64) -> String {
    let spans: Vec<String> = (0..spans).map(json_span).collect();
    json_around(&spans.join(","))
}

pub(crate) fn json_span(number: u64) -> String {
    format!(
        r#"{{"traceId":"07070707070707070707070707070707","spanId":"{:016x}","name":"GET /cart","kind":2,"startTimeUnixNano":"10000000000","endTimeUnixNano":"11000000000"}}"#,
        number + 1
    )
}

pub(crate) fn json_around(spans: &str) -> String {
    format!(
        r#"{{"resourceSpans":[{{"resource":{{}},"scopeSpans":[{{"scope":{{"name":"test"}},"spans":[{spans}]}}]}}]}}"#
    )
}
