//! OTLP by OpenTelemetry's own protobuf types: to make requests, and to compare what arrives.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

pub use opentelemetry_proto::tonic::trace::v1::Span as OtlpSpan;

/// Keys that Fanlight adds, beside all that begin with `fanlight.`.
const ADDED: [&str; 3] = ["user.id", "security_rule.name", "security_rule.ruleset.name"];

/// One attribute.
#[derive(Clone, Debug)]
pub struct KeyValue(opentelemetry_proto::tonic::common::v1::KeyValue);

impl KeyValue {
    /// A text.
    pub fn text(key: &str, value: &str) -> Self {
        Self::new(key, Value::StringValue(value.to_owned()))
    }

    /// A number.
    pub fn number(key: &str, value: i64) -> Self {
        Self::new(key, Value::IntValue(value))
    }

    fn new(key: &str, value: Value) -> Self {
        Self(opentelemetry_proto::tonic::common::v1::KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(value) }),
            ..Default::default()
        })
    }
}

/// A span with the resource and the scope that it came under.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Its resource.
    pub resource: Option<Resource>,
    /// Its scope.
    pub scope: Option<InstrumentationScope>,
    /// The scope's schema.
    pub schema_url: String,
    /// The span.
    pub span: Span,
}

/// A SERVER span of now, one millisecond long.
pub fn server_span(trace_id: [u8; 16], span_id: [u8; 8], name: &str, attributes: Vec<KeyValue>) -> Span {
    let now = fanlight_runtime::Clock::system().now().as_unix_nanos();
    Span {
        trace_id: trace_id.to_vec(),
        span_id: span_id.to_vec(),
        name: name.to_owned(),
        kind: SpanKind::Server as i32,
        start_time_unix_nano: now,
        end_time_unix_nano: now + 1_000_000,
        attributes: attributes.into_iter().map(|attribute| attribute.0).collect(),
        ..Default::default()
    }
}

/// A request of one service.
pub fn request(service: &str, resource: Vec<KeyValue>, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let mut attributes = vec![KeyValue::text("service.name", service).0];
    attributes.extend(resource.into_iter().map(|attribute| attribute.0));
    let scope_spans = ScopeSpans {
        scope: Some(InstrumentationScope { name: "fanlight.e2e".to_owned(), ..Default::default() }),
        spans,
        ..Default::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes, ..Default::default() }),
            scope_spans: vec![scope_spans],
            ..Default::default()
        }],
    }
}

/// A request's bytes.
pub fn encode(request: &ExportTraceServiceRequest) -> Vec<u8> {
    request.encode_to_vec()
}

/// All spans of a request, each with where it stood.
pub fn spans(request: &ExportTraceServiceRequest) -> Vec<Placed> {
    let mut spans = Vec::new();
    for resource_spans in &request.resource_spans {
        for scope_spans in &resource_spans.scope_spans {
            for span in &scope_spans.spans {
                spans.push(Placed {
                    resource: resource_spans.resource.clone(),
                    scope: scope_spans.scope.clone(),
                    schema_url: scope_spans.schema_url.clone(),
                    span: span.clone(),
                });
            }
        }
    }
    spans
}

/// An attribute's text; numbers and truths as text too.
pub fn attribute(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    Some(match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        Value::BoolValue(truth) => truth.to_string(),
        other => format!("{other:?}"),
    })
}

/// Takes away what Fanlight adds.
pub fn without_additions(mut placed: Placed) -> Placed {
    placed.span.attributes.retain(|attribute| {
        !attribute.key.starts_with("fanlight.") && !ADDED.contains(&attribute.key.as_str())
    });
    placed
}

/// Lower-case hex, as the tables have ids.
pub fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
