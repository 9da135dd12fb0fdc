//! Compares our views with what prost decodes.

use fanlight_model::{SpanId, Timestamp, TraceId};
use fanlight_otlp::{Batch, SpanView, Value};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Reference;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};

pub(crate) fn check_same(batch: &Batch, request: &ExportTraceServiceRequest) {
    let expected: Vec<_> = spans_of(request).collect();
    assert_eq!(batch.len(), expected.len());
    assert_eq!(batch.refused(), []);
    for (view, (group, scope, span)) in batch.spans().zip(expected) {
        check_span(view, span);
        check_attributes(view.resource().attributes(), attributes_of_resource(group));
        let resource = group.resource.clone().unwrap_or_default();
        assert_eq!(view.resource().dropped_attributes_count(), resource.dropped_attributes_count);
        assert_eq!(view.scope_name(), scope.name);
        assert_eq!(view.scope_version(), scope.version);
        check_attributes(view.scope_attributes(), &scope.attributes);
        let by_key = |key: &str| last_text(attributes_of_resource(group), key);
        assert_eq!(view.resource().service_name(), by_key("service.name"));
        assert_eq!(view.resource().k8s_pod_ip(), by_key("k8s.pod.ip"));
    }
}

type Placed<'a> = (&'a ResourceSpans, InstrumentationScope, &'a Span);

pub(crate) fn spans_of(request: &ExportTraceServiceRequest) -> impl Iterator<Item = Placed<'_>> {
    request.resource_spans.iter().flat_map(|group| {
        group.scope_spans.iter().flat_map(move |inner| {
            inner.spans.iter().map(move |span| (group, inner.scope.clone().unwrap_or_default(), span))
        })
    })
}

fn attributes_of_resource(group: &ResourceSpans) -> &[KeyValue] {
    group.resource.as_ref().map(|resource| resource.attributes.as_slice()).unwrap_or_default()
}

fn check_span(view: SpanView<'_>, span: &Span) {
    assert_eq!(Some(view.trace_id()), TraceId::from_slice(&span.trace_id));
    assert_eq!(Some(view.span_id()), SpanId::from_slice(&span.span_id));
    assert_eq!(view.parent_span_id(), SpanId::from_slice(&span.parent_span_id).unwrap_or_default());
    assert_eq!(view.name(), span.name);
    assert_eq!(i32::from(view.kind() as u8), if (0..6).contains(&span.kind) { span.kind } else { 0 });
    let start = Timestamp::from_unix_nanos(span.start_time_unix_nano);
    assert_eq!(view.start(), start);
    assert_eq!(view.end(), Timestamp::from_unix_nanos(span.end_time_unix_nano).max(start));
    let status = span.status.clone().unwrap_or_default();
    assert_eq!(i32::from(view.status_code()), status.code);
    assert_eq!(view.status_message(), status.message);
    check_attributes(view.attributes(), &span.attributes);
    for pair in &span.attributes {
        assert!(view.has_attribute(&pair.key));
    }
    let join = view.join();
    assert_eq!(join.network_peer_address, last_text(&span.attributes, "network.peer.address"));
    assert_eq!(join.net_peer_ip, last_text(&span.attributes, "net.peer.ip"));
    assert_eq!(join.network_peer_port, last_port(&span.attributes, "network.peer.port"));
    assert_eq!(join.server_port, last_port(&span.attributes, "server.port"));
}

fn check_attributes<'a>(views: impl Iterator<Item = (&'a str, Value<'a>)>, expected: &[KeyValue]) {
    let views: Vec<_> = views.collect();
    assert_eq!(views.len(), expected.len());
    for ((key, value), expected) in views.into_iter().zip(expected) {
        assert_eq!(key, expected.key);
        check_value(value, expected.value.as_ref());
    }
}

fn check_value(value: Value<'_>, expected: Option<&AnyValue>) {
    match (value, expected.and_then(|any| any.value.as_ref())) {
        (Value::Empty, None | Some(Reference::StringValueStrindex(_))) => {}
        (Value::Str(one), Some(Reference::StringValue(two))) => assert_eq!(one, two),
        (Value::Bool(one), Some(Reference::BoolValue(two))) => assert_eq!(one, *two),
        (Value::Int(one), Some(Reference::IntValue(two))) => assert_eq!(one, *two),
        (Value::Double(one), Some(Reference::DoubleValue(two))) => assert_eq!(one.to_bits(), two.to_bits()),
        (Value::Bytes(one), Some(Reference::BytesValue(two))) => assert_eq!(one, two),
        (Value::Array(one), Some(Reference::ArrayValue(two))) => {
            let elements: Vec<_> = one.iter().collect();
            assert_eq!(elements.len(), two.values.len());
            elements.into_iter().zip(&two.values).for_each(|(one, two)| check_value(one, Some(two)));
        }
        (Value::Map(one), Some(Reference::KvlistValue(two))) => check_attributes(one.iter(), &two.values),
        (value, expected) => panic!("{value:?} is not {expected:?}"),
    }
}

/// Of equal keys the last is in force, text or not.
fn last<'a>(pairs: &'a [KeyValue], key: &str) -> Option<&'a Reference> {
    pairs.iter().rfind(|pair| pair.key == key)?.value.as_ref()?.value.as_ref()
}

fn last_text<'a>(pairs: &'a [KeyValue], key: &str) -> Option<&'a str> {
    match last(pairs, key)? {
        Reference::StringValue(text) => Some(text),
        _ => None,
    }
}

fn last_port(pairs: &[KeyValue], key: &str) -> Option<u16> {
    match last(pairs, key)? {
        Reference::StringValue(text) => text.parse().ok(),
        Reference::IntValue(number) => u16::try_from(*number).ok(),
        _ => None,
    }
}
