//! One span as JSON, by the names of the table `spans`.

use fanlight_store::SpanRow;
use serde_json::{Map, Value, json};

pub(super) fn json(span: &SpanRow) -> Value {
    json!({
        "trace_id": span.trace_id.to_string(),
        "span_id": span.span_id.to_string(),
        "parent_span_id": span.parent_span_id.map(|id| id.to_string()),
        "name": span.name,
        "kind": span.kind.as_str(),
        "service_name": span.service_name,
        "start_time": span.start_time.to_rfc3339(),
        "duration_ns": span.duration_ns.to_string(),
        "status_code": span.status_code,
        "status_message": span.status_message,
        "http_route": span.http_route,
        "http_status": span.http_status,
        "server_address": span.server_address,
        "peer_address": span.peer_address,
        "peer_port": span.peer_port,
        "scope_name": span.scope_name,
        "scope_version": span.scope_version,
        "attributes": map(&span.attributes),
        "resource": map(&span.resource),
        "synthetic": span.synthetic,
    })
}

fn map(entries: &[(String, String)]) -> Value {
    Value::Object(
        entries.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect::<Map<_, _>>(),
    )
}
