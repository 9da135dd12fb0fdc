//! The walk beside prost's decode, and the splice, on the payload of the project's performance page: 8 services, server and client
//! spans, 12 or 13 attributes, 10 resource attributes, an exception event on 4 %, 512 spans a request.
#![allow(missing_docs, reason = "criterion's macro writes an undocumented public function")]

#[path = "reference/payload.rs"]
mod payload;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fanlight_otlp::{Attributes, Limits, ScanError, scan, splice};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use payload::{SPANS, request};
use prost::Message;

/// Ten attributes, as a link adds them.
fn joined() -> Attributes {
    let mut attributes = Attributes::default();
    attributes.push_str("user.id", "p-3f0c9a6d71b24e58");
    attributes.push_str("security_rule.name", "Allow finance to orders");
    attributes.push_str("fanlight.access.client.address", "203.0.113.77");
    attributes.push_str("fanlight.access.product", "zpa");
    attributes.push_str("fanlight.access.disposition", "allowed");
    attributes.push_str("fanlight.access.service_edge", "FRA4-1");
    attributes.push_str("fanlight.access.app_connector", "connector-2");
    attributes.push_str("fanlight.link.id", "0123456789abcdef0123456789abcdef");
    attributes.push_str("fanlight.link.rung", "R3");
    attributes.push_double("fanlight.link.confidence", 0.9991);
    attributes
}

fn walk_and_splice(criterion: &mut Criterion) {
    let limits = Limits::default();
    let bytes = Bytes::from(request().encode_to_vec());
    let mut group = criterion.benchmark_group(format!("{SPANS} spans of {} B", bytes.len() / SPANS as usize));
    group.throughput(Throughput::Elements(u64::from(SPANS)));
    group.bench_function("walk", |bencher| bencher.iter(|| scan(black_box(&bytes), &limits)));
    group.bench_function("prost decode", |bencher| {
        bencher.iter(|| ExportTraceServiceRequest::decode(black_box(&bytes[..])));
    });

    let Ok(batch) = scan(&bytes, &limits) else { return };
    let additions: Vec<_> =
        (0..SPANS).filter(|place| place % 10 < 3).map(|place| (place, joined())).collect();
    group.bench_function("splice 10 attributes into 30 %", |bencher| {
        bencher.iter(|| splice(black_box(&batch), black_box(&additions)));
    });
    group.bench_function("splice nothing", |bencher| {
        bencher.iter(|| splice(black_box(&batch), black_box(&[])))
    });
    group.bench_function("read join attributes", |bencher| {
        bencher
            .iter(|| batch.spans().filter(|span| black_box(span.join()).network_peer_port.is_some()).count());
    });
    group.bench_function("read all attributes", |bencher| {
        bencher.iter(|| {
            batch
                .spans()
                .map(|span| span.attributes().map(|pair| black_box(pair).0.len()).sum::<usize>())
                .sum::<usize>()
        });
    });
    group.finish();
    bomb(criterion, &limits);
}

/// Two million empty spans: 4 MB of wire bytes out of 4 kB of gzip.
fn bomb(criterion: &mut Criterion, limits: &Limits) {
    let scope_spans = [0x12, 0x00].repeat(2_000_000);
    let mut resource_spans = vec![0x12];
    prost::encoding::encode_varint(scope_spans.len() as u64, &mut resource_spans);
    resource_spans.extend(scope_spans);
    let mut body = vec![0x0a];
    prost::encoding::encode_varint(resource_spans.len() as u64, &mut body);
    body.extend(resource_spans);
    let body = Bytes::from(body);
    assert!(matches!(scan(&body, limits), Err(ScanError::TooManySpans { .. })));
    criterion.bench_function("bomb of two million empty spans", |bencher| {
        bencher.iter(|| scan(black_box(&body), limits))
    });
}

criterion_group!(benches, walk_and_splice);
criterion_main!(benches);
