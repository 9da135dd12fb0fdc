//! The spans that are sent: pre-encoded once; each request only gets ids of its own.

use std::io::Write;

use anyhow::Result;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, span};
use prost::Message;

/// Spans in one request.
pub(crate) const SPANS_PER_REQUEST: usize = 512;
const SERVICES: usize = 8;
/// Of 100 server spans, how many came through the edge.
const JOINED_PERCENT: usize = 60;
/// The app connector's ports in the preloaded records.
pub(crate) const FIRST_PORT: u16 = 20_000;
/// How many connections are preloaded.
pub(crate) const CONNECTIONS_KNOWN: u16 = 2_000;
pub(crate) const CONNECTOR_ADDRESS: &str = "198.51.100.7";

/// One encoded request, and where its ids stand.
pub(crate) struct Payload {
    bytes: Vec<u8>,
    /// Offsets of the eight bytes that differ from request to request.
    ids: Vec<usize>,
    /// Offsets of the spans' starts and ends, which move on with each request.
    times: Vec<(usize, u64)>,
}

/// How much later each request's spans are than those of the one before.
const STEP_NANOS: u64 = 1_000_000;
const LASTING_NANOS: u64 = 20_000_000;

impl Payload {
    pub(crate) fn new() -> Self {
        let start = process_time();
        let resource_spans = (0..SERVICES).map(|service| resource_spans(service, start)).collect();
        let request = ExportTraceServiceRequest { resource_spans };
        let bytes = request.encode_to_vec();
        let marks: Vec<usize> = bytes
            .windows(SLOT.len())
            .enumerate()
            .filter(|(_, window)| *window == SLOT)
            .map(|(at, _)| at + SLOT.len() - 4)
            .collect();
        let times = bytes
            .windows(8)
            .enumerate()
            .filter_map(|(at, window)| {
                let time = u64::from_le_bytes(window.try_into().ok()?);
                (time == start || time == start + LASTING_NANOS).then_some((at, time))
            })
            .collect();
        Self { bytes, ids: marks, times }
    }

    pub(crate) fn bytes_per_span(&self) -> usize {
        self.bytes.len() / SPANS_PER_REQUEST
    }

    /// The body of the `number`-th request.
    pub(crate) fn body(&self, number: u32) -> Vec<u8> {
        let mut body = self.bytes.clone();
        for at in &self.ids {
            if let Some(slot) = body.get_mut(*at..at + 4) {
                slot.copy_from_slice(&number.to_be_bytes());
            }
        }
        for (at, time) in &self.times {
            if let Some(slot) = body.get_mut(*at..at + 8) {
                slot.copy_from_slice(&(time + u64::from(number) * STEP_NANOS).to_le_bytes());
            }
        }
        body
    }
}

/// How each id begins: a mark, and four bytes for the number of the request.
const SLOT: [u8; 6] = [0xfa, 0x17, 0, 0, 0, 0];

/// An id of 16 or 8 bytes that ends in `tail`.
fn id(length: usize, tail: u64) -> Vec<u8> {
    let mut id = SLOT.to_vec();
    let tail = tail.to_be_bytes();
    id.extend_from_slice(if length == 16 { &[0, 0] } else { &[] });
    id.extend(tail.iter().skip(if length == 16 { 0 } else { 6 }));
    id
}

fn resource_spans(service: usize, start: u64) -> ResourceSpans {
    let names = [
        "service.version",
        "service.instance.id",
        "host.name",
        "os.type",
        "process.pid",
        "telemetry.sdk.name",
        "telemetry.sdk.language",
        "k8s.pod.name",
        "k8s.namespace.name",
    ];
    let mut attributes = vec![text("service.name", format!("service-{service}"))];
    attributes.extend(names.map(|name| text(name, format!("{name}-{service}"))));
    let spans = (0..SPANS_PER_REQUEST / SERVICES)
        .map(|number| one_span(service * SPANS_PER_REQUEST / SERVICES + number, start))
        .collect();
    ResourceSpans {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_spans: vec![ScopeSpans {
            scope: Some(InstrumentationScope {
                name: "example.http".to_owned(),
                ..InstrumentationScope::default()
            }),
            spans,
            schema_url: String::new(),
        }],
        schema_url: String::new(),
    }
}

fn one_span(number: usize, start: u64) -> Span {
    let is_server = number.is_multiple_of(2);
    let is_joined = is_server && (number / 2) % 100 < JOINED_PERCENT;
    let tail = number as u64 + 1;
    let port = i64::from(FIRST_PORT) + (number % usize::from(CONNECTIONS_KNOWN)) as i64;
    let peer = if is_joined { CONNECTOR_ADDRESS } else { "203.0.113.9" };
    let mut attributes = vec![
        text("http.request.method", "GET".to_owned()),
        text("http.route", format!("/api/v1/items/{}", number % 40)),
        text("url.path", format!("/api/v1/items/{number}")),
        text("url.scheme", "http".to_owned()),
        text("server.address", "shop.example.com".to_owned()),
        int("server.port", 8080),
        int("http.response.status_code", 200),
        text("network.protocol.version", "1.1".to_owned()),
        text("user_agent.original", "curl/8.5.0".to_owned()),
        text("thread.name", format!("worker-{}", number % 16)),
        int("thread.id", number as i64),
    ];
    if is_server {
        attributes.extend([text("network.peer.address", peer.to_owned()), int("network.peer.port", port)]);
    }
    let events = match number % 25 {
        0 => vec![span::Event {
            time_unix_nano: start + 5_000_000,
            name: "exception".to_owned(),
            attributes: vec![
                text("exception.type", "TimeoutError".to_owned()),
                text("exception.message", "no answer in time".to_owned()),
            ],
            ..span::Event::default()
        }],
        _ => Vec::new(),
    };
    Span {
        trace_id: id(16, tail / 4),
        span_id: id(8, tail),
        parent_span_id: if is_server { Vec::new() } else { id(8, tail - 1) },
        name: format!("GET /api/v1/items/{}", number % 40),
        kind: if is_server { 2 } else { 3 },
        start_time_unix_nano: start,
        end_time_unix_nano: start + LASTING_NANOS,
        attributes,
        events,
        ..Span::default()
    }
}

/// Now, so that the spans fall into the preloaded connections.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]
pub(crate) fn process_time() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0))
}

fn text(key: &str, value: String) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(any_value::Value::StringValue(value)) }),
        ..KeyValue::default()
    }
}

fn int(key: &str, value: i64) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(any_value::Value::IntValue(value)) }),
        ..KeyValue::default()
    }
}

/// One resource with two million spans of no bytes, as gzip.
pub(crate) fn bomb() -> Result<Vec<u8>> {
    let spans = [0x12, 0x00].repeat(2_000_000);
    let scope = delimited(2, &spans);
    let request = delimited(1, &scope);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&request)?;
    Ok(gzip.finish()?)
}

fn delimited(field: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![field << 3 | 2];
    let mut length = content.len();
    while length >= 0x80 {
        bytes.push(u8::try_from(length & 0x7f).unwrap_or(0) | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap_or(0));
    bytes.extend_from_slice(content);
    bytes
}
