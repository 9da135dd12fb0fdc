//! Lines of User Activity a second, from bytes to access events, strictly read and mended; what `serde_json::Value` makes of the same
//! bytes in the same run; bytes without a newline a second; and what an event holds of the heap beside its raw line. Time is this thread's on a processor, not the wall's: the figures are
//! those of one core also on a machine that others use.

#![expect(clippy::print_stdout, reason = "a benchmark tells its figures")]

use std::collections::HashSet;
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fanlight_identity::PrincipalNamer;
use fanlight_intake::{Decoded, Decoder, frame_kind};
use fanlight_log::Frame;
use fanlight_model::{AccessEvent, Feed, FeedRecord, ParseLevel, Timestamp};
use fanlight_otlp::Limits;
use fanlight_runtime::Ledger;

/// What a listener reads at a time: about 500 lines.
const LINES: usize = 500;
const MAX_LINE_BYTES: usize = 1 << 20;

/// The vendor's default template with the values of a working day: some names come again and again, ids and times do not.
fn line(number: usize, policy: &str) -> String {
    let (second, milli) = (number % 60, number % 1_000);
    let stamp = format!("2026-03-04T08:20:{second:02}.{milli:03}Z");
    let mut line = format!(
        "{{\"LogTimestamp\": \"Wed Mar  4 08:21:{second:02} 2026\",\"Customer\": \"Example\",\"SessionID\": \"sEss1onAb+/{:06}\",\"ConnectionID\": \"sEss1onAb+/{:06},c0nn1x{number:012}\",\"InternalReason\": \"MT_CLOSED_TERMINATED\",\"ConnectionStatus\": \"close\",\"IPProtocol\": 6,\"DoubleEncryption\": 0,\"Username\": \"person{}@example.com\",\"ServicePort\": 443,\"ClientPublicIP\": \"198.51.100.{}\",\"ClientPrivateIP\": \"\",\"ClientLatitude\": 48.000000,\"ClientLongitude\": 11.000000,\"ClientCountryCode\": \"DE\",\"ClientZEN\": \"EU-DE-1\",\"Policy\": \"{policy}\",\"Connector\": \"connector-{}.example.com\",\"ConnectorZEN\": \"EU-DE-1\",\"ConnectorIP\": \"192.0.2.{}\",\"ConnectorPort\": {},\"Host\": \"shop.example.com\",\"Application\": \"Shop\",\"AppGroup\": \"Retail\",\"Server\": \"0\",\"ServerIP\": \"192.0.2.80\",\"ServerPort\": 8080,\"PolicyProcessingTime\": 120,\"ServerSetupTime\": 2200",
        number / 10,
        number / 10,
        number % 300,
        number % 250,
        number % 7,
        number % 8,
        1_024 + number % 60_000,
    );
    for name in [
        "TimestampConnectionStart",
        "TimestampConnectionEnd",
        "TimestampCATx",
        "TimestampCARx",
        "TimestampAppLearnStart",
        "TimestampZENFirstRxClient",
        "TimestampZENFirstTxClient",
        "TimestampZENLastRxClient",
        "TimestampZENLastTxClient",
        "TimestampConnectorZENSetupComplete",
        "TimestampZENFirstRxConnector",
        "TimestampZENFirstTxConnector",
        "TimestampZENLastRxConnector",
        "TimestampZENLastTxConnector",
    ] {
        let stamp = if name == "TimestampAppLearnStart" { "" } else { &stamp };
        write!(line, ",\"{name}\": \"{stamp}\"").unwrap_or_default();
    }
    for side in ["RxClient", "TxClient", "RxConnector", "TxConnector"] {
        write!(line, ",\"ZENTotalBytes{side}\": {},\"ZENBytes{side}\": {milli}", number * 100)
            .unwrap_or_default();
    }
    line.push_str(",\"Idp\": \"Example IdP\",\"ClientToClient\": \"0\",\"ClientCity\": \"Munich\",\"MicroTenantID\": \"0\",\"AppMicroTenantID\": \"0\",\"Platform\": \"mac\",\"Hostname\": \"LAPTOP-7\"}\n");
    line
}

fn frame(kind: u8, text: String) -> Frame {
    Frame {
        kind,
        arrival: Timestamp::from_seconds(1_772_612_500),
        source_id: 7,
        encoding: 0,
        bytes: Bytes::from(text),
    }
}

fn lines(policy: &str) -> String {
    (0..LINES).map(|number| line(number, policy)).collect()
}

fn decoder() -> Decoder {
    Decoder::new(Limits::default(), MAX_LINE_BYTES, PrincipalNamer::for_tests(), Ledger::default())
}

fn decode(c: &mut Criterion<CpuTime>) {
    let mut group = c.benchmark_group("user_activity");
    group
        .sample_size(30)
        .measurement_time(Duration::from_secs(4))
        .throughput(Throughput::Elements(LINES as u64));
    let kind = frame_kind::stream_read(Feed::ZpaUserActivity);
    let cases = [
        ("strict", "Staff to shop", ParseLevel::Strict),
        ("repaired", "Staff \"to\" shop", ParseLevel::Repaired),
    ];
    for (name, policy, level) in cases {
        let read = frame(kind, lines(policy));
        let mut decoder = decoder();
        if let Decoded::Records(records) = decoder.apply(&read, None) {
            assert!(records.len() == LINES && records.iter().all(|record| record.parse_level() == level));
            println!("{name}: {} B a line", read.bytes.len() / LINES);
        }
        group.bench_function(name, |b| b.iter(|| black_box(decoder.apply(black_box(&read), None))));
    }
    let text = lines("Staff to shop");
    group.bench_function("serde_json_value", |b| {
        b.iter(|| {
            for line in black_box(&text).lines() {
                let value: Result<serde_json::Value, _> = serde_json::from_str(line);
                black_box(value).unwrap_or_default();
            }
        });
    });
    group.finish();
}

fn garbage(c: &mut Criterion<CpuTime>) {
    let mut group = c.benchmark_group("garbage");
    let bytes = 1 << 20;
    group.sample_size(20).measurement_time(Duration::from_secs(2)).throughput(Throughput::Bytes(bytes));
    let text: String = "{\"LogTimestamp\": ".chars().cycle().take(1 << 20).collect();
    let read = frame(frame_kind::stream_read(Feed::ZpaUserActivity), text);
    let mut decoder = decoder();
    group.bench_function("without_newline", |b| b.iter(|| black_box(decoder.apply(black_box(&read), None))));
    group.finish();
}

/// Events that are held while they are counted.
const HELD: usize = 10_000;

/// What each of many distinct events holds beside its raw line: its place in the list, and its texts, each allocation once however
/// many share it.
fn heap(_: &mut Criterion<CpuTime>) {
    let (mut decoder, mut events) = (decoder(), Vec::new());
    for from in (0..HELD).step_by(LINES) {
        let text: String = (from..from + LINES).map(|number| line(number, "Staff to shop")).collect();
        if let Decoded::Records(records) =
            decoder.apply(&frame(frame_kind::stream_read(Feed::ZpaUserActivity), text), None)
        {
            events.extend(records);
        }
    }
    let mut seen = HashSet::new();
    let texts: usize = events
        .iter()
        .filter_map(FeedRecord::as_access_event)
        .flat_map(texts)
        .filter(|text| seen.insert(text.as_ptr()))
        .map(|text| allocation(size_of::<[usize; 2]>() + text.len()))
        .sum();
    let (count, each) = (events.len(), size_of::<FeedRecord>());
    println!(
        "heap: {} B an event ({each} B in the list, {} B in texts)",
        each + texts / count,
        texts / count
    );
}

/// What the C library takes for an allocation.
const fn allocation(bytes: usize) -> usize {
    let whole = (bytes + 8).next_multiple_of(16);
    if whole < 32 { 32 } else { whole }
}

fn texts(event: &AccessEvent) -> Vec<&Arc<str>> {
    let texts = [
        &event.vendor_uid,
        &event.connection_uid,
        &event.session_id,
        &event.user_name,
        &event.device,
        &event.client_address,
        &event.service_edge,
        &event.app_connector,
        &event.host,
        &event.app,
        &event.app_segment,
        &event.method,
        &event.path,
        &event.rule,
        &event.reason,
        &event.connection_status,
    ];
    texts.into_iter().flatten().chain(event.principal_id.as_ref().map(|id| &id.0)).collect()
}

/// What the kernel has counted for this thread.
struct CpuTime;

impl CpuTime {
    fn now() -> Duration {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let nanos = text.split_ascii_whitespace().next().and_then(|nanos| nanos.parse().ok());
        Duration::from_nanos(nanos.unwrap_or(0))
    }
}

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        Self::now()
    }

    fn end(&self, start: Duration) -> Duration {
        Self::now().saturating_sub(start)
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = heap, decode, garbage
}
criterion_main!(benches);
