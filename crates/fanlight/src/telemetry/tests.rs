use std::time::Duration;

use fanlight_model::{SpanId, SpanKind, Timestamp};
use fanlight_otlp::SpanDraft;
use fanlight_runtime::{own_span, own_trace};
use tracing::Span;
use tracing::field::Empty;

use super::*;

/// What was recorded while `work` ran, in the order in which it ended.
fn recorded(clock: &Clock, work: impl FnOnce()) -> Vec<SpanDraft> {
    let (recorder, mut made) = Recorder::new(clock.clone());
    let recording = recorder.with_filter(filter_fn(|metadata| metadata.target() == OWN_SPANS));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(recording), work);
    made.taken()
}

fn attributes(span: &SpanDraft) -> Vec<String> {
    span.attributes.iter().map(|(key, value)| format!("{key}={}", value.to_text())).collect()
}

/// A request is answered while the pipeline still works on it: its span ends with the answer, and the pipeline's is under it.
#[test]
fn a_request_and_what_comes_of_it_are_one_trace() {
    let clock = Clock::manual(Timestamp::from_seconds(100));
    let spans = recorded(&clock, || {
        let request = own_trace!(
            "intake.request",
            otel.kind = "server",
            listener = "otlp_http",
            spans = Empty,
            ended = Empty
        );
        let scan = own_span!(request, "intake.scan", bytes = 7_usize);
        clock.advance(Duration::from_millis(2));
        drop(scan);
        request.record("spans", 3_u64);
        request.record("ended", true);
        clock.advance(Duration::from_millis(5));
        let batch = own_span!(request, "pipeline.batch");
        drop(request);
        clock.advance(Duration::from_millis(1));
        drop(batch);
    });
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["intake.scan", "pipeline.batch", "intake.request"]);
    let [scan, batch, request] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((request.kind, request.parent), (SpanKind::Server, SpanId::default()));
    assert_eq!(attributes(request), ["listener=otlp_http", "spans=3"]);
    assert_eq!(attributes(scan), ["bytes=7"]);
    for child in [scan, batch] {
        assert_eq!((child.trace_id, child.parent), (request.trace_id, request.span_id));
        assert!(!child.span_id.is_zero() && child.span_id != request.span_id);
    }
    let at = |millis: i64| Timestamp::from_seconds(100).shifted(millis * 1_000_000);
    assert_eq!((request.start, request.end), (at(0), at(2)));
    assert_eq!((batch.start, batch.end), (at(7), at(8)));
    assert!(!request.has_failed);
}

/// What begins with no span stays without, in every stage: so nothing is told about our own spans.
#[test]
fn nothing_comes_of_nothing() {
    let spans = recorded(&Clock::system(), || {
        let root = Span::none();
        let scan = own_span!(root, "intake.scan");
        let store = own_span!(scan, "pipeline.store");
        assert!(scan.is_disabled() && store.is_disabled());
    });
    assert!(spans.is_empty(), "{spans:?}");
}

/// Ten traces a second for each kind of work; a trace that was not begun has no children either.
#[test]
fn the_traces_of_a_second_are_bounded() {
    let clock = Clock::manual(Timestamp::from_seconds(100));
    let spans = recorded(&clock, || {
        for _ in 0..3 {
            for _ in 0..1_000 {
                let request = own_trace!("intake.request");
                drop(own_span!(request, "intake.scan"));
            }
            drop(own_trace!("export.request"));
            clock.advance(Duration::from_secs(1));
        }
    });
    assert_eq!(spans.len(), 3 * (10 * 2 + 1));
    let ids: std::collections::BTreeSet<_> = spans.iter().map(|span| span.span_id).collect();
    assert_eq!(ids.len(), spans.len());
}

/// More ends than is kept: the rest is counted.
#[test]
fn what_nobody_takes_is_dropped_and_counted() {
    let clock = Clock::system();
    let (recorder, made) = Recorder::new(clock);
    let subscriber = tracing_subscriber::registry().with(recorder);
    tracing::subscriber::with_default(subscriber, || {
        let request = own_trace!("intake.request");
        (0..5_000).for_each(|_| drop(own_span!(request, "intake.scan")));
    });
    assert_eq!(made.dropped(), 5_001 - 4_096);
}

#[test]
fn an_error_is_a_failed_span_and_ids_can_be_given() {
    let spans = recorded(&Clock::system(), || {
        let request = own_trace!("api.request", error.type = Empty, trace_id = Empty, parent_span_id = Empty);
        request.record("trace_id", "0af7651916cd43dd8448eb211c80319c");
        request.record("parent_span_id", "b7ad6b7169203331");
        request.record("error.type", "500");
    });
    let [span] = spans.as_slice() else { panic!("{spans:?}") };
    assert!(span.has_failed);
    assert_eq!(span.trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span.parent.to_string(), "b7ad6b7169203331");
    assert_eq!(attributes(span), ["error.type=500"]);
}
