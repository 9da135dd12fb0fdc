//! JSON to protobuf, beside serde_json's tree of the same body, and beside the reference types that a receiver would decode into.
#![allow(missing_docs, reason = "criterion's macro writes an undocumented public function")]

#[path = "reference/payload.rs"]
mod payload;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fanlight_otlp::{Limits, scan, transcode_json};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use payload::{SPANS, request};

fn json(criterion: &mut Criterion) {
    let limits = Limits::default();
    let Ok(body) = serde_json::to_vec(&request()) else { return };
    let whole = || transcode_json(black_box(&body), &limits, usize::MAX);
    let named = format!("{SPANS} spans of {} B as JSON", body.len() / SPANS as usize);
    for (what, throughput) in [
        ("by bytes", Throughput::Bytes(body.len() as u64)),
        ("by spans", Throughput::Elements(u64::from(SPANS))),
    ] {
        let mut group = criterion.benchmark_group(format!("{named}, {what}"));
        group.throughput(throughput);
        group.bench_function("transcode", |bencher| bencher.iter(whole));
        group.bench_function("transcode and walk", |bencher| {
            bencher
                .iter(|| whole().map(|transcoded| scan(&transcoded.bytes, &limits).map(|batch| batch.len())));
        });
        group.bench_function("serde_json::Value", |bencher| {
            bencher.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(&body)));
        });
        group.bench_function("serde_json into the reference types", |bencher| {
            bencher.iter(|| serde_json::from_slice::<ExportTraceServiceRequest>(black_box(&body)));
        });
        group.finish();
    }
    bomb(criterion, &limits);
}

/// What 16 MiB of JSON can hold at worst.
fn bomb(criterion: &mut Criterion, limits: &Limits) {
    let body =
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}{{}}]}}]}}]}}"#, "{},".repeat(2_000_000));
    criterion.bench_function("bomb of two million empty spans as JSON", |bencher| {
        bencher.iter(|| transcode_json(black_box(body.as_bytes()), limits, usize::MAX));
    });
    let deep = "[".repeat(16 << 20);
    criterion.bench_function("16 MiB of brackets", |bencher| {
        bencher.iter(|| transcode_json(black_box(deep.as_bytes()), limits, usize::MAX));
    });
}

criterion_group!(benches, json);
criterion_main!(benches);
