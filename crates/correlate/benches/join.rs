//! Probes a second on hit and on miss, against a million connections; and what one of each costs to hold.

#![expect(clippy::print_stdout, reason = "a benchmark tells its figures")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fanlight_correlate::{Correlator, Decision, Record, Settings};
use fanlight_model::{
    AccessEvent, Endpoint, EventUid, Feed, LocalEndpoint, Probe, ServiceId, SpanId, SpanKind, Timestamp,
    TraceId,
};

const CONNECTIONS: u64 = 1_000_000;
const BATCH: u64 = 10_000;

/// A well-mixed number, so that neighbours do not lie side by side in memory.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn connector(number: u64) -> Endpoint {
    let [_, _, _, _, a, b, c, d] = number.to_be_bytes();
    let port = 1_024 + u16::from_be_bytes([c, d]) % 60_000;
    Endpoint { address: [10, a, b, c].into(), port }
}

fn server() -> Endpoint {
    Endpoint { address: [192, 0, 2, 7].into(), port: 443 }
}

fn event(number: u64) -> AccessEvent {
    let mut uid = [0; 16];
    uid[..8].copy_from_slice(&mixed(number).to_be_bytes());
    let raw = format!("{{\"ConnectionID\":\"{number}\",\"ConnectionStatus\":\"open\"}}");
    let mut event = AccessEvent::empty(EventUid(uid), Feed::ZpaUserActivity, Timestamp::from_seconds(1), raw);
    event.connector = Some(connector(number));
    event.server_address = Some(server().address);
    event.server_port = Some(server().port);
    event.user_name = Some(format!("{number}@example.com").into());
    event
}

fn probe(number: u64, peer: Endpoint) -> Probe {
    Probe {
        trace_id: TraceId(u128::from(mixed(number)).to_be_bytes()),
        span_id: SpanId(number.to_be_bytes()),
        parent_span_id: SpanId::default(),
        start: Timestamp::from_seconds(2),
        end: Timestamp::from_seconds(3),
        kind: SpanKind::Server,
        service: ServiceId(7),
        peer,
        local: LocalEndpoint { address: Some(server().address), port: Some(server().port) },
        index: 0,
    }
}

fn join(c: &mut Criterion) {
    let mut correlator = Correlator::new(Settings { budget_bytes: 1 << 40, ..Settings::default() });
    let mut out: Vec<Decision> = Vec::new();
    let now = Timestamp::from_seconds(2);
    let resident = resident_bytes();
    for number in 0..CONNECTIONS {
        correlator.apply(Record::AccessEvent(event(number)), now, &mut out);
        out.clear();
    }
    let grown = resident_bytes().saturating_sub(resident);
    println!(
        "a connection: {} B by our count, {} B resident",
        correlator.counts().bytes / CONNECTIONS,
        grown / CONNECTIONS
    );

    let mut group = c.benchmark_group("join");
    group.throughput(Throughput::Elements(BATCH)).sample_size(20);
    let mut number = 0;
    let mut run = |correlator: &mut Correlator, keys: Vec<Probe>, expected: usize| {
        for probe in &keys {
            correlator.apply(Record::Probe(probe), now, &mut out);
        }
        assert_eq!(out.len(), expected);
        black_box(&out);
        out.clear();
    };
    group.bench_function("a probe that hits", |b| {
        let mut keys = || {
            number += BATCH;
            (number..number + BATCH).map(|n| probe(n, connector(mixed(n) % CONNECTIONS))).collect()
        };
        b.iter_custom(|rounds| on_cpu(rounds, &mut keys, |keys| run(&mut correlator, keys, BATCH as usize)));
    });
    let (bytes, held, resident) =
        (correlator.counts().bytes, correlator.counts().pending_probes, resident_bytes());
    group.bench_function("a probe that misses", |b| {
        let mut keys = || {
            number += BATCH;
            (number..number + BATCH).map(|n| probe(n, connector((1 << 31) + mixed(n) % (1 << 30)))).collect()
        };
        b.iter_custom(|rounds| on_cpu(rounds, &mut keys, |keys| run(&mut correlator, keys, 0)));
    });
    group.finish();
    let probes = (correlator.counts().pending_probes - held).max(1);
    println!(
        "a pending probe on an endpoint of its own: {} B by our count, {} B resident",
        (correlator.counts().bytes - bytes) / probes,
        resident_bytes().saturating_sub(resident) / probes
    );
}

/// Time on a processor, as Linux tells it, so that other work on the machine does not count; without the making of the keys.
fn on_cpu(rounds: u64, keys: &mut impl FnMut() -> Vec<Probe>, mut run: impl FnMut(Vec<Probe>)) -> Duration {
    let mut nanos = 0;
    for _ in 0..rounds {
        let keys = keys();
        let before = nanos_on_cpu();
        run(keys);
        nanos += nanos_on_cpu() - before;
    }
    Duration::from_nanos(nanos)
}

fn nanos_on_cpu() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    status.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

/// What the process holds in memory, as Linux tells it; 0 elsewhere.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) * 1_024
}

criterion_group!(benches, join);
criterion_main!(benches);
