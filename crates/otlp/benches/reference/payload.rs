//! The payload of the project's performance page.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

pub(crate) const SPANS: u32 = 512;

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn text(key: &str, value: impl Into<String>) -> KeyValue {
    pair(key, Value::StringValue(value.into()))
}

fn number(key: &str, value: u32) -> KeyValue {
    pair(key, Value::IntValue(i64::from(value)))
}

fn resource(service: u32) -> Resource {
    let attributes = vec![
        text("service.name", format!("shop-service-{service}")),
        text("service.namespace", "shop"),
        text("service.version", "1.14.2"),
        text("service.instance.id", format!("6f1c2b9e-0a4d-4c8b-9d7e-{service:012}")),
        text("deployment.environment.name", "production"),
        text("telemetry.sdk.name", "opentelemetry"),
        text("telemetry.sdk.language", "python"),
        text("telemetry.sdk.version", "1.37.0"),
        text("host.name", format!("node-{service}.example.com")),
        text("k8s.pod.ip", format!("192.0.2.{service}")),
    ];
    Resource { attributes, ..Resource::default() }
}

fn span(index: u32) -> Span {
    let server = index.is_multiple_of(2);
    let route = format!("/api/v1/orders/{{id}}/items{}", index % 7);
    let mut attributes = vec![
        text("http.request.method", "GET"),
        number("http.response.status_code", 200),
        text("network.peer.address", format!("198.51.100.{}", index % 250)),
        number("network.peer.port", 30_000 + index),
        text("network.protocol.version", "1.1"),
        text("url.scheme", "https"),
        text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko"),
        text("server.address", "orders.example.com"),
        number("server.port", 8_443),
        number("thread.id", 140 + index),
        text("thread.name", "worker-3"),
    ];
    if server {
        attributes.push(text("http.route", route.clone()));
        attributes.push(text("url.path", format!("/api/v1/orders/{index}/items")));
    } else {
        attributes.push(text("url.full", format!("https://orders.example.com/api/v1/orders/{index}")));
    }
    let start = 1_795_330_800_000_000_000 + u64::from(index) * 1_000_003;
    let exception = index.is_multiple_of(25).then(|| Event {
        time_unix_nano: start + 900_000,
        name: "exception".to_owned(),
        attributes: vec![
            text("exception.type", "TimeoutError"),
            text("exception.message", "the pool was empty for 5 s"),
            text("exception.stacktrace", "File \"/srv/app/orders.py\", line 118, in fetch\n".repeat(8)),
        ],
        ..Event::default()
    });
    Span {
        trace_id: (u128::from(index / 4 + 1) << 64 | 0x5eed).to_be_bytes().to_vec(),
        span_id: (u64::from(index) << 32 | 0xfeed).to_be_bytes().to_vec(),
        parent_span_id: (u64::from(index) << 32 | 0xfeec).to_be_bytes().to_vec(),
        name: format!("GET {route}"),
        kind: if server { 2 } else { 3 },
        start_time_unix_nano: start,
        end_time_unix_nano: start + 12_345_678,
        attributes,
        events: exception.into_iter().collect(),
        status: Some(Status::default()),
        flags: 257,
        ..Span::default()
    }
}

pub(crate) fn request() -> ExportTraceServiceRequest {
    let scope = InstrumentationScope {
        name: "opentelemetry.instrumentation.flask".to_owned(),
        version: "0.58b0".to_owned(),
        ..InstrumentationScope::default()
    };
    let resource_spans = (0..8)
        .map(|service| {
            let spans = (0..SPANS / 8).map(|index| span(service * (SPANS / 8) + index)).collect();
            let inner = ScopeSpans { scope: Some(scope.clone()), spans, ..ScopeSpans::default() };
            ResourceSpans {
                resource: Some(resource(service)),
                scope_spans: vec![inner],
                ..ResourceSpans::default()
            }
        })
        .collect();
    ExportTraceServiceRequest { resource_spans }
}
